"""The SOAP endpoint put together: Windows authentication per connection, the service behind it, and its control door."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gp365_sim.core.clock import Clock
from gp365_sim.core.control import answer, body_of, object_of, wrong
from gp365_sim.core.faults import Fault, Faults, read_faults
from gp365_sim.core.recorder import Recorder, note_rows
from gp365_sim.core.server import connection_of
from gp365_sim.core.wrap import instrument
from gp365_sim.gp.door import Place
from gp365_sim.gp.handshakes import Admission, Gate, Scheme
from gp365_sim.gp.soap import native
from gp365_sim.gp.soap.journal import Entry
from gp365_sim.gp.soap.messages import CONTENT_TYPE, FaultForm, operation_of
from gp365_sim.gp.soap.requester import disable, enable
from gp365_sim.gp.soap.service import Service, serve
from gp365_sim.gp.soap.wsdl import wsdl
from gp365_sim.gp.system import SystemDatabase
from gp365_sim.gp.users import Accounts, User

BASE = "/DynamicsGPWebServices"
ADDRESS = f"{BASE}/DynamicsGPService.asmx"
NATIVE = "/Dynamics/GPService"


@dataclass(frozen=True)
class SoapManner:
    """How these Web Services are set up, where installations differ or the public record is silent.

    NTLM is what the public legacy WSDL asks for; an administrator may change the binding. `changes`: the requester
    triggers behind the lists of changed keys are enabled.
    """

    schemes: tuple[Scheme, ...] = ("NTLM",)
    fault: FaultForm = "detail"
    strict_order: bool = True
    changes: bool = False


@dataclass(frozen=True)
class SoapSystem:
    """The endpoint: `app` to serve on plain http, `service` behind it."""

    app: ASGIApp
    service: Service
    gate: Gate
    recorder: Recorder
    faults: Faults


def build(
    places: Mapping[str, Place],
    system: SystemDatabase,
    users: Sequence[User],
    clock: Clock,
    manner: SoapManner | None = None,
) -> SoapSystem:
    """Make the endpoint over the companies of a GP, which are known by their numbers here."""
    manner = manner or SoapManner()
    companies = {
        place.world.company.identity.number: (place.world.company, place.security)
        for place in places.values()
    }
    service = Service(companies, system, clock, manner.fault, manner.strict_order)
    set_changes(service, enabled=manner.changes)
    gate = Gate(Accounts(users), manner.schemes, require_binding=False)
    recorder, faults = Recorder(), Faults()
    inner = instrument(
        _view(service, gate),
        recorder=recorder,
        faults=faults,
        control=_routes(service, gate, recorder, faults, manner),
        clock=clock,
        refusal=lambda do, fault: _refusal(do, fault, manner.schemes),
    )

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await inner(_named(scope), receive, send)

    return SoapSystem(app, service, gate, recorder, faults)


def set_changes(service: Service, *, enabled: bool) -> None:
    """Make or drop the requester triggers of all companies, as an administrator does."""
    service.changes = enabled
    for company, _ in service.companies.values():
        (enable if enabled else disable)(company)


def _named(scope: Scope) -> Scope:
    """Show the recorder and the ordered faults which operation is called: all share one address."""
    if scope["type"] != "http" or scope["method"] != "POST" or scope["query_string"]:
        return scope
    action = next((value for name, value in scope["headers"] if name == b"soapaction"), b"")
    return {**scope, "query_string": operation_of(action.decode("latin-1")).encode("latin-1")}


def _view(service: Service, gate: Gate) -> ASGIApp:
    async def view(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        response = _described(request) or _posted(service, gate, request, body)
        await response(scope, receive, send)

    return view


def _described(request: Request) -> Response | None:
    """Answer what needs no user: the WSDL on either address (assumed to be open), and the native endpoint."""
    path = request.url.path.rstrip("/")
    host = f"{request.url.scheme}://{request.headers.get('host', request.url.netloc)}"
    wants = request.url.query.lower().partition("=")[0] in ("wsdl", "singlewsdl")
    if path.startswith(NATIVE):
        if request.method == "GET" and wants:
            return Response(native.wsdl(f"{host}{NATIVE}/GPService"), media_type=CONTENT_TYPE)
        understood = "application/soap+xml" in request.headers.get("content-type", "")
        return Response(native.fault(), 500 if understood else 415, media_type=native.CONTENT_TYPE)
    if path not in (BASE, ADDRESS):
        return _page(404, "There is no endpoint at this address.")
    if request.method == "GET":
        if wants:
            return Response(wsdl(host + ADDRESS), media_type=CONTENT_TYPE)
        return _page(200, f"DynamicsGPService. Its WSDL is at {BASE}?wsdl.")
    if request.method != "POST" or path == BASE:
        return _page(405, "Messages are posted to the service's own address.")
    return None


def _posted(service: Service, gate: Gate, request: Request, body: bytes) -> Response:
    line = connection_of(request.scope)
    if line is None:
        return _page(500, "The service needs a connection.")
    admission = gate.admit(line, request.headers.get("authorization", ""))
    if admission.user is None:
        return _unauthorised(admission.challenges)
    if not request.headers.get("content-type", "").lower().startswith("text/xml"):
        return _with_last_leg(_page(415, "Messages of this endpoint are text/xml (SOAP 1.1)."), admission)
    reply = serve(service, admission.user, request.headers.get("soapaction"), body)
    note_rows(request.scope, reply.rows)
    return _with_last_leg(Response(reply.text, reply.status, media_type=CONTENT_TYPE), admission)


def _with_last_leg(response: Response, admission: Admission) -> Response:
    for challenge in admission.challenges:
        response.headers.append("WWW-Authenticate", challenge)
    return response


def _unauthorised(challenges: Sequence[str]) -> Response:
    response = _page(401, "Access is denied.")
    for challenge in challenges:
        spoken = 'Basic realm="DynamicsGPWebServices"' if challenge == "Basic" else challenge
        response.headers.append("WWW-Authenticate", spoken)
    return response


def _refusal(do: str, fault: Fault, schemes: Sequence[str]) -> Response:
    return _unauthorised(schemes) if do == "401" else _page(int(do), "The service is unavailable.")


def _page(status: int, words: str) -> Response:
    return HTMLResponse(f"<html><head><title>{status}</title></head><body>{words}</body></html>", status)


def _routes(
    service: Service, gate: Gate, recorder: Recorder, faults: Faults, manner: SoapManner
) -> list[BaseRoute]:
    """Give the control door: requests (the operation as query), faults, handshakes, log, rights, settings, reset."""

    async def requests(request: Request) -> Response:
        try:
            after = int(request.query_params.get("after", "0"))
        except ValueError:
            return wrong("after is a number")
        return answer({"requests": recorder.after(after), "last": recorder.last})

    async def ordered(request: Request) -> Response:
        if request.method == "DELETE":
            faults.clear()
        if request.method == "POST":
            try:
                faults.add(read_faults(await body_of(request)))
            except ValueError as error:
                return wrong(str(error))
        return answer({"faults": faults.listed()})

    async def handshakes(request: Request) -> Response:
        if request.method == "DELETE":
            gate.forget()
        return answer(gate.report())

    async def log(request: Request) -> Response:
        return answer({"log": [_logged(each) for each in service.journal]})

    async def rights(request: Request) -> Response:
        try:
            given = await object_of(request)
            _set_rights(service, str(given["user"]), given.get("operations"))
        except (ValueError, KeyError) as error:
            return wrong(f"the order was not understood: {error}")
        return answer({"rights": {name: sorted(held) for name, held in service.rights.items()}})

    async def changes(request: Request) -> Response:
        try:
            set_changes(service, enabled=bool((await object_of(request)).get("enabled", True)))
        except ValueError as error:
            return wrong(str(error))
        return answer({"changes": service.changes})

    async def reset(request: Request) -> Response:
        faults.clear()
        recorder.clear()
        service.journal.clear()
        service.rights.clear()
        set_changes(service, enabled=manner.changes)
        return answer({"reset": True})

    return [
        Route("/_sim/requests", requests, methods=["GET"]),
        Route("/_sim/faults", ordered, methods=["GET", "POST", "DELETE"]),
        Route("/_sim/handshakes", handshakes, methods=["GET", "DELETE"]),
        Route("/_sim/log", log, methods=["GET"]),
        Route("/_sim/rights", rights, methods=["POST"]),
        Route("/_sim/changes", changes, methods=["POST"]),
        Route("/_sim/reset", reset, methods=["POST"]),
    ]


def _set_rights(service: Service, user: str, given: object) -> None:
    """Say which operations a user may call; None: all."""
    if given is None:
        service.rights.pop(user.upper(), None)
    elif isinstance(given, list):
        service.rights[user.upper()] = frozenset(str(each) for each in given)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    else:
        raise ValueError("operations is a list of names, or null")


def _logged(entry: Entry) -> Mapping[str, object]:
    return {
        "log_id": entry.log_id,
        "operation": entry.operation,
        "kind": entry.kind,
        "message": entry.message,
    }
