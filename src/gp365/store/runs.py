"""Runs, the cursors of the feeds, and the versions of flows."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, Row, Select, select, union_all

from gp365.store import ledger, tables
from gp365.store.bulk import chunks, insert_new, now, put_rows

HINT = "hint"
"""The kind of a run that worked only records of which somebody had told us."""
GOOD = "done"
_RECENT = 20
_RUN = tables.run
_CURSOR = tables.cursor
_VERSION = tables.flow_version


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one flow of one pair. `state` is running until `end` gives another; `counts` is what it reported."""

    id: str
    pair: str
    flow: str
    kind: str
    actor: str
    flow_digest: str
    state: str
    begun_at: datetime
    ended_at: datetime | None
    counts: Mapping[str, Any]
    balanced: bool | None
    clean: bool | None


class Cursor(NamedTuple):
    """Where a feed goes on, and the digest of the flow under which its keys were queued."""

    value: str
    digest: str


@dataclass(frozen=True, slots=True)
class FlowVersion:
    """A flow as it was; `rows` gives each row's fingerprint by field."""

    digest: str
    flow: str
    body: bytes
    rows: Mapping[str, str]
    made_at: datetime


def begin(
    conn: Connection, pair: str, flow: str, *, kind: str = "sync", actor: str = "", flow_digest: str = ""
) -> str:
    """Note that a run begins and return its id, which sorts by time."""
    at = now(conn)
    name = f"{at:%Y%m%d-%H%M%S}-{secrets.token_hex(6)}"
    row = {"id": name, "pair": pair, "flow": flow, "kind": kind, "actor": actor, "flow_digest": flow_digest}
    conn.execute(_RUN.insert(), row | {"state": "running", "begun_at": at, "counts": b"{}"})
    return name


def end(
    conn: Connection,
    run: str,
    state: str,
    *,
    counts: Mapping[str, Any] | None = None,
    balanced: bool | None = None,
    clean: bool | None = None,
) -> None:
    """Note how a run ended (done, failed, stopped, interrupted)."""
    ended = {"state": state, "ended_at": now(conn), "balanced": balanced, "clean": clean}
    conn.execute(
        _RUN.update().where(_RUN.c.id == run).values(counts=orjson.dumps(dict(counts or {})), **ended)
    )


def fold(conn: Connection, run: str, into: Run) -> None:
    """Take back the row of a look that found nothing, and let the look before it stand for both.

    Its row then tells when the newest look began and ended, how many `looks` it stands for, and `since` when.
    """
    began = conn.execute(_RUN.delete().where(_RUN.c.id == run).returning(_RUN.c.begun_at)).scalar_one()
    told = {
        "looks": int(into.counts["looks"]) + 1,
        "since": into.counts.get("since") or into.begun_at.isoformat(),
    }
    counts = orjson.dumps({**into.counts, **told})
    values = {"begun_at": began, "ended_at": now(conn), "counts": counts}
    conn.execute(_RUN.update().where(_RUN.c.id == into.id).values(values))


def end_broken(conn: Connection, pair: str, flow: str, *, hints: bool) -> None:
    """Note that runs of a flow were broken off which nobody lived to end: runs of `hints`, or all others.

    For who holds the lease under which alone such runs are made.
    """
    for one in list_runs(conn, pair, flow, limit=_RECENT):
        if one.state == "running" and (one.kind == HINT) is hints:
            end(conn, one.id, "interrupted")
            forget_subjects(conn, one.id)


def get(conn: Connection, run: str) -> Run | None:
    """Read a run, or None if there is none of this id."""
    row = conn.execute(select(_RUN).where(_RUN.c.id == run)).one_or_none()
    return None if row is None else _run(row)


def latest(conn: Connection, pair: str, flow: str, *, state: str | None = None) -> Run | None:
    """Read the newest run of a flow that looked at everything that had changed, or the newest of these in this state."""
    found = list_runs(conn, pair, flow, limit=1, state=state, besides=HINT)
    return found[0] if found else None


