"""Dynamics GP against itself: documents, customer balances and ledger, to the last decimal, and what their difference is."""

from __future__ import annotations

from collections.abc import Generator
from datetime import date
from decimal import Decimal

import pytest
from gp_sql_place import SqlPlace, sql_place

from gp365.connectors.gp.books import AccountBooks, CustomerBooks, read_books
from gp365.model.errors import Misconfigured
from gp365_sim.gp import receivables, rmposting, voiding
from gp365_sim.gp.applying import Applied, Pair, apply, unapply
from gp365_sim.gp.company import Company
from gp365_sim.gp.ledger import Entry, Line, enter_journal, post_journal

WHO = "AARONFIT0001"
CONTROL = "000-1200-00"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[SqlPlace]:
    with sql_place(tmp_path_factory.mktemp("gp")) as found:
        yield found


@pytest.fixture
def here(served: SqlPlace) -> SqlPlace:
    return served


def _company(here: SqlPlace) -> Company:
    return here.system.world.company


def _total(here: SqlPlace) -> Decimal:
    return sum((row["CUSTBLNC"] for row in _company(here).rows("RM00103")), Decimal(0))  # type: ignore[misc]


def test_documents_balances_and_the_control_account_are_one_figure(here: SqlPlace) -> None:
    books = read_books(here.connector, "USD")
    assert books.agrees and books.differing == 0 and books.customers == len(_company(here).rows("RM00101"))
    assert books.documents == books.balance == books.ledger == _total(here) != 0
    assert books.accounts == (AccountBooks(CONTROL, _total(here)),)


def test_a_receipt_applied_before_it_is_posted_explains_why_the_documents_are_less(here: SqlPlace) -> None:
    company, at = _company(here), date(2026, 11, 2)
    row = {"RMDTYPAL": 1, "DOCNUMBR": "WAITS1", "CUSTNMBR": WHO, "DOCDATE": at, "SLSAMNT": Decimal("40.10")}
    receivables.enter(company, {**row, "BACHNUMB": "TESTS"})
    rmposting.post(company, 1, "WAITS1")
    receipt = {"DOCNUMBR": "PYWAITS1", "CUSTNMBR": WHO, "DOCDATE": at, "ORTRXAMT": Decimal(40)}
    receivables.enter_receipt(company, {**receipt, "BACHNUMB": "TESTS"})
    pair = Pair(9, "PYWAITS1", 1, "WAITS1")
    apply(company, pair, Applied(Decimal(40), Decimal("0.10")), at)
    books = read_books(here.connector, "USD")
    assert books.agrees and books.waiting == Decimal("40.10")
    assert books.balance - books.documents == Decimal("40.10") and books.difference == 0
    unapply(company, pair, at)
    receivables.discard(company, 9, "PYWAITS1")
    voiding.void(company, 1, "WAITS1", at)
    assert read_books(here.connector, "USD").waiting == 0


def test_a_balance_that_gp_has_wrong_is_named_with_its_customer_and_the_exact_difference(
    here: SqlPlace,
) -> None:
    company = _company(here)
    held = company.find("RM00103", WHO)
    assert held is not None
    company.change("RM00103", (WHO,), {"CUSTBLNC": Decimal("0.00001")})
    books = read_books(here.connector, "USD")
    assert not books.agrees
    assert books.listed == (CustomerBooks(WHO, Decimal(0), Decimal("0.00001"), Decimal(0)),)
    assert books.listed[0].difference == books.difference == Decimal("-0.00001")
    company.change("RM00103", (WHO,), {"CUSTBLNC": held["CUSTBLNC"]})
    assert read_books(here.connector, "USD").agrees


def test_a_journal_entry_to_the_control_account_is_the_ledgers_own_difference(here: SqlPlace) -> None:
    company = _company(here)
    lines = [Line(5, debit=Decimal("12.34")), Line(1, credit=Decimal("12.34"))]
    entry = Entry(date(2026, 11, 2), lines, reference="By hand")
    post_journal(company, enter_journal(company, "BYHAND", entry))
    books = read_books(here.connector, "USD")
    assert not books.agrees and books.differing == 0
    assert books.ledger_difference == Decimal("12.34")
    lines = [Line(5, credit=Decimal("12.34")), Line(1, debit=Decimal("12.34"))]
    post_journal(company, enter_journal(company, "BACK", Entry(date(2026, 11, 2), lines, reference="Back")))


def test_control_accounts_may_be_named_and_an_unknown_one_is_refused(here: SqlPlace) -> None:
    cash = read_books(here.connector, "USD", ["000-1100-00"])
    assert [one.account for one in cash.accounts] == ["000-1100-00"] and cash.ledger != cash.balance
    assert read_books(here.connector, "USD", [CONTROL]).agrees
    with pytest.raises(Misconfigured, match="000-9999-99"):
        read_books(here.connector, "USD", ["000-9999-99"])
