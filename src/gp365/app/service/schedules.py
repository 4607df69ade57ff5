"""Runs by the calendar, kept by DBOS Transact: what was missed while the service was down is made up for, once.

A schedule only asks the service to look; what is done stands in the work table and the ledger. So the database of DBOS
may be deleted at any time: what was missed before is then not made up for.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gp365 import __version__
from gp365.app.project import Project
from gp365.app.service.plans import zone_of
from gp365.model.errors import Misconfigured

if TYPE_CHECKING:
    from dbos import DBOSConfig

FILE = "dbos.db"
SCHEMA = "gp365_dbos"
NAME = "gp365"
_FIRST = (3, 42)
"""The first SQLite with unixepoch('subsec') (sqlite.org/releaselog/3_42_0.html), which DBOS needs from Python 3.12 on."""
Ask = Callable[[str, str, bool], None]
_asking: dict[str, Ask] = {}


def refuse_bad_sqlite(python: tuple[int, ...], sqlite: tuple[int, ...]) -> None:
    """Raise Misconfigured("sqlite-old") for a Python and a SQLite on which DBOS stores empty times."""
    if python >= (3, 12) and sqlite < _FIRST:
        has = ".".join(str(part) for part in sqlite)
        raise Misconfigured(
            "sqlite-old",
            f"This Python brings SQLite {has}; with Python 3.12 or newer, schedules need SQLite 3.42 or newer.",
            fix="Use a Python with a newer SQLite, Python 3.11, or a PostgreSQL store.",
        )


class Schedules:
    """The schedules of a project while its service runs. DBOS is begun with the first one; `close` ends it."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._begun = False

    def take_up(self, project: Project) -> None:
        """Make the schedules those of the settings; Misconfigured("sqlite-old") where they cannot be kept."""
        given = project.settings.service.schedules
        if not given and not self._begun:
            return
        from dbos import DBOS

        if not self._begun:
            self._begin(project)
        zone = zone_of(project).key
        _asking[NAME] = self._ask
        for one in DBOS.list_schedules():
            if one["schedule_name"] not in given:
                DBOS.delete_schedule(one["schedule_name"])
        DBOS.apply_schedules(
            [
                {
                    "schedule_name": name,
                    "workflow_fn": fire,
                    "schedule": one.cron,
                    "context": {"pair": one.pair, "flow": one.flow, "full": one.full},
                    "automatic_backfill": True,
                    "cron_timezone": zone,
                }
                for name, one in given.items()
            ]
        )

    def fire_now(self, name: str) -> None:
        """Have a schedule fire now, beside its calendar."""
        from dbos import DBOS

        DBOS.trigger_schedule(name).get_result()

    def close(self) -> None:
        """End DBOS; what is under way is taken up by its next start."""
        if not self._begun:
            return
        from dbos import DBOS

        DBOS.destroy(destroy_registry=True)
        self._begun = False
        _asking.pop(NAME, None)

    def _begin(self, project: Project) -> None:
        from dbos import DBOS

        config = _config(project)
        DBOS(config=config)
        DBOS.workflow(name="gp365_schedule")(fire)
        self._begun = True
        DBOS.launch()


def fire(at: datetime, context: Any) -> None:
    """Ask the service for what a schedule names; a workflow of DBOS, which is done again if nobody saw its end."""
    del at
    asked: Mapping[str, Any] = context
    ask = _asking.get(NAME)
    if ask is not None:
        ask(str(asked["pair"]), str(asked["flow"]), bool(asked["full"]))


def _config(project: Project) -> DBOSConfig:
    config: DBOSConfig = {
        "name": NAME,
        "application_version": __version__,  # else the work of another version of our code is never taken up
        "executor_id": "serve",
        "log_level": "ERROR",
        "console_log_level": "ERROR",
        "max_executor_threads": 2,
    }
    if project.store.dialect == "sqlite":
        refuse_bad_sqlite(sys.version_info[:3], sqlite3.sqlite_version_info)
        file = project.own / FILE
        with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(file)) as conn:
            conn.execute("PRAGMA journal_mode=WAL")
        return config | {"system_database_url": f"sqlite:///{file.as_posix()}"}
    url = project.store.engine.url.render_as_string(hide_password=False)
    return config | {"system_database_url": url, "dbos_system_schema": SCHEMA, "use_listen_notify": False}
