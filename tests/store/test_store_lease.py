"""Leases: one worker at a time, and a slow old worker can no longer commit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from gp365.model.errors import Misconfigured
from gp365.store import lease as leases
from gp365.store import tables, work
from gp365.store.engine import Store
from gp365.store.lease import Lease, LeaseLost

PLACE = ("fabrikam", "customers")


def _take(store: Store, name: str = "folder", holder: str = "first", ttl_s: float = 60) -> Lease:
    with store.write() as conn:
        return leases.take(conn, name, holder, ttl_s)


def test_a_folder_at_work_is_refused_to_a_second_process_by_name(store: Store) -> None:
    _take(store, holder="host:17")
    with pytest.raises(Misconfigured, match="host:17") as refusal:
        _take(store, holder="host:18")
    assert refusal.value.code == "folder-locked"


def test_a_lease_that_was_given_back_or_has_run_out_may_be_taken_by_another(store: Store, clock) -> None:
    first = _take(store)
    with store.write() as conn:
        leases.release(conn, first)
    second = _take(store, holder="second")
    clock.forward(61)
    third = _take(store, holder="third")
    assert first.number < second.number < third.number


def test_numbers_are_never_given_twice_whatever_the_name(store: Store) -> None:
    numbers = [_take(store, name=f"lane-{n % 3}", holder="same").number for n in range(9)]
    assert len(set(numbers)) == 9


def test_a_slow_old_worker_cannot_commit_after_another_has_taken_over(store: Store, clock) -> None:
    old = _take(store)
    clock.forward(61)
    new = _take(store, holder="second")
    with pytest.raises(LeaseLost) as loss, store.write(old) as conn:
        work.enqueue(conn, *PLACE, [("gp", "AARONFIT0001", "feed")])
    assert loss.value.code == "lease-lost" and loss.value.exit_code == 3
    with store.write(new) as conn:
        assert work.pending(conn, *PLACE, clock()) == 0
    with pytest.raises(LeaseLost), store.write() as conn:
        leases.renew(conn, old, 60)


def test_a_lease_that_nobody_took_is_renewed_even_after_a_pause(store: Store, clock) -> None:
    mine = _take(store)
    clock.forward(3600)
    with store.write(mine) as conn:
        renewed = leases.renew(conn, mine, 60)
    assert renewed.number == mine.number and renewed.until > clock()


def test_taking_over_a_claim_ends_the_lease_that_held_it(
    store: Store, open_again: Callable[[], Store], clock
) -> None:
    """The old worker's lease has another name, so nobody took it; its claim was taken, and that must end it."""
    old, new = _take(store, "worker-1"), _take(store, "worker-2", ttl_s=600)
    subject = work.Claim("gp:A", (("gp", "A", 1),))
    with store.write(old) as conn:
        work.enqueue(conn, *PLACE, [("gp", "A", "feed")])
        assert work.claim(conn, *PLACE, [subject], old, "run") == ["gp:A"]
    other = open_again()
    with other.write(new) as conn:
        assert work.claim(conn, *PLACE, [subject], new, "run") == []
    clock.forward(61)
    with other.write(new) as conn:
        assert work.claim(conn, *PLACE, [subject], new, "run") == ["gp:A"]
    with pytest.raises(LeaseLost), store.write(old) as conn:
        work.finish(conn, *PLACE, [subject], old)
    with pytest.raises(LeaseLost), store.write() as conn:
        leases.renew(conn, old, 60)
    with other.write(new) as conn:
        assert conn.execute(select(tables.work.c.lease)).scalar_one() == new.number


def test_a_lease_is_prolonged_while_a_long_transaction_works_under_it(store: Store, clock: Any) -> None:
    with store.write() as conn:
        held = leases.take(conn, "worker/a", "a", 15)
    if store.dialect == "sqlite":  # there writers take turns anyway
        return
    with store.write(held), store.write() as beside:
        clock.forward(10)
        assert leases.renew(beside, held, 15).until == clock() + timedelta(seconds=15)


def test_living_leases_are_told_by_name_and_only_one_that_has_run_out_can_be_ended(
    store: Store, clock: Any
) -> None:
    with store.write() as conn:
        first = leases.take(conn, "worker/a", "a", 15)
        leases.take(conn, "worker/b", "b", 60)
        leases.take(conn, "pair/one", "a", 60)
        assert [one.name for one in leases.held(conn, "worker/")] == ["worker/a", "worker/b"]
        assert not leases.end(conn, "worker/a")
    clock.forward(16)
    with store.write() as conn:
        assert [(one.name, one.holder) for one in leases.held(conn, "worker/")] == [("worker/b", "b")]
        assert leases.end(conn, "worker/a")
        assert not leases.end(conn, "worker/a")
    with pytest.raises(LeaseLost), store.write(first):
        pass
