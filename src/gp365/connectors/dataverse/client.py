"""What every request carries: OData headers, a priority, a token, and the moment until which it may be sent."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import fields
from datetime import datetime
from threading import Lock, local
from typing import Any, Unpack

from gp365.connectors.dataverse.values import loads
from gp365.model.errors import Retry, Unauthorised
from gp365.wire.calls import Answer, CallFailed, Headers, Meant, Priority, Streamed
from gp365.wire.clock import Clock
from gp365.wire.http import Auth, HttpClient

_HEADERS = {"Accept": "application/json", "OData-Version": "4.0", "OData-MaxVersion": "4.0"}


class ExactAnswer(Answer):
    """An answer whose JSON fractions are Decimal: money never passes through a float."""

    def json(self, system: str = "") -> Any:
        """Return the body as JSON; CallFailed("answer-unreadable") if it is none."""
        try:
            return loads(self.body)
        except ValueError:
            return super().json(system)


class TooLate(Retry):
    """The moment until which a write may be sent has passed before it could be sent."""


class SendBy:
    """Ask for the token as the inner authentication does, but refuse to send once the thread's moment has passed.

    Authentication runs directly before each attempt, after every wait for a budget or a Retry-After.
    """

    def __init__(self, make: Callable[[], Auth], clock: Clock, system: str) -> None:
        self._make = make
        self._made: Auth | None = None
        self._lock = Lock()
        self._clock = clock
        self._system = system
        self._here = local()

    def _inner(self) -> Auth:
        # Secrets are read when the first call needs them, so that doctor can report a missing one.
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    @contextmanager
    def until(self, moment: datetime | None) -> Generator[None]:
        """Let this thread send nothing after the moment while the block runs."""
        self._here.moment = moment
        try:
            yield
        finally:
            self._here.moment = None

    def headers(self) -> Mapping[str, str]:
        """Return the fields to send; raise TooLate where the moment has passed."""
        moment: datetime | None = getattr(self._here, "moment", None)
        try:
            given = self._inner().headers()
        except CallFailed as failed:
            # Only the token could not be had: the call itself has not been sent.
            failed.maybe_sent = False
            raise
        if moment is not None and self._clock.utc_now() >= moment:
            raise TooLate("busy", "The time in which this write may be sent has passed", system=self._system)
        return given

    def renew(self, used: Mapping[str, str]) -> bool:
        """Renew as the inner authentication does."""
        return self._inner().renew(used)

    def refusal(self, answer: Headers, body: str) -> Unauthorised:
        """Return the inner authentication's error."""
        return self._inner().refusal(answer, body)


class ExactClient:
    """An HTTP client whose every request carries OData's headers and its owner's priority, and whose answers are exact."""

    def __init__(self, http: HttpClient, priority: Priority = Priority.BULK) -> None:
        self.http = http
        self.priority = priority

    def request(self, method: str, path: str, **meant: Unpack[Meant]) -> Answer:
        """Return the answer; see HttpClient.request."""
        answer = self.http.request(method, path, **self._meant(meant))
        return ExactAnswer(*(getattr(answer, one.name) for one in fields(Answer)))

    def stream(self, method: str, path: str, **meant: Unpack[Meant]) -> AbstractContextManager[Streamed]:
        """Yield the answer while it is on the wire; see HttpClient.stream."""
        return self.http.stream(method, path, **self._meant(meant))

    def _meant(self, meant: Meant) -> Meant:
        headers = {**_HEADERS, **(meant.get("headers") or {})}
        return {
            **meant,
            "headers": headers,
            "priority": min(meant.get("priority", Priority.BULK), self.priority),
        }
