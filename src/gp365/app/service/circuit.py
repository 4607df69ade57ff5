"""A circuit per system: closed while it answers, open after it failed, half open for one look at a time.

A system that is down (Retry) is tried again after a growing while. One that refuses us (Unauthorised) is left alone until
its settings or its secret are others, or a person tries again: a wrong password that is tried again and again locks the
account.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from gp365.app.service.standing import Circuit as State
from gp365.app.service.standing import Fault
from gp365.model.errors import Gp365Error, Retry, Unauthorised

JITTER = 0.2


@dataclass(frozen=True, slots=True)
class Backoff:
    """The first and the longest wait for a system that is down, in seconds."""

    first_s: float
    limit_s: float


@dataclass(frozen=True, slots=True)
class Circuit:
    """How a system answers. `mark` is what the settings and secrets were when it refused us."""

    failures: int = 0
    fault: Fault | None = None
    next_try: datetime | None = None
    unauthorised: bool = False
    mark: str = ""

    def state(self, now: datetime) -> State:
        """Name the state at a moment."""
        if self.fault is None:
            return "closed"
        return "half-open" if self.next_try is not None and self.next_try <= now else "open"


CLOSED = Circuit()


def concerns(error: Gp365Error) -> bool:
    """Tell whether an error says something about a system as a whole."""
    return bool(error.system) and isinstance(error, Retry | Unauthorised)


def failed(
    circuit: Circuit, error: Gp365Error, now: datetime, backoff: Backoff, *, chance: float, mark: str = ""
) -> Circuit:
    """Open the circuit, or keep it open for longer; `chance` from 0 to 1 spreads the wait by a fifth to either side."""
    since = circuit.fault.since if circuit.fault is not None else now
    fault = Fault(error.code, str(error), since)
    failures = circuit.failures + 1
    if isinstance(error, Unauthorised):
        return Circuit(failures, fault, None, True, mark)
    wait = min(backoff.first_s * 2 ** min(failures - 1, 30), backoff.limit_s) * (
        1 + JITTER * (2 * chance - 1)
    )
    if isinstance(error, Retry) and error.after_s is not None:
        wait = max(wait, error.after_s)
    return Circuit(failures, fault, now + timedelta(seconds=wait))


def retried(circuit: Circuit, now: datetime) -> Circuit:
    """Try again at once: a person asks for it, or settings or secret are others."""
    if circuit.fault is None:
        return circuit
    return Circuit(circuit.failures, circuit.fault, now)
