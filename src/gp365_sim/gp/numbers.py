"""Next numbers: a document number ends in digits, and the setup of its kind holds the one to come.

Source: MicrosoftDocs, receivables management (numbers must end in digits to count on). Where each next number lives is
in the table definitions; that taking one leaves the following one behind at once is assumed.
"""

import re

from gp365_sim.gp.company import Company
from gp365_sim.gp.refusals import broken_rule, not_found

SETUP = 1
"""SETUPKEY, UNIQKEY or INDEX1 of the one row that each setup table has (assumed)."""
GL_SETUP = "1"

_ENDING = re.compile(r"(.*?)(\d+)")


def following(number: str) -> str:
    """Count a number on, digits as many as before unless they overflow; raises `Refusal` without digits."""
    found = _ENDING.fullmatch(number)
    if found is None:
        raise broken_rule(f"the number {number} does not end in digits and cannot be counted on.")
    return f"{found[1]}{int(found[2]) + 1:0{len(found[2])}d}"


def next_sales(company: Company, kind: int, document_id: str) -> str:
    """Take the next number of a sales document id (SOP40200), leaving out numbers that are taken."""
    setup = company.find("SOP40200", kind, document_id)
    if setup is None:
        raise not_found(company["SOP40200"].table.what, document_id)
    drawn = str(setup["SOPNUMBE"])
    while any(company.find(table, drawn, kind) for table in ("SOP10100", "SOP30200")):
        drawn = following(drawn)
    company.change("SOP40200", (kind, document_id), {"SOPNUMBE": following(drawn)})
    return drawn


def next_receivable(company: Company, kind: int) -> str:
    """Take the next number of a receivables document type (RM40401), leaving out numbers that are taken."""
    setup = company.find("RM40401", kind)
    if setup is None:
        raise not_found(company["RM40401"].table.what, str(kind))
    drawn = str(setup["DOCNUMBR"])
    while company.find("RM00401", kind, drawn):
        drawn = following(drawn)
    company.change("RM40401", (kind,), {"DOCNUMBR": following(drawn)})
    return drawn


def next_journal(company: Company) -> int:
    """Take the next journal entry number (GL40000.NJRNLENT)."""
    drawn = company.find("GL40000", GL_SETUP)
    if drawn is None:
        raise not_found(company["GL40000"].table.what, GL_SETUP)
    number = int(str(drawn["NJRNLENT"]))
    company.change("GL40000", (GL_SETUP,), {"NJRNLENT": number + 1})
    return number


def next_order(company: Company) -> str:
    """Take the next purchase order number (POP40100.PONUMBER), leaving out numbers that are taken."""
    drawn = _next(company, "POP40100", "PONUMBER", SETUP)
    while any(company.find(table, drawn) for table in ("POP10100", "POP30100")):
        drawn = _next(company, "POP40100", "PONUMBER", SETUP)
    return drawn


def next_voucher(company: Company) -> str:
    """Take the next payables voucher number (PM40100.NTVCHNUM)."""
    return _next(company, "PM40100", "NTVCHNUM", GL_SETUP)


def _next(company: Company, table: str, column: str, key: int | str) -> str:
    setup = company.find(table, key)
    if setup is None:
        raise not_found(company[table].table.what, str(key))
    drawn = str(setup[column])
    company.change(table, (key,), {column: following(drawn)})
    return drawn
