"""Generated firms in two systems: what is linked is right, and nearly everything else is shown to a person."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.firms import Firms, make_firms
from bench.matching import Findings, figures
from bench.matching_world import make_matching_world

from gp365.sync.preview import preview
from gp365.sync.similar import index


def planned(firms: Firms, folder: Path) -> Findings:
    world = make_matching_world(firms, folder)
    findings = Findings()
    _, plans = preview(world.job)
    for plan in plans:
        findings.add(plan)
    world.close()
    return findings


def test_firms_with_noise_are_linked_rightly_or_shown_to_a_person(tmp_path: Path) -> None:
    firms = make_firms(900, seed=7)
    found = figures(firms, planned(firms, tmp_path))
    assert found["precision_of_links"] == 1.0 and found["traps_linked"] == 0
    assert found["found"] >= 0.95 and found["suggested"] >= 0.95 and found["suggested_first"] >= 0.9
    assert (
        found["by_kind"]["only written otherwise"]["linked"]
        == found["by_kind"]["only written otherwise"]["pairs"]
    )
    assert found["needless_suggestions"] <= 0.05
    assert found["traps_shown"]["another firm at one address"] <= 0.1


def test_a_second_process_finds_exactly_what_this_one_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    firms = make_firms(150, seed=11)
    here = planned(firms, tmp_path / "here")
    monkeypatch.setattr(index, "MANY", 100)
    beside = planned(firms, tmp_path / "beside")
    assert beside.links == here.links and beside.shown == here.shown and beside.codes == here.codes
    assert not list((tmp_path / "beside" / "scratch").iterdir())
