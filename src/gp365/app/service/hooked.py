"""Whether the webhooks that tell us of changes are still registered and work, asked now and then beside the rounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Thread

from gp365.app.actions.webhooks_health import registered_hooks
from gp365.app.assembly import Assembly
from gp365.app.project import Project
from gp365.app.service.standing import BROKEN, HookStanding
from gp365.model.errors import Gp365Error

EVERY = timedelta(hours=1)
SOONER = timedelta(minutes=10)
"""While something is wrong with them it is asked more often, so that polls go back to their pace."""
SETTLING = timedelta(minutes=2)
"""What could not be delivered while the service was down says nothing about the webhooks."""
Ask = Callable[[Assembly, datetime], tuple[HookStanding, ...]]


class Hooked:
    """The webhooks of a project as they were last seen. `turn` never waits: a look is a thread of its own.

    While the organisation cannot be asked, what was seen last stays: that it is down, or refuses us, is told elsewhere.
    """

    def __init__(self, project: Project, *, ask: Ask = registered_hooks, every: timedelta = EVERY) -> None:
        self.hooks: tuple[HookStanding, ...] = ()
        self._project, self._ask, self._every = project, ask, every
        self._thread: Thread | None = None
        self._next: datetime | None = None
        self._began: datetime | None = None

    def turn(self, now: datetime, down: Iterable[str] = ()) -> None:
        """Begin a look where one is due; none while one of the systems that would be asked is `down`."""
        self._began = self._began or now
        if (self._next is not None and now < self._next) or self._is_looking():
            return
        systems = {one.system for one in self._project.settings.doors.values() if one.kind == "dataverse"}
        if not systems:
            self.hooks = ()
            return
        if not systems.isdisjoint(down):
            return
        self._next = now + (min(self._every, SOONER) if self.broken() else self._every)
        since = max(now - self._every, self._began + SETTLING)
        self._thread = Thread(target=self._look, args=(since,), name="hooks", daemon=True)
        self._thread.start()

    def again(self) -> None:
        """Look at the next turn: settings are others."""
        self._next = None

    def broken(self) -> frozenset[str]:
        """Name the systems whose webhooks do not tell of everything."""
        return frozenset(one.system for one in self.hooks if one.state in BROKEN)

    def close(self, timeout_s: float = 5.0) -> None:
        """Wait a little for a look that is under way."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _is_looking(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _look(self, since: datetime) -> None:
        with suppress(Gp365Error), Assembly(self._project, urgent=True) as assembly:
            found = self._ask(assembly, since)
            self.hooks = told_of(found, self.hooks)


def told_of(found: Iterable[HookStanding], before: Iterable[HookStanding]) -> tuple[HookStanding, ...]:
    """Lay what was found over what was known: of a system that could not be asked, what was known stays."""
    kept: list[HookStanding] = []
    for one in found:
        earlier = [held for held in before if held.system == one.system]
        kept += earlier if one.state == "unknown" and earlier else [one]
    return tuple(dict.fromkeys(kept))
