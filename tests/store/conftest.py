"""Stores to test on: a SQLite file and a schema of a real PostgreSQL server, which comes from a wheel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gp365.store.engine import Store, open_store
from gp365.store.lease import Lease, take
from postgresql import new_schema


class HandClock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place for a store that does not exist yet."""
    if request.param == "sqlite":
        return str(tmp_path / ".gp365" / "gp365.db")
    return new_schema(request.getfixturevalue("postgresql_server"))


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def open_again(url: str, clock: HandClock) -> Iterator[Callable[[], Store]]:
    """Open the same store once more, as another process would."""
    opened: list[Store] = []

    def open_it() -> Store:
        opened.append(open_store(url, clock=clock))
        return opened[-1]

    yield open_it
    for one in opened:
        one.close()


@pytest.fixture
def store(open_again: Callable[[], Store]) -> Store:
    return open_again()


@pytest.fixture
def lease(store: Store) -> Lease:
    with store.write() as conn:
        return take(conn, "worker-1", "first", 600)
