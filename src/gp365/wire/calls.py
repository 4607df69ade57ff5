"""A call, its answer, the log line about it, and the failure that says whether the call was sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any, Protocol, TypedDict, Unpack

import orjson

from gp365.model.errors import Retry, Unauthorised
from gp365.wire.redact import redact


class Priority(IntEnum):
    """Who goes first where requests are scarce."""

    INTERACTIVE = 0
    BULK = 1


class CallFailed(Retry):
    """A call that got no usable answer within its retries.

    `maybe_sent` False: the other system has certainly not processed it. True: it may have; a write must be recorded as
    unknown and settled by looking. `status` is the last HTTP status, or 0 where none came.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        maybe_sent: bool,
        status: int = 0,
        after_s: float | None = None,
        system: str = "",
    ) -> None:
        super().__init__(code, redact(message), after_s=after_s, system=system)
        self.maybe_sent = maybe_sent
        self.status = status


def unauthorised(code: str, message: str, system: str, fix: str = "") -> Unauthorised:
    """Return the error with its message redacted; `fix` is more exact than the catalogue's."""
    return Unauthorised(code, redact(message), system=system, fix=fix)


class Headers:
    """Header fields of an answer; names in any case, repeated fields kept."""

    __slots__ = ("fields",)

    def __init__(self, fields: tuple[tuple[str, str], ...] = ()) -> None:
        self.fields = tuple((name.lower(), value) for name, value in fields)

    def get(self, name: str, default: str = "") -> str:
        """Return the first field of this name, or the default."""
        wanted = name.lower()
        return next((value for key, value in self.fields if key == wanted), default)

    def all(self, name: str) -> tuple[str, ...]:
        """Return every field of this name, in the order received."""
        wanted = name.lower()
        return tuple(value for key, value in self.fields if key == wanted)

    def __contains__(self, name: str) -> bool:
        return any(key == name.lower() for key, _ in self.fields)

    def __repr__(self) -> str:
        return f"Headers({', '.join(sorted({key for key, _ in self.fields}))})"


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the caller means it, however many attempts it takes.

    `target` is path and query, already encoded. `idempotent` says that a second processing does no harm.
    `timeout_s` bounds the wait for the whole answer, for a stream the silence before and between its parts.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    content: bytes = field(default=b"", repr=False)
    idempotent: bool = False
    priority: Priority = Priority.BULK
    timeout_s: float = 120.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer of any final status. `elapsed_s` is that of the last attempt.

    `repeated`: an earlier attempt of this (idempotent) call may have been processed too, so that a 404, 409 or 412 may
    be the echo of our own success.
    """

    status: int
    headers: Headers
    body: bytes = field(repr=False)
    elapsed_s: float = 0.0
    repeated: bool = False

    @property
    def ok(self) -> bool:
        """Say whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """Return the body as UTF-8 text, bad bytes replaced."""
        return self.body.decode("utf-8", "replace")

    def json(self, system: str = "") -> Any:
        """Return the body as JSON, or raise CallFailed("answer-unreadable"): a proxy's page is not an answer."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            start = self.text[:120].strip() or "an empty body"
            raise CallFailed(
                "answer-unreadable",
                f"The answer (HTTP {self.status}) is not JSON: {start}",
                maybe_sent=True,
                status=self.status,
                system=system,
            ) from None


class Streamed(Protocol):
    """An answer whose body is still on the wire: read it before the block ends.

    Iterating yields bytes; `read(n)` returns at least one byte or b"" at the end, as parsers of files want it. A body
    that is cut raises CallFailed("answer-cut"); begin again with a new stream.
    """

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Headers: ...

    def __iter__(self) -> Iterator[bytes]: ...

    def read(self, size: int = -1) -> bytes: ...


class Meant(TypedDict, total=False):
    """How a request is meant, beside its method and path; what is left out is as Call has it, with the client's time-out.

    `idempotent` None: reads are, others are not.
    """

    params: Mapping[str, str] | None
    headers: Mapping[str, str] | None
    content: bytes
    idempotent: bool | None
    priority: Priority
    timeout_s: float | None


class Requests(Protocol):
    """What connectors are written against: HttpClient, Lanes and a held Lane all answer to it."""

    def request(self, method: str, path: str, **meant: Unpack[Meant]) -> Answer: ...

    def stream(self, method: str, path: str, **meant: Unpack[Meant]) -> AbstractContextManager[Streamed]: ...


@dataclass(frozen=True, slots=True)
class LogLine:
    """One attempt, as it may be written down: no header value, no body, a redacted URL.

    `status` 0 means that no answer came; `failure` then holds the error code. `request_id` is the server's own.
    """

    at: datetime
    system: str
    method: str
    url: str
    attempt: int
    status: int
    elapsed_s: float
    sent_bytes: int
    failure: str = ""
    request_id: str = ""
    pause_s: float | None = None


Log = Callable[[LogLine], None]


def silent(line: LogLine) -> None:
    """Write nothing."""
