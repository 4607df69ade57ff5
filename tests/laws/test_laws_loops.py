"""Two normalisers: systems that each rewrite what they are given do not answer each other for ever."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gp365.connectors.memory import MemoryConnector
from gp365.model.entity import Strength
from gp365.model.values import Value
from gp365.store import parked
from sync.engine_world import World, account, customer, flow_with, make_world, written


@pytest.fixture(params=list(Strength))
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    """GP makes capitals of every street, Sales small letters; neither tells what it stored."""
    made = make_world(tmp_path)
    made.gp = MemoryConnector(
        "gp", {"customer": customer(request.param)}, clock=made.clock, returns_stored=False
    )
    made.sales = MemoryConnector(
        "sales", {"account": account(request.param)}, clock=made.clock, returns_stored=False
    )
    made.gp_put("AARONFIT0001", Name="Aaron Fitz", Zip="60603", Street="1 Main", Phone="1111111")
    assert made.sync().clean
    made.gp.system.normaliser = lambda _, name, value: _cased(name, value, upper=True)
    made.sales.system.normaliser = lambda _, name, value: _cased(name, value, upper=False)
    yield made
    made.store.close()


def _cased(name: str, value: Value, *, upper: bool) -> Value:
    if name.lower() != "street" or not isinstance(value, str):
        return value
    return value.upper() if upper else value.lower()


def the_account(world: World) -> str:
    return next(iter(world.accounts().values()))["id"]


def until_quiet(world: World, limit: int = 12) -> int:
    """Sync until a run writes nothing; how many runs wrote."""
    for number in range(limit):
        world.clock.advance(300)
        if written(world.sync()) == 0:
            return number
    return limit


def test_two_normalisers_are_stopped_and_shown_to_a_person(world: World) -> None:
    world.sales_put(the_account(world), street="5 Elm", phone="2222222")
    assert until_quiet(world) <= 7
    (entry,) = world.parked()
    assert (entry.code, entry.field) == ("loop", "address")
    assert world.customers()["AARONFIT0001"]["Phone"] == "2222222"
    assert written(world.sync()) == 0 and world.sync().balanced


def test_the_rest_of_a_looping_record_goes_on(world: World) -> None:
    world.sales_put(the_account(world), street="5 Elm")
    until_quiet(world)
    world.sales_put(the_account(world), phone="3333333")
    report = world.sync()
    assert world.customers()["AARONFIT0001"]["Phone"] == "3333333" and report.dispositions["parked"] == 1


def test_a_loop_that_a_person_lets_go_is_written_once_more(world: World) -> None:
    world.sales_put(the_account(world), street="5 Elm")
    until_quiet(world)
    (entry,) = world.parked()
    world.gp.system.normaliser = world.sales.system.normaliser = None
    with world.store.write() as conn:
        assert parked.resolve(conn, entry.id, {"retry": True}, "controller")
    assert written(world.sync()) == 1 and not world.parked()
    assert written(world.sync()) == 0


def test_a_value_may_come_again_on_another_day(world: World) -> None:
    world.gp.system.normaliser = world.sales.system.normaliser = None
    for street in ("a st", "b st") * 4:
        world.sales_put(the_account(world), street=street)
        world.clock.advance(8 * 3600)
        assert written(world.sync()) == 1
    assert not world.parked()


def test_systems_that_tell_what_they_stored_never_loop(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    world.flow = flow_with()
    world.gp_put("AARONFIT0001", Name="Aaron Fitz", Zip="60603", Street="1 Main")
    assert world.sync().clean
    world.gp.system.normaliser = lambda _, name, value: _cased(name, value, upper=True)
    world.sales.system.normaliser = lambda _, name, value: _cased(name, value, upper=False)
    world.sales_put(the_account(world), street="5 Elm")
    world.sync()
    assert written(world.sync()) == 0 and not world.parked()
    world.store.close()
