"""The rows of an organisation in memory: versions, unique keys, links between rows, tombstones, and undo.

A row is a dict of wire names (`name`, `_primarycontactid_value`) to stored values: text, int, bool, Decimal, ids in lower
case and times as the text that goes over the wire. Columns without a value are absent. A row is never changed in place.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from . import refusal
from .fold import comparable
from .schema import Column, Key, Schema, Table

Row = dict[str, Any]


@dataclass(frozen=True)
class Tombstone:
    """A deleted row, kept for change tracking."""

    version: int
    id: str
    at: datetime


class Store:
    """All rows of one organisation; the only place where they change."""

    def __init__(
        self,
        schema: Schema,
        now: Callable[[], datetime],
        committed: Callable[[list[object]], None] | None = None,
    ) -> None:
        self.schema = schema
        self.now = now
        self.committed = committed
        """What hears of the announced events once the change that they belong to is certain."""
        self._announced: list[object] = []
        self.version = 1_000_000
        self.rows: dict[str, dict[str, Row]] = {name: {} for name in schema.tables}
        self.tombstones: dict[str, list[Tombstone]] = {}
        self._links: dict[str, dict[tuple[str, str, str], None]] = {}
        self._unique: dict[tuple[str, str], dict[tuple[object, ...], str]] = {}
        self._ordered: dict[str, list[str]] = {}
        self._undo: list[Callable[[], None]] | None = None

    def fill(
        self,
        rows: Mapping[str, Mapping[str, Row]],
        tombstones: Mapping[str, Sequence[Tombstone]],
        version: int,
    ) -> None:
        """Hold these rows, deletions and version number in an empty store; unique indexes are built when asked for."""
        self.version = version
        self.tombstones = {name: list(graves) for name, graves in tombstones.items()}
        for name, found in rows.items():
            table = self.schema.tables[name]
            self.rows[name] = dict(found)
            for row_id, row in found.items():
                self._relink(table, row_id, None, row)

    # --- reading -------------------------------------------------------------------------------------------------

    def find(self, table: str, row_id: str) -> Row | None:
        return self.rows[table].get(row_id)

    def get(self, table: str, row_id: str) -> Row:
        """Give a row; raises the 404 of Dataverse where there is none."""
        row = self.rows[table].get(row_id)
        if row is None:
            raise refusal.not_found(table, row_id)
        return row

    def ordered_ids(self, table: str) -> list[str]:
        """Give the ids of a table in the order in which a list without $orderby comes."""
        ids = self._ordered.get(table)
        if ids is None:
            ids = self._ordered[table] = sorted(self.rows[table])
        return ids

    def pointing_at(self, row_id: str) -> list[tuple[str, str, str]]:
        """Give (table, id, wire name) of every lookup that holds this id."""
        return list(self._links.get(row_id, ()))

    def find_by_key(self, table: Table, key: Key, values: tuple[object, ...]) -> str | None:
        """Give the id of the row with these key values, compared as the database compares."""
        return self.unique(table, key).get(tuple(comparable(v) for v in values))

    def usable(self, key: Key) -> bool:
        """Tell whether the index of a key is built; keyed calls fail until then (define-alternate-keys-entity.md)."""
        return not key.failed and self.now() >= key.active_at

    def unique(self, table: Table, key: Key) -> dict[tuple[object, ...], str]:
        """Give the index of an active key, built on first use."""
        index = self._unique.get((table.name, key.name))
        if index is None:
            index = self._build(table, key)
        return index

    def settle_keys(self, table: Table) -> None:
        """End the index jobs whose time has come: Active, or Failed where values are doubled."""
        for key in list(table.keys.values()):
            if self.usable(key) and (table.name, key.name) not in self._unique:
                self._build(table, key)

    def _build(self, table: Table, key: Key) -> dict[tuple[object, ...], str]:
        index: dict[tuple[object, ...], str] = {}
        for row_id, row in self.rows[table.name].items():
            entry = _entry(table, key, row)
            if entry is None:
                continue
            if entry in index:
                table.keys[key.name] = replace(key, failed=True)
                return {}
            index[entry] = row_id
        self._unique[table.name, key.name] = index
        return index

    def forget_key(self, table: str, key: str) -> None:
        self._unique.pop((table, key), None)

    @contextmanager
    def instead(self, table: str, rows: dict[str, Row]) -> Generator[None]:
        """Let reads inside see other rows of a table; nothing may change inside."""
        kept, self.rows[table] = self.rows[table], rows
        self._ordered.pop(table, None)
        try:
            yield
        finally:
            self.rows[table] = kept
            self._ordered.pop(table, None)

    # --- changing ------------------------------------------------------------------------------------------------

    @contextmanager
    def atomic(self) -> Generator[None]:
        """Keep all changes made inside, or none when the block raises. May be nested."""
        outer = self._undo
        mark = len(outer) if outer is not None else 0
        self._undo = undo = outer if outer is not None else []
        try:
            yield
        except BaseException:
            while len(undo) > mark:
                undo.pop()()
            raise
        finally:
            self._undo = outer
            if outer is None and self._announced:
                self._tell()

    def announce(self, event: object) -> None:
        """Tell of an event when the outermost block ends well; an event of changes that were undone is forgotten."""
        self._announced.append(event)
        if self._undo is None:
            self._tell()
        else:
            self._undo.append(self._forget_last)

    def _forget_last(self) -> None:
        self._announced.pop()

    def _tell(self) -> None:
        events, self._announced = self._announced, []
        if self.committed is not None:
            self.committed(events)

    def insert(self, table: Table, row: Row) -> None:
        """Add a row and give it the next version; raises 412 where its id or a key is taken."""
        rows = self.rows[table.name]
        row_id: str = row[table.id_column]
        if row_id in rows:
            raise refusal.key_violated("Primary Key", table.id_column)
        self._claim(table, row_id, None, row)
        row["versionnumber"] = self.next_version()
        rows[row_id] = row
        self._ordered.pop(table.name, None)
        self._relink(table, row_id, None, row)
        self._note(lambda: self._take_back(table, row_id, row, None))

    def replace(self, table: Table, row: Row) -> None:
        """Put a new state of a row in place of the old one, under the next version."""
        row_id: str = row[table.id_column]
        old = self.rows[table.name][row_id]
        self._claim(table, row_id, old, row)
        row["versionnumber"] = self.next_version()
        self.rows[table.name][row_id] = row
        self._relink(table, row_id, old, row)
        self._note(lambda: self._take_back(table, row_id, row, old))

    def remove(self, table: Table, row_id: str) -> None:
        """Delete a row and leave a tombstone under the next version."""
        old = self.rows[table.name].pop(row_id)
        self._ordered.pop(table.name, None)
        self._release(table, row_id, old)
        self._relink(table, row_id, old, None)
        graves = self.tombstones.setdefault(table.name, [])
        graves.append(Tombstone(self.next_version(), row_id, self.now()))

        def undo() -> None:
            graves.pop()
            self._take_back(table, row_id, None, old)

        self._note(undo)

    def forget_column(self, table: Table, column: Column) -> None:
        """Drop the values of a deleted column; that is no change of the rows."""
        for row_id, old in list(self.rows[table.name].items()):
            if column.wire in old:
                new = {k: v for k, v in old.items() if k.partition("@")[0] != column.wire}
                self.rows[table.name][row_id] = new
                self._relink(table, row_id, old, new)

    def next_version(self) -> int:
        """Draw the next version number of the organisation: one sequence for all tables."""
        self.version += 1
        return self.version

    def _note(self, undo: Callable[[], None]) -> None:
        if self._undo is not None:
            self._undo.append(undo)

    def _take_back(self, table: Table, row_id: str, new: Row | None, old: Row | None) -> None:
        if new is not None:
            self._release(table, row_id, new)
        if old is None:
            self.rows[table.name].pop(row_id, None)
        else:
            self.rows[table.name][row_id] = old
            self._claim(table, row_id, None, old)
        self._relink(table, row_id, new, old)
        self._ordered.pop(table.name, None)

    def _claim(self, table: Table, row_id: str, old: Row | None, new: Row) -> None:
        """Enter a row in every unique index, after all of them agreed."""
        claims: list[tuple[dict[tuple[object, ...], str], tuple[object, ...]]] = []
        for key in list(table.keys.values()):
            if not self.usable(key):
                continue
            index, entry = self.unique(table, key), _entry(table, key, new)
            if entry is None:
                continue
            if index.get(entry, row_id) != row_id:
                raise refusal.key_violated(key.label, ", ".join(key.columns))
            claims.append((index, entry))
        if old is not None:
            self._release(table, row_id, old)
        for index, entry in claims:
            index[entry] = row_id

    def _release(self, table: Table, row_id: str, row: Row) -> None:
        for key in table.keys.values():
            index = self._unique.get((table.name, key.name))
            entry = _entry(table, key, row) if index is not None else None
            if index is not None and entry is not None and index.get(entry) == row_id:
                del index[entry]

    def _relink(self, table: Table, row_id: str, old: Row | None, new: Row | None) -> None:
        for wire in table.linked:
            before, after = (old or {}).get(wire), (new or {}).get(wire)
            if before == after:
                continue
            if before is not None:
                self._links.get(before, {}).pop((table.name, row_id, wire), None)
            if after is not None:
                self._links.setdefault(after, {})[table.name, row_id, wire] = None

    # --- slices of sorted ids -------------------------------------------------------------------------------------

    def ids_after(self, table: str, last: str) -> Iterator[str]:
        """Give the ids behind `last` in list order; the empty text starts at the first."""
        ids = self.ordered_ids(table)
        start = bisect.bisect_right(ids, last) if last else 0
        return (ids[i] for i in range(start, len(ids)))


def _entry(table: Table, key: Key, row: Row) -> tuple[object, ...] | None:
    """Give the index entry of a row, or None where a key column is empty: such rows are not held unique."""
    values = tuple(comparable(row.get(table.columns[c].wire)) for c in key.columns)
    return None if None in values else values
