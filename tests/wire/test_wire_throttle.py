"""Budgets under virtual time: windows, adaptive concurrency, pauses, and people before bulk work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gp365.wire.calls import Headers, Priority
from gp365.wire.http import HttpClient
from gp365.wire.retries import Retries
from gp365.wire.throttle import Concurrency, RequestBudget, Window
from gp365.wire.trust import Trust
from wire.conftest import VirtualTime
from wire.wire_server import Reply, Request, Server

Serve = Callable[..., Server]


def test_it_starts_at_half_of_the_hint_and_climbs_by_one_each_calm_half_minute() -> None:
    pace = Concurrency()
    pace.hint(10)
    limits = []
    for now in (0, 29, 30, 61, 90, 150, 151, 1000):
        pace.delay_s(now)
        limits.append(pace.limit)
    assert limits == [5, 5, 6, 7, 8, 10, 10, 10]


def test_a_crowd_of_429_halves_once_and_stops_all_for_the_time_asked() -> None:
    pace = Concurrency()
    pace.hint(16)
    for _ in range(8):
        pace.refused(10.0, 20.0)
    assert (pace.limit, pace.delay_s(12.0)) == (4, 18.0)
    assert pace.delay_s(30.0) == 0.0
    pace.refused(31.0, 5.0)
    assert pace.limit == 2
    pace.delay_s(36.0 + 29.9)
    assert pace.limit == 2
    pace.delay_s(36.0 + 30.0)
    assert pace.limit == 3


def test_429s_without_a_wish_wait_longer_each_time() -> None:
    pace = Concurrency(8)
    now, pauses = 0.0, []
    for _ in range(8):
        pace.refused(now, None)
        pauses.append(pace.delay_s(now))
        now += pauses[-1]
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]
    assert pace.limit == 1


def test_a_smaller_hint_lowers_the_limit_at_once() -> None:
    pace = Concurrency()
    pace.hint(20)
    pace.hint(6)
    assert (pace.limit, pace.ceiling) == (6, 6)
    pace.hint(20)
    assert pace.limit == 6


@given(
    st.integers(1, 20),
    st.floats(1, 50),
    st.lists(st.tuples(st.floats(0, 20), st.sampled_from(Priority)), max_size=80),
)
def test_no_window_ever_holds_more_starts_than_allowed(
    most: int, seconds: float, asks: list[tuple[float, Priority]]
) -> None:
    window, now, starts = Window(most, seconds), 0.0, list[float]()
    for gap, priority in asks:
        now += gap
        now += window.delay_s(now, priority)
        while (more := window.delay_s(now, priority)) > 0:
            now += more
        window.take(now)
        starts.append(now)
    for first in starts:
        assert sum(first <= start < first + seconds * (1 - 1e-9) for start in starts) <= most


def test_bulk_leaves_a_tenth_of_the_window_to_people() -> None:
    window = Window(10, 300.0)
    for _ in range(9):
        window.take(0.0)
    assert window.delay_s(1.0, Priority.BULK) == 299.0
    assert window.delay_s(1.0, Priority.INTERACTIVE) == 0.0


def test_people_go_before_bulk_when_a_place_is_free() -> None:
    budget = RequestBudget(concurrency=Concurrency(1))
    first = budget.enter(Priority.BULK)
    order: list[str] = []

    def work(name: str, priority: Priority) -> None:
        call = budget.enter(priority)
        order.append(name)
        budget.leave(call)

    bulk = [threading.Thread(target=work, args=("bulk", Priority.BULK), daemon=True) for _ in range(3)]
    for thread in bulk:
        thread.start()
    person = threading.Thread(target=work, args=("person", Priority.INTERACTIVE), daemon=True)
    person.start()
    while not budget.waiting(Priority.INTERACTIVE):
        assert person.is_alive()
        person.join(0.001)
    budget.leave(first)
    for thread in [*bulk, person]:
        thread.join(10)
    assert order == ["person", "bulk", "bulk", "bulk"]
    assert budget.standing().running == 0


def test_a_storm_of_429_is_ridden_out_by_all_lanes(serve: Serve, virtual: VirtualTime) -> None:
    """Dataverse's limit: 20 requests in 60 s here; every refusal asks for the rest of the window."""
    starts: list[float] = []
    refused: list[float] = []
    lock = threading.Lock()

    def app(request: Request) -> Reply:
        with lock:
            now = virtual.seconds
            inside = [start for start in starts if start > now - 60]
            if len(inside) >= 20:
                refused.append(now)
                after = min(inside) + 60 - now
                return Reply(429, {"Retry-After": f"{max(1, round(after + 0.5))}", "x-ms-dop-hint": "6"})
            starts.append(now)
            return Reply(204, {"x-ms-dop-hint": "6"})

    pace = Concurrency()
    budget = RequestBudget(concurrency=pace, clock=virtual.clock)
    patient = Retries(attempts=50, seconds=36_000)
    client = HttpClient(
        serve(app).url, system="sales", trust=Trust(), budget=budget, retries=patient, clock=virtual.clock
    )
    done: list[int] = []

    def work(n: int) -> None:
        for _ in range(15):
            done.append(client.request("POST", f"r{n}").status)

    threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(50)
    assert done == [204] * 90
    assert len(refused) < 60, "pauses are shared: not every call runs into the limit by itself"
    assert budget.standing().running == 0
    assert pace.ceiling == 6


