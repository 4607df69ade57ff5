"""The ledger of the simulated company: journals, year-end and the close taken back."""

from datetime import date
from decimal import Decimal

import pytest
from simgpm_desk import check_ledger, document, everything, furnished

from gp365_sim.gp import periods
from gp365_sim.gp.ledger import Entry, Line, enter_journal, post_journal
from gp365_sim.gp.refusals import Refusal
from gp365_sim.gp.yearend import close_year, reopen_year

CASH, SUPPLIES, EARNINGS, UNUSED = 1, 19, 13, 25


@pytest.fixture
def company():
    return furnished()


def journal(company, value, *, credit=None, at=date(2026, 9, 1), account=SUPPLIES):
    """Enter a journal entry into the batch TEST; its number."""
    lines = [Line(account, debit=Decimal(value)), Line(CASH, credit=Decimal(credit or value))]
    return enter_journal(company, "TEST", Entry(at, lines, reference="Test"))


def balance(company, account, year, table="GL10110"):
    """What an account holds at the end of a year."""
    return sum(row["PERDBLNC"] for row in company.under(table, account) if row["YEAR1"] == year)


def test_a_journal_entry_goes_from_work_to_open_and_into_the_balances(company):
    before = company.find("GL10110", SUPPLIES, 2026, 9, 1)["PERDBLNC"]
    number = journal(company, "12.50")
    assert len(company.under("GL10001", number)) == 2
    post_journal(company, number)
    assert not company.under("GL10001", number)
    lines = [row for row in company.rows("GL20000") if row["JRNENTRY"] == number]
    assert {(row["OPENYEAR"], row["PERIODID"], row["SOURCDOC"]) for row in lines} == {(2026, 9, "GJ")}
    assert company.find("GL10110", SUPPLIES, 2026, 9, 1)["PERDBLNC"] == before + Decimal("12.50")
    check_ledger(company)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"credit": "12.40"}, "differ"),
        ({"account": UNUSED}, "inactive"),
        ({"at": date(2025, 12, 31)}, "closed"),
        ({"at": date(2031, 1, 1)}, "no fiscal year"),
    ],
)
def test_what_cannot_be_posted_stays_in_its_batch(company, change, why):
    number = journal(company, "12.50", **change)
    before = everything(company)
    with pytest.raises(Refusal, match=why):
        post_journal(company, number)
    assert everything(company) == before


def test_the_financial_series_is_closed_apart_from_sales(company):
    periods.set_closed(company, 2026, 9, periods.FINANCIAL, closed=True)
    number = journal(company, "1.00")
    with pytest.raises(Refusal, match="General Entry"):
        post_journal(company, number)
    document(company, "ADAMPARK0001", "5.00")


def test_a_year_closes_into_period_zero_of_the_next_and_opens_again(company):
    before = {table: company[table].image() for table in ("GL20000", "GL10110", "GL30000", "GL10111")}
    profit = sum(
        row["PERDBLNC"]
        for row in company.rows("GL10110")
        if row["YEAR1"] == 2026 and company.find("GL00100", row["ACTINDX"])["PSTNGTYP"] == 1
    )
    cash, earnings = balance(company, CASH, 2026), balance(company, EARNINGS, 2026)
    assert close_year(company) == 2026
    assert not [row for row in company.rows("GL20000") if row["OPENYEAR"] == 2026]
    assert (
        company.find("GL10110", CASH, 2027, 0, 1)["PERDBLNC"]
        == cash
        == balance(company, CASH, 2026, "GL10111")
    )
    assert company.find("GL10110", EARNINGS, 2027, 0, 1)["PERDBLNC"] == profit + earnings
    assert not company.find("GL10110", SUPPLIES, 2027, 0, 1)
    check_ledger(company)
    assert reopen_year(company) == 2026
    check_ledger(company)
    for table in ("GL10110", "GL10111"):
        assert _plain(company[table].image()) == _plain(before[table])
    assert len(company["GL20000"]) == len(before["GL20000"]) and len(company["GL30000"]) == len(
        before["GL30000"]
    )


def _plain(rows):
    return {key: row[:-1] for key, row in rows.items()}


def test_a_year_without_one_after_it_does_not_close(company):
    for year in (2026, 2027):
        assert close_year(company) == year
    with pytest.raises(Refusal, match="not set up"):
        close_year(company)


def test_the_history_of_the_sample_company_opens_the_year_after(company):
    assert balance(company, CASH, 2025, "GL10111") == company.find("GL10110", CASH, 2026, 0, 1)["PERDBLNC"]
    assert company.find("SY40101", 2025)["HISTORYR"] == 1
    account = company.find("GL00105", CASH)
    assert account["ACTNUMST"] == "000-1100-00"
    assert [account[f"ACTNUMBR_{number}"] for number in (1, 2, 3)] == ["000", "1100", "00"]
