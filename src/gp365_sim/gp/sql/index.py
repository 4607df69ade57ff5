"""Indexes over heaps: rows by equal columns, rows in the order of columns. Made when first needed, per state of a heap."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Any
from weakref import WeakKeyDictionary

from gp365_sim.gp.heap import Heap
from gp365_sim.gp.sql.collation import sort_key
from gp365_sim.gp.sqltypes import Column
from gp365_sim.gp.tables import Row

Key = tuple[Any, ...]


class Last:
    """A part of a bound behind every value."""

    def __lt__(self, other: object) -> bool:
        return False

    def __gt__(self, other: object) -> bool:
        return not isinstance(other, Last)


LAST = Last()


def reader(column: Column) -> Callable[[Any], Any] | None:
    """Give what turns a cell of a heap into a value of SQL: dates and stamps to naive moments."""
    if column.kind == "date":
        return _moment
    if column.kind == "stamp":
        return lambda value: value.replace(tzinfo=None)
    return None


def _moment(value: date) -> datetime:
    return datetime(value.year, value.month, value.day)  # noqa: DTZ001 (a datetime of SQL Server has no zone)


def place_reader(column: Column) -> Callable[[Any], Any] | None:
    """Give what turns a cell into its place in an order."""
    return sort_key if column.kind in ("text", "long") else reader(column)


class Ordered:
    """The rows of a heap in the order of some columns."""

    def __init__(self, rows: Sequence[Row], key: Callable[[Row], Key]) -> None:
        pairs = sorted(((key(row), number) for number, row in enumerate(rows)))
        self._keys = [each for each, _ in pairs]
        self._rows = [rows[number] for _, number in pairs]

    def between(self, low: Key, high: Key, *, backwards: bool = False) -> Iterator[Row]:
        """Give the rows from the bound `low` up to the bound `high`; a shorter bound lies before its longer ones."""
        start = bisect_left(self._keys, low)
        end = bisect_left(self._keys, (*high, LAST))
        places = range(end - 1, start - 1, -1) if backwards else range(start, end)
        rows = self._rows
        return (rows[place] for place in places)


class Indexes:
    """The indexes of all heaps; an index lives as long as its heap stands in the state in which it was made."""

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[Heap, tuple[int, dict[Any, Any]]] = WeakKeyDictionary()

    def equal(self, heap: Heap, columns: tuple[int, ...]) -> dict[Key, list[Row]]:
        """Give the rows by their values in some columns, as places in an order."""
        return self._made(heap, ("equal", columns), lambda: _grouped(heap, columns))

    def ordered(self, heap: Heap, columns: tuple[int, ...]) -> Ordered:
        """Give the rows in the order of some columns."""
        return self._made(
            heap, ("ordered", columns), lambda: Ordered(list(heap.unordered()), _key(heap, columns))
        )

    def _made(self, heap: Heap, name: Any, make: Callable[[], Any]) -> Any:
        state, kept = self._kept.get(heap, (-1, {}))
        if state != heap.state:
            kept = {}
            self._kept[heap] = (heap.state, kept)
        if name not in kept:
            kept[name] = make()
        return kept[name]


def _grouped(heap: Heap, columns: tuple[int, ...]) -> dict[Key, list[Row]]:
    key = _key(heap, columns)
    found: dict[Key, list[Row]] = {}
    for row in heap.unordered():
        found.setdefault(key(row), []).append(row)
    return found


def _key(heap: Heap, columns: tuple[int, ...]) -> Callable[[Row], Key]:
    reads = [(index, place_reader(heap.table.columns[index])) for index in columns]
    return lambda row: tuple(row[index] if read is None else read(row[index]) for index, read in reads)


INDEXES = Indexes()
