"""Transactions: whole or not at all, also when the process is killed or the disk is full."""

from __future__ import annotations

import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from gp365.model.errors import Bug, Retry
from gp365.store import ledger, links, tables, work
from gp365.store.columns import from_micros, squeeze, to_micros, unsqueeze
from gp365.store.engine import Store, open_store

CHILD = Path(__file__).parent / "store_child.py"


def _count(store: Store, table: str) -> int:
    with store.read() as conn:
        return conn.execute(select(func.count()).select_from(tables.metadata.tables[table])).scalar_one()


def test_nothing_of_a_block_that_failed_is_kept(store: Store) -> None:
    before = store.commits
    with pytest.raises(ZeroDivisionError), store.write() as conn:
        work.enqueue(conn, "fabrikam", "customers", [("gp", "AARONFIT0001", "feed")])
        raise ZeroDivisionError
    assert _count(store, "work") == 0
    assert store.commits == before


def test_a_process_killed_inside_a_transaction_leaves_the_store_whole(store: Store, url: str) -> None:
    with store.write() as conn:
        links.insert(conn, [links.NewLink("fabrikam", "customers", "BEFORE", "before")])
    child = subprocess.Popen(
        [sys.executable, str(CHILD), "hold", url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None and child.stdout.readline() == "inside\n"
    child.kill()
    child.communicate()
    with store.write() as conn:  # the dead process's lock is gone
        links.insert(conn, [links.NewLink("fabrikam", "customers", "AFTER", "after")])
        found = links.by_keys(conn, "fabrikam", "customers", "left", ["BEFORE", "AFTER", "K1", "K499"])
        assert set(found) == {"BEFORE", "AFTER"}
        assert ledger.verify(conn).ok and ledger.verify(conn).rows == 0
        if store.dialect == "sqlite":
            assert conn.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"


def test_a_full_disk_is_called_so_and_keeps_what_was_there(tmp_path: Path) -> None:
    store = open_store(tmp_path / "gp365.db")
    with store.write() as conn:
        work.enqueue(conn, "fabrikam", "customers", [("gp", "FIRST", "feed")])
    with pytest.raises(Bug) as failure, store.write() as conn:
        pages = conn.execute(text("PRAGMA page_count")).scalar_one()
        conn.execute(text(f"PRAGMA max_page_count={pages + 2}"))
        work.enqueue(conn, "fabrikam", "customers", [("gp", f"K{n:08d}", "feed") for n in range(20_000)])
    store.close()
    assert failure.value.code == "disk-full" and failure.value.exit_code == 6
    store = open_store(tmp_path / "gp365.db")
    assert _count(store, "work") == 1
    store.close()


def test_a_store_that_is_held_too_long_is_tried_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gp365.store.engine.BUSY_TIMEOUT_S", 0.05)
    store = open_store(tmp_path / "gp365.db")
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with store.write():
            held.set()
            done.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(20)
    try:
        with pytest.raises(Retry) as refusal, store.write():
            pass
    finally:
        done.set()
        holder.join()
        store.close()
    assert refusal.value.code == "store-busy"


def test_values_of_records_are_not_in_a_failure_of_the_store(store: Store) -> None:
    """PostgreSQL quotes the whole row when a rule is broken; none of it may reach a log."""
    row = {"pair": "p", "flow": "f", "side": "gp", "value": "canary-4711", "set_at": datetime.now(UTC)}
    with pytest.raises(Bug) as failure, store.write() as conn:
        conn.execute(tables.cursor.insert(), [row | {"digest": None}] * 2)
    assert failure.value.code == "bug"
    assert "canary-4711" not in "".join(traceback.format_exception(failure.value))


def test_a_reader_sees_one_unchanging_state_while_others_write(
    store: Store, open_again: Callable[[], Store]
) -> None:
    other = open_again()
    with store.read() as conn:
        assert work.pending(conn, "fabrikam", "customers", datetime.now(UTC)) == 0
        with other.write() as writing:
            work.enqueue(writing, "fabrikam", "customers", [("gp", "AARONFIT0001", "feed")])
        assert work.pending(conn, "fabrikam", "customers", datetime.now(UTC)) == 0
    assert _count(store, "work") == 1


def test_moments_come_back_exactly_and_naive_ones_are_refused() -> None:
    for at in (datetime(2026, 11, 22, 8, 0, 0, 123457, tzinfo=UTC), datetime(1900, 1, 1, tzinfo=UTC)):
        assert from_micros(to_micros(at)) == at
        assert from_micros(to_micros(at) + 1) == at + timedelta(microseconds=1)
    with pytest.raises(ValueError, match="time zone"):
        to_micros(datetime(2026, 11, 22))  # noqa: DTZ001


def test_packed_bytes_come_back_exactly_long_or_short() -> None:
    for payload in (b"", b"\x01", b"x" * 511, b"ab" * 5000, bytes(range(256)) * 3):
        assert unsqueeze(squeeze(payload)) == payload
    assert len(squeeze(b"name" * 1000)) < 200
