"""The HTTP client for systems whose authentication travels in a header: connections are pooled, threads may share it."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Protocol, Unpack

from gp365.model.errors import Unauthorised
from gp365.wire.asking import Asking, Opened, Wire
from gp365.wire.calls import Answer, Call, Headers, Log, Meant, Priority, Streamed, silent
from gp365.wire.clock import Clock
from gp365.wire.connection import Connection
from gp365.wire.retries import READS, Retries
from gp365.wire.tally import Tally
from gp365.wire.trust import Trust

_OLDEST_IDLE_S = 60.0


class Auth(Protocol):
    """Give the header fields of a call, and say what a 401 means; without one, a 401 is an answer like any other."""

    def headers(self) -> Mapping[str, str]:
        """Return the fields to send; may fetch a token first."""
        ...

    def renew(self, used: Mapping[str, str]) -> bool:
        """After a 401 on these fields: say whether the call should be sent once more with new ones."""
        ...

    def refusal(self, answer: Headers, body: str) -> Unauthorised:
        """Return the error for a 401 that stays."""
        ...


class Budget(Protocol):
    """Let calls in, interactive ones first, and learn from the answers (see throttle.RequestBudget)."""

    def enter(self, priority: Priority, *, reads: bool = False) -> int:
        """Wait until a call may start, and return its number; one that `reads` goes before those that write."""
        ...

    def learn(self, status: int, headers: Headers, said: str = "") -> None:
        """Look at the head of an answer, and at what a 429 said."""
        ...

    def leave(self, call: int, *, refused: bool = False) -> None:
        """Note that the call of this number is over."""
        ...


class Unlimited:
    """No budget."""

    def enter(self, priority: Priority, *, reads: bool = False) -> int:
        """Let the call in at once."""
        return 0

    def learn(self, status: int, headers: Headers, said: str = "") -> None:
        """Learn nothing."""

    def leave(self, call: int, *, refused: bool = False) -> None:
        """Do nothing."""


class HttpClient:
    """Ask one system over as many keep-alive connections as there are calls at a time.

    Redirects are not followed and cookies are not kept (an affinity cookie would tie all load to one web server of
    Dataverse, whose service protection limits count per server). Proxies of the environment are not used.
    """

    def __init__(
        self,
        base_url: str,
        *,
        system: str,
        trust: Trust,
        auth: Auth | None = None,
        budget: Budget | None = None,
        retries: Retries = Retries(),  # noqa: B008 (frozen)
        log: Log = silent,
        clock: Clock = Clock(),  # noqa: B008 (frozen)
        timeout_s: float = 120.0,
        connect_s: float = 10.0,
    ) -> None:
        self.tally = Tally()
        self._wire = Wire(base_url, system, retries, clock, log, self.tally, timeout_s)
        self._origin = self._wire.origin
        self._trust = trust
        self._auth = auth
        self._budget: Budget = budget or Unlimited()
        self._connect_s = connect_s
        self._asking = Asking(self._wire, self._admitted)
        self._lock = Lock()
        self._free: list[Connection] = []

    def request(self, method: str, path: str, **meant: Unpack[Meant]) -> Answer:
        """Return the whole answer of any final status.

        `path` continues the base URL or is an absolute URL of the same origin. Raise CallFailed (a Retry; see
        `maybe_sent`) when the retries are spent or a write may have been processed, and Unauthorised.
        """
        return self._asking.request(self._asking.call(method, path, meant))

    @contextmanager
    def stream(self, method: str, path: str, **meant: Unpack[Meant]) -> Generator[Streamed]:
        """Yield the answer while its body is on the wire; errors as request(), and "answer-cut" while reading."""
        call = self._asking.call(method, path, meant)
        with self._asking.stream(call) as streamed:
            yield streamed

    def close(self) -> None:
        """Close the connections that are not in use."""
        with self._lock:
            free, self._free = self._free, []
        for connection in free:
            connection.close()

    def _admitted(self, call: Call) -> Opened:
        number = self._budget.enter(call.priority, reads=call.method in READS)
        began = self._wire.clock.now()
        try:
            opened = self._authorised(call)
        except BaseException:
            self._budget.leave(number)
            raise
        opened.began = began
        opened.then(lambda: self._budget.leave(number, refused=opened.status == 429))
        return opened

    def _authorised(self, call: Call) -> Opened:
        if self._auth is None:
            return self._send(call, {})
        used = self._auth.headers()
        opened = self._send(call, used)
        if opened.status != 401:
            return opened
        body = opened.refused()
        if self._auth.renew(used):
            opened = self._send(call, self._auth.headers())
            if opened.status != 401:
                return opened
            body = opened.refused()
        raise self._auth.refusal(opened.headers, body)

    def _send(self, call: Call, auth: Mapping[str, str]) -> Opened:
        connection = self._take()
        self.tally.count(call.method)
        try:
            status, headers = connection.send(
                call.method, call.target, {**call.headers, **auth}, call.content, call.timeout_s
            )
        except BaseException:
            connection.close()
            raise
        opened = Opened(status, headers, connection, self._give)
        self._budget.learn(status, headers, opened.preview() if status == 429 else "")
        return opened

    def _take(self) -> Connection:
        while True:
            with self._lock:
                connection = self._free.pop() if self._free else None
            if connection is None:
                break
            if time.monotonic() - connection.idle_since < _OLDEST_IDLE_S and connection.alive():
                return connection
            connection.close()
        connection = Connection(
            self._origin, self._trust, system=self._wire.system, connect_s=self._connect_s
        )
        connection.open()
        return connection

    def _give(self, connection: Connection) -> None:
        with self._lock:
            self._free.append(connection)
