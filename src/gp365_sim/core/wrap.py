"""Puts the control door, the recorder and the faults around a simulated system's app."""

import asyncio
import ipaddress
from collections.abc import Callable, Sequence
from datetime import datetime

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gp365_sim.core.clock import Clock
from gp365_sim.core.control import wrong
from gp365_sim.core.faults import REFUSALS, Fault, Faults
from gp365_sim.core.recorder import NOTE, Recorder
from gp365_sim.core.server import Connection, connection_of

CONTROL_PREFIX = "/_sim/"
Refusal = Callable[[str, Fault], Response]


def instrument(
    app: ASGIApp,
    *,
    recorder: Recorder,
    faults: Faults,
    control: Sequence[BaseRoute],
    clock: Clock,
    refusal: Refusal,
) -> ASGIApp:
    """Return the app with its control door in front, its requests recorded and its ordered faults done.

    `refusal("429" | "503" | "401", fault)` makes the answer that this system would give; a `Retry-After` is
    added from the fault when the answer has none. Requests to the control door are not recorded.
    """
    door = Starlette(routes=list(control))

    async def instrumented(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"].startswith(CONTROL_PREFIX):
            await (door if _is_loopback(scope) else wrong("the control door is for this machine", 403))(
                scope, receive, send
            )
            return
        record = _Record(recorder, scope, clock.now(), send)
        try:
            await _answer(app, scope, receive, record.send, faults, refusal)
        finally:
            record.close()

    return instrumented


def _is_loopback(scope: Scope) -> bool:
    client = scope.get("client")
    try:
        return client is None or ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return False


class _Record:
    """One request on its way to the recorder; recorded before its last byte leaves, so a client sees it."""

    def __init__(self, recorder: Recorder, scope: Scope, at: datetime, send: Send) -> None:
        self._recorder, self._scope, self._at, self._send = recorder, scope, at, send
        self._status = 0
        self._size_bytes = 0
        self._done = False
        scope[NOTE] = {}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
        elif message["type"] == "http.response.body":
            self._size_bytes += len(message.get("body", b""))
            if not message.get("more_body", False):
                self.close()
        await self._send(message)

    def close(self) -> None:
        if self._done:
            return
        self._done = True
        scope = self._scope
        self._recorder.add(
            at=self._at,
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            status=self._status,
            rows=scope[NOTE].get("rows", 0),
            size_bytes=self._size_bytes,
        )


async def _answer(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send, faults: Faults, refusal: Refusal
) -> None:
    fault = faults.meet(scope["method"], scope["path"], scope["query_string"].decode("latin-1"))
    if fault is None:
        await app(scope, receive, send)
    elif fault.do in REFUSALS:
        await _refused(fault, refusal)(scope, receive, send)
    elif fault.do == "slow":
        await asyncio.sleep(fault.seconds)
        await app(scope, receive, send)
    elif fault.do == "reset":
        await _cut(scope, reset=True)
    elif fault.do == "lost_reply":
        await app(scope, receive, _swallow)
        await _cut(scope)
    else:
        await _truncated(app, scope, receive, send, fault.after_bytes)


def _refused(fault: Fault, refusal: Refusal) -> Response:
    response = refusal(fault.do, fault)
    if fault.retry_after_s is not None and "retry-after" not in response.headers:
        response.headers["Retry-After"] = f"{fault.retry_after_s:g}"
    return response


async def _swallow(message: Message) -> None:
    """Take an answer that will never leave."""


def _connection(scope: Scope) -> Connection:
    connection = connection_of(scope)
    if connection is None:
        raise ConnectionAbortedError("a fault cut this request (served without a socket)")
    return connection


async def _cut(scope: Scope, *, reset: bool = False) -> None:
    connection = _connection(scope)
    connection.abort(reset=reset)
    await connection.closed.wait()


async def _truncated(app: ASGIApp, scope: Scope, receive: Receive, send: Send, after_bytes: int) -> None:
    """Promise the whole length, send `after_bytes` of it (always less than all), then cut."""
    connection = _connection(scope)
    start, body = await _whole(app, scope, receive)
    if not body:
        await _cut(scope)
        return
    await send(_promising(start, len(body)))
    kept = body[: min(after_bytes, len(body) - 1)]
    await send({"type": "http.response.body", "body": kept, "more_body": True})
    await connection.end()


async def _whole(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
    starts: list[Message] = []
    parts: list[bytes] = []

    async def collect(message: Message) -> None:
        if message["type"] == "http.response.start":
            starts.append(message)
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app(scope, receive, collect)
    return starts[0], b"".join(parts)


def _promising(start: Message, length: int) -> Message:
    dropped = (b"content-length", b"transfer-encoding")
    headers = [(name, value) for name, value in start.get("headers", []) if name.lower() not in dropped]
    return {**start, "headers": [*headers, (b"content-length", str(length).encode())]}
