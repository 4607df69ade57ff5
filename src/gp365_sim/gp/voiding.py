"""Documents taken back after posting: voids, and receipts whose cheque was not paid (NSF).

The document goes to history at once with VOIDSTTS, nothing of it left to pay; what a receipt or credit was applied to is
owed again, and comes back from history if it was there. From practice, assumed in detail.
"""

from datetime import date

from gp365_sim.gp.amounts import ZERO, amount, text, whole
from gp365_sim.gp.applying import applications, open_document, pair_of, unapply
from gp365_sim.gp.company import Company
from gp365_sim.gp.distributions import lines_of, rows_of
from gp365_sim.gp.ledger import reversed_lines
from gp365_sim.gp.periods import check_open
from gp365_sim.gp.refusals import Refusal, broken_rule
from gp365_sim.gp.removal import bring_back, to_history
from gp365_sim.gp.rmposting import book_lines
from gp365_sim.gp.rmtypes import CREDITS, NSF, PAYMENT, VOIDED, sign
from gp365_sim.gp.sqltypes import Value
from gp365_sim.gp.summary import add_balance, note_posting, raise_amounts


def void(company: Company, kind: int, number: str, at: date) -> dict[str, Value]:
    """Void a posted document and give its row of RM30101; a debit that is paid must be unapplied first."""
    with company.transaction():
        return _take_back(company, _posted(company, kind, number), at, VOIDED)


def return_unpaid(company: Company, number: str, at: date) -> dict[str, Value]:
    """Book a receipt back whose cheque was not paid and give its row of RM30101; raises `Refusal`."""
    with company.transaction():
        receipt = _posted(company, PAYMENT, number)
        total = amount(receipt, "ORTRXAMT")
        taken = _take_back(company, receipt, at, NSF)
        changes = {"NONSFYTD": 1, "NONSFLIF": 1, "TNSFCYTD": total, "TNSFCLIF": total}
        raise_amounts(company, text(receipt, "CUSTNMBR"), changes)
        company.change("RM00103", (receipt["CUSTNMBR"],), {"LSTNSFCD": at})
    return taken


def _posted(company: Company, kind: int, number: str) -> dict[str, Value]:
    """Find a posted document, taking it and what it was applied to back from history."""
    if open_document(company, kind, number) is None:
        bring_back(company, kind, number)
    found = open_document(company, kind, number)
    if found is None:
        raise Refusal("RecordNotFound", f"there is no posted document {number} of type {kind}.", "DOCNUMBR")
    if found["VOIDSTTS"]:
        raise broken_rule(f"{number} is voided already.", "DOCNUMBR")
    return found


def _take_back(company: Company, document: dict[str, Value], at: date, status: int) -> dict[str, Value]:
    kind, number = whole(document, "RMDTYPAL"), text(document, "DOCNUMBR")
    check_open(company, at, "RM_Cash" if kind == PAYMENT else "RM_Sales")
    held = applications(company, kind, number)
    if kind not in CREDITS and (held or applications(company, kind, number, "RM30201")):
        raise broken_rule(f"{number} is paid; unapply it first.", "DOCNUMBR")
    for row in held:
        bring_back(company, whole(row, "APTODCTY"), text(row, "APTODCNM"))
        unapply(company, pair_of(row), at)
    total, customer = amount(document, "ORTRXAMT"), text(document, "CUSTNMBR")
    bucket = whole(document, "AGNGBUKT") or 1
    add_balance(company, customer, -sign(kind) * total, bucket)
    note_posting(company, customer, kind, -total, at) if status == VOIDED else None
    lines = reversed_lines(lines_of(rows_of(company, kind, number)))
    book_lines(company, document, lines, at, "Void" if status == VOIDED else "NSF")
    values = {"CURTRXAM": ZERO, "VOIDSTTS": status, "VOIDDATE": at}
    company.change("RM20101", (customer, kind, number), values)
    return to_history(company, kind, number)
