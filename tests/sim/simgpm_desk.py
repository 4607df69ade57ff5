"""A company of the GP simulator without a service: furnished, with checks of what must hold in it at any time."""

from datetime import date
from decimal import Decimal

from gp365_sim.core.clock import Clock
from gp365_sim.gp.app import build
from gp365_sim.gp.numbers import next_receivable
from gp365_sim.gp.receivables import enter, enter_receipt
from gp365_sim.gp.rmposting import post
from gp365_sim.gp.rmtypes import INVOICE, PAYMENT, sign
from gp365_sim.samples import fabrikam

ZERO = Decimal(0)
DAY = date(2026, 9, 1)


def furnished(samples=None, **more):
    """The sample company with its documents."""
    return build(Clock(), samples or fabrikam(), (), **more).world.company


def owed(company):
    """What each customer owes by open documents, and what unposted receipts are applied to."""
    found = {}
    for row in company.rows("RM20101"):
        found[row["CUSTNMBR"]] = found.get(row["CUSTNMBR"], ZERO) + sign(row["RMDTYPAL"]) * row["CURTRXAM"]
    for row in company.rows("RM20201"):
        if not row["POSTED"]:
            held = row["APPTOAMT"] + row["DISTKNAM"] + row["WROFAMNT"]
            found[row["CUSTNMBR"]] = found.get(row["CUSTNMBR"], ZERO) + held
    return found


def check_receivables(company):
    """Each balance is the sum of the signed open documents and of its buckets; no document is lost or doubled."""
    found = owed(company)
    for row in company.rows("RM00103"):
        buckets = sum(row[f"AGPERAMT_{number}"] for number in range(1, 8))
        assert row["CUSTBLNC"] == found.pop(row["CUSTNMBR"], ZERO) == buckets, row["CUSTNMBR"]
    assert not any(found.values())
    where = {
        **{(row["RMDTYPAL"], row["DOCNUMBR"]): 1 for row in company.rows("RM10301")},
        **{(9, row["DOCNUMBR"]): 1 for row in company.rows("RM10201")},
    }
    for table, status in (("RM20101", 2), ("RM30101", 3)):
        for row in company.rows(table):
            place = (row["RMDTYPAL"], row["DOCNUMBR"])
            assert place not in where and row["CURTRXAM"] >= 0
            where[place] = status
    known = {(row["RMDTYPAL"], row["DOCNUMBR"]): row["DCSTATUS"] for row in company.rows("RM00401")}
    assert known == where


def check_ledger(company):
    """Every entry is in balance, every balance is the sum of its lines, and those of a year add up to nothing."""
    for lines, balances, year in (("GL20000", "GL10110", "OPENYEAR"), ("GL30000", "GL10111", "HSTYEAR")):
        entries, sums = {}, {}
        for row in company.rows(lines):
            change = row["DEBITAMT"] - row["CRDTAMNT"]
            entry = (row["JRNENTRY"], row[year])
            entries[entry] = entries.get(entry, ZERO) + change
            place = (row["ACTINDX"], row[year], row["PERIODID"])
            sums[place] = sums.get(place, ZERO) + change
        assert not any(entries.values())
        held = {
            (row["ACTINDX"], row["YEAR1"], row["PERIODID"]): row["PERDBLNC"] for row in company.rows(balances)
        }
        assert {place: value for place, value in sums.items() if value} == {
            place: value for place, value in held.items() if value
        }
        for row in company.rows(balances):
            assert row["PERDBLNC"] == row["DEBITAMT"] - row["CRDTAMNT"]
    for each in {row["YEAR1"] for row in company.rows("GL10110")}:
        assert sum(row["PERDBLNC"] for row in company.rows("GL10110") if row["YEAR1"] == each) == 0


def check_stock(company):
    """The row of all sites is the sum of the rows of the sites."""
    rows = company.rows("IV00102")
    for whole in (row for row in rows if row["RCRDTYPE"] == 1):
        parts = [row for row in rows if row["RCRDTYPE"] == 2 and row["ITEMNMBR"] == whole["ITEMNMBR"]]
        for name in ("QTYONHND", "ATYALLOC", "QTYSOLD", "QTYONORD"):
            assert whole[name] == sum(row[name] for row in parts), (whole["ITEMNMBR"], name)


def check(company):
    """All of it."""
    check_receivables(company)
    check_ledger(company)
    check_stock(company)


def everything(company):
    """Every row of every table, to compare a company with itself."""
    return {table: company[table].image() for table in company}


def document(company, who, value, kind=INVOICE, at=DAY, *, posted=True):
    """A receivables document of a customer; its number."""
    number = next_receivable(company, kind)
    row = {"RMDTYPAL": kind, "DOCNUMBR": number, "CUSTNMBR": who, "BACHNUMB": "TEST", "DOCDATE": at}
    enter(company, {**row, "SLSAMNT": Decimal(value)})
    if posted:
        post(company, kind, number)
    return number


def receipt(company, who, value, at=DAY, *, posted=True):
    """A cash receipt of a customer; its number."""
    number = next_receivable(company, PAYMENT)
    row = {"DOCNUMBR": number, "CUSTNMBR": who, "BACHNUMB": "TEST", "DOCDATE": at}
    enter_receipt(company, {**row, "ORTRXAMT": Decimal(value)})
    if posted:
        post(company, PAYMENT, number)
    return number
