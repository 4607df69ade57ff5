"""Lanes: the places of a system at which calls may be under way, where several processes on one store share them.

A row per place says who has it and until when; what a dead process had comes back when its time is over, and no sooner,
because its call may still be running. A wish says who waits; it runs out by itself. Moments are the database's own, on
SQLite this machine's: processes on several machines must agree on a spacing of milliseconds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, cast, event, func, select, text

from gp365.store import tables
from gp365.store.bulk import insert_new, put_rows
from gp365.store.columns import EPOCH, from_micros
from gp365.store.engine import Store

_LANE, _WISH = tables.lane, tables.lane_wish
_NOBODY = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """Who waits for how many places of a system; a smaller `rank` goes first. `held` are those that it has."""

    holder: str
    rank: int
    wanted: int
    held: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Exchanged:
    """Places `taken`, by number with the seconds that each has still to rest, and those that are still the holder's."""

    taken: Mapping[int, float]
    kept: frozenset[int]


def exchange(
    conn: Connection,
    system: str,
    holder: str,
    *,
    places: int,
    give: Mapping[int, float],
    keep: Collection[int],
    want: int,
    rank: int,
    ttl_s: float,
    wish_s: float,
) -> Exchanged:
    """Give places back (with the seconds that they have to rest), prolong others, and take as many as are wanted.

    Nobody takes what belongs to a wish that goes before: a smaller rank, then who has fewer places, then who asked first.
    Where less is taken than wanted a wish stands for `wish_s`.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(text("SET LOCAL synchronous_commit = off"))
    rows = _locked(conn, system, places)
    at = _moment(conn)
    mine = {row.number for row in rows if row.holder == holder}
    given = mine & set(give)
    for number in given:
        rest = timedelta(seconds=max(0.0, give[number]))
        _set(conn, system, [number], holder=_NOBODY, until=EPOCH, free_at=at + rest)
    kept = mine & set(keep)
    free = _free(rows, places, at, ours=given | (mine - kept))
    taken = _takeable(conn, system, holder, rows, free, want, rank, at)
    until = at + timedelta(seconds=ttl_s)
    _set(conn, system, kept, until=until)
    _set(conn, system, taken, holder=holder, since=at if rank else EPOCH, until=until)
    lost = mine - kept - given - set(taken)  # taken by an exchange whose answer did not come
    _set(conn, system, sorted(lost), holder=_NOBODY, until=EPOCH)
    _leave_wish(conn, system, holder, want - len(taken), rank, at, wish_s)
    rests = {row.number: max(0.0, (row.free_at - at).total_seconds()) for row in rows}
    rests.update({number: max(0.0, give[number]) for number in given})
    return Exchanged({number: rests[number] for number in taken}, frozenset(kept))


@dataclass(frozen=True, slots=True)
class Looked:
    """How many places a holder could take now, what others wait for beyond those that lie free, and whose turn it is.

    `turn` is the place that its holder has had longest, of those with more places than the first of the others' wishes.
    """

    free: int
    wishes: Sequence[Wish]
    turn: int | None


def look(conn: Connection, system: str, holder: str, *, places: int, rank: int) -> Looked:
    """Look how a holder stands, and change nothing."""
    rows = conn.execute(select(_LANE).where(_LANE.c.system == system)).all()
    at = _moment(conn)
    free = len(_free(rows, places, at, ours=set()))
    wishes = _wishes(conn, system, rows, at)
    before = _before(wishes, holder, rank, _count(rows, holder), at)
    open_wishes: list[Wish] = []
    left = free
    for one in sorted((one for one in wishes if one.holder != holder), key=_key):
        served = min(left, one.wanted)
        left -= served
        if one.wanted > served:
            open_wishes.append(Wish(one.holder, one.rank, one.wanted - served, one.held, one.since))
    return Looked(max(0, free - before), open_wishes, _turn(rows, open_wishes))


def _turn(rows: Sequence[Row[Any]], wishes: Sequence[Wish]) -> int | None:
    if not wishes:
        return None
    fewest = min(one.held for one in wishes)
    rich = [row for row in rows if row.holder != _NOBODY and _count(rows, row.holder) > fewest]
    return min(((row.since, row.number) for row in rich), default=(None, None))[1]


def holders(conn: Connection, system: str) -> dict[int, str]:
    """Return who has which place of a system at this moment."""
    at = _moment(conn)
    query = select(_LANE.c.number, _LANE.c.holder).where(
        _LANE.c.system == system, _LANE.c.until > at, _LANE.c.holder != _NOBODY
    )
    return {row.number: row.holder for row in conn.execute(query)}


def hasten(store: Store) -> Store:
    """Let this store's own commits not wait for the disk: rows of lanes need not outlive a loss of power.

    In SQLite's write-ahead log that orders nothing anew (sqlite.org/pragma.html#pragma_synchronous); who shares the file
    waits for the disk as before.
    """
    if store.dialect == "sqlite":
        event.listen(store.engine, "connect", _hasten_sqlite)
        store.close()  # the connections that were opened before
    return store


def _hasten_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA wal_autocheckpoint=0")


def _locked(conn: Connection, system: str, places: int) -> Sequence[Row[Any]]:
    """Read the rows of a system for change, making those that are not there yet."""
    query = select(_LANE).where(_LANE.c.system == system).order_by(_LANE.c.number).with_for_update()
    rows = conn.execute(query).all()
    if len(rows) < places:
        empty = {"system": system, "holder": _NOBODY, "since": EPOCH, "until": EPOCH, "free_at": EPOCH}
        insert_new(conn, _LANE, [{"number": number, **empty} for number in range(1, places + 1)])
        rows = conn.execute(query).all()
    return rows


def _moment(conn: Connection) -> datetime:
    if conn.dialect.name == "sqlite":
        return datetime.now(EPOCH.tzinfo)
    micros = cast(func.extract("epoch", func.clock_timestamp()) * 1_000_000, BigInteger)
    return from_micros(int(conn.execute(select(micros)).scalar_one()))


def _free(rows: Sequence[Row[Any]], places: int, at: datetime, *, ours: set[int]) -> list[int]:
    """Name the places that nobody has, those first that have rested longest."""
    free = [row for row in rows if row.holder == _NOBODY or row.until <= at or row.number in ours]
    return [row.number for row in sorted(free, key=lambda row: row.free_at) if row.number <= places]


def _takeable(
    conn: Connection,
    system: str,
    holder: str,
    rows: Sequence[Row[Any]],
    free: list[int],
    want: int,
    rank: int,
    at: datetime,
) -> list[int]:
    if want <= 0 or not free:
        return []
    wishes = _wishes(conn, system, rows, at)
    return free[: min(want, max(0, len(free) - _before(wishes, holder, rank, _count(rows, holder), at)))]


def _wishes(conn: Connection, system: str, rows: Sequence[Row[Any]], at: datetime) -> list[Wish]:
    query = select(_WISH).where(_WISH.c.system == system, _WISH.c.until > at)
    return [
        Wish(row.holder, row.rank, row.wanted, _count(rows, row.holder), row.since)
        for row in conn.execute(query)
    ]


def _before(wishes: Sequence[Wish], holder: str, rank: int, held: int, at: datetime) -> int:
    """Count the places that others wish for who go before a holder."""
    since = min((one.since for one in wishes if one.holder == holder), default=at)
    mine = _key(Wish(holder, rank, 0, held, since))
    return sum(one.wanted for one in wishes if one.holder != holder and _key(one) < mine)


def _key(wish: Wish) -> tuple[int, int, datetime, str]:
    return wish.rank, wish.held, wish.since, wish.holder


def _count(rows: Sequence[Row[Any]], holder: str) -> int:
    return sum(row.holder == holder for row in rows)


def _leave_wish(
    conn: Connection, system: str, holder: str, wanted: int, rank: int, at: datetime, wish_s: float
) -> None:
    own = (_WISH.c.system == system, _WISH.c.holder == holder)
    if wanted <= 0:
        conn.execute(
            _WISH.delete().where(_WISH.c.system == system, (_WISH.c.holder == holder) | (_WISH.c.until <= at))
        )
        return
    since = conn.execute(select(_WISH.c.since).where(*own, _WISH.c.until > at)).scalar_one_or_none()
    row = {
        "system": system,
        "holder": holder,
        "rank": rank,
        "wanted": wanted,
        "since": since or at,
        "until": at + timedelta(seconds=wish_s),
    }
    put_rows(conn, _WISH, [row])


def _set(conn: Connection, system: str, numbers: Collection[int], **values: Any) -> None:
    if numbers:
        conn.execute(
            _LANE.update().where(_LANE.c.system == system, _LANE.c.number.in_(list(numbers))).values(**values)
        )
