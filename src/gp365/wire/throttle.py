"""Request budgets: how many calls may run and how many may start, interactive ones before bulk.

`Window` and `Concurrency` are plain state with the time handed in; `RequestBudget` lets threads wait on them.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from threading import Condition

from gp365.wire.calls import Headers, Priority
from gp365.wire.clock import Clock
from gp365.wire.retries import retry_after_s

_CALM_S = 30.0


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

    It starts at half of the ceiling, adds one per 30 s without a 429 up to the ceiling, and halves on a 429. The
    ceiling is `x-ms-dop-hint` once an answer has brought it. A 429 stops all calls for its Retry-After.
    """

    def __init__(self, ceiling: int = 4) -> None:
        self.ceiling = max(1, ceiling)
        self.limit = max(1, self.ceiling // 2)
        self.paused_until = float("-inf")
        self._hinted = False
        self._calm_since: float | None = None
        self._storm = 0

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

    def refused(self, now: float, after_s: float | None) -> None:
        """Take a 429. Those that arrive while a pause runs belong to the same crowd and only prolong the pause."""
        same_crowd = now < self.paused_until
        if not same_crowd:
            self.limit = max(1, self.limit // 2)
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
        return _at_least_a_tick(self._calm_since + _CALM_S - now)

    def _grow(self, now: float) -> None:
        if self._calm_since is None:
            self._calm_since = now
        steps = int(max(0.0, now - self._calm_since) // _CALM_S)
        if steps:
            self.limit = min(self.ceiling, self.limit + steps)
            self._calm_since += steps * _CALM_S


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a budget stands, for doctor and metrics."""

    running: int
    limit: int | None
    ceiling: int | None
    paused_s: float


class RequestBudget:
    """Make threads wait until a call may start; implements http.Budget. Leave out what is not limited."""

    def __init__(
        self,
        *,
        window: Window | None = None,
        concurrency: Concurrency | None = None,
        clock: Clock = Clock(),  # noqa: B008 (frozen)
    ) -> None:
        self._window = window
        self._concurrency = concurrency
        self._clock = clock
        self._changed = Condition()
        self._running = 0
        self._waiting = {Priority.INTERACTIVE: 0, Priority.BULK: 0}

    def enter(self, priority: Priority) -> None:
        """Wait until a call of this priority may start."""
        with self._changed:
            self._waiting[priority] += 1
            try:
                while (delay := self._delay_s(priority)) != 0.0:
                    self._clock.wait(self._changed, delay)
                self._running += 1
                if self._window is not None:
                    self._window.take(self._clock.now())
            finally:
                self._waiting[priority] -= 1
                self._changed.notify_all()

    def learn(self, status: int, headers: Headers) -> None:
        """Take 429, Retry-After and x-ms-dop-hint from the head of an answer."""
        if self._concurrency is None:
            return
        with self._changed:
            hint = headers.get("x-ms-dop-hint").strip()
            if hint.isdecimal() and int(hint) > 0:
                self._concurrency.hint(int(hint))
            if status == 429:
                after = retry_after_s(headers.get("retry-after"), self._clock.utc_now())
                self._concurrency.refused(self._clock.now(), after)
            else:
                self._concurrency.answered()
            self._changed.notify_all()

    def leave(self) -> None:
        """Note that a call is over."""
        with self._changed:
            self._running -= 1
            self._changed.notify_all()

    def waiting(self, priority: Priority) -> int:
        """Return how many calls of this priority wait to start."""
        with self._changed:
            return self._waiting[priority]

    def standing(self) -> Standing:
        """Return where the budget stands."""
        with self._changed:
            paced = self._concurrency
            paused = paced.delay_s(self._clock.now()) if paced else 0.0
            return Standing(
                self._running, paced.limit if paced else None, paced.ceiling if paced else None, paused
            )

    def _delay_s(self, priority: Priority) -> float | None:
        """Return 0.0 to go, seconds to wait, or None to wait until something changes."""
        now = self._clock.now()
        if priority is Priority.BULK and self._waiting[Priority.INTERACTIVE]:
            return None
        paused = self._concurrency.delay_s(now) if self._concurrency else 0.0
        if paused:
            return paused
        if self._concurrency and self._running >= self._concurrency.limit:
            return self._concurrency.growth_s(now)
        return self._window.delay_s(now, priority) if self._window else 0.0
