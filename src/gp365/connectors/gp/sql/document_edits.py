"""An edit of a document's header: the fields that are named change, and what the procedure would blank is sent again.

taSopHdrIvcInsert with UpdateExisting 1 is a document exchange: what does not come becomes blank (node table of
taSopHdrIvcInsert, Microsoft Learn). taPoHdr keeps what does not come, but for a few elements with defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from gp365.connectors.gp.documents import Document, Exchange, Step, step_fields
from gp365.connectors.gp.documents_totals import number, total
from gp365.connectors.gp.sql.port import SqlValue
from gp365.connectors.gp.sql.queries import among
from gp365.connectors.gp.sql.rows import key_value, sent
from gp365.connectors.gp.sql.sources import source_of
from gp365.connectors.gp.sql.text import bracketed, select
from gp365.connectors.gp.sql.trip import Trip
from gp365.connectors.gp.tables import entity_named
from gp365.model.record import Record
from gp365.model.values import Value

_AMOUNTS = ("OriginatingFreightAmount", "OriginatingMiscellaneousAmount", "OriginatingTradeDiscountAmount")
_DATED = {"PaymentTermsID", "DocumentDate"}


def edit_header(trip: Trip, document: Document, held: Record, changes: Mapping[str, Value]) -> None:
    """Make the calls that change a header; `held` is the document as it stands under lock."""
    for step in document.steps:
        fields = step_fields(document, step)
        if not step.updates or (step.fields and not any(name in changes for name in step.fields)):
            continue
        given: dict[str, SqlValue] = dict(step.update_sets or step.sets)
        if step.switch:
            given |= _again(trip, document, step, held)
            given[step.switch] = 1
        elif step.fields:
            given |= _fields(step.entity, {name: fields[name] for name in step.fields}, held.values)
        given |= _keys(document, step, held)
        given |= _fields(step.entity, {n: e for n, e in fields.items() if n in changes}, changes)
        if document.entity == "sales_document" and step.switch:
            _follow(given, held, changes)
        if step.mark:
            given |= _mark(step.mark, held, trip.write.reference)
        trip.document(step.procedure, step.entity, given)


def _fields(entity: str, elements: Mapping[str, str], values: Mapping[str, Value]) -> dict[str, SqlValue]:
    """Return values as arguments; empty ones overwrite."""
    fields = entity_named(entity).fields
    return {element: sent(fields[name].description, values.get(name)) for name, element in elements.items()}


def _keys(document: Document, step: Step, held: Record) -> dict[str, SqlValue]:
    fields = entity_named(document.entity).fields
    given: dict[str, SqlValue] = {}
    for element, source in {**step.keeps, **step.same}.items():
        value = held.values.get(source) if isinstance(source, str) else source
        if isinstance(source, int):
            given[element] = source
        elif value is not None:
            given[element] = sent(fields[source].description, value)
    return given


def _mark(element: str, held: Record, reference: str) -> dict[str, SqlValue]:
    """Give our mark again; that of another integration, one beside an IntegrationSource, stays (assumed)."""
    ours = reference and not held.values.get("IntegrationSource")
    return {element: reference if ours else held.reference}


def _follow(given: dict[str, SqlValue], held: Record, changes: Mapping[str, Value]) -> None:
    """Let follow what rests on what changes: the total, the distributions, and dates that terms give."""
    own = {**held.values, **changes}
    taxes = sum((number(_number(given.get(each))) for each in ("FRTTXAMT", "MSCTXAMT")), Decimal(0))
    given["TAXAMNT"] = number(own.get("OriginatingTaxAmount")) - taxes
    if any(name in changes for name in _AMOUNTS):
        given["DOCAMNT"] = total(own)
        given["CREATEDIST"] = 1
    if _DATED & set(changes):
        for name, element in (("DueDate", "DUEDATE"), ("DiscountDate", "DISCDATE")):
            if name not in changes:
                given.pop(element, None)


def _number(value: SqlValue) -> Value:
    return value if isinstance(value, int | Decimal) else None


def _again(trip: Trip, document: Document, step: Step, held: Record) -> dict[str, SqlValue]:
    """Read what stands in the document's row for every element that the procedure takes."""
    given: dict[str, SqlValue] = {}
    for exchange in document.exchange:
        given |= _row(trip, document, step, exchange, held)
    return given


def _row(trip: Trip, document: Document, step: Step, exchange: Exchange, held: Record) -> dict[str, SqlValue]:
    there = trip.desk.columns(exchange.table)
    signature = trip.procedures.signature(step.procedure).values()
    known = [each.name.removeprefix("@I_v") for each in signature if each.name.startswith("@I_v")]
    wanted: dict[str, str] = {}
    for element in known:
        column = exchange.columns.get(element, element)
        left = element in exchange.leaves or (exchange.only and element not in exchange.only)
        if column.lower() in there and not left:
            wanted[element] = column
    source, entity = source_of(document.entity), entity_named(document.entity)
    columns = [f"[t].{bracketed(column)}" for column in wanted.values()]
    statement = select(columns, trip.desk.names.object(exchange.table)).add(" WHERE ")
    types = [source.sql_type(name) for name in entity.key]
    parts = [key_value(source, name, part) for name, part in zip(entity.key, held.key, strict=True)]
    where = among([f"[t].{bracketed(entity.fields[name].sql)}" for name in entity.key], types, [parts])
    rows = trip.lane.rows(statement.join([where], ""))
    return {
        element: _sent(value) for element, value in zip(wanted, rows[0] if rows else (), strict=bool(rows))
    }


def _sent(value: SqlValue) -> SqlValue:
    """Return what stood in a column as a parameter takes it."""
    return value.rstrip(" \x00") if isinstance(value, str) else value
