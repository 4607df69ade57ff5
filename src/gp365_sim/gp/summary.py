"""The customer summary (RM00103): balance, aging buckets, unposted amounts and the amounts of year, last year and life.

Which figures posting touches is from practice, assumed in detail; two things hold at any time: the balance is the sum of
the signed open documents (apart from what unposted receipts have been applied to), and the buckets add up to it.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from gp365_sim.gp.amounts import amount, has_day, whole
from gp365_sim.gp.company import Company
from gp365_sim.gp.rmtypes import CREDITS, FINANCE_CHARGE, INVOICE, PAYMENT, RETURN
from gp365_sim.gp.sqltypes import Value

BUCKETS = 7
YEARS = {
    **{f"{stem}YTD": f"{stem}LYR" for stem in ("TDTKN", "TTLSL", "TCOST", "TCSHR", "TFNCH", "TBDDT")},
    **{
        f"{stem}YTD": f"{stem}LYR" for stem in ("TWVFC", "TWROF", "TTLIN", "TTLFC", "WROFS", "HIBAL", "TTLRT")
    },
    "FNCHCYTD": "FNCHLYRC",
}
"""Amounts of this year and the column of last year that takes them at year-end."""
ONLY_THIS_YEAR = ("TDISAYTD", "TNSFCYTD", "NONSFYTD", "UPFCHYTD")
_STEMS = {
    PAYMENT: ("TCSHRYTD", "TCSHRLTD"),
    RETURN: ("TTLRTYTD", "TTLRTLTD"),
    FINANCE_CHARGE: ("TFNCHYTD", "TFNCHLTD"),
}


def summary(company: Company, customer: str) -> dict[str, Value]:
    """Give the summary row of a customer; without activity there is none yet, so an empty one is made."""
    return company.find("RM00103", customer) or company.add("RM00103", {"CUSTNMBR": customer})


def raise_amounts(company: Company, customer: str, changes: Mapping[str, Decimal | int]) -> None:
    """Add to amounts and counts of a customer's summary."""
    row, values = summary(company, customer), dict[str, object]()
    for name, change in changes.items():
        held = row[name]
        values[name] = whole(row, name) + int(change) if isinstance(held, int) else amount(row, name) + change
    if values:
        company.change("RM00103", (customer,), values)


def add_balance(company: Company, customer: str, change: Decimal, bucket: int = 1) -> None:
    """Add a signed amount to the balance and to the bucket of its document."""
    raise_amounts(company, customer, {"CUSTBLNC": change, f"AGPERAMT_{bucket}": change})
    row = summary(company, customer)
    top = {
        name: amount(row, "CUSTBLNC")
        for name in ("HIBALYTD", "HIBALLTD")
        if amount(row, "CUSTBLNC") > amount(row, name)
    }
    if top:
        company.change("RM00103", (customer,), top)


def note_posting(company: Company, customer: str, kind: int, value: Decimal, at: date) -> None:
    """Write down what a posted document means for the year, for life and for the last transaction."""
    year, life = _STEMS.get(kind, ("TTLSLYTD", "TTLSLLTD"))
    signed = -value if kind in CREDITS and kind not in _STEMS else value
    changes: dict[str, Decimal | int] = {year: signed, life: signed}
    if kind == INVOICE:
        changes |= {"TTLINYTD": 1, "TTLINLTD": 1}
    if kind == FINANCE_CHARGE:
        changes |= {"TTLFCYTD": 1, "TTLFCLTD": 1}
    raise_amounts(company, customer, changes)
    last = {"LSTTRXDT": at, "LSTTRXAM": value}
    if kind == PAYMENT:
        last = {"LASTPYDT": at, "LPYMTAMT": value}
    if kind == INVOICE and not has_day(summary(company, customer), "FRSTINDT"):
        last |= {"FRSTINDT": at}
    company.change("RM00103", (customer,), last)


def roll_year(company: Company, at: date, *, fiscal: bool = False) -> int:
    """Close the receivables year: amounts of this year become those of last year; gives how many customers.

    RM40101 keeps the day of the close, of the calendar or the fiscal year. The ledger and the documents do not move.
    """
    rows = company.rows("RM00103")
    with company.transaction():
        for row in rows:
            values: dict[str, object] = {new: row[old] for old, new in YEARS.items()}
            table = company["RM00103"].table
            values |= {name: table.column(name).empty for name in (*YEARS, *ONLY_THIS_YEAR)}
            company.change("RM00103", (row["CUSTNMBR"],), values)
        company.change("RM40101", (1,), {"LSTYEFSC" if fiscal else "LSTYECAL": at})
    return len(rows)
