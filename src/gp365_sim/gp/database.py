"""A GP database: tables, statements with their stamps, triggers, identities and transactions.

What SQL Server does by itself when a row is written happens here; what GP does is in `company` and the modules of the
series.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from gp365_sim.gp.heap import Heap, Journal
from gp365_sim.gp.refusals import Refusal
from gp365_sim.gp.sqltypes import Value, sql_moment
from gp365_sim.gp.tables import Key, Row, Table

Now = Callable[[], datetime]
Setup = Callable[[], Iterable[tuple[str, Mapping[str, object]]]]
"""Gives the rows to begin with, each with its table, anew at every call."""

PARENTS = {"RM00102": "RM00101", "PM00300": "PM00200"}
"""Whose row is stamped with that of an address: triggers zDT_RM00102C, D and U of a public schema dump.

That a vendor's addresses do the same is assumed.
"""


class Database:
    """The tables of one database; `now` gives aware UTC moments, the calendar day is that of `time_zone`."""

    def __init__(self, tables: Mapping[str, Table], now: Now, time_zone: str = "America/Chicago") -> None:
        self._now = now
        self._zone = ZoneInfo(time_zone)
        self._journal = Journal()
        self._heaps = {name: Heap(table, self._journal) for name, table in tables.items()}
        self._next_row = dict.fromkeys(self._heaps, 1)
        self.triggers: list[Callable[[Any, str, str, Row, datetime], None]] = []
        """Called after a row was written, inside its transaction: database, insert/update/delete, table, row, moment."""

    def __getitem__(self, table: str) -> Heap:
        return self._heaps[table]

    def __contains__(self, table: str) -> bool:
        return table in self._heaps

    def __iter__(self) -> Iterator[str]:
        return iter(self._heaps)

    def today(self) -> date:
        """Give the calendar day where the clerks sit."""
        return self._now().astimezone(self._zone).date()

    def time_of_day(self) -> datetime:
        """Give the time where the clerks sit, on 1900-01-01, as GP's time columns keep it."""
        return sql_moment(self._now().astimezone(self._zone)).replace(year=1900, month=1, day=1, tzinfo=None)

    def statement(self) -> datetime:
        """Give the moment of one SQL statement: every row that it writes carries this same DEX_ROW_TS.

        Ties are therefore normal, as after an aging or class roll-down run. Source: DEFAULT getutcdate() and the
        AFTER UPDATE trigger zDT_<table>U in a public schema dump; timwappat.info, "beware DEX_ROW_TS".
        """
        return sql_moment(self._now())

    def insert(self, table: str, values: Mapping[str, Value], at: datetime) -> Row:
        """Insert a row: defaults, identity, stamp and triggers; the values are accepted ones.

        Raises `Refusal`, code DuplicateKey, when the key is taken (SQL error 2627).
        """
        heap = self._heaps[table]
        row = heap.table.changed(heap.table.blank, values)
        key, written = self._put(heap, row, at, fresh=True)
        self._stamp_parent(table, key, at)
        self._fire("insert", table, written, at)
        return written

    def update(self, table: str, key: Key, values: Mapping[str, Value], at: datetime) -> Row:
        """Update the row of a folded key; it is stamped whether or not a value differs, as the trigger does."""
        heap = self._heaps[table]
        row = heap.find(key)
        if row is None:
            raise KeyError(key)
        changed = heap.table.changed(row, values)
        new = heap.table.key_of(changed)
        moved = new != key
        if moved:
            if new in heap:
                raise _taken(heap, new)
            heap.remove(key)
        key, written = self._put(heap, changed, at, fresh=False)
        self._stamp_parent(table, key, at)
        if moved:
            self._fire("delete", table, row, at)
        self._fire("insert" if moved else "update", table, written, at)
        return written

    def delete(self, table: str, key: Key, at: datetime) -> Row:
        """Delete the row of a folded key; its parent is stamped as trigger zDT_RM00102D does."""
        row = self._heaps[table].remove(key)
        self._stamp_parent(table, key, at)
        self._fire("delete", table, row, at)
        return row

    def _fire(self, act: str, table: str, row: Row, at: datetime) -> None:
        for each in self.triggers:
            each(self, act, table, row, at)

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Undo everything inside when an exception leaves it: rows and counters; an inner one is a savepoint."""
        outer = not self._journal.open
        put_back = self._counters()
        since = self._journal.begin()
        try:
            yield
        except BaseException:
            self._journal.undo(since)
            put_back()
            raise
        finally:
            if outer:
                self._journal.end()

    def replaced(self) -> Mapping[tuple[str, Key], Row | None]:
        """Give what the open transaction has replaced so far, by table and key; None where nothing lay."""
        return self._journal.replaced()

    def counters(self) -> Callable[[], None]:
        """Give what puts the counters back to what they are now."""
        return self._counters()

    def clear(self) -> None:
        """Empty every table and start the counters again."""
        for heap in self._heaps.values():
            heap.clear()
        self._next_row = dict.fromkeys(self._heaps, 1)

    def find(self, table: str, *parts: Value) -> dict[str, Value] | None:
        """Spell out the row of a key, or give None."""
        heap = self._heaps[table]
        row = heap.find(heap.table.fold(*parts))
        return None if row is None else heap.table.as_dict(row)

    def add(self, table: str, values: Mapping[str, object], at: datetime | None = None) -> dict[str, Value]:
        """Check values and insert them as a statement of now, or of `at`; raises `Refusal`."""
        heap = self._heaps[table]
        row = self.insert(table, heap.table.accepted(values), at or self.statement())
        return heap.table.as_dict(row)

    def change(
        self, table: str, parts: Sequence[Value], values: Mapping[str, object], at: datetime | None = None
    ) -> None:
        """Check values and update the row of a key with them; raises `Refusal`, KeyError."""
        heap = self._heaps[table]
        self.update(table, heap.table.fold(*parts), heap.table.accepted(values), at or self.statement())

    def drop(self, table: str, *parts: Value) -> dict[str, Value]:
        """Delete the row of a key and give what it held; raises KeyError."""
        heap = self._heaps[table]
        return heap.table.as_dict(self.delete(table, heap.table.fold(*parts), self.statement()))

    def move(
        self, source: str, parts: Sequence[Value], target: str, values: Mapping[str, object] | None = None
    ) -> dict[str, Value]:
        """Take a row from one table to another, with the columns that both have and `values` over them."""
        row, columns = self.drop(source, *parts), self._heaps[target].table.place
        kept = {
            name: each for name, each in row.items() if name in columns and not name.startswith("DEX_ROW")
        }
        return self.add(target, {**kept, **(values or {})})

    def under(self, table: str, first: Value) -> list[dict[str, Value]]:
        """Spell out the rows whose key begins with this, in the order of the key."""
        heap = self._heaps[table]
        found = heap.under(heap.table.fold(first)[0])
        found.sort(key=lambda row: heap.table.order(heap.table.key_of(row)))
        return [heap.table.as_dict(row) for row in found]

    def row(self, table: str, key: Key) -> dict[str, Value]:
        """Spell out the row of a folded key; raises KeyError."""
        heap = self._heaps[table]
        row = heap.find(key)
        if row is None:
            raise KeyError(key)
        return heap.table.as_dict(row)

    def rows(self, table: str) -> list[dict[str, Value]]:
        """Spell out all rows of a table, in no particular order."""
        heap = self._heaps[table]
        return [heap.table.as_dict(row) for row in heap.unordered()]

    def _counters(self) -> Callable[[], None]:
        """Give what puts the counters back to what they are now."""
        kept = dict(self._next_row)

        def put_back() -> None:
            self._next_row = kept

        return put_back

    def _put(self, heap: Heap, row: Row, at: datetime, *, fresh: bool) -> tuple[Key, Row]:
        table = heap.table
        own: dict[str, Value] = {"DEX_ROW_TS": at} if table.stamped else {}
        if fresh:
            own |= self._identity(table)
        written = table.changed(row, own)
        if fresh and (key := table.key_of(written)) in heap:
            raise _taken(heap, key)
        return heap.put(written), written

    def _identity(self, table: Table) -> dict[str, Value]:
        if "DEX_ROW_ID" not in table.place:
            return {}
        drawn = self._next_row[table.name]
        self._next_row[table.name] = drawn + 1
        return {"DEX_ROW_ID": drawn}

    def _stamp_parent(self, table: str, key: Key, at: datetime) -> None:
        parents = self._heaps.get(PARENTS.get(table, ""))
        parent = None if parents is None else parents.find((key[0],))
        if parents is not None and parent is not None:
            parents.put(parents.table.changed(parent, {"DEX_ROW_TS": at}))


def _taken(heap: Heap, key: Key) -> Refusal:
    return Refusal("DuplicateKey", f"{heap.table.what} {';'.join(key)} exists already.", heap.table.key[-1])
