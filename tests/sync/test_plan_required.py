"""What a class leaves to each customer: without it, nothing is created, and the entry names class and field."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gp365.model.lookups import lookup
from sync.engine_world import World
from sync.plan_world import flow, held_customer, plan_world

FLOW = flow(
    {
        "class": {"gp": "Class", "on_create": "zip_class"},
        "zip_class": {"sales": "company", "read_only": True},
        "tax": {"gp": "Tax", "sales": "terms", "owner": "ask"},
        "terms": None,
    },
    gp={"required_by": {"row": "class", "lookup": "required_by_class"}},
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    table = lookup("required_by_class", ("class", "fields"), [("EXPORT", "Tax; Street"), ("*", "Zip")])
    made = plan_world(tmp_path, {"required_by_class": table})
    made.flow = FLOW
    yield made
    made.store.close()


def put(world: World, kind: str, **values: object) -> None:
    world.sales_put("A1", name="Lakeside Dental", type=3, company=kind, **values)


def test_a_customer_whose_class_needs_a_tax_schedule_is_not_created_without_one(world: World) -> None:
    put(world, "EXPORT", zip="60603", street="1 Main")
    world.sync()
    [entry] = world.parked()
    assert entry.code == "required-missing"
    assert "EXPORT" in entry.message and "Tax" in entry.message
    assert world.customers() == {}
    put(world, "EXPORT", terms="FREE")
    world.sync()
    assert held_customer(world)["Tax"] == "FREE" and not world.parked()


def test_another_class_needs_nothing_but_what_every_customer_needs(world: World) -> None:
    put(world, "HOME")
    world.sync()
    assert "Zip" in world.parked()[0].message
    put(world, "HOME", zip="60603")
    world.sync()
    assert held_customer(world)["Class"] == "HOME"


def test_a_customer_that_is_there_already_is_not_asked_for_what_new_ones_need(world: World) -> None:
    put(world, "HOME", zip="60603")
    world.sync()
    world.sales_put("A1", phone="5551000")
    assert world.sync().clean and held_customer(world)["Phone"] == "5551000"
