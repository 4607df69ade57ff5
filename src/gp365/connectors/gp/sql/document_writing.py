"""A document through eConnect: looked at under lock, compared with GP's books, written call by call, read back.

Lines, payments and distributions come before the header (order of eConnect's transaction types, Microsoft Learn).
Procedures are called one by one inside of one transaction, so that a refusal in the middle leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gp365.connectors.gp.documents import (
    Document,
    Rows,
    Step,
    document_of,
    own_values,
    place_of,
    rows_of,
    step_fields,
)
from gp365.connectors.gp.documents_totals import complete
from gp365.connectors.gp.sql.document_edits import edit_header
from gp365.connectors.gp.sql.document_guards import (
    LOCKED,
    check_batch,
    check_period,
    check_state,
    check_unused,
)
from gp365.connectors.gp.sql.document_rows import with_lists
from gp365.connectors.gp.sql.port import SqlValue
from gp365.connectors.gp.sql.queries import Plain, among
from gp365.connectors.gp.sql.rows import key_value, sent
from gp365.connectors.gp.sql.sources import source_of
from gp365.connectors.gp.sql.text import bracketed, mark, select
from gp365.connectors.gp.sql.trip import Trip, Unfit
from gp365.connectors.gp.tables import entity_named
from gp365.connectors.gp.values import capitals
from gp365.connectors.gp.writes import moved
from gp365.model.entity import FieldType
from gp365.model.errors import Bug, Rejected
from gp365.model.record import Op, Outcome, Record, Status
from gp365.model.values import Key, Value, Values, show_key


def write_document(trip: Trip, entity: str) -> Outcome:
    """Create a document, or change the header of one in Work; EXISTS, GONE or MOVED, with the record, as a card would be."""
    document = document_of(entity)
    if document is None:
        raise Bug("bug", f"{entity} is no document.")
    _lock(trip, document)
    held = _held(trip, document)
    if trip.write.op is Op.CREATE:
        if held is not None:
            return Outcome(Status.EXISTS, held.key, birth=held.birth, record=held)
        return _create(trip, document)
    if held is None:
        return Outcome(Status.GONE, trip.write.key)
    check_state(trip, document, held)
    if moved(trip.write, held.values, held.birth):
        return Outcome(Status.MOVED, held.key, birth=held.birth, record=held)
    return _update(trip, document, held)


def _create(trip: Trip, document: Document) -> Outcome:
    own = {**own_values(document, trip.write.values), **_key_values(document, trip.write.key)}
    lists = {name: rows_of(trip.write.values, name) or [] for name in document.lists}
    complete(document.entity, own, lists)
    check_unused(trip, document)
    _no_orphans(trip, document)
    check_period(trip, document, own, check_batch(trip, document, own.get("BatchNumber")))
    for step in document.steps:
        if step.rows:
            for at, row in enumerate(lists.get(step.rows, [])):
                given = _arguments(trip, document, step, own, row)
                trip.document(step.procedure, step.entity, given, place_of(step.rows, at))
        elif _wanted(step, own):
            sets = dict(step.sets)
            if any(lists.get("Distributions", ())) and "CREATEDIST" in sets:
                sets["CREATEDIST"] = 0
            trip.document(
                step.procedure, step.entity, _arguments(trip, document, replace(step, sets=sets), own, own)
            )
    return _done(trip, document)


def _wanted(step: Step, own: Values) -> bool:
    """Say whether a step that takes only some fields has any of them to write."""
    return not step.fields or any(own.get(name) is not None for name in step.fields)


def _arguments(
    trip: Trip, document: Document, step: Step, own: Values, values: Values
) -> dict[str, SqlValue]:
    """Return a call's arguments: what is said aloud, what comes from the document, then the values that are given."""
    fields = entity_named(document.entity).fields
    given: dict[str, SqlValue] = dict(step.sets)
    if step.switch:
        given[step.switch] = 0
    for element, source in step.same.items():
        if isinstance(source, int):
            given[element] = source
        elif own.get(source) is not None:
            given[element] = sent(fields[source].description, own[source])
    of = entity_named(step.entity).fields
    for name, element in step_fields(document, step).items():
        if values.get(name) is not None:
            given[element] = sent(of[name].description, values[name])
    if step.mark and trip.write.reference:
        given[step.mark] = trip.write.reference
    return given


