"""The procedures that give next numbers: Inc_Dec 1 takes the next one, 0 puts the last one back (from practice)."""

import re
from collections.abc import Callable, Mapping

from gp365_sim.gp import numbers
from gp365_sim.gp.econnect.call import Call
from gp365_sim.gp.econnect.rows import change, find, where
from gp365_sim.gp.refusals import Refusal
from gp365_sim.gp.sqltypes import Value

RECEIPT = 9
_ADJUSTMENT, _VARIANCE, _TRANSFER = 1, 2, 3
_STOCK_NUMBERS = {_ADJUSTMENT: "NXADJDOC", _VARIANCE: "NXVDNUM", _TRANSFER: "TXTRDNUM"}
_ENDING = re.compile(r"(.*?)(\d+)")


def get_sop_number(call: Call) -> None:
    """Take or put back the next number of a sales document id (SOP40200)."""
    kind, document_id = call.integer("SOPTYPE"), call.text("DOCID")
    key = {"SOPTYPE": kind, "DOCID": document_id}
    number = _turn(
        call, "SOP40200", "SOPNUMBE", key, lambda: numbers.next_sales(call.company, kind, document_id)
    )
    call.outputs["SopNumber"] = number


def get_payment_number(call: Call) -> None:
    """Take or put back the next number of a receivables document type (RM40401); 9 is a receipt."""
    kind = call.integer("DOCTYPE")
    key = {"RMDTYPAL": kind}
    number = _turn(call, "RM40401", "DOCNUMBR", key, lambda: numbers.next_receivable(call.company, kind))
    call.outputs["DOCNumber"] = number


def get_next_journal_entry(call: Call) -> None:
    """Take or put back the next journal entry number (GL40000), a text in this interface."""
    setup = next(where(call.company, "GL40000"), None)
    if setup is None:
        raise call.refuse("setup-missing")
    if call.integer("Inc_Dec"):
        call.outputs["JournalEntryNumber"] = str(numbers.next_journal(call.company))
    else:
        back = int(str(setup["NJRNLENT"])) - 1
        change(call.company, "GL40000", setup, {"NJRNLENT": back})
        call.outputs["JournalEntryNumber"] = str(back)


def get_po_number(call: Call) -> None:
    """Take or put back the next purchase order number (POP40100)."""
    number = _turn(call, "POP40100", "PONUMBER", {"INDEX1": 1}, lambda: numbers.next_order(call.company))
    call.outputs["PONUMBER"] = number


def get_voucher_number(call: Call) -> None:
    """Take the next payables voucher number (PM40100); other kinds of control numbers are not modelled."""
    if call.integer("CNTRLTYP"):
        raise call.refuse("number-kind")
    try:
        call.outputs["CNTRLNUM"] = numbers.next_voucher(call.company)
    except Refusal:
        raise call.refuse("setup-missing") from None


def get_stock_number(call: Call) -> None:
    """Take or put back the next inventory document number (IV40100): 1 adjustment, 2 variance, 3 transfer."""
    column = _STOCK_NUMBERS.get(call.integer("IVDOCTYP"))
    setup = next(where(call.company, "IV40100"), None)
    if column is None or setup is None:
        raise call.refuse("number-kind" if column is None else "setup-missing")

    def take() -> str:
        drawn = str(setup[column])
        change(call.company, "IV40100", setup, {column: numbers.following(drawn)})
        return drawn

    call.outputs["IvNumber"] = _turn(call, "IV40100", column, {"SETUPKEY": setup["SETUPKEY"]}, take)


def _turn(call: Call, table: str, column: str, key: Mapping[str, Value], take: Callable[[], str]) -> str:
    way = call.value("Inc_Dec")
    if way not in (0, 1):
        raise call.refuse("increment")
    try:
        return take() if way else _put_back(call, table, column, key)
    except Refusal:
        raise call.refuse("setup-missing") from None


def _put_back(call: Call, table: str, column: str, key: Mapping[str, Value]) -> str:
    setup = find(call.company, table, **key)
    found = _ENDING.fullmatch(str(setup[column])) if setup else None
    if setup is None or found is None or int(found[2]) == 0:
        raise call.refuse("setup-missing")
    back = f"{found[1]}{int(found[2]) - 1:0{len(found[2])}d}"
    change(call.company, table, setup, {column: back})
    return back
