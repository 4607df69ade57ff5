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
_WINDOW_S = 300.0
_SUSTAINED = 4
"""Calls that may always run at once: together they cannot use more than the 1,200 s of execution time in 300 s that one
web server grants (Service protection limits). Some organisations grant more: that is found out patiently."""
_SCARCE, _STRAINED = 0.1, 0.05


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

    It starts at half of the ceiling, adds one per 30 s without a 429 up to the ceiling, and halves on a 429. The
    ceiling is `x-ms-dop-hint` once an answer has brought it. A 429 stops all calls for its Retry-After.

    Where one more call could use more execution time than is granted for sure, it is added after a whole window only.
    When the answers tell that nearly all of the time is used up, half as many run, or what can be sustained, and no more
    are added; at the very end of it a call rests for up to its own length. Microsoft tells what is left for
    debugging alone (`x-ms-ratelimit-time-remaining-xrm-requests`): it makes us slower, never faster.
    """

    def __init__(self, ceiling: int = 4) -> None:
        self.ceiling = max(1, ceiling)
        self.limit = max(1, self.ceiling // 2)
        self.paused_until = float("-inf")
        self._hinted = False
        self._calm_since: float | None = None
        self._storm = 0
        self._load = _Load()
        self._most_left_s = 0.0
        self._scarce = False
        self._rest_until = float("-inf")

    def delay_s(self, now: float) -> float:
        """Return the seconds that a 429 still stops all calls."""
        self._grow(now)
        until = max(self.paused_until, self._rest_until)
        return _at_least_a_tick(until - now) if until > now else 0.0

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

    def left(self, now: float, seconds: float) -> None:
        """Take how much execution time the server says is left in its window."""
        self._most_left_s = max(self._most_left_s, seconds)
        was_scarce, self._scarce = self._scarce, seconds < _SCARCE * self._most_left_s
        if self._scarce and not was_scarce:
            self.limit = max(min(self.limit, _SUSTAINED), self.limit // 2)
        strain = 1.0 - seconds / (_STRAINED * self._most_left_s) if self._most_left_s else 0.0
        if strain > 0:
            self._rest_until = now + strain**2 * self._load.mean_call_s(now)

    def running(self, now: float, calls: int) -> None:
        """Note how many calls run from now on."""
        self._load.note(now, calls)

    def growth_s(self, now: float) -> float | None:
        """Return the seconds until one more call may run, or None where the limit is at the ceiling."""
        if self.limit >= self.ceiling or self._calm_since is None:
            return None
        return _at_least_a_tick(self._calm_since + self._step_s(now) - now)

    def _grow(self, now: float) -> None:
        if self._calm_since is None or (self._scarce and self.limit >= _SUSTAINED):
            self._calm_since = now if self._calm_since is None else max(now, self._calm_since)
        step_s = self._step_s(now)
        steps = int(max(0.0, now - self._calm_since) // step_s)
        if steps:
            self._calm_since += steps * step_s
            self._load.forget(now)
            self.limit = min(self.ceiling, self.limit + steps)

    def _step_s(self, now: float) -> float:
        """Return how long it must be calm before one more call may run."""
        return _WINDOW_S if self.limit >= _SUSTAINED and self._load.any(now) else _CALM_S


class _Load:
    """How many calls ran, and for how long altogether."""

    def __init__(self) -> None:
        self._calls = 0
        self._since = 0.0
        self._call_s = 0.0
        self._ended = 0

    def note(self, now: float, calls: int) -> None:
        """Go on with so many calls."""
        passed_s = now - self._since
        if self._calls:
            self._call_s += passed_s * self._calls
        self._ended += max(0, self._calls - calls)
        self._since, self._calls = now, calls

    def mean_call_s(self, now: float) -> float:
        """Return how long a call took on average since it was forgotten, 0.0 where none ended."""
        self.note(now, self._calls)
        return self._call_s / self._ended if self._ended else 0.0

    def any(self, now: float) -> bool:
        """Tell whether any call ran since it was forgotten."""
        self.note(now, self._calls)
        return self._call_s > 0

    def forget(self, now: float) -> None:
        """Begin anew."""
        self.note(now, self._calls)
        self._call_s = 0.0
        self._ended = 0


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
    next writes waits for its answer, and would find every place taken for seconds by those that run.
    """

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
        self._readers = 0

    def enter(self, priority: Priority, *, reads: bool = False) -> None:
        """Wait until a call of this priority may start."""
        with self._changed:
            self._waiting[priority] += 1
            self._readers += reads
            try:
                while (delay := self._delay_s(priority, reads)) != 0.0:
                    self._clock.wait(self._changed, delay)
                self._count(1)
                if self._window is not None:
                    self._window.take(self._clock.now())
            finally:
                self._waiting[priority] -= 1
                self._readers -= reads
                self._changed.notify_all()

    def learn(self, status: int, headers: Headers) -> None:
        """Take 429, Retry-After and x-ms-dop-hint from the head of an answer."""
        if self._concurrency is None:
            return
        with self._changed:
            hint = headers.get("x-ms-dop-hint").strip()
            if hint.isdecimal() and int(hint) > 0:
                self._concurrency.hint(int(hint))
            left_s = _seconds(headers.get("x-ms-ratelimit-time-remaining-xrm-requests"))
            if left_s is not None:
                self._concurrency.left(self._clock.now(), left_s)
            if status == 429:
                after = retry_after_s(headers.get("retry-after"), self._clock.utc_now())
                self._concurrency.refused(self._clock.now(), after)
            else:
                self._concurrency.answered()
            self._changed.notify_all()

    def leave(self) -> None:
        """Note that a call is over."""
        with self._changed:
            self._count(-1)
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

    def _count(self, more: int) -> None:
        self._running += more
        if self._concurrency is not None:
            self._concurrency.running(self._clock.now(), self._running)

    def _delay_s(self, priority: Priority, reads: bool) -> float | None:
        """Return 0.0 to go, seconds to wait, or None to wait until something changes."""
        now = self._clock.now()
        bulk = priority is Priority.BULK
        if bulk and (self._waiting[Priority.INTERACTIVE] or (self._readers and not reads)):
            return None
        paused = self._concurrency.delay_s(now) if self._concurrency else 0.0
        if paused:
            return paused
        if self._concurrency and self._running >= self._concurrency.limit + reads:
            return self._concurrency.growth_s(now)
        return self._window.delay_s(now, priority) if self._window else 0.0
