"""The queue and its claims: no trigger is lost, and nobody works a subject beside another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select, text

from gp365.store import tables, work
from gp365.store.engine import Store
from gp365.store.lease import Lease, release, take
from gp365.store.work import Claim, Wait

PLACE = ("fabrikam", "customers")


def _enqueue(store: Store, *keys: str, side: str = "gp", **more) -> None:
    with store.write() as conn:
        work.enqueue(conn, *PLACE, [(side, key, "feed") for key in keys], **more)


def _keys(store: Store, clock, **more) -> list[str]:
    with store.read() as conn:
        return [row.key for row in work.candidates(conn, *PLACE, clock(), 100, **more)]


def _claim(store: Store, lease: Lease, *claims: Claim, run: str = "run") -> list[str]:
    with store.write(lease) as conn:
        return work.claim(conn, *PLACE, claims, lease, run)


def _single(key: str, seq: int = 1) -> Claim:
    return Claim(f"gp:{key}", (("gp", key, seq),))


def test_a_record_that_is_triggered_often_waits_once_and_in_its_old_place(store: Store, clock) -> None:
    _enqueue(store, "B", "A", "C")
    clock.forward(5)
    _enqueue(store, "C", "B", "D", "B")
    with store.read() as conn:
        rows = work.candidates(conn, *PLACE, clock(), 100)
        assert work.pending(conn, *PLACE, clock()) == 4
    assert [(row.key, row.seq) for row in rows] == [("B", 3), ("A", 1), ("C", 2), ("D", 1)]
    assert [row.key for row in rows[:2]] == _keys(store, clock)[:2]


def test_queues_of_other_flows_and_pairs_are_not_seen(store: Store, clock) -> None:
    _enqueue(store, "A")
    with store.write() as conn:
        work.enqueue(conn, "fabrikam", "cards", [("gp", "A", "feed")])
        work.enqueue(conn, "contoso", "customers", [("gp", "Z", "feed")])
    assert _keys(store, clock) == ["A"]


def test_work_for_later_is_not_seen_before_its_time_and_a_new_trigger_makes_it_due(
    store: Store, clock
) -> None:
    _enqueue(store, "A", "B", due_at=clock() + timedelta(seconds=300))
    assert _keys(store, clock) == []
    _enqueue(store, "B", due_at=clock() + timedelta(seconds=60))
    clock.forward(61)
    assert _keys(store, clock) == ["B"]
    _enqueue(store, "A")
    assert _keys(store, clock) == ["A", "B"]


def test_a_finished_record_leaves_the_queue(store: Store, lease: Lease, clock) -> None:
    _enqueue(store, "A", "B")
    assert _claim(store, lease, _single("A"), _single("B")) == ["gp:A", "gp:B"]
    assert _keys(store, clock) == [] and _keys(store, clock, exclude_claimed=False) == ["A", "B"]
    with store.write(lease) as conn:
        work.finish(conn, *PLACE, [_single("A"), _single("B")], lease)
        assert work.pending(conn, *PLACE, clock()) == 0
        assert conn.execute(select(tables.subject_claim)).all() == []


def test_a_trigger_that_comes_while_a_record_is_worked_is_not_lost(store: Store, lease: Lease, clock) -> None:
    _enqueue(store, "A")
    _claim(store, lease, _single("A"))
    _enqueue(store, "A")  # somebody edits the record at this very moment
    assert _keys(store, clock) == []  # and it is still worked by one only
    with store.write(lease) as conn:
        work.finish(conn, *PLACE, [_single("A")], lease)
    with store.read() as conn:
        (row,) = work.candidates(conn, *PLACE, clock(), 10)
    assert (row.key, row.seq) == ("A", 2)
    assert _claim(store, lease, _single("A", 2)) == ["gp:A"]


def test_a_subject_is_claimed_whole_or_not_at_all(store: Store, lease: Lease, clock) -> None:
    _enqueue(store, "A", "B")
    assert _claim(store, lease, _single("B")) == ["gp:B"]
    both = Claim("L7", (("gp", "A", 1), ("gp", "B", 1)))
    assert _claim(store, lease, both) == []
    assert _keys(store, clock) == ["A"]
    assert _claim(store, lease, both, _single("A")) == ["gp:A"]


def test_of_two_subjects_that_share_a_record_one_is_claimed(store: Store, lease: Lease) -> None:
    _enqueue(store, "A", "B", "C")
    first = Claim("L1", (("gp", "A", 1), ("gp", "B", 1)))
    second = Claim("L2", (("gp", "B", 1), ("gp", "C", 1)))
    assert _claim(store, lease, first, second) == ["L1"]


def test_a_subject_whose_rows_another_worker_has_finished_is_not_claimed(store: Store, lease: Lease) -> None:
    _enqueue(store, "A")
    assert _claim(store, lease, _single("GONE"), _single("A")) == ["gp:A"]


def test_the_other_end_of_a_link_is_held_too_though_nothing_triggered_it(
    store: Store, lease: Lease, clock
) -> None:
    _enqueue(store, "A")
    link = Claim("L1", (("gp", "A", 1), ("sales", "1", 0)))
    assert _claim(store, lease, link) == ["L1"]
    _enqueue(store, "1", side="sales")
    assert _keys(store, clock) == []
    assert _claim(store, lease, Claim("sales:1", (("sales", "1", 1),))) == []
    with store.write(lease) as conn:
        work.finish(conn, *PLACE, [link], lease)
    assert _keys(store, clock) == ["1"]  # that trigger waited for us


def test_a_row_that_only_held_the_other_end_leaves_nothing_behind(store: Store, lease: Lease, clock) -> None:
    link = Claim("L1", (("gp", "A", 1), ("sales", "1", 0)))
    for end in (work.finish, work.release):
        _enqueue(store, "A")
        assert _claim(store, lease, link) == ["L1"]
        with store.write(lease) as conn:
            if end is work.finish:
                work.finish(conn, *PLACE, [link], lease)
            else:
                work.release(conn, *PLACE, ["L1"], None)
            sides = conn.execute(select(tables.work.c.side)).scalars().all()
        assert sides == ([] if end is work.finish else ["gp"])


def test_work_given_back_is_seen_again_at_its_time_with_its_attempts_counted(
    store: Store, lease: Lease, clock
) -> None:
    _enqueue(store, "A", "B")
    _claim(store, lease, _single("A"), _single("B"))
    with store.write(lease) as conn:
        work.release(conn, *PLACE, ["gp:A"], clock() + timedelta(seconds=60))
        work.release(conn, *PLACE, ["gp:B"], None, attempts_plus=0)
    assert _keys(store, clock) == ["B"]
    clock.forward(60)
    with store.read() as conn:
        rows = work.candidates(conn, *PLACE, clock(), 10)
    assert [(row.key, row.attempts) for row in rows] == [("A", 1), ("B", 0)]
    assert _claim(store, lease, _single("A"), _single("B")) == ["gp:A", "gp:B"]


def test_the_claims_of_a_dead_worker_are_taken_over_and_of_a_living_one_are_not(store: Store, clock) -> None:
    with store.write() as conn:
        dead, gone, other = (
            take(conn, "w1", "w1", 60),
            take(conn, "w2", "w2", 600),
            take(conn, "w3", "w3", 600),
        )
    _enqueue(store, "A", "B")
    assert _claim(store, dead, _single("A")) == ["gp:A"]
    assert _claim(store, gone, _single("B")) == ["gp:B"]
    assert _claim(store, other, _single("A"), _single("B")) == []
    clock.forward(61)
    with store.write() as conn:
        release(conn, gone)
    assert _keys(store, clock) == ["A", "B"]
    assert _claim(store, other, _single("A"), _single("B")) == ["gp:A", "gp:B"]


def test_a_worker_that_lost_its_claim_finishes_nothing_of_the_new_one(store: Store, lease: Lease) -> None:
    _enqueue(store, "A")
    _claim(store, lease, _single("A"))
    stranger = Lease("worker-9", lease.number + 100, lease.until)
    with store.write() as conn:
        work.finish(conn, *PLACE, [_single("A")], stranger)
    assert _claim(store, lease, _single("A")) == []  # still held


def test_two_keys_of_one_link_that_arrive_at_two_workers_are_worked_by_one(
    store: Store, open_again: Callable[[], Store]
) -> None:
    with store.write() as conn:
        leases = [take(conn, f"w{n}", f"w{n}", 600) for n in range(4)]
    _enqueue(store, "A")
    _enqueue(store, "1", side="sales")
    rows = (("gp", "A", 1), ("sales", "1", 1))
    claims = [Claim("L1", rows), Claim("L1", rows[:1]), Claim("sales:1", rows[1:]), Claim("L1", rows[::-1])]
    start = threading.Barrier(4)
    won: list[str] = []

    def race(one: Store, lease: Lease, claim: Claim) -> None:
        start.wait()
        won.extend(_claim(one, lease, claim))

    threads = [
        threading.Thread(target=race, args=(open_again(), mine, claim))
        for mine, claim in zip(leases, claims, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as conn:
        held = conn.execute(select(tables.work.c.side, tables.work.c.lease, tables.work.c.subject)).all()
    for side in ("gp", "sales"):
        assert len({row.lease for row in held if row.side == side}) == 1
    assert len(won) == len(set(won))
    both = {row.subject for row in held}
    assert both in ({"L1"}, {"L1", "sales:1"}, {"L1", None})


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Claim("L1", (("gp", "A", 1),)), Claim("L1", (("sales", "1", 1),))),
        (
            Claim("L1", (("gp", "A", 1), ("sales", "9", 0))),
            Claim("L2", (("sales", "1", 1), ("sales", "9", 0))),
        ),
        (Claim("L1", (("gp", "A", 1), ("sales", "1", 0))), Claim("sales:1", (("sales", "1", 1),))),
    ],
    ids=[
        "one subject by two rows",
        "one untriggered record in two subjects",
        "a held end and its own trigger",
    ],
)
def test_a_claim_that_is_not_yet_committed_already_keeps_others_out(
    store: Store, open_again: Callable[[], Store], first: Claim, second: Claim
) -> None:
    with store.write() as conn:
        mine, others = take(conn, "w1", "w1", 600), take(conn, "w2", "w2", 600)
    _enqueue(store, "A")
    _enqueue(store, "1", side="sales")
    other = open_again()
    got: list[str] = ["not yet"]

    def compete() -> None:
        got[:] = _claim(other, others, second)

    rival = threading.Thread(target=compete)
    with store.write(mine) as conn:
        assert work.claim(conn, *PLACE, [first], mine, "run") == ["L1"]
        rival.start()
        while store.dialect == "postgresql" and rival.is_alive() and not _somebody_waits(conn):
            time.sleep(0.01)
        assert got == ["not yet"]
    rival.join()
    assert got == []
    with store.read() as conn:
        leases = set(
            conn.execute(select(tables.work.c.lease).where(tables.work.c.lease.is_not(None))).scalars()
        )
        bare = conn.execute(select(tables.work.c.key).where(tables.work.c.seq == 0)).scalars().all()
    assert leases == {mine.number}
    assert bare in ([], ["9"])


def _somebody_waits(conn: Connection) -> bool:
    return bool(conn.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one())


def test_a_link_whose_trigger_was_worked_meanwhile_is_not_claimed_for_its_other_end(
    store: Store, lease: Lease
) -> None:
    _enqueue(store, "A")
    link = Claim("L1", (("gp", "A", 1), ("sales", "1", 0)))
    assert _claim(store, lease, link) == ["L1"]
    with store.write(lease) as conn:
        work.finish(conn, *PLACE, [link], lease)
    assert _claim(store, lease, link) == []
    with store.read() as conn:
        assert conn.execute(select(tables.work)).all() == []


def test_a_record_that_became_a_link_is_finished_or_given_back_by_either_name(
    store: Store, lease: Lease, clock
) -> None:
    for name, end in (("gp:A", "finish"), ("L1", "finish"), ("gp:A", "release"), ("L1", "release")):
        _enqueue(store, "A")
        with store.read() as conn:
            (row,) = work.rows_of(conn, *PLACE, [("gp", "A"), ("sales", "A")])
        assert _claim(store, lease, _single("A", row.seq)) == ["gp:A"]
        with store.write(lease) as conn:
            work.rename_claims(conn, *PLACE, {"gp:A": "L1", "gp:B": "L2"})
        assert _claim(store, lease, Claim("L1", (("sales", "1", 0),))) == []
        with store.write(lease) as conn:
            if end == "finish":
                work.finish(conn, *PLACE, [Claim(name, (("gp", "A", row.seq),))], lease)
            else:
                work.release(conn, *PLACE, [name], None)
            assert conn.execute(select(tables.subject_claim)).all() == []
        assert _keys(store, clock) == ([] if end == "finish" else ["A"])


def test_a_subject_counts_once_in_a_run_however_often_it_was_named(store: Store, lease: Lease) -> None:
    _enqueue(store, "A")
    _claim(store, lease, _single("A"), run="r1")
    with store.write() as conn:
        work.mark_quiet(conn, "r1", ["gp:A", "L1", "L2", "L1"])
        work.mark_quiet(conn, "r1", ["L2", "L3"])
        work.mark_quiet(conn, "r2", ["L1"])
        assert (work.subjects_of(conn, "r1"), work.subjects_of(conn, "r2")) == (4, 1)
        assert work.noted(conn, "r1", ["L1", "L9", "gp:A"]) == {"L1", "gp:A"}


def test_who_waits_for_a_record_is_woken_by_it_once_in_every_flow(store: Store, clock) -> None:
    parent = ("parents", "gp", "PARENT")
    waits = [
        Wait(*PLACE, "gp", "CHILD", "parent", *parent),
        Wait(*PLACE, "gp", "CHILD", "bill_to", *parent),
        Wait("fabrikam", "cards", "gp", "CARD", "parent", *parent),
        Wait(*PLACE, "gp", "OTHER", "parent", "parents", "gp", "ELSE"),
        Wait("contoso", "customers", "gp", "CHILD", "parent", *parent),
    ]
    with store.write() as conn:
        work.register_waits(conn, waits)
        work.register_waits(conn, waits)
        assert set(work.waits_of(conn, *PLACE, [("gp", "CHILD"), ("gp", "OTHER")])) == {*waits[:2], waits[3]}
        woken = work.wake(conn, "fabrikam", "parents", [("gp", "PARENT"), ("sales", "ELSE")])
        assert woken == [("cards", "gp", "CARD"), ("customers", "gp", "CHILD")]
        assert work.wake(conn, "fabrikam", "parents", [("gp", "PARENT")]) == []
        assert work.pending(conn, "fabrikam", "cards", clock()) == 1
        work.clear_waits(conn, *PLACE, [("gp", "OTHER")])
        assert work.waits_of(conn, *PLACE, [("gp", "OTHER")]) == []
        assert work.waits_of(conn, "contoso", "customers", [("gp", "CHILD")]) == [waits[4]]
    assert _keys(store, clock) == ["CHILD"]


@pytest.mark.parametrize("key", ["O'BRIEN & SÖHNE", "a\x1fb", "日本", "%_", ""])
def test_keys_of_any_characters_come_back_as_they_went_in(store: Store, clock, key: str) -> None:
    _enqueue(store, key)
    assert _keys(store, clock) == [key]
