"""Reservations: which new key of an external system is promised to whom, before it exists there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import Connection, select

from gp365.store import tables
from gp365.store.among import among
from gp365.store.bulk import chunks, inserting, now

_TABLE = tables.reservation


def reserve(
    conn: Connection,
    system: str,
    entity: str,
    candidates_by_owner: Mapping[str, Sequence[str]],
    taken: Collection[str],
) -> dict[str, str]:
    """Promise each owner its first candidate that is neither taken nor promised to another; who finds none is left out.

    An owner keeps the key it was promised before, until that is among the taken ones.
    """
    had = _held_by(conn, system, entity, candidates_by_owner)
    given = {owner: key for owner, key in had.items() if key not in taken}
    drop(conn, system, entity, [key for key in had.values() if key in taken])
    refused = set(taken)
    waiting = {owner: keys for owner, keys in candidates_by_owner.items() if owner not in given}
    while waiting:
        wanted = _choose(conn, system, entity, waiting, refused)
        if not wanted:
            break
        won = _insert(conn, system, entity, wanted)
        given |= won
        # Lost to another worker between looking and inserting: look again without that key.
        refused.update(key for owner, key in wanted.items() if owner not in won)
        waiting = {owner: keys for owner, keys in waiting.items() if owner not in given}
    return given


def reserved_by(conn: Connection, system: str, entity: str, keys: Iterable[str]) -> dict[str, str]:
    """Find who these keys are promised to."""
    query = select(_TABLE.c.key, _TABLE.c.owner).where(_TABLE.c.system == system, _TABLE.c.entity == entity)
    return {
        key: owner
        for chunk in chunks(keys)
        for key, owner in conn.execute(query.where(among(_TABLE.c.key, chunk)))
    }


def drop(conn: Connection, system: str, entity: str, keys: Iterable[str]) -> None:
    """Forget who these keys are promised to: their record goes by another key now."""
    gone = _TABLE.delete().where(_TABLE.c.system == system, _TABLE.c.entity == entity)
    for chunk in chunks(keys):
        conn.execute(gone.where(among(_TABLE.c.key, chunk)))


def _held_by(conn: Connection, system: str, entity: str, owners: Iterable[str]) -> dict[str, str]:
    query = select(_TABLE.c.owner, _TABLE.c.key).where(_TABLE.c.system == system, _TABLE.c.entity == entity)
    return {
        owner: key
        for chunk in chunks(owners)
        for owner, key in conn.execute(query.where(among(_TABLE.c.owner, chunk)))
    }


def _choose(
    conn: Connection,
    system: str,
    entity: str,
    waiting: Mapping[str, Sequence[str]],
    refused: Collection[str],
) -> dict[str, str]:
    every = [key for keys in waiting.values() for key in keys]
    used = set(reserved_by(conn, system, entity, every)) | set(refused)
    wanted: dict[str, str] = {}
    for owner, keys in waiting.items():
        free = next((key for key in keys if key not in used), None)
        if free is not None:
            wanted[owner] = free
            used.add(free)
    return wanted


def _insert(conn: Connection, system: str, entity: str, wanted: Mapping[str, str]) -> dict[str, str]:
    scope = {"system": system, "entity": entity, "made_at": now(conn)}
    statement = inserting(conn, _TABLE).on_conflict_do_nothing().returning(_TABLE.c.owner, _TABLE.c.key)
    ordered = sorted(wanted.items(), key=lambda pair: pair[1])  # one order of locking: no deadlocks
    rows = [{**scope, "owner": owner, "key": key} for owner, key in ordered]
    return {row.owner: row.key for row in conn.execute(statement, rows)}
