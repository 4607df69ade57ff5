"""The general ledger: journal entries in Work (GL10000, GL10001), posted lines (GL20000) and balances (GL10110).

A balance row holds the net change of one account in one period; the sum of an account's posted lines of a period is its
PERDBLNC, and over all accounts of a year the sum is zero. Sources: views GL11110/GL11111 of a public schema dump.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from gp365_sim.gp.amounts import ZERO, Cells, amount, day, text, whole
from gp365_sim.gp.batches import batch_date, check_free, count_batch, open_batch
from gp365_sim.gp.company import Company
from gp365_sim.gp.numbers import next_journal
from gp365_sim.gp.periods import FINANCIAL, check_open, posting_date
from gp365_sim.gp.refusals import broken_rule, not_found
from gp365_sim.gp.sqltypes import Value

BASE_LEDGER = 1
SEQUENCE = 16384
SEGMENTS = ("ACTNUMBR_1", "ACTNUMBR_2", "ACTNUMBR_3", "ACTNUMBR_4")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a journal entry; one of the two amounts is zero."""

    account: int
    debit: Decimal = ZERO
    credit: Decimal = ZERO
    words: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A journal entry; `document`, `party` and `name` are those of the document it comes from."""

    at: date
    lines: Sequence[Line]
    source: str = "GL_Normal"
    code: str = "GJ"
    reference: str = ""
    trail: str = ""
    series: int = FINANCIAL
    document: str = ""
    kind: int = 0
    party: str = ""
    name: str = ""


def reversed_lines(lines: Sequence[Line]) -> list[Line]:
    """Give the lines that take others back."""
    return [Line(each.account, each.credit, each.debit, each.words) for each in lines]


def book(company: Company, entry: Entry) -> int:
    """Post an entry at once, as posting through the general ledger does, and give its number; raises `Refusal`."""
    year, period = check_open(company, entry.at, entry.source)
    return write_entry(company, entry, year, period)


def write_entry(company: Company, entry: Entry, year: int, period: int, number: int | None = None) -> int:
    """Write the posted lines and balances of an entry into an open year and period; raises `Refusal`."""
    check_lines(company, entry.lines)
    check_year(company, year)
    number = next_journal(company) if number is None else number
    trail = entry.trail or company.draw_trail("GLTRX")
    with company.transaction():
        for place, line in enumerate(entry.lines, 1):
            row = _posted(company, entry, line, {"OPENYEAR": year, "PERIODID": period, "TRXSORCE": trail})
            company.add("GL20000", {**row, "JRNENTRY": number, "SEQNUMBR": place * SEQUENCE})
            add_balance(company, line, year, period)
    return number


def check_lines(company: Company, lines: Sequence[Line]) -> None:
    """Refuse an entry that is not in balance or names an account that is not there or inactive."""
    debit = sum((line.debit for line in lines), ZERO)
    credit = sum((line.credit for line in lines), ZERO)
    if debit != credit:
        raise broken_rule(f"debits {debit} and credits {credit} differ.", "DEBITAMT")
    for line in lines:
        account = company.find("GL00100", line.account)
        if account is None:
            raise not_found(company["GL00100"].table.what, str(line.account))
        if not account["ACTIVE"]:
            raise broken_rule(f"account {line.account} is inactive.", "ACTINDX")


def check_year(company: Company, year: int) -> None:
    """Refuse a year that is closed: postings to history are not modelled."""
    found = company.find("SY40101", year)
    if found is None or found["HISTORYR"]:
        raise broken_rule(f"the year {year} is closed.", "GLPOSTDT")


def add_balance(company: Company, line: Line, year: int, period: int, table: str = "GL10110") -> None:
    """Add a posted line to the balance of its account."""
    key = (line.account, year, period, BASE_LEDGER)
    found = company.find(table, *key)
    if found is None:
        found = company.add(table, {**_balance_key(company, line.account), "YEAR1": year, "PERIODID": period})
    values = {
        "PERDBLNC": amount(found, "PERDBLNC") + line.debit - line.credit,
        "DEBITAMT": amount(found, "DEBITAMT") + line.debit,
        "CRDTAMNT": amount(found, "CRDTAMNT") + line.credit,
    }
    company.change(table, key, values)


def _balance_key(company: Company, index: int) -> dict[str, Value]:
    account = company.find("GL00100", index)
    assert account is not None
    copied = {name: account[name] for name in (*SEGMENTS, "ACCATNUM")}
    return {**copied, "ACTINDX": index, "Ledger_ID": BASE_LEDGER}


def _posted(company: Company, entry: Entry, line: Line, place: dict[str, Value]) -> dict[str, Value]:
    multicurrency = company.rows("MC40000")
    return {
        **place,
        "SOURCDOC": entry.code,
        "REFRENCE": entry.reference[:30].rstrip(),
        "DSCRIPTN": line.words[:30].rstrip(),
        "TRXDATE": entry.at,
        "ACTINDX": line.account,
        "DEBITAMT": line.debit,
        "CRDTAMNT": line.credit,
        "ORDBTAMT": line.debit,
        "ORCRDAMT": line.credit,
        "SERIES": entry.series,
        "ORTRXTYP": entry.kind,
        "ORCTRNUM": entry.document,
        "ORDOCNUM": entry.document,
        "ORMSTRID": entry.party,
        "ORMSTRNM": entry.name,
        "ORTRXSRC": str(place["TRXSORCE"]),
        "ORPSTDDT": company.today(),
        "DOCDATE": entry.at,
        "LSTDTEDT": company.today(),
        "LASTUSER": "sa",
        "USWHPSTD": "sa",
        "CURNCYID": company.identity.currency,
        "CURRNIDX": multicurrency[0]["FUNCRIDX"] if multicurrency else 0,
        "Ledger_ID": BASE_LEDGER,
    }


def enter_journal(company: Company, batch: str, entry: Entry) -> int:
    """Write a journal entry into a batch, in Work, and give its number; it need not be in balance yet."""
    with company.transaction():
        open_batch(company, entry.source, batch, entry.at)
        number = next_journal(company)
        head: dict[str, Value] = {"BACHNUMB": batch, "JRNENTRY": number}
        company.add(
            "GL10000",
            {
                **head,
                "BCHSOURC": entry.source,
                "SOURCDOC": entry.code,
                "REFRENCE": entry.reference[:30].rstrip(),
                "TRXDATE": entry.at,
                "SERIES": entry.series,
                "SQNCLINE": Decimal(SEQUENCE * len(entry.lines)),
                "NOTEINDX": company.draw_note(),
                "LASTUSER": "sa",
                "LSTDTEDT": company.today(),
                "CURNCYID": company.identity.currency,
                "Ledger_ID": BASE_LEDGER,
            },
        )
        for place, line in enumerate(entry.lines, 1):
            amounts = {"DEBITAMT": line.debit, "CRDTAMNT": line.credit}
            originating = {"ORDBTAMT": line.debit, "ORCRDAMT": line.credit}
            row = {**head, **amounts, **originating, "ACTINDX": line.account, "DSCRIPTN": line.words[:30]}
            company.add("GL10001", {**row, "SQNCLINE": Decimal(place * SEQUENCE)})
        count_batch(company, entry.source, batch)
    return number


def post_journal(company: Company, number: int) -> int:
    """Post a journal entry out of its batch and give its number; raises `Refusal`, leaving it in Work."""
    head = next((row for row in company.rows("GL10000") if row["JRNENTRY"] == number), None)
    if head is None:
        raise not_found(company["GL10000"].table.what, str(number))
    source, batch = text(head, "BCHSOURC"), text(head, "BACHNUMB")
    check_free(company, source, batch)
    lines = company.under("GL10001", number)
    entry = Entry(
        posting_date(company, source, batch_date(company, head), day(head, "TRXDATE")),
        [_line(each) for each in lines],
        source,
        text(head, "SOURCDOC"),
        text(head, "REFRENCE"),
    )
    with company.transaction():
        year, period = check_open(company, entry.at, source)
        write_entry(company, entry, year, period, number)
        for each in lines:
            company.drop("GL10001", number, each["SQNCLINE"])
        company.drop("GL10000", source, batch, number)
        count_batch(company, source, batch)
    return number


def _line(row: Cells) -> Line:
    return Line(
        whole(row, "ACTINDX"), amount(row, "DEBITAMT"), amount(row, "CRDTAMNT"), text(row, "DSCRIPTN")
    )
