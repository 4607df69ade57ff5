"""An environment put back to an earlier moment, as restoring a backup does; a restore into another environment is a copy.

What goes back: rows, version numbers, deletions known to change tracking, definitions. What does not: the clock, tokens
of the sign-in, request limits. That version numbers go back with the database follows from their being row versions of
it and is assumed; so a delta token of the lost time is refused while it lies ahead, and taken again once the numbers
have passed it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from .organisation import Organisation
from .schema import Schema
from .store import Row, Store, Tombstone


@dataclass(frozen=True)
class Backup:
    """An organisation at one moment."""

    schema: Schema
    rows: Mapping[str, Mapping[str, Row]]
    tombstones: Mapping[str, tuple[Tombstone, ...]]
    version: int
    base_currency: str
    without_role: frozenset[str]
    id: str


def back_up(org: Organisation) -> Backup:
    """Keep what the organisation is now; rows are never changed in place, so they are shared."""
    store = org.store
    return Backup(
        schema=org.schema.copied(),
        rows={name: dict(rows) for name, rows in store.rows.items()},
        tombstones={name: tuple(graves) for name, graves in store.tombstones.items()},
        version=store.version,
        base_currency=org.base_currency,
        without_role=frozenset(org.without_role),
        id=org.id,
    )


def restore(org: Organisation, backup: Backup, *, new_organisation: bool = False) -> None:
    """Put a backup in place of everything; with `new_organisation` under another organisation id, as a copy has it."""
    org.schema = backup.schema.copied()
    org.store = Store(org.schema, org.now, org.store.committed)
    org.store.fill(backup.rows, backup.tombstones, backup.version)
    org.base_currency = backup.base_currency
    org.without_role = set(backup.without_role)
    org.id = backup.id
    if new_organisation:
        _rename(org, str(uuid.uuid4()))


def _rename(org: Organisation, new_id: str) -> None:
    table = org.schema.tables["organization"]
    old = org.store.get(table.name, org.id)
    org.store.remove(table, org.id)
    org.store.insert(table, {**old, table.id_column: new_id})
    org.id = new_id
