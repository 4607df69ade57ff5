"""The service on two systems of memory: changes arrive by polls and hints, and commands run beside it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.actions_desk import Desk
from gp365.app.actions.secret import secret_rotate, secret_set
from gp365.app.service.service import Service
from gp365.model.errors import Misconfigured
from gp365.store import actions, ledger, runs, vault
from service.service_desk import FAST, SELDOM, command, desk_with, served, until


def arrived(desk: Desk, name: str) -> bool:
    return any(row["name"] == name for row in desk.accounts().values())


def test_an_edit_in_gp_arrives_in_sales_within_a_poll(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, FAST)
    with served(desk):
        assert arrived(desk, "Aaron Fitz")
        desk.gp("AARONFIT0001", Name="Aaron Fitz Electric")
        assert until(lambda: arrived(desk, "Aaron Fitz Electric")) < 10
        desk.gp("NEWFIRM0001", Name="New Firm", Country="USA", Class="USA-MEDIUM")
        until(lambda: arrived(desk, "New Firm"))


def test_the_first_sync_of_a_flow_waits_for_a_person_who_may_give_it_beside_the_service(
    tmp_path: Path,
) -> None:
    desk = desk_with(tmp_path, FAST, first_sync="person")
    with served(desk) as at:
        (flow,) = at.service.standing().flows
        assert flow.stopped is not None and flow.stopped.code == "first-sync"
        assert not arrived(desk, "Aaron Fitz")
        assert command(desk, "sync").code == 0
        assert arrived(desk, "Aaron Fitz")
        desk.gp("AARONFIT0001", Name="Aaron Fitz Electric")
        until(lambda: arrived(desk, "Aaron Fitz Electric"))


def test_a_hint_arrives_at_once_while_polls_are_an_hour_apart(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, SELDOM)
    with served(desk) as at:
        desk.gp("AARONFIT0001", Name="Aaron Fitz Electric")
        at.hint("customer", "AARONFIT0001")
        at.hint("customer", "AARONFIT0001")
        assert until(lambda: arrived(desk, "Aaron Fitz Electric")) < 10
        at.quiet()
        assert at.service.standing().hints == 0


def test_a_hint_about_a_table_that_no_flow_reads_makes_the_service_look_at_its_system(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, SELDOM)
    with served(desk) as at:
        desk.gp("AARONFIT0001", Name="Aaron Fitz Electric")
        at.hint("address", "AARONFIT0001;PRIMARY")
        until(lambda: arrived(desk, "Aaron Fitz Electric"))


def test_a_second_service_of_a_folder_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, FAST)
    with served(desk) as at:
        with desk.open() as project, pytest.raises(Misconfigured) as refused:
            Service(project).start()
        assert refused.value.code == "folder-locked"
        desk.gp("AARONFIT0001", Name="Aaron Fitz Electric")
        until(lambda: arrived(desk, "Aaron Fitz Electric"))
        assert at.service.failure is None
    assert command(desk, "sync", "--json").code == 0


def test_a_sync_beside_the_service_is_done_by_it_and_answers_as_always(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, SELDOM)
    with served(desk) as at:
        desk.gp("AARONFIT0001", Name="Aaron Fitz Electric")
        done = command(desk, "sync", "--json")
        assert (done.code, done.json["runs"][0]["updated"]) == (0, 1)
        assert arrived(desk, "Aaron Fitz Electric")
        shown = command(desk, "sync")
        assert shown.code == 0
        assert "firms" in shown.out
        assert at.service.standing().actions == 0


def test_the_ledger_names_the_person_who_gave_a_command_beside_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_with(tmp_path, SELDOM)
    with served(desk) as at:
        monkeypatch.setenv("LOGNAME", "berta")
        desk.gp("AARONFIT0001", Name="Aaron Fitz Electric")
        assert command(desk, "sync", "--json").code == 0
        with at.project.store.read() as conn:
            done = runs.latest(conn, "main", "firms")
            assert done is not None
            written = {row.actor for row in ledger.rows(conn, done.id)}
        assert done.actor.startswith("berta@")
        assert written == {done.actor}


def test_a_command_with_a_fault_fails_beside_the_service_as_it_would_alone(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, SELDOM)
    with served(desk) as at:
        told = command(desk, "parked", "retry", "4711", "--json")
        assert (told.code, told.json["error"]["code"]) == (2, "parked-unknown")
        shown = command(desk, "parked", "retry", "4711")
        assert (shown.code, "4711" in shown.err) == (2, True)
        assert at.service.failure is None


def test_a_command_that_the_last_service_did_not_live_to_end_is_done_again_or_told(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, SELDOM)
    with desk.open() as project, project.store.write() as conn:
        sync = actions.put(conn, "sync", ["sync", "--json"], folder=str(tmp_path), actor="ann@desk")
        undo = actions.put(conn, "undo", ["undo", "r1", "--apply"], folder=str(tmp_path), actor="ann@desk")
        assert actions.take(conn, sync)
        assert actions.take(conn, undo)
    with served(desk) as at, at.project.store.read() as conn:
        again, lost = actions.get(conn, sync), actions.get(conn, undo)
        assert again is not None
        assert lost is not None
        assert (again.state, again.exit_code) == ("done", 0)
        assert (lost.state, lost.exit_code) == ("failed", 6)


def test_changed_settings_are_taken_up_and_faulty_ones_are_not(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, SELDOM)
    settings = tmp_path / "gp365.toml"
    good = settings.read_text("utf-8")
    with served(desk) as at:
        settings.write_text("schema = ", "utf-8")
        until(lambda: at.service.failure is not None)
        assert at.service.alive
        settings.write_text(good.replace("3600.0", "1.0"), "utf-8")
        desk.gp("AARONFIT0001", Name="Aaron Fitz Electric")
        until(lambda: arrived(desk, "Aaron Fitz Electric"))


def start(desk: Desk) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "gp365", "-C", str(desk.path), "serve"],
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_service_that_is_killed_is_followed_by_the_next_one_at_once(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, FAST)
    first = start(desk)
    until(lambda: arrived(desk, "Aaron Fitz"))
    first.kill()
    first.communicate()
    desk.gp("AARONFIT0001", Name="Aaron Fitz Electric")
    second = start(desk)
    until(lambda: arrived(desk, "Aaron Fitz Electric"))
    second.send_signal(signal.SIGTERM)
    out, _ = second.communicate(timeout=60)
    assert second.returncode == 0
    assert "Served from" in out
    assert len(desk.accounts()) == 4
    done = command(desk, "sync", "--json")
    assert (done.code, done.json["runs"][0]["created"]) == (0, 0)


def test_serving_once_until_all_is_quiet_ends_by_itself(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, SELDOM)
    done = command(desk, "serve", "--once-quiet", "--json")
    assert (done.code, done.json["rounds"]) == (0, 1)
    assert arrived(desk, "Aaron Fitz")


def test_a_secret_can_be_set_beside_the_service_but_the_master_key_not_exchanged(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, SELDOM)
    with served(desk), desk.open() as project:
        secret_set(project, "gp", "a new password")
        with project.store.read() as conn:
            assert "gp" in vault.list_secrets(conn)
        with pytest.raises(Misconfigured) as refused:
            secret_rotate(project)
        assert refused.value.code == "folder-locked"
