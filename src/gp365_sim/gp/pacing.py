"""How callers use GP's connections, as the server sees it: calls at once, rests between them, breaches of what was agreed.

A rest lies between the end of an answer and the start of the next call on the same connection. The legs of a login belong
to the call that they open: there is none after a 401. No public document names such limits: an administrator agrees on
them with who calls, so that people at the same service are not slowed down.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import count
from time import monotonic

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Message, Send

from gp365_sim.core.control import answer, object_of, wrong

_SEAT = "gp.pacing"
_KEPT = 100_000


@dataclass(frozen=True)
class Agreed:
    """How many calls may run at once and how long a connection rests between two; None and 0: any."""

    at_once: int | None = None
    rest_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Call:
    """An answered call: seconds on the server's monotonic clock, `rest_s` before it (None: the connection's first)."""

    connection: int
    began: float
    ended: float
    rest_s: float | None
    method: str
    path: str
    status: int


@dataclass(slots=True)
class _Seat:
    number: int
    ended: float | None = None
    open_leg: bool = False


@dataclass
class _Counts:
    running: int = 0
    most_at_once: int = 0
    too_many: int = 0
    too_soon: int = 0
    shortest_rest_s: float | None = None
    calls: deque[Call] = field(default_factory=lambda: deque[Call](maxlen=_KEPT))


@dataclass(slots=True)
class Under:
    """A call that is being answered."""

    seat: _Seat
    began: float
    rest_s: float | None
    ended: float = 0.0


class Pacing:
    """Counts calls, rests and what breaks the agreed pace; lets every call take `call_s` seconds, its own work included."""

    def __init__(self, call_s: float = 0.0, now: Callable[[], float] = monotonic) -> None:
        self._call_s = call_s
        self._now = now
        self._numbers = count(1)
        self._counts = _Counts()
        self.agreed = Agreed()

    def begin(self, state: dict[str, object]) -> Under:
        """Take a call on a connection, known by its state."""
        seat = state.get(_SEAT)
        if not isinstance(seat, _Seat):
            seat = state[_SEAT] = _Seat(next(self._numbers))
        now, counts = self._now(), self._counts
        rest_s = None if seat.ended is None or seat.open_leg else now - seat.ended
        counts.running += 1
        counts.most_at_once = max(counts.most_at_once, counts.running)
        if self.agreed.at_once is not None and counts.running > self.agreed.at_once:
            counts.too_many += 1
        if rest_s is not None:
            counts.shortest_rest_s = min(rest_s, counts.shortest_rest_s or rest_s)
            counts.too_soon += rest_s < self.agreed.rest_s
        return Under(seat, now, rest_s)

    async def dwell(self, under: Under) -> None:
        """Let the rest of the call's fixed time pass."""
        left_s = self._call_s - (self._now() - under.began)
        if left_s > 0:
            await asyncio.sleep(left_s)

    def sending(self, under: Under, send: Send) -> Send:
        """Note when a call ends: directly before the last of its answer leaves, when nobody can have read it yet."""

        async def noted(message: Message) -> None:
            under.ended = self._now()
            await send(message)

        return noted

    def end(self, under: Under, method: str, path: str, status: int) -> None:
        """Count a call whose answer has left."""
        counts, ended = self._counts, under.ended or self._now()
        counts.running -= 1
        under.seat.ended, under.seat.open_leg = ended, status == 401
        counts.calls.append(Call(under.seat.number, under.began, ended, under.rest_s, method, path, status))

    def forget(self) -> None:
        """Drop the counts; calls that run go on being counted, and what was agreed stays."""
        self._counts = _Counts(running=self._counts.running)

    def report(self, *, calls: bool = False) -> dict[str, object]:
        """Tell the counts, and every call where it is asked for."""
        counts = self._counts
        return {
            "agreed": asdict(self.agreed),
            "most_at_once": counts.most_at_once,
            "connections": len({call.connection for call in counts.calls}),
            "answered": len(counts.calls),
            "too_many": counts.too_many,
            "too_soon": counts.too_soon,
            "shortest_rest_s": counts.shortest_rest_s,
            **({"calls": [asdict(call) for call in counts.calls]} if calls else {}),
        }

    def routes(self) -> list[BaseRoute]:
        """Give `/_sim/pacing`: POST `{"at_once","rest_s"}` agrees, GET tells (`?calls=1`: every call), DELETE forgets."""

        async def pacing(request: Request) -> Response:
            if request.method == "DELETE":
                self.forget()
            if request.method == "POST":
                try:
                    self.agreed = _agreed(await object_of(request))
                except (TypeError, ValueError) as error:
                    return wrong(str(error))
            return answer(self.report(calls=bool(request.query_params.get("calls"))))

        return [Route("/_sim/pacing", pacing, methods=["GET", "POST", "DELETE"])]


def _agreed(order: dict[str, object]) -> Agreed:
    most = order.get("at_once")
    return Agreed(None if most is None else int(str(most)), float(str(order.get("rest_s", 0.0))))
