"""People's decisions on records without a partner: linked by hand, created all the same, or left alone for good."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gp365.model.errors import Rejected
from gp365.sync.points import no_probe
from sync.engine_world import World, customer, flow_with, written
from sync.events_world import (
    codes,
    decide,
    decide_on,
    ends,
    entry,
    events_told,
    events_world,
    in_turns,
    link_of,
    linked_firms,
    remove,
)
from sync.test_events_renumbered import Killed, kill_at


@pytest.fixture
def firms(tmp_path: Path) -> Iterator[World]:
    made = events_world(tmp_path)
    yield made
    made.store.close()


def settled(world: World) -> None:
    report = world.sync()
    assert written(report) == 0 and report.balanced and report.clean, report
    assert world.chain_holds()


def number_alone(world: World) -> None:
    """A customer and an account that agree in their number and in nothing else."""
    world.gp_put("10015", Name="Contoso, Ltd.", Zip="60603", Phone="111")
    world.sales_put("a1", name="Another Firm", number="10015", zip="99999", type=3, phone="222")
    world.sync()
    assert codes(world) == ["number-alone", "number-alone"]


def of_side(world: World, left: bool) -> None:
    assert any((one.left_key is not None) is left for one in world.parked())


@pytest.mark.parametrize("from_gp", [True, False])
def test_two_records_that_a_person_links_by_hand_meet_for_the_first_time(firms: World, from_gp: bool) -> None:
    world = firms
    number_alone(world)
    mine = next(one for one in world.parked() if (one.left_key is not None) is from_gp)
    decide_on(world, mine, link="a1" if from_gp else "10015")
    report = world.sync()
    assert report.balanced and not world.parked() and ends(world) == {("10015", "a1")}
    assert link_of(world, left="10015").made_by == "linked by controller"
    assert world.sales.rows("account")[("a1",)]["phone"] == "111", "first contact: gp wins"
    told = [one for one in events_told(world) if one["event"] == "decided"]
    assert [(one["decision"], one["by"], one["of"]) for one in told] == [
        ("link", "controller", "number-alone")
    ]
    settled(world)


def test_a_hand_made_link_asks_about_every_field_where_first_contact_asks(firms: World) -> None:
    world = firms
    world.flow = {**world.flow, "first_contact": "ask"}
    number_alone(world)
    decide_on(world, world.parked()[0], link="a1" if world.parked()[0].left_key else "10015")
    assert world.sync().balanced
    assert ends(world) == {("10015", "a1")} and set(codes(world)) == {"first-contact"}
    assert {one.field for one in world.parked()} == {"name", "address", "phone"}
    settled(world)


def test_a_record_that_a_person_wants_created_is_created_whatever_looks_like_it(firms: World) -> None:
    world = firms
    number_alone(world)
    mine = next(one for one in world.parked() if one.left_key is not None)
    decide_on(world, mine, create=True)
    report = world.sync()
    assert report.balanced and len(world.accounts()) == 2
    assert world.accounts()["Contoso, Ltd."]["phone"] == "111"
    assert link_of(world, left="10015").right_key != "a1"
    other = entry(world)
    assert other.right_key == "a1" and other.code in ("number-alone", "candidates")
    decide_on(world, other, create=True)
    assert world.sync().balanced and not world.parked()
    assert len(world.customers()) == len(world.accounts()) == len(ends(world)) == 2
    settled(world)


def test_a_record_that_a_person_ignores_is_left_out_for_good(firms: World) -> None:
    world = firms
    number_alone(world)
    for one in world.parked():
        decide_on(world, one, ignore=True)
    report = world.sync()
    assert report.dispositions["filtered"] == 2 and report.balanced and not world.parked()
    assert ends(world, "closed") == {("10015", None), (None, "a1")}
    world.gp_put("10015", Name="Another name", Zip="5")
    world.sales_put("a1", name="A third name")
    report = world.sync()
    assert report.dispositions["filtered"] == 2 and len(world.accounts()) == len(world.customers()) == 1
    settled(world)


def test_a_record_that_was_ignored_can_still_be_linked_by_a_later_decision(firms: World) -> None:
    world = firms
    number_alone(world)
    for one in world.parked():
        decide_on(world, one, ignore=True)
    world.sync()
    (account,) = linked_firms(world, "AAA1").values()
    remove(world, "AAA1")
    world.sync()
    decide(world, "target-gone", link="10015")
    assert world.sync().balanced and not world.parked()
    assert ends(world) == {("10015", account)} and (None, "a1") in ends(world, "closed")
    settled(world)


def test_an_account_whose_candidate_lost_its_own_account_takes_the_link_over(firms: World) -> None:
    world = firms
    (account,) = linked_firms(world, "AAA1").values()
    world.sales.person_delete("account", (account,))
    world.sales_put("a2", name="Firm AAA1", zip="10000", type=3, phone="222")
    world.sync()
    mine = next(one for one in world.parked() if one.right_key == "a2")
    assert mine.code == "candidates"
    decide_on(world, mine, link="AAA1")
    report = world.sync()
    assert report.balanced and not world.parked() and ends(world) == {("AAA1", "a2")}
    assert len(world.links()) == 1 and len(world.customers()) == 1
    settled(world)


def test_a_candidate_that_vanished_before_the_decision_was_carried_out_is_not_linked(firms: World) -> None:
    world = firms
    number_alone(world)
    mine = next(one for one in world.parked() if one.left_key is not None)
    decide_on(world, mine, link="nobody")
    world.sync()
    assert "resolution-stale" in codes(world) and not world.links()
    world.sync()
    assert codes(world) == ["number-alone", "number-alone"]


@pytest.mark.parametrize("answer", [{"take": "gp"}, {"value": "x"}])
def test_a_decision_that_makes_no_sense_is_refused_and_asked_anew(
    firms: World, answer: dict[str, str]
) -> None:
    world = firms
    number_alone(world)
    mine = next(one for one in world.parked() if one.left_key is not None)
    decide_on(world, mine, **answer)
    world.sync()
    assert "resolution-invalid" in codes(world) and not world.links()
    world.sync()
    assert codes(world) == ["number-alone", "number-alone"]


def test_a_record_whose_create_is_refused_can_be_left_alone(firms: World) -> None:
    world = firms
    world.sales_put("a1", name="Lakeside Dental", zip="53202", type=3)
    world.gp.faults.refuse("customer", ("LAKESIDE0001",), Rejected("rejected", "No."))
    world.sync()
    sent = world.gp.tally().write_requests
    decide(world, "rejected", ignore=True)
    report = world.sync()
    assert report.dispositions["filtered"] == 1 and report.balanced and not world.parked()
    assert world.gp.tally().write_requests == sent and ends(world, "closed") == {(None, "a1")}
    settled(world)


def test_a_record_that_a_plan_stops_can_be_left_alone(firms: World) -> None:
    world = firms
    world.flow = flow_with(type={"sales": "type", "on_create": "8"})
    world.gp_put("LAKESIDE0001", Name="Lakeside Dental", Zip="53202")
    world.sync()
    decide(world, "outside-condition", ignore=True)
    report = world.sync()
    assert report.dispositions["filtered"] == 1 and not world.parked() and report.balanced
    settled(world)


def no_mark(_: int) -> str:
    return ""


@pytest.fixture
def unmarked(tmp_path: Path) -> Iterator[World]:
    """GP without birth marks: a new customer beside a vanished one may be the same under another number."""
    made = events_world(tmp_path, replace(customer()))
    made.gp.system.birth = no_mark
    made.gp_put("AAA1", Name="Firm AAA1", Zip="1", Phone="1")
    made.sync()
    made.gp.person_rename("customer", ("AAA1",), ("AAA9",))
    made.gp_put("AAA9", Name="Renamed", Zip="2")
    made.sync()
    yield made
    made.store.close()


def test_a_person_says_that_a_new_customer_is_the_vanished_one_under_another_number(unmarked: World) -> None:
    world = unmarked
    assert codes(world) == ["beside-event", "target-gone"]
    decide(world, "beside-event", link="AAA1")
    report = world.sync()
    (account,) = world.accounts().values()
    assert report.balanced and not world.parked() and ends(world) == {("AAA9", account["id"])}
    assert account["name"] == "Renamed", "what was agreed is kept, so GP's edit flows"
    settled(world)


def test_a_person_says_that_a_new_customer_beside_a_vanished_one_is_new(unmarked: World) -> None:
    world = unmarked
    decide(world, "beside-event", create=True)
    assert world.sync().balanced
    assert len(world.accounts()) == 2 and codes(world) == ["target-gone"]
    settled(world)


@pytest.mark.parametrize("point", ["claimed", "repaired", "intent", "sent", "recorded"])
@pytest.mark.parametrize("what", ["link", "create", "ignore", "share"])
def test_a_decision_on_a_new_record_that_is_interrupted_anywhere_is_carried_out_once(
    firms: World, point: str, what: str
) -> None:
    world = firms
    if what == "share":
        (account,) = linked_firms(world, "AAA1").values()
        world.gp_put("10015", Name="Firm AAA1", Zip="10000")
        world.sync()
        decide(world, "candidates", link=account)
    else:
        number_alone(world)
        mine = next(one for one in world.parked() if one.left_key is not None)
        answer = {"link": {"link": "a1"}, "create": {"create": True}, "ignore": {"ignore": True}}[what]
        decide_on(world, mine, **answer)
    world.probe = kill_at(point)
    try:
        world.sync()
    except Killed:
        pass
    world.probe = no_probe
    world.clock.advance(3600)
    assert in_turns(world).balanced
    mine = link_of(world, left="10015")
    assert mine.state == {"link": "open", "create": "open", "ignore": "closed", "share": "shared"}[what]
    assert (mine.right_key == "a1") == (what == "link")
    assert not [one for one in world.parked() if one.left_key == "10015"]
    assert len(world.customers()) == (2 if what == "share" else 1)
    assert len(world.accounts()) == (2 if what == "create" else 1)
    settled(world)
