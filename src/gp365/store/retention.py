"""Retention and erasure: payloads go, rows stay, and a row of kind erasure in the same commit says what went and why.

Erased are payloads of the ledger, what ended writes carried (values, before-images, inputs) and what ended parked entries
showed. Kept are the rows themselves with their keys, what is open, and writes that were given up: their value may still
appear in the target, and must then be known as ours.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, func, or_, select

from gp365.store import tables
from gp365.store.among import among
from gp365.store.bulk import chunks
from gp365.store.chain import Entry, append
from gp365.store.engine import Store
from gp365.store.intents import OPEN, SUPERSEDED, Intent
from gp365.store.spans import spans_of
from gp365.store.verify import ERASURE

PAGE = 1000
ERASED_WRITE = b'{"v":{},"p":{},"b":"","f":"","erased":true}'
"""The values of an ended write that was erased: an empty envelope (see `gp365.sync.envelope`)."""
ERASED_TEXT = "(erased)"
_NOTHING = b"{}"
_LEDGER, _INTENT, _PARKED, _INPUT = tables.ledger, tables.intent, tables.parked, tables.input_body


@dataclass(frozen=True, slots=True)
class Scope:
    """What is to be erased of one chain: what is older than `before`; with `subjects` or `keys` only what is theirs."""

    pair: str
    flow: str
    before: datetime
    subjects: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()

    @property
    def chain(self) -> str:
        """Name the chain."""
        return f"{self.pair}/{self.flow}"

    @property
    def whole(self) -> bool:
        """Tell whether all subjects are meant."""
        return not self.subjects and not self.keys


@dataclass(slots=True)
class Erased:
    """What was erased, and what was kept although it is old enough, by reason."""

    payloads: int = 0
    writes: int = 0
    inputs: int = 0
    parked: int = 0
    kept: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def anything(self) -> bool:
        """Tell whether anything was erased."""
        return bool(self.payloads or self.writes or self.inputs or self.parked)

    def add(self, other: Erased) -> None:
        """Count another page in."""
        for name in ("payloads", "writes", "inputs", "parked"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


def is_erased(intent: Intent) -> bool:
    """Tell whether an ended write was erased: what it found and sent is not known any more."""
    return intent.values == ERASED_WRITE


def erase(
    store: Store,
    scope: Scope,
    *,
    actor: str,
    at: datetime,
    why: str,
    dry: bool = False,
    progress: Callable[[int], None] = lambda done: None,
) -> Erased:
    """Erase what a scope names, a page and its erasure row in each commit; `dry` counts and changes nothing.

    Broken off, it has erased whole pages; called again it goes on.
    """
    total = Erased()
    for step in (_rows, _writes, _parked):
        after: Any = None
        while True:
            with store.read() if dry else store.write() as conn:
                if not dry:
                    _overwriting(conn)
                page, spans, after = step(conn, scope, after, dry)
                if page.anything and not dry:
                    _append(conn, scope, page, spans, actor, at, why)
            total.add(page)
            progress(total.payloads + total.writes)
            if after is None:
                break
    if not dry:
        _settle_file(store)
    with store.read() as conn:
        total.kept = _kept(conn, scope)
    return total


def _overwriting(conn: Connection) -> None:
    """Let SQLite overwrite what is deleted, not only unlink it (sqlite.org/pragma.html, secure_delete)."""
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql("PRAGMA secure_delete=ON")


def _settle_file(store: Store) -> None:
    """Bring SQLite's write-ahead log into the file and empty it: it holds pages as they were."""
    if store.dialect == "sqlite":
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            raw: Any = conn.connection.driver_connection
            raw.rollback()
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _append(
    conn: Connection,
    scope: Scope,
    page: Erased,
    spans: Sequence[tuple[int, int]],
    actor: str,
    at: datetime,
    why: str,
) -> None:
    told = {
        "erased": [list(span) for span in spans],
        "before": scope.before.isoformat(),
        "payloads": page.payloads,
        "writes": page.writes,
        "inputs": page.inputs,
        "parked": page.parked,
        "why": why,
    }
    append(conn, scope.chain, [Entry(ERASURE, "", payload=orjson.dumps(told))], actor=actor, at=at)


