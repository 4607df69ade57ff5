"""Figures of a flow at this moment: what is queued, waiting, parked and open, how many links, how old the cursors are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Table, and_, func, or_, select

from gp365.store import tables
from gp365.store.claims import LOCK_ONLY, queue_of

_WORK, _WAIT, _PARKED, _INTENT, _LINK = (
    tables.work,
    tables.wait,
    tables.parked,
    tables.intent,
    tables.link,
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of one flow: records due now and later, records that wait for others, open entries, intents and links."""

    due: int
    later: int
    waiting: int
    parked: int
    rejected: int
    open_intents: int
    links: int


@dataclass(frozen=True, slots=True)
class CursorAge:
    """Where a side's feed stands: since when."""

    side: str
    set_at: datetime


def figures(conn: Connection, pair: str, flow: str, now: datetime) -> Figures:
    """Count what a flow has at hand. `parked` holds every open entry; `rejected` those that the other system refused."""
    due, later = _queued(conn, pair, flow, now)
    sent = and_(_PARKED.c.field == "", _PARKED.c.code.in_(_refusals(conn, pair, flow)))
    return Figures(
        due=due,
        later=later,
        waiting=_waiting(conn, pair, flow),
        parked=_count(conn, _PARKED, pair, flow, "open"),
        rejected=_scalar(conn, _PARKED, pair, flow, _PARKED.c.state == "open", sent),
        open_intents=_count(conn, _INTENT, pair, flow, "open"),
        links=_count(conn, _LINK, pair, flow, "open"),
    )
