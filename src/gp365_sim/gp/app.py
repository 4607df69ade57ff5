"""The GP simulator put together: company, REST view, Windows authentication and control door as one ASGI app."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gp365_sim.core.clock import Clock
from gp365_sim.core.control import answer, control_routes
from gp365_sim.core.faults import Fault, Faults
from gp365_sim.core.recorder import Recorder, note_rows
from gp365_sim.core.server import connection_of
from gp365_sim.core.wrap import instrument
from gp365_sim.gp import rest
from gp365_sim.gp.company import Company, Identity, Setup
from gp365_sim.gp.door import Place, company_routes
from gp365_sim.gp.handshakes import SCHEMES, Admission, Gate, Scheme
from gp365_sim.gp.pacing import Pacing
from gp365_sim.gp.plain import Samples, sample_rows
from gp365_sim.gp.profiles import Profile, ProfileName
from gp365_sim.gp.security import Security
from gp365_sim.gp.seeds import seed_system
from gp365_sim.gp.site import Answering, PatchMode, Site
from gp365_sim.gp.system import SystemDatabase
from gp365_sim.gp.users import Accounts, User
from gp365_sim.gp.versions import Version, stand_at
from gp365_sim.gp.world import GpWorld

FABRIKAM = Identity()


@dataclass(frozen=True)
class Manner:
    """How this GP installation is set up, where installations differ or the public record is silent.

    Every call takes at least `call_s` seconds. `posting_setup`: there is a table SY02300, with columns that are assumed.
    `version` is what DYNAMICS..DB_Upgrade tells; the tables are the same ones at each.
    """

    profile: ProfileName = "bare"
    patch: PatchMode = "replace"
    padded: bool = True
    modified_filter: bool = False
    tenant: str = "DefaultTenant"
    time_zone: str = "America/Chicago"
    schemes: tuple[Scheme, ...] = SCHEMES
    require_channel_binding: bool = True
    call_s: float = 0.0
    posting_setup: bool = True
    version: Version = "2018"


@dataclass(frozen=True)
class GpSystem:
    """A simulated GP: `app` to serve on https, and what lies behind it.

    `world` is the first company, `places` are all of them by the name of their database, `system` is the database
    DYNAMICS. `pacing` counts how its connections are used.
    """

    app: ASGIApp
    world: GpWorld
    places: Mapping[str, Place]
    companies: Mapping[str, Company]
    gate: Gate
    recorder: Recorder
    faults: Faults
    pacing: Pacing
    system: SystemDatabase


def build(
    clock: Clock,
    samples: Samples,
    users: Sequence[User],
    manner: Manner | None = None,
    *,
    company: Identity = FABRIKAM,
    more_companies: Sequence[Identity] = (),
    more_samples: Mapping[str, Samples] | None = None,
) -> GpSystem:
    """Make a GP whose company holds the samples; further companies hold those under their database, or nothing.

    Raises `Refusal` when a sample does not fit its column.
    """
    manner = manner or Manner()
    given = {company.interid: samples, **(more_samples or {})}
    system = SystemDatabase(clock.now)
    places = {
        each.interid: Place(
            GpWorld(_company(each, clock, manner, system), _setup(given.get(each.interid))), Security()
        )
        for each in (company, *more_companies)
    }

    def reset() -> None:
        system.clear()
        seed_system(system, (company, *more_companies))
        stand_at(system, ("DYNAMICS", *places), manner.version)
        for place in places.values():
            place.reset()

    reset()
    world = places[company.interid].world
    companies = {
        place.world.company.identity.name.casefold(): place.world.company for place in places.values()
    }
    security = {interid: place.security for interid, place in places.items()}
    answering = Answering(Profile(manner.profile), manner.patch, manner.padded, manner.modified_filter)
    gate = Gate(Accounts(users), manner.schemes, require_binding=manner.require_channel_binding)
    recorder, faults = Recorder(), Faults()
    pacing = Pacing(manner.call_s)
    own = [_handshakes(gate), *pacing.routes(), *company_routes(places)]
    control = control_routes(world, recorder, faults, clock, own, reset)
    view = _view(Site(manner.tenant, companies, answering, security, system), gate, pacing)
    app = instrument(
        view, recorder=recorder, faults=faults, control=control, clock=clock, refusal=_refusal(manner.schemes)
    )
    return GpSystem(app, world, places, companies, gate, recorder, faults, pacing, system)


def _company(identity: Identity, clock: Clock, manner: Manner, system: SystemDatabase) -> Company:
    zone = identity.time_zone or manner.time_zone
    return Company(identity, clock.now, zone, system, posting_setup=manner.posting_setup)


def _setup(samples: Samples | None) -> Setup:
    return lambda: () if samples is None else sample_rows(samples)


def _view(site: Site, gate: Gate, pacing: Pacing) -> ASGIApp:
    """Serve the REST view behind Windows authentication, over TLS only (SSL is mandatory: web-components pages)."""

    async def view(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        line = connection_of(scope)
        if line is None or not line.peer_certificate_binding:
            await _page(403, "SSL is required.")(scope, receive, send)
            return
        under, status = pacing.begin(line.state), 0
        send = pacing.sending(under, send)
        try:
            body = await request.body()
            admission = gate.admit(line, request.headers.get("authorization", ""))
            if admission.user is None:
                status = 401
                await unauthorised(admission.challenges)(scope, receive, send)
                return
            reply = rest.serve(site, admission.user, _call(request, body))
            note_rows(scope, reply.rows)
            _say_last_leg(reply.response, admission)
            await pacing.dwell(under)
            status = reply.response.status_code
            await reply.response(scope, receive, send)
        finally:
            pacing.end(under, request.method, scope["path"], status)

    return view


def _call(request: Request, body: bytes) -> rest.Call:
    scope = request.scope
    raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    headers = dict(request.headers)
    return rest.Call(request.method, raw_path.decode("latin-1"), query.decode("latin-1"), headers, body)


def _say_last_leg(response: Response, admission: Admission) -> None:
    for challenge in admission.challenges:
        response.headers.append("WWW-Authenticate", challenge)


def unauthorised(challenges: Sequence[str]) -> Response:
    """Answer 401 with one `WWW-Authenticate` per challenge; the page is the web server's, not the service's."""
    response = _page(401, "Access is denied.")
    for challenge in challenges:
        spoken = 'Basic realm="GPService"' if challenge == "Basic" else challenge
        response.headers.append("WWW-Authenticate", spoken)
    return response


def _refusal(schemes: Sequence[str]) -> Callable[[str, Fault], Response]:
    def refusal(do: str, fault: Fault) -> Response:
        if do == "401":
            return unauthorised(schemes)
        return _page(int(do), "The service is unavailable.")

    return refusal


def _page(status: int, words: str) -> Response:
    return HTMLResponse(f"<html><head><title>{status}</title></head><body>{words}</body></html>", status)


def _handshakes(gate: Gate) -> BaseRoute:
    """Show the handshakes per connection at the control door; DELETE forgets them."""

    async def handshakes(request: Request) -> Response:
        if request.method == "DELETE":
            gate.forget()
        return answer(gate.report())

    return Route("/_sim/handshakes", handshakes, methods=["GET", "DELETE"])
