"""The queue of keys: nothing is worked twice at once (see `claims.py`), and no trigger is ever lost.

A row is one record of one side that somebody should look at. Every trigger raises its `seq`; finishing removes the
row only if `seq` is still the one that was claimed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    UpdateBase,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
)

from gp365.store import tables
from gp365.store.among import among_given
from gp365.store.bulk import chunks, inserting, now
from gp365.store.claims import (
    LOCK_ONLY,
    Claim,
    claim,
    finish,
    give_back,
    mark_quiet,
    queue_of,
    release,
    rename_claims,
)
from gp365.store.columns import to_micros
from gp365.store.straight import Query, ask, run_rows
from gp365.store.waits import Wait, clear_waits, register_waits, waits_of, wake_rows

__all__ = [
    "HINT",
    "Claim",
    "Wait",
    "WorkRow",
    "arrived",
    "candidates",
    "claim",
    "clear_waits",
    "count_triggered",
    "deferred",
    "drop",
    "due_after",
    "enqueue",
    "finish",
    "give_back",
    "hinted",
    "made_due",
    "mark_quiet",
    "noted",
    "pending",
    "register_waits",
    "release",
    "rename_claims",
    "retell",
    "rows_of",
    "subjects_of",
    "waits_of",
    "wake",
]

HINT = "hint"
"""The reason of a row whose record somebody told us of."""
_WORK = tables.work
_NOTED = select(tables.run_subject.c.subject).where(
    tables.run_subject.c.run == bindparam("in_run"), among_given(tables.run_subject.c.subject)
)
_TOLD = _WORK.c.reason == literal_column(f"'{HINT}'")  # as the index says it, or it is not used
_ROW = (
    _WORK.c.side,
    _WORK.c.key,
    _WORK.c.seq,
    _WORK.c.reason,
    _WORK.c.attempts,
    _WORK.c.due_at,
    _WORK.c.enqueued,
)
_NOW = bindparam("in_now", type_=_WORK.c.due_at.type)
_FRESH = ("side", "key", "pair", "flow", "queue", "seq", "attempts", "due_at", "reason", "enqueued")


class WorkRow(NamedTuple):
    """A record that waits to be looked at; `enqueued` is since when, in microseconds, its place in a batch added."""

    side: str
    key: str
    seq: int
    reason: str
    attempts: int
    due_at: datetime | None
    enqueued: int = 0


def enqueue(
    conn: Connection,
    pair: str,
    flow: str,
    rows: Sequence[tuple[str, str, str]],
    due_at: datetime | None = None,
) -> None:
    """Ask for records (side, key, reason) to be looked at, now or at `due_at`; a row that is there gets the next seq.

    A row becomes due at the earlier of its old and its new moment.
    """
    if not rows:
        return
    first, queue = to_micros(now(conn)), queue_of(pair, flow)
    fresh = [
        (side, key, pair, flow, queue, 1, 0, due_at, reason, first + place)
        for place, (side, key, reason) in enumerate(rows)
    ]
    fresh.sort(key=itemgetter(0, 1))  # one order of locking: no deadlocks
    run_rows(conn, "enqueue", lambda: _enqueuing(conn), _FRESH, fresh)


def _enqueuing(conn: Connection) -> UpdateBase:
    statement = inserting(conn, _WORK)
    earlier = case(
        (or_(_WORK.c.due_at.is_(None), statement.excluded.due_at.is_(None)), None),
        (_WORK.c.due_at < statement.excluded.due_at, _WORK.c.due_at),
        else_=statement.excluded.due_at,
    )
    raised = {"seq": _WORK.c.seq + 1, "reason": statement.excluded.reason, "due_at": earlier}
    keys = ["pair", "flow", "side", "key"]
    return statement.on_conflict_do_update(index_elements=keys, set_=raised)


def pending(conn: Connection, pair: str, flow: str, now: datetime) -> int:
    """Count the records of a flow that are due, those at work included."""
    query = select(func.count()).select_from(_WORK).where(_WORK.c.queue == queue_of(pair, flow), _due(now))
    return conn.execute(query).scalar_one()


def deferred(conn: Connection, pair: str, flow: str, now: datetime) -> int:
    """Count the records of a flow that are to be looked at later: what was put off, or could not be settled yet."""
    ((number,),) = ask(conn, "deferred", _deferred, {"in_queue": queue_of(pair, flow), "in_now": now})
    return number


def _deferred() -> Query:
    later = (_WORK.c.due_at.is_not(None), _WORK.c.due_at > bindparam("in_now"), _WORK.c.seq > LOCK_ONLY)
    return select(func.count()).select_from(_WORK).where(_WORK.c.queue == bindparam("in_queue"), *later)


def candidates(
    conn: Connection, pair: str, flow: str, now: datetime, limit: int, exclude_claimed: bool = True
) -> list[WorkRow]:
    """Read the due records of a flow, the longest waiting first; those under a living claim are left out."""
    given = {"in_queue": queue_of(pair, flow), "in_now": now, "most": limit}
    if exclude_claimed:
        return [WorkRow(*row) for row in ask(conn, "work to be done", lambda: _by_age(_unheld()), given)]
    return [WorkRow(*row) for row in ask(conn, "work that is due", lambda: _by_age(), given)]


def arrived(conn: Connection, pair: str, flow: str, now: datetime, limit: int) -> list[WorkRow]:
    """Read the due records of which somebody has told us, the longest waiting first; not those under a living claim."""
    given = {"in_queue": queue_of(pair, flow), "in_now": now, "most": limit}
    return [WorkRow(*row) for row in ask(conn, "work told of", lambda: _by_age(_unheld(), _TOLD), given)]


def hinted(conn: Connection) -> list[tuple[str, str, int]]:
    """Count, by pair and flow, the records of which somebody has told us and that nobody is at work on."""
    query = select(_WORK.c.pair, _WORK.c.flow, func.count()).where(
        _TOLD, _WORK.c.lease.is_(None), _WORK.c.seq > LOCK_ONLY
    )
    return [
        (str(row[0]), str(row[1]), int(row[2]))
        for row in conn.execute(query.group_by(_WORK.c.pair, _WORK.c.flow))
    ]


def made_due(conn: Connection, pair: str, since: datetime, limit: int) -> list[tuple[str, str, str]]:
    """Read what a new link has made due in the flows of a pair since a moment, as (flow, side, key)."""
    query = select(_WORK.c.flow, _WORK.c.side, _WORK.c.key).where(
        _WORK.c.pair == pair, _WORK.c.reason.in_(("linked", "wake")), _WORK.c.enqueued >= to_micros(since)
    )
    query = query.where(_WORK.c.lease.is_(None), _WORK.c.seq > LOCK_ONLY).order_by(_WORK.c.enqueued)
    return [(str(row[0]), str(row[1]), str(row[2])) for row in conn.execute(query.limit(limit))]


def retell(conn: Connection, pair: str, flow: str, reason: str) -> None:
    """Give what somebody told us of another reason: it is not worked at once any more, but by the next round."""
    own = (_WORK.c.queue == queue_of(pair, flow), _TOLD, _WORK.c.lease.is_(None))
    conn.execute(_WORK.update().where(*own).values(reason=reason))


def drop(conn: Connection, pair: str, flow: str, rows: Sequence[WorkRow]) -> None:
    """Remove rows that are nobody's business, unless they were triggered since or are at work."""
    for row in rows:
        own = and_(_WORK.c.pair == pair, _WORK.c.flow == flow, _WORK.c.side == row.side)
        same = and_(_WORK.c.key == row.key, _WORK.c.seq == row.seq, _WORK.c.lease.is_(None))
        conn.execute(_WORK.delete().where(own, same))


