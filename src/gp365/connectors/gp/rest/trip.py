"""One write on one lane: its calls in order, whether anything was sent, and what a lost answer then means."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gp365.connectors.gp.rest.service import Said, Service
from gp365.connectors.gp.writes import check_time
from gp365.model.errors import Gp365Error, Rejected, Retry
from gp365.model.record import Outcome, Status, Write
from gp365.model.values import show, show_key
from gp365.wire.calls import CallFailed, Requests
from gp365.wire.clock import Clock


class Refused(Exception):
    """The service refused a call of the write."""

    def __init__(self, error: Rejected, *, failed: bool, taken: bool = False) -> None:
        super().__init__(error.message)
        self.error = error
        self.failed = failed
        self.taken = taken


class Missing(Exception):
    """The record of the write is not there (any more)."""


@dataclass(slots=True)
class Trip:
    """The calls of one write; `returned` says that every answer so far held the object as stored.

    `another` gives the lane back and waits for one again.
    """

    service: Service
    lane: Requests
    write: Write
    clock: Clock
    done: int = 0
    unsure: bool = False
    returned: bool = True
    read_at: float | None = None
    another: Callable[[], Requests] | None = None

    def breathe(self) -> None:
        """Let who is more urgent come first: what is still to be asked is in no hurry, as nothing is written on it."""
        if self.another is not None:
            self.lane = self.another()

    def reread(self) -> None:
        """Start the window: the record has just been read again."""
        self.read_at = self.clock.now()

    @property
    def window_ms(self) -> float | None:
        """Return the milliseconds since the re-read."""
        return None if self.read_at is None else (self.clock.now() - self.read_at) * 1000

    def create(self, entity: str, members: Mapping[str, Any], role: str = "") -> dict[str, Any]:
        """POST an object and return it as stored, or as sent where the service returns nothing."""
        return self._call(lambda: self.service.create(self.lane, entity, members), members, role)

    def change(
        self, entity: str, key: Sequence[str], members: Mapping[str, Any], role: str = ""
    ) -> dict[str, Any]:
        """PATCH an object and return it as stored, or as sent where the service returns nothing."""
        return self._call(lambda: self.service.change(self.lane, entity, key, members), members, role)

    def _call(self, ask: Callable[[], Said], members: Mapping[str, Any], role: str) -> dict[str, Any]:
        check_time(self.write, self.clock)
        self.unsure = True
        try:
            said = ask()
        except CallFailed as failure:
            self.unsure = failure.maybe_sent
            raise
        except Gp365Error:
            self.unsure = False
            raise
        self.unsure = said.failed
        if said.missing:
            raise Missing
        if said.refusal is not None:
            raise Refused(self._placed(said.refusal, role), failed=said.failed, taken=said.taken)
        self.done += 1
        self.returned = self.returned and said.stored is not None
        return {**members, **(said.stored or {})}

    def _placed(self, error: Rejected, role: str) -> Rejected:
        """Name the record, and the field of the card that the service's own field stands for."""
        error.record = show_key(self.write.key)
        if error.field:
            names = [f"{role}.{error.field}"] if role else [error.field, f"BillTo.{error.field}"]
            error.field = next((name for name in names if name in self.write.values), names[0])
            error.value = show(self.write.values.get(error.field))[:80]
        return error

    def ended(self, failure: Gp365Error) -> Outcome:
        """Return the outcome of a write that broke off: unknown once anything may have been done, else to be retried."""
        after = failure.after_s if isinstance(failure, Retry) else None
        status = Status.UNKNOWN if self.done or self.unsure else Status.RETRY
        return Outcome(status, self.write.key, error=failure, after_s=after)
