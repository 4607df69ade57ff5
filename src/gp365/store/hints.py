"""Hints: records that somebody told us to look at, kept until somebody has; told again, the same row is raised.

A hint says nothing but "look at this key". So a delivery that comes twice, late, or out of order is free of effect.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, UpdateBase, bindparam, case, func, select

from gp365.store import tables
from gp365.store.bulk import inserting
from gp365.store.straight import Query, ask, run_many

_HINT = tables.hint
_COLUMNS = (
    _HINT.c.system,
    _HINT.c.entity,
    _HINT.c.key,
    _HINT.c.message,
    _HINT.c.operation,
    _HINT.c.tag,
    _HINT.c.at,
    _HINT.c.mark,
    _HINT.c.told,
)


@dataclass(frozen=True, slots=True)
class Hint:
    """A record that changed, as a system said: its table and key, what was done to it, and when we were told.

    `key` is as the store writes keys (`model.values.key_text`). `message` is the sender's word (Create, Update, …),
    `operation` its own number of the event, `tag` the mark that the writer of the change had set; "" where nothing was said.
    """

    system: str
    table: str
    key: str
    message: str
    operation: str
    tag: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Taken(Hint):
    """A hint as it was taken. `mark` changes whenever it is raised; `told` is how often it was told in all."""

    mark: str = ""
    told: int = 1


def keep(conn: Connection, hints: Sequence[Hint]) -> None:
    """Keep hints: one row per system, table and key, which shows the newest of those told."""
    mark = uuid.uuid4().hex
    rows: dict[tuple[str, str, str], Taken] = {}
    for hint in hints:
        place = (hint.key, hint.table, hint.system)
        known = rows.get(place)
        newest = known if known is not None and known.at > hint.at else hint
        told = 1 if known is None else known.told + 1
        rows[place] = _taken(newest, mark, told)
    # One order of locking: no deadlocks.
    run_many(conn, "keep hints", lambda: _keeping(conn), [_row(rows[place]) for place in sorted(rows)])


def take(conn: Connection, system: str, limit: int) -> list[Taken]:
    """Read hints of a system, the longest waiting first; they stay until `done`."""
    given = {"in_system": system, "most": limit}
    return [Taken(*row) for row in ask(conn, "take hints", _oldest, given)]


def done(conn: Connection, taken: Iterable[Taken]) -> int:
    """Remove hints that were taken, but those that were told again since; return how many went."""
    gone = [
        {"b_key": one.key, "b_entity": one.table, "b_system": one.system, "b_mark": one.mark} for one in taken
    ]
    return run_many(conn, "hints done", _removing, sorted(gone, key=lambda row: row["b_key"]))


def waiting(conn: Connection) -> dict[str, int]:
    """Count the hints that wait, by system."""
    query = select(_HINT.c.system, func.count()).group_by(_HINT.c.system).order_by(_HINT.c.system)
    return {str(row[0]): int(row[1]) for row in conn.execute(query)}


def _taken(hint: Hint, mark: str, told: int) -> Taken:
    return Taken(
        hint.system,
        hint.table,
        hint.key,
        hint.message,
        hint.operation,
        hint.tag,
        hint.at,
        mark,
        told,
    )


def _row(taken: Taken) -> dict[str, Any]:
    row = asdict(taken)
    row["entity"] = row.pop("table")
    return row | {"first_at": taken.at}


def _keeping(conn: Connection) -> UpdateBase:
    statement = inserting(conn, _HINT)
    fresh = statement.excluded

    def newest(name: str) -> ColumnElement[Any]:
        return case((_HINT.c.at > fresh.at, _HINT.c[name]), else_=fresh[name])

    raised = {name: newest(name) for name in ("message", "operation", "tag", "at")}
    counted = {"mark": fresh.mark, "told": _HINT.c.told + fresh.told}
    return statement.on_conflict_do_update(
        index_elements=["key", "entity", "system"], set_={**raised, **counted}
    )


def _oldest() -> Query:
    query = select(*_COLUMNS).where(_HINT.c.system == bindparam("in_system"))
    return query.order_by(_HINT.c.first_at, _HINT.c.entity, _HINT.c.key).limit(bindparam("most"))


def _removing() -> UpdateBase:
    place = (_HINT.c.entity == bindparam("b_entity"), _HINT.c.system == bindparam("b_system"))
    return _HINT.delete().where(
        _HINT.c.key == bindparam("b_key"), *place, _HINT.c.mark == bindparam("b_mark")
    )
