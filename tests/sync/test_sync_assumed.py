"""What nobody told us of is not read twice: a run of hints plans on what last agreed, and the write looks by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gp365.model.errors import Rejected
from gp365.model.record import Outcome, Status
from sync.engine_world import World, customer, flow_with, make_world, written
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


# What never agreed: a contact that Sales does not know, a class that the flow gives only to new customers.

CLASSED = flow_with(**{"class": {"gp": "Class", "on_create": "'USA'"}})


@pytest.fixture
def classed(tmp_path: Path) -> Iterator[World]:
    world = replace(make_world(tmp_path), flow=CLASSED)
    for number in ("FIRM0", "FIRM1"):
        world.gp_put(number, Name="New", Contact="A/P Dept.", Class="GOLD")
    linked(world)
    assert written(world.sync()) == 0
    yield world
    world.store.close()


def prints_of(world: World) -> set[tuple[bytes, bytes]]:
    """Give the fingerprints that links keep of their ends."""
    return {(one.left_print, one.right_print) for one in world.links()}


def readings_of(world: World) -> list[str]:
    get, asked = world.gp.get, list[str]()

    def reading(entity: str, keys: Any, *more: Any, **named: Any) -> Any:
        asked.extend(str(key[0]) for key in keys)
        return get(entity, keys, *more, **named)

    world.gp.get = reading  # type: ignore[method-assign]
    return asked


def test_fields_that_never_agreed_need_no_reading_where_nothing_is_told_of_them(classed: World) -> None:
    read = readings_of(classed)
    classed.sales_put("a1", phone="555")
    told(classed, ("sales", "a1"))
    report, _ = work_told(classed)
    assert report.balanced and report.sides["gp"].updated == 1 and read == []
    there = classed.customers()["FIRM1"]
    assert (there["Phone"], there["Contact"], there["Class"]) == ("555", "A/P Dept.", "GOLD")
    kept = prints_of(classed)
    assert all(left and right for left, right in kept)
    assert written(classed.sync(full=True)) == 0 and not classed.parked() and classed.chain_holds()
    assert prints_of(classed) == kept  # the link was kept as a whole reading of both sides would have it


def test_a_field_that_never_agreed_is_read_before_it_is_written(classed: World) -> None:
    read = readings_of(classed)
    classed.sales_put("a1", contact="Jane Doe", phone="555")
    told(classed, ("sales", "a1"))
    report, _ = work_told(classed)
    assert report.balanced and "FIRM1" in read
    there = classed.customers()["FIRM1"]
    assert (there["Phone"], there["Contact"]) == ("555", "Jane Doe")


def test_that_there_is_nothing_to_do_is_said_of_a_whole_record_only(classed: World) -> None:
    read = readings_of(classed)
    told(classed, ("sales", "a1"))
    report, _ = work_told(classed)
    assert report.balanced and written(report) == 0 and "FIRM1" in read


def test_a_condition_that_names_what_never_agreed_is_asked_of_a_reading(tmp_path: Path) -> None:
    flow = deepcopy(CLASSED)
    flow["sides"]["gp"]["when"] = "class !== 'GONE'"
    world = replace(make_world(tmp_path), flow=flow)
    linked(world)
    read = readings_of(world)
    world.gp_put("FIRM1", Class="GONE")  # no poll has seen it
    world.sales_put("a1", phone="555")
    told(world, ("sales", "a1"))
    report, _ = work_told(world)
    assert report.balanced and "FIRM1" in read
    world.store.close()


def test_a_write_that_gp_refuses_is_parked_and_not_sent_again_unchanged(classed: World) -> None:
    sent = list[str]()
    write = classed.gp.write

    def refusing(entity: str, writes: Any) -> Any:
        sent.extend(str(one.key[0]) for one in writes)
        error = Rejected("rejected", "GP says no.")
        there = classed.gp.get(entity, [one.key for one in writes], list(customer().fields))
        return [Outcome(Status.REJECTED, one.key, error=error, before=there[one.key]) for one in writes]

    classed.gp.write = refusing  # type: ignore[method-assign]
    classed.sales_put("a1", phone="555")
    told(classed, ("sales", "a1"))
    report, _ = work_told(classed)
    assert report.balanced and sent == ["FIRM1"] and len(classed.parked()) == 1
    told(classed, ("sales", "a1"))
    assert work_told(classed)[0].balanced and sent == ["FIRM1"]
    classed.gp.write = write  # type: ignore[method-assign]


def test_a_hint_of_what_goes_along_with_others_alone_writes_nothing(
    world: World, readings: list[str]
) -> None:
    """The owner is Sales, the field is told: GP is neither read nor written, and what comes next takes it along."""
    world.flow = flow_with(
        terms=None, contact={"gp": "Contact", "sales": "contact", "owner": "sales", "along": True}
    )
    linked(world)
    world.sales_put("a1", contact="Ann", phone="111")
    assert world.sync().clean
    readings.clear()
    world.sales_put("a1", contact="Bob")
    told(world, ("sales", "a1"))
    report, _ = work_told(world)
    assert report.balanced and written(report) == 0 and world.customers()["FIRM1"]["Contact"] == "Ann"
    assert report.dispositions["unchanged"] == 1
    world.sales_put("a1", phone="555")
    told(world, ("sales", "a1"))
    report, _ = work_told(world)
    assert report.balanced and report.sides["gp"].updated == 1
    assert (world.customers()["FIRM1"]["Contact"], world.customers()["FIRM1"]["Phone"]) == ("Bob", "555")
    assert written(world.sync()) == 0 and not world.parked() and world.chain_holds()


def test_a_hint_after_the_owner_moved_what_goes_along_is_planned_on_a_reading_of_the_write(
    world: World,
) -> None:
    """GP's own move was left, so that what last agreed is not what stands there: the write sees it."""
    world.flow = flow_with(terms={"gp": "Terms", "sales": "terms", "owner": "gp", "along": True})
    linked(world)
    world.gp_put("FIRM1", Terms="NET 60")
    assert written(world.sync()) == 0
    world.sales_put("a1", phone="555")
    told(world, ("sales", "a1"))
    report, _ = work_told(world)
    assert report.balanced and world.customers()["FIRM1"]["Phone"] == "555"
    assert world.customers()["FIRM1"]["Terms"] == "NET 60"
    assert written(world.sync()) == 0 and not world.parked() and world.chain_holds()
