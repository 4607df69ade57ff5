"""Receivables documents over SQL: each once wherever it stands, signed, within the horizon, and gone ones named."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from gp_sql_place import SqlPlace, sql_place
from hypothesis import given
from hypothesis import strategies as st

from gp365.connectors.gp.sql.horizon import begin_of_horizon
from gp365.connectors.gp.tables import entity_named
from gp365.model.values import Key, Value
from gp365_sim.gp import receivables, removal, rmposting, voiding
from gp365_sim.gp.applying import Applied, Pair, apply, unapply
from gp365_sim.gp.company import Company

ENTITY = "receivable"
FIELDS = tuple(entity_named(ENTITY).fields)
CREDITS = (7, 8, 9)
Values = dict[str, Value]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[SqlPlace]:
    with sql_place(tmp_path_factory.mktemp("gp"), page=25, compare_h=1000, history_months=1200) as found:
        yield found


@pytest.fixture
def here(served: SqlPlace) -> SqlPlace:
    return served


def _company(here: SqlPlace) -> Company:
    return here.system.world.company


def _on_or_after(row: Mapping[str, Any], first: date) -> bool:
    return any(row[name] >= first for name in ("DOCDATE", "GLPOSTDT", "DINVPDOF", "VOIDDATE"))


def _scanned(here: SqlPlace) -> dict[Key, Values]:
    found: dict[Key, Values] = {}
    for page in here.connector.scan(ENTITY, FIELDS):
        for record in page:
            assert record.key not in found
            found[record.key] = dict(record.values)
    return found


def _one(here: SqlPlace, kind: int, number: str) -> Values:
    key = (str(kind), number)
    return dict(here.connector.get(ENTITY, [key], FIELDS)[key].values)


def _invoice(here: SqlPlace, number: str, value: str, kind: int = 1) -> None:
    row = {"RMDTYPAL": kind, "DOCNUMBR": number, "CUSTNMBR": "AARONFIT0001", "DOCDATE": date(2026, 11, 2)}
    receivables.enter(_company(here), {**row, "SLSAMNT": Decimal(value), "BACHNUMB": "TESTS"})


def _posted(here: SqlPlace, number: str, value: str, kind: int = 1) -> None:
    _invoice(here, number, value, kind)
    rmposting.post(_company(here), kind, number)


def _paid(here: SqlPlace, number: str, value: str) -> None:
    row = {"DOCNUMBR": number, "CUSTNMBR": "AARONFIT0001", "DOCDATE": date(2026, 11, 3)}
    receivables.enter_receipt(_company(here), {**row, "ORTRXAMT": Decimal(value), "BACHNUMB": "TESTS"})
    rmposting.post(_company(here), 9, number)


def test_every_document_of_work_open_and_history_is_there_once_with_the_sign_of_its_type(
    here: SqlPlace,
) -> None:
    company, found = _company(here), _scanned(here)
    rows: list[tuple[str, dict[str, Any]]] = [
        (table, row) for table in ("RM10301", "RM10201", "RM20101", "RM30101") for row in company.rows(table)
    ]
    assert len(found) == len(rows) > 40
    for table, row in rows:
        kind = int(row["RMDTYPAL"])
        values = found[str(kind), str(row["DOCNUMBR"]).strip()]
        amount = row["DOCAMNT"] if table == "RM10301" else row["ORTRXAMT"]
        assert values["SignedAmount"] == (-amount if kind in CREDITS else amount)
        assert values["Posted"] is (table in ("RM20101", "RM30101"))
        assert values["Removed"] is False
        left = row["ACCTAMNT"] if table == "RM10301" else row["CURTRXAM"]
        assert values["Paid"] is (values["Posted"] and not left and not row["VOIDSTTS"])
    assert {values["Voided"] for values in found.values()} == {True, False}


def test_what_is_left_of_posted_documents_adds_up_to_each_customers_balance(here: SqlPlace) -> None:
    sums: dict[str, Decimal] = {}
    for values in _scanned(here).values():
        if values["Posted"] and not values["Voided"]:
            left, who = values["SignedCurrentAmount"], str(values["CustomerNumber"])
            assert isinstance(left, Decimal)
            sums[who] = sums.get(who, Decimal(0)) + left
    balances = {str(row["CUSTNMBR"]).strip(): row["CUSTBLNC"] for row in _company(here).rows("RM00103")}
    assert {name: each for name, each in sums.items() if each} == {
        name: each for name, each in balances.items() if each
    }


def test_a_posted_document_is_the_one_that_was_unposted_even_while_it_stands_in_both(here: SqlPlace) -> None:
    company = _company(here)
    _invoice(here, "BOTH1", "120.00")
    before = _one(here, 1, "BOTH1")
    assert (before["Posted"], before["Paid"], before["SignedCurrentAmount"]) == (False, False, Decimal(120))
    work = company.find("RM10301", 1, "BOTH1")
    rmposting.post(company, 1, "BOTH1")
    assert work is not None
    company.insert("RM10301", {k: v for k, v in work.items() if k != "DEX_ROW_ID"}, company.statement())
    assert _one(here, 1, "BOTH1")["Posted"] is True
    assert [each["Posted"] for key, each in _scanned(here).items() if key == ("1", "BOTH1")] == [True]
    company.drop("RM10301", 1, "BOTH1")


def test_the_move_to_history_changes_nothing_and_an_unpaid_receipt_brings_the_invoice_back(
    here: SqlPlace,
) -> None:
    company, at = _company(here), date(2026, 11, 4)
    _posted(here, "MOVES1", "200.00")
    _paid(here, "PYMOVES1", "200.00")
    apply(company, Pair(9, "PYMOVES1", 1, "MOVES1"), Applied(Decimal(200)), at)
    paid, receipt = _one(here, 1, "MOVES1"), _one(here, 9, "PYMOVES1")
    assert paid["Paid"] is True and paid["PaidOffDate"] == at and receipt["Paid"] is True
    removal.remove_paid(company, date(2026, 11, 30), "AARONFIT0001")
    assert company.find("RM20101", "AARONFIT0001", 1, "MOVES1") is None
    assert (_one(here, 1, "MOVES1"), _one(here, 9, "PYMOVES1")) == (paid, receipt)
    voiding.return_unpaid(company, "PYMOVES1", at)
    back, bounced = _one(here, 1, "MOVES1"), _one(here, 9, "PYMOVES1")
    assert (back["Paid"], back["SignedCurrentAmount"], back["Voided"]) == (False, Decimal(200), False)
    assert (bounced["Paid"], bounced["Voided"], bounced["VoidDate"]) == (False, True, at)


def test_paid_in_part_unapplied_and_voided(here: SqlPlace) -> None:
    company, at = _company(here), date(2026, 11, 4)
    _posted(here, "PART1", "50.00")
    _posted(here, "CREDIT1", "30.00", kind=7)
    pair = Pair(7, "CREDIT1", 1, "PART1")
    apply(company, pair, Applied(Decimal(30)), at)
    assert _one(here, 1, "PART1")["SignedCurrentAmount"] == Decimal(20)
    assert _one(here, 7, "CREDIT1")["Paid"] is True
    unapply(company, pair, at)
    assert _one(here, 1, "PART1")["SignedCurrentAmount"] == Decimal(50)
    assert _one(here, 7, "CREDIT1")["SignedCurrentAmount"] == Decimal(-30)
    voiding.void(company, 7, "CREDIT1", at)
    gone = _one(here, 7, "CREDIT1")
    assert (gone["Voided"], gone["Paid"], gone["SignedAmount"]) == (True, False, Decimal(-30))


def test_a_deleted_unposted_document_is_given_as_removed_and_an_unknown_number_too(here: SqlPlace) -> None:
    _invoice(here, "TYPO1", "1.00")
    receivables.discard(_company(here), 1, "TYPO1")
    assert _one(here, 1, "TYPO1") == {"Removed": True}
    _invoice(here, "TYPO1", "2.00")  # GP gives the number again
    assert _one(here, 1, "TYPO1")["SignedAmount"] == Decimal(2)
    names = ("DocumentNumber", "SignedAmount")
    assert here.connector.get(ENTITY, [("1", "NEVER")], names) == {}


def test_a_document_in_another_currency_has_both_amounts_and_one_without_that_row_the_functional_one(
    here: SqlPlace,
) -> None:
    company = _company(here)
    _posted(here, "CAD1", "1000.00")
    assert _one(here, 1, "CAD1")["SignedOriginatingAmount"] == Decimal(1000)
    company.change("RM20101", ("AARONFIT0001", 1, "CAD1"), {"CURNCYID": "Z-C$"})
    row = {"RMDTYPAL": 1, "DOCNUMBR": "CAD1", "CUSTNMBR": "AARONFIT0001", "CURNCYID": "Z-C$"}
    company.add("MC020102", {**row, "ORORGTRX": Decimal("1388.88889"), "ORCTRXAM": Decimal("0.00001")})
    found = _one(here, 1, "CAD1")
    assert (found["SignedAmount"], found["SignedOriginatingAmount"]) == (
        Decimal(1000),
        Decimal("1388.88889"),
    )
    assert (found["CurrencyID"], found["SignedOriginatingCurrentAmount"]) == ("Z-C$", Decimal("0.00001"))


def test_the_horizon_leaves_settled_documents_out_of_readings_but_not_those_asked_for(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with sql_place(tmp_path_factory.mktemp("gp"), page=25, compare_h=1000, history_months=1) as here:
        company, first = _company(here), begin_of_horizon(here.clock.now().date(), 1)
        history = company.rows("RM30101")
        late = {str(row["DOCNUMBR"]).strip() for row in history if _on_or_after(row, first.date())}
        old = sorted(str(row["DOCNUMBR"]).strip() for row in history if row["RMDTYPAL"] == 1)
        assert len(late) < len(history)
        found = _scanned(here)
        others = sum(len(company.rows(table)) for table in ("RM10301", "RM10201", "RM20101"))
        assert len(found) == others + len(late)
        told = here.connector.within(ENTITY)
        assert told is not None
        assert (told.rows, told.beyond, told.since) == (
            len(found),
            len(history) - len(late),
            first.date(),
        )
        left_out = next(number for number in old if ("1", number) not in found)
        assert _one(here, 1, left_out)["Paid"] in (True, False)
        assert here.connector.within("customer") is None


def test_a_poll_tells_of_postings_payments_and_moves_and_not_of_what_lies_beyond_the_horizon(
    here: SqlPlace,
) -> None:
    company = _company(here)
    _posted(here, "POLL1", "10.00")
    here.clock.advance(120)
    cursor = list(here.connector.changes(ENTITY, FIELDS, None))[-1].cursor
    here.clock.advance(5)
    cursor = list(here.connector.changes(ENTITY, FIELDS, cursor))[-1].cursor
    here.clock.advance(5)
    voiding.void(company, 1, "POLL1", date(2026, 11, 4))
    changes = [c for page in here.connector.changes(ENTITY, FIELDS, cursor) for c in page.changes]
    assert [change.key for change in changes] == [("1", "POLL1")]
    assert changes[0].record is not None and changes[0].record.values["Voided"] is True


@given(st.dates(date(2000, 1, 1), date(2100, 12, 31)), st.integers(0, 1200))
def test_the_horizon_is_the_first_of_a_month_that_lies_so_many_months_back(today: date, months: int) -> None:
    begin = begin_of_horizon(today, months)
    assert begin.day == 1 and begin.date() <= today
    assert (today.year - begin.year) * 12 + today.month - begin.month == months


def test_the_horizon_begins_with_a_month() -> None:
    assert begin_of_horizon(date(2026, 11, 23), 24).date() == date(2024, 11, 1)
    assert begin_of_horizon(date(2026, 1, 31), 1).date() == date(2025, 12, 1)
    assert begin_of_horizon(date(2026, 1, 31), 0).date() == date(2026, 1, 1)
    assert begin_of_horizon(date(2026, 1, 31), 1200).date() == date(1926, 1, 1)
