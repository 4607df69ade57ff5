"""Traces that readers and explorers of the engine found: each the shortest that lost, doubled, hid or repeated something."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gp365.model.entity import Strength
from gp365.model.errors import Rejected
from gp365.store import parked
from sync.engine_world import World, account, customer, flow_with, make_world, written

PARENT = {"gp": "Parent", "sales": "parent", "owner": "gp", "ref": "customers"}


def settled(world: World, **gp: Any) -> str:
    """Bring one customer into step and return the account's id."""
    values = {"Name": "Aaron Fitz", "Street": "1 Main", "Zip": "60603", "Phone": "1111111", "Terms": "NET 30"}
    world.gp_put("AARONFIT0001", **values | gp)
    assert world.sync().clean
    return the_account(world)["id"]


def the_account(world: World) -> dict[str, Any]:
    return next(iter(world.accounts().values()))


def the_customer(world: World) -> dict[str, Any]:
    return next(iter(world.customers().values()))


def test_a_write_that_was_done_is_not_taken_back_when_its_neighbour_must_be_planned_again(
    world: World,
) -> None:
    key = settled(world)
    world.sales_put(key, street="5 Elm")
    world.gp_put("AARONFIT0001", Phone="2222222")

    def meanwhile(*_: object) -> None:
        world.gp.faults.before_write = None
        world.gp_put("AARONFIT0001", Contact="Bell")

    world.gp.faults.before_write = meanwhile
    assert world.sync().balanced
    assert (the_customer(world)["Phone"], the_account(world)["phone"]) == ("2222222", "2222222")
    assert the_customer(world)["Street"] == "5 Elm"
    assert written(world.sync()) == 0


def test_a_persons_decision_about_a_write_that_landed_late_is_carried_out(tmp_path: Path) -> None:
    world = make_world(tmp_path, gp=customer(Strength.REREAD), sales=account())
    key = settled(world)
    world.sales_put(key, street="5 Elm")
    world.gp.faults.delay(1)
    world.sync()
    world.sales_put(key, street="6 Elm")
    world.clock.advance(3600)
    world.sync()
    world.gp.land()
    world.gp_put("AARONFIT0001", Street="5 Elm")
    world.sync()
    (entry,) = world.parked()
    assert entry.code == "superseded"
    with world.store.write() as conn:
        parked.resolve(conn, entry.id, {"take": "sales"}, "controller")
    world.sync()
    assert the_customer(world)["Street"] == "6 Elm" and not world.parked()
    assert written(world.sync()) == 0
    world.store.close()


def test_a_value_that_a_guarded_write_once_failed_to_bring_may_be_typed_by_a_person(tmp_path: Path) -> None:
    world = make_world(tmp_path, gp=customer(Strength.COMPARED), sales=account())
    key = settled(world)
    world.sales_put(key, street="5 Elm")
    world.gp.faults.delay(1)
    world.sync()
    world.sales_put(key, street="6 Elm")
    world.sync()
    world.gp_put("AARONFIT0001", Street="5 Elm")
    world.sync()
    assert the_account(world)["street"] == "5 Elm" and not world.parked()
    world.store.close()


def test_fields_that_were_empty_on_both_sides_at_the_creation_have_agreed_on_it(world: World) -> None:
    world.gp_put("AARONFIT0001", Name="Aaron Fitz", Zip="60603")
    world.sync()
    world.gp_put("AARONFIT0001", Phone="1111111")
    world.sales_put(the_account(world)["id"], phone="2222222")
    world.sync()
    assert [entry.code for entry in world.parked()] == ["conflict"]
    assert (the_customer(world)["Phone"], the_account(world)["phone"]) == ("1111111", "2222222")


def test_a_record_that_was_deleted_before_it_was_linked_is_nobodys_partner(world: World) -> None:
    world.sales_put("a1", name="Lakeside Dental", zip="53202", type=8)
    world.sync()
    world.sales.person_delete("account", ("a1",))
    world.gp_put("LAKESIDE0001", Name="Lakeside Dental", Zip="53202")
    report = world.sync()
    assert report.dispositions["created"] == 1 and not world.parked()
    assert len(world.links()) == 1 and written(world.sync()) == 0


