"""Rows of one entity in memory: by key, in order of keys, by the value of a field, and what was deleted when."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gp365.connectors.memory.rules import fold, fold_key
from gp365.model.values import Key, Value


@dataclass(frozen=True, slots=True)
class Row:
    """One row as the system holds it. `seq` is the number of the commit that wrote it, the whole system's count.

    `by` is who made that commit, "" where nobody said so.
    """

    key: Key
    values: Mapping[str, Value]
    seq: int
    birth: str
    stamp: datetime
    by: str = ""


class Table:
    """The rows of one entity. Not locked by itself: its system does that."""

    def __init__(self) -> None:
        self.rows: dict[Key, Row] = {}
        self.deleted: dict[Key, tuple[Key, int]] = {}
        self._order: list[Key] = []
        self._indexes: dict[str, dict[Value, set[Key]]] = {}

    def find(self, key: Key) -> Row | None:
        """Return the row under the key, compared as the system compares."""
        return self.rows.get(fold_key(key))

    def put(self, row: Row) -> None:
        """Add the row, or replace the one under its key."""
        at = fold_key(row.key)
        old = self.rows.get(at)
        if old is None:
            insort(self._order, at)
        else:
            self._unindex(at, old)
        self.rows[at] = row
        self.deleted.pop(at, None)
        for field, index in self._indexes.items():
            index.setdefault(fold(row.values.get(field)), set()).add(at)

    def delete(self, key: Key, seq: int) -> None:
        """Take the row out and remember when it went."""
        at = fold_key(key)
        row = self.rows.pop(at, None)
        if row is None:
            return
        self._unindex(at, row)
        self._order.pop(bisect_right(self._order, at) - 1)
        self.deleted[at] = (row.key, seq)

    def page_after(self, at: Key | None, size: int) -> Sequence[Row]:
        """Return the next rows in order of keys; rows that move between two pages are seen twice or never."""
        start = 0 if at is None else bisect_right(self._order, fold_key(at))
        return [self.rows[key] for key in self._order[start : start + size]]

    def ordered(self) -> list[Row]:
        """Return all rows in order of keys."""
        return [self.rows[at] for at in self._order]

    def find_by(self, field: str, values: Sequence[Value]) -> list[Row]:
        """Return the rows whose field has one of the values, compared as the system compares, in order of keys."""
        index = self._indexes.get(field)
        if index is None:
            index = self._indexes[field] = {}
            for at, row in self.rows.items():
                index.setdefault(fold(row.values.get(field)), set()).add(at)
        found: set[Key] = set()
        for value in values:
            found |= index.get(fold(value), set())
        return [self.rows[at] for at in sorted(found)]

    def _unindex(self, at: Key, row: Row) -> None:
        for field, index in self._indexes.items():
            index.get(fold(row.values.get(field)), set[Key]()).discard(at)
