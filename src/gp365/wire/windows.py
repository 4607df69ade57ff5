"""Lanes: the few Windows-authenticated connections to one system, handed out one caller at a time.

NTLM authenticates a connection, not a request; a shared pool therefore fails as soon as two calls overlap.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition
from typing import Unpack

from gp365.wire.asking import Wire
from gp365.wire.calls import Answer, Log, Meant, Priority, Streamed, silent
from gp365.wire.clock import Clock
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

    `spacing_s` lies between the end of a call and the start of the next on the same lane. After one refused login the
    whole set stops, so that no account is locked out, until reset().
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
        retries: Retries = Retries(),  # noqa: B008 (frozen)
        log: Log = silent,
        clock: Clock = Clock(),  # noqa: B008 (frozen)
        timeout_s: float = 120.0,
        connect_s: float = 10.0,
    ) -> None:
        self.tally = Tally()
        self._shared = SharedLogin(login)
        wire = Wire(base_url, system, retries, clock, log, self.tally, timeout_s)
        self._lanes = tuple(
            Lane(wire, trust, self._shared, spacing_s=spacing_s, connect_s=connect_s)
            for _ in range(max(1, lanes))
        )
        self._freed = Condition()
        self._free = list(reversed(self._lanes))
        self._waiting = {Priority.INTERACTIVE: 0, Priority.BULK: 0}

    @contextmanager
    def lane(self, priority: Priority = Priority.BULK) -> Generator[Lane]:
        """Hold one lane for several requests, as for a re-read and its write."""
        lane = self._take(priority)
        try:
            yield lane
        finally:
            with self._freed:
                self._free.append(lane)
                self._freed.notify_all()

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
        """Return how many callers of this priority are waiting for a lane."""
        with self._freed:
            return self._waiting[priority]

    def close(self) -> None:
        """Hang up the lanes that are not held."""
        with self._freed:
            for lane in self._free:
                lane.close()

    def _take(self, priority: Priority) -> Lane:
        eager = priority is Priority.INTERACTIVE
        with self._freed:
            self._waiting[priority] += 1
            try:
                while not self._free or (not eager and self._waiting[Priority.INTERACTIVE]):
                    self._freed.wait()
                return self._free.pop()
            finally:
                self._waiting[priority] -= 1
                self._freed.notify_all()
