"""Opening the store: the only SQLite engine (write-ahead log, explicit transactions), or PostgreSQL."""

from __future__ import annotations

import sqlite3
import threading
import uuid
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, select

from gp365.model.errors import Misconfigured
from gp365.store import tables
from gp365.store.bulk import Clock, insert_new
from gp365.store.faults import as_our_errors
from gp365.store.lease import Lease, check
from gp365.store.migrate import upgrade

BUSY_TIMEOUT_S = 60.0
OLDEST_SQLITE = (3, 35, 0)  # the first with RETURNING (sqlite.org/releaselog/3_35_0.html)
_BEGIN = "gp365_begin"
_LEFT_OPEN = "SET LOCAL idle_in_transaction_session_timeout = '20s'"
"""On PostgreSQL: a machine that stops in the middle of a writing transaction must not keep its locks from all others."""
_READING = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}  # on PostgreSQL
# FULL, not NORMAL: in WAL mode NORMAL may lose the last commits at a power failure (sqlite.org/pragma.html), and an
# intent that is lost after its call was sent is a write that nobody knows of.
_PRAGMAS = (
    "PRAGMA synchronous=FULL",
    "PRAGMA wal_autocheckpoint=4000",
    "PRAGMA journal_size_limit=67108864",
    "PRAGMA cache_size=-16384",
    "PRAGMA temp_store=MEMORY",
)


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


class Store:
    """An open store. `write` and `read` give a connection inside one transaction; any thread may use them.

    `commits` counts the writing transactions that were committed, for tests and figures. `id` names this store for
    ever; a backup keeps it.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.dialect = engine.dialect.name
        self.commits = 0
        self._counting = threading.Lock()
        self._idle: list[Connection] = []
        self._reading = engine if self.dialect == "sqlite" else engine.execution_options(**_READING)
        self.id = ""

    def write(self, lease: Lease | None = None) -> AbstractContextManager[Connection]:
        """Open a writing transaction: committed at the end of the block, rolled back by an exception.

        With a lease: LeaseLost if it is not the current one. On SQLite writers take turns from the first statement on.
        """
        return self._transaction(lease)

    def read(self) -> AbstractContextManager[Connection]:
        """Open a reading transaction: one unchanging view of the store."""
        return self._transaction(None, reading=True)

    def close(self) -> None:
        """Close every connection."""
        while self._idle:
            self._idle.pop().close()
        self.engine.dispose()

    @contextmanager
    def _transaction(self, lease: Lease | None, *, reading: bool = False) -> Generator[Connection]:
        with as_our_errors(), self._connected(reading=reading) as conn, conn.begin():
            if not reading and self.dialect != "sqlite":
                conn.exec_driver_sql(_LEFT_OPEN)
            if lease is not None:
                check(conn, lease)
            yield conn
        if not reading:
            with self._counting:
                self.commits += 1

    @contextmanager
    def _connected(self, *, reading: bool) -> Generator[Connection]:
        """Give a connection; on SQLite the one that was used last, with what it has read in its cache.

        SQLite lets a connection forget what it has read as soon as another one has written. One in which anything failed is
        not used again.
        """
        if self.dialect != "sqlite":
            with (self._reading if reading else self.engine).connect() as conn:
                yield conn
            return
        try:
            conn = self._idle.pop()  # one step: no other thread gets the same
        except IndexError:
            conn = self.engine.connect()
        conn.info[_BEGIN] = "BEGIN DEFERRED" if reading else "BEGIN IMMEDIATE"
        try:
            yield conn
        except BaseException:
            conn.close()
            raise
        self._idle.append(conn)


def open_store(url_or_path: str | Path, *, clock: Clock = utc_now) -> Store:
    """Open a store by SQLite file or database URL, making and migrating its tables where needed.

    Misconfigured("store-newer") if a newer gp365 made it, ("sqlite-old") if Python's SQLite is too old;
    Bug("store-failed") if it cannot be opened.
    """
    url = _url(url_or_path)
    engine = _sqlite(url) if url.get_backend_name() == "sqlite" else _postgresql(url)
    store = Store(engine.execution_options(gp365_clock=clock))
    try:
        with as_our_errors():
            upgrade(store.engine)
            store.id = _identity(store)
    except BaseException:
        store.close()
        raise
    return store


def _url(url_or_path: str | Path) -> URL:
    if isinstance(url_or_path, Path) or "://" not in url_or_path:
        return URL.create("sqlite+pysqlite", database=str(url_or_path))
    url = make_url(url_or_path)
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def _sqlite(url: URL) -> Engine:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise Misconfigured(
            "sqlite-old",
            f"This Python brings SQLite {sqlite3.sqlite_version}; the store needs 3.35 or newer.",
            fix="Use a Python with a newer SQLite, or a PostgreSQL store.",
        )
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_TIMEOUT_S})
    event.listen(engine, "connect", _on_sqlite_connect)
    event.listen(engine, "begin", _on_sqlite_begin)
    return engine


def _postgresql(url: URL) -> Engine:
    return create_engine(url, hide_parameters=True, pool_pre_ping=True)


def _on_sqlite_connect(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver must not open transactions by itself: it does so late, after the first SELECT, and two writers then
    # read the same ledger head (docs.sqlalchemy.org, SQLite, "Serializable isolation / Savepoints").
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(pragma)
    # Asked first, because setting it needs the file alone even when nothing changes.
    if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        connection.execute("PRAGMA journal_mode=WAL")


def _on_sqlite_begin(conn: Connection) -> None:
    # By the driver itself: a round begins a hundred transactions, most of which ask one small question.
    driver: Any = conn.connection.driver_connection
    driver.execute(conn.info.get(_BEGIN, "BEGIN IMMEDIATE"))


def _identity(store: Store) -> str:
    query = select(tables.meta.c.value).where(tables.meta.c.name == "store")
    with store.read() as conn:
        known = conn.execute(query).scalar_one_or_none()
    if known is not None:
        return known
    with store.write() as conn:
        insert_new(conn, tables.meta, [{"name": "store", "value": uuid.uuid4().hex}])
        return conn.execute(query).scalar_one()
