"""Claims: a subject is worked by one worker at a time, whole or not at all, under a lease.

A subject is a link with both ends, or a single record. Its claim stands in `subject_claim` under its name (and, when it
became a link meanwhile, under that name too) and on the queue rows of its records. A claim whose lease has ended may be
taken over; that ends the lease for good.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, UpdateBase, and_, bindparam, select

from gp365.store import lease as leases
from gp365.store import tables
from gp365.store.among import among, among_given
from gp365.store.bulk import chunks, insert_new, insert_rows, inserting, now
from gp365.store.columns import to_micros
from gp365.store.lease import Lease
from gp365.store.straight import Query, ask, run, run_rows

_WORK = tables.work
_CLAIM = tables.subject_claim
LOCK_ONLY = 0  # the seq of a row that stands only for a claim; no trigger named its record


class Claim(NamedTuple):
    """A subject and the records it stands on, as (side, key, seq).

    A seq of 0 names a record that has no row in the queue but must be held too.
    """

    subject: str
    rows: tuple[tuple[str, str, int], ...]


def queue_of(pair: str, flow: str) -> str:
    """Name the queue of a flow of a pair."""
    return f"{pair}/{flow}"


def in_flow(pair: str, flow: str) -> ColumnElement[bool]:
    """Say that a queue row belongs to a flow of a pair."""
    return and_(_WORK.c.pair == pair, _WORK.c.flow == flow)


def claim(
    conn: Connection, pair: str, flow: str, subjects: Sequence[Claim], lease: Lease, run: str
) -> list[str]:
    """Claim subjects and return those that could be had whole; they are noted as subjects of the run.

    Refused are: a subject or record under a living claim (our own included), a record that two of these subjects
    name, and a subject none of whose rows is in the queue any more.
    """
    bare = _hold_bare(conn, pair, flow, subjects)
    rows = _locked_rows(conn, pair, flow, subjects)
    held = _held(conn, pair, flow, subjects)
    numbers = {number for _, number in rows.values() if number is not None} | set(held.values())
    alive = leases.living(conn, numbers, own=lease.number)
    wanted = _free(subjects, rows, held, alive)
    stale = [one.subject for one in wanted if one.subject in held]
    _free_subjects(conn, pair, flow, _claimed_as(conn, pair, flow, stale))
    won = _take(conn, pair, flow, wanted, lease)
    _stamp(conn, pair, flow, won, rows, lease)
    _drop_bare(conn, pair, flow, bare - {(side, key) for one in won for side, key, _ in one.rows})
    mark_quiet(conn, run, [one.subject for one in won])
    return [one.subject for one in won]


def mark_quiet(conn: Connection, run: str, subjects: Sequence[str]) -> None:
    """Note subjects of a run; one that is noted already counts once."""
    table = tables.run_subject
    rows = [(run, subject) for subject in subjects]
    name = f"insert new {table.name}"
    run_rows(conn, name, lambda: inserting(conn, table).on_conflict_do_nothing(), ("run", "subject"), rows)


def finish(conn: Connection, pair: str, flow: str, subject_rows: Sequence[Claim], lease: Lease) -> None:
    """Remove the rows of claimed subjects and free them; a row that was triggered meanwhile stays, due at once."""
    if not subject_rows:
        return
    gone: dict[tuple[str, int], list[str]] = {}
    for one in subject_rows:
        for side, key, seq in one.rows:
            gone.setdefault((side, seq), []).append(key)
    scope: dict[str, Any] = {"b_pair": pair, "b_flow": flow, "b_lease": lease.number}
    for (side, seq), keys in sorted(gone.items()):
        for chunk in chunks(keys):
            run(conn, "finish", _finishing, scope | {"b_side": side, "b_seq": seq, "keys": chunk})
    names = _claimed_as(conn, pair, flow, [one.subject for one in subject_rows])
    for chunk in chunks(names):
        run(conn, "triggered meanwhile", _staying, scope | {"keys": chunk})
    _free_subjects(conn, pair, flow, names, lease)


def _finishing() -> UpdateBase:
    seq = _WORK.c.seq == bindparam("b_seq")
    return _WORK.delete().where(*_IN_FLOW, _ON_SIDE, among_given(_WORK.c.key), seq, _OURS)


def _staying() -> UpdateBase:
    fresh = {"lease": None, "subject": None, "attempts": 0, "due_at": None}
    return _WORK.update().where(*_IN_FLOW, among_given(_WORK.c.subject), _OURS).values(fresh)


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
        ours = and_(in_flow(pair, flow), among(_WORK.c.subject, chunk))
        conn.execute(_WORK.delete().where(ours, _WORK.c.seq == LOCK_ONLY))
        conn.execute(_WORK.update().where(ours).values(later))
    _free_subjects(conn, pair, flow, names)


def give_back(
    conn: Connection, pair: str, flow: str, subjects: Sequence[str], run: str, counted: Collection[str]
) -> None:
    """Undo the claims of this transaction, and that the run has met the subjects, but for those `counted` before."""
    release(conn, pair, flow, subjects, None, attempts_plus=0)
    table = tables.run_subject
    for chunk in chunks([one for one in subjects if one not in counted]):
        conn.execute(table.delete().where(table.c.run == run, among(table.c.subject, chunk)))


def rename_claims(conn: Connection, pair: str, flow: str, renames: Mapping[str, str]) -> None:
    """Hold claimed subjects under their new names too; `finish` and `release` know them by either."""
    rows: list[dict[str, Any]] = []
    for chunk in chunks(renames):
        scope = (_CLAIM.c.pair == pair, _CLAIM.c.flow == flow, among(_CLAIM.c.subject, chunk))
        for row in conn.execute(select(_CLAIM).where(*scope)).mappings():
            rows.append(dict(row) | {"subject": renames[row["subject"]]})
    insert_new(conn, _CLAIM, rows)


_IN_FLOW = (_WORK.c.pair == bindparam("b_pair"), _WORK.c.flow == bindparam("b_flow"))
_ON_SIDE = _WORK.c.side == bindparam("b_side")
_OURS = _WORK.c.lease == bindparam("b_lease")
_CLAIM_IN = (_CLAIM.c.pair == bindparam("b_pair"), _CLAIM.c.flow == bindparam("b_flow"))


def _row_is(pair: str, flow: str) -> ColumnElement[bool]:
    return and_(in_flow(pair, flow), _WORK.c.side == bindparam("b_side"), _WORK.c.key == bindparam("b_key"))


Rows = dict[tuple[str, str], tuple[int, int | None]]
_STAMPED = ("b_pair", "b_flow", "b_side", "b_key", "b_subject", "b_lease")
_BARE = ("key", "side", "pair", "flow", "seq", "reason", "attempts", "enqueued", "lease", "subject", "queue")


def _hold_bare(conn: Connection, pair: str, flow: str, subjects: Sequence[Claim]) -> set[tuple[str, str]]:
    """Give records that nothing has triggered a row that only stands for the claim, so that it too is locked.

    On SQLite nobody else writes meanwhile: there the row is made when the claim is won (see `_stamp`).
    """
    if conn.dialect.name == "sqlite":
        return set()
    bare = sorted({(side, key) for one in subjects for side, key, seq in one.rows if seq == LOCK_ONLY})
    scope: dict[str, Any] = {"pair": pair, "flow": flow, "queue": queue_of(pair, flow), "seq": LOCK_ONLY}
    scope |= {"reason": "", "attempts": 0, "enqueued": to_micros(now(conn))}
    insert_new(conn, _WORK, [{**scope, "side": side, "key": key} for side, key in bare])
    return set(bare)


def _drop_bare(conn: Connection, pair: str, flow: str, records: Iterable[tuple[str, str]]) -> None:
    unused = [{"b_side": side, "b_key": key} for side, key in sorted(records)]
    if unused:
        is_bare = (_row_is(pair, flow), _WORK.c.seq == LOCK_ONLY, _WORK.c.lease.is_(None))
        conn.execute(_WORK.delete().where(*is_bare), unused)


def _locked_rows(conn: Connection, pair: str, flow: str, subjects: Sequence[Claim]) -> Rows:
    """Read (seq, lease) of every named row, and on PostgreSQL keep them from other claimers until the commit."""
    keys: dict[str, list[str]] = {}
    for one in subjects:
        for side, key, _ in one.rows:
            keys.setdefault(side, []).append(key)
    found: Rows = {}
    for side in sorted(keys):
        for chunk in chunks(sorted(keys[side])):
            given = {"b_pair": pair, "b_flow": flow, "b_side": side, "keys": chunk}
            for key, seq, number in ask(conn, "claimed rows", _locking, given):
                found[side, key] = (seq, number)
    return found


def _locking() -> Query:
    query = select(_WORK.c.key, _WORK.c.seq, _WORK.c.lease)
    return query.where(*_IN_FLOW, _ON_SIDE, among_given(_WORK.c.key)).order_by(_WORK.c.key).with_for_update()


def _held(conn: Connection, pair: str, flow: str, subjects: Sequence[Claim]) -> dict[str, int]:
    found: dict[str, int] = {}
    for chunk in chunks(one.subject for one in subjects):
        given = {"b_pair": pair, "b_flow": flow, "keys": chunk}
        for subject, number in ask(conn, "claims held", _holding, given):
            found[subject] = number
    return found


def _holding() -> Query:
    return select(_CLAIM.c.subject, _CLAIM.c.lease).where(*_CLAIM_IN, among_given(_CLAIM.c.subject))


def _free(subjects: Sequence[Claim], rows: Rows, held: dict[str, int], alive: set[int]) -> list[Claim]:
    taken: set[tuple[str, str]] = set()
    free: list[Claim] = []
    for one in subjects:
        records = [(side, key) for side, key, _ in one.rows]
        at_work = held.get(one.subject) in alive or any(
            record in taken or rows.get(record, (0, None))[1] in alive for record in records
        )
        triggered = [(side, key) for side, key, seq in one.rows if seq > LOCK_ONLY]
        finished = triggered and all(
            rows.get(record, (LOCK_ONLY, None))[0] == LOCK_ONLY for record in triggered
        )
        if at_work or finished:
            continue
        taken.update(records)
        free.append(one)
    return free


def _take(conn: Connection, pair: str, flow: str, wanted: Sequence[Claim], lease: Lease) -> list[Claim]:
    """Insert the claims; who loses the race for one on PostgreSQL finds it there."""
    if not wanted:
        return []
    scope: dict[str, Any] = {"pair": pair, "flow": flow, "lease": lease.number, "claimed_at": now(conn)}
    rows = [{**scope, "subject": one.subject, "claimed_as": one.subject} for one in wanted]
    if conn.dialect.name == "sqlite":  # nobody else writes meanwhile, and what was there has been looked at
        insert_rows(conn, _CLAIM, rows)
        return list(wanted)
    statement = inserting(conn, _CLAIM).on_conflict_do_nothing().returning(_CLAIM.c.subject)
    won = set(conn.execute(statement, rows).scalars())
    return [one for one in wanted if one.subject in won]


def _stamp(conn: Connection, pair: str, flow: str, won: Sequence[Claim], rows: Rows, lease: Lease) -> None:
    """Put claims on the queue rows of their records; a record that has none yet gets one that stands only for it."""
    stamps: list[tuple[Any, ...]] = []
    bare: list[tuple[Any, ...]] = []
    queue, at = queue_of(pair, flow), to_micros(now(conn))
    for one in won:
        for side, key, seq in one.rows:
            if (side, key) in rows:
                stamps.append((pair, flow, side, key, one.subject, lease.number))
            elif seq == LOCK_ONLY:
                bare.append((key, side, pair, flow, LOCK_ONLY, "", 0, at, lease.number, one.subject, queue))
    run_rows(conn, "stamp claims", _stamping, _STAMPED, stamps)
    run_rows(conn, "claim bare records", lambda: inserting(conn, _WORK), _BARE, bare)


def _stamping() -> UpdateBase:
    row = (*_IN_FLOW, _ON_SIDE, _WORK.c.key == bindparam("b_key"))
    return _WORK.update().where(*row).values(lease=bindparam("b_lease"), subject=bindparam("b_subject"))


def _claimed_as(conn: Connection, pair: str, flow: str, subjects: Iterable[str]) -> list[str]:
    """Return the names under which subjects were claimed; one that is not claimed keeps its own."""
    names = dict.fromkeys(subjects)
    for chunk in chunks(list(names)):
        given = {"b_pair": pair, "b_flow": flow, "keys": chunk}
        names |= dict.fromkeys(name for (name,) in ask(conn, "claimed as", _naming, given))
    return list(names)


def _naming() -> Query:
    return select(_CLAIM.c.claimed_as).where(*_CLAIM_IN, among_given(_CLAIM.c.subject))


def _free_subjects(
    conn: Connection, pair: str, flow: str, subjects: Iterable[str], lease: Lease | None = None
) -> None:
    for chunk in chunks(subjects):
        given: dict[str, Any] = {"b_pair": pair, "b_flow": flow, "keys": chunk}
        if lease is None:
            run(conn, "free subjects", _freeing, given)
        else:
            run(conn, "free our subjects", _freeing_ours, given | {"b_lease": lease.number})


def _freeing() -> UpdateBase:
    return _CLAIM.delete().where(*_CLAIM_IN, among_given(_CLAIM.c.claimed_as))


def _freeing_ours() -> UpdateBase:
    ours = _CLAIM.c.lease == bindparam("b_lease")
    return _CLAIM.delete().where(*_CLAIM_IN, among_given(_CLAIM.c.claimed_as), ours)
