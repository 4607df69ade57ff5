"""A sync that is killed at any point is taken up by the next process: nothing is lost, nothing is doubled."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import pytest

from app.actions_desk import Desk, make_desk, written
from cli.cli_desk import Shell, Site
from gp365.app.actions.sync import sync
from gp365.sync.points import POINTS


def kill_at(shell: Shell, point: str, file: Path) -> None:
    """Start a sync in its own process, wait until it holds at a point, and kill it there."""
    process = shell.start("sync", "--json", GP365_HOLD_AT=f"{point}:{file}")
    until = time.monotonic() + 60
    while not file.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)
    process.kill()
    process.communicate()


@pytest.mark.parametrize("point", POINTS)
def test_on_memory_nothing_is_lost_or_doubled(tmp_path: Path, point: str) -> None:
    killed = make_desk(tmp_path / "killed")
    whole = killed.copy(tmp_path / "whole")
    kill_at(Shell(killed.path), point, tmp_path / "held")
    assert killed.act(sync).exit_code == 0
    assert whole.act(sync).exit_code == 0
    assert names(killed) == names(whole)
    assert written(killed.act(sync)) == 0


def names(desk: Desk) -> tuple[list[str], list[str]]:
    return (
        sorted(str(row["Name"]) for row in desk.customers().values()),
        sorted(str(row["name"]) for row in desk.accounts().values()),
    )


@pytest.mark.parametrize("point", ["intent", "sent"])
def test_on_the_simulators_nothing_is_lost_or_doubled(site: Site, tmp_path: Path, point: str) -> None:
    site.reset()
    assert site.json("provision", "apply").code == 0
    shell = impatient(site.project(tmp_path / "project", "interid", f"{SHORT}\ninterid"))
    kill_at(shell, point, tmp_path / "held")
    sync_until_done(shell)
    customers = [row["CUSTNAME"] for row in site.rows("gp", "RM00101")]
    accounts = [row["name"] for row in site.rows("dataverse", "accounts")]
    cards = [row["gp365_numberkey"] for row in site.rows("dataverse", "gp365_customers")]
    assert len(customers) == 43
    assert len(accounts) == 44
    assert sorted(set(cards)) == sorted(cards)
    assert len(cards) == 43
    assert written_by(shell) == 0


SHORT = "timeout_s = 3\nfirst_timeout_s = 3\nretry_seconds = 0"


def impatient(shell: Shell) -> Shell:
    """Let a lost answer of GP count as settled after seconds instead of minutes."""
    with (shell.folder / "gp365.toml").open("a", encoding="utf-8") as out:
        out.write("\n[worker]\nlease_ttl_s = 42\n")
    return shell


def sync_until_done(shell: Shell) -> None:
    """Sync again while a write's answer may still come: such records wait, and nothing else is left."""
    until = time.monotonic() + 180
    while (done := shell.json("sync")).code != 0:
        assert done.code == 1, [run["stopped"] for run in done.json["runs"]]
        assert not any(run["parked"] or run["rejected"] for run in done.json["runs"])
        assert time.monotonic() < until
        time.sleep(0.2)


def written_by(shell: Shell) -> int:
    runs = shell.json("sync").json["runs"]
    return sum(side["created"] + side["updated"] for run in runs for side in run["sides"].values())


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent to one process on POSIX only")
def test_an_interruption_keeps_the_progress(tmp_path: Path) -> None:
    desk = make_desk(tmp_path / "project")
    process = Shell(desk.path).start("sync", "--json", GP365_HOLD_AT=f"sent:{tmp_path / 'held'}")
    until = time.monotonic() + 60
    while not (tmp_path / "held").exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert '"interrupted": true' in out
    assert desk.act(sync).exit_code == 0
    assert len(desk.accounts()) == 4


def test_a_hold_at_a_point_that_does_not_exist_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk(tmp_path / "project")
    monkeypatch.setenv("GP365_HOLD_AT", "nowhere:file")
    answer = Shell(desk.path).json("sync")
    assert answer.code == 2
    assert answer.error["code"] == "usage"