def _by_age(*conditions: ColumnElement[bool]) -> Query:
    query = select(*_ROW).where(_WORK.c.queue == bindparam("in_queue"), _due(_NOW), *conditions)
    return query.order_by(_WORK.c.enqueued, _WORK.c.side, _WORK.c.key).limit(bindparam("most"))


def _unheld() -> ColumnElement[bool]:
    """Say that a row is under no living claim."""
    lease = tables.lease
    at_work = select(lease.c.number).where(lease.c.number == _WORK.c.lease, lease.c.until > _NOW)
    return or_(_WORK.c.lease.is_(None), ~at_work.exists())


def count_due(conn: Connection, pair: str, flow: str, now: datetime) -> int:
    """Count the due records of a flow, those at work included."""
    query = select(func.count()).select_from(_WORK).where(_WORK.c.queue == queue_of(pair, flow), _due(now))
    return conn.execute(query).scalar_one()


def count_triggered(conn: Connection, pair: str, flow: str, now: datetime) -> int:
    """Count the due records of a flow that something has happened to, not those that are only looked at again as parked."""
    given = {"in_queue": queue_of(pair, flow), "in_now": now}
    ((number,),) = ask(conn, "triggered", _triggered, given)
    return number


def _triggered() -> Query:
    mine = (_WORK.c.queue == bindparam("in_queue"), _due(_NOW), _WORK.c.reason != "parked")
    return select(func.count()).select_from(_WORK).where(*mine)


