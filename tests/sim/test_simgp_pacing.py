"""The pace of GP's callers as the simulator counts it: calls at once, rests, breaches, and calls of a fixed length."""

from __future__ import annotations

import pytest

from gp365_sim.gp.pacing import Agreed, Pacing


class Time:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def pacing(time):
    return Pacing(now=time)


def call(pacing, time, state, seconds=1.0, status=200):
    under = pacing.begin(state)
    time.now += seconds
    pacing.end(under, "GET", "/x", status)


def test_a_rest_that_is_too_short_is_counted_on_its_own_connection_only(pacing, time):
    pacing.agreed = Agreed(2, 0.15)
    one, other = {}, {}
    call(pacing, time, one)
    call(pacing, time, other)
    time.now += 0.1
    call(pacing, time, one)
    call(pacing, time, other)
    told = pacing.report()
    assert (told["too_soon"], told["connections"], told["answered"]) == (0, 2, 4)
    time.now += 0.14
    call(pacing, time, other)
    assert pacing.report()["too_soon"] == 1
    assert pacing.report()["shortest_rest_s"] == pytest.approx(0.14)


def test_more_calls_at_once_than_agreed_are_counted(pacing):
    pacing.agreed = Agreed(2)
    running = [pacing.begin({}) for _ in range(3)]
    assert (pacing.report()["most_at_once"], pacing.report()["too_many"]) == (3, 1)
    for under in running:
        pacing.end(under, "GET", "/x", 200)
    pacing.forget()
    pacing.begin({})
    assert (pacing.report()["most_at_once"], pacing.report()["too_many"]) == (1, 0)


def test_the_legs_of_a_login_need_no_rest_between_them(pacing, time):
    pacing.agreed = Agreed(1, 0.15)
    state = {}
    call(pacing, time, state, status=401)
    call(pacing, time, state, status=401)
    call(pacing, time, state)
    assert pacing.report()["too_soon"] == 0
    call(pacing, time, state)
    assert pacing.report()["too_soon"] == 1
