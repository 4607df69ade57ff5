"""The account of execution time against servers that count at the start of a call, at its end or all along."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gp365.wire.calls import Headers, Priority
from gp365.wire.execution import ExecutionTime
from gp365.wire.throttle import Concurrency, RequestBudget
from wire.conftest import VirtualTime

TOO_LONG = '{"error":{"code":"0x80072321","message":"Combined execution time …"}}'
TOO_MANY = '{"error":{"code":"0x80072326","message":"Number of concurrent requests …"}}'
WINDOW_S = 300.0


@dataclass
class Server:
    """A web server's sliding window: what each call costs, and for which time it counts.

    What a call costs is known when it ends; it counts for the moment of its start or its end, or each quarter of it for
    the end of that quarter. `foreign_s` are seconds a second that somebody else uses.
    """

    granted_s: float = 1200.0
    counts: str = "end"
    foreign_s: float = 0.0
    calls: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    refused_at: list[float] = field(default_factory=list[float])
    _changes: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    _used_s: float = 0.0

    def take(self, began: float, took: float) -> None:
        """Work for a call from now on."""
        self.calls.append((began, took))
        quarters = (0.25, 0.5, 0.75, 1.0) if self.counts == "along" else (1.0,)
        for part in quarters:
            known = began + part * took
            counts_for = began if self.counts == "start" else known
            heapq.heappush(self._changes, (known, took / len(quarters)))
            heapq.heappush(self._changes, (counts_for + WINDOW_S, -took / len(quarters)))

    def used_s(self, now: float) -> float:
        """Return what the window holds."""
        while self._changes and self._changes[0][0] <= now:
            self._used_s += heapq.heappop(self._changes)[1]
        return self._used_s + self.foreign_s * min(now, WINDOW_S)

    def room_at(self, now: float) -> float:
        """Return when there is room again, as Retry-After tells."""
        used_s = self.used_s(now)
        for at, seconds in sorted(self._changes):
            used_s += seconds
            if used_s < self.granted_s:
                return max(at, now + 1.0)
        return now + 1.0

    def worked_s(self, since: float = 0.0) -> float:
        """Return how long it worked for us."""
        return sum(took for began, took in self.calls if began >= since)


@dataclass
class Client:
    """A client that always has work, at most so many calls at once; after a 429 it rests as it is told."""

    pace: ExecutionTime
    server: Server
    length: Callable[[random.Random], float]
    most: int = 8
    tells: bool = True
    latency_s: float = 0.0
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    now: float = 0.0
    _running: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]])
    _number: int = 0
    _paused_until: float = 0.0

    def work(self, until: float) -> Client:
        """Go on until then."""
        while self.now < until:
            self._end()
            wait = self._start()
            ends = self._running[0][0] if self._running else float("inf")
            moves = self.pace.moves_in_s(self.now)
            waits = [max(0.001, one) for one in (wait, moves) if one is not None]
            self.now = min([ends, *(self.now + one for one in waits)])
        return self

    def _end(self) -> None:
        while self._running and self._running[0][0] <= self.now:
            _, call = heapq.heappop(self._running)
            self.pace.end(self.now, call)
            self._told()

    def _told(self) -> None:
        if self.tells:
            self.pace.left(self.now, max(0.0, self.server.granted_s - self.server.used_s(self.now)))

    def _start(self) -> float | None:
        while self.now >= self._paused_until and len(self._running) < self.pace.places(self.now, self.most):
            wait = self.pace.delay_s(self.now, Priority.BULK)
            if wait != 0.0:
                return wait
            if self.server.used_s(self.now) >= self.server.granted_s:
                self.server.refused_at.append(self.now)
                self._told()
                self.pace.refused(self.now)
                self._paused_until = self.server.room_at(self.now)
                return self._paused_until - self.now
            self._number += 1
            took = self.length(self.chance)
            self.pace.begin(self.now, self._number)
            self.server.take(self.now, took)
            heapq.heappush(self._running, (self.now + took + self.latency_s, self._number))
        return None


def two_seconds(_: random.Random) -> float:
    return 2.0


@pytest.mark.parametrize("counts", ["start", "end", "along"])
def test_a_client_that_always_has_work_uses_nearly_all_that_is_granted_and_is_never_refused(
    counts: str,
) -> None:
    server = Server(counts=counts)
    Client(ExecutionTime(), server, lambda chance: chance.uniform(0.5, 3.0)).work(1500.0)
    assert not server.refused_at
    assert server.worked_s() >= 0.97 * 5 * 1200.0
    assert server.worked_s(since=600.0) >= 0.97 * 3 * 1200.0


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from(["start", "end", "along"]),
    st.floats(0.1, 8.0),
    st.floats(0.0, 0.5),
    st.integers(1, 52),
    st.integers(0, 1000),
)
def test_the_window_is_never_used_up_however_long_calls_are_and_whenever_they_are_counted(
    counts: str, mean_s: float, latency_s: float, most: int, seed: int
) -> None:
    server = Server(counts=counts, granted_s=300.0)
    client = Client(
        ExecutionTime(300.0),
        server,
        lambda chance: min(4 * mean_s, chance.expovariate(1 / mean_s)),
        most,
        latency_s=latency_s,
        chance=random.Random(seed),
    )
    client.work(640.0)
    assert not server.refused_at


def test_a_full_window_is_used_faster_than_it_frees_itself() -> None:
    """A quarter more is done in its first half than leaves it in half a window."""
    server = Server()
    Client(ExecutionTime(), server, two_seconds).work(150.0)
    assert server.worked_s() >= 1.25 * 600.0


def test_after_some_windows_calls_start_at_the_pace_at_which_they_leave_the_window() -> None:
    server = Server()
    Client(ExecutionTime(), server, two_seconds).work(2400.0)
    starts = [began for began, _ in server.calls if began >= 1500.0]
    assert max(after - before for before, after in pairwise(starts)) < 45.0
    assert len(starts) * 2.0 >= 0.97 * 3 * 1200.0


def test_time_that_others_use_is_left_to_them() -> None:
    """Another client under the same user takes a quarter of what is granted."""
    server = Server(foreign_s=1.0)
    Client(ExecutionTime(), server, two_seconds).work(1500.0)
    assert 0.95 * 4500.0 <= server.worked_s() <= 4800.0
    assert len(server.refused_at) < 0.01 * len(server.calls)


def test_what_an_earlier_run_used_comes_back_as_it_leaves_the_window() -> None:
    pace = ExecutionTime()
    pace.left(0.0, 0.0)
    wait = pace.delay_s(0.0, Priority.BULK)
    assert wait is not None
    assert 0 < wait <= 5.0
    assert pace.delay_s(150.0, Priority.BULK) == 0.0
    assert pace.spent_s(150.0) == pytest.approx(600.0)
    assert pace.spent_s(300.0) == 0.0


def test_the_server_can_make_us_slower_but_never_faster() -> None:
    pace = ExecutionTime()
    for call in range(8):
        pace.begin(0.0, call)
    for call in range(8):
        pace.end(149.0, call)
    before = pace.delay_s(149.0, Priority.BULK)
    pace.left(149.0, 1200.0)
    assert pace.delay_s(149.0, Priority.BULK) == before
    assert before != 0.0


def test_an_organisation_that_grants_more_is_found_out_after_a_whole_window_at_the_limit() -> None:
    server = Server(granted_s=2400.0)
    client = Client(ExecutionTime(), server, two_seconds, most=16).work(300.0)
    assert client.pace.granted_s == 1200.0
    client.work(3000.0)
    assert client.pace.granted_s > 1200.0
    assert server.worked_s() > 1.2 * 10 * 1200.0
    assert not server.refused_at


def test_where_the_server_says_that_nothing_is_left_no_more_is_hoped_for() -> None:
    client = Client(ExecutionTime(), Server(), two_seconds).work(3000.0)
    assert client.pace.granted_s == 1200.0
    assert not client.server.refused_at


def test_a_hope_for_more_is_given_up_at_the_first_429_and_tried_again_later_each_time() -> None:
    server = Server()
    Client(ExecutionTime(), server, two_seconds, tells=False).work(9000.0)
    crowds = 1 + sum(after > before + 60 for before, after in pairwise(server.refused_at))
    assert crowds <= 5
    assert len(server.refused_at) < 0.01 * len(server.calls)


def test_a_429_that_comes_too_early_shows_that_less_is_granted_to_us() -> None:
    server = Server(granted_s=600.0)
    Client(ExecutionTime(), server, two_seconds, tells=False).work(3000.0)
    assert len(server.refused_at) < 0.02 * len(server.calls)
    assert server.worked_s() >= 0.7 * 10 * 600.0


def test_a_429_for_time_that_is_used_up_does_not_halve_what_runs_at_once(virtual: VirtualTime) -> None:
    paced = Concurrency()
    budget = RequestBudget(concurrency=paced, execution=ExecutionTime(), clock=virtual.clock)
    hint = ("x-ms-dop-hint", "16")
    budget.learn(429, Headers((hint, ("Retry-After", "10"))), TOO_LONG)
    assert (paced.limit, budget.standing().paused_s) == (8, 10.0)
    virtual.sleep(11.0)
    budget.learn(429, Headers((hint, ("Retry-After", "10"))), TOO_MANY)
    assert paced.limit == 4


def test_a_429_that_nothing_explains_halves_what_runs_at_once(virtual: VirtualTime) -> None:
    paced, time = Concurrency(16), ExecutionTime(100.0)
    budget = RequestBudget(concurrency=paced, execution=time, clock=virtual.clock)
    budget.learn(429, Headers((("Retry-After", "10"),)))
    assert paced.limit == 4
    virtual.sleep(11.0)
    time.left(virtual.seconds, 5.0)
    budget.learn(429, Headers((("Retry-After", "10"),)))
    assert paced.limit == 4, "hardly any time was left"


def test_the_time_that_is_left_is_read_from_the_answers(virtual: VirtualTime) -> None:
    time = ExecutionTime()
    budget = RequestBudget(execution=time, clock=virtual.clock)
    for left in ("1,200.00", "soon", "", "1,060.10"):
        budget.learn(200, Headers((("x-ms-ratelimit-time-remaining-xrm-requests", left),)))
    assert time.spent_s(0.0) == pytest.approx(139.9)


def test_people_find_room_when_bulk_has_used_its_share() -> None:
    pace = ExecutionTime(100.0)
    for call in range(1, 12):
        pace.begin(0.0, call)
        pace.end(9.0, call)
    assert pace.spent_s(9.0) == pytest.approx(99.0)
    assert pace.delay_s(9.0, Priority.BULK, reads=True) == pytest.approx(291.0)
    assert pace.delay_s(9.0, Priority.INTERACTIVE, reads=True) == 0.0


def test_one_call_may_always_run_however_little_is_granted() -> None:
    pace = ExecutionTime(0.5)
    assert pace.delay_s(0.0, Priority.BULK) == 0.0
    pace.begin(0.0, 1)
    assert pace.delay_s(1.0, Priority.BULK) != 0.0
    pace.end(2.0, 1)
    assert pace.delay_s(301.0, Priority.BULK) == pytest.approx(1.0)
    assert pace.delay_s(302.0, Priority.BULK) == 0.0
