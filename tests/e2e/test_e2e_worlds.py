"""The explorer of both simulated worlds: seeded and short here, a hundred thousand steps under `make proof`."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Iterable
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from itertools import chain, count
from multiprocessing import get_context
from pathlib import Path

import pytest
from e2e_site import site
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from world_machine import Worlds

from gp365.sync import seldom

SHORT = settings(
    max_examples=4,
    stateful_step_count=20,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
    report_multiple_bugs=False,
)
LONG = settings(SHORT, max_examples=50, stateful_step_count=200, derandomize=False)
PROVED = 100_000
FIRST_SEED = int(os.environ.get("EXPLORE_FROM", "1"))
"""What the long exploration draws from; another number goes other ways."""


def explore(
    folder: Path, how: settings, least: int = 0, seeds: Iterable[int] | None = None
) -> dict[str, int]:
    """Explore until at least so many steps were taken, each turn by the next seed."""
    steps: dict[str, int] = {}
    with (
        site(folder / "site", customers=0, accounts=0, provisioned=False) as made,
        pytest.MonkeyPatch.context() as patch,
    ):
        # What the explorer itself keeps is a large heap, in which looking for rings every minute takes seconds.
        patch.setattr(seldom, "_EVERYTHING_S", 3600.0)

        class Explorer(Worlds):
            pass

        Explorer.site, Explorer.steps = made, steps
        for number in seeds or [None]:
            one_turn(Explorer if number is None else seed(number)(Explorer), how, number)
            if taken(steps) >= least:
                break
    return steps


def one_turn(explorer: type[Worlds], how: settings, number: int | None) -> None:
    """Take the steps of one seed; a finding names it."""
    try:
        run_state_machine_as_test(explorer, settings=how)
    except BaseException as finding:
        finding.add_note(f"seed {number}")
        raise


def taken(steps: dict[str, int]) -> int:
    """Count the steps that people and syncs took; what the judge counts beside them is in brackets."""
    return sum(count for name, count in steps.items() if not name.startswith("("))


def test_whatever_people_do_both_worlds_agree_or_say_why(tmp_path: Path) -> None:
    steps = explore(tmp_path, SHORT)
    assert taken(steps) > 40


@pytest.mark.proof
def test_a_hundred_thousand_steps_double_nothing_and_lose_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workers = max(1, os.cpu_count() or 1)
    folders = [tmp_path / f"world{number}" for number in range(workers)]
    pool = ProcessPoolExecutor(workers, get_context("spawn"))
    exploring = [
        pool.submit(explore_long, folder, PROVED // workers + 1, FIRST_SEED + place, workers)
        for place, folder in enumerate(folders)
    ]
    done, going = wait(exploring, return_when=FIRST_EXCEPTION)
    if going:  # one has found something: the others need not go on for an hour
        for process in list(multiprocessing.active_children()):
            process.terminate()
    found = [one.result() for one in done]
    pool.shutdown()
    steps = {name: sum(one.get(name, 0) for one in found) for name in sorted({*chain(*found)})}
    with capsys.disabled():
        print(json.dumps({"two worlds": {"steps": taken(steps), **steps}}))
    assert taken(steps) >= PROVED


def explore_long(folder: Path, least: int, first: int, every: int) -> dict[str, int]:
    """Explore in a world of its own, until at least so many steps were taken."""
    folder.mkdir()
    return explore(folder, LONG, least, count(first, every))
