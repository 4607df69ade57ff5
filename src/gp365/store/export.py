"""The ledger as JSON Lines, which anybody can prove without the store.

The first line is the header; each further line is one row, chain by chain in order. A payload stands there as it was
hashed, byte for byte; one that plain JSON would not give back is written as base64 instead. Hashes are hexadecimal.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import orjson
from sqlalchemy import Connection, func, select

from gp365.model.errors import Misconfigured
from gp365.store import tables
from gp365.store.chain import GENESIS, LedgerRow
from gp365.store.verify import CUT, NOT_NAMED, VerifyReport, Walk, chain_names, scan_chain

FORMAT = 1
_LEDGER, _CHAIN = tables.ledger, tables.chain


@dataclass(frozen=True, slots=True)
class ExportedChain:
    """A chain of an export: its first position there (0: none), how many rows, and its head."""

    chain: str
    first: int
    rows: int
    position: int
    head: str


def export_chains(
    conn: Connection, *, pair: str | None = None, chain: str | None = None, since: datetime | None = None
) -> list[ExportedChain]:
    """Say what an export holds: whole chains, or each from its first row since a moment on."""
    names = [name for name in chain_names(conn, pair) if chain in (None, name)]
    return [_exported(conn, name, since) for name in names]


def _exported(conn: Connection, chain: str, since: datetime | None) -> ExportedChain:
    first = select(func.min(_LEDGER.c.position)).where(_LEDGER.c.chain == chain)
    if since is not None:
        first = first.where(_LEDGER.c.at >= since)
    begun = conn.execute(first).scalar_one() or 0
    counting = select(func.count()).select_from(_LEDGER)
    rows = conn.execute(counting.where(_LEDGER.c.chain == chain, _LEDGER.c.position >= begun)).scalar_one()
    head = conn.execute(select(_CHAIN.c.position, _CHAIN.c.hash).where(_CHAIN.c.name == chain)).one_or_none()
    position, digest = (0, GENESIS) if head is None else (head[0], head[1])
    return ExportedChain(chain, begun, rows if begun else 0, position, digest.hex())


def export_lines(
    conn: Connection,
    chains: Sequence[ExportedChain],
    *,
    store: str,
    at: datetime,
    since: datetime | None = None,
) -> Iterator[bytes]:
    """Give the lines of an export, each with its line end, a page of rows in memory at a time."""
    header = {
        "gp365_ledger": FORMAT,
        "store": store,
        "made_at": _time(at),
        "since": _time(since) if since else None,
        "chains": list(chains),
    }
    yield orjson.dumps(header) + b"\n"
    for chain in chains:
        if chain.first:
            for row in scan_chain(conn, chain.chain, chain.first - 1):
                yield orjson.dumps(_plain(row)) + b"\n"


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _plain(row: LedgerRow) -> dict[str, Any]:
    told: dict[str, Any] = {
        "chain": row.chain,
        "position": row.position,
        "prev_hash": row.prev_hash.hex(),
        "hash": row.hash.hex(),
        "kind": row.kind,
        "at": _time(row.at),
        "actor": row.actor,
        "run": row.run,
        "flow_digest": row.flow_digest,
        "subject": row.subject,
        "subjects": row.subjects,
        "disposition": row.disposition,
        "payload_hash": row.payload_hash.hex() if row.payload_hash is not None else None,
    }
    if row.payload is None:
        return told | {"payload": None}
    if _is_plain(row.payload):
        return told | {"payload": orjson.Fragment(row.payload)}
    return told | {"payload": None, "payload_base64": base64.b64encode(row.payload).decode()}


def _is_plain(payload: bytes) -> bool:
    """Tell whether a payload comes out of JSON as it went in."""
    try:
        return payload != b"null" and orjson.dumps(orjson.loads(payload)) == payload
    except orjson.JSONDecodeError:
        return False


def verify_lines(lines: Iterable[bytes]) -> VerifyReport:
    """Prove an export, line by line; Misconfigured("export-invalid") if it is none."""
    stream = iter(lines)
    chains, whole = _header(next(stream, b""))
    total, erased = 0, 0
    heads: list[tuple[str, str]] = []
    begun: list[tuple[str, int]] = []
    rest = enumerate(stream, 2)
    for chain in chains:
        walk = Walk(chain.first - 1 if chain.first else 0)
        if chain.first > 1:
            begun.append((chain.chain, chain.first))
        for _ in range(chain.rows):
            number, line = next(rest, (0, b""))
            reason, row = _taken(walk, chain, line, number)
            if reason:
                at = row.position if row else walk.position + 1
                return VerifyReport(total, number, reason, chain.chain, erased, tuple(heads), at)
            total += 1
        erased += walk.erased
        reason, at = _end(walk, chain, whole)
        if reason:
            return VerifyReport(total, 0, reason, chain.chain, erased, tuple(heads), at)
        heads.append((chain.chain, chain.head))
    number, line = next(rest, (0, b""))
    if line.strip():
        return VerifyReport(total, number, "more rows follow than the header names", "", erased, tuple(heads))
    return VerifyReport(total, erased=erased, heads=tuple(heads), begun=tuple(begun))


def _header(line: bytes) -> tuple[list[ExportedChain], bool]:
    """Read the chains of an export, and whether they begin with their first rows."""
    try:
        told = orjson.loads(line)
        if told["gp365_ledger"] != FORMAT:
            raise KeyError("gp365_ledger")
        return [ExportedChain(**one) for one in told["chains"]], told["since"] is None
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise Misconfigured(
            "export-invalid", "The file does not begin as an export of a ledger does."
        ) from None


def _taken(walk: Walk, chain: ExportedChain, line: bytes, number: int) -> tuple[str, LedgerRow | None]:
    """Take a line; return what is wrong with it, or ""."""
    if not line.strip():
        return CUT, None
    try:
        row = _row(orjson.loads(line), number)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        return "the line cannot be read", None
    if row.chain != chain.chain:
        return "the row is of another chain", row
    if walk.position and walk.position == chain.first - 1:
        walk.previous = row.prev_hash
    return walk.take(row), row


def _row(told: dict[str, Any], number: int) -> LedgerRow:
    payload = orjson.dumps(told["payload"]) if told["payload"] is not None else None
    if told.get("payload_base64"):
        payload = base64.b64decode(told["payload_base64"], validate=True)
    digest = told["payload_hash"]
    named = {name: told[name] for name in ("chain", "position", "kind", "actor", "run", "flow_digest")}
    named |= {name: told[name] for name in ("subject", "subjects", "disposition")}
    return LedgerRow(
        id=number,
        prev_hash=bytes.fromhex(told["prev_hash"]),
        hash=bytes.fromhex(told["hash"]),
        at=datetime.fromisoformat(cast("str", told["at"])),
        payload_hash=bytes.fromhex(digest) if digest is not None else None,
        payload=payload,
        **named,
    )


def _end(walk: Walk, chain: ExportedChain, whole: bool) -> tuple[str, int]:
    """Compare the end of a chain with the head in the header."""
    if whole and not chain.first and chain.position:
        return CUT, 1
    if chain.rows and (walk.position, walk.previous.hex()) != (chain.position, chain.head):
        return CUT, walk.position + 1
    at = walk.not_named()
    return (NOT_NAMED, at) if at is not None else ("", 0)
