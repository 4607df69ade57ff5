"""An undo that is killed, or whose answers are lost: it goes on when it is called again, nothing is done twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gp365.store import guards, work
from gp365.sync.points import no_probe
from sync.engine_world import World
from sync.test_events_renumbered import Killed, kill_at
from sync.undo_world import last_run, link_states, quiet, undo, undo_world

POINTS = ["claimed", "intent", "sent", "recorded"]
NUMBERS = [f"FIRM{one:04d}" for one in range(8)]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = undo_world(tmp_path)
    made.page = 3
    yield made
    made.store.close()


def edited(world: World) -> str:
    for one, number in enumerate(NUMBERS):
        world.gp_put(number, Name=f"Firm {one}", Street="1 Main", Zip=f"1000{one}")
    world.sync()
    for number in NUMBERS:
        world.gp_put(number, Street="7 Oak")
    world.sync()
    return last_run(world)


def streets(world: World) -> list[object]:
    return [row["street"] for row in world.accounts().values()]


def killed(world: World, run: str, point: str) -> None:
    world.probe = kill_at(point)
    with pytest.raises(Killed):
        undo(world, run)
    world.probe = no_probe
    world.clock.advance(3600)


@pytest.mark.parametrize("point", POINTS)
def test_an_undo_that_is_killed_goes_on_when_it_is_called_again(world: World, point: str) -> None:
    run = edited(world)
    killed(world, run, point)
    told = undo(world, run)
    assert streets(world) == ["1 Main"] * 8 and not told.refused
    quiet(world)
    assert streets(world) == ["1 Main"] * 8


@pytest.mark.parametrize("point", POINTS)
def test_a_sync_after_a_killed_undo_settles_what_it_left_and_writes_nothing(world: World, point: str) -> None:
    run = edited(world)
    killed(world, run, point)
    before = streets(world)
    quiet(world)
    assert streets(world) == before
    quiet(world)
    with world.store.read() as conn:
        assert not guards.standing(conn, "test", "customers")
        assert work.pending(conn, "test", "customers", world.clock()) == 0
    undo(world, run)
    assert streets(world) == ["1 Main"] * 8
    quiet(world)


@pytest.mark.parametrize("point", POINTS)
def test_an_undone_create_that_is_killed_goes_on_too(world: World, point: str) -> None:
    for one in range(5):
        world.sales_put(f"a{one}", name=f"Lakeside {one}", zip=f"5320{one}", type=3)
    world.sync()
    run = last_run(world)
    killed(world, run, point)
    quiet(world)
    assert len(world.customers()) == 5
    undo(world, run)
    assert [row["Inactive"] for row in world.customers().values()] == [True] * 5
    assert link_states(world) == ["closed"] * 5
    quiet(world)
    second = undo(world, last_undo(world))
    assert not second.refused
    quiet(world)


def last_undo(world: World) -> str:
    from gp365.store import runs

    with world.store.read() as conn:
        return next(run.id for run in runs.list_runs(conn, "test", "customers") if run.kind == "undo")


def test_answers_that_are_lost_are_looked_up_and_nothing_is_written_twice(world: World) -> None:
    run = edited(world)
    world.sales.faults.lose_replies(4)
    undo(world, run)
    assert streets(world) == ["1 Main"] * 8
    quiet(world)


def test_a_system_that_is_down_stops_the_undo_which_goes_on_later(world: World) -> None:
    run = edited(world)
    world.sales.faults.down(1)
    told = undo(world, run)
    assert told.reports[0].stopped is not None
    undo(world, run)
    assert streets(world) == ["1 Main"] * 8
    quiet(world)
