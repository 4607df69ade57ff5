"""Rows as the statements inside a procedure read and write them: by column names, without the rules of any window."""

from collections.abc import Iterator, Mapping

from gp365_sim.gp.database import Database
from gp365_sim.gp.econnect.refused import SqlError
from gp365_sim.gp.econnect.values import put
from gp365_sim.gp.sqltypes import Value, folded
from gp365_sim.gp.tables import Key, Table

Fields = Mapping[str, Value]


def find(base: Database, table: str, **key: Value) -> Fields | None:
    """Find the row with this key; key columns that are not named are blank or 0."""
    heap = base[table]
    row = heap.find(_key(heap.table, key))
    return None if row is None else heap.table.as_dict(row)


def where(base: Database, table: str, **wanted: Value) -> Iterator[Fields]:
    """Give the rows whose columns equal these values, in key order; the first key column narrows the search."""
    heap = base[table]
    first = heap.table.key[0]
    compound = len(heap.table.key) > 1 and first in wanted
    rows = heap.under(_key(heap.table, {first: wanted[first]})[0]) if compound else list(heap.unordered())
    found = [
        row for row in rows if all(_same(heap.table.get(row, name), each) for name, each in wanted.items())
    ]
    for row in sorted(
        found, key=lambda row: tuple(_ordered(heap.table.get(row, name)) for name in heap.table.key)
    ):
        yield heap.table.as_dict(row)


def only(base: Database, table: str) -> Fields:
    """Give the one row of a setup table, blank values where there is none."""
    heap = base[table]
    return heap.table.as_dict(next(iter(heap.unordered()), heap.table.blank))


def add(base: Database, table: str, values: Fields) -> Fields:
    """Insert a row, with a note index of its own where none is given. Raises `SqlError` 2627 for a key that is taken."""
    heap = base[table]
    fitted = _fitted(heap.table, values)
    if _key(heap.table, fitted) in heap:
        raise SqlError(
            2627, f"Violation of PRIMARY KEY constraint. Cannot insert duplicate key in dbo.{table}."
        )
    return heap.table.as_dict(base.insert(table, fitted, base.statement()))


def change(base: Database, table: str, row: Fields, values: Fields) -> None:
    """Update the row that this one is an image of."""
    table_ = base[table].table
    base.update(
        table,
        _key(table_, {name: row[name] for name in table_.key}),
        _fitted(table_, values),
        base.statement(),
    )


def drop(base: Database, table: str, row: Fields) -> None:
    """Delete the row that this one is an image of."""
    table_ = base[table].table
    base.delete(table, _key(table_, {name: row[name] for name in table_.key}), base.statement())


def drop_where(base: Database, table: str, **wanted: Value) -> None:
    """Delete the rows whose columns equal these values."""
    for row in where(base, table, **wanted):
        drop(base, table, row)


def _fitted(table: Table, values: Fields) -> dict[str, Value]:
    return {name: put(table.name, table.columns[table.place[name]], each) for name, each in values.items()}


def _key(table: Table, parts: Fields) -> Key:
    named = {name: parts[name] for name in table.key if name in parts}
    return table.key_of(table.changed(table.blank, named))


def _same(held: Value, wanted: Value) -> bool:
    if isinstance(held, str) and isinstance(wanted, str):
        return folded(held) == folded(wanted)
    return held == wanted


def _ordered(value: Value) -> Value:
    return folded(value) if isinstance(value, str) else value
