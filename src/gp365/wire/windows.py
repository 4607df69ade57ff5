"""Lanes: the few Windows-authenticated connections to one system, handed out one caller at a time.

NTLM authenticates a connection, not a request; a shared pool therefore fails as soon as two calls overlap.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Unpack

from gp365.wire.asking import Wire
from gp365.wire.calls import Answer, Log, Meant, Priority, Streamed, silent
from gp365.wire.clock import Clock
from gp365.wire.gate import Gate, Place
from gp365.wire.handshake import WindowsLogin
from gp365.wire.lane import Lane, SharedLogin
from gp365.wire.retries import Retries
from gp365.wire.tally import Tally
from gp365.wire.trust import CertificateFacts, Trust, certificate_facts


@dataclass(frozen=True, slots=True)
class LoginReport:
    """What a doctor tells about the login: how it was done, what the server offers, and over which certificate.

    `mechanism` is empty until a login succeeded; `bound` says whether it carried a channel binding.
    """

    mechanism: str
    offered: tuple[str, ...]
    bound: bool
    handshakes: int
    every_request: bool
    certificate: CertificateFacts | None


class Lanes:
    """Ask one system over N lanes; interactive callers get the next free lane first.

    `spacing_s` lies between the end of a call and the start of the next on the same lane. A lane is a place of the gate
    with a connection of ours: sets that share a gate together have no more calls under way than it has places, and then
    its figures count instead of `lanes` and `spacing_s`. `priority` is that of calls that say nothing better. After one
    refused login the whole set stops, so that no account is locked out, until reset().
    """

    def __init__(
        self,
        base_url: str,
        *,
        system: str,
        trust: Trust,
        login: WindowsLogin,
        lanes: int = 2,
        spacing_s: float = 0.15,
        gate: Gate | None = None,
        priority: Priority = Priority.BULK,
        retries: Retries = Retries(),  # noqa: B008 (frozen)
        log: Log = silent,
        clock: Clock = Clock(),  # noqa: B008 (frozen)
        timeout_s: float = 120.0,
        connect_s: float = 10.0,
    ) -> None:
        self.tally = Tally()
        self._shared = SharedLogin(login)
        wire = Wire(base_url, system, retries, clock, log, self.tally, timeout_s)
        self._make = partial(Lane, wire, trust, self._shared, connect_s=connect_s)
        self._gate = gate or Gate(lanes, spacing_s, clock=clock)
        self._priority = priority
        self._lanes: dict[Place, Lane] = {}
        self._held: set[Place] = set()
        self._lock = Lock()

    @contextmanager
    def lane(self, priority: Priority = Priority.BULK) -> Generator[Lane]:
        """Hold one lane for several requests, as for a re-read and its write; CallFailed (unsent) as Gate.place."""
        with self._gate.place(min(priority, self._priority)) as place:
            with self._lock:
                self._held.add(place)
                lane = self._lanes.get(place)
                if lane is None:
                    lane = self._lanes[place] = self._make(place)
            try:
                yield lane
            finally:
                with self._lock:
                    self._held.discard(place)

    def request(self, method: str, path: str, **meant: Unpack[Meant]) -> Answer:
        """Ask on the next free lane and return the whole answer; errors as HttpClient.request."""
        with self.lane(meant.get("priority", Priority.BULK)) as lane:
            return lane.request(method, path, **meant)

    @contextmanager
    def stream(self, method: str, path: str, **meant: Unpack[Meant]) -> Generator[Streamed]:
        """Yield an answer while its body is on the wire; its lane is held until the block ends."""
        with (
            self.lane(meant.get("priority", Priority.BULK)) as lane,
            lane.stream(method, path, **meant) as streamed,
        ):
            yield streamed

    def report(self) -> LoginReport:
        """Return how the login was done so far."""
        shared = self._shared
        with shared.lock:
            return LoginReport(
                shared.mechanism,
                shared.offered,
                bool(shared.binding),
                shared.handshakes,
                shared.every_request,
                certificate_facts(shared.certificate) if shared.certificate else None,
            )

    def reset(self) -> None:
        """Allow logins again after a refusal, once a person has put it right."""
        with self._shared.lock:
            self._shared.refusal = None
            self._shared.offered = ()
            self._shared.proved = False

    def wanted(self, priority: Priority) -> int:
        """Return how many callers of this priority are waiting for a place of the gate."""
        return self._gate.waiting(priority)

    def close(self) -> None:
        """Hang up the lanes that are not held, and give back what was only kept ready."""
        with self._lock:
            for place, lane in self._lanes.items():
                if place not in self._held:
                    lane.close()
        self._gate.close()
