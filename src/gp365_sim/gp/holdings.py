"""Everything in a company that names a customer: open documents that hold it, and tables that a renumbering goes through."""

from datetime import date, datetime
from decimal import Decimal

from gp365_sim.gp.company import Company
from gp365_sim.gp.heap import Heap
from gp365_sim.gp.sqltypes import Value, folded
from gp365_sim.gp.tables import Row

WORK = {"RM10301": "DOCNUMBR", "RM10201": "DOCNUMBR", "SOP10100": "SOPNUMBE"}
CARDS = ("RM00101", "RM00102")


def open_numbers(company: Company, customer: str) -> list[str]:
    """Give the numbers of a customer's documents that are unposted or not settled; the number of the customer is folded.

    Documents named at the control door come first.
    """
    found = list(company.documents.get(customer, ()))
    for table, number in WORK.items():
        heap = company[table]
        found += [
            heap.table.text(row, number) for row in heap.scan() if _names(heap, row, "CUSTNMBR", customer)
        ]
    still_open = company["RM20101"]
    held = (row for row in still_open.under(customer) if still_open.table.get(row, "CURTRXAM"))
    return [*found, *(still_open.table.text(row, "DOCNUMBR") for row in held)]


def renumber_holdings(company: Company, old: str, new: str, at: datetime) -> None:
    """Write another customer number into every table beside the cards; `old` is folded."""
    for table in company:
        for column in ("CUSTNMBR", "CPRCSTNM"):
            if table not in CARDS and column in company[table].table.place:
                _renumber(company, company[table], column, (old, new), at)
    for row in company["SY01200"].unordered():
        table = company["SY01200"].table
        if table.text(row, "Master_Type") == "CUS" and folded(table.text(row, "Master_ID")) == old:
            company.update("SY01200", table.key_of(row), {"Master_ID": new}, at)


def _renumber(company: Company, heap: Heap, column: str, numbers: tuple[str, str], at: datetime) -> None:
    for row in heap.unordered():
        if _names(heap, row, column, numbers[0]):
            company.update(heap.table.name, heap.table.key_of(row), {column: numbers[1]}, at)


def _names(heap: Heap, row: Row, column: str, customer: str) -> bool:
    return folded(heap.table.text(row, column)) == customer


def join_summaries(company: Company, gone: str, kept: str, at: datetime) -> None:
    """Add the summary of one customer (folded) to that of another and take it away (assumed of the combiner tool).

    Amounts and counts are added, dates are the later ones; summaries by period are added alike.
    """
    for table in ("RM00103", "RM00104"):
        heap = company[table]
        for row in heap.unordered():
            if _names(heap, row, "CUSTNMBR", gone):
                _join(company, heap, row, kept, at)


def _join(company: Company, heap: Heap, row: Row, kept: str, at: datetime) -> None:
    table = heap.table
    moved = table.changed(row, {"CUSTNMBR": kept})
    key, there = table.key_of(moved), heap.find(table.key_of(moved))
    if there is None:
        return
    values = {
        each.name: _joined(table.get(there, each.name), table.get(row, each.name))
        for each in table.columns
        if each.name not in table.key and each.kind != "identity"
    }
    company.delete(table.name, table.key_of(row), at)
    company.update(table.name, key, values, at)


def _joined(one: Value, other: Value) -> Value:
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return one + other
    if isinstance(one, int) and isinstance(other, int):
        return one + other
    if isinstance(one, date) and isinstance(other, date):
        return max(one, other)
    return one
