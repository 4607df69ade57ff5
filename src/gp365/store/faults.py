"""What a database says when it fails, turned into our errors: disk full, broken, or only busy.

Statements and their values are never part of the message: they may hold customers' data.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from gp365.model.errors import Bug, Gp365Error, Retry

# Primary SQLite result codes (sqlite.org/rescode.html).
_SQLITE_BUSY = {5, 6}  # BUSY, LOCKED
_SQLITE_FULL = 13
_SQLITE_BROKEN = {8, 10, 11, 14, 23, 26}  # READONLY, IOERR, CORRUPT, CANTOPEN, AUTH, NOTADB
# SQLSTATE classes (PostgreSQL manual, appendix A).
_PG_FULL = "53100"
_PG_BUSY = {"25P03", "40001", "40P01", "55P03"}  # 25P03: ended because it stood still in a transaction
_PG_BROKEN = ("08", "53", "57", "58", "XX")


@contextmanager
def as_our_errors() -> Generator[None]:
    """Raise Bug("disk-full"), Bug("store-failed") or Retry("store-busy") instead of a database's own failure.

    Everything else that a database refuses is a fault of ours: Bug("bug"). The database's words are left out, because
    PostgreSQL quotes the row (its DETAIL); the trail of calls stays.
    """
    try:
        yield
    except DBAPIError as error:
        raise _translate(error.orig).with_traceback(error.__traceback__) from None
    except sqlite3.Error as error:
        raise _translate(error).with_traceback(error.__traceback__) from None
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise _full() from error


def _translate(error: BaseException | None) -> Gp365Error:
    if isinstance(error, sqlite3.Error):
        return _from_sqlite(error)
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str):
        return _from_postgresql(state, error)
    if type(error).__name__ == "OperationalError":  # psycopg: no connection, so no SQLSTATE
        return _failed("The store's server cannot be reached.")
    return _refused(type(error).__name__)


def _from_sqlite(error: sqlite3.Error) -> Gp365Error:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == _SQLITE_FULL:
        return _full()
    if code in _SQLITE_BUSY:
        return _busy()
    name = str(getattr(error, "sqlite_errorname", "") or type(error).__name__)
    if code in _SQLITE_BROKEN:
        return _failed(f"The store cannot be read or written ({name}).")
    return _refused(name)


def _from_postgresql(state: str, error: BaseException | None) -> Gp365Error:
    if state == _PG_FULL:
        return _full()
    if state in _PG_BUSY:
        return _busy()
    if state.startswith(_PG_BROKEN):
        return _failed(f"The store's server failed (SQLSTATE {state}).")
    rule = getattr(getattr(error, "diag", None), "constraint_name", None)
    return _refused(f"SQLSTATE {state}, {rule}" if rule else f"SQLSTATE {state}")


def _full() -> Bug:
    return Bug("disk-full", "The disk that holds the store is full; nothing of this step was kept.")


def _busy() -> Retry:
    return Retry("store-busy", "Another process held the store too long.", after_s=1.0)


def _failed(message: str) -> Bug:
    return Bug("store-failed", message)


def _refused(name: str) -> Bug:
    return Bug("bug", f"The store refused a statement ({name}).")