def newest(
    conn: Connection, flows: Sequence[tuple[str, str]], *, state: str | None = None
) -> dict[tuple[str, str], Run]:
    """Read of each of these flows (pair, flow) what `latest` reads of one, a hundred flows in a statement."""
    found: dict[tuple[str, str], Run] = {}
    for chunk in chunks(flows, 100):
        each = [_newest(pair, flow, state).subquery() for pair, flow in chunk]
        for row in conn.execute(union_all(*(select(one) for one in each))):
            found[(row.pair, row.flow)] = _run(row)
    return found


def _newest(pair: str, flow: str, state: str | None) -> Select[Any]:
    query = select(_RUN).where(_RUN.c.pair == pair, _RUN.c.flow == flow, _RUN.c.kind != HINT)
    if state is not None:
        query = query.where(_RUN.c.state == state)
    return query.order_by(_RUN.c.begun_at.desc(), _RUN.c.id.desc()).limit(1)


def list_runs(
    conn: Connection,
    pair: str | None = None,
    flow: str | None = None,
    *,
    limit: int = 50,
    state: str | None = None,
    besides: str | None = None,
) -> list[Run]:
    """Read runs, newest first, but for those of one kind where it is named."""
    query = select(_RUN).order_by(_RUN.c.begun_at.desc(), _RUN.c.id.desc()).limit(limit)
    if besides is not None:
        query = query.where(_RUN.c.kind != besides)
    for column, wanted in ((_RUN.c.pair, pair), (_RUN.c.flow, flow), (_RUN.c.state, state)):
        if wanted is not None:
            query = query.where(column == wanted)
    return [_run(row) for row in conn.execute(query)]


def completed(
    conn: Connection, pair: str, flow: str, besides: Collection[str] = (), *, digest: str | None = None
) -> bool:
    """Tell whether a flow (of this digest, where one is named) has ever come to the end of a sync or apply but these."""
    query = select(_RUN.c.id).where(_RUN.c.pair == pair, _RUN.c.flow == flow)
    if digest is not None:
        query = query.where(_RUN.c.flow_digest == digest)
    query = query.where(_RUN.c.state.in_(("done", "mismatched")))
    query = query.where(_RUN.c.kind.in_(("sync", "apply"))).limit(len(besides) + 1)
    return any(run not in besides for run in conn.execute(query).scalars())


def counts(conn: Connection, run: str) -> dict[str, int]:
    """Count, by SQL over the ledger, the subjects of a run by disposition."""
    return ledger.dispositions(conn, run)


def forget_subjects(conn: Connection, run: str) -> None:
    """Drop the list of a run's subjects once its equation was compared; the ledger keeps the outcomes."""
    conn.execute(tables.run_subject.delete().where(tables.run_subject.c.run == run))


def cursor_get(conn: Connection, pair: str, flow: str, side: str) -> Cursor | None:
    """Read where a side's feed goes on, or None before its first read."""
    query = select(_CURSOR.c.value, _CURSOR.c.digest)
    query = query.where(_CURSOR.c.pair == pair, _CURSOR.c.flow == flow, _CURSOR.c.side == side)
    row = conn.execute(query).one_or_none()
    return None if row is None else Cursor(*row)


def cursor_set(conn: Connection, pair: str, flow: str, side: str, value: str, digest: str) -> None:
    """Keep where a side's feed goes on; in the commit that queues its keys."""
    row = {"pair": pair, "flow": flow, "side": side, "value": value, "digest": digest, "set_at": now(conn)}
    put_rows(conn, _CURSOR, [row])


def flow_version_put(conn: Connection, digest: str, flow: str, body: bytes, rows: Mapping[str, str]) -> None:
    """Keep a version of a flow; one that is known stays as it is."""
    row = {"digest": digest, "flow": flow, "body": body, "made_at": now(conn)}
    insert_new(conn, _VERSION, [row | {"row_prints": orjson.dumps(dict(rows))}])


def flow_version_get(conn: Connection, digest: str) -> FlowVersion | None:
    """Read a version of a flow, or None."""
    row = conn.execute(select(_VERSION).where(_VERSION.c.digest == digest)).one_or_none()
    if row is None:
        return None
    return FlowVersion(row.digest, row.flow, row.body, orjson.loads(row.row_prints), row.made_at)


def _run(row: Row[Any]) -> Run:
    values = dict(row._mapping)  # pyright: ignore[reportPrivateUsage]  SQLAlchemy's public name for it
    return Run(**values | {"counts": orjson.loads(values["counts"])})
