"""The queue of keys and the claims of subjects: nothing is worked twice at once, and no trigger is ever lost.

A row is one record of one side that somebody should look at. Every trigger raises its `seq`; finishing removes the
row only if `seq` is still the one that was claimed. A subject (a link with both ends, or a single record) is claimed
whole or not at all, under a lease; a claim whose lease has ended may be taken over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, func, or_, select

from gp365.store import lease as leases
from gp365.store import tables
from gp365.store.bulk import chunks, insert_new, inserting, now
from gp365.store.columns import to_micros
from gp365.store.lease import Lease
from gp365.store.waits import Wait, clear_waits, register_waits, waits_of, wake_rows

__all__ = [
    "Claim",
    "Wait",
    "WorkRow",
    "candidates",
    "claim",
    "clear_waits",
    "enqueue",
    "finish",
    "mark_quiet",
    "noted",
    "pending",
    "register_waits",
    "release",
    "rows_of",
    "rename_claims",
    "rows_of",
    "subjects_of",
    "waits_of",
    "wake",
]

_WORK = tables.work
_CLAIM = tables.subject_claim
_ROW = (_WORK.c.side, _WORK.c.key, _WORK.c.seq, _WORK.c.reason, _WORK.c.attempts, _WORK.c.due_at)
_LOCK_ONLY = 0  # the seq of a row that stands only for a claim; no trigger named its record


@dataclass(frozen=True, slots=True)
class WorkRow:
    """A record that waits to be looked at."""

    side: str
    key: str
    seq: int
    reason: str
    attempts: int
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Claim:
    """A subject and the records it stands on, as (side, key, seq).

    A seq of 0 names a record that has no row in the queue but must be held too.
    """

    subject: str
    rows: tuple[tuple[str, str, int], ...]


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
    first = to_micros(now(conn))
    scope: dict[str, Any] = {"pair": pair, "flow": flow, "queue": _queue(pair, flow)}
    scope |= {"seq": 1, "attempts": 0, "due_at": due_at}
    fresh = [
        {**scope, "side": side, "key": key, "reason": reason, "enqueued": first + place}
        for place, (side, key, reason) in enumerate(rows)
    ]
    fresh.sort(key=lambda row: (row["side"], row["key"]))  # one order of locking: no deadlocks
    statement = inserting(conn, _WORK)
    earlier = case(
        (or_(_WORK.c.due_at.is_(None), statement.excluded.due_at.is_(None)), None),
        (_WORK.c.due_at < statement.excluded.due_at, _WORK.c.due_at),
        else_=statement.excluded.due_at,
    )
    raised = {"seq": _WORK.c.seq + 1, "reason": statement.excluded.reason, "due_at": earlier}
    keys = ["pair", "flow", "side", "key"]
    conn.execute(statement.on_conflict_do_update(index_elements=keys, set_=raised), fresh)


def pending(conn: Connection, pair: str, flow: str, now: datetime) -> int:
    """Count the records of a flow that are due, those at work included."""
    query = select(func.count()).select_from(_WORK).where(_WORK.c.queue == _queue(pair, flow), _due(now))
    return conn.execute(query).scalar_one()


def candidates(
    conn: Connection, pair: str, flow: str, now: datetime, limit: int, exclude_claimed: bool = True
) -> list[WorkRow]:
    """Read the due records of a flow, the longest waiting first; those under a living claim are left out."""
    query = select(*_ROW).where(_WORK.c.queue == _queue(pair, flow), _due(now))
    if exclude_claimed:
        lease = tables.lease
        at_work = select(lease.c.number).where(lease.c.number == _WORK.c.lease, lease.c.until > now)
        query = query.where(or_(_WORK.c.lease.is_(None), ~at_work.exists()))
    query = query.order_by(_WORK.c.enqueued, _WORK.c.side, _WORK.c.key).limit(limit)
    return [WorkRow(*row) for row in conn.execute(query)]


def rows_of(conn: Connection, pair: str, flow: str, records: Iterable[tuple[str, str]]) -> list[WorkRow]:
    """Read the rows of these records (side, key), due or not; a record that nothing has triggered has none."""
    keys: dict[str, list[str]] = {}
    for side, key in records:
        keys.setdefault(side, []).append(key)
    found: list[WorkRow] = []
    for side, names in keys.items():
        query = select(*_ROW).where(_in_flow(pair, flow), _WORK.c.side == side, _WORK.c.seq > _LOCK_ONLY)
        for chunk in chunks(names):
            found += [WorkRow(*row) for row in conn.execute(query.where(_WORK.c.key.in_(chunk)))]
    return found


def claim(
    conn: Connection, pair: str, flow: str, subjects: Sequence[Claim], lease: Lease, run: str
) -> list[str]:
    """Claim subjects and return those that could be had whole; they are noted as subjects of the run.

    Refused are: a subject or record under a living claim (our own included), a record that two of these subjects
    name, and a subject none of whose rows is in the queue any more.
    """
    rows = _locked_rows(conn, pair, flow, subjects)
    held = _held(conn, pair, flow, subjects)
    numbers = {number for _, number in rows.values() if number is not None} | set(held.values())
    alive = leases.living(conn, numbers, own=lease.number)
    wanted = _free(subjects, rows, held, alive)
    stale = [one.subject for one in wanted if one.subject in held]
    _free_subjects(conn, pair, flow, _claimed_as(conn, pair, flow, stale))
    won = _take(conn, pair, flow, wanted, lease)
    _stamp(conn, pair, flow, won, lease)
    mark_quiet(conn, run, [one.subject for one in won])
    return [one.subject for one in won]


def finish(conn: Connection, pair: str, flow: str, subject_rows: Sequence[Claim], lease: Lease) -> None:
    """Remove the rows of claimed subjects and free them; a row that was triggered meanwhile stays, due at once."""
    if not subject_rows:
        return
    done = _WORK.delete().where(
        _row_is(pair, flow), _WORK.c.seq == bindparam("b_seq"), _WORK.c.lease == lease.number
    )
    gone = [
        {"b_side": side, "b_key": key, "b_seq": seq} for one in subject_rows for side, key, seq in one.rows
    ]
    if gone:
        conn.execute(done, gone)
    names = _claimed_as(conn, pair, flow, [one.subject for one in subject_rows])
    fresh = {"lease": None, "subject": None, "attempts": 0, "due_at": None}
    for chunk in chunks(names):
        stays = _WORK.update().where(_in_flow(pair, flow), _WORK.c.subject.in_(chunk))
        conn.execute(stays.where(_WORK.c.lease == lease.number).values(fresh))
    _free_subjects(conn, pair, flow, names, lease)


def release(
    conn: Connection,
    pair: str,
    flow: str,
    subjects: Iterable[str],
    due_at: datetime | None,
    attempts_plus: int = 1,
) -> None:
    """Give claimed subjects back to the queue, to be looked at again at `due_at` (None: at once)."""
    names = _claimed_as(conn, pair, flow, subjects)
    later = {"lease": None, "subject": None, "due_at": due_at, "attempts": _WORK.c.attempts + attempts_plus}
    for chunk in chunks(names):
        ours = and_(_in_flow(pair, flow), _WORK.c.subject.in_(chunk))
        conn.execute(_WORK.delete().where(ours, _WORK.c.seq == _LOCK_ONLY))
        conn.execute(_WORK.update().where(ours).values(later))
    _free_subjects(conn, pair, flow, names)


def wake(
    conn: Connection, pair: str, on_flow: str, on: Iterable[tuple[str, str]]
) -> list[tuple[str, str, str]]:
    """End the waits on these records (side, key); enqueue and return those who waited, as (flow, side, key)."""
    waiters = wake_rows(conn, pair, on_flow, on)
    for flow in sorted({flow for flow, _, _ in waiters}):
        enqueue(conn, pair, flow, [(side, key, "wake") for other, side, key in waiters if other == flow])
    return waiters


def rename_claims(conn: Connection, pair: str, flow: str, renames: Mapping[str, str]) -> None:
    """Hold claimed subjects under their new names too; `finish` and `release` know them by either."""
    rows: list[dict[str, Any]] = []
    for chunk in chunks(renames):
        scope = (_CLAIM.c.pair == pair, _CLAIM.c.flow == flow, _CLAIM.c.subject.in_(chunk))
        for row in conn.execute(select(_CLAIM).where(*scope)).mappings():
            rows.append(dict(row) | {"subject": renames[row["subject"]]})
    insert_new(conn, _CLAIM, rows)


def mark_quiet(conn: Connection, run: str, subjects: Sequence[str]) -> None:
    """Note subjects of a run; one that is noted already counts once."""
    insert_new(conn, tables.run_subject, [{"run": run, "subject": subject} for subject in subjects])


def subjects_of(conn: Connection, run: str) -> int:
    """Count the distinct subjects of a run."""
    query = select(func.count()).select_from(tables.run_subject).where(tables.run_subject.c.run == run)
    return conn.execute(query).scalar_one()


def _queue(pair: str, flow: str) -> str:
    return f"{pair}/{flow}"


def noted(conn: Connection, run: str, subjects: Iterable[str]) -> set[str]:
    """Tell which of these subjects the run has taken up already."""
    found: set[str] = set()
    for chunk in chunks(subjects):
        query = select(tables.run_subject.c.subject).where(tables.run_subject.c.run == run)
        found.update(conn.execute(query.where(tables.run_subject.c.subject.in_(chunk))).scalars())
    return found


def rows_of(conn: Connection, pair: str, flow: str, records: Iterable[tuple[str, str]]) -> list[WorkRow]:
    """Read the rows of records (side, key) that nobody has claimed."""
    sides: dict[str, list[str]] = {}
    for side, key in records:
        sides.setdefault(side, []).append(key)
    columns = (_WORK.c.side, _WORK.c.key, _WORK.c.seq, _WORK.c.reason, _WORK.c.attempts, _WORK.c.due_at)
    found: list[WorkRow] = []
    for side, keys in sides.items():
        for chunk in chunks(keys):
            query = select(*columns).where(_in_flow(pair, flow), _WORK.c.side == side, _WORK.c.key.in_(chunk))
            found += [WorkRow(*row) for row in conn.execute(query.where(_WORK.c.lease.is_(None), _WORK.c.seq > _LOCK_ONLY))]
    return found


def _in_flow(pair: str, flow: str) -> ColumnElement[bool]:
    return and_(_WORK.c.pair == pair, _WORK.c.flow == flow)


def _row_is(pair: str, flow: str) -> ColumnElement[bool]:
    return and_(_in_flow(pair, flow), _WORK.c.side == bindparam("b_side"), _WORK.c.key == bindparam("b_key"))


def _due(now: datetime) -> ColumnElement[bool]:
    return and_(_WORK.c.seq > _LOCK_ONLY, or_(_WORK.c.due_at.is_(None), _WORK.c.due_at <= now))


Rows = dict[tuple[str, str], tuple[int, int | None]]


def _locked_rows(conn: Connection, pair: str, flow: str, subjects: Sequence[Claim]) -> Rows:
    """Read (seq, lease) of every named row, and on PostgreSQL keep them from other claimers until the commit."""
    keys: dict[str, list[str]] = {}
    for one in subjects:
        for side, key, _ in one.rows:
            keys.setdefault(side, []).append(key)
    found: Rows = {}
    for side in sorted(keys):
        for chunk in chunks(sorted(keys[side])):
            query = select(_WORK.c.key, _WORK.c.seq, _WORK.c.lease).where(
                _in_flow(pair, flow), _WORK.c.side == side, _WORK.c.key.in_(chunk)
            )
            for key, seq, number in conn.execute(query.order_by(_WORK.c.key).with_for_update()):
                found[side, key] = (seq, number)
    return found


def _held(conn: Connection, pair: str, flow: str, subjects: Sequence[Claim]) -> dict[str, int]:
    found: dict[str, int] = {}
    for chunk in chunks(one.subject for one in subjects):
        scope = (_CLAIM.c.pair == pair, _CLAIM.c.flow == flow, _CLAIM.c.subject.in_(chunk))
        for subject, number in conn.execute(select(_CLAIM.c.subject, _CLAIM.c.lease).where(*scope)):
            found[subject] = number
    return found


def _free(subjects: Sequence[Claim], rows: Rows, held: dict[str, int], alive: set[int]) -> list[Claim]:
    taken: set[tuple[str, str]] = set()
    free: list[Claim] = []
    for one in subjects:
        records = [(side, key) for side, key, _ in one.rows]
        at_work = held.get(one.subject) in alive or any(
            record in taken or rows.get(record, (0, None))[1] in alive for record in records
        )
        there = any(seq == _LOCK_ONLY or (side, key) in rows for side, key, seq in one.rows)
        if at_work or not (there or not records):
            continue
        taken.update(records)
        free.append(one)
    return free


def _take(conn: Connection, pair: str, flow: str, wanted: Sequence[Claim], lease: Lease) -> list[Claim]:
    """Insert the claims; who loses the race for one on PostgreSQL finds it there."""
    if not wanted:
        return []
    scope: dict[str, Any] = {"pair": pair, "flow": flow, "lease": lease.number, "claimed_at": now(conn)}
    statement = inserting(conn, _CLAIM).on_conflict_do_nothing().returning(_CLAIM.c.subject)
    rows = [{**scope, "subject": one.subject, "claimed_as": one.subject} for one in wanted]
    won = set(conn.execute(statement, rows).scalars())
    return [one for one in wanted if one.subject in won]


def _stamp(conn: Connection, pair: str, flow: str, won: Sequence[Claim], lease: Lease) -> None:
    """Put our lease on the rows; a record without a row gets one that only stands for the claim."""
    first = to_micros(now(conn))
    scope: dict[str, Any] = {"pair": pair, "flow": flow, "queue": _queue(pair, flow)}
    scope |= {"reason": "", "attempts": 0, "enqueued": first}
    locks = [(side, key) for one in won for side, key, seq in one.rows if seq == _LOCK_ONLY]
    insert_new(conn, _WORK, [{**scope, "side": side, "key": key, "seq": _LOCK_ONLY} for side, key in locks])
    stamps = [
        {"b_side": side, "b_key": key, "b_subject": one.subject} for one in won for side, key, _ in one.rows
    ]
    if stamps:
        stamp = _WORK.update().where(_row_is(pair, flow))
        conn.execute(stamp.values(lease=lease.number, subject=bindparam("b_subject")), stamps)


def _claimed_as(conn: Connection, pair: str, flow: str, subjects: Iterable[str]) -> list[str]:
    """Return the names under which subjects were claimed; one that is not claimed keeps its own."""
    names = dict.fromkeys(subjects)
    for chunk in chunks(list(names)):
        scope = (_CLAIM.c.pair == pair, _CLAIM.c.flow == flow, _CLAIM.c.subject.in_(chunk))
        names |= dict.fromkeys(conn.execute(select(_CLAIM.c.claimed_as).where(*scope)).scalars())
    return list(names)


def _free_subjects(
    conn: Connection, pair: str, flow: str, subjects: Iterable[str], lease: Lease | None = None
) -> None:
    for chunk in chunks(subjects):
        gone = _CLAIM.delete().where(
            _CLAIM.c.pair == pair, _CLAIM.c.flow == flow, _CLAIM.c.claimed_as.in_(chunk)
        )
        conn.execute(gone if lease is None else gone.where(_CLAIM.c.lease == lease.number))
