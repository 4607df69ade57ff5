"""What hangs on a sales document: user-defined fields, payments and process holds."""

from decimal import Decimal

from gp365_sim.gp import numbers
from gp365_sim.gp.econnect import documents
from gp365_sim.gp.econnect.batches import count
from gp365_sim.gp.econnect.call import Call
from gp365_sim.gp.econnect.rows import add, change, find, where
from gp365_sim.gp.econnect.stock import number
from gp365_sim.gp.refusals import Refusal
from gp365_sim.gp.sqltypes import EMPTY_DATE, Value

STEP = 16384
RECEIPT = 9
_FIELDS = ("USRTAB01", "USRTAB09", "USRTAB03", "USERDEF1", "USERDEF2", "USRDEF03", "USRDEF04", "USRDEF05")
CARD = (3, 6)
"""PYMTTYPE 1 to 3 are deposits by cash, cheque and card, 4 to 6 payments (from practice, assumed)."""


def write_user_defined(call: Call) -> None:
    """Write the user-defined fields (SOP10106): NULL keeps a text, dates that do not come are emptied."""
    kind, document = documents.named(call)
    documents.check_free(call, kind, document)
    known = documents.in_work(call, kind, document) or documents.lines(call, kind, document)
    call.need(known, "sop-unknown")
    call.settle()
    values = {name: value for name in _FIELDS if (value := call.value(name)) is not None}
    values |= {name: call.date(name, "SOP10106") for name in ("USRDAT01", "USRDAT02")}
    there = find(call.company, "SOP10106", SOPTYPE=kind, SOPNUMBE=document)
    if there is None:
        add(call.company, "SOP10106", {**values, "SOPTYPE": kind, "SOPNUMBE": document})
    else:
        change(call.company, "SOP10106", there, values)


def insert_payment(call: Call) -> None:
    """Write a payment taken with a document (SOP10103); a blank DOCNUMBR takes the next receipt number.

    Only creating one is modelled (Action NULL, 0 or 1).
    """
    kind, document = documents.named(call)
    documents.active_customer(call)
    documents.check_free(call, kind, document)
    call.need(call.integer("Action") in (0, 1), "action")
    call.need(1 <= call.integer("PYMTTYPE") <= 6, "payment-type")
    call.need(call.amount("DOCAMNT") > 0, "payment-amount")
    book = call.text("CHEKBKID")
    call.need(not book or find(call.company, "CM00100", CHEKBKID=book), "checkbook-unknown")
    given = call.text("DOCNUMBR")
    call.need(not given or not _taken(call, given), "rm-exists")
    call.settle()
    _write_payment(call, kind, document, given or _next_receipt(call))


def hold(call: Call) -> None:
    """Put a process hold on a document, or lift it with DELETE1 1; the holds themselves (SOP00100) are not modelled."""
    kind, document = documents.named(call)
    documents.check_free(call, kind, document)
    call.need(documents.in_work(call, kind, document), "sop-unknown")
    call.need(call.text("PRCHLDID"), "hold-blank")
    call.settle()
    key: dict[str, Value] = {"SOPTYPE": kind, "SOPNUMBE": document, "PRCHLDID": call.text("PRCHLDID")}
    there = find(call.company, "SOP10104", **key)
    at = call.date("HOLDDATE", "SOP10104")
    when = call.company.today() if at == EMPTY_DATE else at
    values: dict[str, Value] = {
        "DELETE1": call.integer("DELETE1"),
        "USERID": call.text("USERID") or "sa",
        "HOLDDATE": when,
        "TIME1": call.company.time_of_day(),
    }
    if there is None:
        add(call.company, "SOP10104", {**key, **values})
    else:
        change(call.company, "SOP10104", there, values)


def _taken(call: Call, receipt: str) -> bool:
    entered = next(where(call.company, "SOP10103", DOCNUMBR=receipt), None)
    return (
        entered is not None or find(call.company, "RM00401", RMDTYPAL=RECEIPT, DOCNUMBR=receipt) is not None
    )


def _next_receipt(call: Call) -> str:
    try:
        return numbers.next_receivable(call.company, RECEIPT)
    except Refusal:
        raise call.refuse("setup-missing") from None


def _write_payment(call: Call, kind: int, document: str, receipt: str) -> None:
    company, paid = call.company, call.amount("DOCAMNT")
    held = [int(str(row["SEQNUMBR"])) for row in where(company, "SOP10103", SOPTYPE=kind, SOPNUMBE=document)]
    at = call.date("DOCDATE", "SOP10103")
    money = documents.functional_money(call)
    row: dict[str, Value] = {
        "SOPTYPE": kind,
        "SOPNUMBE": document,
        "SEQNUMBR": call.integer("SEQNUMBR") or max(held, default=0) + STEP,
        "PYMTTYPE": call.integer("PYMTTYPE"),
        "DOCNUMBR": receipt,
        "RMDTYPAL": RECEIPT,
        "AMNTPAID": paid,
        "OAMTPAID": paid,
        "AMNTREMA": paid,
        "OAMNTREM": paid,
        "CURNCYID": money.currency,
        "CURRNIDX": money.index,
        **{name: call.text(name) for name in ("CHEKBKID", "CHEKNMBR", "CARDNAME", "RCTNCCRD", "AUTHCODE")},
        "EXPNDATE": call.date("EXPNDATE", "SOP10103"),
        "DOCDATE": company.today() if at == EMPTY_DATE else at,
    }
    add(company, "SOP10103", row)
    header = documents.in_work(call, kind, document)
    if header is not None:
        total: Decimal = number(header["PYMTRCVD"]) + paid
        change(company, "SOP10100", header, {"PYMTRCVD": total, "ORPMTRVD": total})
        count(call, documents.SOURCE, str(header["BACHNUMB"]))
