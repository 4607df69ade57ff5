"""What the connectors of a system in this process share: the places of its channels, its budget, and counts.

The service has two sets of connectors, one for what is urgent; both must keep the system's setting together. Where other
processes may call the system too, places stand on loans of the store.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from threading import Lock
from weakref import WeakValueDictionary
from zoneinfo import ZoneInfo

from gp365.app.alerts.days import company_zone
from gp365.app.lending import StoreLender
from gp365.app.project import Project
from gp365.model.errors import Gp365Error
from gp365.wire.calls import Log, LogLine, Priority
from gp365.wire.clock import Clock
from gp365.wire.gate import Gate, Turn
from gp365.wire.loans import share
from gp365.wire.throttle import RequestBudget

_guard = Lock()
_known: WeakValueDictionary[tuple[str, str, str], Shared]


class Shared:
    """What is shared for one system; it lives as long as a project that has asked for it."""

    def __init__(self, system: str, zone: ZoneInfo) -> None:
        self.system = system
        self.requests = 0
        self.refusals = 0
        self.kept_today = 0
        self.kept_day: date | None = None
        self._zone = zone
        self._lock = Lock()
        self._unkept: Counter[date] = Counter()
        self._gates: dict[str, Gate] = {}
        self._budget: tuple[object, RequestBudget] | None = None

    def turn(
        self,
        project: Project,
        channel: str,
        places: int,
        spacing_s: float,
        *,
        urgent: bool,
        clock: Clock | None = None,
    ) -> Turn:
        """Return how a connector comes to the places of a channel; changed figures count from now on."""
        several = are_several(project)
        with self._lock:
            gate = self._gates.get(channel)
            if gate is None:
                gate = self._gates[channel] = Gate(places, spacing_s, clock=clock)
            else:
                gate.resize(places, spacing_s)
            if several and gate.loans is None:
                share(gate, StoreLender(f"{self.system}/{channel}", project.another_store))
        return Turn(gate, Priority.INTERACTIVE if urgent else Priority.BULK)

    def budget(self, figures: object, make: Callable[[], RequestBudget]) -> RequestBudget:
        """Return the one budget of the system; another one once the figures that it was made of have changed."""
        with self._lock:
            if self._budget is None or self._budget[0] != figures:
                self._budget = (figures, make())
            return self._budget[1]

    @property
    def gates(self) -> list[Gate]:
        """The gates of the system's channels."""
        with self._lock:
            return list(self._gates.values())

    @property
    def the_budget(self) -> RequestBudget | None:
        """The budget, where the system has one."""
        with self._lock:
            return self._budget[1] if self._budget is not None else None

    # counting

    def counted(self, log: Log) -> Log:
        """Return a log that counts requests and refusals as well."""

        def note(line: LogLine) -> None:
            self.count(line.at, refused=line.status == 429)
            log(line)

        return note

    def count_now(self) -> None:
        """Count a request of this moment."""
        self.count(datetime.now(UTC))

    def count(self, at: datetime, *, refused: bool = False) -> None:
        """Count a request."""
        day = at.astimezone(self._zone).date()
        with self._lock:
            self.requests += 1
            self.refusals += refused
            self._unkept[day] += 1

    def take_unkept(self) -> Counter[date]:
        """Return and forget what was counted since the last time, by the company's day."""
        with self._lock:
            unkept, self._unkept = self._unkept, Counter()
        return unkept

    def put_back(self, unkept: Counter[date]) -> None:
        """Count again what could not be kept."""
        with self._lock:
            self._unkept.update(unkept)

    def on(self, day: date) -> int:
        """Return the requests of a day: what is kept for it, and what was counted since."""
        with self._lock:
            return (self.kept_today if self.kept_day == day else 0) + self._unkept[day]


_known = WeakValueDictionary()


def shared(project: Project, system: str) -> Shared:
    """Return what the connectors of a system share in this process, whatever project object they were made from."""
    key = (str(project.folder), project.settings.store.url, system)
    with _guard:
        found = _known.get(key)
        if found is None:
            found = _known[key] = Shared(system, company_zone(project.settings))
        project.shared[system] = found
    return found


def are_several(project: Project) -> bool:
    """Tell whether other processes may call systems beside this one.

    On a store in a server always; on SQLite where the service is at work, as itself or beside it: every other command
    that writes holds the folder's lock.
    """
    if project.settings.store.url or project.served:
        return True
    if not project.has_store():
        return False
    with contextlib.suppress(Gp365Error):
        return project.serving()
    return False
