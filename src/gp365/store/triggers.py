"""What rules of the calendar keep: one row by name, raised with every change, so that of two writers one is refused."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, select

from gp365.store import tables
from gp365.store.bulk import inserting, now

_TABLE = tables.trigger
_NEW = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept under a name. `number` is how often it was changed; 0: it is not there yet. `body` is the caller's."""

    name: str
    body: bytes = b""
    number: int = _NEW


def read(conn: Connection) -> dict[str, Kept]:
    """Read everything that is kept, by name."""
    query = select(_TABLE.c.name, _TABLE.c.body, _TABLE.c.number)
    return {row.name: Kept(row.name, row.body, row.number) for row in conn.execute(query)}


def put(conn: Connection, kept: Kept) -> Kept | None:
    """Keep a new body under the number that was read, and return it with its next; None if somebody else was faster."""
    values = {"body": kept.body, "number": kept.number + 1, "changed_at": now(conn)}
    if kept.number == _NEW:
        statement = inserting(conn, _TABLE).values(name=kept.name, **values).on_conflict_do_nothing()
    else:
        mine = (_TABLE.c.name == kept.name, _TABLE.c.number == kept.number)
        statement = _TABLE.update().where(*mine).values(values)
    if conn.execute(statement.returning(_TABLE.c.name)).scalar_one_or_none() is None:
        return None
    return Kept(kept.name, kept.body, kept.number + 1)


def forget_others(conn: Connection, names: Collection[str]) -> int:
    """Drop what is kept under other names; how many."""
    return conn.execute(_TABLE.delete().where(_TABLE.c.name.not_in(list(names)))).rowcount
