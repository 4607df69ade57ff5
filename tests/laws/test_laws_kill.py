"""Kill at every step: a process that dies anywhere in a sync doubles nothing and loses nothing; a new process goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gp365.model.entity import Strength
from gp365.store import intents
from gp365.sync.points import POINTS
from laws.kill_world import FIRMS, file_world, fill, shut
from sync.engine_world import World, written

CHILD = Path(__file__).with_name("kill_child.py")
MOMENTS = ("gp before", "gp committed", "sales before", "sales committed")


def start(
    folder: Path, strength: Strength, late_s: float, point: str = "-", passes: int = 0
) -> subprocess.Popen[bytes]:
    paths = os.pathsep.join([str(CHILD.parent.parent), *filter(None, sys.path)])
    return subprocess.Popen(
        [sys.executable, str(CHILD), str(folder), strength, str(late_s), point, str(passes)],
        env=os.environ | {"PYTHONPATH": paths},
    )


def until_marked(folder: Path, child: subprocess.Popen[bytes]) -> str:
    """Wait until the child holds still or has ended."""
    marker, deadline = folder / "marker", time.monotonic() + 60
    while time.monotonic() < deadline:
        text = marker.read_text() if marker.exists() else ""
        if text == "held" or (text and child.poll() is not None):
            return text
        assert child.poll() in (None, 0), "the child failed"
        time.sleep(0.01)
    raise AssertionError("the child neither held nor ended")


def killed_at(folder: Path, strength: Strength, point: str, passes: int) -> bool:
    """Run a sync in a child and kill it at a point; False if the run never came to the point so often."""
    child = start(folder, strength, 60.0, point, passes)
    try:
        text = until_marked(folder, child)
    finally:
        child.kill()
        child.wait()
    (folder / "marker").unlink()
    return text == "held"


def rerun(folder: Path, strength: Strength, late_s: float) -> dict[str, int]:
    child = start(folder, strength, late_s)
    text = until_marked(folder, child)
    assert child.wait() == 0
    (folder / "marker").unlink()
    return json.loads(text)


def check_world(world: World) -> None:
    customers, accounts = world.customers(), world.accounts()
    assert len(customers) == len(accounts) == len(world.links()) == 3 * FIRMS
    names = sorted(str(row["Name"]) for row in customers.values())
    assert names == sorted(accounts) and len(set(names)) == len(names)
    for number in range(FIRMS):
        held, sold = customers[f"OLD{number:04d}"], accounts[f"Old firm {number}"]
        assert (held["Phone"], held["Street"]) == (f"222222{number}", f"{number} Elm")
        assert (sold["phone"], sold["street"]) == (f"222222{number}", f"{number} Elm")
    assert not world.parked() and world.chain_holds()
    with world.store.read() as conn:
        assert not intents.open_of_flow(conn, "test", "customers")


def play(folder: Path, strength: Strength, point: str, passes: int) -> bool:
    world = file_world(folder, strength)
    fill(world)
    shut(world)
    held = killed_at(folder, strength, point, passes)
    figures = rerun(folder, strength, 3600.0)
    assert figures["balanced"] and figures["clean"]
    world = file_world(folder, strength, late_s=7200.0)
    check_world(world)
    again = world.sync()
    assert written(again) == 0 and again.balanced
    shut(world)
    return held


@pytest.mark.parametrize("point", [*POINTS, *MOMENTS])
def test_a_sync_that_is_killed_doubles_nothing_and_loses_nothing(tmp_path: Path, point: str) -> None:
    assert play(tmp_path, Strength.WHOLE, point, 0)


@pytest.mark.parametrize("point", ["sent", "gp committed"])
def test_a_sync_that_is_killed_on_its_second_page_goes_on_there(tmp_path: Path, point: str) -> None:
    assert play(tmp_path, Strength.COMPARED, point, 1)


def test_a_sync_that_is_killed_twice_in_a_row_still_comes_to_its_end(tmp_path: Path) -> None:
    world = file_world(tmp_path, Strength.WHOLE)
    fill(world)
    shut(world)
    assert killed_at(tmp_path, Strength.WHOLE, "gp committed", 0)
    assert killed_at(tmp_path, Strength.WHOLE, "recorded", 0)
    assert rerun(tmp_path, Strength.WHOLE, 3600.0)["balanced"]
    world = file_world(tmp_path, Strength.WHOLE, late_s=7200.0)
    world.sync()
    check_world(world)
    shut(world)


@pytest.mark.proof
@pytest.mark.parametrize("strength", list(Strength))
@pytest.mark.parametrize("passes", [0, 1, 2, 3])
@pytest.mark.parametrize("point", [*POINTS, *MOMENTS])
def test_a_kill_at_every_passing_of_every_point(
    tmp_path: Path, strength: Strength, passes: int, point: str
) -> None:
    play(tmp_path, strength, point, passes)
