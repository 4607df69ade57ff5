"""A gate inside one process: who comes first, and how long a place rests, whoever brings the connection."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gp365.wire.calls import Priority
from gp365.wire.gate import Gate, GateStanding

PEOPLE, BULK = Priority.INTERACTIVE, Priority.BULK


def wait_until_waiting(gate: Gate, count: int) -> None:
    until = time.monotonic() + 10
    while gate.standing().waiting < count:
        assert time.monotonic() < until
        time.sleep(0.001)


@settings(max_examples=20, deadline=None)
@given(asked=st.lists(st.sampled_from([PEOPLE, BULK]), min_size=1, max_size=8))
def test_people_come_first_and_else_who_asked_first(asked: list[Priority]) -> None:
    gate = Gate(1, 0.0)
    order: list[tuple[Priority, int]] = []

    def take(priority: Priority, number: int) -> None:
        with gate.place(priority):
            order.append((priority, number))

    threads: list[threading.Thread] = []
    with gate.place():
        for number, priority in enumerate(asked):
            threads.append(threading.Thread(target=take, args=(priority, number), daemon=True))
            threads[-1].start()
            wait_until_waiting(gate, number + 1)
        assert gate.standing() == GateStanding(1, 1, len(asked))
    for thread in threads:
        thread.join(10)
    assert order == sorted((priority, number) for number, priority in enumerate(asked))
    assert gate.standing() == GateStanding(1, 0, 0)


@settings(max_examples=10, deadline=None)
@given(
    places=st.integers(1, 4),
    spacing_ms=st.sampled_from([0, 5, 20]),
    callers=st.lists(st.tuples(st.sampled_from([PEOPLE, BULK]), st.integers(1, 3)), min_size=1, max_size=8),
)
def test_no_more_are_under_way_or_at_rest_than_there_are_places(
    places: int, spacing_ms: int, callers: list[tuple[Priority, int]]
) -> None:
    gate, spacing_s = Gate(places, spacing_ms / 1000), spacing_ms / 1000
    lock, running, breaches = threading.Lock(), 0, 0
    ended: list[float] = []

    def call(priority: Priority, calls: int) -> None:
        nonlocal running, breaches
        with gate.place(priority) as place:
            for _ in range(calls):
                place.begin()
                with lock:
                    running += 1
                    now = time.monotonic()
                    breaches += running + sum(now - end < spacing_s for end in ended) > places
                time.sleep(0.002)
                with lock:
                    running -= 1
                    ended.append(time.monotonic())
                place.end()

    threads = [threading.Thread(target=call, args=one, daemon=True) for one in callers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (len(ended), breaches) == (sum(calls for _, calls in callers), 0)


def test_a_place_that_rests_goes_to_a_person_who_comes_meanwhile() -> None:
    gate = Gate(1, 0.2)
    order: list[str] = []

    def take(priority: Priority, name: str) -> None:
        with gate.place(priority) as place:
            place.begin()
            order.append(name)

    with gate.place() as place:
        place.begin()
        bulk = threading.Thread(target=take, args=(BULK, "bulk"), daemon=True)
        bulk.start()
        wait_until_waiting(gate, 1)
        place.end()
    person = threading.Thread(target=take, args=(PEOPLE, "person"), daemon=True)
    person.start()
    for thread in (bulk, person):
        thread.join(10)
    assert order == ["person", "bulk"]


@pytest.mark.parametrize(("before", "after"), [(1, 3), (3, 1)])
def test_changed_settings_count_from_the_next_call_on(before: int, after: int) -> None:
    gate = Gate(before, 0.0)
    held = [gate.place() for _ in range(before)]
    for one in held:
        one.__enter__()
    gate.resize(after, 0.0)
    for one in held:
        one.__exit__(None, None, None)
    again = [gate.place() for _ in range(after)]
    for one in again:
        one.__enter__()
    assert gate.standing() == GateStanding(after, after, 0)
    late = threading.Thread(target=lambda: gate.place().__enter__(), daemon=True)
    late.start()
    late.join(0.05)
    assert late.is_alive()
    again[0].__exit__(None, None, None)
    late.join(10)
    assert not late.is_alive()
