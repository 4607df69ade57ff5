"""The rule of a field: the named traces that a plainer design loses, doubles or hides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gp365.model.entity import Strength
from gp365.model.lookups import lookup
from gp365.store import parked
from sync import engine_world
from sync.engine_world import World, flow_with, make_world, written


@pytest.fixture(params=list(Strength))
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    """The small world in each of the four write strengths."""
    strength: Strength = request.param
    made = make_world(tmp_path, gp=engine_world.customer(strength), sales=engine_world.account(strength))
    yield made
    made.store.close()


def settled(world: World, **gp: Any) -> str:
    """Bring one customer into step and return the account's id."""
    values = {
        "Name": "Aaron Fitz",
        "Street": "1 Main",
        "Zip": "60603",
        "Phone": "31255501020000",
        "Terms": "NET 30",
    } | gp
    world.gp_put("AARONFIT0001", **values)
    report = world.sync()
    assert report.balanced and report.clean
    return next(iter(world.accounts().values()))["id"]


def account(world: World) -> dict[str, Any]:
    return next(iter(world.accounts().values()))


def customer(world: World) -> dict[str, Any]:
    return world.customers()["AARONFIT0001"]


def test_equal_edits_on_both_sides_are_recorded_as_agreed(world: World) -> None:
    key = settled(world)
    world.gp_put("AARONFIT0001", Name="Aaron Fitz Jr")
    world.sales_put(key, name="Aaron Fitz Jr")
    assert written(world.sync()) == 0
    world.gp_put("AARONFIT0001", Name="Aaron Senior")
    world.sync()
    assert account(world)["name"] == "Aaron Senior" and not world.parked()


def test_an_edit_hidden_behind_the_fit_is_not_lost_when_the_other_side_moves(world: World) -> None:
    key = settled(world)
    world.sales_put(key, name="Aaron Fitz of the Far Far West")
    world.sync()
    assert customer(world)["Name"] == "Aaron Fitz of the Fa"
    world.sales_put(key, name="Aaron Fitz of the Far Far East")
    assert written(world.sync()) == 0
    world.gp_put("AARONFIT0001", Name="AAron Fitz of the Fa")
    report = world.sync()
    assert account(world)["name"] == "AAron Fitz of the Far Far East", report


def test_an_edit_of_a_field_that_the_other_side_owns_is_overruled_and_counted(world: World) -> None:
    key = settled(world)
    world.sales_put(key, terms="NET 90")
    report = world.sync()
    assert account(world)["terms"] == "NET 30"
    assert report.fields["overruled"] == 1


def test_an_empty_value_of_the_owner_clears_the_other_side(world: World) -> None:
    settled(world)
    world.gp_put("AARONFIT0001", Terms=None)
    world.sync()
    assert account(world)["terms"] is None


def test_an_empty_value_of_the_owner_does_not_clear_where_the_row_forbids_it(world: World) -> None:
    key = settled(world)
    world.sales_put(key, contact="Ann Bell")
    world.sync()
    assert customer(world)["Contact"] == "Ann Bell"
    world.sales_put(key, contact=None)
    report = world.sync()
    assert customer(world)["Contact"] == "Ann Bell"
    assert report.fields["held"] == 1 and written(world.sync()) == 0


def test_an_emptied_two_way_field_does_not_clear_the_other_side(world: World) -> None:
    key = settled(world)
    world.sales_put(key, phone=None)
    report = world.sync()
    assert customer(world)["Phone"] == "31255501020000" and report.fields["held"] == 1


def test_neither_side_moved_but_the_lookup_changed_so_the_pair_stays_as_it_was(world: World) -> None:
    table = lookup("terms", ("gp", "sales"), [("NET 30", "Net thirty")])
    world.lookups = {"terms": table}
    world.flow = flow_with(terms={"gp": "Terms", "sales": "terms", "owner": "gp", "lookup": "terms"})
    key = settled(world)
    assert account(world)["terms"] == "Net thirty"
    world.lookups = {
        "terms": lookup("terms", ("gp", "sales"), [("NET 30", "30 days"), ("NET 31", "Net thirty")])
    }
    report = world.sync(full=True)
    assert account(world)["terms"] == "Net thirty" and written(report) == 0
    world.sales_put(key, street="5 Elm")
    assert world.sync().fields["held"] == 1


def test_a_row_that_is_mapped_anew_has_no_agreed_pair(world: World) -> None:
    key = settled(world)
    world.sales_put(key, phone="1")
    world.flow = flow_with(phone={"gp": "Contact", "sales": "phone", "owner": "ask"}, contact=None)
    report = world.sync()
    assert customer(world)["Contact"] == "1" and report.balanced
    assert customer(world)["Phone"] == "31255501020000"


def test_the_stamp_of_a_record_is_not_the_stamp_of_a_field(world: World) -> None:
    world.flow = flow_with(name={"gp": "Name", "sales": "name", "owner": "latest"})
    key = settled(world)
    world.sales_put(key, name="Aaron in Sales")
    world.gp_put("AARONFIT0001", Name="Aaron in GP")
    world.clock.advance(60)
    world.gp_put("AARONFIT0001", Street="7 Oak")
    report = world.sync()
    assert [entry.field for entry in world.parked()] == ["name"] and report.dispositions["parked"] == 1
    assert account(world)["name"] == "Aaron in Sales" and account(world)["street"] == "7 Oak"


