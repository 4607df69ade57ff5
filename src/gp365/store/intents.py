"""Intents: what we are about to write, committed before the call, and how each call ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, bindparam, func, or_, select, text

from gp365.store import tables
from gp365.store.among import among, among_given
from gp365.store.bulk import chunks, inserting, now
from gp365.store.straight import Query, ask, run_rows

_TABLE = tables.intent
OPEN, DONE, SETTLED, SUPERSEDED = "open", "done", "settled", "superseded"
_LANDED = _TABLE.c.state.in_((OPEN, DONE, SETTLED))


class Intent(NamedTuple):
    """One write to one external record (system, entity, key).

    `values` is what is sent, `before` what the target held, `overruled` the losing values, all packed; `inputs` is the
    content hash of everything that `plan` saw. `key` is the key that we drew when `op` creates. Not sent after
    `send_by`; a reply cannot come after `settled_after`. `window_ms` is the unguarded time of a re-read write.
    `state` is "open" until it is closed; open ones are unique per external record.
    """

    id: str
    run: str
    pair: str
    flow: str
    subject: str
    op: str
    system: str
    entity: str
    side: str
    key: str
    source_side: str
    source_key: str
    reference: str
    values: bytes
    before: bytes
    inputs: str
    overruled: bytes
    send_by: datetime
    settled_after: datetime
    lease: int
    state: str
    made_at: datetime
    ended_at: datetime | None
    window_ms: float | None
    version: str


class Head(NamedTuple):
    """An intent without what it carries."""

    id: str
    run: str
    pair: str
    flow: str
    subject: str
    op: str
    system: str
    entity: str
    side: str
    key: str
    source_side: str
    source_key: str
    state: str
    made_at: datetime


# The column of each field, in the order of the fields (`values` and `before` are words of SQL).
_RENAMED = {"values": "planned", "before": "before_image"}
_NAMES = tuple(_RENAMED.get(name, name) for name in Intent._fields)
_QUERY = select(*(_TABLE.c[name] for name in _NAMES))
_TARGET = (
    _TABLE.c.system == bindparam("in_system"),
    _TABLE.c.entity == bindparam("in_entity"),
    among_given(_TABLE.c.key),
    _TABLE.c.state == bindparam("in_state"),
)
_ON_TARGET = _QUERY.where(*_TARGET)
_HEADS_ON_TARGET = select(_TABLE.c.key, _TABLE.c.made_at, _TABLE.c.id, _TABLE.c.op).where(*_TARGET)
_SINCE = select(_TABLE.c.key, _TABLE.c.planned).where(*_TARGET, _TABLE.c.made_at >= bindparam("since"))
_OFTEN = (
    select(_TABLE.c.key)
    .where(*_TARGET, _TABLE.c.made_at >= bindparam("since"))
    .group_by(_TABLE.c.key)
    .having(func.count() >= bindparam("often"))
)
_CLOSING = (
    _TABLE.update()
    .where(_TABLE.c.id == bindparam("b_id"), _TABLE.c.state == OPEN)
    .values(state=bindparam("b_state"), window_ms=bindparam("b_window"), ended_at=bindparam("b_at"))
)


def open_many(conn: Connection, intents: Sequence[Intent]) -> set[str]:
    """Open intents and return the ids of those refused: another intent is open on the same external record."""
    if not intents:
        return set()
    opened = run_rows(
        conn,
        "open intents",
        lambda: inserting(conn, _TABLE).on_conflict_do_nothing(
            index_elements=["system", "entity", "key"], index_where=text("state = 'open'")
        ),
        _NAMES,
        intents,
    )
    if opened == len(intents):
        return set()
    there: set[str] = set()
    for chunk in chunks(intent.id for intent in intents):
        there.update(conn.execute(select(_TABLE.c.id).where(among(_TABLE.c.id, chunk))).scalars())
    return {intent.id for intent in intents} - there


def close_many(conn: Connection, ends: Sequence[tuple[str, str, float | None]]) -> None:
    """Close open intents, as (id, state, window_ms); one that is closed already keeps its end."""
    if not ends:
        return
    at = now(conn)
    rows = [(id_, state, window, at) for id_, state, window in ends]
    run_rows(conn, "close intents", lambda: _CLOSING, ("b_id", "b_state", "b_window", "b_at"), rows)


def open_for(
    conn: Connection, pair: str, flow: str, keys_by_side: Mapping[str, Iterable[str]]
) -> list[Intent]:
    """Find the open intents that name one of these records as target or as source."""
    found: dict[str, Intent] = {}
    for side, keys in keys_by_side.items():
        for chunk in chunks(keys):
            given = {"in_pair": pair, "in_flow": flow, "in_side": side, "keys": chunk}
            for row in ask(conn, "open intents for", _open_for, given):
                found[row[0]] = Intent(*row)
    return sorted(found.values(), key=_age)


def _open_for() -> Query:
    side = bindparam("in_side", type_=_TABLE.c.side.type)
    named = or_(
        and_(_TABLE.c.side == side, among_given(_TABLE.c.key)),
        and_(_TABLE.c.source_side == side, among_given(_TABLE.c.source_key)),
    )
    scope = (_TABLE.c.pair == bindparam("in_pair"), _TABLE.c.flow == bindparam("in_flow"))
    return _QUERY.where(*scope, _TABLE.c.state == OPEN, named)


def open_of_flow(conn: Connection, pair: str, flow: str) -> list[Intent]:
    """Find every open intent of a flow, oldest first."""
    return sorted((Intent(*row) for row in conn.execute(_open_query(pair, flow))), key=_age)


def superseded_for(conn: Connection, system: str, entity: str, keys: Iterable[str]) -> list[Intent]:
    """Find the intents on these external records that were given up, oldest first."""
    return _on_target(conn, system, entity, keys, SUPERSEDED)


def last_write(conn: Connection, system: str, entity: str, keys: Iterable[str]) -> dict[str, Intent]:
    """Find the last write that was done on each of these external records, those whose reply was lost included."""
    return {intent.key: intent for intent in done_on(conn, system, entity, keys)}


def last_updates(conn: Connection, system: str, entity: str, keys: Iterable[str]) -> dict[str, Intent]:
    """Find, as `last_write`, those of the last writes that were updates; what the others carry is not read."""
    last: dict[str, tuple[datetime, str, str]] = {}
    for chunk in chunks(keys):
        for state in (DONE, SETTLED):
            given = {"in_system": system, "in_entity": entity, "keys": chunk, "in_state": state}
            for key, made_at, name, op in ask(conn, "heads on target", lambda: _HEADS_ON_TARGET, given):
                last[key] = max(last.get(key, (made_at, name, op)), (made_at, name, op))
    found = by_ids(conn, [name for _, name, op in last.values() if op == "update"])
    return {intent.key: intent for intent in found.values()}


def done_on(conn: Connection, system: str, entity: str, keys: Iterable[str]) -> list[Intent]:
    """Find every write that was done on these external records, those whose reply was lost included, oldest first."""
    listed = list(keys)
    found = [one for state in (DONE, SETTLED) for one in _on_target(conn, system, entity, listed, state)]
    return sorted(found, key=_age)


def heads_of_run(conn: Connection, run: str) -> list[Head]:
    """Name the writes of a run that were done, or may have been, newest first."""
    query = select(*(_TABLE.c[name] for name in Head._fields)).where(_TABLE.c.run == run, _LANDED)
    return [Head(*row) for row in conn.execute(query.order_by(_TABLE.c.made_at.desc(), _TABLE.c.id.desc()))]


def heads_on(conn: Connection, system: str, entity: str, keys: Iterable[str]) -> list[Head]:
    """Name the writes to these external records that were done, or may have been, newest first."""
    found: list[Head] = []
    for chunk in chunks(keys):
        target = (_TABLE.c.system == system, _TABLE.c.entity == entity, among(_TABLE.c.key, chunk))
        query = select(*(_TABLE.c[name] for name in Head._fields)).where(*target, _LANDED)
        found += [Head(*row) for row in conn.execute(query)]
    return sorted(found, key=lambda head: (head.made_at, head.id), reverse=True)


def newest_creates(conn: Connection, pair: str, flow: str, side: str, limit: int) -> list[str]:
    """Name the records that we created on a side and that were linked, the newest first, by key."""
    query = select(_TABLE.c.key).where(
        _TABLE.c.pair == pair,
        _TABLE.c.flow == flow,
        _TABLE.c.side == side,
        _TABLE.c.op == "create",
        _TABLE.c.state.in_((DONE, SETTLED)),
    )
    return list(
        conn.execute(query.order_by(_TABLE.c.made_at.desc(), _TABLE.c.id.desc()).limit(limit)).scalars()
    )


def done_since(
    conn: Connection, system: str, entity: str, keys: Iterable[str], since: datetime
) -> list[tuple[str, bytes]]:
    """Read what was written to these external records since a moment, as (key, planned values)."""
    found: list[tuple[str, bytes]] = []
    for chunk in chunks(keys):
        given = {"in_system": system, "in_entity": entity, "keys": chunk, "in_state": DONE, "since": since}
        found += [(key, planned) for key, planned in ask(conn, "intents since", lambda: _SINCE, given)]
    return found


def written_often(
    conn: Connection, system: str, entity: str, keys: Iterable[str], since: datetime, often: int
) -> list[str]:
    """Name those of these external records to which so many writes were done since a moment."""
    found: list[str] = []
    for chunk in chunks(keys):
        given = {"in_system": system, "in_entity": entity, "keys": chunk, "in_state": DONE, "since": since}
        found += [key for (key,) in ask(conn, "written often", lambda: _OFTEN, given | {"often": often})]
    return found


def by_reference(conn: Connection, references: Iterable[str]) -> dict[str, Intent]:
    """Find intents by our reference in the target; of several the last."""
    found: dict[str, Intent] = {}
    for chunk in chunks(reference for reference in references if reference):
        rows = conn.execute(_QUERY.where(among(_TABLE.c.reference, chunk)))
        for intent in sorted((Intent(*row) for row in rows), key=_age):
            found[intent.reference] = intent
    return found


def by_ids(conn: Connection, ids: Iterable[str]) -> dict[str, Intent]:
    """Find intents by id."""
    return {
        row[0]: Intent(*row)
        for chunk in chunks(ids)
        for row in conn.execute(_QUERY.where(among(_TABLE.c.id, chunk)))
    }


def done_count(conn: Connection, run: str) -> dict[tuple[str, str], int]:
    """Count the writes of a run that were done, by (side, op)."""
    rows = ask(conn, "intents done", _done, {"in_run": run})
    return {(side, op): count for side, op, count in rows}


def _done() -> Query:
    ends = (_TABLE.c.side, _TABLE.c.op)
    done = (_TABLE.c.run == bindparam("in_run"), _TABLE.c.state == DONE)
    return select(*ends, func.count()).where(*done).group_by(*ends)


def keep_inputs(conn: Connection, bodies: Mapping[str, bytes]) -> None:
    """Keep inputs of `plan` under their content hash; equal ones once."""
    table = tables.input_body
    name = f"insert new {table.name}"
    rows = list(bodies.items())
    run_rows(conn, name, lambda: inserting(conn, table).on_conflict_do_nothing(), ("hash", "body"), rows)


def inputs_kept(conn: Connection, hashes: Iterable[str]) -> set[str]:
    """Name those of a few content hashes whose inputs are kept."""
    held = tables.input_body.c.hash
    rows = ask(
        conn, "inputs kept", lambda: select(held).where(among_given(held, "hashes")), {"hashes": list(hashes)}
    )
    return {str(name) for (name,) in rows}


def inputs(conn: Connection, hash: str) -> bytes | None:
    """Read inputs by content hash, or None if there are none."""
    query = select(tables.input_body.c.body).where(tables.input_body.c.hash == hash)
    return conn.execute(query).scalar_one_or_none()


def inputs_of(conn: Connection, hashes: Iterable[str]) -> dict[str, bytes]:
    """Read many inputs by content hash; those that are not kept are missing."""
    body = tables.input_body
    return {
        str(row.hash): bytes(row.body)
        for chunk in chunks(hashes)
        for row in conn.execute(select(body.c.hash, body.c.body).where(among(body.c.hash, chunk)))
    }


def _age(intent: Intent) -> tuple[datetime, str]:
    return intent.made_at, intent.id


def _open_query(pair: str, flow: str) -> Select[*tuple[Any, ...]]:
    return _QUERY.where(_TABLE.c.pair == pair, _TABLE.c.flow == flow, _TABLE.c.state == OPEN)


def _on_target(conn: Connection, system: str, entity: str, keys: Iterable[str], state: str) -> list[Intent]:
    found: list[Intent] = []
    for chunk in chunks(keys):
        given = {"in_system": system, "in_entity": entity, "keys": chunk, "in_state": state}
        found += [Intent(*row) for row in ask(conn, "intents on target", lambda: _ON_TARGET, given)]
    return sorted(found, key=_age)
