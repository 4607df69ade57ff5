"""Figures that move in masses: what ten thousand changed cards and an aging run over fifty thousand customers cost.

The long forms are proofs; FIGURES_CARDS and FIGURES_CUSTOMERS set other sizes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e_site import SALES, Row
from figures_site import ACCOUNTS, CARDS, Cost, Figures, figures_site
from receivables_site import FLOW, late

MANY = int(os.environ.get("FIGURES_CARDS", "10000"))
AGED = int(os.environ.get("FIGURES_CUSTOMERS", "50000"))
AGED_ON = "2027-06-30"
CUSTOMERS, MOVING = 250, 5
ASKING = 3
"""Batches of questions by which a process begins: what the tables are."""


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Figures]:
    """A few hundred customers, two pages of the engine, of whom six in ten owe something."""
    with figures_site(
        tmp_path_factory.mktemp("few") / "site", CUSTOMERS, CUSTOMERS * 6 // 10, MOVING
    ) as made:
        yield made


def changed(figures: Figures) -> Cost:
    """Let every customer owe an invoice more, and sync."""
    figures.owe(figures.numbers, "250.00000")
    cost = figures.synced()
    assert {row["gp365_balance"] for row in figures.at.rows(SALES, CARDS)} == {"250.0000"}
    assert {row["gp365_balances"] for row in figures.at.rows(SALES, ACCOUNTS)} == {"USD 250.00"}
    assert cost.cards == set(figures.numbers) and len(cost.accounts) == len(figures.numbers)
    return cost


def aged(figures: Figures, day: str = AGED_ON) -> Cost:
    """Age all customers and sync: exactly the cards whose buckets moved are written, and a second run writes nothing."""
    before, dates, owing = figures.buckets(), figures.shown(), figures.owing
    figures.age(day)
    after = figures.buckets()
    moved = {number for number, held in after.items() if held != before.get(number)}
    first = figures.synced("--full")
    assert first.cards == moved and not first.accounts
    shown = figures.shown()
    assert {number: shown[number] for number in moved} == {
        number: day if number in figures.owing else None for number in moved
    }
    assert {number: shown[number] for number in shown.keys() - moved} == {
        number: dates[number] for number in shown.keys() - moved
    }
    assert all(dates[number] for number in owing) and not any(
        dates[number] for number in dates.keys() - owing
    )
    second = figures.synced("--full")
    assert not second.told and not second.cards and not second.accounts
    return first


def receivables_run(cost: Cost) -> Row:
    return next(run for run in cost.done.json["runs"] if run["flow"] == FLOW)


def of_long_ago(figures: Figures) -> str:
    """Choose a customer whose card shows the day of the first aging run, since no later one moved what it owes."""
    return min(number for number, day in figures.shown().items() if day == "2026-07-31")


def test_an_aging_run_over_all_customers_writes_only_those_whose_figures_it_moves(few: Figures) -> None:
    """Six in ten owe something and get GP's new date, in two of a hundred an amount goes into another bucket."""
    assert 0.6 * CUSTOMERS <= len(few.owing) <= 0.65 * CUSTOMERS
    first = aged(few)
    assert MOVING <= len(first.cards) <= MOVING + 10  # the company's own documents may move, too
    assert first.told == {FLOW: 1} and first.requests == {"UpdateMultiple": 1, "$batch": ASKING}


def test_an_aging_run_that_moves_no_amount_leaves_no_row_per_record_in_the_ledger(few: Figures) -> None:
    few.age("2027-07-01")
    cost = few.synced("--full")
    run = receivables_run(cost)
    assert not cost.told and not cost.cards and run["balanced"]
    single, several = few.looks(run["run"])
    assert not single and sum(row["subjects"] for row in several) == run["considered"]
    assert any("nothing moved but aged_on" in row["summary"] for row in several)


def test_a_payment_after_an_aging_run_writes_the_amount_and_the_newer_day(few: Figures) -> None:
    number = of_long_ago(few)
    few.age("2027-07-02")
    assert not few.synced("--full").cards and few.shown()[number] == "2026-07-31"
    at = [place for place, held in enumerate(few.buckets()[number], 1) if held]
    paid = {f"AGPERAMT_{place}": "40.00000" for place in at}
    late(few.at, "RM00103", number, CUSTBLNC="40.00000", LPYMTAMT="60.00000", **paid)
    cost = few.synced("--full")
    assert cost.cards == {number}
    card = next(row for row in few.at.rows(SALES, CARDS) if row["gp365_number"] == number)
    assert (card["gp365_balance"], card["gp365_agedon"]) == ("40.0000", "2027-07-02")
    assert not few.synced("--full").cards


def test_a_day_of_aging_that_somebody_edits_in_sales_is_put_back(few: Figures) -> None:
    number = of_long_ago(few)
    card = next(row for row in few.at.rows(SALES, CARDS) if row["gp365_number"] == number)
    few.age("2027-07-02")
    few.synced("--full")
    few.at.put(SALES, CARDS, card["gp365_customerid"], gp365_agedon="2020-01-01")
    assert few.synced().cards == {number} and few.shown()[number] == "2027-07-02"


def test_the_older_days_are_explained_in_a_reconciliation(few: Figures) -> None:
    few.age("2027-07-03")
    few.synced("--full")
    done = few.at.run("reconcile", FLOW)
    assert done.code == 1  # GP is not at one with itself: the tests wrote into some of its tables only
    (flow,) = [one for one in done.json["flows"] if one["report"]["flow"] == FLOW]
    found = flow["report"]["counts"]["fields"]
    assert flow["report"]["verdict"] == "explained"
    left = [number for number, day in few.shown().items() if day and day != "2027-07-03"]
    assert found == {"aged_on": {"along": len(left)}} and len(left) > CUSTOMERS / 2


def test_changed_cards_are_written_by_the_page_and_so_are_the_sums_on_their_accounts(few: Figures) -> None:
    cost = changed(few)
    assert cost.told == {"receivables": 2, "receivables.balances": 2, "receivables.overdues": 2}
    assert cost.requests == {"UpdateMultiple": 2, "$batch": 4 + ASKING}


@pytest.mark.proof
def test_ten_thousand_changed_cards_take_less_than_250_requests_with_the_sums_on_their_accounts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with figures_site(tmp_path / "site", MANY) as figures:
        cost = changed(figures)
    tell(capsys, cards=MANY, requests=cost.requests, told=cost.told)
    assert cost.sent < 250 * MANY / 10_000


@pytest.mark.proof
def test_an_aging_run_over_fifty_thousand_customers_writes_two_in_a_hundred(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with figures_site(tmp_path / "site", AGED, AGED * 6 // 10, AGED // 50) as figures:
        first = aged(figures)
    tell(capsys, customers=AGED, written=len(first.cards), requests=first.requests, told=first.told)
    assert 0.02 * AGED <= len(first.cards) <= 0.021 * AGED


def tell(capsys: pytest.CaptureFixture[str], **figures: object) -> None:
    with capsys.disabled():
        print(f"\n{json.dumps(figures)}")
