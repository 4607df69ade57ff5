"""The rows of one table in memory: by primary key, and for addresses by their customer as well."""

from collections.abc import Iterable, Iterator

from gp365_sim.gp.tables import Key, Row, Table


class Heap:
    """Holds the rows of one table; a row is a tuple, so a reader keeps what it has seen while others write."""

    def __init__(self, table: Table) -> None:
        self.table = table
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
        return iter([rows[key] for key in sorted(rows)])

    def unordered(self) -> Iterator[Row]:
        """Give all rows as they are now, in no particular order (cheaper on large tables)."""
        return iter(list(self._rows.values()))

    def under(self, first: str) -> list[Row]:
        """Give the rows whose key begins with this folded part: the addresses of a customer."""
        return [self._rows[key] for key in self._by_first.get(first, ())]

    def put(self, row: Row) -> Key:
        """Keep a row under its key, in place of what was there."""
        key = self.table.key_of(row)
        self._rows[key] = row
        if self._compound:
            self._by_first.setdefault(key[0], {})[key] = None
        return key

    def remove(self, key: Key) -> Row:
        """Take a row out; raises KeyError."""
        row = self._rows.pop(key)
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
        self._by_first.clear()
