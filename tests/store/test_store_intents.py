"""Intents: known before the call, one open per external record, closed once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

from gp365.store import intents
from gp365.store.engine import Store
from gp365.store.intents import Intent

PLACE = ("fabrikam", "customers")


def _intent(clock, id: str, key: str, **more) -> Intent:
    at = clock()
    plain = Intent(
        id=id, run="run", pair="fabrikam", flow="customers", subject=f"gp:{key}", op="update", system="sales",
        entity="account", side="sales", key=key, source_side="gp", source_key=f"GP{key}", reference=f"ref-{id}",
        values=b'{"name":"Aaron Fitz"}' * 40, before=b"{}", inputs="hash", overruled=b"[]",
        send_by=at + timedelta(seconds=60), settled_after=at + timedelta(seconds=180), lease=3, state="open",
        made_at=at, ended_at=None, window_ms=None, version='W/"7"',
    )  # fmt: skip
    return plain._replace(**more)


def _open(store: Store, *made: Intent) -> set[str]:
    with store.write() as conn:
        return intents.open_many(conn, made)


def test_an_intent_comes_back_as_it_was_written(store: Store, clock) -> None:
    one = _intent(clock, "i1", "1")
    assert _open(store, one) == set()
    with store.read() as conn:
        assert intents.by_ids(conn, ["i1", "i2"]) == {"i1": one}
        assert intents.by_reference(conn, ["ref-i1", "ref-i2", ""]) == {"ref-i1": one}
        assert intents.open_of_flow(conn, *PLACE) == [one]


def test_a_second_intent_on_an_open_target_is_refused_whatever_pair_or_flow(store: Store, clock) -> None:
    assert _open(store, _intent(clock, "i1", "1")) == set()
    other = [
        _intent(clock, "i2", "1", pair="contoso"),
        _intent(clock, "i3", "2"),
        _intent(clock, "i4", "2", flow="cards"),
        _intent(clock, "i5", "1", entity="contact"),
        _intent(clock, "i6", "1", system="gp"),
    ]
    assert _open(store, *other) == {"i2", "i4"}
    with store.write() as conn:
        intents.close_many(conn, [("i1", "done", 12.5), ("i3", "rejected", None)])
        assert intents.open_many(conn, [other[0]._replace(id="i7")]) == set()


def test_a_race_for_one_target_opens_one_intent(store: Store, open_again: Callable[[], Store], clock) -> None:
    stores = [store, open_again(), open_again(), open_again()]
    start = threading.Barrier(4)
    refused: list[str] = []

    def race(number: int, one: Store) -> None:
        start.wait()
        keys = ["1", "2", "3"]
        refused.extend(_open(one, *[_intent(clock, f"i{number}-{key}", key) for key in keys]))

    threads = [threading.Thread(target=race, args=each) for each in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as conn:
        held = {intent.id for intent in intents.open_of_flow(conn, *PLACE)}
    assert len(held) == 3 and len(refused) == 9
    assert held.isdisjoint(refused)


def test_an_intent_is_closed_once_with_its_time_and_window(store: Store, clock) -> None:
    _open(store, _intent(clock, "i1", "1"))
    clock.forward(2)
    ended = clock()
    with store.write() as conn:
        intents.close_many(conn, [("i1", "done", 31.25)])
    clock.forward(2)
    with store.write() as conn:
        intents.close_many(conn, [("i1", "rejected", None)])
        one = intents.by_ids(conn, ["i1"])["i1"]
    assert (one.state, one.window_ms, one.ended_at) == ("done", 31.25, ended)


def test_open_intents_are_found_by_the_record_they_write_and_by_the_record_they_come_from(
    store: Store, clock
) -> None:
    _open(store, _intent(clock, "i1", "1"), _intent(clock, "i2", "2"), _intent(clock, "i3", "3"))
    with store.write() as conn:
        intents.close_many(conn, [("i3", "done", None)])
        assert [one.id for one in intents.open_for(conn, *PLACE, {"sales": ["1", "3"]})] == ["i1"]
        assert [one.id for one in intents.open_for(conn, *PLACE, {"gp": ["GP2", "GP3"], "sales": ["1"]})] == [
            "i1",
            "i2",
        ]
        assert intents.open_for(conn, *PLACE, {"gp": ["1"], "sales": ["GP1"]}) == []
        assert intents.open_for(conn, "contoso", "customers", {"sales": ["1"]}) == []


def test_writes_given_up_and_the_last_write_done_are_known_per_record(store: Store, clock) -> None:
    for number, state in enumerate(["done", "superseded", "done", "rejected"]):
        _open(store, _intent(clock, f"i{number}", "1"))
        with store.write() as conn:
            intents.close_many(conn, [(f"i{number}", state, None)])
        clock.forward(1)
    with store.read() as conn:
        given_up = intents.superseded_for(conn, "sales", "account", ["1", "2"])
        last = intents.last_write(conn, "sales", "account", ["1", "2"])
        assert intents.superseded_for(conn, "sales", "contact", ["1"]) == []
    assert [one.id for one in given_up] == ["i1"]
    assert {key: one.id for key, one in last.items()} == {"1": "i2"}


def test_done_writes_of_a_run_are_counted_by_side_and_kind(store: Store, clock) -> None:
    kinds = [
        ("create", "sales"),
        ("create", "sales"),
        ("update", "sales"),
        ("update", "gp"),
        ("update", "gp"),
    ]
    made = [_intent(clock, f"i{n}", str(n), op=op, side=side) for n, (op, side) in enumerate(kinds)]
    _open(store, *made, _intent(clock, "other", "9", run="other"))
    with store.write() as conn:
        ends = [(one.id, "done", None) for one in made[:4]] + [("i4", "moved", None), ("other", "done", None)]
        intents.close_many(conn, ends)
        assert intents.done_count(conn, "run") == {
            ("sales", "create"): 2,
            ("sales", "update"): 1,
            ("gp", "update"): 1,
        }


def test_inputs_are_kept_once_under_their_hash(store: Store) -> None:
    body = b'{"left":{"name":"Aaron Fitz"}}' * 50
    with store.write() as conn:
        intents.keep_inputs(conn, {"h1": body, "h2": b"{}"})
        intents.keep_inputs(conn, {"h1": body})
        assert (intents.inputs(conn, "h1"), intents.inputs(conn, "h2")) == (body, b"{}")
        assert intents.inputs(conn, "h3") is None
