"""What nobody told us of is not read twice: a run of hints plans on what last agreed, and the write looks by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sync.engine_world import World, written
from sync.test_sync_arriving import linked, told, work_told


@pytest.fixture
def readings(world: World) -> list[str]:
    """Count what is read of GP by key, beside what a write reads."""
    get, asked = world.gp.get, list[str]()

    def reading(entity: str, keys: Any, *more: Any, **named: Any) -> Any:
        asked.extend(str(key[0]) for key in keys)
        return get(entity, keys, *more, **named)

    world.gp.get = reading  # type: ignore[method-assign]
    return asked


def when_written(world: World, act: Callable[[], None]) -> None:
    """Act just before GP is written next."""
    write, done = world.gp.write, list[str]()

    def writing(*args: Any, **named: Any) -> Any:
        if not done:
            done.append("")
            act()
        return write(*args, **named)

    world.gp.write = writing  # type: ignore[method-assign]


def test_an_edit_that_was_told_goes_across_without_reading_gp_before(
    world: World, readings: list[str]
) -> None:
    linked(world)
    readings.clear()
    world.sales_put("a1", phone="555")
    told(world, ("sales", "a1"))
    report, _ = work_told(world)
    assert report.balanced and report.sides["gp"].updated == 1
    assert world.customers()["FIRM1"]["Phone"] == "555" and readings == []
    assert written(world.sync()) == 0 and not world.parked() and world.chain_holds()


def test_what_a_clerk_has_changed_meanwhile_is_planned_on_and_both_edits_stand(world: World) -> None:
    linked(world)
    world.gp_put("FIRM1", Street="9 New")  # no poll has seen it
    world.sales_put("a1", phone="555")
    told(world, ("sales", "a1"))
    report, _ = work_told(world)
    assert report.balanced
    assert world.customers()["FIRM1"] | {"Phone": "555", "Street": "9 New"} == world.customers()["FIRM1"]
    assert world.sync().balanced
    assert world.accounts()["Firm 1"]["street"] == "9 New" and world.accounts()["Firm 1"]["phone"] == "555"
    assert written(world.sync()) == 0 and not world.parked() and world.chain_holds()


def test_the_same_field_changed_meanwhile_is_a_conflict_and_nobody_is_overwritten(world: World) -> None:
    linked(world)
    world.sales_put("a1", phone="555")
    when_written(world, lambda: world.gp_put("FIRM1", Phone="777"))
    told(world, ("sales", "a1"))
    report, _ = work_told(world)
    assert report.balanced and written(report) == 0
    assert world.customers()["FIRM1"]["Phone"] == "777" and world.accounts()["Firm 1"]["phone"] == "555"
    assert [entry.field for entry in world.parked()] == ["phone"]


def test_a_customer_that_is_gone_meanwhile_is_not_made_anew(world: World) -> None:
    linked(world)
    world.gp.person_delete("customer", ("FIRM1",))
    world.sales_put("a1", phone="555")
    told(world, ("sales", "a1"))
    report, _ = work_told(world)
    assert report.balanced and written(report) == 0 and "FIRM1" not in world.customers()
    last = world.sync()
    assert last.balanced and written(last) == 0 and "FIRM1" not in world.customers()


def test_another_customer_under_the_number_meanwhile_is_not_written(world: World) -> None:
    linked(world)
    world.gp.person_delete("customer", ("FIRM1",))
    world.gp_put("FIRM1", Name="Another Firm", Phone="000")
    world.sales_put("a1", phone="555")
    told(world, ("sales", "a1"))
    report, _ = work_told(world)
    assert report.balanced
    assert world.customers()["FIRM1"]["Phone"] == "000"


def test_a_record_with_a_conflict_is_read_before_anything_is_said_of_it(
    world: World, readings: list[str]
) -> None:
    linked(world)
    world.gp_put("FIRM1", Phone="2")
    world.sales_put("a1", phone="3")
    world.sync()
    assert [entry.field for entry in world.parked()] == ["phone"]
    world.gp_put("FIRM1", Phone="3")  # the clerk gives way, and no poll has seen it
    world.sales_put("a1", zip="11111")
    readings.clear()
    told(world, ("sales", "a1"))
    report, _ = work_told(world)
    assert report.balanced and "FIRM1" in readings
    assert world.customers()["FIRM1"]["Zip"] == "11111" and not world.parked()


def test_our_own_write_that_comes_back_costs_gp_nothing(world: World, readings: list[str]) -> None:
    linked(world)
    world.gp_put("FIRM1", Phone="999")
    world.sync()
    readings.clear()
    told(world, ("sales", "a1"))
    report, _ = work_told(world)
    assert report.balanced and report.considered == 1 and written(report) == 0 and readings == []
