"""Health, figures and the status page over HTTP; for anybody only `/health/live` and whether we are ready.

Everything else is for who knows the token (as a bearer token, or as the password of Basic authentication, which browsers
ask for), or, where none is set, for a browser on this machine. A request through a proxy is never one of this machine.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, tzinfo

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gp365.app.alerts.conditions import Condition
from gp365.app.alerts.readiness import readiness
from gp365.app.metrics import CONTENT_TYPE
from gp365.app.service.standing import Standing
from gp365.model.contract import Secret
from gp365.model.errors import Gp365Error
from gp365.web.status_page import status_page

FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
CAREFUL = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def _nothing() -> Sequence[Condition]:
    return ()


@dataclass(frozen=True, slots=True)
class Face:
    """What the pages show. `standing` is None while the store does not answer; `metrics` is Prometheus' text.

    Both may read the store; they are called in a thread. `token` None: only this machine.
    """

    standing: Callable[[], Standing | None]
    metrics: Callable[[], bytes]
    broken: Callable[[], Sequence[Condition]] = _nothing
    token: Secret | None = None
    zone: tzinfo = UTC


def health(face: Face) -> Starlette:
    """Return the pages as an application of their own."""
    return Starlette(routes=health_routes(face))


def health_routes(face: Face) -> list[Route]:
    """Return the pages, to be served beside others."""

    async def live(_: Request) -> Response:
        return JSONResponse({"live": True}, headers=CAREFUL)

    async def ready(request: Request) -> Response:
        told = readiness(await run_in_threadpool(_standing, face))
        shown = asdict(told) if may_see(request, face.token) else {"ready": told.ready}
        return JSONResponse(shown, 200 if told.ready else 503, headers=CAREFUL)

    async def metrics(request: Request) -> Response:
        if not may_see(request, face.token):
            return _refused(face)
        return Response(
            await run_in_threadpool(face.metrics), headers={**CAREFUL, "Content-Type": CONTENT_TYPE}
        )

    async def page(request: Request) -> Response:
        if not may_see(request, face.token):
            return _refused(face)
        standing = await run_in_threadpool(_standing, face)
        return HTMLResponse(status_page(standing, face.broken(), face.zone), headers=CAREFUL)

    return [
        Route("/health/live", live),
        Route("/health/ready", ready),
        Route("/metrics", metrics),
        Route("/", page),
    ]


def may_see(request: Request, token: Secret | None) -> bool:
    """Tell whether a request may see more than whether we live."""
    if token is None:
        return _of_this_machine(request)
    try:
        wanted = token.reveal().encode()
    except Gp365Error:
        return False  # a token that cannot be read opens nothing
    return hmac.compare_digest(_brought(request), wanted)


def _brought(request: Request) -> bytes:
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip().encode()
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(rest.strip(), validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return b""


def _of_this_machine(request: Request) -> bool:
    """A page of the web that a browser here shows has another name in Host (DNS rebinding)."""
    if any(name in request.headers for name in FORWARDED):
        return False
    return _is_loopback(request.client.host if request.client else "") and _is_loopback(
        request.url.hostname or ""
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refused(face: Face) -> Response:
    if face.token is None:
        return PlainTextResponse(
            "Only for this machine: alerts.status_token is not set.\n", 403, headers=CAREFUL
        )
    asked = {**CAREFUL, "WWW-Authenticate": 'Basic realm="gp365", charset="UTF-8"'}
    return PlainTextResponse("The token is needed.\n", 401, headers=asked)


def _standing(face: Face) -> Standing | None:
    try:
        return face.standing()
    except Gp365Error:
        return None
