"""The definitions of the GP tables that the company holds, read from `data/tables.json` (sources named there)."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from gp365_sim.gp.refusals import bad_value
from gp365_sim.gp.sqltypes import Column, Value, accept, column, folded

Row = tuple[Value, ...]
Key = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table: its columns in SQL order and the columns of its primary key."""

    name: str
    what: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    place: Mapping[str, int] = field(default_factory=dict[str, int])
    blank: Row = ()

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
        """Give the key under which a row is kept: as the collation compares it."""
        return tuple(folded(self.text(row, name)) for name in self.key)

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


@cache
def tables() -> Mapping[str, Table]:
    """Read the table definitions."""
    source = files("gp365_sim.gp").joinpath("data", "tables.json").read_text("utf-8")
    return {name: _table(name, spec) for name, spec in json.loads(source)["tables"].items()}


def _table(name: str, spec: dict[str, Any]) -> Table:
    columns = tuple(_column(*each) for each in spec["columns"])
    place = {each.name: index for index, each in enumerate(columns)}
    blank = tuple(each.empty for each in columns)
    return Table(name, spec["what"], tuple(spec["key"]), columns, place, blank)


def _column(name: str, sql_type: str, more: Mapping[str, Any] | None = None) -> Column:
    return column(name, sql_type, **(more or {}))
