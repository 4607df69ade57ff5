"""A GP site for the connector's tests: the simulator on loopback, a connector that logs in to it, a clerk's door."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gp365.connectors.gp import GpConnector, GpSettings
from gp365.connectors.gp.tables import entity_named
from gp365.model.entity import FieldType
from gp365.model.record import Op, Outcome, Record, Write
from gp365.model.values import Key, Value
from gp365.store.scratch import ScratchFile
from gp365.wire.retries import Retries
from gp365_sim.core.clock import Clock
from gp365_sim.core.faults import Fault
from gp365_sim.core.server import Door, serving
from gp365_sim.core.tls import certificate
from gp365_sim.gp.app import GpSystem, Manner, build
from gp365_sim.gp.company import Identity
from gp365_sim.gp.users import User
from gp365_sim.samples import fabrikam

CLERK = User("FABRIKAM\\gpsvc", "Correct-Horse-1")
QUICK = Retries(attempts=3, seconds=5.0, first_pause_s=0.01, longest_pause_s=0.02)
BILL = ("Address1", "Address2", "Address3", "City", "State", "Zip", "Country", "CountryCode")


@dataclass(frozen=True)
class Word:
    """A secret that a test knows."""

    text: str = field(repr=False)

    def reveal(self) -> str:
        return self.text


@dataclass
class Place:
    """A served GP company and a connector for it."""

    url: str
    system: GpSystem
    connector: GpConnector
    settings: GpSettings
    scratch: ScratchFile

    def row(self, table: str, key: str) -> dict[str, Any] | None:
        return self.system.world.row(table, key)

    def save(self, table: str, key: str, values: Mapping[str, object]) -> dict[str, Any]:
        """Save a card as a GP user does."""
        return self.system.world.put(table, key, values)

    def delete(self, table: str, key: str) -> None:
        self.system.world.delete(table, key)

    def customer(self, number: str, **columns: object) -> dict[str, Any]:
        """Make a customer with one address in all four roles, as a GP user does."""
        roles = dict.fromkeys(("ADRSCODE", "PRBTADCD", "PRSTADCD", "STADDRCD"), "PRIMARY")
        return self.save("RM00101", number, {"CUSTNAME": f"Firm {number}", **roles, **columns})

    def fault(self, **order: Any) -> None:
        """Let the simulator fail at requests of this kind."""
        self.system.faults.add([Fault(**order)])

    def requests(self, method: str = "") -> list[tuple[str, str]]:
        """Give (method, path) of what the service has seen."""
        return [
            (each["method"], each["path"])
            for each in self.system.recorder.after(0)
            if not method or each["method"] == method
        ]

    def read(self, number: str, fields: Sequence[str] = ()) -> Record:
        """Read a customer afresh, all readable fields unless told."""
        names = list(fields) or readable()
        return self.connector.get("customer", [(number,)], names, fresh=True)[(number,)]

    def create(self, number: str, values: Mapping[str, Value], **more: Any) -> Outcome:
        """Create a customer through the connector."""
        [outcome] = self.connector.write("customer", [Write(Op.CREATE, (number,), values, **more)])
        return outcome

    def edit(self, number: str, values: Mapping[str, Value], **more: Any) -> Outcome:
        """Read a customer and change it through the connector, as the engine does."""
        [outcome] = self.connector.write("customer", [update_of(self.read(number), values, **more)])
        return outcome


def update_of(record: Record, values: Mapping[str, Value], **more: Any) -> Write:
    """Plan an update on a record as it was read."""
    return Write(Op.UPDATE, record.key, values, birth=record.birth, expected=record.values, **more)


def readable() -> list[str]:
    """Every field of a customer that can be read."""
    return [name for name, each in entity_named("customer").shown.items() if each.readable]


def our_values(entity: str, row: Mapping[str, Any]) -> dict[str, Value]:
    """Give a row of SQL columns under our names, empty as None."""
    return {
        name: _value(each.description.type, row[each.sql])
        for name, each in entity_named(entity).fields.items()
        if each.sql in row
    }


def _value(kind: FieldType, value: Any) -> Value:
    if kind is FieldType.TEXT:
        return str(value) or None
    if kind is FieldType.BOOLEAN:
        return bool(value)
    if kind is FieldType.DATE:
        return None if value == date(1900, 1, 1) else value
    return Decimal(value) if kind in (FieldType.MONEY, FieldType.DECIMAL) else int(value)


def columns_of(entity: str, values: Mapping[str, Value]) -> dict[str, object]:
    """Give values under our names as SQL columns, None as GP's emptiness."""
    fields = entity_named(entity).fields
    return {
        fields[name].sql: ("" if value is None else int(value) if isinstance(value, bool) else value)
        for name, value in values.items()
    }


