"""Receivables documents and cash receipts in Work (RM10301, RM10201): entered into batches, discarded.

RM00401 holds every number, in Work, Open (RM20101) and history (RM30101). Refusals are raised before anything is written,
or undo what was.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from gp365_sim.gp.amounts import ZERO, Cells, amount, day, text, whole
from gp365_sim.gp.batches import check_free, count_batch, open_batch
from gp365_sim.gp.company import Company
from gp365_sim.gp.distributions import default_lines, key_of, rows_of, write_lines
from gp365_sim.gp.refusals import Refusal, broken_rule, not_found
from gp365_sim.gp.rmtypes import NAMES, PAYMENT, SALES_TYPES, WORK, sign
from gp365_sim.gp.sqltypes import Value
from gp365_sim.gp.summary import raise_amounts
from gp365_sim.gp.terms import due_and_discount

Given = Mapping[str, object]

SALES_SOURCE, CASH_SOURCE = "RM_Sales", "RM_Cash"


def enter(company: Company, given: Given) -> dict[str, Value]:
    """Enter a receivables document into a batch and give its row of RM10301; values by its columns.

    Needed: RMDTYPAL, DOCNUMBR, CUSTNMBR, BACHNUMB, DOCDATE, SLSAMNT; the total follows from the amounts.
    """
    values = dict(company["RM10301"].table.accepted(given))
    kind, number, customer = whole(values, "RMDTYPAL"), text(values, "DOCNUMBR"), text(values, "CUSTNMBR")
    if kind not in SALES_TYPES:
        raise broken_rule(f"documents of type {kind} are not entered here.", "RMDTYPAL")
    card = _card(company, customer)
    check_new(company, kind, number)
    at = day(values, "DOCDATE")
    row = {**_own(company, values, card), **values}
    total = Decimal(str(row["DOCAMNT"]))
    with company.transaction():
        open_batch(company, SALES_SOURCE, text(values, "BACHNUMB"), at)
        entered = company.add("RM10301", {**row, "NOTEINDX": company.draw_note()})
        note_entered(company, kind, number, customer, SALES_SOURCE, at)
        tax = amount(entered, "TAXAMNT")
        write_lines(company, customer, kind, number, default_lines(company, customer, kind, total, tax))
        raise_amounts(company, customer, {"UNPSTDSA": sign(kind) * total})
        count_batch(company, SALES_SOURCE, text(values, "BACHNUMB"))
    return entered


def _own(company: Company, values: Cells, card: Cells) -> dict[str, object]:
    """Give what GP itself puts into a document: its total, due date, batch source and what the customer's card says."""
    at, kind = day(values, "DOCDATE"), whole(values, "RMDTYPAL")
    parts = [amount(values, name) for name in ("SLSAMNT", "FRTAMNT", "MISCAMNT", "TAXAMNT") if name in values]
    total = sum(parts, ZERO) - (amount(values, "TRDISAMT") if "TRDISAMT" in values else ZERO)
    copied = ("CUSTNAME", "ADRSCODE", "SLPRSNID", "SALSTERR", "TAXSCHID", "SHIPMTHD")
    return {
        **{name: card[name] for name in copied},
        **due_and_discount(company, str(values.get("PYMTRMID", card["PYMTRMID"])), at, total),
        "DOCTYPE": kind,
        "RMDNUMWK": text(values, "DOCNUMBR")[:17],
        "BCHSOURC": SALES_SOURCE,
        "DOCDESCR": NAMES[kind][0],
        "DOCPRFIX": NAMES[kind][1],
        "DOCAMNT": total,
        "ACCTAMNT": total,
        "CURNCYID": company.identity.currency,
        "GLPOSTDT": at,
        "LSTEDTDT": company.today(),
        "LSTUSRED": "sa",
    }