def _update(trip: Trip, document: Document, held: Record) -> Outcome:
    own = own_values(document, trip.write.values)
    after: dict[str, Value] = {**held.values, **own}
    number = after.get("BatchNumber")
    if held.values.get("BatchNumber") != number:
        check_batch(trip, document, held.values.get("BatchNumber"))
    check_period(trip, document, after, check_batch(trip, document, number))
    edit_header(trip, document, held, own)
    return _done(trip, document)


def _done(trip: Trip, document: Document) -> Outcome:
    found = _held(trip, document, whole=True)
    if found is None:
        raise Bug("bug", f"eConnect wrote {document.title} {show_key(trip.write.key)}, and it is not there.")
    stored = {name: found.values[name] for name in trip.write.values if name in found.values}
    return Outcome(Status.DONE, found.key, birth=found.birth, stored=stored, record=found)


def _lock(trip: Trip, document: Document) -> None:
    """Hold the place of the document until the end, whether it is there or not."""
    source = source_of(document.entity)
    statement = select(["1 AS [n]"], trip.desk.names.object(document.lock_table)).add(LOCKED).add(" WHERE ")
    between = ""
    for column, held in document.lock.items():
        kind = source.sql_type(held) if isinstance(held, str) else "int"
        value = _part(document, held, trip.write.key) if isinstance(held, str) else held
        statement.add(f"{between}[t].{bracketed(column)} = {mark(kind)}", value)
        between = " AND "
    trip.lane.rows(statement)


def _part(document: Document, name: str, key: Key) -> SqlValue:
    entity = entity_named(document.entity)
    return key_value(source_of(document.entity), name, key[entity.key.index(name)])


def _held(trip: Trip, document: Document, *, whole: bool = False) -> Record | None:
    """Read the document as it stands in this transaction, with its lists where `whole`."""
    source = source_of(document.entity)
    entity = source.entity
    view = Plain(trip.desk.names, source, list(entity.fields), trip.desk.missing(document.entity))
    parts = tuple(_part(document, name, trip.write.key) for name in entity.key)
    types = [source.sql_type(name) for name in entity.key]
    rows = trip.lane.rows(
        view.select(None, among([view.column(name) for name in entity.key], types, [parts]))
    )
    if not rows:
        return None
    found = view.record(rows[0])
    lists = list(document.lists) if whole else []
    return with_lists(trip.lane.rows, trip.desk.names, document.entity, [found], lists)[0]


def _key_values(document: Document, key: Key) -> dict[str, Value]:
    fields = entity_named(document.entity).fields
    found: dict[str, Value] = {}
    for name, part in zip(entity_named(document.entity).key, key, strict=True):
        described = fields[name].description
        number = described.type in (FieldType.INTEGER, FieldType.OPTION)
        # GP keeps document numbers in capitals, as its windows write them (assumed).
        found[name] = int(part) if number else capitals(part.rstrip(" "))
    return found


def _no_orphans(trip: Trip, document: Document) -> None:
    """Refuse a number under which somebody else left rows without a header: they would become part of this document."""
    bare = Record(tuple(trip.write.key), {})
    found = with_lists(trip.lane.rows, trip.desk.names, document.entity, [bare], document.orphans)[0]
    for name in document.orphans:
        rows: Rows = rows_of(found.values, name) or []
        if rows:
            raise Unfit(
                Rejected(
                    "bad-value",
                    f"{name} without a header lie under the number {show_key(trip.write.key)}: somebody's document was"
                    " left unfinished.",
                    record=show_key(trip.write.key),
                    field=name,
                    value=str(len(rows)),
                    fix="Remove them in Dynamics GP (Reconcile Sales Documents), or take another number.",
                )
            )


def tables_of(document: Document) -> Mapping[str, None]:
    """Name the tables that are read only when the document is written."""
    used = () if document.used is None else (document.used.table,)
    return dict.fromkeys((document.lock_table, *used, *(each.table for each in document.exchange)))
