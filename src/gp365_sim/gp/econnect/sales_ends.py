"""taSopDeleteDocument and taSopVoidDocument: how an unposted sales document ends."""

from gp365_sim.gp.econnect import documents
from gp365_sim.gp.econnect.batches import count
from gp365_sim.gp.econnect.call import Call
from gp365_sim.gp.econnect.rows import Fields, add, drop, drop_where, find, where
from gp365_sim.gp.econnect.sales_lines import release
from gp365_sim.gp.sqltypes import EMPTY_DATE, Value

_HANGING = ("SOP10101", "SOP10102", "SOP10103", "SOP10104", "SOP10105", "SOP10106")
VOIDED = 1


def delete_document(call: Call) -> None:
    """Delete an unposted document with all that hangs on it; its number is not used again and nothing tells of it."""
    header = _header(call)
    kind, document = documents.named(call)
    _check_payments(call, kind, document)
    call.settle()
    _drop_all(call, kind, document)
    if header is not None:
        documents.expose(call.company, header, -1)
        drop(call.company, "SOP10100", header)
        count(call, documents.SOURCE, str(header["BACHNUMB"]))


def void_document(call: Call) -> None:
    """Void an unposted document: it goes to history with VOIDSTTS 1 and its reservations are given back.

    Whether a document id allows it is a matter of setup that is not modelled; a quote is deleted, not voided (assumed).
    """
    header = _header(call)
    kind, document = documents.named(call)
    call.need(kind != documents.QUOTE, "sop-void-quote")
    _check_payments(call, kind, document)
    call.settle()
    assert header is not None
    company = call.company
    at = call.date("VOIDDATE", "SOP30200")
    moved = _moved(call, "SOP30200", header)
    for line in documents.lines(call, kind, document):
        add(company, "SOP30300", _moved(call, "SOP30300", line))
    _drop_all(call, kind, document)
    documents.expose(company, header, -1)
    drop(company, "SOP10100", header)
    dated: dict[str, Value] = {"POSTEDDT": company.today() if at == EMPTY_DATE else at}
    add(company, "SOP30200", {**moved, **dated, "VOIDSTTS": VOIDED})
    count(call, documents.SOURCE, str(header["BACHNUMB"]))


def _header(call: Call) -> Fields | None:
    kind, document = documents.named(call)
    documents.check_free(call, kind, document)
    header = documents.in_work(call, kind, document)
    call.need(documents.in_history(call, kind, document) is None, "sop-posted")
    call.need(header or documents.in_history(call, kind, document), "sop-unknown")
    call.settle()
    return header


def _check_payments(call: Call, kind: int, document: str) -> None:
    paid = next(where(call.company, "SOP10103", SOPTYPE=kind, SOPNUMBE=document), None)
    call.need(paid is None or call.flag("RemovePayments"), "payments-there")


def _drop_all(call: Call, kind: int, document: str) -> None:
    for line in documents.lines(call, kind, document):
        if find(call.company, "IV00101", ITEMNMBR=line["ITEMNMBR"]) is not None:
            release(call, line)
        drop(call.company, "SOP10200", line)
    drop_where(call.company, "SOP10202", SOPNUMBE=document, SOPTYPE=kind)
    for table in _HANGING:
        drop_where(call.company, table, SOPTYPE=kind, SOPNUMBE=document)


def _moved(call: Call, table: str, row: Fields) -> dict[str, Value]:
    columns = call.company[table].table.place
    return {name: value for name, value in row.items() if name in columns and not name.startswith("DEX_ROW")}
