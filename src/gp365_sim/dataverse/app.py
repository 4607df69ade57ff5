"""Assembles a simulated Dataverse organisation and serves it as an ASGI app: `build`."""

from __future__ import annotations

import asyncio
import hashlib
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from time import monotonic

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gp365_sim.core.clock import Clock
from gp365_sim.core.control import control_routes
from gp365_sim.core.faults import Fault, Faults
from gp365_sim.core.recorder import Recorder, note_rows
from gp365_sim.core.wrap import instrument
from gp365_sim.identity.app import token_control, with_tokens
from gp365_sim.identity.tokens import TokenRefusal, Tokens
from gp365_sim.samples import Samples

from . import refusal
from .door import OrganisationDoor
from .exchange import Answer, Request, refused
from .hooks_delivery import Deliveries, Delivering
from .hooks_door import HooksDoor
from .limits import Limits, Throttle
from .organisation import Organisation, Rules
from .platform import ensure_user, fresh
from .schema_load import fresh_schema
from .service import run
from .store import Store
from .world import DataverseWorld

_ROOT = re.compile(r"^/api/data/v9\.\d/")
ORGANISATION_NAMESPACE = uuid.UUID("0b0a5c2e-6c5d-4f0e-9d5e-7f3a1d2b4c6d")


@dataclass(frozen=True)
class DataverseSystem:
    """A running organisation: the app to serve (with token endpoint and control door) and what is behind it."""

    app: ASGIApp
    world: DataverseWorld
    org: Organisation
    throttle: Throttle
    recorder: Recorder
    faults: Faults
    deliveries: Deliveries


_ORDERED = {
    "429": refusal.Refusal(
        429, "0x80072322", "Number of requests exceeded the limit of 6000 over time window of 300 seconds."
    ),
    "503": refusal.Refusal(
        503, "0x80072561", "The service is temporarily unavailable. Please try again later."
    ),
    "401": refusal.Refusal(401, "", "The access token is missing, invalid or has expired."),
}


def _ordered(do: str, fault: Fault) -> Response:
    """Give the answer of this system for an ordered 429, 503 or 401."""
    wait = fault.retry_after_s if fault.retry_after_s is not None else 5
    headers = {"Retry-After": f"{wait:g}"} if do == "429" else {}
    answer = refused(None, _ORDERED[do])
    return Response(answer.body, answer.status, headers, answer.content_type)


def build(
    clock: Clock,
    tokens: Tokens,
    samples: Samples | None = None,
    limits: Limits | None = None,
    public_urls: Iterable[str] = (),
    rules: Rules | None = None,
    *,
    tracked: Iterable[str] = (),
    name: str = "Fabrikam Sales",
    delivering: Delivering | None = None,
) -> DataverseSystem:
    """Build an organisation with its token endpoint, control door, recorder and faults.

    `samples` are the first rows (currencies, regions and their people, accounts, contacts), put back by a reset.
    `tracked` are the tables whose change tracking is on from the start. Callers get their rights from the roles of
    their application: `customizer` may change metadata and register webhooks, `secured` reads and writes secured
    columns. `delivering` says how webhooks are delivered.
    """
    throttle = Throttle(limits or Limits(), clock.now)
    org = _organisation(clock, name, rules or Rules())
    org.urls = tuple(public_urls)
    start = frozenset(tracked)

    door, deliveries = OrganisationDoor(org), Deliveries(org, delivering)
    org.store.committed = deliveries.take

    def reset() -> None:
        fresh(org, start, samples)
        throttle.reset()
        door.reset()
        deliveries.reset()
        org.any_port = True

    reset()
    world, recorder, faults = DataverseWorld(org, reset), Recorder(), Faults()
    app = instrument(
        with_tokens(_App(org, tokens, throttle), tokens),
        recorder=recorder,
        faults=faults,
        control=control_routes(
            world,
            recorder,
            faults,
            clock,
            [
                *token_control(tokens),
                *door.routes(),
                *throttle.routes(),
                *HooksDoor(org, deliveries).routes(),
            ],
        ),
        clock=clock,
        refusal=_ordered,
    )
    return DataverseSystem(app, world, org, throttle, recorder, faults, deliveries)


