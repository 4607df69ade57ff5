"""Places of a system as rows: who gets one, who goes first, and what comes back."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from gp365.store import lanes
from gp365.store.engine import Store, open_store
from gp365.store.lanes import Exchanged, Looked

PEOPLE, BULK = 0, 1
TTL_S, WISH_S = 8.0, 2.0


class Places:
    """A system's places in a store, whose moments are told by hand."""

    def __init__(self, store: Store, places: int = 2, system: str = "gp/rest") -> None:
        self.store, self.places, self.system = store, places, system
        self.at = datetime(2026, 11, 23, 9, tzinfo=UTC)

    @contextmanager
    def timed(self) -> Iterator[None]:
        with mock.patch.object(lanes, "_moment", lambda _conn: self.at):
            yield

    def exchange(self, holder: str, want: int = 0, rank: int = BULK, **given: Any) -> Exchanged:
        asked = {"places": self.places, "give": {}, "keep": (), "want": want, "rank": rank, **given}
        with self.timed(), self.store.write() as conn:
            return lanes.exchange(conn, self.system, holder, ttl_s=TTL_S, wish_s=WISH_S, **asked)

    def look(self, holder: str, rank: int = BULK) -> Looked:
        with self.timed(), self.store.read() as conn:
            return lanes.look(conn, self.system, holder, places=self.places, rank=rank)

    def holders(self) -> dict[int, str]:
        with self.timed(), self.store.read() as conn:
            return lanes.holders(conn, self.system)

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def gp(store: Store) -> Places:
    return Places(store)


def test_no_more_places_are_given_out_than_there_are(gp: Places) -> None:
    assert set(gp.exchange("first", want=5).taken) == {1, 2}
    assert gp.exchange("second", want=1).taken == {}
    assert gp.holders() == {1: "first", 2: "first"}


def test_a_place_that_is_given_back_brings_its_rest_along(gp: Places) -> None:
    gp.exchange("first", want=2)
    gp.exchange("first", give={1: 0.15}, keep=[2])
    gp.forward(0.05)
    assert gp.exchange("second", want=1).taken == {1: pytest.approx(0.1)}
    gp.forward(5.0)
    gp.exchange("first", give={2: 0.15})
    gp.forward(1.0)
    assert gp.exchange("third", want=1).taken == {2: 0.0}


def test_the_place_of_a_dead_process_comes_back_when_its_time_is_over_and_no_sooner(gp: Places) -> None:
    gp.exchange("dead", want=2)
    gp.forward(TTL_S - 0.01)
    assert gp.exchange("living", want=2).taken == {}
    gp.forward(0.01)
    assert set(gp.exchange("living", want=2).taken) == {1, 2}
    assert gp.exchange("dead", keep=[1, 2]).kept == frozenset()


def test_a_place_that_is_prolonged_stays(gp: Places) -> None:
    gp.exchange("slow", want=1)
    for _ in range(10):
        gp.forward(TTL_S - 1)
        assert gp.exchange("slow", keep=[1]).kept == {1}
    assert gp.holders() == {1: "slow"}


def test_a_place_whose_time_ran_out_stays_with_its_holder_until_somebody_takes_it(gp: Places) -> None:
    """As after a pause of the machine, or a clock that jumps."""
    gp.exchange("paused", want=1)
    gp.forward(10 * TTL_S)
    assert gp.exchange("paused", keep=[1]).kept == {1}


def test_people_of_any_process_go_before_bulk_of_all(gp: Places) -> None:
    gp.exchange("bulk", want=2)
    assert gp.exchange("person", want=1, rank=PEOPLE).taken == {}
    gp.exchange("bulk", give={1: 0.0}, keep=[2], want=1)
    assert gp.look("bulk").free == 0
    assert gp.exchange("other bulk", want=1).taken == {}
    assert set(gp.exchange("person", want=1, rank=PEOPLE).taken) == {1}


def test_a_wish_that_nobody_repeats_runs_out(gp: Places) -> None:
    gp.exchange("bulk", want=2)
    gp.exchange("person", want=2, rank=PEOPLE)
    gp.exchange("bulk", give={1: 0.0, 2: 0.0})
    gp.forward(WISH_S - 0.01)
    assert gp.exchange("bulk", want=2).taken == {}
    gp.forward(0.02)
    assert set(gp.exchange("bulk", want=2).taken) == {1, 2}


def test_who_has_fewer_places_goes_first_and_then_who_asked_first(gp: Places) -> None:
    gp.exchange("rich", want=2)
    gp.exchange("late", want=0)
    gp.exchange("early", want=1)
    gp.forward(0.1)
    gp.exchange("late", want=1)
    gp.exchange("rich", give={1: 0.0}, keep=[2], want=1)
    assert gp.exchange("late", want=1).taken == {}
    assert set(gp.exchange("early", want=1).taken) == {1}


