"""From a path and parameters to an answer: encode the target, try again where that is safe, read, log and count.

HttpClient (any free connection) and Lane (one Windows-authenticated connection) both ask through this.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import quote, urlsplit

from gp365.model.errors import Gp365Error, Misconfigured
from gp365.wire.calls import (
    Answer,
    Call,
    CallFailed,
    Headers,
    Log,
    LogLine,
    Meant,
    Priority,
    Streamed,
    silent,
)
from gp365.wire.clock import Clock
from gp365.wire.connection import Connection, Origin, origin_of
from gp365.wire.redact import redact
from gp365.wire.retries import READS, Retries, failure_of, persist
from gp365.wire.tally import Tally

T = TypeVar("T")
_LEGAL = "!#$%&'()*+,-./:;=?@[]_~"
_REQUEST_IDS = ("x-ms-service-request-id", "req_id", "x-ms-request-id")
_EXCERPT = 300
_LONGEST_REFUSAL = 100_000


@dataclass(frozen=True, slots=True)
class Wire:
    """What every client of one system shares: its address, its name, patience, time, log and counts."""

    base_url: str
    system: str
    retries: Retries = field(default_factory=Retries)
    clock: Clock = field(default_factory=Clock)
    log: Log = silent
    tally: Tally = field(default_factory=Tally)
    timeout_s: float = 120.0

    @property
    def origin(self) -> Origin:
        """Return scheme, host and port of the system."""
        return origin_of(self.base_url)


class Opened:
    """An answer whose head has come; its body is read once, then the connection is given back."""

    def __init__(
        self, status: int, headers: Headers, connection: Connection, give: Callable[[Connection], None]
    ) -> None:
        self.status = status
        self.headers = headers
        self._connection = connection
        self._chunks = connection.chunks()
        self._give = give
        self._then: Callable[[], None] | None = None
        self._closed = False
        self._rest = b""
        self.began: float | None = None
        """When the call went out, where it had to wait for its turn before."""

    def then(self, done: Callable[[], None]) -> None:
        """Call this, too, when the answer is closed."""
        self._then = done

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, at most `size`, or all that is left if size is negative; b"" at the end."""
        if size < 0:
            whole, self._rest = self._rest + b"".join(self._chunks), b""
            return whole
        if size == 0:
            return b""
        if not self._rest:
            self._rest = next(self._chunks, b"")
        part, self._rest = self._rest[:size], self._rest[size:]
        return part

    def body(self, within_s: float, longest: int | None = None) -> bytes:
        """Return the whole body; raise CallFailed("answer-cut") if it takes longer, stop early past `longest` bytes."""
        until = time.monotonic() + within_s
        parts: list[bytes] = []
        size = 0
        for part in self._chunks:
            parts.append(part)
            size += len(part)
            if longest is not None and size > longest:
                break
            if time.monotonic() > until:
                self._connection.close()
                raise CallFailed(
                    "answer-cut", f"The answer was not complete within {within_s:g} s", maybe_sent=True
                )
        return b"".join(parts)

    def preview(self) -> str:
        """Return the text of a short answer, and keep it for whoever reads the body; "" where it breaks off."""
        try:
            whole = self.body(10.0, _LONGEST_REFUSAL)
        except CallFailed:
            whole = b""
        self._chunks = iter((whole,))
        return whole.decode("utf-8", "replace")

    def refused(self) -> str:
        """Read and close a 401, and return its text; a 401 that breaks off is a 401 all the same."""
        try:
            return self.body(10.0, _LONGEST_REFUSAL).decode("utf-8", "replace")
        except CallFailed:
            return ""
        finally:
            self.close()

    def close(self) -> None:
        """Give the connection back if the answer was read to its end, else close it."""
        if self._closed:
            return
        self._closed = True
        if self._connection.idle:
            self._give(self._connection)
        else:
            self._connection.close()
        if self._then is not None:
            self._then()


