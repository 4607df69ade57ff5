"""Hints: what we were told to look at is kept once, however often it is told, and never lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gp365.store import hints
from gp365.store.engine import Store, open_store
from gp365.store.hints import Hint


def _hint(clock, key: str = "k1", **more: str) -> Hint:
    return Hint(
        "sales", "account", key, more.get("message", "Update"), more.get("operation", ""), "", clock()
    )


def _keep(store: Store, *given: Hint) -> None:
    with store.write() as conn:
        hints.keep(conn, given)


def _take(store: Store, system: str = "sales", limit: int = 100) -> list[hints.Taken]:
    with store.read() as conn:
        return hints.take(conn, system, limit)


def _done(store: Store, taken: list[hints.Taken]) -> int:
    with store.write() as conn:
        return hints.done(conn, taken)


def test_what_is_told_twice_waits_once(store: Store, clock) -> None:
    _keep(store, _hint(clock), _hint(clock))
    _keep(store, _hint(clock))
    (one,) = _take(store)
    assert (one.key, one.told) == ("k1", 3)


def test_what_was_looked_at_goes_and_nothing_else_does(store: Store, clock) -> None:
    _keep(store, _hint(clock, "k1"), replace(_hint(clock, "k1"), table="contact"), _hint(clock, "k2"))
    _keep(store, replace(_hint(clock, "k1"), system="other"))
    taken = [one for one in _take(store) if (one.table, one.key) == ("account", "k1")]
    assert _done(store, taken) == 1
    assert {(one.table, one.key) for one in _take(store)} == {("contact", "k1"), ("account", "k2")}
    assert [one.key for one in _take(store, "other")] == ["k1"]


def test_what_is_told_again_while_it_is_looked_at_stays(store: Store, clock) -> None:
    _keep(store, _hint(clock))
    taken = _take(store)
    _keep(store, _hint(clock))
    assert _done(store, taken) == 0
    (again,) = _take(store)
    assert _done(store, [again]) == 1 and _take(store) == []


def test_a_worker_that_comes_late_removes_no_hint_that_is_newer_than_its_own(store: Store, clock) -> None:
    _keep(store, _hint(clock))
    late, quick = _take(store), _take(store)
    assert _done(store, quick) == 1
    _keep(store, _hint(clock))
    assert _done(store, late) == 0
    assert len(_take(store)) == 1


def test_hints_are_taken_in_the_order_in_which_they_came(store: Store, clock) -> None:
    for key in ("k3", "k1", "k2"):
        _keep(store, _hint(clock, key))
        clock.forward(1)
    _keep(store, _hint(clock, "k3"))
    assert [one.key for one in _take(store, limit=2)] == ["k3", "k1"]


def test_an_event_that_overtook_another_is_not_replaced_by_it(store: Store, clock) -> None:
    newer = replace(_hint(clock, message="Delete"), at=clock() + timedelta(seconds=5))
    _keep(store, newer)
    _keep(store, _hint(clock, message="Update"))
    (one,) = _take(store)
    assert (one.message, one.at) == ("Delete", newer.at)


def test_hints_that_wait_are_counted_by_system(store: Store, clock) -> None:
    _keep(store, _hint(clock, "k1"), _hint(clock, "k2"), replace(_hint(clock), system="gp"))
    with store.read() as conn:
        assert hints.waiting(conn) == {"gp": 1, "sales": 2}


def test_hints_outlive_the_process_that_kept_them(store: Store, clock, open_again) -> None:
    _keep(store, _hint(clock))
    assert [one.key for one in _take(open_again())] == ["k1"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory):
    store = open_store(Path(tmp_path_factory.mktemp("hints")) / "gp365.db")
    yield store
    store.close()


@settings(deadline=None, max_examples=40, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from(["keep", "take", "done"]), st.sampled_from("abc")), max_size=30))
def test_whatever_the_order_a_key_told_after_it_was_taken_is_seen_again(shared: Store, story) -> None:
    _done(shared, _take(shared))
    at = shared.engine.get_execution_options()["gp365_clock"]
    unseen: set[str] = set()
    taken: list[hints.Taken] = []
    told_since: set[str] = set()
    for act, key in story:
        if act == "keep":
            _keep(shared, _hint(at, key))
            unseen.add(key)
            told_since.add(key)
        elif act == "take":
            taken, told_since = _take(shared), set()
        else:
            _done(shared, taken)
            unseen -= {one.key for one in taken} - told_since
            taken = []
    assert {one.key for one in _take(shared)} == unseen
