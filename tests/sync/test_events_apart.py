"""Linked records that agree no longer in what they were matched by, and deletions on a side that the flow judges apart."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from gp365.model.flow import compile_flow
from gp365.model.flow_file import FlowFile
from gp365.sync.reconcile import Why
from sync.engine_world import FLOW, World, make_world, written
from sync.events_world import codes, decide, decide_on, entry, remove
from sync.planted_defects import look

LINES = {
    **FLOW,
    "sides": {
        "gp": {"entity": "customer"},
        "sales": {"entity": "account", "update": True, "gone": "ask"},
    },
    "match": [{"same": ["name", "limit"]}, {"alone": ["name"]}],
    "fields": {
        "name": {"gp": "Name", "sales": "name", "read_only": True},
        "limit": {"gp": "Limit", "sales": "limit", "read_only": True},
        "phone": {"gp": "Phone", "sales": "phone", "owner": "gp"},
    },
    "events": {"gone": "ignore", "apart": "ask"},
}
"""A flow that holds two records together by a total that the other system works out."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = make_world(tmp_path)
    made.flow = LINES
    for number in ("ONE", "TWO"):
        made.gp_put(number, Name=f"Invoice {number}", Limit=Decimal("360.00"), Phone="1")
        made.sales_put(number.lower(), name=f"Invoice {number}", limit=Decimal("360.00"), phone="1", type=3)
    assert made.sync().clean and len(made.links()) == 2
    made.clock.advance(3600)
    yield made
    made.store.close()


def phone(world: World, key: str) -> object:
    return world.sales.rows("account")[(key,)]["phone"]


def test_a_total_that_is_another_by_now_is_shown_and_nothing_is_written_until_it_is_right(
    world: World,
) -> None:
    world.sales_put("one", limit=Decimal("7.00"))
    world.gp_put("ONE", Phone="2")
    report = world.sync()
    assert (codes(world), written(report), report.balanced) == (["apart"], 0, True)
    told = "What linked the two has come apart: limit is 360 on gp and 7 on sales."
    assert entry(world, "apart").message == told
    world.sales_put("one", limit=Decimal("360.00"))
    report = world.sync()
    assert (codes(world), written(report), phone(world, "one")) == ([], 1, "2")


def test_a_person_may_leave_them_apart_for_good(world: World) -> None:
    world.sales_put("one", limit=Decimal("7.00"))
    world.sync()
    decide(world, "apart", ignore=True)
    world.sales_put("one", limit=Decimal("8.00"))
    world.sync()
    assert codes(world) == ["apart"]  # not what the person was shown
    decide(world, "apart", ignore=True)
    world.gp_put("ONE", Phone="2")
    report = world.sync()
    assert (codes(world), phone(world, "one"), report.balanced) == ([], "1", True)


def test_what_a_person_has_linked_stays_in_step_though_it_agrees_in_nothing_else(world: World) -> None:
    world.gp_put("THREE", Name="Invoice THREE", Limit=Decimal("360.00"), Phone="1")
    world.sales_put("three", name="Invoice THREE", limit=Decimal("7.00"), phone="1", type=3)
    world.sync()
    (mine,) = [one for one in world.parked() if one.left_key == "THREE"]
    decide_on(world, mine, link="three")
    world.sync()
    world.gp_put("THREE", Phone="2")
    assert (world.sync().balanced, codes(world), phone(world, "three")) == (True, [], "2")


def test_a_reconciliation_does_not_take_it_for_a_field_that_is_merely_read(world: World) -> None:
    world.sales_put("one", limit=Decimal("7.00"))
    (found,) = look(world).differences
    assert [(one.field, one.reason.why) for one in found.fields] == [("limit", Why.CHANGED)]
    world.sync()
    told = look(world)
    (found,) = told.differences
    assert [one.reason.why for one in found.fields] == [Why.PARKED]
    assert told.verdict == "parked"


def test_what_every_sync_has_passed_over_is_drift(world: World) -> None:
    row = world.sales.system.tables["account"].find(("one",))
    assert row is not None
    row.values.update(limit=Decimal("7.00"))  # type: ignore[attr-defined]
    world.clock.advance(3600)
    assert world.sync().clean
    told = look(world)
    assert (told.verdict, told.counts.drift) == ("drift", 1)


def test_a_deletion_is_judged_by_the_side_on_which_it_happened(world: World) -> None:
    remove(world, "ONE")
    world.sales.person_delete("account", ("two",))
    world.sync()
    assert codes(world) == ["target-gone"]
    assert entry(world).left_key == "TWO"


def test_a_flow_that_does_not_use_these_words_keeps_its_version() -> None:
    plain = compile_flow(FlowFile.model_validate(FLOW), ("gp", "sales"))
    assert b"apart" not in plain.body and b"gone" in plain.body
    sides = FLOW["sides"]
    said = {**FLOW, "sides": {**sides, "gp": {**sides["gp"], "gone": ""}}, "events": {"apart": "keep"}}
    assert compile_flow(FlowFile.model_validate(said), ("gp", "sales")).digest == plain.digest