_Step = tuple[Erased, list[tuple[int, int]], Any]


def _rows(conn: Connection, scope: Scope, after: int | None, dry: bool) -> _Step:
    """Empty the payloads of a page of the ledger."""
    query = select(_LEDGER.c.id, _LEDGER.c.position, _LEDGER.c.subject).where(
        *_old_rows(scope), _LEDGER.c.position > (after or 0)
    )
    found = conn.execute(query.order_by(_LEDGER.c.position).limit(PAGE)).all()
    open_ones = _open_subjects(conn, scope, [row.subject for row in found]) if scope.whole else set[str]()
    gone = [row for row in found if row.subject not in open_ones]
    if not dry:
        for chunk in chunks(row.id for row in gone):
            conn.execute(_LEDGER.update().where(among(_LEDGER.c.id, chunk)).values(payload=None))
    spans = spans_of(row.position for row in gone)
    return Erased(payloads=len(gone)), spans, found[-1].position if len(found) == PAGE else None


def _old_rows(scope: Scope) -> Iterator[ColumnElement[bool]]:
    yield _LEDGER.c.chain == scope.chain
    yield _LEDGER.c.at < scope.before
    yield _LEDGER.c.payload.is_not(None)
    yield _LEDGER.c.kind != ERASURE
    if not scope.whole:
        yield among(_LEDGER.c.subject, sorted(scope.subjects))


def _writes(conn: Connection, scope: Scope, after: str | None, dry: bool) -> _Step:
    """Empty a page of ended writes, and the inputs that no other write names."""
    query = select(
        _INTENT.c.id, _INTENT.c.subject, _INTENT.c.inputs, _INTENT.c.key, _INTENT.c.source_key
    ).where(*_old_writes(scope), _INTENT.c.id > (after or ""))
    found = conn.execute(query.order_by(_INTENT.c.id).limit(PAGE)).all()
    open_ones = _open_subjects(conn, scope, [row.subject for row in found]) if scope.whole else set[str]()
    gone = [row for row in found if row.subject not in open_ones]
    if not dry:
        for chunk in chunks(row.id for row in gone):
            emptied = {"planned": ERASED_WRITE, "before_image": _NOTHING, "overruled": _NOTHING}
            conn.execute(_INTENT.update().where(among(_INTENT.c.id, chunk)).values(emptied))
    keys = {key for row in gone for key in (row.key, row.source_key)}
    inputs = _drop_inputs(conn, {row.inputs for row in gone}, keys, {row.id for row in gone}, dry)
    last = found[-1].id if len(found) == PAGE else None
    return Erased(writes=len(gone), inputs=inputs), [], last


def _old_writes(scope: Scope) -> Iterator[ColumnElement[bool]]:
    yield _INTENT.c.pair == scope.pair
    yield _INTENT.c.flow == scope.flow
    yield _INTENT.c.made_at < scope.before
    yield _INTENT.c.planned != ERASED_WRITE
    if scope.whole:
        yield _INTENT.c.state.not_in((OPEN, SUPERSEDED))
    else:
        yield _INTENT.c.state != OPEN
        yield _theirs(_INTENT, scope)


def _theirs(table: Any, scope: Scope) -> ColumnElement[bool]:
    names, keys = sorted(scope.subjects), sorted(scope.keys)
    first, second = ("left_key", "right_key") if table is _PARKED else ("key", "source_key")
    return or_(table.c.subject.in_(names), table.c[first].in_(keys), table.c[second].in_(keys))