def test_a_conflict_stops_only_its_own_group_and_is_ended_by_people(world: World) -> None:
    key = settled(world)
    world.sales_put(key, street="9 High", phone="41455501020000")
    world.gp_put("AARONFIT0001", Zip="53202")
    report = world.sync()
    assert report.dispositions["parked"] == 1
    assert customer(world)["Phone"] == "41455501020000"
    assert (customer(world)["Street"], customer(world)["Zip"]) == ("1 Main", "53202")
    assert (account(world)["street"], account(world)["zip"]) == ("9 High", "60603")
    world.sales_put(key, street="1 Main", zip="53202")
    world.sync()
    assert not world.parked() and written(world.sync()) == 0


def test_a_resolution_applies_only_to_the_values_that_were_shown(world: World) -> None:
    key = settled(world)
    world.sales_put(key, name="Aaron in Sales")
    world.gp_put("AARONFIT0001", Name="Aaron in GP")
    world.sync()
    (entry,) = world.parked()
    with world.store.write() as conn:
        parked.resolve(conn, entry.id, {"take": "gp"}, "controller")
    world.sales_put(key, name="Aaron again")
    world.sync()
    assert account(world)["name"] == "Aaron again"
    (again,) = world.parked()
    with world.store.write() as conn:
        parked.resolve(conn, again.id, {"take": "gp"}, "controller")
    report = world.sync()
    assert account(world)["name"] == "Aaron in GP" and not world.parked(), report
    assert written(world.sync()) == 0


def test_a_value_given_by_a_person_goes_to_both_sides(world: World) -> None:
    key = settled(world)
    world.sales_put(key, name="Aaron in Sales")
    world.gp_put("AARONFIT0001", Name="Aaron in GP")
    world.sync()
    (entry,) = world.parked()
    with world.store.write() as conn:
        parked.resolve(conn, entry.id, {"value": "Aaron"}, "controller")
    world.sync()
    assert account(world)["name"] == customer(world)["Name"] == "Aaron"


def test_a_read_back_that_a_person_has_changed_is_not_taken_for_agreed(world: World) -> None:
    key = settled(world)
    world.gp_put("AARONFIT0001", Name="Aaron New")
    world.sales.faults.after_commit = lambda *_: (
        world.sales_put(key, name="Aaron by a person"),
        setattr(world.sales.faults, "after_commit", None),
    )
    world.sync()
    report = world.sync()
    assert customer(world)["Name"] == "Aaron by a person", report


def test_a_name_outside_the_code_page_is_parked_and_never_transliterated(world: World) -> None:
    key = settled(world)
    world.sales_put(key, name="株式会社レイク", street="2 Elm")
    report = world.sync()
    (entry,) = world.parked()
    assert entry.code == "not-in-code-page" and entry.field == "name"
    assert customer(world)["Name"] == "Aaron Fitz" and customer(world)["Street"] == "2 Elm"
    assert report.dispositions["parked"] == 1


@pytest.mark.parametrize("hidden", ["gp", "sales"])
def test_a_change_beside_a_record_that_we_may_not_see_waits_until_we_may(world: World, hidden: str) -> None:
    world.gp_put("AARONFIT0001", Name="Aaron Fitz", Phone="1", Zip="1")
    world.sales_put("a1", name="Aaron Fitz", number="AARONFIT0001", phone="1", zip="1", type=3)
    world.sync()
    entity, key = ("account", "a1") if hidden == "sales" else ("customer", "AARONFIT0001")
    system = world.sales if hidden == "sales" else world.gp
    system.person_hide(entity, (key,))
    if hidden == "sales":
        world.gp_put("AARONFIT0001", Phone="2")
    else:
        world.sales_put("a1", phone="2")
    for _ in range(2):
        report = world.sync()
        assert report.balanced and written(report) == 0
        assert [(one.field, one.code) for one in world.parked()] in (
            [("phone", "unreadable")],
            [("", "target-gone")],
        )
    system.person_hide(entity, (key,), hidden=False)
    assert world.sync().balanced
    assert world.customers()["AARONFIT0001"]["Phone"] == "2" == world.accounts()["Aaron Fitz"]["phone"]
    assert written(world.sync()) == 0 and not world.parked()


def test_a_record_that_waits_for_a_person_and_may_not_be_seen_for_a_while_is_not_forgotten(
    world: World,
) -> None:
    world.gp_put("AARONFIT0001", Name="Aaron Fitz", Zip="1")
    for key in ("a1", "a2"):
        world.sales_put(key, name="Aaron Fitz", zip="1", type=3)
    world.sync()
    assert {one.code for one in world.parked()} == {"candidates"}
    world.sales.person_hide("account", ("a1",))
    for _ in range(2):
        assert world.sync().balanced
    assert ("sales:a1", "unreadable") in {(one.subject, one.code) for one in world.parked()}
    world.sales.person_hide("account", ("a1",), hidden=False)
    assert world.sync().balanced
    assert ("sales:a1", "unreadable") not in {(one.subject, one.code) for one in world.parked()}
    told = {one.subject for one in world.parked()} | {f"sales:{link.right_key}" for link in world.links()}
    assert {"sales:a1", "sales:a2"} <= told
    assert written(world.sync()) == 0
