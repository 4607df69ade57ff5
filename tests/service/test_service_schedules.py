"""Runs by the calendar: they ask for what the settings name, and live through the loss of their own database."""

from __future__ import annotations

from pathlib import Path

import pytest

from gp365.app.service.durable import FILE, refuse_bad_sqlite
from gp365.app.service.schedules import Schedules
from gp365.model.errors import Misconfigured
from service.service_desk import SELDOM, desk_with

NIGHT = '[service.schedules.night]\ncron = "0 3 * * *"\nflow = "firms"\nfull = true\n'


def test_a_schedule_asks_for_its_flow_and_does_so_after_its_database_was_deleted(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, SELDOM + NIGHT)
    asked: list[tuple[str, str, bool]] = []
    for turn in (1, 2):
        with desk.open() as project:
            schedules = Schedules(lambda ask: asked.append((ask.pair, ask.flow, ask.full)))
            try:
                schedules.take_up(project)
                schedules.fire_now("night")
            finally:
                schedules.close()
        assert asked == [("", "firms", True)] * turn
        for file in (tmp_path / ".gp365").glob(f"{FILE}*"):
            file.unlink()


def test_without_schedules_no_second_database_is_made(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, SELDOM)
    with desk.open() as project:
        schedules = Schedules(lambda ask: None)
        schedules.take_up(project)
        schedules.close()
    assert not (tmp_path / ".gp365" / FILE).exists()


def test_a_sqlite_on_which_schedules_would_lose_their_times_is_refused() -> None:
    refuse_bad_sqlite((3, 11, 9), (3, 40, 1))
    refuse_bad_sqlite((3, 13, 0), (3, 42, 0))
    with pytest.raises(Misconfigured) as refused:
        refuse_bad_sqlite((3, 13, 0), (3, 40, 1))
    assert refused.value.code == "sqlite-old"


@pytest.mark.parametrize("cron", ["0 6 * *", "61 * * * *", "every day"])
def test_a_line_that_is_no_cron_line_is_refused_with_its_place(tmp_path: Path, cron: str) -> None:
    desk = desk_with(tmp_path, SELDOM + NIGHT.replace("0 3 * * *", cron))
    with pytest.raises(Misconfigured) as refused:
        desk.open()
    assert (refused.value.code, refused.value.field) == ("settings-invalid", "service.schedules.night.cron")
