"""The few statements that every part of the store shares: chunks of keys, inserts that skip what is there, the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Table, TypeDecorator, UpdateBase
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.compiler import SQLCompiler

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


def run_many(
    conn: Connection, name: str, build: Callable[[], UpdateBase], rows: Sequence[dict[str, Any]]
) -> None:
    """Run one statement for many rows, which all name the same parameters.

    `name` stands for the statement and everything that is fixed in it: it is built and compiled once. On SQLite the rows
    go straight to the driver: what SQLAlchemy does with each of them costs more than the database itself.
    """
    if not rows:
        return
    if conn.dialect.name != "sqlite":
        conn.execute(build(), rows)
        return
    known = _COMPILED.get((name, *rows[0]))
    if known is None:
        known = _COMPILED[name, *rows[0]] = _compile(conn, build(), rows[0])
    conn.exec_driver_sql(known.sql, [known.values(row) for row in rows])


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement in SQLite's words: its parameters in order, each by name, with what makes it storable, or fixed."""

    sql: str
    given: tuple[tuple[str, Callable[[Any], Any] | None], ...]
    fixed: dict[str, Any]

    def values(self, row: dict[str, Any]) -> tuple[Any, ...]:
        held = self.fixed | row if self.fixed else row
        return tuple([held[name] if make is None else make(held[name]) for name, make in self.given])


_COMPILED: dict[tuple[str, ...], _Compiled] = {}


def _compile(conn: Connection, statement: UpdateBase, row: dict[str, Any]) -> _Compiled:
    compiled = statement.compile(dialect=conn.dialect, column_keys=list(row))
    names = compiled.positiontup or ()
    given = tuple((name, None if name not in row else _storable(conn, compiled, name)) for name in names)
    return _Compiled(
        str(compiled),
        given,
        {name: _made(conn, compiled, name) for name in names if name not in row},
    )


def _storable(conn: Connection, compiled: SQLCompiler, name: str) -> Callable[[Any], Any] | None:
    kind = compiled.binds[name].type
    if not isinstance(kind, TypeDecorator):
        return None  # what the driver takes as it is
    return lambda value: kind.process_bind_param(value, conn.dialect)


def _made(conn: Connection, compiled: SQLCompiler, name: str) -> Any:
    make, value = _storable(conn, compiled, name), compiled.binds[name].effective_value
    return value if make is None else make(value)


def next_number(conn: Connection, name: str) -> int:
    """Raise a counter by one and return it; concurrent transactions get different numbers."""
    insert_new(conn, counter, [{"name": name, "value": 0}])
    raised = counter.update().where(counter.c.name == name).values(value=counter.c.value + 1)
    return int(conn.execute(raised.returning(counter.c.value)).scalar_one())
