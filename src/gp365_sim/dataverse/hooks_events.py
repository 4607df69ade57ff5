"""What happened to a row, noted while it is written, so that webhooks can be told once it is certain.

Sources: event-framework.md (messages), bulk-operations.md (a bulk message raises the events of its single rows) and
merge-entity-using-web-api.md. That a merge, an assignment and a deletion also raise Update on the rows that they change
on the way is assumed; so is that associating a row raises Update on the row that holds the lookup.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gp365_sim.identity.tokens import Caller

from .organisation import Organisation
from .schema import Table
from .store import Row

STEPS = "sdkmessageprocessingstep"


@dataclass(frozen=True, slots=True)
class Merged:
    """What belongs to the message Merge beside its target."""

    subordinate: str
    content: Row
    check_parents: bool


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """One message on one row. `sent` are the wire names that a payload named, changed or not.

    `old` and `new` are the row before and after; `tag` is what the request gave as its tag.
    """

    message: str
    table: Table
    id: str
    old: Row | None
    new: Row | None
    sent: frozenset[str]
    user: str
    tag: str
    at: datetime
    correlation: str
    merged: Merged | None = None


def note(
    org: Organisation,
    caller: Caller,
    message: str,
    table: Table,
    old: Row | None,
    new: Row | None,
    sent: Iterable[str],
    merged: Merged | None = None,
) -> None:
    """Announce an event to the store; nothing is done while no step is registered at all."""
    if not org.store.rows[STEPS]:
        return
    row = new if new is not None else old
    if row is None:
        return
    org.store.announce(
        Event(
            message,
            table,
            row[table.id_column],
            old,
            new,
            frozenset(sent),
            caller.user_id,
            org.tag,
            org.now(),
            str(uuid.uuid4()),
            merged,
        )
    )
