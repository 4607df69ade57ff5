"""The law of the engine, over everything that people may type: equal after fitting, or a reason; and nothing lost."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from laws.histories import History, histories, play
from laws.laws_world import fresh_systems, laws_world

LAW = settings(
    max_examples=300,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
    report_multiple_bugs=False,
)


def check(folder: Path, how: settings, rounds: int, per_round: int) -> None:
    """Play drawn histories, each in empty systems under a pair of its own."""
    world = laws_world(folder)
    pairs = (f"p{number}" for number in count())

    @how
    @given(history=histories(rounds, per_round))
    def law(history: History) -> None:
        fresh_systems(world)
        play(world, history, next(pairs))

    try:
        law()
        assert world.chain_holds()
    finally:
        world.store.close()


def test_after_a_sync_every_field_is_equal_or_carries_a_reason_and_nothing_is_lost(tmp_path: Path) -> None:
    check(tmp_path, LAW, 2, 8)


@pytest.mark.proof
def test_long_histories_keep_the_law_too(tmp_path: Path) -> None:
    check(tmp_path, settings(LAW, max_examples=1500, derandomize=False), 8, 12)
