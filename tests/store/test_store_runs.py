"""Runs, cursors, versions of flows, match keys and reservations."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from gp365.model.errors import Bug
from gp365.store import ledger, match, reservations, runs, work
from gp365.store.engine import Store

PLACE = ("fabrikam", "customers")


def test_a_run_is_told_from_begin_to_end_and_the_newest_comes_first(store: Store, clock) -> None:
    with store.write() as conn:
        first = runs.begin(conn, *PLACE, kind="sync", actor="anna", flow_digest="d1")
        clock.forward(1)
        second = runs.begin(conn, *PLACE, kind="plan", actor="bert")
        clock.forward(1)
        other = runs.begin(conn, "fabrikam", "cards", actor="anna")
        runs.end(conn, first, "done", counts={"created": 3}, balanced=True, clean=False)
    with store.read() as conn:
        one = runs.get(conn, first)
        assert one is not None
        assert (one.state, one.counts, one.balanced, one.clean) == ("done", {"created": 3}, True, False)
        assert (one.kind, one.actor, one.flow_digest) == ("sync", "anna", "d1")
        assert one.ended_at is not None and (one.ended_at - one.begun_at).total_seconds() == 2
        assert [run.id for run in runs.list_runs(conn)] == [other, second, first]
        assert [run.id for run in runs.list_runs(conn, *PLACE, limit=1)] == [second]
        newest, done = runs.latest(conn, *PLACE), runs.latest(conn, *PLACE, state="done")
        assert newest is not None and (newest.id, newest.state, newest.clean) == (second, "running", None)
        assert done is not None and done.id == first
        assert runs.get(conn, "none") is None and runs.latest(conn, "contoso", "customers") is None


def test_the_list_of_a_runs_subjects_can_be_dropped_and_the_outcomes_stay(store: Store, clock) -> None:
    with store.write() as conn:
        run = runs.begin(conn, *PLACE)
        work.mark_quiet(conn, run, ["L1", "L2"])
        rows = [ledger.Entry("outcome", run, "", 2, "unchanged")]
        ledger.append(conn, "fabrikam/customers", rows, actor="anna", at=clock())
        runs.forget_subjects(conn, run)
        assert work.subjects_of(conn, run) == 0
        assert runs.counts(conn, run) == {"unchanged": 2}


def test_a_cursor_moves_in_the_commit_of_its_keys_or_not_at_all(store: Store, clock) -> None:
    with store.write() as conn:
        assert runs.cursor_get(conn, *PLACE, "sales") is None
        runs.cursor_set(conn, *PLACE, "sales", "token-1", "d1")
    with pytest.raises(ZeroDivisionError), store.write() as conn:
        work.enqueue(conn, *PLACE, [("sales", "1", "feed")])
        runs.cursor_set(conn, *PLACE, "sales", "token-2", "d1")
        raise ZeroDivisionError
    with store.write() as conn:
        assert runs.cursor_get(conn, *PLACE, "sales") == ("token-1", "d1")
        assert work.pending(conn, *PLACE, clock()) == 0
        runs.cursor_set(conn, *PLACE, "sales", "token-3", "d2")
        runs.cursor_set(conn, *PLACE, "gp", "day", "d2")
        assert runs.cursor_get(conn, *PLACE, "sales") == ("token-3", "d2")


def test_a_version_of_a_flow_never_changes_once_it_was_kept(store: Store) -> None:
    with store.write() as conn:
        runs.flow_version_put(conn, "d1", "customers", b"flow: customers", {"name": "print-1"})
        runs.flow_version_put(conn, "d1", "customers", b"something else", {})
        kept = runs.flow_version_get(conn, "d1")
        assert kept is not None and (kept.body, kept.rows) == (b"flow: customers", {"name": "print-1"})
        assert runs.flow_version_get(conn, "d2") is None


def test_records_of_the_other_side_are_found_by_what_they_match_by(store: Store) -> None:
    rows = [(0, "1", "aaron fitz"), (0, "2", "aaron fitz"), (1, "1", "60603"), (0, "3", "contoso")]
    with store.write() as conn:
        match.put_keys(conn, *PLACE, "sales", rows)
        match.put_keys(conn, *PLACE, "gp", [(0, "AARONFIT0001", "aaron fitz")])
        match.put_keys(conn, "contoso", "customers", "sales", [(0, "9", "aaron fitz")])
        ours = ("gp", 0, "aaron fitz", "AARONFIT0001")
        assert sorted(match.find(conn, *PLACE, ["aaron fitz", "nobody"])) == [
            ours,
            ("sales", 0, "aaron fitz", "1"),
            ("sales", 0, "aaron fitz", "2"),
        ]
        assert match.find(conn, *PLACE, ["60603"]) == [("sales", 1, "60603", "1")]
        match.put_keys(conn, *PLACE, "sales", [(0, "2", "fitz aaron")])  # renamed: the old name is gone
        assert sorted(match.find(conn, *PLACE, ["aaron fitz", "fitz aaron"])) == [
            ours,
            ("sales", 0, "aaron fitz", "1"),
            ("sales", 0, "fitz aaron", "2"),
        ]
        match.drop_keys(conn, *PLACE, "sales", ["1", "2"])
        assert sorted(match.find(conn, *PLACE, ["aaron fitz", "fitz aaron", "contoso"])) == [
            ours,
            ("sales", 0, "contoso", "3"),
        ]


def test_each_new_record_gets_the_first_number_that_is_free(store: Store) -> None:
    offers = {"x": ["AARONFIT0001", "AARONFIT0002"], "y": ["AARONFIT0001", "AARONFIT0002", "AARONFIT0003"]}
    with store.write() as conn:
        got = reservations.reserve(conn, "gp", "customer", offers, {"AARONFIT0001"})
        assert got == {"x": "AARONFIT0002", "y": "AARONFIT0003"}
        assert reservations.reserve(conn, "gp", "customer", {"z": offers["y"]}, set()) == {
            "z": "AARONFIT0001"
        }
        assert reservations.reserve(conn, "gp", "customer", {"late": offers["y"]}, set()) == {}
        assert reservations.reserve(conn, "gp", "vendor", {"late": offers["y"]}, set()) == {
            "late": "AARONFIT0001"
        }
        held = reservations.reserved_by(conn, "gp", "customer", [*offers["y"], "OTHER"])
        assert held == {"AARONFIT0001": "z", "AARONFIT0002": "x", "AARONFIT0003": "y"}


def test_a_promised_number_stays_promised_until_somebody_else_has_taken_it(store: Store) -> None:
    with store.write() as conn:
        assert reservations.reserve(conn, "gp", "customer", {"x": ["A1", "A2"]}, set()) == {"x": "A1"}
        assert reservations.reserve(conn, "gp", "customer", {"x": ["A0", "A2"]}, set()) == {"x": "A1"}
        assert reservations.reserve(conn, "gp", "customer", {"x": ["A1", "A2"]}, {"A1"}) == {"x": "A2"}
        assert reservations.reserve(conn, "gp", "customer", {"x": ["A1", "A2"]}, set()) == {"x": "A2"}
        assert reservations.reserved_by(conn, "gp", "customer", ["A1", "A2"]) == {"A2": "x"}


def test_workers_that_reserve_together_never_get_the_same_number(
    store: Store, open_again: Callable[[], Store]
) -> None:
    stores = [store, open_again(), open_again(), open_again()]
    numbers = [f"AARON{n:04d}" for n in range(60)]
    start = threading.Barrier(4)
    got: list[str] = []
    errors: list[Bug] = []

    def reserve(number: int, one: Store) -> None:
        start.wait()
        for turn in range(5):
            with one.write() as conn:
                owners = {f"{number}-{turn}-{part}": numbers for part in range(3)}
                got.extend(reservations.reserve(conn, "gp", "customer", owners, set()).values())

    threads = [threading.Thread(target=reserve, args=each) for each in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(got) == numbers


def test_runs_that_begin_in_the_same_second_do_not_share_a_name(store: Store) -> None:
    with store.write() as conn:
        names = {runs.begin(conn, *PLACE) for _ in range(3000)}
    assert len(names) == 3000
    assert len({name.rpartition("-")[2] for name in names}) == 3000
    assert all(len(name.rpartition("-")[2]) >= 12 for name in names)


def test_a_look_that_found_nothing_is_counted_in_the_look_before_it(store: Store, clock) -> None:
    with store.write() as conn:
        first = runs.begin(conn, *PLACE)
        runs.end(conn, first, "done", counts={"considered": 0, "looks": 1}, balanced=True, clean=True)
    for looks in (2, 3):
        clock.forward(120)
        with store.write() as conn:
            began, second = clock(), runs.begin(conn, *PLACE)
            clock.forward(1)
            before = runs.get(conn, first)
            assert before is not None
            runs.fold(conn, second, before)
        with store.read() as conn:
            [held] = runs.list_runs(conn)
            assert (held.id, held.state, held.counts["looks"]) == (first, "done", looks)
            assert (held.begun_at, held.ended_at) == (began, clock())
            assert runs.newest(conn, [PLACE], state="done") == {PLACE: held}
            assert held.counts["since"] == "2026-11-22T08:00:00+00:00"
