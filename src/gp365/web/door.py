"""The door for webhooks: who may tell us that a record changed, and the answer once that is kept for certain.

`POST /hooks/NAME`. Whoever comes without a secret of the door gets the same 401, whether the door exists or not. Dataverse
only looks at the status: 2xx is done, 502, 503 and 504 are tried once more, anything else is a failed job (use-webhooks
page). So what can never be understood is answered 200 or 400, and only a store that does not take it 503.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from gp365.model.contract import Secret
from gp365.store.hints import Hint
from gp365.web.door_context import Unreadable, event_in
from gp365.web.door_keeping import Busy, Keep, Keeping
from gp365.web.door_signed import SIGNATURE, TIME, signed, stamped_in_time, told_in
from gp365.web.door_tally import Fate, Note, Tally, silent

LIMIT_BYTES = 1_000_000
SIGNED_LIMIT_BYTES = 256_000
BODY_S = 15.0
RETRY_AFTER_S = 5
CODE = "code"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
Form = Literal["key", "query", "header"]


@dataclass(frozen=True, slots=True)
class Door:
    """One door: its name in the path, who comes through it, and what it must bring.

    A door of kind dataverse takes its secret as `?code=` (form key), as the query pair `field` or as the header `field`;
    a signed one takes signatures. `secrets` are the one in use and, while they are exchanged, the former one. `tag` marks
    what we wrote ourselves. `tables` are those that matter, None for all.
    """

    name: str
    kind: Literal["dataverse", "signed"]
    system: str
    secrets: tuple[Secret, ...]
    form: Form = "key"
    field: str = ""
    tag: str = ""
    tables: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class _Open:
    """A door with its secrets revealed; of those that are only compared, the digests."""

    door: Door
    words: tuple[bytes, ...]
    digests: tuple[bytes, ...]


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


def door(
    doors: Sequence[Door],
    keep: Keep,
    *,
    note: Note = silent,
    clock: Callable[[], datetime] = utc_now,
    tally: Tally | None = None,
) -> Starlette:
    """Return the application with all doors; their secrets are read now, Misconfigured("secret-missing") if one is missing.

    `keep` blocks until hints are durable; it is called on a thread of its own, with all that wait. `app.state.tally` has the
    counts, `app.state.keeping` the thread: where the application is mounted into another, call its `stop` at the end.
    """
    keeping = Keeping(keep)
    counts = tally or Tally(note)
    posts = _Posts({one.name: _open(one) for one in doors}, keeping, counts, clock)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        yield
        await asyncio.to_thread(keeping.stop)

    route = Route("/hooks/{name:path}", posts.answer, methods=METHODS)
    app = Starlette(routes=[route], lifespan=lifespan)
    app.state.tally, app.state.keeping = counts, keeping
    return app


def _open(given: Door) -> _Open:
    words = tuple(one.reveal().encode() for one in given.secrets)
    return _Open(given, words, tuple(hashlib.sha256(word).digest() for word in words))


class _Posts:
    """The one endpoint behind all doors."""

    def __init__(
        self, doors: Mapping[str, _Open], keeping: Keeping, tally: Tally, clock: Callable[[], datetime]
    ) -> None:
        self._doors = doors
        self._keeping = keeping
        self._tally = tally
        self._clock = clock
        # What a door that does not exist is compared with, so that it takes as long as one that does.
        nobody = Door("", "dataverse", "", ())
        self._nobody = _Open(nobody, (os.urandom(32),), (os.urandom(32),))

    async def answer(self, request: Request) -> Response:
        """Answer a request; whatever fails, no word of it goes out."""
        opened = self._doors.get(request.path_params["name"], self._nobody)
        fate, response, why = await self._judge(opened, request)
        self._tally.count(opened.door.name, fate, why)
        return response

    async def _judge(self, opened: _Open, request: Request) -> tuple[Fate, Response, str]:
        is_signed = opened.door.kind == "signed"
        if not (self._stamped(request) if is_signed else _knows(opened, request)):
            return _stranger()
        if request.method != "POST" and not is_signed:
            return Fate.BAD, Response(status_code=405, headers={"Allow": "POST"}), "It was no POST."
        try:
            body = await _body(request, SIGNED_LIMIT_BYTES if is_signed else LIMIT_BYTES)
        except (ClientDisconnect, TimeoutError):
            return Fate.CUT, _closing(408), ""
        if is_signed and not (
            body is not None and request.method == "POST" and _is_signed(opened, request, body)
        ):
            return _stranger()
        if body is None:
            return Fate.TOO_LARGE, _closing(413), f"A body was over {LIMIT_BYTES} bytes."
        return await self._take(opened.door, body)

    def _stamped(self, request: Request) -> bool:
        return stamped_in_time(request.headers.get(TIME, ""), self._clock())

    async def _take(self, to: Door, body: bytes) -> tuple[Fate, Response, str]:
        try:
            fate, hints = _heard(to, body, self._clock())
        except Unreadable as error:
            return Fate.BAD, Response(status_code=400), str(error)
        if hints:
            try:
                await self._keeping.put(hints)
            except Busy as error:
                later = {"Retry-After": str(RETRY_AFTER_S)}
                return Fate.BUSY, Response(status_code=503, headers=later), str(error)
        return fate, Response(status_code=200), ""


def _heard(to: Door, body: bytes, at: datetime) -> tuple[Fate, list[Hint]]:
    """Tell what a body is to us, and the hints that are to be kept."""
    if to.kind == "signed":
        hints = [told.hint(to.system, at) for told in told_in(body)]
    else:
        event = event_in(body)
        if to.tag and to.tag in event.tags:
            return Fate.ECHO, []
        hints = event.hints(to.system, at)
    known = [hint for hint in hints if to.tables is None or hint.table in to.tables]
    return (Fate.KEPT if known else Fate.UNKNOWN), known


def _knows(opened: _Open, request: Request) -> bool:
    """Tell whether a request brings a secret of the door, in the same time whatever it brings."""
    at = opened.door
    if at.form == "header":
        given = request.headers.get(at.field, "").encode("latin-1")  # the bytes as they were sent
    else:
        given = request.query_params.get(CODE if at.form == "key" else at.field, "").encode(
            "utf-8", "replace"
        )
    digest = hashlib.sha256(given).digest()
    return sum(hmac.compare_digest(digest, known) for known in opened.digests) > 0


def _is_signed(opened: _Open, request: Request, body: bytes) -> bool:
    return signed(request.headers.get(SIGNATURE, ""), opened.words, request.headers.get(TIME, ""), body)


def _stranger() -> tuple[Fate, Response, str]:
    return Fate.STRANGER, _closing(401), "Nobody knows this door, or its secret was not given."


def _closing(status: int) -> Response:
    """Answer without having read what is still to come: the connection ends with it."""
    return Response(status_code=status, headers={"Connection": "close"})


async def _body(request: Request, limit: int) -> bytes | None:
    """Read a body; None, without reading on, if it is over the limit. Raise ClientDisconnect, TimeoutError."""
    said = request.headers.get("content-length", "")
    if said.isdigit() and int(said) > limit:
        return None
    parts: list[bytes] = []
    size = 0
    async with asyncio.timeout(BODY_S):
        async for part in request.stream():
            size += len(part)
            if size > limit:
                return None
            parts.append(part)
    return b"".join(parts)
