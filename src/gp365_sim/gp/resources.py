"""The resources that the service offers, read from `data/resources.json`: paths, windows, verbs and field names.

Everything but the resource names is assumed (sources in that file).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from gp365_sim.gp.sqltypes import Column
from gp365_sim.gp.tables import Row, Table, tables
from gp365_sim.gp.windows import KEPT_BY_GP


@dataclass(frozen=True)
class Resource:
    """A resource: the table behind it, the window whose right it needs, and SBA field name → SQL column."""

    name: str
    plural: str
    path: str
    window: str
    verbs: tuple[str, ...]
    table: Table
    fields: Mapping[str, Column]

    @property
    def writable(self) -> dict[str, Column]:
        """Give the fields that a caller may set: all but those that only GP writes."""
        return {name: each for name, each in self.fields.items() if each.name not in KEPT_BY_GP}

    @property
    def key_fields(self) -> list[str]:
        """Give the SBA names of the key, in the order of the address."""
        by_column = {each.name: name for name, each in self.fields.items()}
        return [by_column[name] for name in self.table.key]

    def field_of(self, column: str) -> str:
        """Give the SBA name of an SQL column, or the column's own where it is not served."""
        return next((name for name, each in self.fields.items() if each.name == column), column)

    def cells(self, row: Row) -> list[object]:
        """Give the served values of a row in the order of the fields."""
        return [self.table.get(row, each.name) for each in self.fields.values()]


@dataclass(frozen=True)
class Catalogue:
    """The resources served, and those that Microsoft lists and this simulator does not model."""

    resources: Mapping[str, Resource]
    published: frozenset[str]

    @property
    def series(self) -> frozenset[str]:
        """Give the series of the core product, such as `sales`, in lower case."""
        return frozenset(path.partition("/")[0] for path in {*self.resources, *self.published})

    def knows(self, path: str) -> bool:
        """Tell whether a path, in any case, is on Microsoft's list."""
        return path.lower() in self.resources or path.lower() in self.published


@cache
def catalogue() -> Catalogue:
    """Read the catalogue; paths are looked up in lower case."""
    source = json.loads(files("gp365_sim.gp").joinpath("data", "resources.json").read_text("utf-8"))
    resources = {spec["path"].lower(): _resource(spec) for spec in source["resources"]}
    return Catalogue(resources, frozenset(path.lower() for path in source["published"]))


def _resource(spec: dict[str, Any]) -> Resource:
    table = tables()[spec["table"]]
    fields = {name: table.column(column) for name, column in spec["fields"]}
    verbs = tuple(spec["verbs"])
    return Resource(spec["name"], spec["plural"], spec["path"], spec["window"], verbs, table, fields)
