"""Planted defects: a reconciliation misses none of them and invents none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sync.planted_defects import PER_SEED, found_by, in_step, look, plant


def _judged(folder: Path, seed: int) -> tuple[int, int, int, dict[str, int]]:
    planted = plant(folder, seed)
    told = look(planted.world)
    found = found_by(told)
    missed, invented = planted.expected - found, found - planted.expected
    assert told.counts.drift == planted.drifting
    planted.world.store.close()
    return sum(planted.kinds.values()), len(missed), len(invented), planted.kinds


def test_two_systems_in_step_show_no_difference(tmp_path: Path) -> None:
    world = in_step(tmp_path)
    told = look(world)
    assert found_by(told) == set()
    assert told.verdict == "equal"
    assert told.blocks.unequal == []
    assert (told.counts.linked, told.counts.equal) == (80, 80)
    world.store.close()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_planted_defects_are_all_found_and_none_is_invented(tmp_path: Path, seed: int) -> None:
    number, missed, invented, _ = _judged(tmp_path, seed)
    assert (number, missed, invented) == (PER_SEED, 0, 0)


@pytest.mark.proof
def test_five_hundred_planted_defects_are_all_found_and_none_is_invented(tmp_path: Path) -> None:
    planted = missed = invented = 0
    kinds: dict[str, int] = {}
    for seed in range(20):
        number, not_found, made_up, held = _judged(tmp_path / str(seed), seed)
        planted, missed, invented = planted + number, missed + not_found, invented + made_up
        for kind, count in held.items():
            kinds[kind] = kinds.get(kind, 0) + count
    figures = {"planted": planted, "seeds": 20, "missed": missed, "invented": invented, "kinds": kinds}
    print(json.dumps({"reconcile": figures}))
    assert (planted, missed, invented) == (500, 0, 0)
