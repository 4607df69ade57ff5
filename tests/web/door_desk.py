"""A door to knock at in tests: requests go straight into the application, and what it keeps is seen in a store."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette

from gp365.store import hints
from gp365.store.engine import Store
from gp365.store.hints import Hint
from gp365.web.door import Door, door
from gp365.web.door_signed import SIGNATURE, TIME, signature

SAMPLE = json.loads((Path(__file__).parent / "webhook_sample.json").read_text("utf-8"))
KEY = "7d1f7a5e-0000-4000-8000-000000000001"


@dataclass(frozen=True)
class Word:
    """A secret that a test knows."""

    text: str = field(repr=False)

    def reveal(self) -> str:
        return self.text


NEW, OLD = Word("new-secret-of-the-door"), Word("old-secret-of-the-door")
SALES = Door("sales", "dataverse", "sales", (NEW, OLD), tag="gp365", tables=frozenset({"account", "contact"}))
SIGNED = Door("gp", "signed", "gp", (NEW, OLD), tables=frozenset({"customer"}))


@dataclass
class Answer:
    """What came back: `read` is how many parts of the body were taken before."""

    status: int
    headers: dict[str, str]
    body: bytes
    read: int


@dataclass
class Desk:
    """Doors over a store, with a clock by hand and all notes."""

    store: Store
    now: datetime = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
    notes: list[dict[str, Any]] = field(default_factory=list)
    refuse: Exception | None = None

    def app(self, *doors: Door) -> Starlette:
        return door(doors or (SALES, SIGNED), self.keep, note=self.note, clock=lambda: self.now)

    def keep(self, given: Sequence[Hint]) -> None:
        if self.refuse is not None:
            raise self.refuse
        with self.store.write() as conn:
            hints.keep(conn, given)

    def note(self, what: str, **facts: Any) -> None:
        self.notes.append({"what": what, **facts})

    def kept(self, system: str = "sales") -> list[tuple[str, str]]:
        with self.store.read() as conn:
            return sorted((one.table, one.key) for one in hints.take(conn, system, 1000))

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def sign(self, body: bytes, secret: Word = NEW) -> dict[str, str]:
        stamp = str(int(self.now.timestamp()))
        return {TIME: stamp, SIGNATURE: signature(secret.text.encode(), stamp, body)}


def context(**changed: Any) -> dict[str, Any]:
    """Give the sample context, about an account of ours."""
    given = {"PrimaryEntityName": "account", "PrimaryEntityId": KEY, "ParentContext": None}
    return {**SAMPLE["body"], **given, **changed}


def dotnet(body: Mapping[str, Any]) -> bytes:
    """Write a body as .NET does: every slash is escaped."""
    return json.dumps(body).replace("/", "\\/").encode()


def knock(
    app: Starlette,
    path: str,
    body: bytes | Sequence[bytes] = b"",
    *,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    method: str = "POST",
    length: int | None = None,
) -> Answer:
    """Send one request, its body in one part or several."""
    return asyncio.run(knocking(app, path, body, query=query, headers=headers, method=method, length=length))


async def knocking(
    app: Callable[..., Any],
    path: str,
    body: bytes | Sequence[bytes] = b"",
    *,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    method: str = "POST",
    length: int | None = None,
) -> Answer:
    parts = [body] if isinstance(body, bytes) else list(body)
    given = {"content-type": "application/json; charset=utf-8", **(headers or {})}
    if length is not None:
        given["content-length"] = str(length)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "https",
        "query_string": urlencode(query or {}).encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in given.items()],
        "client": ("192.0.2.1", 5000),
        "server": ("door.example", 443),
    }
    sent: list[Any] = []
    read = 0

    async def receive() -> dict[str, Any]:
        nonlocal read
        if read >= len(parts):
            return {"type": "http.disconnect"}
        read += 1
        return {"type": "http.request", "body": parts[read - 1], "more_body": read < len(parts)}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start = next(one for one in sent if one["type"] == "http.response.start")
    came = {name.decode(): value.decode() for name, value in start["headers"]}
    whole = b"".join(one.get("body", b"") for one in sent if one["type"] == "http.response.body")
    return Answer(start["status"], came, whole, read)


def with_secrets(given: Door, *words: Word, **more: Any) -> Door:
    """Give a door other secrets."""
    return replace(given, secrets=words, **more)
