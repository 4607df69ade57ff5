"""A sync that is killed at any named point, in any state of its writes: a new process ends it as if nothing had been."""

from __future__ import annotations

from pathlib import Path

import pytest
from e2e_site import GP, SALES, Site, World, world

from gp365.sync.points import POINTS
from proof.crash_load import Load, under_load
from proof.crash_matrix import Cell, Setting, first_sync, matrix


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_first_sync_is_ended_by_a_new_process_as_if_nothing_had_been(
    fresh: Site, undisturbed: World, point: str
) -> None:
    """What may still be on its way to GP waits (exit code 1) until the longest reply is over, and is never sent twice."""
    fresh.killed_at(point)
    again = fresh.in_child("sync")
    assert again.code in (0, 1), again.err
    assert again.balanced
    assert len(fresh.rows(SALES, "accounts")) <= len(undisturbed["accounts"])
    assert len(fresh.rows(GP, "RM00101")) <= len(undisturbed["RM00101"])
    fresh.settled()
    assert world(fresh) == undisturbed
    assert fresh.sync().written == 0


def test_a_sync_killed_between_an_update_and_its_outcome_loses_and_doubles_nothing(fresh: Site) -> None:
    assert fresh.sync().code == 0
    fresh.edit_account_of("ADAMPARK0001", address1_line1="5 Edited Street", address2_line1="7 Dock Road")
    fresh.put(GP, "RM00102", "ASTORSUI0001;PRIMARY", ADDRESS1="6 Edited Street")
    fresh.killed_at("sent")
    fresh.edit_account_of("ADAMPARK0001", address1_line1="8 Edited Again")
    again = fresh.in_child("sync")
    assert again.balanced
    fresh.settled()
    codes = {
        row["ADRSCODE"]: row["ADDRESS1"]
        for row in fresh.rows(GP, "RM00102")
        if row["CUSTNMBR"] == "ADAMPARK0001"
    }
    assert codes == {"PRIMARY": "8 Edited Again", "SHIPTO": "7 Dock Road"}
    assert fresh.account_of("ASTORSUI0001")["address1_line1"] == "6 Edited Street"
    assert fresh.sync().written == 0


STEPS = [Cell("sync", moment, 0) for moment in ("opening", "landed", "recording")]
SMALL = Load(firms=(10, 10, 8), edits=10, new=3, faults=3, in_a_row=2, page=4)


@pytest.mark.proof
def test_commands_that_are_killed_at_any_step_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    """Short here; every command, step and occasion under `make proof`."""
    figures = matrix(tmp_path, 5, STEPS)
    assert figures.found == []
    assert sum(figures.kills.values()) == len(STEPS)


@pytest.mark.proof
def test_syncs_that_are_killed_at_random_moments_under_load_lose_nothing_and_double_nothing(
    tmp_path: Path,
) -> None:
    """Short here; two hundred kills under `make proof`."""
    figures = under_load(tmp_path, 6, 3, SMALL)
    assert figures.found == []
    assert sum(figures.kills.values()) == 3


@pytest.mark.proof
def test_the_judge_sees_the_loss_when_an_open_write_counts_as_done(tmp_path: Path) -> None:
    setting = Setting(plant="an open intent counts as done")
    figures = matrix(tmp_path, 7, [Cell("sync", "intent", 0)], setting)
    assert figures.lost, figures.found


@pytest.mark.proof
def test_the_judge_sees_the_double_when_our_mark_is_not_looked_for(tmp_path: Path) -> None:
    """The flow's own rules of matching, which would find it, are taken out with it."""
    setting = Setting(firms=(0, 4, 0), flow="match: []\n", plant="our mark is not looked for")
    figures = first_sync(tmp_path, 8, "landed", setting)
    assert figures.doubled, figures.found
