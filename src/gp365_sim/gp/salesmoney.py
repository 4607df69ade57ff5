"""The money of a sales document when it posts: its distributions (SOP10102) and the payments taken with it (SOP10103).

Distributions that were entered are booked as they are, and then hold the payments too; a document without any gets those of
its customer, and each payment is booked as a receipt. All of it is from practice, assumed.
"""

from collections.abc import Mapping

from gp365_sim.gp.amounts import amount, day, text, whole
from gp365_sim.gp.applying import Applied, Pair, apply
from gp365_sim.gp.company import Company
from gp365_sim.gp.distributions import default_lines, rows_of, write_lines
from gp365_sim.gp.ledger import Line
from gp365_sim.gp.numbers import next_receivable
from gp365_sim.gp.receivables import CASH_SOURCE, check_new, note_entered
from gp365_sim.gp.rmposting import book_document, open_document
from gp365_sim.gp.rmtypes import INVOICE, PAYMENT
from gp365_sim.gp.sqltypes import EMPTY_DATE, Value

Row = Mapping[str, Value]


def entered_lines(company: Company, head: Row) -> list[tuple[int, Line]]:
    """Give the distributions that were entered with a document, each with its type."""
    rows = [
        row
        for row in company.under("SOP10102", head["SOPTYPE"])
        if text(row, "SOPNUMBE") == text(head, "SOPNUMBE")
    ]
    return [
        (
            whole(row, "DISTTYPE"),
            Line(
                whole(row, "ACTINDX"), amount(row, "DEBITAMT"), amount(row, "CRDTAMNT"), text(row, "DistRef")
            ),
        )
        for row in rows
        if amount(row, "DEBITAMT") or amount(row, "CRDTAMNT")
    ]


def write_distributions(company: Company, head: Row, kind: int, trail: str) -> None:
    """Write what a posting document will move, and mark the entered distributions as posted."""
    customer, number, entered = text(head, "CUSTNMBR"), text(head, "SOPNUMBE"), entered_lines(company, head)
    total, tax = amount(head, "DOCAMNT"), amount(head, "TAXAMNT")
    lines = entered or default_lines(company, customer, kind, total, tax)
    write_lines(company, customer, kind, number, lines)
    for row in company.under("SOP10102", head["SOPTYPE"]):
        if text(row, "SOPNUMBE") == number:
            key = (row["SOPTYPE"], number, row["SEQNUMBR"])
            company.change("SOP10102", key, {"POSTED": 1, "TRXSORCE": trail})


def take_payments(company: Company, head: Row, posted: Row) -> None:
    """Post the payments of an invoice as receipts and apply them to it."""
    for row in company.under("SOP10103", head["SOPTYPE"]):
        if text(row, "SOPNUMBE") == text(head, "SOPNUMBE") and amount(row, "AMNTPAID"):
            _take(company, head, posted, row)


def _take(company: Company, head: Row, posted: Row, row: Row) -> None:
    customer, paid = text(head, "CUSTNMBR"), amount(row, "AMNTPAID")
    number = text(row, "DOCNUMBR") or next_receivable(company, PAYMENT)
    at = day(row, "DOCDATE") if row["DOCDATE"] != EMPTY_DATE else day(head, "DOCDATE")
    check_new(company, PAYMENT, number)
    note_entered(company, PAYMENT, number, customer, CASH_SOURCE, at, text(row, "CHEKNMBR"))
    values: dict[str, Value] = {
        "RMDTYPAL": PAYMENT,
        "DOCNUMBR": number,
        "CUSTNMBR": customer,
        "BCHSOURC": CASH_SOURCE,
        "DOCDATE": at,
        "ORTRXAMT": paid,
        "CURTRXAM": paid,
        "CHEKNMBR": row["CHEKNMBR"],
        "CURNCYID": head["CURNCYID"],
        "TRXDSCRN": "Sales Transaction Entry",
    }
    receipt = open_document(company, values, day(posted, "GLPOSTDT"), text(posted, "TRXSORCE"))
    if not entered_lines(company, head):
        tax = amount(receipt, "TAXAMNT")
        write_lines(company, customer, PAYMENT, number, default_lines(company, customer, PAYMENT, paid, tax))
        book_document(company, receipt, rows_of(company, PAYMENT, number))
    pair = Pair(PAYMENT, number, INVOICE, text(head, "SOPNUMBE"))
    apply(company, pair, Applied(paid), day(posted, "GLPOSTDT"))
    company.change(
        "SOP10103",
        (row["SOPTYPE"], row["SOPNUMBE"], row["SEQNUMBR"]),
        {"DOCNUMBR": number, "RMDTYPAL": PAYMENT},
    )
