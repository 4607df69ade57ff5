"""One write on one lane: its calls in order, whether anything was sent, and what a lost answer then means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gp365.connectors.gp.soap.faults import Faulted
from gp365.connectors.gp.soap.service import Service
from gp365.connectors.gp.writes import check_time
from gp365.model.errors import Gp365Error, Rejected, Retry
from gp365.model.record import Outcome, Status, Write
from gp365.model.values import show, show_key
from gp365.wire.calls import CallFailed, Requests
from gp365.wire.clock import Clock


@dataclass(slots=True)
class Trip:
    """The calls of one write; `role` is that of the address that is being written alone."""

    service: Service
    lane: Requests
    write: Write
    clock: Clock
    done: int = 0
    unsure: bool = False
    read_at: float | None = None

    def reread(self) -> None:
        """Start the window: the record has just been read again."""
        self.read_at = self.clock.now()

    @property
    def window_ms(self) -> float | None:
        """Return the milliseconds since the re-read."""
        return None if self.read_at is None else (self.clock.now() - self.read_at) * 1000

    def send(self, operation: str, entity: str, part: str, members: Mapping[str, Any]) -> None:
        """Do a Create or Update. Raises Faulted, and what Service.write raises."""
        check_time(self.write, self.clock)
        self.unsure = True
        try:
            self.service.write(self.lane, operation, entity, **{part: dict(members)})
        except CallFailed as failure:
            self.unsure = failure.maybe_sent
            raise
        except Faulted as fault:
            self.unsure = fault.failed
            raise
        except Gp365Error:
            self.unsure = False
            raise
        self.unsure = False
        self.done += 1

    def placed(self, error: Gp365Error) -> Gp365Error:
        """Name the record, and the field of the card that the service's own property stands for."""
        error.record = show_key(self.write.key)
        if error.field and isinstance(error, Rejected):
            names = [error.field, f"BillTo.{error.field}", f"ShipTo.{error.field}"]
            error.field = next((name for name in names if name in self.write.values), error.field)
            error.value = show(self.write.values.get(error.field))[:80]
        return error

    def ended(self, failure: Gp365Error) -> Outcome:
        """Return the outcome of a write that broke off: unknown once anything may have been done, else to be retried."""
        after = failure.after_s if isinstance(failure, Retry) else None
        status = Status.UNKNOWN if self.done or self.unsure else Status.RETRY
        return Outcome(status, self.write.key, error=failure, after_s=after)
