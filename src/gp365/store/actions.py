"""Commands that a person gave while the service held the folder: kept until it has run them, with its answer.

A row holds the words of the command line, which never hold a secret. What the service does not live to finish is told
by `orphans`, and it is the caller who decides whether it may be done again.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Row, func, select

from gp365.store import tables
from gp365.store.bulk import now

WAITING, RUNNING, DONE, FAILED, GONE = "waiting", "running", "done", "failed", "gone"
_TABLE = tables.action


@dataclass(frozen=True, slots=True)
class Action:
    """One command: its name and all its words, the folder it was given in, who gave it, and how far it is.

    `answer` is the JSON document that it printed, b"" until it has ended.
    """

    id: str
    command: str
    arguments: tuple[str, ...]
    folder: str
    actor: str
    state: str
    made_at: datetime
    taken_at: datetime | None
    ended_at: datetime | None
    progress: str
    answer: bytes
    exit_code: int | None

    @property
    def ended(self) -> bool:
        """Tell whether nothing more will come."""
        return self.state in (DONE, FAILED, GONE)


def put(conn: Connection, command: str, arguments: Sequence[str], *, folder: str, actor: str) -> str:
    """Keep a command for the service and return its id, which nobody can guess."""
    name = secrets.token_hex(12)
    row = {"id": name, "command": command, "arguments": orjson.dumps(list(arguments)), "folder": folder}
    row |= {"actor": actor, "state": WAITING, "made_at": now(conn), "progress": "", "answer": b""}
    conn.execute(_TABLE.insert(), row)
    return name


def get(conn: Connection, id: str) -> Action | None:
    """Read a command, or None if there is none of this id."""
    row = conn.execute(select(_TABLE).where(_TABLE.c.id == id)).one_or_none()
    return None if row is None else _action(row)


def waiting(conn: Connection) -> Action | None:
    """Read the command that waits longest, or None."""
    query = select(_TABLE).where(_TABLE.c.state == WAITING)
    row = conn.execute(query.order_by(_TABLE.c.made_at, _TABLE.c.id).limit(1)).one_or_none()
    return None if row is None else _action(row)


def count_waiting(conn: Connection) -> int:
    """Count the commands that nobody has taken up."""
    return conn.execute(select(func.count()).where(_TABLE.c.state == WAITING)).scalar_one()


def take(conn: Connection, id: str) -> bool:
    """Take a waiting command up; False if it does not wait any more."""
    return _move(conn, id, WAITING, {"state": RUNNING, "taken_at": now(conn)})


def tell(conn: Connection, id: str, progress: str) -> None:
    """Say how far a running command is."""
    _move(conn, id, RUNNING, {"progress": progress})


def end(conn: Connection, id: str, state: str, *, answer: bytes, exit_code: int) -> None:
    """End a running command with what it printed."""
    _move(
        conn, id, RUNNING, {"state": state, "ended_at": now(conn), "answer": answer, "exit_code": exit_code}
    )


def withdraw(conn: Connection, id: str) -> bool:
    """Give up a command that still waits; False if it was taken up meanwhile."""
    return _move(conn, id, WAITING, {"state": GONE, "ended_at": now(conn)})


def orphans(conn: Connection) -> list[Action]:
    """Read the commands that an earlier service began and did not live to end."""
    query = select(_TABLE).where(_TABLE.c.state == RUNNING).order_by(_TABLE.c.made_at, _TABLE.c.id)
    return [_action(row) for row in conn.execute(query)]


def again(conn: Connection, id: str) -> None:
    """Let a command that was begun wait once more."""
    _move(conn, id, RUNNING, {"state": WAITING, "taken_at": None, "progress": ""})


def forget(conn: Connection, before: datetime) -> None:
    """Drop the commands that ended before a moment; what they did stands in the ledger."""
    conn.execute(_TABLE.delete().where(_TABLE.c.ended_at.is_not(None), _TABLE.c.ended_at < before))


def _move(conn: Connection, id: str, state: str, values: dict[str, Any]) -> bool:
    changed = conn.execute(_TABLE.update().where(_TABLE.c.id == id, _TABLE.c.state == state).values(values))
    return changed.rowcount == 1


def _action(row: Row[Any]) -> Action:
    values = dict(row._mapping)  # pyright: ignore[reportPrivateUsage]  SQLAlchemy's public name for it
    values["arguments"] = tuple(orjson.loads(values["arguments"]))
    return Action(**values)