def enter_receipt(company: Company, given: Given) -> dict[str, Value]:
    """Enter a cash receipt into a batch and give its row of RM10201; values by its columns.

    Needed: DOCNUMBR, CUSTNMBR, BACHNUMB, DOCDATE, ORTRXAMT.
    """
    values = dict(company["RM10201"].table.accepted(given))
    number, customer, at = text(values, "DOCNUMBR"), text(values, "CUSTNMBR"), day(values, "DOCDATE")
    _card(company, customer)
    check_new(company, PAYMENT, number)
    total = amount(values, "ORTRXAMT")
    row = {
        "RMDTYPAL": PAYMENT,
        "BCHSOURC": CASH_SOURCE,
        "CURTRXAM": total,
        "CURNCYID": company.identity.currency,
        "GLPOSTDT": at,
        "LSTEDTDT": company.today(),
        "LSTUSRED": "sa",
        **values,
    }
    with company.transaction():
        open_batch(company, CASH_SOURCE, text(values, "BACHNUMB"), at)
        entered = company.add("RM10201", {**row, "NOTEINDX": company.draw_note()})
        cheque = text(entered, "CHEKNMBR")
        note_entered(company, PAYMENT, number, customer, CASH_SOURCE, at, cheque)
        write_lines(
            company, customer, PAYMENT, number, default_lines(company, customer, PAYMENT, total, ZERO)
        )
        raise_amounts(company, customer, {"UNPSTDCA": total})
        count_batch(company, CASH_SOURCE, text(values, "BACHNUMB"))
    return entered


def check_new(company: Company, kind: int, number: str) -> None:
    """Refuse a document number that is taken in Work, Open or history (eConnect error 190)."""
    if not number or company.find("RM00401", kind, number) is not None:
        raise Refusal("DuplicateKey", f"document {number} of type {kind} exists already.", "DOCNUMBR")


def note_entered(
    company: Company, kind: int, number: str, customer: str, source: str, at: date, cheque: str = ""
) -> None:
    """Write the number of a new document down in RM00401."""
    row = {"RMDTYPAL": kind, "DOCNUMBR": number, "DCSTATUS": WORK, "CUSTNMBR": customer, "BCHSOURC": source}
    company.add("RM00401", {**row, "DOCDATE": at, "CHEKNMBR": cheque})


def find_work(company: Company, kind: int, number: str) -> dict[str, Value] | None:
    """Find a document in Work by the number it will be posted under."""
    if kind == PAYMENT:
        return company.find("RM10201", kind, number)
    found = company.find("RM10301", kind, number[:17])
    return found if found is not None and text(found, "DOCNUMBR") == number else None


def discard(company: Company, kind: int, number: str) -> None:
    """Delete a document in Work, as a user may; its number is free again. Raises `Refusal`."""
    work = find_work(company, kind, number)
    if work is None:
        raise not_found("Unposted document", f"{kind};{number}")
    source, batch = text(work, "BCHSOURC"), text(work, "BACHNUMB")
    check_free(company, source, batch)
    if kind == PAYMENT and amount(work, "CURTRXAM") != amount(work, "ORTRXAMT"):
        raise broken_rule("the receipt is applied; unapply it first.", "DOCNUMBR")
    with company.transaction():
        for row in rows_of(company, kind, number):
            company.drop("RM10101", *key_of(row))
        company.drop(*(("RM10201", kind, number) if kind == PAYMENT else ("RM10301", kind, work["RMDNUMWK"])))
        company.drop("RM00401", kind, number)
        total = amount(work, "ORTRXAMT") if kind == PAYMENT else sign(kind) * amount(work, "DOCAMNT")
        waiting = "UNPSTDCA" if kind == PAYMENT else "UNPSTDSA"
        raise_amounts(company, text(work, "CUSTNMBR"), {waiting: -total})
        count_batch(company, source, batch)


def _card(company: Company, customer: str) -> dict[str, Value]:
    card = company.find("RM00101", customer)
    if card is None:
        raise not_found(company["RM00101"].table.what, customer)
    if card["INACTIVE"]:
        raise broken_rule(f"customer {customer} is inactive.", "CUSTNMBR")
    return card
