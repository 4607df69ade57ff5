"""Request budgets: how many calls may run and how many may start, interactive ones before bulk.

`Window`, `Concurrency` and `ExecutionTime` are plain state with the time handed in; threads wait on a `RequestBudget`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from threading import Condition
from typing import NamedTuple

from gp365.wire.calls import Headers, Priority
from gp365.wire.clock import Clock
from gp365.wire.execution import ExecutionTime, names_execution_time
from gp365.wire.retries import retry_after_s

_CALM_S = 30.0


def _seconds(text: str) -> float | None:
    """Read seconds such as 1,196.30; None for anything else."""
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return None


def _at_least_a_tick(seconds: float) -> float:
    """Return a wait that moves the clock: a rest of 1e-15 s added to the time may leave it where it is."""
    return max(0.001, seconds)


class Window:
    """Let at most `requests` start within any `seconds`; bulk may use only its share of them."""

    def __init__(self, requests: int, seconds: float, *, bulk_share: float = 0.9) -> None:
        self._requests = requests
        self._bulk = max(1, int(requests * bulk_share))
        self._seconds = seconds
        self._starts: deque[float] = deque()

    def delay_s(self, now: float, priority: Priority) -> float:
        """Return the seconds until a call of this priority may start, 0.0 for at once."""
        while self._starts and self._starts[0] <= now - self._seconds:
            self._starts.popleft()
        allowed = self._bulk if priority is Priority.BULK else self._requests
        surplus = len(self._starts) - allowed
        return 0.0 if surplus < 0 else _at_least_a_tick(self._starts[surplus] + self._seconds - now)

    def take(self, now: float) -> None:
        """Note that a call starts."""
        self._starts.append(now)


class Concurrency:
    """How many calls may run at once, found out as Dataverse advises (Send parallel requests; Service protection limits).

    It starts at half of the ceiling, adds one per `calm_s` without a 429 up to the ceiling, and halves on a 429 that
    nothing else explains. The ceiling is `x-ms-dop-hint` once an answer has brought it. A 429 stops all calls for its
    Retry-After.
    """

    def __init__(self, ceiling: int = 4, *, calm_s: float = _CALM_S) -> None:
        self.ceiling = max(1, ceiling)
        self.limit = max(1, self.ceiling // 2)
        self.paused_until = float("-inf")
        self._calm_s = calm_s
        self._hinted = False
        self._calm_since: float | None = None
        self._storm = 0

    @property
    def most(self) -> float:
        """Return how many calls may run at all: what the server recommends, once it has."""
        return self.ceiling if self._hinted else float("inf")

    def delay_s(self, now: float) -> float:
        """Return the seconds that a 429 still stops all calls."""
        self._grow(now)
        return _at_least_a_tick(self.paused_until - now) if self.paused_until > now else 0.0

    def hint(self, ceiling: int) -> None:
        """Take the server's recommended parallelism; the first one sets the start to half of it."""
        self.ceiling = max(1, ceiling)
        if not self._hinted:
            self._hinted = True
            self.limit = max(1, self.ceiling // 2)
        self.limit = min(self.limit, self.ceiling)

    def refused(self, now: float, after_s: float | None, *, explained: bool = False) -> None:
        """Take a 429. Those that arrive while a pause runs belong to the same crowd and only prolong the pause."""
        same_crowd = now < self.paused_until
        if not same_crowd:
            self.limit = self.limit if explained else max(1, self.limit // 2)
            self._storm += 1
        pause = after_s if after_s is not None else min(60.0, 2.0**self._storm)
        self.paused_until = max(self.paused_until, now + pause)
        self._calm_since = self.paused_until

    def answered(self) -> None:
        """Take an answer that is no 429."""
        self._storm = 0

    def growth_s(self, now: float) -> float | None:
        """Return the seconds until one more call may run, or None where the limit is at the ceiling."""
        if self.limit >= self.ceiling or self._calm_since is None:
            return None
        return _at_least_a_tick(self._calm_since + self._calm_s - now)

    def _grow(self, now: float) -> None:
        if self._calm_since is None:
            self._calm_since = now
        steps = int(max(0.0, now - self._calm_since) // self._calm_s)
        if steps:
            self._calm_since += steps * self._calm_s
            self.limit = min(self.ceiling, self.limit + steps)


class _Line(NamedTuple):
    """Calls that wait for the same reasons."""

    priority: Priority
    reads: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a budget stands, for doctor and metrics."""

    running: int
    limit: int | None
    ceiling: int | None
    paused_s: float


class RequestBudget:
    """Make threads wait until a call may start; implements http.Budget. Leave out what is not limited.

    Calls that read go before bulk writes, and one of them may run beside as many calls as the limit allows: who plans the
    next writes waits for its answer, and would find every place taken for seconds by those that run. Calls of one kind
    start in the order in which they asked: a page that was begun first is not overtaken by the next one.
    """

    def __init__(
        self,
        *,
        window: Window | None = None,
        concurrency: Concurrency | None = None,
        execution: ExecutionTime | None = None,
        clock: Clock = Clock(),  # noqa: B008 (frozen)
    ) -> None:
        self._window = window
        self._concurrency = concurrency
        self._execution = execution
        self._clock = clock
        self._changed = Condition()
        self._running = 0
        self._calls = 0
        self._lines: dict[_Line, deque[int]] = {
            _Line(priority, reads): deque() for priority in Priority for reads in (False, True)
        }

    def enter(self, priority: Priority, *, reads: bool = False) -> int:
        """Wait until a call of this priority may start; return its number."""
        with self._changed:
            self._calls += 1
            call, line = self._calls, _Line(priority, reads)
            self._lines[line].append(call)
            try:
                while (delay := self._delay_s(call, line)) != 0.0:
                    self._clock.wait(self._changed, delay)
                self._begin(call, reads)
            finally:
                self._lines[line].remove(call)
                self._changed.notify_all()
        return call

    def learn(self, status: int, headers: Headers, said: str = "") -> None:
        """Take 429 (and what it said), Retry-After, x-ms-dop-hint and the time that is left from an answer."""
        with self._changed:
            now = self._clock.now()
            left_s = _seconds(headers.get("x-ms-ratelimit-time-remaining-xrm-requests"))
            if left_s is not None and self._execution is not None:
                self._execution.left(now, left_s)
            explained = status == 429 and self._explained(now, said)
            if self._concurrency is not None:
                self._learn_parallel(self._concurrency, now, status, headers, explained)
            self._changed.notify_all()

    def leave(self, call: int, *, refused: bool = False) -> None:
        """Note that a call is over."""
        with self._changed:
            self._running -= 1
            if self._execution is not None:
                self._execution.end(self._clock.now(), call, refused=refused)
            self._changed.notify_all()

    def waiting(self, priority: Priority) -> int:
        """Return how many calls of this priority wait to start."""
        with self._changed:
            return sum(len(calls) for line, calls in self._lines.items() if line.priority is priority)

    def standing(self) -> Standing:
        """Return where the budget stands."""
        with self._changed:
            paced = self._concurrency
            paused = paced.delay_s(self._clock.now()) if paced else 0.0
            return Standing(
                self._running, paced.limit if paced else None, paced.ceiling if paced else None, paused
            )

    def _begin(self, call: int, reads: bool) -> None:
        now = self._clock.now()
        self._running += 1
        if self._window is not None:
            self._window.take(now)
        if self._execution is not None:
            self._execution.begin(now, call, reads=reads)

    def _explained(self, now: float, said: str) -> bool:
        """Tell the account of a 429 for execution time; say whether it was one."""
        if self._execution is None:
            return False
        if not names_execution_time(said) and (said or not self._execution.explains(now)):
            return False
        self._execution.refused(now)
        return True

    def _learn_parallel(
        self, paced: Concurrency, now: float, status: int, headers: Headers, explained: bool
    ) -> None:
        hint = headers.get("x-ms-dop-hint").strip()
        if hint.isdecimal() and int(hint) > 0:
            paced.hint(int(hint))
        if status == 429:
            after = retry_after_s(headers.get("retry-after"), self._clock.utc_now())
            paced.refused(now, after, explained=explained)
        else:
            paced.answered()

    def _delay_s(self, call: int, line: _Line) -> float | None:
        """Return 0.0 to go, seconds to wait, or None to wait until something changes."""
        now = self._clock.now()
        if self._lines[line][0] != call or self._others_first(line):
            return None
        if self._concurrency is not None:
            paused = self._concurrency.delay_s(now)
            if paused:
                return paused
            if self._running >= self._places(self._concurrency, now, line.reads):
                return self._more_places_s(self._concurrency, now)
        if self._execution is not None:
            short = self._execution.delay_s(now, line.priority, reads=line.reads)
            if short != 0.0:
                return short
        return self._window.delay_s(now, line.priority) if self._window else 0.0

    def _others_first(self, line: _Line) -> bool:
        """Say whether bulk gives way to people, or bulk that writes to what reads."""
        return line.priority is Priority.BULK and any(
            calls and (other.priority is Priority.INTERACTIVE or (other.reads and not line.reads))
            for other, calls in self._lines.items()
        )

    def _places(self, paced: Concurrency, now: float, reads: bool) -> float:
        places = paced.limit if self._execution is None else self._execution.places(now, paced.limit)
        return min(places + reads, paced.most)

    def _more_places_s(self, paced: Concurrency, now: float) -> float | None:
        moves = self._execution.moves_in_s(now) if self._execution is not None else None
        waits = [one for one in (paced.growth_s(now), moves) if one is not None]
        return _at_least_a_tick(min(waits)) if waits else None
