"""Values that are longer in Sales than in GP, or stand on several lines there: an edit in GP never destroys the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.engine_world import World, written
from sync.plan_world import held_account, held_customer, plan_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = plan_world(tmp_path)
    yield made
    made.store.close()


def put(world: World, **values: str) -> None:
    world.sales_put("A1", **{"name": "Lakeside Dental", "zip": "60603", "type": 3, **values})
    world.sync()


def test_a_clerk_who_corrects_one_letter_of_a_cut_name_does_not_lose_its_tail(world: World) -> None:
    put(world, name="Lakesyde Dental Supply and Service")
    [number] = world.customers()
    assert held_customer(world)["Name"] == "Lakesyde Dental Supp"
    world.gp_put(number, Name="Lakeside Dental Supp")
    world.sync()
    assert held_account(world)["name"] == "Lakeside Dental Supply and Service"
    assert written(world.sync()) == 0


def test_a_clerk_who_writes_past_the_cut_is_asked_and_nothing_is_lost(world: World) -> None:
    put(world, name="Lakeside Dental Supply and Service")
    [number] = world.customers()
    world.gp_put(number, Name="Lakeside Dental Svc")
    world.sync()
    assert [entry.code for entry in world.parked()] == ["cut-conflict"]
    assert held_account(world)["name"] == "Lakeside Dental Supply and Service"


def test_a_street_on_two_lines_is_one_line_in_gp_and_two_in_sales(world: World) -> None:
    put(world, street="Dock 5\r\nGate 7")
    [number] = world.customers()
    assert held_customer(world)["Street"] == "Dock 5 Gate 7"
    assert written(world.sync()) == 0
    world.gp_put(number, Street="Dock 6 Gate 7")
    world.sync()
    assert held_account(world)["street"] == "Dock 6\r\nGate 7"
    assert held_customer(world)["Street"] == "Dock 6 Gate 7" and written(world.sync()) == 0


def test_the_line_breaks_of_a_cut_street_are_still_there_after_an_edit_in_gp(world: World) -> None:
    put(world, street="Dock 5\r\nWarehouse 7\r\nGate B")
    [number] = world.customers()
    assert held_customer(world)["Street"] == "Dock 5 Warehouse 7 G"
    world.gp_put(number, Street="Dock 6 Warehouse 7 G")
    world.sync()
    assert held_account(world)["street"].endswith("\r\nGate B")
    assert held_account(world)["street"].startswith("Dock 6")
    assert not world.parked() and written(world.sync()) == 0


def test_a_street_of_250_characters_edited_in_sales_is_cut_again_and_keeps_itself(world: World) -> None:
    put(world, street="1 Main")
    wide = "12345 Industrial Park Road, Rear Entry"
    world.sales_put("A1", street=wide)
    world.sync()
    assert held_customer(world)["Street"] == "12345 Industrial Par"
    assert held_account(world)["street"] == wide
    world.sales_put("A1", street=wide + " 2")
    assert written(world.sync()) == 0 and held_account(world)["street"] == wide + " 2"