def test_it_is_the_turn_of_the_place_that_was_held_longest_by_who_has_more(gp: Places) -> None:
    gp.exchange("rich", want=1)
    gp.forward(1)
    gp.exchange("rich", keep=[1], want=1)
    assert gp.look("rich").turn is None
    gp.exchange("poor", want=1)
    seen = gp.look("rich")
    assert (seen.turn, [(one.holder, one.wanted, one.held) for one in seen.wishes]) == (1, [("poor", 1, 0)])


def test_a_place_that_was_taken_by_an_exchange_whose_answer_was_lost_is_free_again(gp: Places) -> None:
    gp.exchange("cut", want=2)
    gp.exchange("cut", keep=[1])
    assert gp.holders() == {1: "cut"}
    assert set(gp.exchange("other", want=1).taken) == {2}


def test_a_smaller_setting_counts_for_who_has_it(gp: Places) -> None:
    gp.exchange("old", want=2)
    assert gp.exchange("new", want=1, places=1).taken == {}
    gp.exchange("old", give={2: 0.0}, keep=[1])
    assert gp.exchange("new", want=1, places=1).taken == {}
    gp.exchange("old", give={1: 0.0})
    assert set(gp.exchange("new", want=1, places=1).taken) == {1}


def test_four_that_ask_at_once_never_share_a_place(open_again: Callable[[], Store]) -> None:
    open_again()
    taken: list[tuple[str, int]] = []
    stores = [open_again() for _ in range(4)]
    ready = threading.Barrier(4)

    def ask(number: int) -> None:
        ready.wait()
        for _ in range(10):
            with stores[number].write() as conn:
                given = dict.fromkeys((place for who, place in taken if who == str(number)), 0.0)
                lent = lanes.exchange(
                    conn,
                    "gp",
                    str(number),
                    places=3,
                    give=given,
                    keep=(),
                    want=1,
                    rank=BULK,
                    ttl_s=TTL_S,
                    wish_s=0.01,
                )
                taken[:] = [(who, place) for who, place in taken if who != str(number)]
                taken.extend((str(number), place) for place in lent.taken)
                assert len({place for _, place in taken}) == len(taken) <= 3

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    failures: list[BaseException] = []
    with mock.patch.object(threading, "excepthook", lambda told: failures.append(told.exc_value)):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert failures == []
    assert not any(thread.is_alive() for thread in threads)


class Bargain(RuleBasedStateMachine):
    """Three processes that ask, prolong, give back, fall silent, while time passes."""

    store: Store
    tried = itertools.count()

    def __init__(self) -> None:
        super().__init__()
        self.gp = Places(self.store, 2, f"gp{next(self.tried)}")
        self.held: dict[str, dict[int, datetime]] = {name: {} for name in "abc"}
        """What each believes to have, until when."""

    @rule(
        who=st.sampled_from("abc"),
        want=st.integers(0, 3),
        rank=st.sampled_from([PEOPLE, BULK]),
        keeping=st.integers(0, 2),
        rest_s=st.sampled_from([0.0, 0.15]),
    )
    def exchanges(self, who: str, want: int, rank: int, keeping: int, rest_s: float) -> None:
        mine = sorted(self.held[who])
        keep, give = mine[:keeping], mine[keeping:]
        lent = self.gp.exchange(who, want, rank, keep=keep, give=dict.fromkeys(give, rest_s))
        assert len(lent.taken) <= want
        assert all(0 <= rest <= 0.15 for rest in lent.taken.values())
        until = self.gp.at + timedelta(seconds=TTL_S)
        self.held[who] = dict.fromkeys([*lent.kept, *lent.taken], until)

    @rule(who=st.sampled_from("abc"))
    def looks(self, who: str) -> None:
        before = self.gp.holders()
        seen = self.gp.look(who)
        assert 0 <= seen.free <= 2 - len(before)
        assert self.gp.holders() == before

    @rule(seconds=st.sampled_from([0.05, 1.0, 3.0, TTL_S]))
    def time_passes(self, seconds: float) -> None:
        self.gp.forward(seconds)

    @invariant()
    def nobody_shares_a_place_while_its_time_lasts(self) -> None:
        living = [
            number for places in self.held.values() for number, until in places.items() if until > self.gp.at
        ]
        assert len(living) == len(set(living)) <= 2


def test_whatever_three_processes_do_they_never_share_a_place(tmp_path: Path) -> None:
    Bargain.store = lanes.hasten(open_store(tmp_path / "s.db"))
    given = settings(max_examples=30, stateful_step_count=25, deadline=None)
    run_state_machine_as_test(Bargain, settings=given)
    Bargain.store.close()