def target_of(base_url: str, path: str, params: Mapping[str, str] | None = None) -> str:
    """Return path and query for the request line.

    A relative path continues the base URL; an absolute URL (a nextLink) must lie on the same origin, because our
    credentials go with it. What a URL may not hold is percent-encoded; what is encoded already stays.
    """
    path = path.replace("#", "%23")  # a key may hold it, and a request has no fragment
    if _absolute(path):
        url = path
    elif path.startswith("/"):
        url = f"{origin_of(base_url)}{path}"
    else:
        url = f"{base_url.rstrip('/')}/{path}"
    if origin_of(url) != origin_of(base_url):
        raise Misconfigured(
            "settings-invalid", f"A link leads away from {origin_of(base_url)}: it is not followed"
        )
    parts = urlsplit(url)
    query = "&".join(
        filter(
            None, (parts.query, *(f"{quote(k, safe='$@')}={_value(v)}" for k, v in (params or {}).items()))
        )
    )
    return quote(parts.path or "/", safe=_LEGAL) + (f"?{quote(query, safe=_LEGAL)}" if query else "")


def _absolute(path: str) -> bool:
    return path.lower().startswith(("http://", "https://"))


def _value(text: str) -> str:
    return quote(text, safe="$'(),:;@/!*-._~")


class Asking:
    """Ask one system through `open_call`, which makes one attempt on some connection and returns its opened answer."""

    def __init__(self, wire: Wire, open_call: Callable[[Call], Opened]) -> None:
        self._wire = wire
        self._open = open_call

    def call(self, method: str, path: str, meant: Meant) -> Call:
        """Return the call; unless told, only reads count as idempotent."""
        method, idempotent = method.upper(), meant.get("idempotent")
        return Call(
            method,
            target_of(self._wire.base_url, path, meant.get("params")),
            dict(meant.get("headers") or {}),
            meant.get("content", b""),
            method in READS if idempotent is None else idempotent,
            meant.get("priority", Priority.BULK),
            meant.get("timeout_s") or self._wire.timeout_s,
        )

    def request(self, call: Call) -> Answer:
        """Return the whole answer of any final status; errors as HttpClient.request."""

        def once(repeated: bool) -> Answer:
            started = self._wire.clock.now()
            opened = self._attempt(call)
            try:
                body = opened.body(call.timeout_s)
            finally:
                opened.close()
            began = started if opened.began is None else opened.began
            return Answer(opened.status, opened.headers, body, self._wire.clock.now() - began, repeated)

        return self._persist(call, once, lambda answer: (answer.status, answer.headers))

    @contextmanager
    def stream(self, call: Call) -> Generator[Streamed]:
        """Yield the answer while its body is on the wire; only its beginning is tried again."""
        opened = self._persist(call, lambda _: self._attempt(call), lambda o: (o.status, o.headers))
        try:
            yield opened
        finally:
            opened.close()

    def _attempt(self, call: Call) -> Opened:
        """Open the answer to one attempt, or raise the failure that its status means."""
        opened = self._open(call)
        now = self._wire.clock.utc_now()
        failure = failure_of(call, opened.status, opened.headers, now, self._wire.system)
        if failure is None:
            return opened
        try:
            said = opened.body(10.0, _EXCERPT)[:_EXCERPT].decode("utf-8", "replace").strip()
        except CallFailed:
            raise failure from None
        finally:
            opened.close()
        raise failure_of(call, opened.status, opened.headers, now, self._wire.system, said) or failure

    def _persist(
        self, call: Call, once: Callable[[bool], T], status: Callable[[T], tuple[int, Headers]]
    ) -> T:
        clock = self._wire.clock
        started = clock.now()

        def attempt(number: int, repeated: bool) -> T:
            nonlocal started
            started = clock.now()
            try:
                result = once(repeated)
            except CallFailed:
                raise
            except Gp365Error as error:
                self._note(call, number, clock.now() - started, 0, None, error.code)
                raise
            self._note(call, number, clock.now() - started, *status(result))
            return result

        def paused(failure: CallFailed, number: int, pause: float | None) -> None:
            failure.system = failure.system or self._wire.system
            self._note(call, number, clock.now() - started, failure.status, None, failure.code, pause)

        return persist(call, attempt, self._wire.retries, clock, paused)

    def _note(
        self,
        call: Call,
        number: int,
        elapsed_s: float,
        status: int,
        headers: Headers | None,
        failure: str = "",
        pause: float | None = None,
    ) -> None:
        wire = self._wire
        ids = (headers.get(name) for name in _REQUEST_IDS) if headers else iter(())
        wire.log(
            LogLine(
                wire.clock.utc_now(),
                wire.system,
                call.method,
                redact(f"{wire.origin}{call.target}"),
                number,
                status,
                elapsed_s,
                len(call.content),
                failure,
                next((redact(i) for i in ids if i), ""),
                pause,
            )
        )
