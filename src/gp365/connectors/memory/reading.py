"""What the memory connector gives of its rows: records, pages, and changes since a cursor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gp365.connectors.memory.system import MemorySystem
from gp365.connectors.memory.table import Row
from gp365.model.entity import EntityDescription, Feed, Strength
from gp365.model.errors import Misconfigured
from gp365.model.record import Change, ChangePage, Record


def record_of(entity: EntityDescription, row: Row, fields: Sequence[str] | None = None) -> Record:
    """Return the row as a record of the fields that were asked for (all without), unreadable ones absent."""
    asked = tuple(entity.fields) if fields is None else fields
    values = {name: row.values.get(name) for name in asked if _readable(entity, name)}
    kept = row.values.get(entity.reference_field) if entity.reference_field else None
    version = f'W/"{row.seq}"' if entity.strength is Strength.VERSIONED else ""
    return Record(row.key, values, version, row.birth, str(kept or ""), stamp_of(entity, row.stamp), row.by)


def met(system: MemorySystem, entity: EntityDescription, row: Row, fields: Sequence[str]) -> Record:
    """Return a row that was asked for by its key: one that a role filter hides has nothing but its key."""
    return Record(row.key, {}) if system.hides(entity.name, row.key) else record_of(entity, row, fields)


def _readable(entity: EntityDescription, name: str) -> bool:
    held = entity.fields.get(name)
    if held is None:
        raise Misconfigured("flow-field", f"{entity.name} has no field {name}.", field=name)
    return held.readable


def stamp_of(entity: EntityDescription, moment: datetime) -> datetime:
    """Return the moment as coarse as the entity's feed shows it (GP's MODIFDT: whole days)."""
    grain = entity.feed_granularity_s
    if grain <= 0:
        return moment
    start = datetime(1900, 1, 1, tzinfo=moment.tzinfo)
    return start + timedelta(seconds=(moment - start).total_seconds() // grain * grain)


@dataclass(frozen=True, slots=True)
class Token:
    """A delta token: the era it was given in, the last commit it has seen, and when it was given."""

    era: int
    seq: int
    given: datetime

    def text(self) -> str:
        """Write the token as a cursor."""
        return f"delta|{self.era}|{self.seq}|{self.given.isoformat()}"

    @staticmethod
    def read(cursor: str | None) -> Token | None:
        """Read a cursor; None for what is no token of ours."""
        parts = (cursor or "").split("|")
        if len(parts) != 4 or parts[0] != "delta":
            return None
        return Token(int(parts[1]), int(parts[2]), datetime.fromisoformat(parts[3]))


def delta_changes(
    system: MemorySystem, entity: EntityDescription, fields: Sequence[str], since: Token | None, era: int
) -> tuple[list[Change], str]:
    """Return what was committed after the token (everything without one) and the next cursor."""
    with system.turn():
        table = system.tables[entity.name]
        seen = -1 if since is None else since.seq
        changes = [
            Change(row.key, record_of(entity, row, fields))
            for row in system.shown(entity.name, table.ordered())
            if row.seq > seen
        ]
        if since is not None and entity.feed_sees_deletions:
            changes += [Change(key, deleted=True) for key, seq in table.deleted.values() if seq > seen]
        return changes, Token(era, system.seq, system.clock()).text()


def modified_changes(
    system: MemorySystem, entity: EntityDescription, fields: Sequence[str], cursor: str | None
) -> tuple[list[Change], str]:
    """Return what is stamped at or after the cursor's grain, so that a later edit of the same day is seen again."""
    with system.turn():
        since = None if cursor is None else stamp_of(entity, datetime.fromisoformat(cursor))
        rows = system.shown(entity.name, system.tables[entity.name].ordered())
        changed = [row for row in rows if since is None or stamp_of(entity, row.stamp) >= since]
        changes = [Change(row.key, record_of(entity, row, fields)) for row in changed]
        return changes, system.clock().isoformat()


def all_changes(system: MemorySystem, entity: EntityDescription, fields: Sequence[str]) -> list[Change]:
    """Return every record, for an entity without a feed."""
    with system.turn():
        rows = system.shown(entity.name, system.tables[entity.name].ordered())
        return [Change(row.key, record_of(entity, row, fields)) for row in rows]


def change_pages(
    changes: Sequence[Change], size: int, cursor: str | None, *, full: bool
) -> Iterator[ChangePage]:
    """Cut changes into pages, at least one; only the last has the cursor."""
    starts = range(0, len(changes), size) or range(1)
    for start in starts:
        last = start + size >= len(changes)
        yield ChangePage(tuple(changes[start : start + size]), cursor if last else None, full)


def live_token(
    system: MemorySystem, entity: EntityDescription, cursor: str | None, era: int, life_s: float | None
) -> Token | None:
    """Return the cursor's token if it still holds; an expired or foreign one means that the feed begins anew."""
    token = Token.read(cursor) if entity.feed is Feed.DELTA else None
    if token is None or token.era != era or token.seq > system.seq:
        return None
    if life_s is not None and system.clock() - token.given > timedelta(seconds=life_s):
        return None
    return token
