"""Alerts of a running service: what a round wrote and what waits for a person reach a web address."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

from alerts.alert_desk import Receiver, http_receiver
from app.actions_desk import Desk
from gp365.app.alerts.beside import Beside
from gp365.store import runs
from service.service_desk import FAST, SELDOM, desk_with, served, until

ALERTS = """
[alerts]
success = "changed"
confirm_s = 0.0
settle_s = 0.0
parked = 1
[alerts.channels.desk]
address = {file = "address"}
"""


def desk_that_tells(path: Path, port: int, more: str = "") -> Desk:
    desk = desk_with(path, FAST + ALERTS + more)
    desk.folder.write("address", f"json://127.0.0.1:{port}/x")
    return desk


def titles(receiver: Receiver) -> list[str]:
    return [one["body"]["title"] for one in receiver.got]


def test_a_running_service_tells_of_its_runs_and_counts_them(tmp_path: Path) -> None:
    with http_receiver() as receiver:
        desk = desk_that_tells(tmp_path, receiver.port)
        with desk.open() as project, closing(Beside(project)) as beside:
            with served(desk, watch=beside.look):
                desk.gp("AARONFIT0001", Name="Aaron Fitz Electric")
                until(lambda: any("main firms: 1 updated" in one["body"]["message"] for one in receiver.got))
            figures = beside.metrics.text().decode()
            with project.store.read() as conn:
                updated = sum(one.counts.get("updated", 0) for one in runs.list_runs(conn, "main", "firms"))
    assert "gp365: 1 run ended well, 1 record written" in titles(receiver)
    assert f'gp365_subjects_total{{ended="updated",flow="firms",pair="main"}} {updated}.0' in figures
    assert 'gp365_system_up{system="gp"} 1.0' in figures


def test_a_record_that_waits_for_a_person_is_told_and_told_to_be_mended_once_it_is_decided(
    tmp_path: Path,
) -> None:
    with http_receiver() as receiver:
        desk = desk_that_tells(tmp_path, receiver.port)
        with served(desk):
            pass
        desk.gp("AARONFIT0001", Name="Aaron of GP")
        key = next(key for key, row in desk.accounts().items() if row["number"] == "AARONFIT0001")
        desk.sales(key, name="Aaron of Sales")
        with desk.open() as project, closing(Beside(project)) as beside, served(desk, watch=beside.look):
            until(lambda: "gp365: parked firms of main" in titles(receiver))
            desk.gp("AARONFIT0001", Name="Aaron of Sales")
            until(lambda: "gp365: mended: parked firms of main" in titles(receiver))
        assert titles(receiver).count("gp365: parked firms of main") == 1
        log = [json.loads(line) for line in (project.log.path).read_text("utf-8").splitlines()]
    told = [(one["kind"], one["title"], one["pair"]) for one in log if one["what"] == "notice"]
    assert ("broken", "gp365: parked firms of main", "main") in told
    runs_told = [one for one in log if one["what"] == "run" and one.get("parked")]
    assert {(one["pair"], one["flow"], one["level"]) for one in runs_told} == {("main", "firms", "info")}
    assert all(one["run"] for one in runs_told)


def test_a_flow_that_is_looked_at_and_finds_nothing_is_not_behind(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, FAST)
    with served(desk) as at:
        began = at.service.clock()

        def looked_again() -> bool:
            [flow] = at.service.standing().flows
            return flow.last_began is not None and flow.last_began > began and (flow.lag_s or 99) < 5

        until(looked_again)


def test_what_a_webhook_brought_is_counted_as_what_a_round_brings(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, SELDOM)
    with desk.open() as project, closing(Beside(project)) as beside, served(desk, watch=beside.look) as at:
        at.quiet()
        desk.gp("AARONFIT0001", Name="Aaron Fitz Electric")
        at.hint("customer", "AARONFIT0001")
        until(lambda: any(row["name"] == "Aaron Fitz Electric" for row in desk.accounts().values()))
        at.service.ask()
        counted = 'gp365_subjects_total{ended="updated",flow="firms",pair="main"} 1.0'
        until(lambda: counted in beside.metrics.text().decode())


def test_alerts_that_fail_stop_no_round(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, FAST + ALERTS)  # the file with the address is not there
    with desk.open() as project, closing(Beside(project)) as beside, served(desk, watch=beside.look) as at:
        project.store.close()  # the watch's own store is gone
        desk.gp("AARONFIT0001", Name="Aaron Fitz Electric")
        until(lambda: any(row["name"] == "Aaron Fitz Electric" for row in desk.accounts().values()))
        assert at.service.alive
