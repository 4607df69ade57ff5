"""How everything stands, as the service tells it: workers by their leases, traffic by what was sent."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from gp365.app.service import plans
from gp365.app.service.stood import led_by, standing_of
from gp365.app.settings_file import parse_settings
from gp365.store import lease as leases
from service.service_desk import FAST, SELDOM, desk_with, served, until

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def test_the_workers_of_a_crew_are_known_by_their_leases_with_the_pairs_that_they_run(tmp_path: Path) -> None:
    with desk_with(tmp_path, SELDOM).open() as project:
        with project.store.write() as conn:
            for name, holder in (
                ("serve", "srv1:/gp365"),
                ("worker/north", "srv1:/gp365"),
                ("worker/south", "srv2:/gp365"),
                ("worker/command", "srv1:/gp365"),
                ("worker/prompt", "srv1:/gp365"),
                ("worker/north/prompt", "srv1:/gp365"),
                ("pair/main", "srv2:/gp365 worker/south"),
            ):
                leases.take(conn, name, holder, 60)
            gone = leases.take(conn, "worker/gone", "srv3:/gp365", 60)
            leases.release(conn, gone)
        found = led_by(standing_of(project, plans.begin(project, NOW), NOW, NOW), "north")
    assert [(one.slot, one.leads, one.pairs) for one in found.workers] == [
        ("north", True, ()),
        ("south", False, ("main",)),
    ]


def test_a_service_alone_has_no_workers_to_tell_of(tmp_path: Path) -> None:
    with served(desk_with(tmp_path, FAST)) as at:
        until(lambda: at.service.rounds)
        assert at.service.standing().workers == ()


def test_a_day_s_allowance_of_the_settings_stands_beside_what_was_sent(tmp_path: Path) -> None:
    with desk_with(tmp_path, SELDOM).open() as project:
        text = (project.folder / "gp365.toml").read_text("utf-8")
        project.settings = parse_settings(text + "\n[alerts]\nallowances = {sales = 25000}\n")
        found = standing_of(project, plans.begin(project, NOW), NOW, NOW)
    assert {one.name: one.allowance for one in found.systems} == {"gp": 0, "sales": 25_000}
