"""Taxes of a sales document with CREATETAXES 1: percentages of the tax details that schedule and item share.

TX00102 lists the details of a schedule, TX00201 their percentages. An item with tax option 1 is taxed by the details that
its own schedule has too, 2 not at all, 3 by those of the document. Other bases than a percentage of the sale are not
modelled; rounding to the cent per detail and line is assumed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from gp365_sim.gp.company import Company
from gp365_sim.gp.econnect.prices import HUNDRED, cents
from gp365_sim.gp.econnect.rows import Fields, add, drop_where, find, where
from gp365_sim.gp.econnect.stock import NOTHING, number
from gp365_sim.gp.sqltypes import Value, folded

TAXABLE, NOT_TAXABLE = 1, 2


@dataclass(frozen=True)
class Tax:
    """One tax detail on one line (sequence 0: on the whole document)."""

    detail: str
    sequence: int
    base: Decimal
    amount: Decimal
    account: int


def taxes(company: Company, schedule: str, lines: Iterable[Fields]) -> list[Tax]:
    """Give the taxes of the lines of a document under a schedule; a blank one taxes nothing."""
    if not schedule:
        return []
    details = _details(company, schedule)
    return [tax for line in lines for tax in _of_line(company, details, line)]


def write_taxes(company: Company, kind: int, document: str, found: list[Tax]) -> None:
    """Write the taxes into SOP10105, by line and, under sequence 0, summed up by detail."""
    drop_where(company, "SOP10105", SOPTYPE=kind, SOPNUMBE=document)
    totals = {tax.detail: tax for tax in found}
    for detail, tax in totals.items():
        mine = [each for each in found if each.detail == detail]
        base = sum((each.base for each in mine), NOTHING)
        amount = sum((each.amount for each in mine), NOTHING)
        _write(company, kind, document, Tax(detail, 0, base, amount, tax.account))
    for tax in found:
        _write(company, kind, document, tax)


def _write(company: Company, kind: int, document: str, tax: Tax) -> None:
    row: dict[str, Value] = {
        "SOPTYPE": kind,
        "SOPNUMBE": document,
        "LNITMSEQ": tax.sequence,
        "TAXDTLID": tax.detail,
    }
    amounts: dict[str, Value] = {
        "STAXAMNT": tax.amount,
        "ORSLSTAX": tax.amount,
        "TXDTOTTX": tax.amount,
        "OTTAXPON": tax.amount,
        "TAXDTSLS": tax.base,
        "ORTOTSLS": tax.base,
        "TDTTXSLS": tax.base,
        "ORTXSLS": tax.base,
    }
    add(company, "SOP10105", {**row, **amounts, "ACTINDX": tax.account, "TXABLETX": 1})


def _details(company: Company, schedule: str) -> list[Fields]:
    listed = [str(row["TAXDTLID"]) for row in where(company, "TX00102", TAXSCHID=schedule)]
    return [row for detail in listed if (row := find(company, "TX00201", TAXDTLID=detail)) is not None]


def _of_line(company: Company, details: list[Fields], line: Fields) -> list[Tax]:
    item = find(company, "IV00101", ITEMNMBR=line["ITEMNMBR"])
    option = item["TAXOPTNS"] if item is not None else 0
    if option == NOT_TAXABLE:
        return []
    if option == TAXABLE and item is not None:
        own = {folded(str(row["TAXDTLID"])) for row in where(company, "TX00102", TAXSCHID=item["ITMTSHID"])}
        details = [row for row in details if folded(str(row["TAXDTLID"])) in own]
    base, sequence = number(line["OXTNDPRC"]), line["LNITMSEQ"]
    assert isinstance(sequence, int)
    return [_tax(row, sequence, base) for row in details]


def _tax(detail: Fields, sequence: int, base: Decimal) -> Tax:
    account = detail["ACTINDX"]
    assert isinstance(account, int)
    return Tax(
        str(detail["TAXDTLID"]), sequence, base, cents(base * number(detail["TXDTLPCT"]) / HUNDRED), account
    )
