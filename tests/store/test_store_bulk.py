"""Bulk: a page of 200 costs a handful of statements, never one per record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event

from gp365.store import intents, ledger, links, match, parked, reservations, straight, work
from gp365.store.engine import Store
from gp365.store.intents import Intent
from gp365.store.lease import Lease
from gp365.store.links import NewLink
from gp365.store.parked import NewParked
from gp365.store.work import Claim

PLACE = ("fabrikam", "customers")
PAGE = 200


@contextmanager
def _statements(store: Store) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_conn, _cursor, statement, *_rest) -> None:
        seen.append(statement)

    plain = straight._driver

    def noting(conn):
        return _Noting(plain(conn), seen)

    event.listen(store.engine, "before_cursor_execute", note)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(straight, "_driver", noting)
        yield seen
    event.remove(store.engine, "before_cursor_execute", note)


class _Noting:
    """A driver's connection that notes the statements which go straight to it."""

    def __init__(self, conn, seen: list[str]) -> None:
        self._conn, self._seen = conn, seen

    def execute(self, sql: str, *values):
        self._seen.append(sql)
        return self._conn.execute(sql, *values)

    def executemany(self, sql: str, *values):
        self._seen.append(sql)
        return self._conn.executemany(sql, *values)


def _intents(clock, keys: list[str]) -> list[Intent]:
    at = clock()
    return [
        Intent(
            f"i{key}", "r", *PLACE, f"gp:{key}", "create", "sales", "account", "sales", key, "gp", key, f"ref{key}",
            b"{}", b"{}", "h", b"[]", at, at + timedelta(minutes=2), 1, "open", at, None, None, "",
        )
        for key in keys
    ]  # fmt: skip


def _whole_page(store: Store, lease: Lease, clock, keys: list[str]) -> None:
    subjects = [Claim(f"gp:{key}", (("gp", key, 1), ("sales", key, 0))) for key in keys]
    parts = [NewParked(*PLACE, f"gp:{key}", "name", "conflict", "m") for key in keys]
    with store.write(lease) as conn:
        work.enqueue(conn, *PLACE, [("gp", key, "feed") for key in keys])
        match.put_keys(conn, *PLACE, "gp", [(0, key, key.lower()) for key in keys])
        match.find(conn, *PLACE, keys)
        assert len(work.claim(conn, *PLACE, subjects, lease, "r")) == len(keys)
        reservations.reserve(conn, "sales", "account", {key: [key] for key in keys}, set())
        assert intents.open_many(conn, _intents(clock, keys)) == set()
    with store.write(lease) as conn:
        intents.close_many(conn, [(f"i{key}", "done", 1.0) for key in keys])
        links.insert(conn, [NewLink(*PLACE, key, key) for key in keys])
        held = links.by_keys(conn, *PLACE, "left", keys)
        links.update(conn, [replace(link, agreed=b"{}") for link in held.values()])
        links.prints(conn, *PLACE, "left", keys)
        parked.become_links(conn, *PLACE, {f"gp:{key}": f"L{held[key].id}" for key in keys})
        parked.put(conn, parts)
        parked.put(conn, parts)
        parked.end(conn, *PLACE, [(part.subject, "name") for part in parts])
        work.wake(conn, "fabrikam", "customers", [("gp", key) for key in keys])
        work.finish(conn, *PLACE, subjects, lease)
        rows = [ledger.Entry("outcome", "r", f"gp:{key}", 1, "created", "", b"{}") for key in keys]
        ledger.append(conn, "fabrikam/customers", rows, actor="anna", at=clock())


def test_a_page_costs_the_same_statements_whether_it_holds_two_records_or_two_hundred(
    store: Store, lease: Lease, clock
) -> None:
    counts: list[int] = []
    for size in (2, PAGE):
        with _statements(store) as seen:
            _whole_page(store, lease, clock, [f"S{size}-{n:04d}" for n in range(size)])
        counts.append(len(seen))
    assert counts[1] <= counts[0]
    assert counts[1] < 80


def test_an_unchanged_page_costs_one_read_and_one_insert(store: Store, lease: Lease) -> None:
    keys = [f"K{n:04d}" for n in range(PAGE)]
    with store.write(lease) as conn:
        links.insert(conn, [NewLink(*PLACE, key, key) for key in keys])
    with _statements(store) as seen:
        with store.read() as conn:
            links.prints(conn, *PLACE, "left", keys)
        with store.write() as conn:
            work.mark_quiet(conn, "r", [f"L{key}" for key in keys])
    assert len([one for one in seen if not one.startswith(("BEGIN", "SELECT pg_catalog", "SET LOCAL"))]) == 2


@pytest.mark.parametrize("many", [0, 1, 501, 1500])
def test_any_number_of_keys_may_be_asked_for_at_once(
    store: Store, many: int, open_again: Callable[[], Store]
) -> None:
    keys = [f"K{n}" for n in range(many)]
    with store.write() as conn:
        links.insert(conn, [NewLink(*PLACE, key, key) for key in keys])
        assert set(links.by_keys(conn, *PLACE, "right", [*keys, *keys])) == set(keys)
        assert set(links.prints(conn, *PLACE, "right", keys)) == set(keys)
