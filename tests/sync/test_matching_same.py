"""Links that are made without asking: only where nothing speaks against it."""

from __future__ import annotations

from typing import Any

import pytest

from gp365.model.values import unpack_deep
from sync.engine_world import World
from sync.test_matching_similar import SIMILAR, evidence


@pytest.fixture(autouse=True)
def flow(world: World) -> None:
    world.flow = SIMILAR


def linked(world: World) -> list[tuple[Any, Any]]:
    return [(link.left_key, link.right_key) for link in world.links()]


@pytest.mark.parametrize(
    "name",
    [
        "LAKESIDE DENTAL",
        "Lakeside-Dental, Inc.",
        "The Lakeside Dental L.L.C.",
        "Lakeside  Déntal",
        "Lakeside Dental & Co",
    ],
)
def test_the_same_name_and_postal_code_link_however_they_are_written(world: World, name: str) -> None:
    world.gp_put("LAKESIDE0001", Name="Lakeside Dental", Zip="53202-0001")
    world.sales_put("a1", name=name, zip="53202", type=3)
    world.sync()
    assert linked(world) == [("LAKESIDE0001", "a1")]


def test_two_firms_of_one_name_in_two_towns_are_not_linked(world: World) -> None:
    world.gp_put("LAKESIDE0001", Name="Lakeside Dental", Zip="53202", Street="1 Oak", Phone="4145550100")
    world.sales_put("a1", name="Lakeside Dental", zip="60603", street="9 Elm", phone="3125550100", type=3)
    world.sync()
    assert not linked(world) and {entry.code for entry in world.parked()} == {"similar"}


def test_two_firms_of_one_name_and_postal_code_are_not_linked_when_street_and_phone_differ(
    world: World,
) -> None:
    world.gp_put("LAKESIDE0001", Name="Lakeside Dental", Zip="53202", Street="1 Oak", Phone="4145550100")
    world.sales_put("a1", name="Lakeside Dental", zip="53202", street="9 Elm", phone="4145550199", type=3)
    report = world.sync()
    assert not linked(world) and report.balanced
    entries = world.parked()
    assert {entry.code for entry in entries} == {"candidates"} and len(entries) == 2
    assert all("differs in address.street, phone" in entry.message for entry in entries)
    assert evidence(entries[0])[0]["fields"]["address.street"]


@pytest.mark.parametrize(
    "more",
    [
        {"street": "1 Oak Street", "phone": "4145550199"},  # one of them agrees
        {"street": "9 Elm", "phone": "(414) 555-0100 x 7"},
        {"street": "1 OAK STREET"},
        {},  # nothing to compare
    ],
)
def test_one_field_that_agrees_or_nothing_to_compare_is_no_contradiction(
    world: World, more: dict[str, str]
) -> None:
    world.gp_put(
        "LAKESIDE0001", Name="Lakeside Dental", Zip="53202", Street="1 Oak St", Phone="41455501000000"
    )
    world.sales_put("a1", name="Lakeside Dental", zip="53202", type=3, **more)
    world.sync()
    assert linked(world) == [("LAKESIDE0001", "a1")]


def test_a_branch_at_one_address_is_another_firm(world: World) -> None:
    world.gp_put("HARPER0001", Name="Harper Dental", Zip="53202", Street="1 Oak St", Phone="4145550100")
    world.sales_put("a1", name="Nolan Freight", zip="53202", street="1 Oak St", phone="4145550100", type=3)
    report = world.sync()
    assert report.dispositions["created"] == 2 and not world.parked()


def test_a_number_that_another_firm_uses_shows_that_firm_and_the_one_that_looks_alike(world: World) -> None:
    world.gp_put("CONTOSOL0001", Name="Contoso Dental", Zip="60603")
    world.sales_put("a1", name="Another Firm", number="CONTOSOL0001", zip="99999", type=8)
    world.sales_put("a2", name="Contosso Dental", zip="60603", type=8)
    world.sync()
    [entry] = world.parked()
    assert entry.code == "number-alone"
    assert [one["key"] for one in evidence(entry)] == ["a1", "a2"]
    assert unpack_deep(entry.shown)["candidates"] == ["a1", "a2"]


def test_numbers_that_differ_in_an_accent_are_two_numbers(world: World) -> None:
    world.gp_put("MÜLLER", Name="Zeta Foods", Zip="10001")
    world.sales_put("a1", name="Harper Dental", number="MULLER", zip="60603", type=3)
    world.sync()
    assert not [entry for entry in world.parked() if entry.code == "number-alone"]
    assert len(world.accounts()) == 2 and ("MÜLLER", "a1") not in linked(world)


def test_several_customers_of_one_name_and_postal_code_are_shown_all(world: World) -> None:
    world.gp_put("HARPER0001", Name="Harper Dental", Zip="53202")
    world.gp_put("HARPER0002", Name="HARPER DENTAL", Zip="53202")
    world.sales_put("a1", name="Harper Dental", zip="53202", type=3)
    world.sync()
    assert not linked(world)
    entry = next(one for one in world.parked() if one.right_key == "a1")
    assert [one["key"] for one in evidence(entry)] == ["HARPER0001", "HARPER0002"]
