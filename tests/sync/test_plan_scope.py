"""Linked records that leave their side's condition: they stay linked, and what else happens is the site's choice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync.engine_world import World, written
from sync.plan_world import decide, flow, held_account, held_customer, plan_world, steps_of

ROWS: dict[str, Any] = {
    "inactive": {"gp": "Inactive", "sales": "state", "owner": "ask", "convert": "inactive"},
    "hold": {"gp": "Hold", "sales": "hold", "owner": "gp"},
}


def policy(left_scope: str) -> dict[str, Any]:
    events = {"inactive": "inactive", "hold": "hold", "left_scope": left_scope}
    return flow(ROWS, events=events)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = plan_world(tmp_path)
    made.flow = policy("keep")
    yield made
    made.store.close()


def settled(world: World) -> str:
    world.gp_put("AARONFIT0001", Name="Aaron Fitz", Zip="60603", Inactive=False, Hold=False)
    world.sales_put("A1", name="Aaron Fitz", zip="60603", type=3, hold=False)
    world.sales_put("A1", state=0)
    assert world.sync().clean
    return "A1"


def test_an_account_that_is_a_customer_no_longer_stays_in_step_and_the_ledger_says_so(world: World) -> None:
    key = settled(world)
    world.sales_put(key, type=8, phone="5551000")
    report = world.sync()
    assert held_customer(world)["Phone"] == "5551000" and not world.parked()
    assert [step["left_scope"] for step in steps_of(world)] == ["sales"]
    assert report.dispositions["updated"] == 1 and report.balanced and report.clean
    assert written(world.sync()) == 0


@pytest.mark.parametrize("decision", [{"ignore": True}, {"value": "keep"}])
def test_with_the_policy_ask_a_person_decides_once_and_the_rest_goes_on(
    world: World, decision: dict[str, Any]
) -> None:
    world.flow = policy("ask")
    key = settled(world)
    world.sales_put(key, type=8, phone="5551000")
    report = world.sync()
    [entry] = world.parked()
    assert (entry.field, entry.code) == ("(scope)", "left-scope")
    assert held_customer(world)["Phone"] == "5551000" and report.dispositions["parked"] == 1
    decide(world, decision, "(scope)")
    world.sync()
    assert not world.parked()
    world.sales_put(key, phone="5552000")
    world.sync()
    assert not world.parked() and held_customer(world)["Phone"] == "5552000"


def test_a_record_that_comes_back_ends_the_question_by_itself(world: World) -> None:
    world.flow = policy("ask")
    key = settled(world)
    world.sales_put(key, type=8)
    world.sync()
    assert len(world.parked()) == 1
    world.sales_put(key, type=3)
    assert world.sync().clean and not world.parked()


def test_a_record_that_leaves_again_after_it_came_back_is_asked_about_again(world: World) -> None:
    world.flow = policy("ask")
    key = settled(world)
    for kind in (8, 3, 8):
        world.sales_put(key, type=kind)
        world.sync()
        if kind == 8 and world.parked():
            decide(world, {"value": "keep"}, "(scope)")
            world.sync()
    world.sales_put(key, type=3)
    world.sync()
    world.sales_put(key, type=8)
    world.sync()
    assert [entry.code for entry in world.parked()] == ["left-scope"]


def test_with_the_policy_hold_the_customer_is_put_on_hold_once(world: World) -> None:
    world.flow = policy("hold")
    key = settled(world)
    world.sales_put(key, type=8)
    world.sync()
    assert held_customer(world)["Hold"] is True and held_account(world)["hold"] is False
    assert written(world.sync()) == 0 and not world.parked()
    world.gp_put("AARONFIT0001", Hold=False)
    world.sync()
    assert held_customer(world)["Hold"] is False, "the credit manager released it"
    world.sales_put(key, phone="5551000")
    world.sync()
    assert held_customer(world)["Hold"] is False


def test_with_the_policy_inactivate_the_customer_is_made_inactive(world: World) -> None:
    world.flow = policy("inactivate")
    key = settled(world)
    world.sales_put(key, type=8)
    world.sync()
    assert held_customer(world)["Inactive"] is True and held_account(world)["state"] == 0
    assert written(world.sync()) == 0 and not world.parked()


def test_a_person_may_answer_with_hold(world: World) -> None:
    world.flow = policy("ask")
    key = settled(world)
    world.sales_put(key, type=8)
    world.sync()
    decide(world, {"value": "hold"}, "(scope)")
    world.sync()
    assert held_customer(world)["Hold"] is True and not world.parked()


def test_a_condition_that_cannot_be_worked_out_any_more_takes_nothing_out_of_scope(world: World) -> None:
    world.flow = policy("ask")
    key = settled(world)
    world.flow = {**policy("ask"), "sides": {**policy("ask")["sides"]}}
    world.flow["sides"]["sales"] = {
        **world.flow["sides"]["sales"],
        "when": "type === 3 && lookup('gone', name)",
    }
    world.sales_put(key, phone="5551000")
    world.sync()
    assert not world.parked() and held_customer(world)["Phone"] == "5551000"
