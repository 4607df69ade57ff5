"""`latest`: decides by when values were seen, per field and only when the intervals do not overlap; else a conflict."""

from __future__ import annotations

from typing import Any

import pytest

from gp365.model.errors import Rejected
from sync.engine_world import World, flow_with

LATEST = flow_with(
    name={"gp": "Name", "sales": "name", "owner": "latest"},
    phone={"gp": "Phone", "sales": "phone", "owner": "latest"},
)


@pytest.fixture
def key(world: World) -> str:
    """One customer in step; returns the account's id."""
    world.flow = LATEST
    world.gp_put("AARONFIT0001", Name="Aaron Fitz", Zip="60603", Phone="1111111")
    assert world.sync().clean
    return the_account(world)["id"]


def the_account(world: World) -> dict[str, Any]:
    return next(iter(world.accounts().values()))


def the_customer(world: World) -> dict[str, Any]:
    return next(iter(world.customers().values()))


def hour_later(world: World) -> None:
    world.clock.advance(3600)
    assert world.sync().balanced


def refuse(world: World) -> None:
    world.gp.faults.refuse("customer", ("AARONFIT0001",), Rejected("rejected", "Locked."))


def test_the_later_edit_wins_when_the_earlier_one_had_been_seen_before(world: World, key: str) -> None:
    refuse(world)
    world.sales_put(key, name="Aaron in Sales")
    hour_later(world)
    hour_later(world)
    world.gp_put("AARONFIT0001", Name="Aaron in GP")
    hour_later(world)
    assert the_account(world)["name"] == "Aaron in GP"
    assert not [entry for entry in world.parked() if entry.field == "name"]


def test_the_value_that_loses_by_its_age_is_recorded_as_overruled(world: World, key: str) -> None:
    refuse(world)
    world.sales_put(key, name="Aaron in Sales")
    hour_later(world)
    hour_later(world)
    world.gp_put("AARONFIT0001", Name="Aaron in GP")
    world.clock.advance(3600)
    assert world.sync().fields["overruled"] == 1


def test_the_later_edit_may_be_the_one_that_had_been_refused(world: World, key: str) -> None:
    world.sales.faults.refuse("account", (key,), Rejected("rejected", "Locked."))
    world.gp_put("AARONFIT0001", Name="Aaron in GP")
    hour_later(world)
    hour_later(world)
    world.sales_put(key, name="Aaron in Sales")
    hour_later(world)
    assert the_customer(world)["Name"] == "Aaron in Sales"


def test_edits_between_the_same_two_looks_stay_a_conflict(world: World, key: str) -> None:
    world.clock.advance(3600)
    world.sales_put(key, name="Aaron in Sales")
    world.clock.advance(600)
    world.gp_put("AARONFIT0001", Name="Aaron in GP")
    hour_later(world)
    hour_later(world)
    assert [(entry.code, entry.field) for entry in world.parked()] == [("conflict", "name")]
    assert the_account(world)["name"] == "Aaron in Sales" and the_customer(world)["Name"] == "Aaron in GP"


def test_a_new_edit_of_a_conflict_is_later_than_the_old_ones(world: World, key: str) -> None:
    world.sales_put(key, name="Aaron in Sales")
    world.gp_put("AARONFIT0001", Name="Aaron in GP")
    hour_later(world)
    hour_later(world)
    world.sales_put(key, name="Aaron at last")
    hour_later(world)
    assert the_customer(world)["Name"] == "Aaron at last" and not world.parked()


def test_when_one_field_was_seen_says_nothing_about_another(world: World, key: str) -> None:
    refuse(world)
    world.sales_put(key, name="Aaron in Sales")
    hour_later(world)
    hour_later(world)
    world.sales_put(key, phone="2222222")
    world.gp_put("AARONFIT0001", Phone="3333333")
    hour_later(world)
    assert [(entry.code, entry.field) for entry in world.parked() if entry.field] == [("conflict", "phone")]


def test_where_nothing_is_decided_by_age_nothing_is_kept_about_it(world: World) -> None:
    from gp365.store import sightings

    world.gp_put("AARONFIT0001", Name="Aaron Fitz", Zip="60603")
    world.sync()
    world.sales_put(the_account(world)["id"], name="Aaron in Sales")
    world.gp_put("AARONFIT0001", Name="Aaron in GP")
    world.sync()
    with world.store.read() as conn:
        assert sightings.get(conn, [link.id for link in world.links()]) == {}