def _bound() -> socket.socket:
    """A free port; the protocol is named because asyncio turns Nagle's delay off only where it is."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.bind(("127.0.0.1", 0))
    bound.listen(64)
    return bound


@contextmanager
def place(
    folder: Path,
    manner: Manner | None = None,
    *,
    samples: Any = None,
    users: Sequence[User] = (CLERK,),
    companies: Sequence[str] = (),
    between: Callable[[ASGIApp], ASGIApp] = lambda app: app,
    **changed: Any,
) -> Generator[Place]:
    """Serve a site and connect to it while the block runs.

    `changed` are settings of the connector; `between` stands between wire and service, to make it odd.
    """
    manner = manner or Manner()
    more = [Identity(name, f"T{at}", at + 1) for at, name in enumerate(companies)]
    system = build(Clock(), samples or fabrikam(), users, manner, more_companies=more)
    tls = certificate(folder / "tls")
    door = Door(between(system.app), _bound(), tls)
    settings = GpSettings(
        **{
            "name": "gp",
            "url": f"{door.url}/GPService",
            "company": "Fabrikam, Inc.",
            "interid": "TWO",
            "user": CLERK.name,
            "password": Word(CLERK.password),
            "ca_file": tls.ca_file,
            "time_zone": "America/Chicago",
            "functional_currency": "USD",
            "spacing_ms": 0,
            "timeout_s": 20.0,
            "first_timeout_s": 20.0,
            **changed,
        }
    )
    with ExitStack() as stack:
        stack.enter_context(serving(door))
        scratch = stack.enter_context(ScratchFile(folder / "scratch"))
        connector = GpConnector(settings, scratch=scratch, retries=QUICK)
        stack.callback(connector.close)
        yield Place(door.url, system, connector, settings, scratch)


@dataclass
class Odd:
    """A service that is odd in one way: payloads are changed before it sees them, answers before we do."""

    app: ASGIApp
    method: str
    path: str
    hears: Callable[[dict[str, Any]], None] = lambda payload: None
    status: int = 0
    said: bytes | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] != "http"
            or scope["method"] != self.method
            or not re.search(self.path, scope["path"])
        ):
            await self.app(scope, receive, send)
            return
        body = await self._body(receive)
        heard = body and self._changed(body)

        async def again() -> Message:
            return {"type": "http.request", "body": heard, "more_body": False}

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and self.status and message["status"] < 300:
                message = {**message, "status": self.status}
                if self.said is not None:
                    message["headers"] = [(b"content-length", str(len(self.said)).encode())]
            elif message["type"] == "http.response.body" and self.said is not None and body:
                message = {**message, "body": self.said}
            await send(message)

        headers = [
            (n, str(len(heard)).encode() if n == b"content-length" else v) for n, v in scope["headers"]
        ]
        await self.app({**scope, "headers": headers}, again, answer)

    @staticmethod
    async def _body(receive: Receive) -> bytes:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        return body

    def _changed(self, body: bytes) -> bytes:
        payload = json.loads(body)
        self.hears(payload["Payload"])
        return json.dumps(payload).encode()


def keys_of(records: Sequence[Record]) -> list[Key]:
    """Give the keys of records."""
    return [record.key for record in records]
