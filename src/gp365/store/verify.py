"""Verifying the ledger: every row's hash, its place in the chain, its payload, and the head that is kept apart.

A payload may be missing only where a later row of kind erasure names its position (see `retention`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256

import orjson
from sqlalchemy import Connection, select

from gp365.store import tables
from gp365.store.chain import GENESIS, LEDGER_QUERY, LedgerRow, row_hash
from gp365.store.spans import Span, first_outside, joined

ERASURE = "erasure"
NOT_NAMED = "its payload is missing, and no row says that it was erased"
CUT = "rows at the end of the chain are missing"
_PAGE = 2000
_TABLE = tables.ledger


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What was read: rows in all, rows whose payload was erased, the head hash (hex) of each chain.

    `broken_at` is the id of the first row that does not fit (in a file its line; 0: the end of a chain is missing), None
    if all is well; `reason`, `chain` and `position` say what is wrong and where. `begun` names the chains that were not
    read from their first row, with the position at which they began. Keep `heads` elsewhere to see a cut that took the
    kept head along.
    """

    rows: int
    broken_at: int | None = None
    reason: str = ""
    chain: str = ""
    erased: int = 0
    heads: tuple[tuple[str, str], ...] = ()
    position: int = 0
    begun: tuple[tuple[str, int], ...] = ()

    @property
    def ok(self) -> bool:
        """Say whether everything fits."""
        return self.broken_at is None


@dataclass(slots=True)
class Walk:
    """A way along one chain, row by row: where it stands, and which payloads are missing or said to be erased."""

    position: int = 0
    previous: bytes = GENESIS
    number: int = 0
    missing: list[Span] = field(default_factory=list[Span])
    named: list[Span] = field(default_factory=list[Span])
    erased: int = 0

    def take(self, row: LedgerRow) -> str:
        """Take the next row; return what is wrong with it, or ""."""
        reason = self._fault(row)
        if reason:
            return reason
        self.position, self.previous, self.number = row.position, row.hash, row.id
        if row.payload is None and row.payload_hash is not None:
            self.erased += 1
            self._miss(row.position)
        elif row.kind == ERASURE:
            self.named += _named(row)
        return ""

    def not_named(self) -> int | None:
        """Return the position of the first payload that is missing without a word, None if there is none."""
        return first_outside(self.missing, joined(self.named))

    def _fault(self, row: LedgerRow) -> str:
        if row.position != self.position + 1:
            return "a row is missing before this one"
        if row.prev_hash != self.previous:
            return "the row does not follow the one before it"
        if row_hash(row.chain, row.prev_hash, row, row.actor, row.at, row.payload_hash) != row.hash:
            return "the row was changed"
        if row.payload is not None and sha256(row.payload).digest() != row.payload_hash:
            return "the payload was changed"
        if row.id <= self.number:
            return "the row's own number was changed, here or before"
        if row.kind == ERASURE and row.payload is None:
            return "the payload of an erasure is missing: nothing says what was erased"
        return ""

    def _miss(self, position: int) -> None:
        if self.missing and self.missing[-1][1] == position - 1:
            self.missing[-1] = (self.missing[-1][0], position)
        else:
            self.missing.append((position, position))


def _named(row: LedgerRow) -> list[Span]:
    """Read which earlier rows an erasure names."""
    told = orjson.loads(row.payload or b"{}").get("erased") or ()
    return [(int(first), min(int(last), row.position - 1)) for first, last in told]


def verify(conn: Connection, chain: str | None = None, *, pair: str | None = None) -> VerifyReport:
    """Read a chain, those of a pair, or all of them, and stop at the first row that does not fit."""
    total, erased = 0, 0
    heads: list[tuple[str, str]] = []
    for name in chain_names(conn, pair) if chain is None else [chain]:
        report = _verify_chain(conn, name)
        total, erased = total + report.rows, erased + report.erased
        if not report.ok:
            at = report.position
            return VerifyReport(total, report.broken_at, report.reason, name, erased, tuple(heads), at)
        heads.extend(report.heads)
    return VerifyReport(total, erased=erased, heads=tuple(heads))


def chain_names(conn: Connection, pair: str | None = None) -> list[str]:
    """Name the chains of a pair, or all."""
    known = set(conn.execute(select(tables.chain.c.name)).scalars())
    known |= set(conn.execute(select(_TABLE.c.chain).distinct()).scalars())
    return sorted(name for name in known if pair is None or name.startswith(f"{pair}/"))


def _verify_chain(conn: Connection, chain: str) -> VerifyReport:
    walk = Walk()
    for row in scan_chain(conn, chain):
        reason = walk.take(row)
        if reason:
            return VerifyReport(walk.position + 1, row.id, reason, erased=walk.erased, position=row.position)
    position, previous = walk.position, walk.previous
    kept = conn.execute(select(tables.chain).where(tables.chain.c.name == chain)).one_or_none()
    if kept is None and position == 0:
        return VerifyReport(0)
    if kept is None or (kept.position, kept.hash) != (position, previous):
        return VerifyReport(position, 0, CUT, erased=walk.erased, position=position + 1)
    at = walk.not_named()
    if at is not None:
        query = select(_TABLE.c.id).where(_TABLE.c.chain == chain, _TABLE.c.position == at)
        number = int(conn.execute(query).scalar_one())
        return VerifyReport(position, number, NOT_NAMED, erased=walk.erased, position=at)
    return VerifyReport(position, erased=walk.erased, heads=((chain, previous.hex()),))


def scan_chain(conn: Connection, chain: str, after: int = -(2**62)) -> Iterator[LedgerRow]:
    """Give the rows of a chain in order, those after a position, a page in memory at a time."""
    # Read by position, never by offset; a row that took another's position is found by its hash.
    while True:
        query = LEDGER_QUERY.where(_TABLE.c.chain == chain, _TABLE.c.position > after)
        found = [LedgerRow(*row) for row in conn.execute(query.order_by(_TABLE.c.position).limit(_PAGE))]
        yield from found
        if len(found) < _PAGE:
            return
        after = found[-1].position
