"""Documents for the tests of the SQL channel: an order, an invoice, what the tables of GP hold of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from gp_sql_place import SqlPlace

from gp365.connectors.gp.documents import with_rows
from gp365.model.record import Op, Outcome, Record, Write
from gp365.model.values import Key, Value, Values
from gp365_sim.gp.tasks import TASKS

DAY = date(2026, 11, 20)
CUSTOMER, ITEM = "AARONFIT0001", "128 SDRAM"
QUOTE, ORDER, INVOICE, RETURN = 1, 2, 3, 4
IDS = {QUOTE: "STDQTE", ORDER: "STDORD", INVOICE: "STDINV", RETURN: "RTN"}


def line(quantity: str = "2", price: str = "45.00", **more: Value) -> dict[str, Value]:
    """Give a line that sells memory."""
    sold = {"ItemNumber": ITEM, "Quantity": Decimal(quantity), "OriginatingUnitPrice": Decimal(price)}
    return {**sold, **more}


def sale(
    kind: int = ORDER,
    lines: Sequence[Mapping[str, Value]] | None = None,
    *,
    payments: Sequence[Mapping[str, Value]] = (),
    distributions: Sequence[Mapping[str, Value]] = (),
    **more: Value,
) -> Values:
    """Give the values of a sales document."""
    own: dict[str, Value] = {
        "DocumentID": IDS[kind],
        "DocumentDate": DAY,
        "BatchNumber": "WEB 11",
        "CustomerNumber": CUSTOMER,
        **more,
    }
    lists = {"Lines": [line()] if lines is None else lines}
    lists |= {"Payments": payments} if payments else {}
    lists |= {"Distributions": distributions} if distributions else {}
    return with_rows(own, **lists)


def drawn(here: SqlPlace, entity: str, **values: Value) -> Key:
    """Take the next number from GP."""
    return here.connector.draw(entity, values)


def sop(here: SqlPlace, kind: int = ORDER) -> Key:
    """Take the next number of a sales document."""
    return drawn(here, "sales_document", DocumentType=kind, DocumentID=IDS[kind])


def create(here: SqlPlace, entity: str, key: Key, values: Values, **more: Any) -> Outcome:
    """Create a document through the connector."""
    [outcome] = here.connector.write(entity, [Write(Op.CREATE, key, values, **more)])
    return outcome


def edit(here: SqlPlace, entity: str, key: Key, values: Values, **more: Any) -> Outcome:
    """Change a document through the connector."""
    [outcome] = here.connector.write(entity, [Write(Op.UPDATE, key, values, **more)])
    return outcome


def read(here: SqlPlace, entity: str, key: Key) -> Record | None:
    """Read a document with its lists."""
    described = here.connector.entity(entity)
    names = [name for name, each in described.fields.items() if each.readable]
    return here.connector.get(entity, [key], [*names, *described.lists], fresh=True).get(key)


def rows(here: SqlPlace, table: str, **wanted: object) -> list[dict[str, Any]]:
    """Give the rows of a table with these values, as they lie in the company's database."""
    found = [dict(row) for row in here.system.world.company.rows(table)]
    return [row for row in found if all(_plain(row[name]) == each for name, each in wanted.items())]


def one(here: SqlPlace, table: str, **wanted: object) -> dict[str, Any]:
    """Give the one row of a table with these values."""
    [row] = rows(here, table, **wanted)
    return row


def task(here: SqlPlace, name: str, **order: object) -> None:
    """Let a user of GP do something: post, close a period, work on a batch."""
    TASKS[name](here.system.world.company, order)


def code(outcome: Outcome) -> str:
    """Give the code of an outcome's error."""
    return outcome.error.code if outcome.error is not None else ""


def said(outcome: Outcome) -> str:
    """Give the message of an outcome's error."""
    return outcome.error.message if outcome.error is not None else ""


def lies(here: SqlPlace, number: str) -> list[str]:
    """Name the tables in which anything lies under a sales document's number."""
    tables = ("SOP10100", "SOP10200", "SOP10102", "SOP10103", "SOP10105", "SOP10106", "SOP30200", "SOP30300")
    return [table for table in tables if rows(here, table, SOPNUMBE=number)]


def _plain(value: object) -> object:
    return value.rstrip() if isinstance(value, str) else value