def _drop_inputs(
    conn: Connection, hashes: set[str], keys: Collection[str], besides: set[str], dry: bool
) -> int:
    """Drop the inputs that only these writes name. Equal inputs name equal records, so those of their keys are asked."""
    named: set[str] = set()
    for chunk in chunks(keys):
        query = select(_INTENT.c.id, _INTENT.c.inputs).where(among(_INTENT.c.key, chunk))
        query = query.where(_INTENT.c.planned != ERASED_WRITE)
        named.update(row.inputs for row in conn.execute(query) if row.id not in besides)
    dropped = 0
    for chunk in chunks(sorted(name for name in hashes - named if name)):
        where = among(_INPUT.c.hash, chunk)
        dropped += conn.execute(select(func.count()).select_from(_INPUT).where(where)).scalar_one()
        if not dry:
            conn.execute(_INPUT.delete().where(where))
    return dropped


def _parked(conn: Connection, scope: Scope, after: int | None, dry: bool) -> _Step:
    """Empty a page of ended parked entries."""
    query = select(_PARKED.c.id).where(*_old_parked(scope), _PARKED.c.id > (after or 0))
    found = list(conn.execute(query.order_by(_PARKED.c.id).limit(PAGE)).scalars())
    emptied = {"shown": _NOTHING, "about": _NOTHING, "message": ERASED_TEXT, "resolution": None}
    if not dry:
        for chunk in chunks(found):
            conn.execute(_PARKED.update().where(among(_PARKED.c.id, chunk)).values(emptied))
    return Erased(parked=len(found)), [], found[-1] if len(found) == PAGE else None


def _old_parked(scope: Scope) -> Iterator[ColumnElement[bool]]:
    yield _PARKED.c.pair == scope.pair
    yield _PARKED.c.flow == scope.flow
    yield _PARKED.c.state == "ended"
    yield _PARKED.c.ended_at < scope.before
    yield _PARKED.c.message != ERASED_TEXT
    if not scope.whole:
        yield _theirs(_PARKED, scope)


def _open_subjects(conn: Connection, scope: Scope, names: Collection[str]) -> set[str]:
    """Name those of these subjects that have an open write or an open parked entry."""
    found: set[str] = set()
    for table in (_INTENT, _PARKED):
        here = (table.c.pair == scope.pair, table.c.flow == scope.flow, table.c.state == "open")
        for chunk in chunks(name for name in names if name):
            found.update(
                conn.execute(select(table.c.subject).where(*here, among(table.c.subject, chunk))).scalars()
            )
    return found


def _kept(conn: Connection, scope: Scope) -> dict[str, int]:
    """Count what stays although it is old enough, by reason."""
    writes = (_INTENT.c.pair == scope.pair, _INTENT.c.flow == scope.flow, _INTENT.c.made_at < scope.before)
    parked = (_PARKED.c.pair == scope.pair, _PARKED.c.flow == scope.flow, _PARKED.c.state == "open")
    if not scope.whole:
        writes, parked = (*writes, _theirs(_INTENT, scope)), (*parked, _theirs(_PARKED, scope))
    given_up = (*writes, _INTENT.c.state == SUPERSEDED, _INTENT.c.planned != ERASED_WRITE)
    counted = {
        "open writes": _count(conn, _INTENT, *writes, _INTENT.c.state == OPEN),
        "writes that were given up": _count(conn, _INTENT, *given_up),
        "open parked entries": _count(conn, _PARKED, *parked, _PARKED.c.made_at < scope.before),
        "payloads of what is open": _count(conn, _LEDGER, *_old_rows(scope)) if scope.whole else 0,
    }
    return {name: number for name, number in counted.items() if number}


def younger(conn: Connection, scope: Scope, until: datetime) -> int:
    """Count the writes and payloads of a scope that lie between its moment and a later one: they are kept for undo."""
    later = Scope(scope.pair, scope.flow, until, scope.subjects, scope.keys)
    rows = _count(conn, _LEDGER, *_old_rows(later), _LEDGER.c.at >= scope.before)
    return rows + _count(conn, _INTENT, *_old_writes(later), _INTENT.c.made_at >= scope.before)


def _count(conn: Connection, table: Any, *where: ColumnElement[bool]) -> int:
    return int(conn.execute(select(func.count()).select_from(table).where(*where)).scalar_one())
