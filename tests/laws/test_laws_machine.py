"""The explorer over the whole engine: seeded and short here, long under `make proof`."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from laws.laws_world import laws_world
from laws.machine import EngineMachine

SHORT = settings(
    max_examples=40,
    stateful_step_count=15,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
    report_multiple_bugs=False,
)


def explore(folder: Path, how: settings) -> None:
    world = laws_world(folder)

    class Machine(EngineMachine):
        pass

    Machine.world = world
    try:
        run_state_machine_as_test(Machine, settings=how)
        assert world.chain_holds()
    finally:
        world.store.close()


def test_whatever_happens_in_whatever_order_the_laws_hold(tmp_path: Path) -> None:
    explore(tmp_path, SHORT)


@pytest.mark.proof
def test_long_explorations_find_no_way_around_the_laws(tmp_path: Path) -> None:
    explore(tmp_path, settings(SHORT, max_examples=1000, stateful_step_count=40, derandomize=False))