def due_after(
    conn: Connection, pair: str, flow: str, now: datetime, after: tuple[str, str] | None, limit: int
) -> list[WorkRow]:
    """Read due records of a flow, those at work included, in the order of (key, side), from the one after `after` on."""
    query = select(*_ROW).where(_WORK.c.queue == queue_of(pair, flow), _due(now))
    if after is not None:
        later = or_(_WORK.c.key > after[0], and_(_WORK.c.key == after[0], _WORK.c.side > after[1]))
        query = query.where(later)
    return [WorkRow(*row) for row in conn.execute(query.order_by(_WORK.c.key, _WORK.c.side).limit(limit))]


def rows_of(conn: Connection, pair: str, flow: str, records: Iterable[tuple[str, str]]) -> list[WorkRow]:
    """Read the rows of records (side, key) that nobody has claimed."""
    sides: dict[str, list[str]] = {}
    for side, key in records:
        sides.setdefault(side, []).append(key)
    found: list[WorkRow] = []
    for side, keys in sides.items():
        for chunk in chunks(keys):
            given = {"in_pair": pair, "in_flow": flow, "in_side": side, "keys": chunk}
            found += [WorkRow(*row) for row in ask(conn, "work rows", _unclaimed, given)]
    return found


def _unclaimed() -> Query:
    scope = (_WORK.c.pair == bindparam("in_pair"), _WORK.c.flow == bindparam("in_flow"))
    named = (_WORK.c.side == bindparam("in_side"), among_given(_WORK.c.key))
    return select(*_ROW).where(*scope, *named, _WORK.c.lease.is_(None), _WORK.c.seq > LOCK_ONLY)


def wake(
    conn: Connection, pair: str, on_flow: str, on: Iterable[tuple[str, str]]
) -> list[tuple[str, str, str]]:
    """End the waits on these records (side, key); enqueue and return those who waited, as (flow, side, key)."""
    waiters = wake_rows(conn, pair, on_flow, on)
    for flow in sorted({flow for flow, _, _ in waiters}):
        enqueue(conn, pair, flow, [(side, key, "wake") for other, side, key in waiters if other == flow])
    return waiters


def subjects_of(conn: Connection, run: str) -> int:
    """Count the distinct subjects of a run."""
    ((number,),) = ask(conn, "subjects of a run", _subjects, {"in_run": run})
    return number


def _subjects() -> Query:
    table = tables.run_subject
    return select(func.count()).select_from(table).where(table.c.run == bindparam("in_run"))


def noted(conn: Connection, run: str, subjects: Iterable[str]) -> set[str]:
    """Tell which of these subjects the run has taken up already."""
    found: set[str] = set()
    for chunk in chunks(subjects):
        given = {"in_run": run, "keys": chunk}
        found.update(subject for (subject,) in ask(conn, "noted", lambda: _NOTED, given))
    return found


def _due(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    return and_(_WORK.c.seq > LOCK_ONLY, or_(_WORK.c.due_at.is_(None), _WORK.c.due_at <= now))
