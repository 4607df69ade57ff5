"""The ledger: one unforked chain, whoever appends, and every change to it is found."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import orjson
import pytest
from sqlalchemy import func, select
from sqlalchemy.event import listen

from gp365.store import ledger, runs, tables
from gp365.store.engine import Store, open_store
from gp365.store.ledger import Entry

CHILD = Path(__file__).parent / "store_child.py"
CHAIN = "fabrikam/customers"
AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
TABLE = tables.ledger


def _append(store: Store, *entries: Entry, chain: str = CHAIN) -> None:
    with store.write() as conn:
        ledger.append(conn, chain, entries, actor="CORP\\anna", at=AT)


def _entry(subject: str, disposition: str = "updated", **more) -> Entry:
    payload = orjson.dumps({"subject": subject, "fields": {"name": ["old", "new"]}})
    return Entry("outcome", "r1", subject, 1, disposition, "flow-1", payload, **more)


def _filled(store: Store) -> None:
    _append(store, *[_entry(f"L{n}") for n in range(5)])
    _append(store, *[_entry(f"L{n}") for n in range(5)])


def _verify(store: Store, chain: str | None = None) -> ledger.VerifyReport:
    with store.read() as conn:
        return ledger.verify(conn, chain)


def test_rows_come_back_in_order_with_their_evidence(store: Store) -> None:
    _filled(store)
    with store.read() as conn:
        rows = list(ledger.rows(conn, "r1", page=3))
        assert [row.position for row in rows] == list(range(1, 11))
        assert ledger.decode(rows[0]) == {"subject": "L0", "fields": {"name": ["old", "new"]}}
        assert (rows[0].actor, rows[0].at, rows[0].flow_digest) == ("CORP\\anna", AT, "flow-1")
        assert [row.position for row in ledger.for_subject(conn, "fabrikam", "customers", "L2", 10)] == [8, 3]
        newest = ledger.history(conn, chain=CHAIN, limit=3)
        assert [row.position for row in newest] == [10, 9, 8]
        older = ledger.history(conn, kinds=["outcome"], since=AT, before_id=newest[-1].id, limit=2)
        assert [row.position for row in older] == [7, 6]
        assert ledger.history(conn, kinds=["approval"]) == []
    assert _verify(store).rows == 10 and _verify(store).ok


def test_subjects_of_a_run_are_counted_by_disposition(store: Store) -> None:
    _filled(store)
    _append(store, Entry("outcome", "r1", "", 200, "unchanged"), Entry("note", "r1", "L1", 7))
    _append(store, Entry("outcome", "r2", "", 3, "unchanged"))
    with store.read() as conn:
        assert ledger.outcome_subjects(conn, "r1") == 210
        assert ledger.outcome_subjects(conn, "none") == 0
        assert runs.counts(conn, "r1") == {"updated": 10, "unchanged": 200}


@pytest.mark.parametrize(
    "change",
    [
        {"disposition": "unchanged"},
        {"actor": "nobody"},
        {"subjects": 2},
        {"subject": "L99"},
        {"run": "r9"},
        {"kind": "note"},
        {"flow_digest": "flow-2"},
        {"at": datetime(2026, 11, 22, 8, 0, 1, tzinfo=UTC)},
        {"payload": b'{"subject":"L2","fields":{}}'},
        {"payload_hash": bytes(32)},
        {"hash": bytes(32)},
        {"prev_hash": b"\x01" * 32},
        {"position": 99},
        {"chain": "fabrikam/other"},
        {"id": 77},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_row_that_was_changed_behind_our_back_is_found(store: Store, change: dict[str, object]) -> None:
    _filled(store)
    with store.write() as conn:
        number = conn.execute(select(TABLE.c.id).where(TABLE.c.position == 3)).scalar_one()
        conn.execute(TABLE.update().where(TABLE.c.id == number).values(change))
    report = _verify(store)
    assert not report.ok and report.reason
    assert report.chain == change.get("chain", CHAIN) or "chain" in change
    following = 1 if {"hash", "position", "id", "chain"} & set(change) and "payload_hash" not in change else 0
    assert report.broken_at in (number, number + following)


def test_a_row_that_was_removed_is_found_inside_and_at_the_end(store: Store) -> None:
    _filled(store)
    with store.write() as conn:
        conn.execute(TABLE.delete().where(TABLE.c.position == 10))
    assert _verify(store).broken_at == 0
    assert "end" in _verify(store).reason
    with store.write() as conn:
        conn.execute(TABLE.delete().where(TABLE.c.position == 4))
    assert "missing before" in _verify(store).reason


def test_a_row_that_was_slipped_in_is_found(store: Store) -> None:
    _filled(store)
    with store.write() as conn:
        row = dict(conn.execute(select(TABLE).where(TABLE.c.position == 10)).mappings().one())
        row |= {"id": row["id"] + 1, "position": 11, "prev_hash": row["hash"], "hash": b"\x07" * 32}
        conn.execute(TABLE.insert(), [row])
    assert _verify(store).reason == "the row was changed"


def test_an_erased_payload_leaves_the_chain_provable(store: Store) -> None:
    _filled(store)
    with store.write() as conn:
        gone = TABLE.update().where(TABLE.c.position <= 4).values(payload=None)
        conn.execute(gone)
        erased = next(ledger.rows(conn, "r1"))
        assert erased.payload is None and ledger.decode(erased) is None and erased.payload_hash
    report = _verify(store)
    assert not report.ok and (report.broken_at, report.position) == (erased.id, 1)
    assert "no row says" in report.reason
    _append(store, Entry("erasure", "", payload=orjson.dumps({"erased": [[1, 4]]})))
    report = _verify(store)
    assert report.ok and (report.rows, report.erased) == (11, 4)


def test_chains_of_other_flows_stand_alone(store: Store) -> None:
    _filled(store)
    _append(store, _entry("L1"), chain="fabrikam/cards")
    with store.write() as conn:
        conn.execute(TABLE.update().where(TABLE.c.chain == CHAIN, TABLE.c.position == 2).values(run="x"))
    assert _verify(store, "fabrikam/cards").ok
    assert not _verify(store, CHAIN).ok and not _verify(store).ok
    assert dict(_verify(store, "fabrikam/cards").heads).keys() == {"fabrikam/cards"}


def test_the_hash_is_the_one_that_is_written_down(store: Store) -> None:
    """An auditor works it out by hand, with another program."""
    from hashlib import sha256

    _append(store, _entry("L1"))
    with store.read() as conn:
        (row,) = ledger.rows(conn, "r1")
    payload = sha256(b'{"subject":"L1","fields":{"name":["old","new"]}}').hexdigest()
    form = (
        f'[1,"fabrikam/customers","{"00" * 32}","outcome",1795334400000000,"CORP\\\\anna","r1","flow-1",'
        f'"L1",1,"updated","{payload}"]'
    )
    assert row.hash == sha256(form.encode()).digest()


def test_four_processes_append_to_one_chain_and_no_row_is_lost_or_forked(store: Store, url: str) -> None:
    commits = 25
    children = [
        subprocess.Popen(
            [sys.executable, str(CHILD), "append", url, f"child{n}", str(commits)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(4)
    ]
    for child in children:
        assert child.stdout is not None and child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    assert [child.wait(60) for child in children] == [0, 0, 0, 0]
    for child in children:
        child.communicate()
    report = _verify(store)
    assert report.ok, report.reason
    assert report.rows == 4 * commits * 3
    with store.read() as conn:
        assert all(ledger.outcome_subjects(conn, f"child{n}") == commits * 3 for n in range(4))
        distinct = conn.execute(select(func.count(TABLE.c.prev_hash.distinct()))).scalar_one()
    assert distinct == report.rows


def test_four_threads_that_begin_a_new_chain_together_make_one(
    store: Store, open_again: Callable[[], Store]
) -> None:
    stores = [store, open_again(), open_again(), open_again()]
    start = threading.Barrier(4)

    def work(one: Store) -> None:
        start.wait()
        for _ in range(10):
            _append(one, _entry("L1"), _entry("L2"), chain="fabrikam/new")

    threads = [threading.Thread(target=work, args=(one,)) for one in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report = _verify(store, "fabrikam/new")
    assert report.ok and report.rows == 80


def test_a_head_that_was_set_back_forks_nothing(store: Store) -> None:
    """Unique previous hashes refuse a second row after the same one, whatever the head says."""
    _append(store, _entry("L1"), _entry("L2"))
    with store.write() as conn:
        first = conn.execute(select(TABLE.c.hash).where(TABLE.c.position == 1)).scalar_one()
        conn.execute(tables.chain.update().values(position=1, hash=first))
    with pytest.raises(Exception, match="refused"):
        _append(store, _entry("L3"))
    with store.read() as conn:
        assert [row.subject for row in ledger.rows(conn, "r1")] == ["L1", "L2"]


def test_what_others_have_told_is_given_from_where_it_was_read_to(store: Store) -> None:
    _filled(store)
    _append(store, Entry("outcome", "r2", "L1", 1, "updated"), Entry("note", "r2", "L2"))
    _append(store, Entry("outcome", "r2", "", 20, "unchanged"), Entry("outcome", "r3", "L3", 1, "updated"))
    with store.read() as conn:
        at = ("fabrikam", "customers")
        assert ledger.told_by_others(conn, *at, ["r1"], 0) == ({"L1": 11, "L3": 14}, 14)
        assert ledger.told_by_others(conn, *at, ["r1", "r3"], 0) == ({"L1": 11}, 14)
        assert ledger.told_by_others(conn, *at, ["r1"], 11) == ({"L3": 14}, 14)
        assert ledger.told_by_others(conn, *at, ["r1"], 14) == ({}, 14)
        assert ledger.told_by_others(conn, "fabrikam", "none", ["r1"], 0) == ({}, 0)


def test_sqlite_finds_the_rows_of_one_subject_without_reading_the_chain(tmp_path: Path) -> None:
    store = open_store(tmp_path / "ledger.db")
    _filled(store)
    with store.read() as conn:
        asked: list[tuple[str, Any]] = []
        listen(conn, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
        rows = ledger.for_subject(conn, "fabrikam", "customers", "L2", 10)
        last = ledger.last_dispositions(conn, "fabrikam", "customers", ["L2"])
        assert ([row.position for row in rows], last) == ([8, 3], {"L2": "updated"})
        assert len(asked) == 2
        driver = cast("sqlite3.Connection", conn.connection.driver_connection)
        for statement, given in asked:
            steps = driver.execute(f"EXPLAIN QUERY PLAN {statement}", given).fetchall()
            assert any("ix_ledger_subject" in step[3] for step in steps), steps
    store.close()
