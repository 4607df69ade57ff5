"""Batches: taCreateUpdateBatchHeaderRcd, and how documents join a batch or find it in use."""

from datetime import date

from gp365_sim.gp import batches
from gp365_sim.gp.econnect.call import Call
from gp365_sim.gp.econnect.rows import add, change, find, where
from gp365_sim.gp.periods import ORIGINS
from gp365_sim.gp.refusals import Refusal
from gp365_sim.gp.sqltypes import EMPTY_DATE, Value

_SAME = (
    *("BCHCOMNT", "CHEKBKID", "CNTRLTOT", "CNTRLTRX", "POSTTOGL", "PmtMethod", "EFTFileFormat", "BRKDNALL"),
    *("BACHFREQ", "RECPSTGS", "MSCBDINC", "APPROVL", "APPRVLDT", "APRVLUSERID"),
)


def check_batch(call: Call, source: str, number: str) -> None:
    """Note an error for a batch that is being edited or posted (2079), or that somebody has approved (assumed)."""
    try:
        batches.check_free(call.company, source, number)
    except Refusal:
        call.need(holds=False, meaning="batch-in-use")
    found = find(call.company, "SY00500", BCHSOURC=source, BACHNUMB=number)
    call.need(found is None or not found["APPROVL"], "batch-approved")


def check_document(call: Call, number: str) -> None:
    """Note an error for a document that somebody has open: a row of SY00801 names it (assumed; error 2022 is seen)."""
    held = where(call.system, "SY00801", RSRCID=number, CMPANYID=call.company.identity.number)
    call.need(next(held, None) is None, "document-in-use")


def join_batch(call: Call, source: str, number: str, gl_date: date) -> None:
    """Make the batch where there is none (a document's procedure does so: Learn, eConnect batch notes; assumed)."""
    batches.open_batch(call.company, source, number, gl_date)


def count(call: Call, source: str, number: str) -> None:
    """Bring number and total of the batch's documents up to date."""
    batches.count_batch(call.company, source, number)


def create_update_batch(call: Call) -> None:
    """Create a batch, or overwrite its header when it is there and free; documents count themselves in later."""
    source, number = call.text("BCHSOURC"), call.text("BACHNUMB")
    call.need(number, "batch-blank")
    origin = ORIGINS.get(source)
    call.need(
        origin and origin.series == call.integer("SERIES") and call.integer("ORIGIN") > 0, "batch-source"
    )
    book = call.text("CHEKBKID")
    call.need(not book or find(call.company, "CM00100", CHEKBKID=book), "checkbook-unknown")
    check_batch(call, source, number)
    call.settle()
    company = call.company
    values: dict[str, Value] = {name: value for name in _SAME if (value := call.value(name)) is not None}
    values |= {"MODIFDT": company.today(), "USERID": call.text("USERID") or "sa"}
    if call.day("GLPOSTDT") != EMPTY_DATE:
        values["GLPOSTDT"] = call.value("GLPOSTDT") or EMPTY_DATE
    there = find(company, "SY00500", BCHSOURC=source, BACHNUMB=number)
    if there is not None:
        change(company, "SY00500", there, values)
        return
    own: dict[str, Value] = {"BCHSOURC": source, "BACHNUMB": number, "SERIES": call.integer("SERIES")}
    made: dict[str, Value] = {"ORIGIN": call.integer("ORIGIN"), "CREATDDT": company.today(), "BACHFREQ": 1}
    dated: dict[str, Value] = {"GLPOSTDT": company.today(), "NOTEINDX": company.draw_note()}
    add(company, "SY00500", {**dated, **made, **values, **own})
