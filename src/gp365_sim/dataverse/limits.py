"""Service protection limits: requests, execution time and concurrency per user, in a sliding window.

Source: api-limits.md. How `Retry-After` is computed is not documented; here it is the time until the window has room again,
and it grows by a second for every request sent during the penalty.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gp365_sim.core.control import answer

from .refusal import Refusal


@dataclass(frozen=True)
class Limits:
    """What one user may use of one web server in `window_s` seconds, and what a request costs.

    `request_s` and `row_s` are the execution time that is counted per request and per row read or written, `written_row_s`
    what a written row costs beyond that. Counted time is not waited for unless `waited` says so; then an answer comes
    when its execution time is over, as from a real server. `latency_s` is waited before every answer.
    """

    requests: int = 6000
    seconds: float = 1200.0
    concurrent: int = 52
    window_s: float = 300.0
    request_s: float = 0.02
    row_s: float = 0.002
    latency_s: float = 0.0
    dop_hint: int = 8
    written_row_s: float = 0.0
    waited: bool = False

    def cost_s(self, rows: int, operations: int = 1, written: int = 0) -> float:
        """Give the execution time of a request of so many operations that read or wrote so many rows."""
        return self.request_s * operations + self.row_s * rows + self.written_row_s * written


@dataclass
class _Usage:
    """What one user did in the window: (when, seconds) per request, and how many are running."""

    done: deque[tuple[datetime, float]] = field(default_factory=deque[tuple[datetime, float]])
    seconds: float = 0.0
    running: int = 0
    refused: int = 0


@dataclass(slots=True)
class Total:
    """What was admitted and refused since the last reset, of all users; `spent_s` is execution time.

    `most_at_once` is the largest number of requests that one user had running.
    """

    admitted: int = 0
    refused: int = 0
    spent_s: float = 0.0
    most_at_once: int = 0


class Throttle:
    """Counts the requests of every user and refuses those beyond the limits."""

    def __init__(self, limits: Limits, now: Callable[[], datetime]) -> None:
        self.limits = limits
        self._now = now
        self._users: dict[str, _Usage] = {}
        self.total = Total()

    def reset(self) -> None:
        """Forget all usage."""
        self._users.clear()
        self.total = Total()

    def enter(self, user_id: str) -> None:
        """Admit a request, or raise the 429 that applies; concurrency is checked first, it is answered at once."""
        usage = self._users.setdefault(user_id, _Usage())
        self._slide(usage)
        no = self._refusal(usage)
        if no is not None:
            usage.refused += 1
            self.total.refused += 1
            raise no
        usage.refused = 0
        usage.running += 1
        self.total.admitted += 1
        self.total.most_at_once = max(self.total.most_at_once, usage.running)

    def leave(self, user_id: str, cost: float) -> None:
        """End a request and count its execution time in seconds."""
        usage = self._users.setdefault(user_id, _Usage())
        usage.running = max(0, usage.running - 1)
        usage.done.append((self._now(), cost))
        usage.seconds += cost
        self.total.spent_s += cost

    def headers(self, user_id: str) -> tuple[tuple[str, str], ...]:
        """Give the headers that tell a client what is left and how many requests to run at once."""
        usage = self._users.get(user_id, _Usage())
        self._slide(usage)
        left = max(0, self.limits.requests - len(usage.done))
        time_left = max(0.0, self.limits.seconds - usage.seconds)
        return (
            ("x-ms-ratelimit-burst-remaining-xrm-requests", str(left)),
            ("x-ms-ratelimit-time-remaining-xrm-requests", f"{time_left:,.2f}"),
            ("x-ms-dop-hint", str(self.limits.dop_hint)),
        )

    def routes(self) -> list[BaseRoute]:
        """Give `GET /_sim/limits`: the limits, and the totals since the last reset."""

        async def limits(_: Request) -> Response:
            return answer({"limits": asdict(self.limits), "total": asdict(self.total)})

        return [Route("/_sim/limits", limits, methods=["GET"])]

    def _slide(self, usage: _Usage) -> None:
        now = self._now()
        while usage.done and (now - usage.done[0][0]).total_seconds() >= self.limits.window_s:
            usage.seconds -= usage.done.popleft()[1]

    def _refusal(self, usage: _Usage) -> Refusal | None:
        limits, span = self.limits, f"{self.limits.window_s:g}"
        if usage.running >= limits.concurrent:
            return _too_many(
                "0x80072326", f"Number of concurrent requests exceeded the limit of {limits.concurrent}.", 1
            )
        if len(usage.done) >= limits.requests:
            over = len(usage.done) - limits.requests
            return _too_many(
                "0x80072322",
                f"Number of requests exceeded the limit of {limits.requests} over time window of {span} seconds.",
                self._wait(usage, over) + usage.refused,
            )
        if usage.seconds >= limits.seconds:
            return _too_many(
                "0x80072321",
                f"Combined execution time of incoming requests exceeded limit of {limits.seconds * 1000:,.0f} "
                f"milliseconds over time window of {span} seconds. Decrease number of concurrent requests or reduce "
                "the duration of requests and try again later.",
                self._wait(usage, self._over_time(usage)) + usage.refused,
            )
        return None

    def _over_time(self, usage: _Usage) -> int:
        """Count the oldest requests that must leave the window before there is time again."""
        over = usage.seconds - self.limits.seconds
        for number, (_, cost) in enumerate(usage.done):
            over -= cost
            if over < 0:
                return number
        return len(usage.done) - 1

    def _wait(self, usage: _Usage, position: int) -> float:
        left = (self._now() - usage.done[position][0]).total_seconds()
        return self.limits.window_s - left


def _too_many(code: str, message: str, wait_s: float) -> Refusal:
    return Refusal(429, code, message, (("Retry-After", str(max(1, int(wait_s + 0.999)))),))
