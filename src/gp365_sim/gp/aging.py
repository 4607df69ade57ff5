"""Aging: open documents go into the buckets of RM40201 by their age on a day, RM00103 shows the sums as of that day.

Age counts from the due date or the document date (RM40101.AGEBY: 0 and 1, assumed); unapplied credits age too where
AGEUNAPPLDCR says so, else they stand in the first bucket. Every open document of a run is written by one statement and so
carries the same DEX_ROW_TS.
"""

from datetime import date, datetime
from decimal import Decimal

from gp365_sim.gp.amounts import ZERO, amount, day, has_day, whole
from gp365_sim.gp.company import Company
from gp365_sim.gp.rmtypes import CREDITS, sign
from gp365_sim.gp.sqltypes import Value
from gp365_sim.gp.summary import BUCKETS

BY_DUE_DATE = 0


def age(company: Company, as_of: date) -> int:
    """Age every customer that has a summary and give how many there are."""
    at, sums = company.statement(), dict[str, list[Decimal]]()
    with company.transaction():
        for row in company.rows("RM20101"):
            _place(company, row, as_of, at, sums)
        for row in company.rows("RM00103"):
            held = sums.get(str(row["CUSTNMBR"]), [ZERO] * BUCKETS)
            buckets = {f"AGPERAMT_{number}": each for number, each in enumerate(held, 1)}
            company.change("RM00103", (row["CUSTNMBR"],), {**buckets, "LASTAGED": as_of}, at)
        company.change("RM40101", (1,), {"LDOITAGD": as_of, "LDBLFAGD": as_of}, at)
    return len(company["RM00103"])


def _place(
    company: Company, row: dict[str, Value], as_of: date, at: datetime, sums: dict[str, list[Decimal]]
) -> None:
    left = amount(row, "CURTRXAM")
    bucket = bucket_of(company, row, as_of) if left else 1
    kind = whole(row, "RMDTYPAL")
    company.change("RM20101", (row["CUSTNMBR"], kind, row["DOCNUMBR"]), {"AGNGBUKT": bucket}, at)
    held = sums.setdefault(str(row["CUSTNMBR"]), [ZERO] * BUCKETS)
    held[bucket - 1] += sign(kind) * left


def bucket_of(company: Company, row: dict[str, Value], as_of: date) -> int:
    """Give the number of the bucket that a document's age falls into."""
    setup = company.find("RM40101", 1)
    if setup is not None and whole(row, "RMDTYPAL") in CREDITS and not setup["AGEUNAPPLDCR"]:
        return 1
    by_due = setup is not None and setup["AGEBY"] == BY_DUE_DATE and has_day(row, "DUEDATE")
    days = (as_of - day(row, "DUEDATE" if by_due else "DOCDATE")).days
    periods = sorted((whole(each, "RMPEREND"), whole(each, "INDEX1")) for each in company.rows("RM40201"))
    for end, number in periods:
        if days <= end:
            return number
    return periods[-1][1] if periods else 1