def test_a_window_alone_spaces_the_calls(serve: Serve, virtual: VirtualTime) -> None:
    budget = RequestBudget(window=Window(10, 60.0, bulk_share=1.0), clock=virtual.clock)
    client = HttpClient(
        serve(lambda _: Reply()).url, system="fno", trust=Trust(), budget=budget, clock=virtual.clock
    )
    for _ in range(25):
        client.request("GET", "x")
    assert virtual.seconds == pytest.approx(120.0)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.floats(0, 100), st.sampled_from(["429", "ok", "hint"]), st.integers(1, 60)), max_size=60
    )
)
def test_the_limit_always_lies_between_one_and_the_ceiling(events: list[tuple[float, str, int]]) -> None:
    pace, now = Concurrency(), 0.0
    for gap, kind, number in events:
        now += gap
        pace.delay_s(now)
        if kind == "429":
            pace.refused(now, float(number))
        elif kind == "hint":
            pace.hint(number)
        else:
            pace.answered()
        assert 1 <= pace.limit <= pace.ceiling
        assert pace.delay_s(now) <= 60 + 1e-6


def test_a_pause_given_as_a_date_counts(virtual: VirtualTime) -> None:
    budget = RequestBudget(concurrency=Concurrency(), clock=virtual.clock)
    later = (virtual.clock.utc_now() + timedelta(seconds=40)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    call = budget.enter(Priority.BULK)
    budget.learn(429, Headers((("Retry-After", later),)))
    budget.leave(call, refused=True)
    assert budget.standing().paused_s == 40.0
    budget.enter(Priority.BULK)
    assert virtual.seconds == 40.0


def test_one_question_runs_beside_a_full_house_and_the_next_one_goes_before_bulk_writes() -> None:
    budget = RequestBudget(concurrency=Concurrency(1))
    running = [budget.enter(Priority.BULK), budget.enter(Priority.BULK, reads=True)]
    order: list[str] = []

    def work(name: str, reads: bool) -> None:
        call = budget.enter(Priority.BULK, reads=reads)
        order.append(name)
        budget.leave(call)

    def started(name: str, reads: bool, waiting: int) -> threading.Thread:
        thread = threading.Thread(target=work, args=(name, reads), daemon=True)
        thread.start()
        while budget.waiting(Priority.BULK) < waiting:
            assert thread.is_alive()
            thread.join(0.001)
        return thread

    threads = [started("write", False, 1), started("question", True, 2)]
    assert budget.standing().running == 2
    for call in running:
        budget.leave(call)
    for thread in threads:
        thread.join(10)
    assert order == ["question", "write"]
    assert budget.standing().running == 0
