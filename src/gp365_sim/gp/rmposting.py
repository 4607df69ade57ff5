"""Posting of receivables documents and cash receipts: from Work to Open, with balance, ledger and audit trail."""

from collections.abc import Mapping
from datetime import date

from gp365_sim.gp.amounts import Cells, amount, day, has_day, text
from gp365_sim.gp.applying import post_applications
from gp365_sim.gp.batches import batch_date, check_free, count_batch
from gp365_sim.gp.company import Company
from gp365_sim.gp.distributions import key_of, lines_of, rows_of
from gp365_sim.gp.ledger import Entry, Line, book
from gp365_sim.gp.periods import SALES, check_open, posting_date
from gp365_sim.gp.receivables import find_work
from gp365_sim.gp.refusals import Refusal, not_found
from gp365_sim.gp.rmtypes import OPEN, PAYMENT, sign
from gp365_sim.gp.sqltypes import Value
from gp365_sim.gp.summary import add_balance, note_posting, raise_amounts

TRAILS = {"RM_Sales": "RMSLS", "RM_Cash": "RMCSH", "Sales Entry": "SLSTE", "RM_Apply": "RMAPY"}
PAID_WITH = ("CASHAMNT", "CHEKAMNT", "CRCRDAMT")


def post(company: Company, kind: int, number: str) -> dict[str, Value]:
    """Post a document out of its batch and give its row of RM20101; raises `Refusal`, leaving it in Work."""
    work = find_work(company, kind, number)
    if work is None:
        raise not_found("Unposted document", f"{kind};{number}")
    source, batch = text(work, "BCHSOURC"), text(work, "BACHNUMB")
    check_free(company, source, batch)
    if kind != PAYMENT and any(amount(work, name) for name in PAID_WITH):
        raise Refusal(
            "NotModelled", "payments taken with a receivables document are not modelled.", "CASHAMNT"
        )
    entered = day(work, "GLPOSTDT") if has_day(work, "GLPOSTDT") else day(work, "DOCDATE")
    at = posting_date(company, source, batch_date(company, work), entered)
    check_open(company, at, source)
    with company.transaction():
        posted = open_document(company, _opened(work, kind), at, company.draw_trail(TRAILS[source]))
        company.drop(*(("RM10201", kind, number) if kind == PAYMENT else ("RM10301", kind, work["RMDNUMWK"])))
        total = amount(posted, "ORTRXAMT")
        waiting = {"UNPSTDCA": -total} if kind == PAYMENT else {"UNPSTDSA": -sign(kind) * total}
        raise_amounts(company, text(work, "CUSTNMBR"), waiting)
        book_document(company, posted, rows_of(company, kind, number))
        if kind == PAYMENT:
            post_applications(company, number, at)
        count_batch(company, source, batch)
    return posted


def _opened(work: Cells, kind: int) -> dict[str, Value]:
    """Give what of a Work document goes into Open; a receipt may have been applied before it was posted."""
    total = work["ORTRXAMT"] if kind == PAYMENT else work["DOCAMNT"]
    renamed: dict[str, Value] = {
        "ORTRXAMT": total,
        "CURTRXAM": work["CURTRXAM"] if kind == PAYMENT else total,
    }
    if kind != PAYMENT:
        renamed |= {
            "TRXDSCRN": work["DOCDESCR"],
            "CSPORNBR": work["CSTPONBR"],
            "SLSTERCD": work["SALSTERR"],
        }
    return {**work, **renamed, "RMDTYPAL": kind}


def open_document(company: Company, values: Mapping[str, Value], at: date, trail: str) -> dict[str, Value]:
    """Write a document into Open with its balance and its number; columns that Open has not are left out."""
    customer, kind = str(values["CUSTNMBR"]), int(str(values["RMDTYPAL"]))
    card = company.find("RM00101", customer)
    columns = company["RM20101"].table.place
    kept = {name: each for name, each in values.items() if name in columns and not name.startswith("DEX_ROW")}
    own: dict[str, Value] = {
        "CPRCSTNM": "" if card is None else card["CPRCSTNM"],
        "TRXSORCE": trail,
        "POSTDATE": company.today(),
        "PSTUSRID": "sa",
        "GLPOSTDT": at,
        "AGNGBUKT": 1,
    }
    posted = company.add("RM20101", {**kept, **own})
    total = amount(posted, "ORTRXAMT")
    add_balance(company, customer, sign(kind) * total)
    note_posting(company, customer, kind, total, day(posted, "DOCDATE"))
    company.change("RM00401", (kind, posted["DOCNUMBR"]), {"DCSTATUS": OPEN, "TRXSORCE": trail})
    return posted


def book_document(company: Company, posted: Cells, distributions: list[dict[str, Value]]) -> None:
    """Mark a document's distributions as posted and book them."""
    for row in distributions:
        values = {
            "POSTED": 1,
            "POSTEDDT": posted["GLPOSTDT"],
            "TRXSORCE": posted["TRXSORCE"],
            "DCSTATUS": OPEN,
        }
        company.change("RM10101", key_of(row), values)
    book_lines(company, posted, lines_of(distributions))


def book_lines(
    company: Company, posted: Cells, lines: list[Line], at: date | None = None, words: str = ""
) -> None:
    """Book lines under a document's number; none is nothing to book."""
    if not lines:
        return
    source = text(posted, "BCHSOURC")
    book(
        company,
        Entry(
            at or day(posted, "GLPOSTDT"),
            lines,
            source if source in TRAILS else "RM_Sales",
            "CRJ" if posted["RMDTYPAL"] == PAYMENT else "SJ",
            words or text(posted, "TRXDSCRN"),
            text(posted, "TRXSORCE"),
            SALES,
            text(posted, "DOCNUMBR"),
            int(str(posted["RMDTYPAL"])),
            text(posted, "CUSTNMBR"),
        ),
    )
