"""The rows of one table in memory, by primary key and by its first column; a journal undoes their writes."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import count

from gp365_sim.gp.tables import Key, Row, Table

_STATES = count(1)


class Journal:
    """What the writes of a transaction replaced, so that they can be undone; shared by the tables of a database."""

    def __init__(self) -> None:
        self.open = False
        self._replaced: list[tuple[Heap, Key, Row | None]] = []

    def begin(self) -> int:
        """Write down from now on what each write replaces; give the place to which an inner one undoes."""
        self.open = True
        return len(self._replaced)

    def note(self, heap: "Heap", key: Key, row: Row | None) -> None:
        """Write down what lay under a key before a write; None where nothing did."""
        self._replaced.append((heap, key, row))

    def replaced(self) -> Mapping[tuple[str, Key], Row | None]:
        """Give what lay under every key that the transaction wrote, by table and key, as it was before."""
        found: dict[tuple[str, Key], Row | None] = {}
        for heap, key, row in self._replaced:
            found.setdefault((heap.table.name, key), row)
        return found

    def end(self) -> None:
        """Stop writing down; what was replaced is forgotten."""
        self.open = False
        self._replaced = []

    def undo(self, since: int) -> None:
        """Put back what was replaced since a place, newest first; the undoing itself is not written down."""
        replaced, self._replaced = self._replaced[since:], self._replaced[:since]
        was, self.open = self.open, False
        for heap, key, row in reversed(replaced):
            if row is not None:
                heap.put(row)
            elif key in heap:
                heap.remove(key)
        self.open = was


class Heap:
    """Holds the rows of one table; a row is a tuple, so a reader keeps what it has seen while others write."""

    def __init__(self, table: Table, journal: Journal | None = None) -> None:
        self.table = table
        self.state = next(_STATES)
        """A number that stands for these rows and no others: every write gives a new one."""
        self._journal = journal or Journal()
        self._rows: dict[Key, Row] = {}
        self._by_first: dict[str, dict[Key, None]] = {}
        self._compound = len(table.key) > 1

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: Key) -> bool:
        return key in self._rows

    def find(self, key: Key) -> Row | None:
        """Find the row of a folded key."""
        return self._rows.get(key)

    def scan(self) -> Iterator[Row]:
        """Give all rows as they are now, in the order of the clustered primary key."""
        rows = self._rows
        order = None if self.table.plain else self.table.order
        return iter([rows[key] for key in sorted(rows, key=order)])

    def unordered(self) -> Iterator[Row]:
        """Give all rows as they are now, in no particular order (cheaper on large tables)."""
        return iter(list(self._rows.values()))

    def under(self, first: str) -> list[Row]:
        """Give the rows whose key begins with this folded part: the addresses of a customer."""
        return [self._rows[key] for key in self._by_first.get(first, ())]

    def put(self, row: Row) -> Key:
        """Keep a row under its key, in place of what was there."""
        key = self.table.key_of(row)
        if self._journal.open:
            self._journal.note(self, key, self._rows.get(key))
        self._rows[key] = row
        self.state = next(_STATES)
        if self._compound:
            self._by_first.setdefault(key[0], {})[key] = None
        return key

    def remove(self, key: Key) -> Row:
        """Take a row out; raises KeyError."""
        row = self._rows.pop(key)
        self.state = next(_STATES)
        if self._journal.open:
            self._journal.note(self, key, row)
        if self._compound:
            self._by_first[key[0]].pop(key)
            if not self._by_first[key[0]]:
                del self._by_first[key[0]]
        return row

    def image(self) -> dict[Key, Row]:
        """Give the rows as they are now, in a dict of their own."""
        return dict(self._rows)

    def fill(self, rows: Iterable[Row]) -> None:
        """Hold these rows and no others."""
        self.clear()
        for row in rows:
            self.put(row)

    def clear(self) -> None:
        """Drop all rows."""
        self._rows.clear()
        self.state = next(_STATES)
        self._by_first.clear()
