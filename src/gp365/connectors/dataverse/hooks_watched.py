"""What Dataverse shall tell of: the tables behind the entities of flows, their columns, and the messages that matter."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from gp365.connectors.dataverse.describe import STATE
from gp365.connectors.dataverse.hooks_rows import MESSAGES
from gp365.connectors.dataverse.narrow import is_narrow
from gp365.connectors.dataverse.selection import CONTACT_LOOKUP, asked

_STATUS = "statuscode"


@dataclass(frozen=True, slots=True)
class Watched:
    """A table that flows read: the columns that matter, and the messages that can change what they read."""

    table: str
    columns: frozenset[str]
    messages: tuple[str, ...] = MESSAGES


def watched(
    entity: str, fields: Sequence[str], known: Collection[str], key: Collection[str]
) -> list[Watched]:
    """Name the tables behind an entity with the columns that tell of a change; `known` are the table's own.

    A state is changed by an Update of statecode and statuscode (Microsoft's page on specialised update operations), so that
    both are among them. A contact and an opportunity matter to an account only through what is joined onto it.
    A table whose rows are people's but for some of ours is not watched.
    """
    if is_narrow(entity):
        return []
    chosen = asked(entity, fields)
    own = {name for name in (*chosen.own, STATE, _STATUS) if name in known} - set(key)
    found = [Watched(entity, frozenset(own | ({CONTACT_LOOKUP} if chosen.contact else set())))]
    if chosen.contact:
        found.append(Watched("contact", frozenset(chosen.contact), ("Update", "Delete", "Merge")))
    if chosen.opportunity:
        found.append(Watched("opportunity", frozenset({"customerid"}), ("Create", "Update", "Delete")))
    return found


def joined(given: Iterable[Watched]) -> tuple[Watched, ...]:
    """Put together what several flows watch: one entry per table, in order."""
    found: dict[str, Watched] = {}
    for one in given:
        known = found.get(one.table, replace(one, columns=frozenset(), messages=()))
        messages = tuple(name for name in MESSAGES if name in (*known.messages, *one.messages))
        found[one.table] = Watched(one.table, known.columns | one.columns, messages)
    return tuple(found[table] for table in sorted(found))
