"""What is wrong with a document before anything is sent: its type, its lists, every field of every row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from gp365.connectors.gp.documents import Document, Rows, own_values, place_of, rows_of
from gp365.connectors.gp.documents_totals import number
from gp365.connectors.gp.tables import entity_named
from gp365.connectors.gp.values import check_values
from gp365.connectors.gp.writes import Parted, Writable, write_fault
from gp365.model.errors import Rejected
from gp365.model.record import Op, Outcome, Status, Write
from gp365.model.values import Key, Value, show, show_key


def part_documents(
    entity: Writable, document: Document, writes: Sequence[Write], one: Callable[[Key], str]
) -> Parted:
    """Check documents and part them by number; see `writes.part`."""
    parted = Parted(writes, {}, {})
    for at, write in enumerate(writes):
        fault = document_fault(entity, document, write)
        if fault is not None:
            fault.system = entity.system
            fault.record = fault.record or show_key(write.key)
            parted.outcomes[at] = Outcome(Status.REJECTED, write.key, error=fault)
        else:
            parted.customers.setdefault(one(write.key), []).append(at)
    return parted


def document_fault(entity: Writable, document: Document, write: Write) -> Rejected | None:
    """Return why a document cannot be sent at all, naming field and row, or None."""
    try:
        lists = {name: rows for name in document.lists if (rows := rows_of(write.values, name)) is not None}
    except Rejected as fault:
        return fault
    fault = write_fault(entity, replace(write, values=own_values(document, write.values)))
    fault = fault or _type_fault(document, write)
    if fault is not None:
        return fault
    if write.op is Op.UPDATE:
        return _kept(lists)
    for name, rows in lists.items():
        fault = fault or _rows_fault(document, name, rows)
    return fault or _lines_fault(document, write, lists.get("Lines")) or _balance_fault(lists)


def _kept(lists: dict[str, Rows]) -> Rejected | None:
    """Refuse lists in an edit: the header alone is changed."""
    if not lists:
        return None
    name = next(iter(lists))
    return Rejected(
        "not-served",
        f"{name} of a document that stands in Dynamics GP are not changed; its header is.",
        field=name,
        fix="Change them in Dynamics GP, or delete the document there and let it be created again.",
    )


def _type_fault(document: Document, write: Write) -> Rejected | None:
    if not document.type_field or write.op is not Op.CREATE:
        return None
    place = entity_named(document.entity).key.index(document.type_field)
    kind = write.key[place].strip()
    if kind in map(str, document.types):
        return None
    return Rejected(
        "bad-value",
        f"{document.title}s of type {kind} are not created. {document.not_type}",
        field=document.type_field,
        value=kind,
    )


def _rows_fault(document: Document, name: str, rows: Rows) -> Rejected | None:
    listing = document.lists[name]
    fields = {each: found.description for each, found in entity_named(listing.entity).fields.items()}
    for at, row in enumerate(rows):
        place = place_of(name, at)
        fault = check_values(fields, row, "create", "") or _row_missing(document, name, row)
        if fault is not None:
            fault.field = f"{place}.{fault.field}"
            return fault
    return None


def _row_missing(document: Document, name: str, row: dict[str, Value]) -> Rejected | None:
    listing = document.lists[name]
    sequence = {"LineSequence", "Sequence", *listing.by}
    for field, found in entity_named(listing.entity).fields.items():
        required = found.description.required and field not in sequence and found.econnect
        if required and row.get(field) is None:
            return Rejected("required-missing", "Dynamics GP requires this field.", field=field)
    return None


def _lines_fault(document: Document, write: Write, lines: Rows | None) -> Rejected | None:
    if "Lines" not in document.lists:
        return None
    if not lines:
        return Rejected("required-missing", "A document without lines is none.", field="Lines")
    if document.entity != "sales_document" or write.values.get("DefaultPricing") is True:
        return None
    for at, line in enumerate(lines):
        if line.get("OriginatingUnitPrice") is None:
            return Rejected(
                "required-missing",
                "A line without a price would be sold for nothing (UNITPRCE is 0 by default).",
                field=f"{place_of('Lines', at)}.OriginatingUnitPrice",
                fix="Give the price, or DefaultPricing to take GP's own.",
            )
    return None


def _balance_fault(lists: dict[str, Rows]) -> Rejected | None:
    rows = lists.get("Distributions")
    if not rows:
        return None
    debit = sum((number(row.get("OriginatingDebitAmount")) for row in rows), Decimal(0))
    credit = sum((number(row.get("OriginatingCreditAmount")) for row in rows), Decimal(0))
    if debit == credit:
        return None
    return Rejected(
        "bad-value",
        f"The distributions do not balance: debits {show(debit)}, credits {show(credit)}.",
        field="Distributions",
        value=show(debit - credit),
    )
