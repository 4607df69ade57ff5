"""The lists inside of documents as they are read: the rows of lines, payments and distributions, put into their records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gp365.connectors.gp.documents import Rows, with_rows
from gp365.connectors.gp.sql.port import Row
from gp365.connectors.gp.sql.queries import Plain, among, chunk_of
from gp365.connectors.gp.sql.rows import folded, key_value
from gp365.connectors.gp.sql.sources import source_of
from gp365.connectors.gp.sql.text import Names, Statement
from gp365.connectors.gp.tables import entity_named
from gp365.model.record import Record
from gp365.model.values import Key, Value

Ask = Callable[[Statement], list[Row]]
_STATE = "TransactionState"


def with_lists(
    ask: Ask, names: Names, entity: str, records: Sequence[Record], fields: Sequence[str]
) -> list[Record]:
    """Return records with the lists that `fields` name, each row in the order of its sequence; a list may be empty."""
    lists = [name for name in entity_named(entity).children if name in fields]
    found = list(records)
    for name in lists:
        rows = _rows(ask, names, entity, name, found)
        found = [_with(record, name, rows.get(folded(source_of(entity), record.key), [])) for record in found]
    return found


def row_fields(entity: str, name: str) -> list[str]:
    """Return the fields of a list's rows: those of its entity without the ones that name the document."""
    child, by = entity_named(entity).children[name]
    fields = entity_named(child).fields
    return [each for each, held in fields.items() if each not in by and held.sql]


def _with(record: Record, name: str, rows: list[tuple[Value, dict[str, Value]]]) -> Record:
    """Put a list into a record; rows of another state than the document's are left out (lines in work and in history)."""
    state = record.values.get(_STATE)
    kept: Rows = [row for of, row in rows if state is None or of is None or of == state]
    return record._replace(values=with_rows(record.values, **{name: kept}))


def _rows(
    ask: Ask, names: Names, entity: str, name: str, records: Sequence[Record]
) -> Mapping[Key, list[tuple[Value, dict[str, Value]]]]:
    child, by = entity_named(entity).children[name]
    source, wanted = source_of(child), row_fields(entity, name)
    parts = list(by)
    view = Plain(names, source, [*parts, *wanted, *([_STATE] if _STATE in source.entity.fields else [])])
    columns, types = [view.column(each) for each in parts], [source.sql_type(each) for each in parts]
    keys = [_key(entity, by, record.key) for record in records]
    sent = [
        tuple(key_value(source, part, each) for part, each in zip(parts, key, strict=True)) for key in keys
    ]
    owners = {_folded(source, parts, key): record.key for key, record in zip(keys, records, strict=True)}
    found: dict[Key, list[tuple[Value, dict[str, Value]]]] = {}
    size = chunk_of(len(parts))
    for at in range(0, len(sent), size):
        for row in ask(view.select(None, among(columns, types, sent[at : at + size]))):
            record = view.record(row)
            owner = owners.get(_folded(source, parts, [_text(record.values[part]) for part in parts]))
            if owner is not None:
                values = {each: value for each, value in record.values.items() if each in wanted}
                place = folded(source_of(entity), owner)
                found.setdefault(place, []).append((record.values.get(_STATE), values))
    for rows in found.values():
        rows.sort(key=lambda each: _sequence(source.entity.key, each[1]))
    return found


def _key(entity: str, by: Mapping[str, str | int], key: Key) -> tuple[str, ...]:
    """Return what names a document in its rows: parts of its key, or a number that is the same for all."""
    names = entity_named(entity).key
    return tuple(key[names.index(each)] if isinstance(each, str) else str(each) for each in by.values())


def _folded(source: Any, parts: Sequence[str], values: Sequence[str]) -> tuple[str, ...]:
    whole = dict(zip(parts, values, strict=True))
    key = tuple(whole.get(name, "0") for name in source.entity.key)
    return folded(source, key)


def _text(value: Value) -> str:
    return "" if value is None else str(value)


def _sequence(key: Sequence[str], row: Mapping[str, Value]) -> tuple[int, ...]:
    return tuple(value for name in key if isinstance(value := row.get(name), int))
