"""The worker's lease is prolonged beside the work and given back at its end."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from gp365.app.actions.lease import COMMAND, NAME, working
from gp365.model.errors import Misconfigured, Retry
from gp365.model.record import Op, Write
from gp365.store import lease as leases
from gp365.store import tables
from gp365.store.engine import Store, open_store


def until_of(store: Store) -> object:
    with store.read() as conn:
        return conn.execute(select(tables.lease.c.until)).scalar_one()


def test_a_lease_outlives_its_first_term_and_keeps_others_out(tmp_path: Path) -> None:
    store = open_store(tmp_path / "gp365.db")
    with working(store, "one", 0.9) as lease:
        first, deadline = until_of(store), time.monotonic() + 30
        while until_of(store) == first:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        with pytest.raises(Misconfigured) as refused, store.write() as conn:
            leases.take(conn, NAME, "another", 60)
        assert refused.value.code == "folder-locked"
        with store.write(lease):
            pass
    with store.write() as conn:
        leases.take(conn, NAME, "another", 60)
    store.close()


def test_a_process_that_died_is_followed_by_its_own_folder_at_once(tmp_path: Path) -> None:
    store = open_store(tmp_path / "gp365.db")
    with store.write() as conn:
        dead = leases.take(conn, NAME, "this folder", 600)
    with (
        working(store, "this folder", 600) as lease,
        pytest.raises(leases.LeaseLost),
        store.write(dead),
    ):
        pass
    assert lease.number > dead.number
    store.close()


def test_a_worker_that_could_not_prolong_its_lease_sends_nothing_more(tmp_path: Path) -> None:
    at = [datetime(2026, 11, 23, 8, 0, tzinfo=UTC)]
    store = open_store(tmp_path / "gp365.db", clock=lambda: at[0])
    with working(store, "one", 60) as lease:
        write = Write(
            Op.UPDATE, ("A",), {"Name": "B"}, send_by=at[0] + timedelta(hours=1), may_send=lease.holds
        )
        assert write.in_time(at[0])
        at[0] += timedelta(seconds=55)
        assert not write.in_time(at[0])  # somebody may take it over in a moment
    assert not lease.holds()
    store.close()


def test_a_command_keeps_its_pairs_from_others_and_its_own_slot_from_nobody(tmp_path: Path) -> None:
    store = open_store(tmp_path / "gp365.db")
    with working(store, "this folder", 60, pairs=("one",)):
        with working(store, "this folder", 60, slot=COMMAND, pairs=("two",)):
            pass
        with pytest.raises(Retry) as busy, working(store, "this folder", 60, slot=COMMAND, pairs=("one",)):
            pass
        assert busy.value.code == "pair-busy"
    with working(store, "this folder", 60, slot=COMMAND, pairs=("one",)):
        pass
    store.close()
