"""The SQL server put together: the databases of a GP site, its logins and its control door."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gp365_sim.core.clock import Clock
from gp365_sim.core.control import answer, body_of, object_of, wrong
from gp365_sim.core.wrap import CONTROL_PREFIX
from gp365_sim.gp.company import Company
from gp365_sim.gp.database import Database
from gp365_sim.gp.econnect import signatures
from gp365_sim.gp.sql.catalogue import Catalogue, Definitions
from gp365_sim.gp.sql.compiled import Texts
from gp365_sim.gp.sql.rights import Login, Logins, read_login
from gp365_sim.gp.sql.server import SqlServer
from gp365_sim.gp.sql.session import Bases
from gp365_sim.gp.sql.views import Views
from gp365_sim.gp.sql.workspace import Locks

SYSTEM = "DYNAMICS"


@dataclass(frozen=True)
class SqlSystem:
    """A SQL server: `app` to serve on a socket, `server` behind it."""

    app: ASGIApp
    server: SqlServer


def build(
    companies: Sequence[Company],
    system: Database,
    logins: Sequence[Login],
    clock: Clock,
    *,
    system_name: str = SYSTEM,
    idle_s: float = 1800.0,
) -> SqlSystem:
    """Make the SQL server of a site; databases are named by INTERID."""
    by_name = {each.identity.interid: each for each in companies}
    catalogue = Catalogue(
        {
            system_name.upper(): _definitions(system_name, system, company=False),
            **{name.upper(): _definitions(name, each, company=True) for name, each in by_name.items()},
        }
    )
    parameters = {
        name: [(each.name, each.sql_type, each.output) for each in found]
        for name, found in signatures().items()
    }
    bases = Bases(by_name, system, system_name, Texts(catalogue), Views(catalogue, parameters), Locks())
    server = SqlServer(bases, Logins(*logins), clock, idle_s)
    door = Starlette(routes=_routes(server, logins))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            inner = door if scope["path"].startswith(CONTROL_PREFIX) else server
            await inner(scope, receive, send)

    return SqlSystem(app, server)


def _definitions(name: str, base: Database, *, company: bool) -> Definitions:
    tables = {each.upper(): base[each].table for each in base}
    return Definitions(name, tables, company)


def _routes(server: SqlServer, logins: Sequence[Login]) -> list[Route]:
    """Give the control door: requests, faults, sessions, logins and reset."""

    async def requests(request: Request) -> Response:
        try:
            after = int(request.query_params.get("after", "0"))
        except ValueError:
            return wrong("after is a number")
        return answer({"requests": server.record.after(after), "last": server.record.last})

    async def faults(request: Request) -> Response:
        if request.method == "DELETE":
            server.orders.clear()
        if request.method == "POST":
            try:
                server.orders.add(await body_of(request))
            except ValueError as error:
                return wrong(str(error))
        return answer({"faults": server.orders.listed()})

    async def sessions(request: Request) -> Response:
        if request.method == "DELETE":
            for number in list(server.lines):
                server.cut(number)
        return answer({"sessions": [_session(number, server) for number in server.lines]})

    async def login(request: Request) -> Response:
        try:
            server.logins.put(read_login(await object_of(request)))
        except ValueError as error:
            return wrong(str(error))
        return answer({"put": True})

    async def reset(request: Request) -> Response:
        server.orders.clear()
        server.record.clear()
        server.logins.reset(*logins)
        return answer({"reset": True})

    return [
        Route("/_sim/requests", requests, methods=["GET"]),
        Route("/_sim/faults", faults, methods=["GET", "POST", "DELETE"]),
        Route("/_sim/sessions", sessions, methods=["GET", "DELETE"]),
        Route("/_sim/logins", login, methods=["POST"]),
        Route("/_sim/reset", reset, methods=["POST"]),
    ]


def _session(number: int, server: SqlServer) -> Mapping[str, object]:
    session = server.lines[number].session
    state = session.state
    return {
        "session": number,
        "user": session.login.name,
        "database": state.database,
        "transactions": state.transactions,
        "writes_in": sorted(session.spaces),
        "waits_for": session.bases.locks.waiting.get(number, ""),
    }
