"""The few statements that every part of the store shares: chunks of keys, inserts that skip what is there, the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Table, UpdateBase
from sqlalchemy.dialects import postgresql, sqlite

from gp365.store.straight import run_many
from gp365.store.tables import counter

T = TypeVar("T")
Clock = Callable[[], datetime]

# Far below the limits of both databases (SQLite 32,766 and PostgreSQL 65,535 parameters a statement).
CHUNK = 500


def now(conn: Connection) -> datetime:
    """Return the present moment by the store's clock."""
    clock: Clock = cast("Any", conn.get_execution_options())["gp365_clock"]
    return clock()


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Cut values into lists that one statement can carry; equal values are kept once, in order."""
    unique = list(dict.fromkeys(values))
    for start in range(0, len(unique), size):
        yield unique[start : start + size]


def inserting(conn: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return the dialect's own insert, which knows ON CONFLICT."""
    return sqlite.insert(table) if conn.dialect.name == "sqlite" else postgresql.insert(table)


def insert_new(conn: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows that are not there yet, in one bulk statement."""
    name = f"insert new {table.name}"
    run_many(conn, name, lambda: inserting(conn, table).on_conflict_do_nothing(), rows)


def insert_rows(conn: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, in one bulk statement."""
    run_many(conn, f"insert {table.name}", lambda: inserting(conn, table), rows)


def put_rows(conn: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, or replace all other columns of those with the same primary key."""
    run_many(conn, f"put {table.name}", lambda: _putting(conn, table), rows)


def _putting(conn: Connection, table: Table) -> UpdateBase:
    statement = inserting(conn, table)
    keys = [column.name for column in table.primary_key.columns]
    fresh = {column.name: statement.excluded[column.name] for column in table.c if column.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=fresh)


def next_number(conn: Connection, name: str) -> int:
    """Raise a counter by one and return it; concurrent transactions get different numbers."""
    insert_new(conn, counter, [{"name": name, "value": 0}])
    raised = counter.update().where(counter.c.name == name).values(value=counter.c.value + 1)
    return int(conn.execute(raised.returning(counter.c.value)).scalar_one())
