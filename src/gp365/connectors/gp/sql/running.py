"""Fields that rest on other rows than a record's own: sums up to a row (a balance of periods), distances from a least value.

Sums are made here and not by SQL Server's window functions, in Decimal: the rows of the records' first key parts are
read once more, however many pages they lie on. What each field is stands in the entity's data file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import cast

from gp365.connectors.gp.sql.port import Row
from gp365.connectors.gp.sql.queries import constants
from gp365.connectors.gp.sql.sources import Behind, Running, Source
from gp365.connectors.gp.sql.text import Names, Statement, bracketed, select
from gp365.model.record import Record
from gp365.model.values import Key, Value

Ask = Callable[[Statement], list[Row]]
Under = Callable[[Sequence[str], Sequence[str]], Iterable[Record]]
"""Reads the records whose key begins so, with these fields."""
Sums = Mapping[Key, Sequence[tuple[Decimal, Value]]]
"""By key without the part that is summed over: that part of each row, and its amount."""


def wants_others(source: Source, fields: Sequence[str]) -> bool:
    """Say whether any of the fields rests on other rows."""
    return any(name in source.running or name in source.behind for name in fields)


def with_bases(source: Source, fields: Sequence[str]) -> list[str]:
    """Return fields and those of the same row that they rest on."""
    bases = [source.running[name].of for name in fields if name in source.running]
    bases += [source.behind[name].of for name in fields if name in source.behind]
    return list(dict.fromkeys([*fields, *bases]))


def with_others(
    ask: Ask, names: Names, source: Source, records: Sequence[Record], fields: Sequence[str], under: Under
) -> list[Record]:
    """Return records with what `fields` name of other rows, and without what was read for it alone."""
    sums = {name: each for name, each in source.running.items() if name in fields}
    behind = {name: each for name, each in source.behind.items() if name in fields}
    if not records or not (sums or behind):
        return list(records)
    rows = {name: _sums(source, each, records, under) for name, each in sums.items()}
    least = {name: _least(ask, names, each) for name, each in behind.items()}
    return [
        _with(
            record,
            fields,
            {name: _total(source, each, record, rows[name]) for name, each in sums.items()}
            | {name: _distance(each, record, least[name]) for name, each in behind.items()},
        )
        for record in records
    ]


def _with(record: Record, fields: Sequence[str], found: Mapping[str, Value]) -> Record:
    held: Mapping[str, Value] = {**record.values, **found}
    return record._replace(values={name: held[name] for name in fields if name in held})


def _sums(source: Source, running: Running, records: Sequence[Record], under: Under) -> Sums:
    found: dict[Key, list[tuple[Decimal, Value]]] = {}
    heads = list(dict.fromkeys(record.key[0] for record in records))
    for record in under(heads, [running.of]):
        group, place = _parted(source, running, record.key)
        found.setdefault(group, []).append((place, record.values.get(running.of)))
    return found


def _parted(source: Source, running: Running, key: Key) -> tuple[Key, Decimal]:
    at = source.entity.key.index(running.over)
    return (*key[:at], *key[at + 1 :]), Decimal(key[at])


def _total(source: Source, running: Running, record: Record, sums: Sums) -> Value:
    """Add up to a record's own row; None where the amount is none of its kind (money of a unit account)."""
    own = record.values.get(running.of)
    if not isinstance(own, Decimal):
        return None
    group, place = _parted(source, running, record.key)
    amounts = [amount for at, amount in sums.get(group, ()) if at <= place]
    return sum((amount for amount in amounts if isinstance(amount, Decimal)), Decimal(0))


def _least(ask: Ask, names: Names, behind: Behind) -> int | None:
    column = f"MIN([t].{bracketed(behind.column)}) AS [least]"
    statement = select([column], names.object(behind.table)).add(" WHERE ")
    found = ask(statement.join(constants(behind.where, "t"), " AND "))[0][0]
    return None if found is None else int(cast("int", found))


def _distance(behind: Behind, record: Record, least: int | None) -> Value:
    own = record.values.get(behind.of)
    return max(0, least - own) if least is not None and isinstance(own, int) else 0
