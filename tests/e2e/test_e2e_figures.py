"""Figures that move in masses: what ten thousand changed cards and an aging run over fifty thousand customers cost.

The long forms are proofs; FIGURES_CARDS and FIGURES_CUSTOMERS set other sizes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e_site import SALES
from figures_site import ACCOUNTS, CARDS, Cost, Figures, figures_site

MANY = int(os.environ.get("FIGURES_CARDS", "10000"))
AGED = int(os.environ.get("FIGURES_CUSTOMERS", "50000"))
AGED_ON = "2026-11-30"
ASKING = 3
"""Batches of questions by which a process begins: what the tables are."""


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Figures]:
    """A few hundred customers: two pages of the engine."""
    with figures_site(tmp_path_factory.mktemp("few") / "site", 250, 5) as made:
        yield made


def changed(figures: Figures) -> Cost:
    """Let every customer owe an invoice more, and sync."""
    figures.owe(figures.numbers, "250.00000")
    cost = figures.synced()
    assert {row["gp365_balance"] for row in figures.at.rows(SALES, CARDS)} == {"250.0000"}
    assert {row["gp365_balances"] for row in figures.at.rows(SALES, ACCOUNTS)} == {"USD 250.00"}
    assert cost.cards == set(figures.numbers) and len(cost.accounts) == len(figures.numbers)
    return cost


def aged(figures: Figures) -> tuple[Cost, Cost]:
    """Age all customers, of whom few owe something, and sync; age again, and sync again."""
    figures.age(AGED_ON)
    first = figures.synced("--full")
    assert first.cards == figures.owing and not first.accounts
    dates = {row["gp365_number"]: row.get("gp365_agedon") for row in figures.at.rows(SALES, CARDS)}
    assert {number for number, day in dates.items() if day == AGED_ON} == first.cards
    assert {day for number, day in dates.items() if number not in first.cards} == {None}
    figures.age(AGED_ON)
    second = figures.synced("--full")
    assert not second.told and not second.cards and not second.accounts
    return first, second


def test_an_aging_run_over_all_customers_writes_only_those_who_owe(few: Figures) -> None:
    first, _ = aged(few)
    assert first.told == {"receivables": 1} and first.requests == {"UpdateMultiple": 1, "$batch": ASKING}


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
    with figures_site(tmp_path / "site", AGED, AGED // 50) as figures:
        first, _ = aged(figures)
    tell(capsys, customers=AGED, written=len(first.cards), requests=first.requests, told=first.told)
    assert 0.02 * AGED <= len(first.cards) <= 0.021 * AGED


def tell(capsys: pytest.CaptureFixture[str], **figures: object) -> None:
    with capsys.disabled():
        print(f"\n{json.dumps(figures)}")
