"""Amounts in GP's functional currency: shown where the record has that currency, nowhere as another currency's."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sync.engine_world import World, written
from sync.plan_world import CAD, USD, flow, held_account, plan_world, told

MIRROR: dict[str, Any] = {
    "limit": None,
    "currency": {"sales": "currency", "on_create": "lookup('currencies', 'USD')"},
    "credit": {
        "gp": ["Type", "Limit"],
        "sales": "limit",
        "owner": "gp",
        "convert": "credit_limit",
        "in_currency": "currency",
    },
}
GROUP: dict[str, Any] = {
    "limit": None,
    "currency": {"sales": "currency", "on_create": "lookup('currencies', 'USD')"},
    "credit": {
        "group": True,
        "owner": "gp",
        "fields": {
            "type": {"gp": "Type", "sales": "credit"},
            "limit": {
                "gp": ["Type", "Limit"],
                "sales": "limit",
                "convert": "credit_limit",
                "in_currency": "currency",
            },
        },
    },
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = plan_world(tmp_path)
    made.flow = flow(MIRROR)
    yield made
    made.store.close()


def firm(world: World, currency: str | None, **account: Any) -> None:
    """A firm that both systems know, with a limit of 50,000 in GP."""
    world.gp_put("VANCOUVE0001", Name="Vancouver Resort", Zip="V6B 1A1", Type=2, Limit=Decimal("50000.00"))
    world.sales_put("A1", name="Vancouver Resort", zip="V6B 1A1", type=3, currency=currency, **account)


def test_an_account_in_the_functional_currency_shows_the_limit(world: World) -> None:
    firm(world, USD)
    world.sync()
    assert held_account(world)["limit"] == Decimal("50000.00")


def test_nothing_says_that_a_limit_of_50000_us_dollars_is_one_of_50000_canadian(world: World) -> None:
    """Acceptance, row 7: the account is in Canadian dollars, the limit in the company's US dollars."""
    firm(world, CAD)
    report = world.sync()
    assert held_account(world)["limit"] is None and report.clean and not world.parked()
    world.gp_put("VANCOUVE0001", Limit=Decimal("60000.00"))
    world.sync()
    assert held_account(world)["limit"] is None
    assert told(world, "credit")["verdict"] == "read_only"
    assert told(world, "credit")["why"] == "the account is in CAD, credit in USD"
    assert written(world.sync()) == 0


def test_a_figure_that_a_person_wrote_in_the_accounts_own_currency_is_theirs(world: World) -> None:
    firm(world, CAD, limit=Decimal("12000.00"))
    report = world.sync()
    assert held_account(world)["limit"] == Decimal("12000.00") and report.fields["overruled"] == 0
    world.sales_put("A1", currency=USD)
    world.sync()
    assert held_account(world)["limit"] == Decimal("50000.00")


def test_a_later_change_of_currency_is_noticed_both_ways(world: World) -> None:
    firm(world, USD)
    world.sync()
    world.sales_put("A1", currency=CAD)
    assert world.sync().fields["overruled"] == 0
    assert held_account(world)["limit"] is None
    assert written(world.sync()) == 0
    world.sales_put("A1", currency=USD)
    world.sync()
    assert held_account(world)["limit"] == Decimal("50000.00")
    assert written(world.sync()) == 0


def test_a_limit_changed_while_the_currency_was_another_arrives_with_the_right_one(world: World) -> None:
    firm(world, CAD)
    world.sync()
    world.gp_put("VANCOUVE0001", Limit=Decimal("75000.00"))
    world.sync()
    world.sales_put("A1", currency=USD)
    world.sync()
    assert held_account(world)["limit"] == Decimal("75000.00")


def test_an_account_without_a_currency_shows_no_limit(world: World) -> None:
    firm(world, None)
    world.sync()
    assert held_account(world)["limit"] is None


def test_a_new_account_in_the_functional_currency_has_the_limit_at_once(world: World) -> None:
    world.gp_put("SEATTLEX0001", Name="Seattle Hotel", Type=2, Limit=Decimal("50000.00"))
    world.sync()
    account = held_account(world)
    assert (account["currency"], account["limit"]) == (USD, Decimal("50000.00"))
    assert written(world.sync()) == 0


def test_a_new_account_in_another_currency_is_made_without_the_limit(world: World) -> None:
    world.flow = flow(
        {**MIRROR, "currency": {"sales": "currency", "on_create": "lookup('currencies', 'CAD')"}}
    )
    world.gp_put("VANCOUVE0001", Name="Vancouver Resort", Type=2, Limit=Decimal("50000.00"))
    report = world.sync()
    account = held_account(world)
    assert (account["currency"], account["limit"]) == (CAD, None) and report.clean
    assert written(world.sync()) == 0


def test_on_a_card_whose_currency_was_changed_type_and_amount_still_decide_together(world: World) -> None:
    world.flow = flow(GROUP)
    firm(world, USD)
    world.sync()
    assert (held_account(world)["credit"], held_account(world)["limit"]) == (2, Decimal("50000.00"))
    world.sales_put("A1", currency=CAD)
    world.sync()
    assert (held_account(world)["credit"], held_account(world)["limit"]) == (2, None)
    world.gp_put("VANCOUVE0001", Type=1)
    world.sync()
    assert (held_account(world)["credit"], held_account(world)["limit"]) == (1, None)
    world.gp_put("VANCOUVE0001", Type=2)
    world.sales_put("A1", currency=USD)
    world.sync()
    assert (held_account(world)["credit"], held_account(world)["limit"]) == (2, Decimal("50000.00"))


def test_an_amount_that_nobody_owns_is_left_as_it_is_on_both_sides(world: World) -> None:
    shared = {**MIRROR["credit"], "owner": "ask", "gp": "Limit", "convert": ""}
    world.flow = flow({**MIRROR, "credit": shared})
    firm(world, CAD, limit=Decimal("70.00"))
    world.sync()
    world.sales_put("A1", limit=Decimal("80.00"))
    world.sync()
    assert held_account(world)["limit"] == Decimal("80.00")
    assert world.customers()["VANCOUVE0001"]["Limit"] == Decimal("50000.00")
    assert "CAD" in told(world, "credit")["why"]
