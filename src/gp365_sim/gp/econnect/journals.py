"""Journal entries: taGLTransactionLineInsert, then taGLTransactionHeaderInsert, into Work (GL10001, GL10000)."""

from decimal import Decimal

from gp365_sim.gp.econnect import documents
from gp365_sim.gp.econnect.accounts import account_index
from gp365_sim.gp.econnect.batches import check_batch, count, join_batch
from gp365_sim.gp.econnect.call import Call
from gp365_sim.gp.econnect.notes import write_note
from gp365_sim.gp.econnect.rows import Fields, add, find, where
from gp365_sim.gp.econnect.stock import NOTHING, number
from gp365_sim.gp.periods import check_open
from gp365_sim.gp.refusals import Refusal
from gp365_sim.gp.sqltypes import Value

SOURCE = "GL_Normal"
STEP = Decimal(16384)
STANDARD, REVERSING = 0, 1


def insert_line(call: Call) -> None:
    """Write a line; the account comes as index or number, the sequence must be new in the journal (error 7738)."""
    company, entry = call.company, call.integer("JRNENTRY")
    index = call.integer("ACTINDX") or account_index(call, call.text("ACTNUMST"))
    account = find(company, "GL00100", ACTINDX=index)
    call.need(account, "account-unknown")
    call.need(account is None or account["ACTIVE"], "account-inactive")
    call.need(entry > 0, "journal-blank")
    call.need(not _posted(call, entry), "journal-exists")
    check_batch(call, SOURCE, call.text("BACHNUMB"))
    held = [number(row["SQNCLINE"]) for row in where(company, "GL10001", JRNENTRY=entry)]
    place = call.amount("SQNCLINE") or max(held, default=NOTHING) + STEP
    call.need(place not in held, "line-sequence")
    call.need(call.amount("DEBITAMT") >= 0 and call.amount("CRDTAMNT") >= 0, "debit-or-credit")
    call.settle()
    assert account is not None
    texts = ("DSCRIPTN", "ORCTRNUM", "ORDOCNUM", "ORMSTRID", "ORMSTRNM", "ORTRXDESC")
    copied = ("ACCTTYPE", "FXDORVAR", "BALFRCLC", "PSTNGTYP", "DECPLACS")
    row: dict[str, Value] = {
        **{name: call.text(name) for name in texts},
        **{name: account[name] for name in copied},
        "BACHNUMB": call.text("BACHNUMB"),
        "JRNENTRY": entry,
        "SQNCLINE": place,
        "ACTINDX": index,
        "ORTRXTYP": call.integer("ORTRXTYP"),
        "OrigSeqNum": call.integer("OrigSeqNum"),
        **{name: call.amount("DEBITAMT") for name in ("DEBITAMT", "ORDBTAMT")},
        **{name: call.amount("CRDTAMNT") for name in ("CRDTAMNT", "ORCRDAMT")},
        "INTERID": company.identity.interid,
    }
    add(company, "GL10001", row)


def insert_header(call: Call) -> None:
    """Write the header of a journal whose lines are there, in balance, and whose period is open.

    That a closed period is refused here and not only when posting is assumed.
    """
    company, entry = call.company, call.integer("JRNENTRY")
    batch = call.text("BACHNUMB")
    call.need(batch, "batch-blank")
    there = find(company, "GL10000", BCHSOURC=SOURCE, BACHNUMB=batch, JRNENTRY=entry)
    call.need(there is None and not _posted(call, entry), "journal-exists")
    call.need(call.integer("TRXTYPE") in (STANDARD, REVERSING), "journal-type")
    call.need(
        call.integer("TRXTYPE") == STANDARD or call.day("RVRSNGDT") > call.day("TRXDATE"), "reversing-date"
    )
    check_batch(call, SOURCE, batch)
    lines = list(where(company, "GL10001", JRNENTRY=entry))
    call.need(lines, "journal-lines")
    debits = sum((number(line["DEBITAMT"]) for line in lines), NOTHING)
    credits_ = sum((number(line["CRDTAMNT"]) for line in lines), NOTHING)
    call.need(debits == credits_, "journal-balance")
    try:
        year, period = check_open(company, call.day("TRXDATE"), SOURCE)
    except Refusal:
        raise call.refuse("period-closed") from None
    money = documents.money(call)
    call.need(not money.foreign, "gl-currency")
    call.settle()
    join_batch(call, SOURCE, batch, call.day("TRXDATE"))
    row = _head(call, year, period, money, lines)
    write_note(call, add(company, "GL10000", row))
    count(call, SOURCE, batch)


def _head(
    call: Call, year: int, period: int, money: documents.Money, lines: list[Fields]
) -> dict[str, Value]:
    company = call.company
    return {
        "BACHNUMB": call.text("BACHNUMB"),
        "BCHSOURC": SOURCE,
        "JRNENTRY": call.integer("JRNENTRY"),
        "SOURCDOC": call.text("SOURCDOC") or "GJ",
        "REFRENCE": call.text("REFRENCE"),
        **{name: call.date(name, "GL10000") for name in ("TRXDATE", "RVRSNGDT")},
        "TRXTYPE": call.integer("TRXTYPE"),
        "SERIES": call.integer("SERIES"),
        "SQNCLINE": STEP * len(lines),
        "PERIODID": period,
        "OPENYEAR": year,
        "CURNCYID": money.currency,
        "CURRNIDX": money.index,
        "LASTUSER": call.text("USERID") or "sa",
        "LSTDTEDT": company.today(),
        "DOCDATE": call.day("TRXDATE"),
        "Ledger_ID": call.integer("Ledger_ID"),
        "NOTEINDX": company.draw_note(),
        "Adjustment_Transaction": call.integer("Adjustment_Transaction"),
    }


def _posted(call: Call, entry: int) -> bool:
    heaps = (call.company[name] for name in ("GL20000", "GL30000"))
    return any(heap.table.get(row, "JRNENTRY") == entry for heap in heaps for row in heap.unordered())
