"""Receivables: taRMTransaction, taRMDistribution, taRMCashReceiptInsert, taRMApply, taRMVoidTransaction.

Documents go into Work; nothing here posts. What a document writes beside itself (its number, its batch, the customer's
unposted amounts) is GP's own doing and lives with the receivables of the model.
"""

from decimal import Decimal

from gp365_sim.gp import applying, receivables, voiding
from gp365_sim.gp.econnect import documents
from gp365_sim.gp.econnect.accounts import account_index
from gp365_sim.gp.econnect.batches import check_batch
from gp365_sim.gp.econnect.call import Call
from gp365_sim.gp.econnect.rows import Fields, add, change, drop, find, where
from gp365_sim.gp.econnect.stock import NOTHING, number
from gp365_sim.gp.refusals import Refusal
from gp365_sim.gp.rmtypes import CREDITS, PAYMENT, SALES_TYPES
from gp365_sim.gp.sqltypes import EMPTY_DATE, Value

STEP = 16384
_SAME = (
    *(
        "DOCDESCR",
        "ADRSCODE",
        "SLPRSNID",
        "SALSTERR",
        "SHIPMTHD",
        "TAXSCHID",
        "CSTPONBR",
        "COSTAMNT",
        "SLSAMNT",
    ),
    *(
        "TRDISAMT",
        "TRDDISCT",
        "FRTAMNT",
        "MISCAMNT",
        "TAXAMNT",
        "BKTSLSAM",
        "BKTFRTAM",
        "BKTMSCAM",
        "CASHAMNT",
    ),
    *(
        "CBKIDCSH",
        "DCNUMCSH",
        "CHEKAMNT",
        "CBKIDCHK",
        "CBKIDCRD",
        "CHEKNMBR",
        "DCNUMCHK",
        "CRCRDAMT",
        "CRCRDNAM",
    ),
    *("RCTNCCRD", "DCNUMCRD", "DISCRTND", "DISTKNAM", "WROFAMNT", "PPSAMDED", "GSTDSAMT", "PYMTRMID"),
)
_BLANK_TAKES_DEFAULT = frozenset({"ADRSCODE", "SHIPMTHD", "DOCDESCR"})


def insert_transaction(call: Call) -> None:
    """Enter a receivables document; its total must be that of its parts, its number new (error 190)."""
    kind, document = call.integer("RMDTYPAL"), call.text("DOCNUMBR")
    customer = _check_new(call, kind, document, receivables.SALES_SOURCE)
    call.need(kind in SALES_TYPES, "rm-type")
    parts = sum((call.amount(name) for name in ("SLSAMNT", "FRTAMNT", "MISCAMNT", "TAXAMNT")), NOTHING)
    call.need(call.amount("DOCAMNT") == parts - call.amount("TRDISAMT"), "rm-total")
    call.need(call.amount("DOCAMNT") >= 0, "rm-total")
    code = call.text("ADRSCODE")
    address = find(call.company, "RM00102", CUSTNMBR=call.text("CUSTNMBR"), ADRSCODE=code) if code else None
    call.need(not code or address, "address-unknown")
    terms = call.text("PYMTRMID")
    call.need(not terms or find(call.company, "SY03300", PYMTRMID=terms), "terms-unknown")
    money = documents.money(call)
    call.need(not money.foreign, "rm-currency")
    call.settle()
    assert customer is not None
    values = {name: value for name in _SAME if (value := call.value(name)) is not None}
    values = {name: value for name, value in values.items() if value or name not in _BLANK_TAKES_DEFAULT}
    own: dict[str, Value] = {
        "RMDTYPAL": kind,
        "DOCNUMBR": document,
        "CUSTNMBR": customer["CUSTNMBR"],
        "BACHNUMB": call.text("BACHNUMB"),
        "DOCDATE": call.date("DOCDATE", "RM10301"),
    }
    for name in ("DUEDATE", "DISCDATE"):
        if call.day(name) != EMPTY_DATE:
            own[name] = call.date(name, "RM10301")
    before = _taken_distributions(call, kind, document)
    receivables.enter(call.company, {**values, **own})
    _own_distributions(call, kind, document, before)


def insert_receipt(call: Call) -> None:
    """Enter a cash receipt: CSHRCTYP 0 cheque, 1 cash, 2 card."""
    document = call.text("DOCNUMBR")
    customer = _check_new(call, PAYMENT, document, receivables.CASH_SOURCE)
    call.need(call.integer("CSHRCTYP") in (0, 1, 2), "receipt-type")
    call.need(call.amount("ORTRXAMT") > 0, "payment-amount")
    book = call.text("CHEKBKID")
    call.need(not book or find(call.company, "CM00100", CHEKBKID=book), "checkbook-unknown")
    call.need(not documents.money(call).foreign, "rm-currency")
    call.settle()
    assert customer is not None
    given: dict[str, Value] = {
        **{name: call.text(name) for name in ("CHEKBKID", "CHEKNMBR", "CRCARDID", "TRXDSCRN", "BACHNUMB")},
        "DOCNUMBR": document,
        "CUSTNMBR": customer["CUSTNMBR"],
        "ORTRXAMT": call.amount("ORTRXAMT"),
        "CSHRCTYP": call.integer("CSHRCTYP"),
        "DOCDATE": call.date("DOCDATE", "RM10201"),
        "GLPOSTDT": call.date("GLPOSTDT", "RM10201"),
    }
    before = _taken_distributions(call, PAYMENT, document)
    receivables.enter_receipt(call.company, given)
    _own_distributions(call, PAYMENT, document, before)


