"""Alerts: what is broken and since when, the notices that are still to be sent, and the sums of each day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from gp365.store import tables
from gp365.store.bulk import insert_new, inserting

_ALERT, _NOTICE, _DAY = tables.alert, tables.notice, tables.day_sum
SEEN, TOLD, MENDED, PASSED = "seen", "told", "mended", "passed"
WAITING, SENT, DROPPED = "waiting", "sent", "dropped"


@dataclass(frozen=True, slots=True)
class Alert:
    """Something broken. `shown` is packed; `seen_at` is when it was last there; `ended_at` None: it still counts as broken.

    `state` is seen (not told yet), told, mended, or passed (it went before it was told).
    """

    key: str
    shown: bytes
    first_at: datetime
    seen_at: datetime
    state: str = SEEN
    told_at: datetime | None = None
    ended_at: datetime | None = None
    id: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice for one channel. `occasion` names why it is made, once per channel; `shown` is packed."""

    channel: str
    occasion: str
    kind: str
    shown: bytes
    made_at: datetime
    due_at: datetime
    state: str = WAITING
    tries: int = 0
    failure: str = ""
    sent_at: datetime | None = None


def open_alerts(conn: Connection) -> list[Alert]:
    """Read everything that counts as broken, oldest first."""
    query = select(_ALERT).where(_ALERT.c.ended_at.is_(None)).order_by(_ALERT.c.first_at, _ALERT.c.id)
    return [_alert(row) for row in conn.execute(query)]


def past_alerts(conn: Connection, since: datetime, limit: int = 200) -> list[Alert]:
    """Read what was told and has mended since, newest first."""
    query = select(_ALERT).where(_ALERT.c.state == MENDED, _ALERT.c.ended_at >= since)
    return [_alert(row) for row in conn.execute(query.order_by(_ALERT.c.ended_at.desc()).limit(limit))]


def put_alert(conn: Connection, alert: Alert) -> Alert:
    """Keep an alert as it is now and return it with its number."""
    values = {name: getattr(alert, name) for name in ("key", "shown", "first_at", "seen_at", "state")}
    values |= {"told_at": alert.told_at, "ended_at": alert.ended_at}
    if alert.id:
        conn.execute(_ALERT.update().where(_ALERT.c.id == alert.id).values(values))
        return alert
    made = conn.execute(_ALERT.insert().values(values).returning(_ALERT.c.id)).scalar_one()
    return replace(alert, id=int(made))


def put_notices(conn: Connection, notices: Sequence[Waiting]) -> None:
    """Keep notices to be sent; one that is there for the same channel and occasion stays as it is."""
    insert_new(conn, _NOTICE, [_row(one) for one in notices])


def due_notices(conn: Connection, at: datetime, limit: int = 100) -> list[Waiting]:
    """Read the notices that are to be sent now, oldest first."""
    query = select(_NOTICE).where(_NOTICE.c.state == WAITING, _NOTICE.c.due_at <= at)
    query = query.order_by(_NOTICE.c.made_at, _NOTICE.c.channel, _NOTICE.c.occasion).limit(limit)
    return [Waiting(**_values(row)) for row in conn.execute(query)]


def waiting_notices(conn: Connection) -> list[Waiting]:
    """Read every notice that was not sent yet, oldest first."""
    query = select(_NOTICE).where(_NOTICE.c.state == WAITING).order_by(_NOTICE.c.made_at, _NOTICE.c.channel)
    return [Waiting(**_values(row)) for row in conn.execute(query)]


def note_notice(conn: Connection, notice: Waiting) -> None:
    """Keep what became of a notice: state, tries, failure, when it is due again."""
    where = (_NOTICE.c.channel == notice.channel, _NOTICE.c.occasion == notice.occasion)
    values = {name: getattr(notice, name) for name in ("state", "tries", "failure", "due_at", "sent_at")}
    conn.execute(_NOTICE.update().where(*where).values(values))


def postpone(conn: Connection, channel: str, until: datetime) -> None:
    """Let every notice of a channel wait at least until a moment: it has just failed."""
    mine = (_NOTICE.c.channel == channel, _NOTICE.c.state == WAITING, _NOTICE.c.due_at < until)
    conn.execute(_NOTICE.update().where(*mine).values(due_at=until))


def add_to_day(conn: Connection, day: str, pair: str, flow: str, sums: Mapping[str, int]) -> None:
    """Add to the sums of a day."""
    rows = [
        {"day": day, "pair": pair, "flow": flow, "name": name, "value": value}
        for name, value in sums.items()
        if value
    ]
    if rows:
        adding = inserting(conn, _DAY)
        more = {"value": _DAY.c.value + adding.excluded.value}
        keys = ["day", "pair", "flow", "name"]
        conn.execute(adding.on_conflict_do_update(index_elements=keys, set_=more), rows)


def day_sums(conn: Connection, days: Iterable[str]) -> dict[tuple[str, str, str], dict[str, int]]:
    """Read the sums of days, by (day, pair, flow) and name."""
    found: dict[tuple[str, str, str], dict[str, int]] = {}
    for row in conn.execute(select(_DAY).where(_DAY.c.day.in_(list(days)))):
        found.setdefault((row.day, row.pair, row.flow), {})[row.name] = row.value
    return found


def forget(conn: Connection, before: datetime, day: str) -> int:
    """Drop what ended or was sent before a moment, and sums of days before a day; how many rows."""
    dropped = 0
    for statement in (
        _ALERT.delete().where(_ALERT.c.ended_at.is_not(None), _ALERT.c.ended_at < before),
        _NOTICE.delete().where(_NOTICE.c.state != WAITING, _NOTICE.c.made_at < before),
        _DAY.delete().where(_DAY.c.day < day),
    ):
        dropped += conn.execute(statement).rowcount
    return dropped


def unsent(conn: Connection) -> int:
    """Count the notices that wait to be sent."""
    return conn.execute(select(func.count()).where(_NOTICE.c.state == WAITING)).scalar_one()


def rejected(conn: Connection, pair: str, flow: str) -> int:
    """Count the open parked entries of a flow that the other system refused."""
    parked = tables.parked
    where = (
        parked.c.pair == pair,
        parked.c.flow == flow,
        parked.c.state == "open",
        parked.c.code == "rejected",
    )
    return conn.execute(select(func.count()).where(*where)).scalar_one()


def _row(one: Waiting) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Waiting.__slots__}


def _values(row: Row[Any]) -> dict[str, Any]:
    return dict(row._mapping)  # pyright: ignore[reportPrivateUsage]  SQLAlchemy's public name for it


def _alert(row: Row[Any]) -> Alert:
    return Alert(**_values(row))
