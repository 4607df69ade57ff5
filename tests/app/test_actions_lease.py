"""The worker's lease is prolonged beside the work and given back at its end."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from sqlalchemy import select

from gp365.app.actions.lease import NAME, working
from gp365.model.errors import Misconfigured
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
