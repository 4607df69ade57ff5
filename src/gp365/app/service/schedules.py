"""Runs by the calendar, kept by DBOS Transact: what was missed while the service was down is made up for, once.

A schedule only asks the service to look; what is done stands in the work table and the ledger. So the database of DBOS
may be deleted at any time: what was missed before is then not made up for.
"""

from __future__ import annotations

from gp365.app.project import Project
from gp365.app.service import plans
from gp365.app.service.durable import Asking, Durable, ask_with
from gp365.app.service.plans import zone_of
from gp365.store import asks


class Owed:
    """What schedules have asked for by way of the store; it is kept there until it was done."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._owed: dict[str, plans.Asked] = {}

    def asked(self, state: plans.State) -> list[plans.Asked]:
        """Give what is new; forget what was done."""
        with self._project.store.read() as conn:
            waiting = asks.waiting(conn)
        fresh = {
            one.id: plans.Asked(one.pair, one.flow, one.full) for one in waiting if one.id not in self._owed
        }
        done = [id for id, one in self._owed.items() if not plans.owes(state, one)]
        if done:
            with self._project.store.write() as conn:
                asks.done(conn, done)
        self._owed = {id: one for id, one in self._owed.items() if id not in done} | fresh
        return list(fresh.values())


class Schedules:
    """The schedules of a project while its service runs; `close` ends them.

    DBOS is begun with the first one, where the process has not begun it (`durable`) for other things.
    """

    def __init__(self, ask: Asking, durable: Durable | None = None) -> None:
        self._ask, self._durable = ask, durable
        self._own: Durable | None = None

    def take_up(self, project: Project) -> None:
        """Make the schedules those of the settings; Misconfigured("sqlite-old") where they cannot be kept."""
        given = project.settings.service.schedules
        durable = self._durable or self._own
        if durable is None:
            if not given:
                return
            durable = self._own = Durable(project, "serve")
            durable.begin()
        ask_with(self._ask)
        durable.schedule(given, zone_of(project).key)

    def fire_now(self, name: str) -> None:
        """Have a schedule fire now, beside its calendar."""
        durable = self._durable or self._own
        assert durable is not None
        durable.fire(name)

    def close(self) -> None:
        """End what was begun; what is under way is taken up by its next start."""
        if self._own is not None:
            self._own.close()
            self._own = None
            ask_with(None)
