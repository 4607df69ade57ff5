"""GP's own part of the control door: what a consultant does to a company with the tools beside GP, per company.

Every route exists as `/_sim/<act>` for the first company and as `/_sim/companies/<database>/<act>` for each.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gp365_sim.core.control import answer, object_of, row_routes, wrong
from gp365_sim.core.world import Refused
from gp365_sim.gp.refusals import Refusal
from gp365_sim.gp.security import Security
from gp365_sim.gp.tasks import TASKS
from gp365_sim.gp.world import GpWorld, refused

Order = dict[str, object]
Act = Callable[[Order], object]


@dataclass(frozen=True)
class Place:
    """One company as the control door reaches it."""

    world: GpWorld
    security: Security

    def reset(self) -> None:
        """Put the samples back; backups are forgotten, role filters lifted."""
        self.security.clear()
        self.world.reset()


def company_routes(places: Mapping[str, Place]) -> list[BaseRoute]:
    """Give the routes of every company, by the name of its database; the first one's stand under `/_sim` too."""
    routes: list[BaseRoute] = [Route("/_sim/companies", _listing(places), methods=["GET"])]
    for number, (interid, place) in enumerate(places.items()):
        prefix = f"/_sim/companies/{interid}"
        routes += [*row_routes(place.world, prefix), *_acts(places, place, prefix)]
        if number == 0:
            routes += _acts(places, place, "/_sim")
    return routes


def _listing(places: Mapping[str, Place]) -> Callable[[Request], Response]:
    def listing(request: Request) -> Response:
        found = [place.world.company.identity for place in places.values()]
        return answer(
            {"companies": [{"name": i.name, "interid": i.interid, "number": i.number} for i in found]}
        )

    return listing


def _acts(places: Mapping[str, Place], place: Place, prefix: str) -> list[BaseRoute]:
    world = place.world
    posts: dict[str, Act] = {
        "renumber": lambda order: {"rows": [world.renumber(_text(order, "from"), _text(order, "to"))]},
        "combine": lambda order: {"rows": [world.combine(_text(order, "from"), _text(order, "into"))]},
        "snapshot": lambda order: {"snapshots": world.snapshot(_text(order, "name"))},
        "restore": lambda order: _restore(places, place, order),
        "hide": lambda order: _hide(place, order),
        "secure": lambda order: _secure(place, order),
        "open_documents": lambda order: {"open_documents": _open_documents(world, order)},
    }
    posts |= {name: partial(task, world.company) for name, task in TASKS.items()}
    routes: list[BaseRoute] = [_post(f"{prefix}/{name}", act) for name, act in posts.items()]
    routes.append(_open_documents_listed(world, f"{prefix}/open_documents"))
    routes.append(_security_route(place, f"{prefix}/security"))
    return routes


def _post(path: str, act: Act) -> Route:
    async def route(request: Request) -> Response:
        try:
            return answer(act(await object_of(request)))
        except Refused as no:
            return answer(no.body, no.status)
        except Refusal as no:
            return answer(refused(no).body, refused(no).status)
        except (ValueError, KeyError, TypeError, ArithmeticError) as error:
            return wrong(f"the order was not understood: {error}")

    return Route(path, route, methods=["POST"])


def _text(order: Order, name: str) -> str:
    value = order[name]
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is a text")
    return value


def _restore(places: Mapping[str, Place], place: Place, order: Order) -> object:
    """Put a backup back, or lay this company (as it is, or a backup of it) over another one."""
    name = _text(order, "snapshot") if "snapshot" in order else None
    target = places[_text(order, "over")].world if "over" in order else place.world
    if name is None and target is place.world:
        raise ValueError('give {"snapshot"} or {"over"}')
    target.company.restore(place.world.image(name))
    return {"restored": target.company.identity.interid}


def _hide(place: Place, order: Order) -> object:
    where = order.get("where", {})
    if not isinstance(where, dict):
        raise ValueError("where is an object of columns and values")
    given: Order = {str(name): value for name, value in where.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    place.security.hide(place.world.company, _text(order, "table"), given)
    return _shown(place.security)


def _secure(place: Place, order: Order) -> object:
    place.security.secure(place.world.company, _text(order, "table"), _texts(order, "columns"))
    return _shown(place.security)


def _texts(order: Order, name: str) -> list[str]:
    given = order.get(name, [])
    if not isinstance(given, list):
        raise ValueError(f"{name} is a list of texts")
    return [str(each) for each in given]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _shown(security: Security) -> object:
    return {
        "filters": [{"table": each.table, "where": dict(each.where)} for each in security.filters],
        "columns": {table: sorted(columns) for table, columns in security.columns.items()},
    }


def _security_route(place: Place, path: str) -> Route:
    async def route(request: Request) -> Response:
        if request.method == "DELETE":
            place.security.clear()
        return answer(_shown(place.security))

    return Route(path, route, methods=["GET", "DELETE"])


def _open_documents(world: GpWorld, order: Order) -> Mapping[str, list[str]]:
    world.set_documents(_text(order, "customer"), _texts(order, "documents"))
    return world.company.documents


def _open_documents_listed(world: GpWorld, path: str) -> Route:
    async def route(request: Request) -> Response:
        return answer({"open_documents": world.company.documents})

    return Route(path, route, methods=["GET"])
