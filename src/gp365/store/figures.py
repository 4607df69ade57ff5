"""Figures of a flow at this moment: what is queued, waiting, parked and open, how many links, how old the cursors are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, and_, case, distinct, func, select

from gp365.store import tables
from gp365.store.claims import LOCK_ONLY, queue_of

_WORK, _WAIT = tables.work, tables.wait


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of one flow: records due now and due later, records that wait for others, what is open, and links."""

    due: int
    later: int
    waiting: int
    parked: int
    open_intents: int
    links: int


class CursorSet(NamedTuple):
    """Since when a side's feed stands where it stands."""

    side: str
    set_at: datetime


class Created(NamedTuple):
    """A record that a run created."""

    system: str
    entity: str
    key: str


def figures(conn: Connection, pair: str, flow: str, now: datetime) -> Figures:
    """Count what a flow has at hand."""
    queued = and_(_WORK.c.queue == queue_of(pair, flow), _WORK.c.seq > LOCK_ONLY)
    later = and_(queued, _WORK.c.due_at.is_not(None), _WORK.c.due_at > now)
    waiting = and_(_WAIT.c.pair == pair, _WAIT.c.flow == flow)
    late = _count(conn, later)
    return Figures(
        due=_count(conn, queued) - late,
        later=late,
        waiting=_count(conn, waiting, distinct(_WAIT.c.side + ":" + _WAIT.c.key)),
        parked=_open(conn, tables.parked, pair, flow),
        open_intents=_open(conn, tables.intent, pair, flow),
        links=_open(conn, tables.link, pair, flow),
    )


def cursors(conn: Connection, pair: str, flow: str) -> list[CursorSet]:
    """Read since when the feeds of a flow stand where they stand, by side."""
    cursor = tables.cursor
    query = select(cursor.c.side, cursor.c.set_at).where(cursor.c.pair == pair, cursor.c.flow == flow)
    return [CursorSet(*row) for row in conn.execute(query.order_by(cursor.c.side))]


def created(conn: Connection, run: str) -> set[Created]:
    """Name the records that a run created."""
    intent = tables.intent
    query = select(intent.c.system, intent.c.entity, intent.c.key)
    query = query.where(intent.c.run == run, intent.c.op == "create", intent.c.state.in_(("done", "settled")))
    return {Created(*row) for row in conn.execute(query)}


def _open(conn: Connection, table: Table, pair: str, flow: str) -> int:
    return _count(conn, and_(table.c.pair == pair, table.c.flow == flow, table.c.state == "open"))


def _count(conn: Connection, where: ColumnElement[bool], what: ColumnElement[object] | None = None) -> int:
    counted = func.count() if what is None else func.count(what)
    return conn.execute(select(counted).where(where)).scalar_one()


class Queue(NamedTuple):
    """What waits in the queue of a flow: how many records now, and when the next one of the others is due."""

    due: int
    next_at: datetime | None


def queues(conn: Connection, now: datetime) -> dict[tuple[str, str], Queue]:
    """Read the queues of all flows that have anything in them, by pair and flow."""
    later = and_(_WORK.c.due_at.is_not(None), _WORK.c.due_at > now)
    query = select(
        _WORK.c.pair,
        _WORK.c.flow,
        func.count(case((later, None), else_=1)),
        func.min(case((later, _WORK.c.due_at))),
    )
    query = query.where(_WORK.c.seq > LOCK_ONLY).group_by(_WORK.c.pair, _WORK.c.flow)
    return {(pair, flow): Queue(due, next_at) for pair, flow, due, next_at in conn.execute(query)}