def insert_distribution(call: Call) -> None:
    """Write a distribution of a document that comes next (the document order of RMTransactionType)."""
    index = call.integer("DSTINDX") or account_index(call, call.text("ACTNUMST"))
    call.need(find(call.company, "GL00100", ACTINDX=index), "account-unknown")
    documents.active_customer(call)
    call.need((call.amount("DEBITAMT") == 0) != (call.amount("CRDTAMNT") == 0), "debit-or-credit")
    call.need(call.text("DOCNUMBR"), "rm-blank")
    call.settle()
    key: dict[str, Value] = {"RMDTYPAL": call.integer("RMDTYPAL"), "DOCNUMBR": call.text("DOCNUMBR")}
    held = [int(str(row["SEQNUMBR"])) for row in where(call.company, "RM10101", **key)]
    add(
        call.company,
        "RM10101",
        {
            **key,
            "CUSTNMBR": call.text("CUSTNMBR"),
            "DISTTYPE": call.integer("DISTTYPE"),
            "DSTINDX": index,
            "SEQNUMBR": call.integer("SEQNUMBR") or max(held, default=0) + STEP,
            "USERID": "sa",
            "DCSTATUS": 1,
            **{name: call.amount("DEBITAMT") for name in ("DEBITAMT", "ORDBTAMT")},
            **{name: call.amount("CRDTAMNT") for name in ("CRDTAMNT", "ORCRDAMT")},
            "DistRef": call.text("DistRef"),
        },
    )


def apply(call: Call) -> None:
    """Apply an open credit or receipt, or a receipt in Work, to an open debit.

    DISTKNAM NULL takes no discount (GP would take what is available: Learn, node taRMApply; not modelled).
    """
    pair = applying.Pair(
        call.integer("APFRDCTY"), call.text("APFRDCNM"), call.integer("APTODCTY"), call.text("APTODCNM")
    )
    company = call.company
    call.need(pair.from_type in CREDITS and pair.to_type not in CREDITS, "apply-types")
    debit = applying.open_document(company, pair.to_type, pair.to_number)
    credit = applying.open_document(company, pair.from_type, pair.from_number)
    if credit is None and pair.from_type == PAYMENT:
        credit = find(company, "RM10201", RMDTYPAL=PAYMENT, DOCNUMBR=pair.from_number)
    call.need(debit, "apply-to-unknown")
    call.need(credit, "apply-from-unknown")
    call.settle()
    applied = applying.Applied(call.amount("APPTOAMT"), call.amount("DISTKNAM"), call.amount("WROFAMNT"))
    call.need(
        applied.total > 0 and applied.money <= _left(credit) and applied.total <= _left(debit), "apply-amount"
    )
    call.settle()
    at = call.date("APPLYDATE", "RM20201")
    try:
        applying.apply(company, pair, applied, company.today() if at == EMPTY_DATE else at)
    except Refusal:
        raise call.refuse("apply-refused") from None
    posted = call.date("GLPOSTDT", "RM20201")
    row = find(
        company,
        "RM20201",
        **dict(zip(("APFRDCTY", "APFRDCNM", "APTODCTY", "APTODCNM"), pair.key, strict=True)),
    )
    if row is not None and posted != EMPTY_DATE:
        change(company, "RM20201", row, {"GLPOSTDT": posted})


def void_transaction(call: Call) -> None:
    """Void a posted document: it needs its period open, and a debit must not be paid."""
    kind, document = call.integer("RMDTYPAL"), call.text("DOCNUMBR")
    found = applying.open_document(call.company, kind, document)
    call.need(call.integer("VOIDSTTS") == 1, "void-status")
    call.need(found, "rm-unknown")
    wanted = call.text("CUSTNMBR")
    call.need(not (found and wanted) or str(found["CUSTNMBR"]).casefold() == wanted.casefold(), "rm-unknown")
    call.settle()
    call.date("GLPOSTDT", "RM20101")
    try:
        voiding.void(call.company, kind, document, call.date("VOIDDATE", "RM20101"))
    except Refusal as refusal:
        raise call.refuse("period-closed" if refusal.code.startswith("Period") else "rm-paid") from None


def _check_new(call: Call, kind: int, document: str, source: str) -> Fields | None:
    company = call.company
    call.need(document, "rm-blank")
    taken = find(company, "RM00401", RMDTYPAL=kind, DOCNUMBR=document)
    call.need(taken is None, "rm-exists")
    call.need(call.text("BACHNUMB"), "batch-blank")
    check_batch(call, source, call.text("BACHNUMB"))
    return documents.active_customer(call)


def _taken_distributions(call: Call, kind: int, document: str) -> list[Fields]:
    """Take out what taRMDistribution wrote before the document."""
    held = list(where(call.company, "RM10101", RMDTYPAL=kind, DOCNUMBR=document))
    for row in held:
        drop(call.company, "RM10101", row)
    return held


def _own_distributions(call: Call, kind: int, document: str, before: list[Fields]) -> None:
    """Keep the distributions that came; GP's own only with CREATEDIST 1 and none given (assumed)."""
    if call.flag("CREATEDIST") and not before:
        return
    for row in list(where(call.company, "RM10101", RMDTYPAL=kind, DOCNUMBR=document)):
        drop(call.company, "RM10101", row)
    for row in before:
        add(call.company, "RM10101", {name: row[name] for name in row if not name.startswith("DEX_ROW")})


def _left(document: Fields | None) -> Decimal:
    return number(document["CURTRXAM"]) if document else NOTHING
