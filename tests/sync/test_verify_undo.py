"""What an undo writes is read back like everything else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gp365.store import verifications
from gp365.sync.job import Job
from sync.engine_world import World, written
from sync.undo_world import last_run, undo, undo_world

AARON = "AARONFIT0001"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = undo_world(tmp_path)
    plain = made.job

    def job(*args: Any, **more: Any) -> Job:
        return replace(plain(*args, **more), verify_share=1.0)

    made.job = job  # type: ignore[method-assign]
    made.gp_put(AARON, Name="Aaron Fitz", Street="1 Main", Zip="60603", Phone="111", Terms="NET 30")
    made.sync()
    yield made
    made.store.close()


def edited(world: World) -> str:
    world.gp_put(AARON, Terms="NET 60")
    assert written(world.sync()) == 1
    return last_run(world)


def test_an_undo_that_was_acknowledged_and_not_kept_fails_and_is_named(world: World) -> None:
    run = edited(world)
    world.sales.faults.keep_nothing(1)
    [report] = undo(world, run).reports
    assert report.verified.mismatched == 1 and not report.clean
    assert report.verified.unkept[0].fields == {"terms": ("NET 30", "NET 60")}
    with world.store.read() as conn:
        assert verifications.waiting(conn, "test", "customers") == (0, 1)


def test_an_undo_that_stands_is_read_back_as_written(world: World) -> None:
    run = edited(world)
    [report] = undo(world, run).reports
    assert report.verified.agreed == report.verified.sampled == 1 and report.clean
    assert written(world.sync()) == 0
    (row,) = world.accounts().values()
    assert row["terms"] == "NET 30"
