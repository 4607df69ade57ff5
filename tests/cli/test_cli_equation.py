"""The equation of a run: one row added or taken away behind the engine's back, and the command ends with 4."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from app.actions_desk import make_desk
from cli.cli_desk import Shell
from gp365.app.actions import running

TAMPERINGS = {
    "a subject that was claimed is forgotten": (
        "DELETE FROM run_subject WHERE subject = (SELECT min(subject) FROM run_subject)"
    ),
    "a subject is claimed that nobody considered": (
        "INSERT INTO run_subject (run, subject) SELECT max(id), 'gp:NOBODY' FROM run"
    ),
    "an outcome is taken out of the ledger": (
        "DELETE FROM ledger WHERE id = (SELECT max(id) FROM ledger WHERE kind = 'outcome')"
    ),
    "an outcome is counted twice in the ledger": (
        "UPDATE ledger SET subjects = 2 WHERE id = (SELECT max(id) FROM ledger WHERE kind = 'outcome')"
    ),
    "a write that was acknowledged is not recorded as done": (
        "UPDATE intent SET state = 'rejected' WHERE id = (SELECT min(id) FROM intent WHERE state = 'done')"
    ),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_a_run_whose_counts_do_not_agree_ends_with_4(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    desk = make_desk(tmp_path / "project")
    touched: list[int] = []

    def tamper(point: str) -> None:
        if point == "recorded" and not touched:
            with sqlite3.connect(desk.path / ".gp365" / "gp365.db") as store:
                touched.append(store.execute(TAMPERINGS[what]).rowcount)

    monkeypatch.setattr(running, "probe_of", lambda: tamper)
    answer = Shell(desk.path).json("sync")
    assert touched == [1]
    assert answer.code == 4
    (run,) = answer.json["runs"]
    assert not run["balanced"]
    assert not run["clean"]
    assert len(run["mismatches"]) == 1
    assert "NOT BALANCED" in Shell(desk.path).run("status").out


def test_a_run_whose_counts_agree_ends_with_0(tmp_path: Path) -> None:
    desk = make_desk(tmp_path / "project")
    answer = Shell(desk.path).run("sync")
    assert answer.code == 0
    assert "the three counts agree" in answer.out
