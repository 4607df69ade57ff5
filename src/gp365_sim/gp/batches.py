"""Batches of unposted documents (SY00500): made with their first document, locked while somebody works on them.

A batch marked for posting (MKDTOPST), with a status (BCHSTTUS), or with a row in SY00800 of the system database is in
use: nothing may be written into it (eConnect errors 2022 and 2079 tell of it).
"""

from datetime import date
from decimal import Decimal

from gp365_sim.gp.amounts import Cells, amount, day, has_day
from gp365_sim.gp.company import Company
from gp365_sim.gp.periods import ORIGINS
from gp365_sim.gp.refusals import Refusal, not_found
from gp365_sim.gp.sqltypes import Value, folded

SINGLE_USE = 1
BUSY = 1
BATCH_WINDOW = 1
"""BACHFREQ of a batch that posting deletes; BCHSTTUS while it posts; WINTYPE of a lock (all assumed)."""
WORK = {
    "Sales Entry": "SOP10100",
    "RM_Sales": "RM10301",
    "RM_Cash": "RM10201",
    "GL_Normal": "GL10000",
    "PM_Trxent": "PM10000",
    "Rcvg Trx Entry": "POP10300",
}
"""The table of unposted documents of a batch source."""
AMOUNTS = {
    "SOP10100": "DOCAMNT",
    "RM10301": "DOCAMNT",
    "RM10201": "ORTRXAMT",
    "PM10000": "DOCAMNT",
    "POP10300": "SUBTOTAL",
}


def open_batch(company: Company, source: str, number: str, gl_date: date | None = None) -> None:
    """Make a batch where there is none; raises `Refusal`, code BatchLocked, when somebody works on it."""
    check_free(company, source, number)
    if not number or company.find("SY00500", source, number) is not None:
        return
    company.add(
        "SY00500",
        {
            "BCHSOURC": source,
            "BACHNUMB": number,
            "SERIES": ORIGINS[source].series,
            "BACHFREQ": SINGLE_USE,
            "GLPOSTDT": gl_date or company.today(),
            "CREATDDT": company.today(),
            "MODIFDT": company.today(),
            "NOTEINDX": company.draw_note(),
            "ORIGIN": 1,
            "USERID": "sa",
        },
    )


def check_free(company: Company, source: str, number: str) -> None:
    """Refuse work on a batch that is marked for posting or in use; code BatchLocked."""
    found = company.find("SY00500", source, number)
    marked = found is not None and bool(found["MKDTOPST"] or found["BCHSTTUS"])
    if marked or locks(company, source, number):
        raise Refusal("BatchLocked", f"batch {number} is being edited or posted by another user.", "BACHNUMB")


def locks(company: Company, source: str, number: str) -> list[dict[str, Value]]:
    """Give the rows of SY00800 that hold a batch of this company."""
    mine = (folded(company.identity.name), folded(source), folded(number))
    return [
        row
        for row in company.system.rows("SY00800")
        if (folded(str(row["CMPNYNAM"])), folded(str(row["BCHSOURC"])), folded(str(row["BACHNUMB"]))) == mine
    ]


def lock(company: Company, source: str, number: str, user: str = "sa") -> None:
    """Let a user open a batch: a row in SY00800; raises `Refusal` when there is no such batch."""
    if company.find("SY00500", source, number) is None:
        raise not_found(company["SY00500"].table.what, f"{source};{number}")
    row = {"USERID": user, "CMPNYNAM": company.identity.name, "BACHNUMB": number, "BCHSOURC": source}
    company.system.add("SY00800", {**row, "WINTYPE": BATCH_WINDOW})


def unlock(company: Company, source: str, number: str) -> None:
    """Let everybody leave a batch."""
    for row in locks(company, source, number):
        heap = company.system["SY00800"]
        company.system.delete(
            "SY00800", heap.table.fold(*(row[each] for each in heap.table.key)), company.statement()
        )


def count_batch(company: Company, source: str, number: str) -> None:
    """Bring number and total of a batch's documents up to date; an empty single-use batch is deleted."""
    if not number or company.find("SY00500", source, number) is None:
        return
    held = documents(company, source, number)
    if not held:
        company.drop("SY00500", source, number)
        return
    total = (
        sum((amount(row, AMOUNTS[WORK[source]]) for row in held), Decimal(0))
        if WORK[source] in AMOUNTS
        else 0
    )
    values = {"NUMOFTRX": len(held), "BCHTOTAL": total, "MODIFDT": company.today()}
    company.change("SY00500", (source, number), values)


def documents(company: Company, source: str, number: str) -> list[dict[str, Value]]:
    """Give the unposted documents of a batch, in the order of their key."""
    heap = company[WORK[source]]
    place, table = folded(number), heap.table
    return [
        table.as_dict(row)
        for row in heap.scan()
        if folded(table.text(row, "BACHNUMB")) == place
        and folded(table.text(row, "BCHSOURC")) == folded(source)
    ]


def batch_date(company: Company, document: Cells) -> date | None:
    """Give the posting date of a document's batch, if it has one."""
    found = company.find("SY00500", document["BCHSOURC"], document["BACHNUMB"])
    return day(found, "GLPOSTDT") if found is not None and has_day(found, "GLPOSTDT") else None
