"""Roll-ups of runs that die: wherever a process stops, the next runs leave the right sums and write nothing twice."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from gp365.store import intents
from gp365.sync.points import POINTS
from sync.rollups_world import ROLLUP, Companies, companies, shut, wrote

FIRMS = 3
MOMENTS = ("sales before", "sales committed")
PHASES = {"card": "cards", "account": ROLLUP}  # by the entity that is written


class Killed(BaseException):
    """The process dies here."""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Firms of both companies in step, then new limits, and a new firm without a bound."""
    folder = tmp_path_factory.mktemp("filled") / "world"
    world = companies(folder)
    for number in range(FIRMS):
        world.account(f"a{number}", f"Firm {number}")
        world.customer("us", f"US{number}", f"Firm {number}", f"{number + 1}00")
        world.customer("ca", f"CA{number}", f"Firm {number}", f"{number + 1}0")
    world.both()
    assert world.limits("a1") == "CAD 20.00; USD 200.00"
    for number in range(FIRMS):
        world.customer("ca", f"CA{number}", f"Firm {number}", f"{number + 1}5")
    world.account("a7", "Firm 7")
    world.customer("ca", "CA7", "Firm 7", "unlimited")
    shut(world)
    return folder


def check(world: Companies) -> None:
    for number in range(FIRMS):
        assert world.limits(f"a{number}") == f"CAD {number + 1}5.00; USD {number + 1}00.00"
    assert world.limits("a7") == "CAD unlimited"
    assert world.chain_holds()
    with world.store.read() as conn:
        assert not [one for pair in world.pairs for one in intents.open_of_flow(conn, pair, ROLLUP)]
    assert not [entry for pair in world.pairs for entry in world.parked(pair)]


def die_at(world: Companies, phase: str, point: str, passes: int) -> None:
    """Let the process die when it comes by a point of a phase once more than so many times."""
    left, closed = [passes], [False]

    def here(now: str) -> None:
        left[0] -= now == phase
        if left[0] < 0:
            raise Killed

    def reached(name: str) -> None:
        if name == point:
            here(ROLLUP if closed[0] else "cards")
        closed[0] = closed[0] or name == "closed"

    def writing(entity: str, *_: Any) -> None:
        here(PHASES[entity])

    if point == "sales before":
        world.sales.faults.before_write = writing
    elif point == "sales committed":
        world.sales.faults.after_commit = writing
    else:
        world.probes["cards"] = reached


def killed(folder: Path, pair: str, phase: str, point: str, passes: int = 0) -> bool:
    """Run a pair in a process that dies; tell whether it came there."""
    world = companies(folder)
    die_at(world, phase, point, passes)
    try:
        world.sync(pair)
    except Killed:
        return True
    finally:
        shut(world)
    return False


def goes_on(folder: Path, first: str) -> None:
    """Run both pairs an hour later, one of them first; then the sums stand and nothing more is written."""
    world = companies(folder, late_s=3600.0)
    for pair in (first, *(pair for pair in world.pairs if pair != first), first):
        assert all(report.balanced for report in world.sync(pair))
    check(world)
    again = world.both()
    assert all(report.clean for report in again)
    assert wrote(again) == 0
    shut(world)


@pytest.mark.parametrize("phase", ["cards", ROLLUP])
@pytest.mark.parametrize("point", [*POINTS, *MOMENTS])
def test_a_run_that_dies_anywhere_leaves_no_wrong_sum_behind(
    filled: Path, tmp_path: Path, point: str, phase: str
) -> None:
    shutil.copytree(filled, tmp_path / "world")
    assert killed(tmp_path / "world", "ca", phase, point)
    goes_on(tmp_path / "world", "ca")


@pytest.mark.parametrize("point", ["intent", "sales committed", "recorded"])
def test_the_other_companys_run_may_come_first_after_a_run_that_died(
    filled: Path, tmp_path: Path, point: str
) -> None:
    shutil.copytree(filled, tmp_path / "world")
    assert killed(tmp_path / "world", "ca", ROLLUP, point)
    goes_on(tmp_path / "world", "us")


def test_the_other_companys_run_writes_the_sums_that_a_dead_one_did_not(filled: Path, tmp_path: Path) -> None:
    shutil.copytree(filled, tmp_path / "world")
    assert killed(tmp_path / "world", "ca", "cards", "closed")
    world = companies(tmp_path / "world", late_s=3600.0)
    assert world.limits("a1") == "CAD 20.00; USD 200.00"
    world.sync("us")
    check(world)
    assert wrote(world.both()) == 0
    shut(world)


@pytest.mark.proof
@pytest.mark.parametrize("passes", [1, 2, 3])
@pytest.mark.parametrize("phase", ["cards", ROLLUP])
@pytest.mark.parametrize("point", [*POINTS, *MOMENTS])
def test_a_kill_at_every_passing_of_a_roll_up(
    filled: Path, tmp_path: Path, point: str, phase: str, passes: int
) -> None:
    for first in ("ca", "us"):
        folder = tmp_path / first
        shutil.copytree(filled, folder)
        killed(folder, "ca", phase, point, passes)
        goes_on(folder, first)
