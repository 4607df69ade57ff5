"""The control door `/_sim/`: rows, faults, requests, clock and reset, for tests and demonstrations only."""

import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from gp365_sim.core.clock import Clock
from gp365_sim.core.faults import Faults, read_faults
from gp365_sim.core.recorder import Recorder
from gp365_sim.core.world import NoSuchTable, Refused, Row, World

_ROWS_PER_CHUNK = 500


def control_routes(
    world: World,
    recorder: Recorder,
    faults: Faults,
    clock: Clock,
    extra: Sequence[BaseRoute] = (),
    reset: Callable[[], None] | None = None,
) -> list[BaseRoute]:
    """Return the routes of a system's control door; `extra` are its own, with paths under `/_sim/` too.

    `reset` puts everything back where the world is not all there is.

    `/_sim/rows/<table>[/<key>]` GET, PUT and DELETE (all answer `{"rows": […]}`, no row is an empty list) ·
    `/_sim/faults` POST, GET and DELETE · `/_sim/requests?after=N` · `/_sim/clock` POST `{"advance_s"}` and
    GET · `/_sim/reset` POST (rows, faults, requests and clock). Decimals are text, dates and times ISO 8601.
    """
    return [
        *row_routes(world),
        *_fault_routes(faults),
        *_clock_routes(clock),
        _requests_route(recorder),
        _reset_route(reset or (lambda: world.reset()), recorder, faults, clock),
        *extra,
    ]


def answer(value: object, status: int = 200) -> Response:
    """Answer with JSON in the control door's manner."""
    return Response(_dumped(value), status, media_type="application/json")


async def body_of(request: Request) -> object:
    """Read a request's JSON body; an empty one is an empty object; raises ValueError."""
    body = await request.body()
    return orjson.loads(body) if body.strip() else {}


async def object_of(request: Request) -> dict[str, object]:
    """Read a request's JSON body, which must be an object; raises ValueError."""
    value = await body_of(request)
    if not isinstance(value, dict):
        raise ValueError("a JSON object was expected")
    return {str(name): item for name, item in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def wrong(message: str, status: int = 400) -> Response:
    """Answer that the order to the control door itself was wrong."""
    return answer({"error": {"message": message}}, status)


def _dumped(value: object) -> bytes:
    return orjson.dumps(value, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Iterable):
        return list(value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    raise TypeError(f"not JSON: {type(value).__name__}")


def _refusal(refused: Refused) -> Response:
    if isinstance(refused.body, (bytes, str)):
        return Response(refused.body, refused.status, media_type=refused.media_type)
    return Response(_dumped(refused.body), refused.status, media_type=refused.media_type)


def row_routes(world: World, prefix: str = "/_sim") -> list[BaseRoute]:
    """Return the routes that list, show, edit and delete rows under a prefix."""

    async def rows(request: Request) -> Response:
        table, key = request.path_params["table"], request.path_params.get("key", "")
        try:
            if request.method == "PUT":
                return answer({"rows": [world.put(table, key, await object_of(request))]})
            if request.method == "DELETE":
                return answer({"rows": [world.delete(table, key)]})
            if key:
                row = world.row(table, key)
                return answer({"rows": [] if row is None else [row]})
            return StreamingResponse(_listed(world.rows(table)), media_type="application/json")
        except Refused as refused:
            return _refusal(refused)
        except NoSuchTable as unknown:
            return wrong(f"no table {table}: {unknown}", 404)
        except ValueError as error:
            return wrong(str(error))

    return [
        Route(f"{prefix}/rows/{{table}}", rows, methods=["GET"]),
        Route(f"{prefix}/rows/{{table}}/{{key:path}}", rows, methods=["GET", "PUT", "DELETE"]),
    ]


async def _listed(rows: Iterable[Row]) -> AsyncIterator[bytes]:
    yield b'{"rows":['
    chunks = _chunks(rows)
    for number, chunk in enumerate(chunks):
        yield (b"," if number else b"") + _dumped(chunk)[1:-1]
    yield b"]}"


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    source = iter(rows)
    while chunk := list(islice(source, _ROWS_PER_CHUNK)):
        yield chunk


def _fault_routes(faults: Faults) -> list[BaseRoute]:
    async def route(request: Request) -> Response:
        if request.method == "DELETE":
            faults.clear()
        if request.method == "POST":
            try:
                faults.add(read_faults(await body_of(request)))
            except (ValueError, json.JSONDecodeError) as error:
                return wrong(str(error))
        return answer({"faults": faults.listed()})

    return [Route("/_sim/faults", route, methods=["GET", "POST", "DELETE"])]


def _clock_routes(clock: Clock) -> list[BaseRoute]:
    async def route(request: Request) -> Response:
        if request.method == "POST":
            try:
                clock.advance(float(str((await object_of(request)).get("advance_s", 0))))
            except ValueError as error:
                return wrong(str(error))
        return answer({"now": clock.now()})

    return [Route("/_sim/clock", route, methods=["GET", "POST"])]


def _requests_route(recorder: Recorder) -> BaseRoute:
    async def route(request: Request) -> Response:
        try:
            after = int(request.query_params.get("after", "0"))
        except ValueError:
            return wrong("after is a number")
        return answer({"requests": recorder.after(after), "last": recorder.last})

    return Route("/_sim/requests", route, methods=["GET"])


def _reset_route(
    rows_back: Callable[[], None], recorder: Recorder, faults: Faults, clock: Clock
) -> BaseRoute:
    async def route(request: Request) -> Response:
        faults.clear()
        recorder.clear()
        clock.reset()
        rows_back()
        return answer({"reset": True})

    return Route("/_sim/reset", route, methods=["POST"])
