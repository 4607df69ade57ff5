"""Commands beside the service: one at a time, in a thread of its own, while rounds of other pairs go on.

A command waits until no round of its pairs is under way, and no round of them begins before it has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from threading import Thread

from gp365.app.actions.lease import COMMAND, name_of
from gp365.app.project import Project
from gp365.app.service import acting
from gp365.store import actions
from gp365.store import lease as leases
from gp365.store.actions import Action

_PAIR = "--pair"


class Commands:
    """The commands that people gave. `halt` says that the service ends; a command then has half of its time to end, too.

    `around` is entered while a command is under way; `ring` is called when it has ended.
    """

    def __init__(
        self,
        project: Project,
        halt: Callable[[], bool],
        around: Callable[[Action], AbstractContextManager[None]],
        ring: Callable[[], None],
    ) -> None:
        self._project, self._halt, self._around, self._ring = project, halt, around, ring
        self._thread: Thread | None = None
        self._action: Action | None = None
        self._code: int | None = None
        self._waiting: Action | None = None

    def turn(self, busy: Collection[str]) -> tuple[Action, int | None] | None:
        """Begin the command that waits longest, once no round of its pairs is `busy`; tell of one that has ended."""
        if self._thread is not None:
            return self._ended() if not self._thread.is_alive() else None
        with self._project.store.read() as conn:
            self._waiting = actions.waiting(conn)
            orphaned = bool(leases.held(conn, name_of(COMMAND)))
        # A command of a service that died works on until its lease has run out.
        if self._waiting is not None and not orphaned and not self._pairs(self._waiting) & set(busy):
            self._begin(self._waiting)
            self._waiting = None
        return None

    def reserved(self) -> Collection[str]:
        """Name the pairs of which no round may begin: a command of theirs waits, or is under way."""
        action = self._action or self._waiting
        return self._pairs(action) if action is not None else ()

    def close(self) -> None:
        """Wait for the command that is under way."""
        if self._thread is not None:
            self._thread.join()

    def _begin(self, action: Action) -> None:
        self._action, self._code = action, None
        self._thread = Thread(target=self._run, args=(action,), name="command", daemon=True)
        self._thread.start()

    def _run(self, action: Action) -> None:
        patience_s = self._project.settings.service.stop_timeout_s / 2
        try:
            with self._around(action):
                self._code = acting.run_action(self._project, action, self._halt, patience_s)
        finally:
            self._ring()

    def _ended(self) -> tuple[Action, int | None] | None:
        action, self._action, self._thread = self._action, None, None
        return None if action is None else (action, self._code)

    def _pairs(self, action: Action) -> set[str]:
        every = set(self._project.settings.pairs)
        named = pair_named(action.arguments)
        return {named} if named in every else every


def pair_named(words: Iterable[str]) -> str:
    """Give the pair that a command's words name, or "" where it concerns all."""
    before = found = ""
    for word in words:
        if before == _PAIR:
            found = word
        elif word.startswith(f"{_PAIR}="):
            found = word.removeprefix(f"{_PAIR}=")
        before = word
    return found
