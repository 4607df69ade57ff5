"""The crash proof: every step of every command that writes, and two hundred random moments under load.

The last line that each prints is JSON. What failed names seed and moments; with `-k` and the seed it can be done again,
as far as the clock of the machine lets it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from proof.crash_load import Load, under_load
from proof.crash_matrix import Cell, cells, matrix
from proof.crash_run import Figures

SEED = int(os.environ.get("CRASH_SEED", "2026"))
WORKERS = 2
KILLS = 200


def side_by_side(jobs: list[tuple[Callable[..., Figures], tuple[object, ...]]]) -> Figures:
    """Do the parts in processes of their own; add their figures up."""
    figures = Figures()
    with ProcessPoolExecutor(len(jobs), get_context("spawn")) as pool:
        for done in [pool.submit(act, *given) for act, given in jobs]:
            figures.add(done.result())
    return figures


def loaded(folder: Path, seed: int, kills: int) -> Figures:
    folder.mkdir()
    return under_load(folder, seed, kills, Load())


def stepped(folder: Path, seed: int, chosen: list[Cell]) -> Figures:
    folder.mkdir()
    return matrix(folder, seed, chosen)


@pytest.mark.proof
def test_every_command_that_is_killed_at_any_step_loses_nothing_and_doubles_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    every = sorted(cells(), key=lambda cell: ("sync", "undo", "apply", "replay").index(cell.command))
    shares = [every[part::WORKERS] for part in range(WORKERS)]
    figures = side_by_side(
        [(stepped, (tmp_path / f"part{n}", SEED + n, share)) for n, share in enumerate(shares)]
    )
    tell(capsys, "every step", figures)
    judge(figures, len(every))


@pytest.mark.proof
def test_two_hundred_kills_under_load_lose_nothing_and_double_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = [(loaded, (tmp_path / f"part{n}", SEED + n, KILLS // WORKERS)) for n in range(WORKERS)]
    figures = side_by_side(parts)  # type: ignore[arg-type]
    tell(capsys, "random moments", figures)
    judge(figures, KILLS)
    assert all(figures.faults[do] for do in ("lost_reply", "429", "503", "reset", "truncate", "slow"))


def tell(capsys: pytest.CaptureFixture[str], what: str, figures: Figures) -> None:
    with capsys.disabled():
        print(f"\n{json.dumps({what: figures.as_dict()})}")


def judge(figures: Figures, least: int) -> None:
    assert figures.found == []
    assert (figures.lost, figures.doubled, figures.unbalanced, figures.strange) == (0, 0, 0, 0)
    assert sum(figures.kills.values()) >= least
