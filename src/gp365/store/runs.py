"""Runs, the cursors of the feeds, and the versions of flows."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import orjson
from sqlalchemy import BindParameter, Connection, Select, UpdateBase, bindparam, or_, select, union_all

from gp365.store import ledger, straight, tables
from gp365.store.bulk import chunks, insert_new, insert_rows, now, put_rows

HINT = "hint"
"""The kind of a run that worked only records of which somebody had told us."""
GOOD = "done"
_RECENT = 20
_RUN = tables.run
_NAMES = tuple(column.name for column in _RUN.c)
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
    insert_rows(conn, _RUN, [row | {"state": "running", "begun_at": at, "counts": b"{}"}])
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
    ended = {"to_state": state, "to_ended_at": now(conn), "to_balanced": balanced, "to_clean": clean}
    straight.run(
        conn, "end run", _end, {**ended, "to_counts": orjson.dumps(dict(counts or {})), "in_run": run}
    )


def _end() -> UpdateBase:
    to: dict[str, Any] = {
        name: bindparam(f"to_{name}") for name in ("state", "ended_at", "balanced", "clean", "counts")
    }
    return _RUN.update().where(_RUN.c.id == bindparam("in_run")).values(to)


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
    given: dict[str, str | int] = {
        f"in_{name}": wanted
        for name, wanted in (("besides", besides), ("pair", pair), ("flow", flow), ("state", state))
        if wanted is not None
    }
    names = tuple(given)
    rows = straight.ask(conn, f"runs {names}", partial(_listing, names), {**given, "most": limit})
    return [_run(row) for row in rows]


def _listing(names: tuple[str, ...]) -> straight.Query:
    query = select(*_RUN.c).order_by(_RUN.c.begun_at.desc(), _RUN.c.id.desc())
    for name in names:
        given: BindParameter[Any] = bindparam(name)
        own = name.removeprefix("in_")
        query = query.where(_RUN.c.kind != given if own == "besides" else _RUN.c[own] == given)
    return query.limit(bindparam("most"))


def completed(
    conn: Connection, pair: str, flow: str, besides: Collection[str] = (), *, digest: str | None = None
) -> bool:
    """Tell whether a flow (of this digest, where one is named) has ever come to the end of a sync or apply but these."""
    given: dict[str, str | int] = {"in_pair": pair, "in_flow": flow, "most": len(besides) + 1}
    if digest is None:
        rows = straight.ask(conn, "completed", _completed, given)
    else:
        rows = straight.ask(conn, "completed by digest", _completed_by_digest, given | {"in_digest": digest})
    return any(run not in besides for (run,) in rows)


def _completed() -> straight.Query:
    ended = or_(_RUN.c.state == GOOD, _RUN.c.state == "mismatched")
    whole = or_(_RUN.c.kind == "sync", _RUN.c.kind == "apply")
    mine = (_RUN.c.pair == bindparam("in_pair"), _RUN.c.flow == bindparam("in_flow"))
    return select(_RUN.c.id).where(*mine, ended, whole).limit(bindparam("most"))


def _completed_by_digest() -> straight.Query:
    return _completed().where(_RUN.c.flow_digest == bindparam("in_digest"))


def counts(conn: Connection, run: str) -> dict[str, int]:
    """Count, by SQL over the ledger, the subjects of a run by disposition."""
    return ledger.dispositions(conn, run)


def forget_subjects(conn: Connection, run: str) -> None:
    """Drop the list of a run's subjects once its equation was compared; the ledger keeps the outcomes."""
    table = tables.run_subject
    straight.run(
        conn,
        "forget subjects",
        lambda: table.delete().where(table.c.run == bindparam("in_run")),
        {"in_run": run},
    )


def cursor_get(conn: Connection, pair: str, flow: str, side: str) -> Cursor | None:
    """Read where a side's feed goes on, or None before its first read."""
    rows = straight.ask(conn, "cursor", _of_side, {"in_pair": pair, "in_flow": flow, "in_side": side})
    return Cursor(*rows[0]) if rows else None


def _of_side() -> straight.Query:
    place = [_CURSOR.c[name] == bindparam(f"in_{name}") for name in ("pair", "flow", "side")]
    return select(_CURSOR.c.value, _CURSOR.c.digest).where(*place)


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


def _run(row: Sequence[Any]) -> Run:
    values = dict(zip(_NAMES, row, strict=True))
    return Run(**values | {"counts": orjson.loads(values["counts"])})
