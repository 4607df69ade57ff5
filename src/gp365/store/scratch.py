"""Scratch: a SQLite file that lives for one run, for what is too big for memory. It survives nothing and costs little."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from gp365.store.faults import as_our_errors

_PREFIX, _SUFFIX = "scratch-", ".db"
_ORPHAN_AFTER_S = 60.0
# Nothing of this file is read after a crash: the journal is in memory, and nobody waits for the disk.
_PRAGMAS = (
    "PRAGMA journal_mode=MEMORY",
    "PRAGMA synchronous=OFF",
    "PRAGMA locking_mode=EXCLUSIVE",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-8192",
)

Row = tuple[str, str, bytes]


class ScratchFile:
    """The scratch of one process: any number of named tables, used by any thread. Close it to delete the file."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        handle, name = tempfile.mkstemp(prefix=_PREFIX, suffix=_SUFFIX, dir=folder)
        os.close(handle)
        self.path = Path(name)
        self._lock = threading.RLock()
        self._tables: dict[str, ScratchRows] = {}
        self._files: list[Path] = []
        self._conn = sqlite3.connect(name, isolation_level=None, check_same_thread=False)
        for pragma in _PRAGMAS:
            self._conn.execute(pragma)

    def table(self, name: str, *, unique_keys: bool = True) -> ScratchRows:
        """Open (or make) the table of this name; it is empty at first.

        Without unique keys a row is added however often its key is there: for what is found by its index only.
        """
        with self._lock, as_our_errors():
            if name not in self._tables:
                number = f"t{len(self._tables)}"
                self._tables[name] = ScratchRows(self._conn, self._lock, number, unique_keys=unique_keys)
            return self._tables[name]

    def file(self) -> Path:
        """Make another file beside this one, empty, which is deleted with it; who opens it locks it."""
        handle, name = tempfile.mkstemp(prefix=_PREFIX, suffix=_SUFFIX, dir=self.path.parent)
        os.close(handle)
        with self._lock:
            self._files.append(Path(name))
        return self._files[-1]

    def close(self) -> None:
        """Delete the files."""
        with self._lock:
            self._conn.close()
        for path in (self.path, *self._files):
            # On Windows a file that is still open stays; the next scratch sweeps it.
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def __enter__(self) -> ScratchFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ScratchRows:
    """Rows of key, index text and payload, unique by key, or only ever found by index."""

    def __init__(
        self, conn: sqlite3.Connection, lock: threading.RLock, table: str, *, unique_keys: bool = True
    ) -> None:
        self._conn = conn
        self._lock = lock
        self._table = table  # our own word, never a caller's
        # Payloads lie in the order of arrival; only the small index is kept in the order of the keys.
        unique = "UNIQUE" if unique_keys else ""
        conn.execute(f"CREATE TABLE {table} (k TEXT NOT NULL {unique}, i TEXT NOT NULL, p BLOB NOT NULL)")
        self._unique_keys, self._indexed = unique_keys, False

    def put(self, rows: Sequence[Row]) -> None:
        """Add or replace rows (key, index, payload)."""
        with self._lock, as_our_errors():
            self._conn.execute("BEGIN")
            try:
                self._conn.executemany(f"INSERT OR REPLACE INTO {self._table} VALUES (?, ?, ?)", rows)  # noqa: S608
                self._conn.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # SQLite may have rolled back by itself
                    self._conn.execute("ROLLBACK")
                raise

    def get(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        """Read payloads by key; a missing one is not in the answer."""
        return {key: payload for key, _, payload in self._select("k", keys)}

    def find(self, indexes: Sequence[str]) -> Sequence[Row]:
        """Read rows by index text; those of one index text in the order of their keys."""
        if not self._indexed:
            # Made when it is asked for: sorting what is there costs less than keeping an order with each row.
            with self._lock, as_our_errors():
                covering = "i, k" if self._unique_keys else "i, k, p"
                self._conn.execute(f"CREATE INDEX {self._table}_i ON {self._table} ({covering})")
            self._indexed = True
        return self._select("i", indexes)

    def scan(self, page: int) -> Iterator[Sequence[Row]]:
        """Give all rows in pages, ordered by key; one page is in memory at a time."""
        rows = self._read(f"SELECT k, i, p FROM {self._table} ORDER BY k LIMIT ?", [page])  # noqa: S608
        after = f"SELECT k, i, p FROM {self._table} WHERE k > ? ORDER BY k LIMIT ?"  # noqa: S608
        while rows:
            yield rows
            rows = self._read(after, [rows[-1][0], page]) if len(rows) == page else []

    def keys(self, page: int) -> Iterator[Sequence[str]]:
        """Give all keys in pages, in their order."""
        rows = self._read(f"SELECT k FROM {self._table} ORDER BY k LIMIT ?", [page])  # noqa: S608
        after = f"SELECT k FROM {self._table} WHERE k > ? ORDER BY k LIMIT ?"  # noqa: S608
        while rows:
            yield [key for (key,) in rows]
            rows = self._read(after, [rows[-1][0], page]) if len(rows) == page else []

    def count(self) -> int:
        """Count the rows."""
        return int(self._read(f"SELECT count(*) FROM {self._table}", [])[0][0])  # noqa: S608

    def clear(self) -> None:
        """Drop all rows."""
        with self._lock, as_our_errors():
            self._conn.execute(f"DELETE FROM {self._table}")  # noqa: S608

    def _select(self, column: str, values: Sequence[str]) -> list[Row]:
        if not values:
            return []
        # One parameter of any length: thousands of marks cost more than the rows that they bring.
        named = orjson.dumps(list(values)).decode()
        listed = f"SELECT k, i, p FROM {self._table} WHERE {column} IN (SELECT value FROM json_each(?))"  # noqa: S608
        return self._read(listed, [named])

    def _read(self, statement: str, values: Sequence[object]) -> list[Any]:
        with self._lock, as_our_errors():
            return self._conn.execute(statement, values).fetchall()


def _sweep(folder: Path) -> None:
    """Delete the files that killed processes left behind: old enough, and locked by nobody."""
    for path in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
        with contextlib.suppress(OSError, sqlite3.Error):
            if time.time() - path.stat().st_mtime > _ORPHAN_AFTER_S and _is_free(path):
                path.unlink()


def _is_free(path: Path) -> bool:
    conn = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        conn.execute("BEGIN EXCLUSIVE")
        conn.execute("ROLLBACK")
        return True
    except sqlite3.OperationalError:
        return False
    finally:
        conn.close()
