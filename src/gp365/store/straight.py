"""Statements that are compiled once and, on SQLite, go straight to the driver: the few that every page of a run asks.

What SQLAlchemy does anew with each statement, each parameter and each row costs more than SQLite itself. On PostgreSQL,
where an answer travels, they take the usual way. Values are made storable, and read, by the column types either way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Boolean, Connection, Dialect, Select, TypeDecorator, UpdateBase
from sqlalchemy.sql.compiler import SQLCompiler

Query = Select[*tuple[Any, ...]]
_Make = Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement in SQLite's words: its parameters in order, each by name with what makes it storable, and fixed ones.

    `read` makes values of what an answer holds, by column; None where every column is what it is.
    """

    sql: str
    given: tuple[tuple[str, _Make], ...]
    fixed: Mapping[str, Any]
    read: tuple[_Make, ...] | None = None

    def values(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        held = {**self.fixed, **row} if self.fixed else row
        return tuple([held[name] if make is None else make(held[name]) for name, make in self.given])


_COMPILED: dict[tuple[str, ...], _Compiled] = {}


def ask(
    conn: Connection, name: str, build: Callable[[], Query], given: Mapping[str, Any]
) -> Sequence[tuple[Any, ...]]:
    """Ask for rows. `name` stands for the query and everything that is fixed in it; `given` are its parameters."""
    if conn.dialect.name != "sqlite":
        return [tuple(row) for row in conn.execute(build(), given)]
    known = _COMPILED.get((name,))
    if known is None:
        query = build()
        types = [column.type for column in query.selected_columns]
        read = tuple(_reading(conn.dialect, kind) for kind in types)
        known = _COMPILED[(name,)] = _compile(conn, query, given, read if any(read) else None)
    rows = conn.exec_driver_sql(known.sql, known.values(given)).all()
    if known.read is None:
        return rows
    return [
        tuple([value if make is None else make(value) for make, value in zip(known.read, row, strict=True)])
        for row in rows
    ]


def run_many(
    conn: Connection, name: str, build: Callable[[], UpdateBase], rows: Sequence[dict[str, Any]]
) -> None:
    """Run one statement for many rows, which all name the same parameters.

    `name` stands for the statement and everything that is fixed in it.
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


def _compile(
    conn: Connection,
    statement: UpdateBase | Query,
    given: Iterable[str],
    read: tuple[_Make, ...] | None = None,
) -> _Compiled:
    names = list(given)
    compiled = statement.compile(dialect=conn.dialect, column_keys=names)
    places = compiled.positiontup or ()
    makes = {name: _storing(conn.dialect, compiled, name) for name in places}
    fixed = {name: compiled.binds[name].effective_value for name in places if name not in names}
    stored = {name: value if (make := makes[name]) is None else make(value) for name, value in fixed.items()}
    ordered = tuple((name, makes[name] if name in names else None) for name in places)
    return _Compiled(str(compiled), ordered, stored, read)


def _storing(dialect: Dialect, compiled: SQLCompiler, name: str) -> _Make:
    kind = compiled.binds[name].type
    if not isinstance(kind, TypeDecorator):
        return None  # what the driver takes as it is
    return lambda value: kind.process_bind_param(value, dialect)


def _reading(dialect: Dialect, kind: Any) -> _Make:
    if isinstance(kind, TypeDecorator):
        decorated = cast("TypeDecorator[Any]", kind)
        return lambda value: decorated.process_result_value(value, dialect)
    return bool if isinstance(kind, Boolean) else None
