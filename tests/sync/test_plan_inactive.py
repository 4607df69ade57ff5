"""Records that are made inactive, or active again, on one side: shown, and carried over only where the site says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gp365.model.errors import Rejected
from sync.engine_world import World, written
from sync.plan_world import decide, flow, held_account, held_customer, plan_world, told

ROWS: dict[str, Any] = {
    "inactive": {"gp": "Inactive", "sales": "state", "owner": "ask", "convert": "inactive"},
    "hold": {"gp": "Hold", "sales": "hold", "owner": "gp"},
}


def policy(deactivated: str) -> dict[str, Any]:
    return flow(ROWS, events={"inactive": "inactive", "hold": "hold", "deactivated": deactivated})


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = plan_world(tmp_path)
    made.flow = policy("ask")
    yield made
    made.store.close()


def settled(world: World, *, inactive: bool = False, state: int = 0) -> str:
    """Bring one firm, known to both systems, into step."""
    world.gp_put("AARONFIT0001", Name="Aaron Fitz", Zip="60603", Inactive=inactive, Hold=False)
    world.sales_put("A1", name="Aaron Fitz", zip="60603", type=3, hold=False)
    world.sales_put("A1", state=state)
    assert world.sync().clean
    return "A1"


def test_a_customer_made_inactive_in_gp_closes_no_account_until_a_person_says_so(world: World) -> None:
    settled(world)
    world.gp_put("AARONFIT0001", Inactive=True, Street="5 Elm")
    report = world.sync()
    [entry] = world.parked()
    assert (entry.field, entry.code) == ("inactive", "deactivated") and "gp" in entry.message
    assert held_account(world)["state"] == 0 and held_account(world)["street"] == "5 Elm"
    assert report.dispositions["parked"] == 1 and report.balanced
    decide(world, {"take": "gp"}, "inactive")
    world.sync()
    assert held_account(world)["state"] == 1 and not world.parked()
    assert written(world.sync()) == 0


def test_a_person_can_make_the_customer_active_again_instead(world: World) -> None:
    settled(world)
    world.gp_put("AARONFIT0001", Inactive=True)
    world.sync()
    decide(world, {"take": "sales"}, "inactive")
    world.sync()
    assert held_customer(world)["Inactive"] is False and held_account(world)["state"] == 0
    assert not world.parked() and written(world.sync()) == 0


def test_an_account_made_inactive_in_sales_is_the_same_event(world: World) -> None:
    key = settled(world)
    world.sales_put(key, state=1)
    world.sync()
    [entry] = world.parked()
    assert entry.code == "deactivated" and "sales" in entry.message
    assert held_customer(world)["Inactive"] is False
    world.sales_put(key, state=0)
    assert world.sync().clean and not world.parked()


def test_a_customer_that_is_active_again_is_shown_too(world: World) -> None:
    settled(world, inactive=True, state=1)
    world.gp_put("AARONFIT0001", Inactive=False)
    world.sync()
    assert "active" in world.parked()[0].message and held_account(world)["state"] == 1


def test_first_contact_never_deactivates_an_account(world: World) -> None:
    settled(world, inactive=True)
    assert held_account(world)["state"] == 0 and not world.parked()
    assert written(world.sync(full=True)) == 0
    world.gp_put("AARONFIT0001", Street="5 Elm")
    report = world.sync()
    assert report.fields["held"] == 1 and told(world, "inactive")["verdict"] == "held"
    assert held_account(world)["state"] == 0 and held_account(world)["street"] == "5 Elm"


def test_with_the_policy_ignore_a_deactivation_is_remembered_and_never_mentioned_again(world: World) -> None:
    world.flow = policy("ignore")
    settled(world)
    world.gp_put("AARONFIT0001", Inactive=True)
    report = world.sync()
    assert report.fields["held"] == 1 and held_account(world)["state"] == 0 and not world.parked()
    world.gp_put("AARONFIT0001", Street="5 Elm")
    world.sync()
    assert "settled" in told(world, "inactive")["why"]
    world.gp_put("AARONFIT0001", Inactive=False)
    assert world.sync().clean and held_account(world)["state"] == 0


def test_with_the_policy_inactivate_the_move_is_carried_both_ways(world: World) -> None:
    world.flow = policy("inactivate")
    key = settled(world)
    world.gp_put("AARONFIT0001", Inactive=True)
    world.sync()
    assert held_account(world)["state"] == 1
    world.sales_put(key, state=0)
    world.sync()
    assert held_customer(world)["Inactive"] is False and written(world.sync()) == 0


def test_with_the_policy_hold_the_other_record_is_put_on_hold_and_stays_there(world: World) -> None:
    world.flow = policy("hold")
    settled(world)
    world.gp_put("AARONFIT0001", Inactive=True)
    world.sync()
    assert (held_account(world)["state"], held_account(world)["hold"]) == (0, True)
    assert held_customer(world)["Hold"] is False and not world.parked()
    assert written(world.sync()) == 0
    world.gp_put("AARONFIT0001", Street="5 Elm")
    world.sync()
    assert held_account(world)["hold"] is True
    world.gp_put("AARONFIT0001", Inactive=False)
    world.sync()
    assert held_account(world)["hold"] is True, "a hold is lifted by people"


def test_an_account_made_inactive_puts_the_customer_on_hold(world: World) -> None:
    world.flow = policy("hold")
    key = settled(world)
    world.sales_put(key, state=1)
    world.sync()
    assert held_customer(world)["Hold"] is True and held_customer(world)["Inactive"] is False


def test_gps_refusal_to_inactivate_is_parked_in_its_own_words(world: World) -> None:
    world.flow = policy("inactivate")
    key = settled(world)
    words = "You cannot make this customer inactive; there are open documents: ORD1001."
    world.gp.faults.refuse("customer", ("AARONFIT0001",), Rejected("rejected", words))
    world.sales_put(key, state=1)
    report = world.sync()
    assert report.dispositions["rejected"] == 1
    assert [entry.message for entry in world.parked()] == [words]
    assert held_customer(world)["Inactive"] is False and written(world.sync()) == 0
