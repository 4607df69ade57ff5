"""The ledger: what was done and why, append-only. Rows are made in `chain.py`, proved in `verify.py` and
emptied in `retention.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, func, select

from gp365.store import tables
from gp365.store.among import among
from gp365.store.bulk import chunks
from gp365.store.chain import LEDGER_QUERY, Entry, LedgerRow, append, chain_of
from gp365.store.straight import Query, ask
from gp365.store.verify import VerifyReport, verify

__all__ = [
    "Entry",
    "LedgerRow",
    "VerifyReport",
    "append",
    "chain_of",
    "decode",
    "dispositions",
    "for_subject",
    "head",
    "history",
    "last_dispositions",
    "last_of",
    "outcome_subjects",
    "outcomes_since",
    "rows",
    "told_by_others",
    "verify",
]

OUTCOME = "outcome"
_TABLE = tables.ledger


def outcome_subjects(conn: Connection, run: str) -> int:
    """Count, by SQL, the subjects that the outcome rows of a run stand for."""
    ((number,),) = ask(conn, "outcome subjects", _outcome_subjects, {"in_run": run})
    return int(number)


def _outcome_subjects() -> Query:
    query = select(func.coalesce(func.sum(_TABLE.c.subjects), 0))
    return query.where(_TABLE.c.run == bindparam("in_run"), _TABLE.c.kind == OUTCOME)


def dispositions(conn: Connection, run: str) -> dict[str, int]:
    """Count, by SQL, the subjects of a run's outcome rows by disposition."""
    query = select(_TABLE.c.disposition, func.sum(_TABLE.c.subjects))
    query = query.where(_TABLE.c.run == run, _TABLE.c.kind == OUTCOME).group_by(_TABLE.c.disposition)
    return {disposition: int(count) for disposition, count in conn.execute(query)}


def last_dispositions(conn: Connection, pair: str, flow: str, subjects: Iterable[str]) -> dict[str, str]:
    """Read how each of these subjects ended when it was last looked at."""
    found: dict[str, str] = {}
    for chunk in chunks(subjects):
        query = select(_TABLE.c.subject, _TABLE.c.disposition).where(
            _TABLE.c.chain == chain_of(pair, flow), among(_TABLE.c.subject, chunk), _TABLE.c.kind == OUTCOME
        )
        query = query.where(_TABLE.c.subject != "").order_by(_TABLE.c.id)  # see `for_subject`
        found.update((str(subject), str(disposition)) for subject, disposition in conn.execute(query))
    return found


def last_of(conn: Connection, pair: str, flow: str, subjects: Iterable[str]) -> dict[str, LedgerRow]:
    """Read the newest row of each of these subjects that has one."""
    found: dict[str, LedgerRow] = {}
    for chunk in chunks(subjects):
        scope = (
            _TABLE.c.chain == chain_of(pair, flow),
            among(_TABLE.c.subject, chunk),
            _TABLE.c.subject != "",
        )
        newest = select(func.max(_TABLE.c.id)).where(*scope).group_by(_TABLE.c.subject)
        rows = [LedgerRow(*row) for row in conn.execute(LEDGER_QUERY.where(_TABLE.c.id.in_(newest)))]
        found.update((row.subject, row) for row in rows)
    return found


def for_subject(conn: Connection, pair: str, flow: str, subject: str, limit: int = 100) -> list[LedgerRow]:
    """Read the rows of one subject, newest first."""
    # In a chain ids rise with positions; asked for in the order of positions, SQLite would read the whole chain.
    query = LEDGER_QUERY.where(_TABLE.c.chain == chain_of(pair, flow), _TABLE.c.subject == subject)
    query = query.where(_TABLE.c.subject != "").order_by(_TABLE.c.id.desc()).limit(limit)
    return [LedgerRow(*row) for row in conn.execute(query)]


def history(
    conn: Connection,
    *,
    chain: str | None = None,
    kinds: Iterable[str] = (),
    since: datetime | None = None,
    before_id: int | None = None,
    limit: int = 100,
) -> list[LedgerRow]:
    """Read rows newest first; `before_id` goes on where the last answer ended."""
    query = LEDGER_QUERY.order_by(_TABLE.c.id.desc()).limit(limit)
    if chain is not None:
        query = query.where(_TABLE.c.chain == chain)
    if kinds:
        query = query.where(_TABLE.c.kind.in_(list(kinds)))
    if since is not None:
        query = query.where(_TABLE.c.at >= since)
    if before_id is not None:
        query = query.where(_TABLE.c.id < before_id)
    return [LedgerRow(*row) for row in conn.execute(query)]


def rows(conn: Connection, run: str, page: int = 1000) -> Iterator[LedgerRow]:
    """Give the rows of a run in order, a page in memory at a time."""
    last = 0
    while True:
        query = LEDGER_QUERY.where(_TABLE.c.run == run, _TABLE.c.id > last).order_by(_TABLE.c.id).limit(page)
        found = [LedgerRow(*row) for row in conn.execute(query)]
        yield from found
        if len(found) < page:
            return
        last = found[-1].id


def outcomes_since(
    conn: Connection, pair: str, flow: str, since: datetime, page: int = 500
) -> Iterator[LedgerRow]:
    """Give the outcome rows of single subjects since a moment, oldest first, a page in memory at a time."""
    last = 0
    scope = (_TABLE.c.chain == chain_of(pair, flow), _TABLE.c.kind == OUTCOME, _TABLE.c.subject != "")
    while True:
        query = LEDGER_QUERY.where(*scope, _TABLE.c.at >= since, _TABLE.c.position > last)
        found = [LedgerRow(*row) for row in conn.execute(query.order_by(_TABLE.c.position).limit(page))]
        yield from found
        if len(found) < page:
            return
        last = found[-1].position


def head(conn: Connection, pair: str, flow: str) -> int:
    """Give the position of the newest row of a flow's chain; 0 while it is empty."""
    ((position,),) = ask(conn, "head", _head, {"in_chain": chain_of(pair, flow)})
    return int(position)


def _head() -> Query:
    newest = func.coalesce(func.max(_TABLE.c.position), 0)
    return select(newest).where(_TABLE.c.chain == bindparam("in_chain"))


_OURS = ("in_run", "in_second_run", "in_third_run")
_BY_OTHERS = (
    select(_TABLE.c.subject, _TABLE.c.position)
    .where(_TABLE.c.chain == bindparam("in_chain"), _TABLE.c.position > bindparam("in_after"))
    .where(*(_TABLE.c.run != bindparam(one) for one in _OURS))
    .where(_TABLE.c.subject != "", _TABLE.c.kind == OUTCOME)
    .order_by(_TABLE.c.position)
)


def told_by_others(
    conn: Connection, pair: str, flow: str, runs: Sequence[str], after: int
) -> tuple[dict[str, int], int]:
    """Give the subjects of which other runs have told outcomes after a position, with the newest position of each.

    Other than these `runs`, three at most. Also gives the position up to which everything was read.
    """
    up_to = max(after, head(conn, pair, flow))
    if up_to == after:
        return {}, after
    given = {"in_chain": chain_of(pair, flow), "in_after": after}
    given |= dict(zip(_OURS, (*runs, "", "", ""), strict=False))
    rows = ask(conn, "told by others", lambda: _BY_OTHERS, given)
    return {str(name): int(at) for name, at in rows}, up_to


def decode(row: LedgerRow) -> Any:
    """Return a row's payload as JSON holds it, or None if it has none."""
    return None if row.payload is None else orjson.loads(row.payload)
