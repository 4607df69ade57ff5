"""Gates of several processes on one store: together they keep the setting of a system, whoever calls.

A process is a gate with a lender and a store of its own; where it must be killed, it is a real one.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gp365.app.lending import StoreLender
from gp365.model.errors import Bug
from gp365.store import lanes
from gp365.store.engine import open_store
from gp365.wire.calls import CallFailed, Priority
from gp365.wire.gate import Gate
from gp365.wire.lender import Asked, Lent, Look
from gp365.wire.loans import share

Process = Callable[..., Gate]


class Site:
    """Another system that counts: calls at once, and at each start those that run or have not rested."""

    def __init__(self, places: int, spacing_s: float) -> None:
        self.places, self.spacing_s = places, spacing_s
        self.order: list[str] = []
        self.most = 0
        self.breaches = 0
        self._running = 0
        self._ended: list[float] = []
        self._lock = threading.Lock()

    def call(self, who: str, seconds: float) -> None:
        with self._lock:
            now = time.monotonic()
            resting = sum(now - end < self.spacing_s for end in self._ended[-20:])
            self._running += 1
            self.most = max(self.most, self._running)
            self.breaches += self._running + resting > self.places
            self.order.append(who)
        time.sleep(seconds)
        with self._lock:
            self._running -= 1
            self._ended.append(time.monotonic())


@pytest.fixture
def process(url: str) -> Iterator[Process]:
    """Make the gate of one more process."""
    open_store(url).close()
    made: list[Gate] = []

    def make(places: int, spacing_s: float, *, ttl_s: float = 8.0) -> Gate:
        lender = StoreLender("gp/rest", lambda: open_store(url), ttl_s=ttl_s)
        made.append(share(Gate(places, spacing_s), lender))
        return made[-1]

    yield make
    for gate in made:
        gate.close()


def calling(
    site: Site, gate: Gate, who: str, calls: int, seconds: float, priority: Priority = Priority.BULK
) -> threading.Thread:
    """Make a caller that holds a place for two calls, as for a re-read and its write."""

    def call() -> None:
        for _ in range(calls):
            with gate.place(priority) as place:
                for _ in range(2):
                    place.begin()
                    site.call(who, seconds)
                    place.end()

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    return thread


def ended(threads: list[threading.Thread], timeout_s: float = 60.0) -> None:
    for thread in threads:
        thread.join(timeout_s)
        assert not thread.is_alive()


@pytest.mark.parametrize(("places", "spacing_s"), [(2, 0.03), (1, 0.0)])
def test_many_callers_of_three_processes_keep_number_and_spacing(
    process: Process, places: int, spacing_s: float
) -> None:
    site = Site(places, spacing_s)
    gates = [process(places, spacing_s) for _ in range(3)]
    ended(
        [calling(site, gate, str(number), 5, 0.01) for number, gate in enumerate(gates) for _ in range(3)]
        + [calling(site, gate, "person", 3, 0.01, Priority.INTERACTIVE) for gate in gates]
    )
    assert (len(site.order), site.breaches, site.most) == (2 * (3 * 3 * 5 + 3 * 3), 0, places)


def test_a_person_overtakes_the_bulk_of_another_process(process: Process) -> None:
    site = Site(1, 0.0)
    busy, other = process(1, 0.0), process(1, 0.0)
    bulk = [calling(site, busy, "bulk", 20, 0.02) for _ in range(3)]
    while len(site.order) < 4:
        time.sleep(0.005)
    before = len(site.order)
    began = time.monotonic()
    ended([calling(site, other, "person", 1, 0.02, Priority.INTERACTIVE)])
    waited_s = time.monotonic() - began
    assert site.order.index("person") - before < 2 * 20
    assert waited_s < 1.5
    ended(bulk)
    assert (site.breaches, site.order.count("bulk")) == (0, 120)


@pytest.mark.proof
def test_bulk_of_two_processes_goes_by_turns(process: Process) -> None:
    site = Site(1, 0.0)
    gates = [process(1, 0.0) for _ in range(2)]
    ended([calling(site, gate, str(number), 40, 0.02) for number, gate in enumerate(gates)])
    turns = sum(one != other for one, other in itertools.pairwise(site.order))
    assert (len(site.order), site.breaches) == (160, 0)
    assert turns >= 2, "neither has to wait until the other has done everything"


def test_what_nobody_uses_any_more_is_there_for_others(process: Process) -> None:
    site = Site(2, 0.0)
    first, second = process(2, 0.0), process(2, 0.0)
    ended([calling(site, first, "first", 1, 0.01) for _ in range(2)])
    began = time.monotonic()
    ended([calling(site, second, "second", 1, 0.01) for _ in range(2)])
    assert time.monotonic() - began < 2.0
    assert site.breaches == 0


def test_a_closed_gate_has_given_everything_back(process: Process, url: str) -> None:
    site, gate = Site(2, 0.0), process(2, 0.0)
    ended([calling(site, gate, "one", 1, 0.01) for _ in range(2)])
    gate.close()
    store = open_store(url)
    with store.read() as conn:
        assert lanes.holders(conn, "gp/rest") == {}
    store.close()


def test_the_place_of_a_killed_process_comes_back_when_its_loan_has_run_out(
    process: Process, url: str
) -> None:
    child = Path(__file__).with_name("store_lanes_child.py")
    killed = subprocess.Popen([sys.executable, str(child), url, "2.0"], stdout=subprocess.PIPE, text=True)
    try:
        assert killed.stdout is not None
        assert killed.stdout.readline().strip() == "held"
    finally:
        killed.kill()
        killed.wait()
        if killed.stdout is not None:
            killed.stdout.close()
    began = time.monotonic()
    with process(1, 0.0, ttl_s=2.0).place() as place:
        place.begin()
        waited_s = time.monotonic() - began
    assert 0.9 < waited_s < 8.0, "the killed one had prolonged less than half its time ago"


class Line:
    """A lender whose line to the store can be cut."""

    def __init__(self, lender: StoreLender) -> None:
        self.lender = lender
        self.ttl_s = lender.ttl_s
        self.cut = False

    def exchange(self, asked: Asked) -> Lent:
        self._check()
        return self.lender.exchange(asked)

    def look(self, places: int, priority: Priority) -> Look:
        self._check()
        return self.lender.look(places, priority)

    def close(self) -> None:
        self.lender.close()

    def _check(self) -> None:
        if self.cut:
            raise Bug("store-failed", "The store's server cannot be reached.")


def test_without_the_store_nobody_calls_and_with_it_calls_go_on(process: Process, url: str) -> None:
    line = Line(StoreLender("gp/rest", lambda: open_store(url), ttl_s=1.0))
    gate = share(Gate(1, 0.0), line)
    with gate.place() as place:
        place.begin()
        place.end()
        line.cut = True
        until = time.monotonic() + 1.5
        while time.monotonic() < until:  # what was lent before may be used while it lasts
            if not place.stands(time.monotonic()):
                break
            time.sleep(0.02)
        assert not place.stands(time.monotonic())
        with pytest.raises(CallFailed, match="cannot be reached") as refused:
            place.begin()
        assert (refused.value.code, refused.value.maybe_sent) == ("lane-unknown", False)
    with pytest.raises(CallFailed), gate.place():
        pass
    line.cut = False
    with gate.place() as place:
        place.begin()
    gate.close()


def test_who_lost_its_place_meanwhile_waits_for_another_one(process: Process, url: str) -> None:
    """As after a pause of the whole machine: the lease is over, and somebody else calls."""
    line = Line(StoreLender("gp/rest", lambda: open_store(url), ttl_s=0.5))
    slow, other = share(Gate(1, 0.0), line), process(1, 0.0)
    with slow.place() as place:
        place.begin()
        line.cut = True
        with other.place() as taken:
            taken.begin()
            line.cut = False
            again = threading.Thread(target=place.begin, daemon=True)
            again.start()
            again.join(0.5)
            assert again.is_alive()
            taken.end()
        again.join(10)
        assert not again.is_alive()
    slow.close()


def test_a_store_that_was_never_reached_stops_the_call() -> None:
    nowhere = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    gate = share(Gate(2, 0.0), StoreLender("gp/rest", lambda: open_store(nowhere)))
    with pytest.raises(CallFailed) as refused, gate.place():
        pass
    assert (refused.value.code, refused.value.maybe_sent) == ("lane-unknown", False)
