"""Figures of a flow at this moment: what is queued, waiting, parked and open, how many links, how old the cursors are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    case,
    distinct,
    func,
    or_,
    select,
    text,
)

from gp365.store import guards, runs, tables
from gp365.store.claims import LOCK_ONLY, queue_of
from gp365.store.guards import Guard
from gp365.store.runs import Run
from gp365.store.straight import Query, ask
from gp365.store.verifications import STANDING

_WORK, _WAIT = tables.work, tables.wait
OPEN = text("state = 'open'")
"""As it stands in the indexes: SQLite takes one of them only for the same words, not for a parameter."""
Flow = tuple[str, str]
"""Pair and flow."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of one flow: records due now and due later, records that wait for others, what is open, and links."""

    due: int
    later: int
    waiting: int
    parked: int
    open_intents: int
    links: int


class Standing(NamedTuple):
    """What the store tells of one flow: its figures, refused records, unkept writes, guards, and its newest runs.

    `last` is the newest run that looked at everything, ended or not; `good` the newest of these that came to a good end.
    """

    figures: Figures
    rejected: int
    unkept: int
    guards: Sequence[Guard]
    last: Run | None
    good: Run | None


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
    given = {"in_queue": queue_of(pair, flow), "in_now": now, "in_pair": pair, "in_flow": flow}
    ((queued, late, *others),) = ask(conn, "figures", _figures, given)
    return Figures(queued - late, late, *others)


def _figures() -> Query:
    queued = and_(_WORK.c.queue == bindparam("in_queue"), _WORK.c.seq > LOCK_ONLY)
    later = and_(queued, _WORK.c.due_at.is_not(None), _WORK.c.due_at > bindparam("in_now"))
    records = distinct(_WAIT.c.side + ":" + _WAIT.c.key)
    counts = [
        select(func.count()).select_from(_WORK).where(queued),
        select(func.count()).select_from(_WORK).where(later),
        select(func.count(records)).where(*_of_flow(_WAIT)),
        *(
            select(func.count()).select_from(table).where(*_of_flow(table), OPEN)
            for table in (tables.parked, tables.intent, tables.link)
        ),
    ]
    return select(*(one.scalar_subquery().label(f"n{at}") for at, one in enumerate(counts)))


def _of_flow(table: Table) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.c.pair == bindparam("in_pair"), table.c.flow == bindparam("in_flow")


def standings(conn: Connection, flows: Sequence[Flow], now: datetime) -> dict[Flow, Standing]:
    """Read how flows (pair, flow) stand, in eight statements for all of them together."""
    queued, waiting, links = queues(conn, now), _waiting(conn), _by_flow(conn, tables.link)
    parked = _by_flow(conn, tables.parked)
    rejected = _by_flow(conn, tables.parked, tables.parked.c.code == "rejected") if parked else {}
    intents, unkept = _by_flow(conn, tables.intent), _unkept(conn)
    held = guards.standing_all(conn)
    last, good = runs.newest(conn, flows), runs.newest(conn, flows, state=runs.GOOD)
    found: dict[Flow, Standing] = {}
    for flow in flows:
        queue = queued.get(flow, Queue(0, None))
        counts = Figures(
            queue.due,
            queue.later,
            *(counted.get(flow, 0) for counted in (waiting, parked, intents, links)),
        )
        mine = [one for one in held if one.pair == flow[0] and one.flow in ("", flow[1])]
        found[flow] = Standing(
            counts, rejected.get(flow, 0), unkept.get(flow, 0), mine, last.get(flow), good.get(flow)
        )
    return found


def due(conn: Connection, pair: str, flow: str, now: datetime) -> int:
    """Count the records of a flow that are due now."""
    ((number,),) = ask(conn, "due", _due, {"in_queue": queue_of(pair, flow), "in_now": now})
    return number


def _due() -> Query:
    queued = (_WORK.c.queue == bindparam("in_queue"), _WORK.c.seq > LOCK_ONLY)
    now = or_(_WORK.c.due_at.is_(None), _WORK.c.due_at <= bindparam("in_now"))
    return select(func.count()).select_from(_WORK).where(*queued, now)


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


class Queue(NamedTuple):
    """What waits in the queue of a flow: how many records now, when the next one of the others is due, how many later."""

    due: int
    next_at: datetime | None
    later: int = 0


def queues(conn: Connection, now: datetime) -> dict[tuple[str, str], Queue]:
    """Read the queues of all flows that have anything in them, by pair and flow."""
    later = and_(_WORK.c.due_at.is_not(None), _WORK.c.due_at > now)
    query = select(
        _WORK.c.pair,
        _WORK.c.flow,
        func.count(case((later, None), else_=1)),
        func.min(case((later, _WORK.c.due_at))),
        func.count(case((later, 1))),
    )
    query = query.where(_WORK.c.seq > LOCK_ONLY).group_by(_WORK.c.pair, _WORK.c.flow)
    return {(pair, flow): Queue(due, at, later) for pair, flow, due, at, later in conn.execute(query)}


def _waiting(conn: Connection) -> dict[Flow, int]:
    records = func.count(distinct(_WAIT.c.side + ":" + _WAIT.c.key))
    return _counted(conn, select(_WAIT.c.pair, _WAIT.c.flow, records).group_by(_WAIT.c.pair, _WAIT.c.flow))


def _by_flow(conn: Connection, table: Table, *where: ColumnElement[bool]) -> dict[Flow, int]:
    query = select(table.c.pair, table.c.flow, func.count()).where(OPEN, *where)
    return _counted(conn, query.group_by(table.c.pair, table.c.flow))


def _unkept(conn: Connection) -> dict[Flow, int]:
    table = tables.verification
    query = select(table.c.pair, table.c.flow, func.count()).where(table.c.state == STANDING)
    return _counted(conn, query.group_by(table.c.pair, table.c.flow))


def _counted(conn: Connection, query: Select[Any, Any, int]) -> dict[Flow, int]:
    return {(pair, flow): number for pair, flow, number in conn.execute(query)}
