"""Verifying the ledger: every row's hash, its place in the chain, its payload, and the head that is kept apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, select

from gp365.store import tables
from gp365.store.chain import GENESIS, LEDGER_QUERY, LedgerRow, row_hash

_PAGE = 2000
_TABLE = tables.ledger


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What was read: rows in all, rows whose payload was erased, the head hash (hex) of each chain.

    `broken_at` is the id of the first row that does not fit (0: the end of a chain is missing), None if all is well;
    `reason` and `chain` say what is wrong and where. Keep `heads` elsewhere to see a cut that took the kept head along.
    """

    rows: int
    broken_at: int | None = None
    reason: str = ""
    chain: str = ""
    erased: int = 0
    heads: tuple[tuple[str, str], ...] = ()

    @property
    def ok(self) -> bool:
        """Say whether everything fits."""
        return self.broken_at is None


def verify(conn: Connection, chain: str | None = None) -> VerifyReport:
    """Read a chain, or all of them, and stop at the first row that does not fit."""
    total, erased = 0, 0
    heads: list[tuple[str, str]] = []
    for name in _names(conn) if chain is None else [chain]:
        report = _verify_chain(conn, name)
        total, erased = total + report.rows, erased + report.erased
        if not report.ok:
            return VerifyReport(total, report.broken_at, report.reason, name, erased, tuple(heads))
        heads.extend(report.heads)
    return VerifyReport(total, erased=erased, heads=tuple(heads))


def _names(conn: Connection) -> list[str]:
    known = set(conn.execute(select(tables.chain.c.name)).scalars())
    return sorted(known | set(conn.execute(select(_TABLE.c.chain).distinct()).scalars()))


def _verify_chain(conn: Connection, chain: str) -> VerifyReport:
    position, previous, erased = 0, GENESIS, 0
    for row in _scan(conn, chain):
        reason = _fault(row, position + 1, previous)
        if reason:
            return VerifyReport(position + 1, row.id, reason, erased=erased)
        position, previous = row.position, row.hash
        erased += row.payload is None and row.payload_hash is not None
    kept = conn.execute(select(tables.chain).where(tables.chain.c.name == chain)).one_or_none()
    if kept is None and position == 0:
        return VerifyReport(0)
    if kept is None or (kept.position, kept.hash) != (position, previous):
        return VerifyReport(position, 0, "rows at the end of the chain are missing", erased=erased)
    return VerifyReport(position, erased=erased, heads=((chain, previous.hex()),))


def _fault(row: LedgerRow, position: int, previous: bytes) -> str:
    if row.position != position:
        return "a row is missing before this one"
    if row.prev_hash != previous:
        return "the row does not follow the one before it"
    if row_hash(row.chain, row.prev_hash, row, row.actor, row.at, row.payload_hash) != row.hash:
        return "the row was changed"
    if row.payload is not None and sha256(row.payload).digest() != row.payload_hash:
        return "the payload was changed"
    return ""


def _scan(conn: Connection, chain: str) -> Iterator[LedgerRow]:
    # Read by position, never by offset; a row that took another's position is found by its hash.
    last = -(2**62)
    while True:
        query = LEDGER_QUERY.where(_TABLE.c.chain == chain, _TABLE.c.position > last)
        found = [LedgerRow(*row) for row in conn.execute(query.order_by(_TABLE.c.position).limit(_PAGE))]
        yield from found
        if len(found) < _PAGE:
            return
        last = found[-1].position
