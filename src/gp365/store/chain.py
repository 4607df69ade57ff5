"""The chain of the ledger: rows appended one by one, each bound to the one before it by SHA-256.

A row's hash covers the hash of its payload, not the payload: after retention or erasure has emptied a payload the
chain still verifies. The canonical form is the UTF-8 JSON array, without blanks, of: 1 (the format), chain, previous
hash (hex), kind, microseconds since 1970 UTC, actor, run, flow digest, subject, subjects, disposition, payload hash
(hex, "" without payload). The first row of a chain has 32 zero bytes as previous hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

import orjson
from sqlalchemy import Connection, bindparam, select
from sqlalchemy.exc import IntegrityError

from gp365.store import tables
from gp365.store.bulk import insert_new, inserting
from gp365.store.columns import to_micros
from gp365.store.straight import ask, run, run_rows

FORMAT = 1
GENESIS = bytes(32)
_TABLE = tables.ledger
_CHAIN = tables.chain
_TRIES = 5


class Entry(NamedTuple):
    """A row to append. `subjects` is how many subjects of the run it stands for; `payload` is its evidence, packed."""

    kind: str
    run: str
    subject: str = ""
    subjects: int = 0
    disposition: str = ""
    flow_digest: str = ""
    payload: bytes | None = None


class LedgerRow(NamedTuple):
    """A row as it stands; `payload` is None if it never had one or it was erased (then `payload_hash` is there)."""

    id: int
    chain: str
    position: int
    prev_hash: bytes
    hash: bytes
    kind: str
    at: datetime
    actor: str
    run: str
    flow_digest: str
    subject: str
    subjects: int
    disposition: str
    payload_hash: bytes | None
    payload: bytes | None


_STORED = ("chain", "position", "prev_hash", "hash", "at", "actor", "payload_hash", *Entry._fields)
LEDGER_QUERY = select(*(_TABLE.c[name] for name in LedgerRow._fields))


_HEAD = (
    select(_CHAIN.c.position, _CHAIN.c.hash).where(_CHAIN.c.name == bindparam("in_name")).with_for_update()
)
_MOVING = (
    _CHAIN.update()
    .where(_CHAIN.c.name == bindparam("b_name"))
    .values(position=bindparam("b_position"), hash=bindparam("b_hash"))
)


def chain_of(pair: str, flow: str) -> str:
    """Name the chain of a flow of a pair."""
    return f"{pair}/{flow}"


def append(conn: Connection, chain: str, rows: Sequence[Entry], *, actor: str, at: datetime) -> None:
    """Append rows to a chain. Call it last in the transaction: on PostgreSQL other appenders wait from here on.

    Two appenders that met the same head are kept apart by the store; the second tries again on the new head.
    """
    if not rows:
        return
    for attempt in range(1, _TRIES + 1):
        try:
            with conn.begin_nested():
                _append(conn, chain, rows, actor, at)
                return
        except IntegrityError:
            if attempt == _TRIES:
                raise


def _append(conn: Connection, chain: str, rows: Sequence[Entry], actor: str, at: datetime) -> None:
    position, previous = _head(conn, chain)
    stored: list[tuple[object, ...]] = []
    for entry in rows:
        told, position = None if entry.payload is None else sha256(entry.payload).digest(), position + 1
        hashed = row_hash(chain, previous, entry, actor, at, told)
        stored.append((chain, position, previous, hashed, at, actor, told, *entry))
        previous = hashed
    run_rows(conn, "insert ledger", lambda: inserting(conn, _TABLE), _STORED, stored)
    run(conn, "move chain", lambda: _MOVING, {"b_name": chain, "b_position": position, "b_hash": previous})


def _head(conn: Connection, chain: str) -> tuple[int, bytes]:
    held = ask(conn, "chain head", lambda: _HEAD, {"in_name": chain})
    if not held:
        insert_new(conn, _CHAIN, [{"name": chain, "position": 0, "hash": GENESIS}])
        held = ask(conn, "chain head", lambda: _HEAD, {"in_name": chain})
    ((position, hashed),) = held
    return position, hashed


def row_hash(
    chain: str,
    previous: bytes,
    entry: Entry | LedgerRow,
    actor: str,
    at: datetime,
    payload_hash: bytes | None,
) -> bytes:
    """Return the SHA-256 of a row's canonical form."""
    form = [
        FORMAT,
        chain,
        previous.hex(),
        entry.kind,
        to_micros(at),
        actor,
        entry.run,
        entry.flow_digest,
        entry.subject,
        entry.subjects,
        entry.disposition,
        payload_hash.hex() if payload_hash is not None else "",
    ]
    return sha256(orjson.dumps(form)).digest()
