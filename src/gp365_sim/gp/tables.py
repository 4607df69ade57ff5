"""The definitions of GP's tables, read from `data/tables.json` (sources named there) and the files that it lists."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from gp365_sim.gp.refusals import bad_value
from gp365_sim.gp.sqltypes import Column, Value, accept, column, folded

Row = tuple[Value, ...]
Key = tuple[str, ...]

_NUMBERS = frozenset({"integer", "identity", "amount", "rate"})


@dataclass(frozen=True)
class Table:
    """A table: its columns in SQL order, those of its primary key and of the other keys that are unique."""

    name: str
    what: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    place: Mapping[str, int] = field(default_factory=dict[str, int])
    blank: Row = ()
    unique: tuple[tuple[str, ...], ...] = ()
    plain: bool = True
    """Whether every key column is a text, so that keys order as they are."""

    @property
    def stamped(self) -> bool:
        """Tell whether the table has DEX_ROW_TS (RM00101 and RM00102 do, setup tables do not)."""
        return "DEX_ROW_TS" in self.place

    def column(self, name: str) -> Column:
        """Find a column by its SQL name, or refuse the name."""
        if name not in self.place:
            raise bad_value(name, f"{self.name} has no such column.")
        return self.columns[self.place[name]]

    def get(self, row: Row, name: str) -> Value:
        """Read one column of a row."""
        return row[self.place[name]]

    def text(self, row: Row, name: str) -> str:
        """Read one char column of a row, without its padding."""
        return str(row[self.place[name]])

    def key_of(self, row: Row) -> Key:
        """Give the key under which a row is kept: as the collation compares it, numbers as their decimal text."""
        if self.plain:
            return tuple(folded(str(row[self.place[name]])) for name in self.key)
        return tuple(_part(row[self.place[name]]) for name in self.key)

    def fold(self, *parts: Value) -> Key:
        """Give a key, or its beginning, in the form of `key_of`; a part may be text where the column is a number."""
        return tuple(
            _spoken(self.columns[self.place[name]], part) for name, part in zip(self.key, parts, strict=False)
        )

    def order(self, key: Key) -> tuple[str | Decimal, ...]:
        """Give what a key sorts by in SQL Server: numbers by value."""
        return tuple(
            part if self.columns[self.place[name]].kind not in _NUMBERS else Decimal(part)
            for name, part in zip(self.key, key, strict=True)
        )

    def as_dict(self, row: Row) -> dict[str, Value]:
        """Spell a row out: column name → value, texts without padding."""
        return {each.name: value for each, value in zip(self.columns, row, strict=True)}

    def changed(self, row: Row, values: Mapping[str, Value]) -> Row:
        """Give the row with some columns replaced; the values are already accepted ones."""
        if not values:
            return row
        cells = list(row)
        for name, value in values.items():
            cells[self.place[name]] = value
        return tuple(cells)

    def accepted(self, values: Mapping[str, object]) -> dict[str, Value]:
        """Check values against their columns and give them as the columns keep them."""
        return {name: accept(self.column(name), value) for name, value in values.items()}


def folded_key(parts: Iterable[str]) -> Key:
    """Give a key as the collation compares it."""
    return tuple(folded(part) for part in parts)


def _part(value: Value) -> str:
    if isinstance(value, str):
        return folded(value)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else str(value)


def _spoken(column: Column, part: Value) -> str:
    """Read a part of a key that came as text; what is no number stays as it is and names no row."""
    if not isinstance(part, str) or column.kind not in _NUMBERS:
        return _part(part)
    try:
        return f"{Decimal(part).normalize():f}"
    except InvalidOperation:
        return part


@cache
def tables() -> Mapping[str, Table]:
    """Read the definitions of a company's tables."""
    return _database("company")


@cache
def system_tables() -> Mapping[str, Table]:
    """Read the definitions of the tables of the system database, DYNAMICS."""
    return _database("DYNAMICS")


@cache
def _index() -> Mapping[str, Any]:
    return json.loads(_data("tables.json").read_text("utf-8"))


def _data(*path: str) -> Traversable:
    return files("gp365_sim.gp").joinpath("data", *path)


def _database(name: str) -> Mapping[str, Table]:
    found: dict[str, Table] = {}
    for file in _index()["files"]:
        source = json.loads(_data("tables", file).read_text("utf-8"))
        if source["database"] == name:
            found |= {table: _table(table, spec) for table, spec in source["tables"].items()}
    return found


def _table(name: str, spec: dict[str, Any]) -> Table:
    columns = tuple(_column(*each) for each in spec["columns"])
    place = {each.name: index for index, each in enumerate(columns)}
    return Table(
        name,
        spec["what"],
        tuple(spec["key"]),
        columns,
        place,
        blank=tuple(each.empty for each in columns),
        unique=tuple(tuple(each) for each in spec["unique"]),
        plain=all(columns[place[each]].kind in ("text", "long") for each in spec["key"]),
    )


def _column(name: str, sql_type: str, more: Mapping[str, Any] | None = None) -> Column:
    """Read a column; its usable length is its own, or that of the columns of its name where the width agrees."""
    given = dict(more or {})
    width, usable = _index()["usable_lengths"].get(name, (0, 0))
    if "usable" not in given and sql_type == f"char({width})":
        given["usable"] = usable
    return column(name, sql_type, time=name in _index()["times"], **given)