def _organisation(clock: Clock, name: str, rules: Rules) -> Organisation:
    schema = fresh_schema()
    return Organisation(
        schema=schema,
        store=Store(schema, clock.now),
        now=clock.now,
        id=str(uuid.uuid5(ORGANISATION_NAMESPACE, "organization")),
        name=name,
        business_unit=str(uuid.uuid5(ORGANISATION_NAMESPACE, "businessunit")),
        base_currency=str(uuid.uuid5(ORGANISATION_NAMESPACE, "transactioncurrency")),
        rules=rules,
        secret=hashlib.sha256(name.encode()).digest(),
    )


class _App:
    """The ASGI side: who is calling, is there room, what is the answer."""

    def __init__(self, org: Organisation, tokens: Tokens, throttle: Throttle) -> None:
        self._org, self._tokens, self._throttle = org, tokens, throttle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path = scope.get("raw_path", scope["path"].encode()).decode("latin-1").partition("?")[0]
        root = _ROOT.match(path)
        if root is None:
            await _send(send, refused(None, refusal.not_modelled(f"the path '{path}'")), ())
            return
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        caller = self._tokens.check(headers.get("authorization"))
        if isinstance(caller, TokenRefusal):
            no = refusal.Refusal(caller.status, caller.code, caller.message, _challenge(scope, headers))
            await _send(send, refused(None, no), ())
            return
        request = Request(
            method=scope["method"],
            path=path[root.end() :],
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            body=b"",
            caller=caller,
            root=f"{scope['scheme']}://{headers.get('host', 'localhost')}{root[0]}",
        )
        answer = await self._admitted(request, receive)
        note_rows(scope, answer.rows)
        await _send(send, answer, self._throttle.headers(caller.user_id))

    async def _admitted(self, request: Request, receive: Receive) -> Answer:
        user = request.caller.user_id
        try:
            self._throttle.enter(user)
        except refusal.Refusal as no:
            return refused(request, no)
        limits = self._throttle.limits
        cost_s = limits.cost_s(0)
        try:
            request = _with_body(request, await _body(receive))
            began = monotonic()
            ensure_user(self._org, request.caller)
            answer = run(self._org, request)
            cost_s = _cost_s(limits, request, answer)
            await _wait(limits, cost_s - (monotonic() - began))
            return answer
        finally:
            self._throttle.leave(user, cost_s)


def _cost_s(limits: Limits, request: Request, answer: Answer) -> float:
    """Give the execution time that is counted for an answer; every row of a request that is no GET counts as written."""
    written = answer.extra.get("written", 0 if request.method == "GET" else answer.rows)
    return limits.cost_s(answer.rows, int(answer.extra.get("operations", 1)), int(written))


async def _wait(limits: Limits, execution_s: float) -> None:
    """Let the rest of an execution time pass where the limits say so, and the latency."""
    wait_s = limits.latency_s + (max(0.0, execution_s) if limits.waited else 0.0)
    if wait_s:
        await asyncio.sleep(wait_s)


def _with_body(request: Request, body: bytes) -> Request:
    return Request(
        request.method, request.path, request.query, request.headers, body, request.caller, request.root
    )


def _challenge(scope: Scope, headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    origin = f"{scope['scheme']}://{headers.get('host', 'localhost')}"
    return (
        (
            "WWW-Authenticate",
            f"Bearer authorization_uri={origin}/common/oauth2/authorize, resource_id={origin}/",
        ),
    )


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


async def _send(send: Send, answer: Answer, more: tuple[tuple[str, str], ...]) -> None:
    headers = [
        ("OData-Version", "4.0"),
        ("x-ms-service-request-id", str(uuid.uuid4())),
        *more,
        *answer.headers,
    ]
    if not any(name == "REQ_ID" for name, _ in answer.headers):
        headers.append(("REQ_ID", str(uuid.uuid4())))
    if answer.body:
        headers.append(("Content-Type", answer.content_type))
    if answer.status not in {204, 304}:
        headers.append(("Content-Length", str(len(answer.body))))
    raw = [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": answer.body})
