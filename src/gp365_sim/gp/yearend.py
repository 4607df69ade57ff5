"""Year-end close of the general ledger, and the close taken back.

Closing moves the year's lines to GL30000 and its balances to GL10111, and opens the next year with period 0: the balance
of each balance sheet account, and the profit on retained earnings (GL40000.RERINDX). From practice, assumed: the source
document of the opening entry is BBF; a close is taken back year by year, newest first; quantities of unit accounts are no
part of a profit and begin anew.
"""

from decimal import Decimal

from gp365_sim.gp.amounts import ZERO, amount, day, whole
from gp365_sim.gp.company import Company
from gp365_sim.gp.ledger import BASE_LEDGER, Entry, Line, write_entry
from gp365_sim.gp.numbers import GL_SETUP
from gp365_sim.gp.refusals import broken_rule, not_found

OPENING = "BBF"
PROFIT_AND_LOSS = 1
UNITS = (2, 4)
"""Types of accounts whose balances are quantities."""


def close_year(company: Company) -> int:
    """Close the oldest open year and give it; raises `Refusal` when the year after it is not set up."""
    years = _years(company, closed=False)
    if len(years) < 2:
        raise broken_rule("the year after the one to close is not set up.", "YEAR1")
    with company.transaction():
        _open_next(company, years[0], years[1])
        _move_lines(company, ("GL20000", "OPENYEAR"), ("GL30000", "HSTYEAR"), years[0])
        _move_balances(company, "GL10110", "GL10111", years[0])
        company.change("SY40101", (years[0],), {"HISTORYR": 1})
        company.change("GL40000", (GL_SETUP,), {"LSTCLSDT": company.today()})
    return years[0]


def reopen_year(company: Company) -> int:
    """Take the newest close back and give its year; raises `Refusal` when no year is closed."""
    years = _years(company, closed=True)
    if not years:
        raise broken_rule("no year is closed.", "YEAR1")
    with company.transaction():
        _take_opening_back(company, years[-1] + 1)
        _move_lines(company, ("GL30000", "HSTYEAR"), ("GL20000", "OPENYEAR"), years[-1])
        _move_balances(company, "GL10111", "GL10110", years[-1])
        company.change("SY40101", (years[-1],), {"HISTORYR": 0})
    return years[-1]


def _years(company: Company, *, closed: bool) -> list[int]:
    return sorted(whole(row, "YEAR1") for row in company.rows("SY40101") if bool(row["HISTORYR"]) == closed)


def _open_next(company: Company, year: int, following: int) -> None:
    setup, start = company.find("GL40000", GL_SETUP), company.find("SY40101", following)
    if setup is None or start is None:
        raise not_found(company["GL40000"].table.what, GL_SETUP)
    profit, lines = ZERO, list[Line]()
    for index, balance in sorted(_balances(company, year).items()):
        account = company.find("GL00100", index)
        if account is not None and account["ACCTTYPE"] in UNITS:
            continue
        if account is not None and account["PSTNGTYP"] == PROFIT_AND_LOSS:
            profit += balance
        elif balance:
            lines.append(_side(index, balance))
    if profit:
        lines.append(_side(whole(setup, "RERINDX"), profit))
    if lines:
        entry = Entry(day(start, "FSTFSCDY"), lines, code=OPENING, reference="Balance Brought Forward")
        write_entry(company, entry, following, 0)


def _side(index: int, balance: Decimal) -> Line:
    if balance > 0:
        return Line(index, debit=balance, words=OPENING)
    return Line(index, credit=-balance, words=OPENING)


def _balances(company: Company, year: int) -> dict[int, Decimal]:
    found: dict[int, Decimal] = {}
    for row in company.rows("GL10110"):
        if row["YEAR1"] == year and row["Ledger_ID"] == BASE_LEDGER:
            index = whole(row, "ACTINDX")
            found[index] = found.get(index, ZERO) + amount(row, "PERDBLNC")
    return found


def _take_opening_back(company: Company, year: int) -> None:
    """Delete the opening entry of a year; period 0 holds nothing else."""
    for row in company.rows("GL20000"):
        if (row["OPENYEAR"], row["PERIODID"], row["SOURCDOC"]) == (year, 0, OPENING):
            company.drop("GL20000", row["DEX_ROW_ID"])
    for row in company.rows("GL10110"):
        if (row["YEAR1"], row["PERIODID"]) == (year, 0):
            company.drop("GL10110", row["ACTINDX"], year, 0, row["Ledger_ID"])


def _move_lines(company: Company, source: tuple[str, str], target: tuple[str, str], year: int) -> None:
    rows = [row for row in company.rows(source[0]) if row[source[1]] == year]
    for row in sorted(rows, key=lambda row: whole(row, "DEX_ROW_ID")):
        company.move(source[0], (row["DEX_ROW_ID"],), target[0], {target[1]: year})


def _move_balances(company: Company, source: str, target: str, year: int) -> None:
    key = ("ACTINDX", "YEAR1", "PERIODID", "Ledger_ID")
    for row in company.rows(source):
        if row["YEAR1"] == year:
            company.move(source, [row[name] for name in key], target)
