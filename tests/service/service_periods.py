"""A desk whose GP has a fiscal calendar, and a clock that a test moves on."""

from __future__ import annotations

import json
from calendar import monthrange
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from app.actions_desk import Desk
from app.app_folder import gp_entities
from gp365.app.service.service import Service
from gp365.app.service.standing import TriggerStanding
from service.service_desk import SELDOM, Served, desk_with, until

WHOLE_PERIOD = "0"
YEAR = 2026


def period_entity() -> dict[str, Any]:
    """Describe GP's periods as the channel over SQL Server does."""
    numbers = [
        {"name": name, "type": "integer", "length": None, "writable": "create"}
        for name in ("Year", "PeriodID", "Series", "Origin")
    ]
    days = [{"name": name, "type": "date", "length": None} for name in ("FirstDay", "LastDay")]
    closed = [{"name": f"ClosedSeries{number}", "type": "boolean", "length": None} for number in range(1, 7)]
    origin = {"name": "OriginDescription", "length": 51, "writable": "create"}
    return {
        "key": ["Year", "PeriodID", "Series", "Origin", "OriginDescription"],
        "fields": [*numbers, origin, *days, *closed],
        "strength": "whole",
    }


def with_periods(path: Path, service: str, *, before: str = "") -> Desk:
    """Make a desk whose company has twelve open periods in 2026; `before` stands before the table [service]."""
    desk = desk_with(path, SELDOM + service)
    settings = (path / "gp365.toml").read_text("utf-8")
    desk.folder.write("gp365.toml", settings.replace("[service]", f"{before}\n[service]", 1))
    desk.folder.entities("gp", {**gp_entities(), "fiscal_period": period_entity()})
    (path / "gp.db").unlink(missing_ok=True)
    desk.gp("AARONFIT0001", Name="Aaron Fitz", Country="USA", Class="USA-MEDIUM")
    for month in range(1, 13):
        put_period(desk, month, FirstDay=date(YEAR, month, 1), LastDay=_last(month))
    return desk


def put_period(desk: Desk, month: int, **values: Any) -> None:
    system = desk.person("gp")
    try:
        system.person_put("fiscal_period", (str(YEAR), str(month), WHOLE_PERIOD, "1", "x"), values)
    finally:
        system.close()


def close_sales(desk: Desk, month: int, *, closed: bool = True) -> None:
    """Close a period for the series Sales, as accounting does, or open it."""
    put_period(desk, month, ClosedSeries2=closed)


def _last(month: int) -> date:
    return date(YEAR, month, monthrange(YEAR, month)[1])


@dataclass
class MovedClock:
    """The time of the machine, moved by what a test says."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def set(self, at: datetime) -> None:
        self.ahead = at - datetime.now(UTC)


def log_of(desk: Desk, what: str) -> list[dict[str, Any]]:
    """Read the lines of the log that are about something."""
    path = desk.path / ".gp365" / "logs" / "gp365.log"
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [line for line in map(json.loads, lines) if line["what"] == what]


def occasions(desk: Desk) -> list[str]:
    """Name the occasions for which rules have asked, in their order."""
    return [one for line in log_of(desk, "trigger") if line["made_up"] for one in line["occasions"]]


def standing_of(service: Service, name: str) -> TriggerStanding:
    (found,) = [one for one in service.standing().triggers if one.name == name]
    return found


@contextmanager
def running(desk: Desk, clock: MovedClock | None = None) -> Generator[Served]:
    """Run the service of a desk for the block, also where not everything can be done at once."""
    with desk.open() as project:
        service = Service(project, clock or MovedClock())
        service.start()
        try:
            made = Served(desk, project, service)
            until(lambda: service.rounds > 0 or service.standing().quiet_until is not None)
            yield made
        finally:
            assert service.stop(60)
