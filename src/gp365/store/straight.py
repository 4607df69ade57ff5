"""Statements that are compiled once and, on SQLite, go straight to the driver: the few that every page of a run asks.

What SQLAlchemy does anew with each statement, each parameter and each row costs more than SQLite itself. On PostgreSQL,
where an answer travels, they take the usual way. Values are made storable, and read, by the column types either way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import repeat
from typing import Any, cast

from sqlalchemy import Boolean, Connection, Dialect, Select, TypeDecorator, UpdateBase
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.compiler import SQLCompiler

Query = Select[*tuple[Any, ...]]
_Make = Callable[[Any], Any]
_Makes = tuple[tuple[int, _Make], ...]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement in SQLite's words, and how its parameters come from what is given in the order of its names.

    `places` says for each parameter which of the given values, followed by the fixed ones, it takes; `makes` makes those of
    some parameters storable, and `reads` makes values of some columns of an answer.
    """

    sql: str
    places: tuple[int, ...]
    fixed: tuple[Any, ...]
    makes: _Makes
    reads: _Makes = ()

    def values(self, given: tuple[Any, ...]) -> tuple[Any, ...]:
        """Give the parameters of one statement."""
        whole = given + self.fixed
        held = [whole[place] for place in self.places]
        for place, make in self.makes:
            held[place] = None if held[place] is None else make(held[place])
        return tuple(held)

    def rows(self, rows: Sequence[tuple[Any, ...]]) -> Iterable[tuple[Any, ...]]:
        """Give the parameters of many statements; worked out column by column, which costs a third of row by row."""
        columns: list[Iterable[Any]] = [*zip(*rows, strict=True), *(repeat(one) for one in self.fixed)]
        chosen = [columns[place] for place in self.places]
        return zip(*_each_made(chosen, self.makes), strict=False)


_COMPILED: dict[tuple[str, ...], _Compiled] = {}


def ask(
    conn: Connection, name: str, build: Callable[[], Query], given: Mapping[str, Any]
) -> Sequence[Sequence[Any]]:
    """Ask for rows. `name` stands for the query and everything that is fixed in it; `given` are its parameters."""
    if conn.dialect.name != "sqlite":
        return [tuple(row) for row in conn.execute(build(), given)]
    known = _COMPILED.get((name,))
    if known is None:
        query = build()
        kinds = enumerate(column.type for column in query.selected_columns)
        reads = tuple((place, made) for place, kind in kinds if (made := _reading(conn.dialect, kind)))
        known = _COMPILED[(name,)] = _compile(conn, query, given, reads)
    rows = _driver(conn).execute(known.sql, known.values(tuple(given.values()))).fetchall()
    if not known.reads or not rows:
        return rows
    return list(zip(*_each_made(list(zip(*rows, strict=True)), known.reads), strict=True))


def run(conn: Connection, name: str, build: Callable[[], UpdateBase], given: Mapping[str, Any]) -> int:
    """Run one statement; return how many rows it touched. `name` and `given` as those of `ask`."""
    if conn.dialect.name != "sqlite":
        return conn.execute(build(), given).rowcount
    known = _COMPILED.get((name,))
    if known is None:
        known = _COMPILED[(name,)] = _compile(conn, build(), given)
    with _refusing(known.sql):
        return _driver(conn).execute(known.sql, known.values(tuple(given.values()))).rowcount


def run_many(
    conn: Connection, name: str, build: Callable[[], UpdateBase], rows: Sequence[dict[str, Any]]
) -> int:
    """Run one statement for many rows, which all name the same parameters; return how many rows it touched.

    `name` stands for the statement and everything that is fixed in it.
    """
    if not rows:
        return 0
    names = tuple(rows[0])
    return run_rows(conn, name, build, names, [_in_order(row, names) for row in rows])


def run_rows(
    conn: Connection,
    name: str,
    build: Callable[[], UpdateBase],
    names: tuple[str, ...],
    rows: Sequence[tuple[Any, ...]],
) -> int:
    """Run one statement for many rows, which hold its parameters in the order of `names`; else as `run_many`."""
    if not rows:
        return 0
    if conn.dialect.name != "sqlite":
        return conn.execute(build(), [dict(zip(names, row, strict=True)) for row in rows]).rowcount
    known = _COMPILED.get((name, *names))
    if known is None:
        known = _COMPILED[name, *names] = _compile(conn, build(), names)
    with _refusing(known.sql):
        return _driver(conn).executemany(known.sql, known.rows(rows)).rowcount


def _in_order(row: dict[str, Any], names: tuple[str, ...]) -> tuple[Any, ...]:
    """Give a row's values in the order of the names, which most rows have anyway."""
    return tuple(row.values()) if tuple(row) == names else tuple([row[name] for name in names])


def _each_made(columns: list[Iterable[Any]], makes: _Makes) -> list[Iterable[Any]]:
    for place, make in makes:
        columns[place] = [None if value is None else make(value) for value in columns[place]]
    return columns


def _driver(conn: Connection) -> sqlite3.Connection:
    """Return SQLite's own connection; the transaction is begun already (see `engine.py`)."""
    return cast("sqlite3.Connection", conn.connection.driver_connection)


@contextmanager
def _refusing(sql: str) -> Generator[None]:
    """Raise what SQLAlchemy raises when a row breaks a rule of its table, whichever way it went."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise IntegrityError(sql, None, error, hide_parameters=True) from None


def _compile(
    conn: Connection, statement: UpdateBase | Query, given: Iterable[str], reads: _Makes = ()
) -> _Compiled:
    names = list(given)
    compiled = statement.compile(dialect=conn.dialect, column_keys=names)
    places = compiled.positiontup or ()
    stored = {name: _storing(conn.dialect, compiled, name) for name in places}
    fixed = {name: compiled.binds[name].effective_value for name in places if name not in names}
    kept = [_stored(stored[name], value) for name, value in fixed.items()]
    order = {name: place for place, name in enumerate([*names, *fixed])}
    makes = [(place, stored[name]) for place, name in enumerate(places) if name not in fixed]
    return _Compiled(
        str(compiled),
        tuple(order[name] for name in places),
        tuple(kept),
        tuple((place, make) for place, make in makes if make is not None),
        reads,
    )


def _stored(make: _Make | None, value: Any) -> Any:
    return value if make is None or value is None else make(value)


def _storing(dialect: Dialect, compiled: SQLCompiler, name: str) -> _Make | None:
    """Give what makes a value storable; None for what the driver takes as it is."""
    kind = compiled.binds[name].type
    if not isinstance(kind, TypeDecorator):
        return None
    return getattr(kind, "to_store", None) or (lambda value: kind.process_bind_param(value, dialect))


def _reading(dialect: Dialect, kind: Any) -> _Make | None:
    if isinstance(kind, TypeDecorator):
        decorated = cast("TypeDecorator[Any]", kind)
        made = getattr(decorated, "from_store", None)
        return made or (lambda value: decorated.process_result_value(value, dialect))
    return bool if isinstance(kind, Boolean) else None