def test_a_refused_write_that_a_person_let_go_is_sent_once(world: World) -> None:
    key = settled(world)
    refusal = Rejected("rejected", "Closed.", system="gp", record="AARONFIT0001", field="Street")
    world.gp.faults.refuse("customer", ("AARONFIT0001",), refusal)
    world.sales_put(key, street="5 Elm")
    world.sync()
    (entry,) = world.parked()
    with world.store.write() as conn:
        parked.resolve(conn, entry.id, {"retry": True}, "controller")
    sent = world.gp.tally().write_requests
    world.sync()
    assert world.gp.tally().write_requests == sent + 1 and len(world.parked()) == 1
    world.sync()
    world.sync()
    assert world.gp.tally().write_requests == sent + 1 and len(world.parked()) == 1


def test_children_of_a_record_that_a_condition_leaves_out_are_parked_with_that_reason(world: World) -> None:
    world.flow = flow_with(parent={**PARENT, "owner": "sales"})
    world.sales_put("a1", name="Parent", zip="1", type=8)
    world.sales_put("a2", name="Child", zip="2", type=3, parent="a1")
    for _ in range(2):
        assert world.sync().balanced
    assert [entry.code for entry in world.parked()] == ["parent-filtered"]
    world.sales_put("a1", type=3)
    world.sync()
    assert not world.parked() and len(world.customers()) == 2
    child = next(row for row in world.customers().values() if row["Name"] == "Child")
    assert child["Parent"] == next(key for key, row in world.customers().items() if row["Name"] == "Parent")
    assert written(world.sync()) == 0


@pytest.mark.parametrize("page", [1, 200])
def test_a_ring_of_parents_comes_into_step_in_one_run(world: World, page: int) -> None:
    world.flow, world.page = flow_with(parent=PARENT), page
    names = ("A0001", "B0001", "C0001")
    for name, parent in zip(names, ("B0001", "C0001", "A0001"), strict=True):
        world.gp_put(name, Name=name, Zip=name, Parent=parent)
    report = world.sync()
    accounts = world.accounts()
    assert accounts["A0001"]["parent"] == accounts["B0001"]["id"]
    assert accounts["C0001"]["parent"] == accounts["A0001"]["id"]
    assert report.balanced and report.clean and report.dispositions["created"] == 3, report
    assert report.considered == 3 and report.dispositions["waiting"] == 0
    second = world.sync()
    assert written(second) == 0 and second.considered == 3 and second.balanced


def test_a_value_that_the_new_partner_cannot_take_is_settled_in_the_run_that_makes_it(world: World) -> None:
    world.sales_put("a1", name="Lakeside Dental", zip="53202", type=3, terms="三十日")
    world.sync()
    assert written(world.sync()) == 0


def test_a_record_is_not_matched_by_what_it_was_called_before(world: World) -> None:
    world.sales_put("a1", name="Lakeside Dental", zip="53202", type=8)
    world.sync()
    world.sales_put("a1", name="Lakeside Farms", zip=None)
    world.gp_put("LAKESIDE0001", Name="Lakeside Dental", Zip="53202")
    assert world.sync().dispositions["created"] == 1
    assert world.accounts()["Lakeside Farms"]["id"] == "a1" and len(world.accounts()) == 2


@pytest.mark.parametrize("strength", list(Strength))
def test_a_refused_write_beside_one_that_was_done_is_not_sent_again(
    tmp_path: Path, strength: Strength
) -> None:
    world = make_world(tmp_path, gp=customer(strength), sales=account(strength))
    key = settled(world)
    world.sales.faults.refuse("account", (key,), Rejected("rejected", "Locked."))
    world.sales_put(key, street="5 Elm")
    world.gp_put("AARONFIT0001", Phone="2222222")
    world.sync()
    assert the_customer(world)["Street"] == "5 Elm"
    sent = world.sales.tally().write_requests
    world.sync()
    assert world.sales.tally().write_requests == sent
    world.sales.faults.accept("account", (key,))
    world.gp_put("AARONFIT0001", Phone="3333333")
    world.sync()
    assert the_account(world)["phone"] == "3333333" and not world.parked()
    world.store.close()
