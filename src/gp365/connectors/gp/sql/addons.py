"""Add-ons of Dynamics GP that change what its tables mean: known by tables with rows, refused where we would write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from threading import Lock
from typing import Any, cast

import orjson

from gp365.connectors.gp.sql.desk import Desk
from gp365.connectors.gp.sql.text import Statement, mark, select
from gp365.model.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class AddOn:
    """An add-on: `tables` of which one with rows says that it is in use, `means` what then holds.

    `refuses`: entities that are not written then, each with the reason. `fix` is what a person can do. `assumed` marks
    signs that no public document confirms.
    """

    name: str
    tables: tuple[str, ...]
    means: str
    refuses: Mapping[str, str]
    fix: str
    assumed: bool


@cache
def add_ons() -> tuple[AddOn, ...]:
    """Read the add-ons that are known by tables."""
    document = files("gp365.connectors.gp.sql").joinpath("addons.json").read_bytes()
    held = cast("dict[str, list[dict[str, Any]]]", orjson.loads(document))["add_ons"]
    return tuple(
        AddOn(
            each["name"],
            tuple(each["tables"]),
            each["means"],
            each.get("refuses", {}),
            each.get("fix", ""),
            each["assumed"],
        )
        for each in held
    )


def seen_by(desk: Desk, one: AddOn) -> tuple[str, ...]:
    """Return the tables of an add-on that are there and have rows.

    SQL Server shows a table that we have no right to as if it were not there (metadata visibility).
    """
    return tuple(table for table in one.tables if _has_rows(desk, table))


def _has_rows(desk: Desk, table: str) -> bool:
    shown = desk.names.object(table)
    there = Statement("SELECT OBJECT_ID(").add(mark("varchar(400)"), shown).add(") AS [id]")
    if desk.rows(there)[0][0] is None:
        return False
    return bool(desk.rows(select(["1 AS [n]"], shown, top=1)))


class AddOns:
    """What a company has in use beside GP, looked for when something is to be written, once in a run."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._guard = Lock()
        self._seen: dict[str, tuple[str, ...]] = {}

    def begin_run(self) -> None:
        """Look again: somebody may have begun to use an add-on, or ended it."""
        with self._guard:
            self._seen.clear()

    def refuse(self, entity: str) -> None:
        """Raise Misconfigured("not-served") where an add-on in use would make what we write of an entity wrong.

        To be called before the first write of a batch. What no add-on touches costs no question; reading is never refused.
        """
        for one in add_ons():
            if entity not in one.refuses:
                continue
            tables = self._tables(one)
            if tables:
                message = (
                    f"{entity} is not written: {one.name} is in use ({', '.join(tables)} has rows), "
                    f"and {one.refuses[entity]}."
                )
                raise Misconfigured(
                    "not-served", message, system=self._desk.settings.name, value=entity, fix=one.fix
                )

    def _tables(self, one: AddOn) -> tuple[str, ...]:
        with self._guard:
            if one.name not in self._seen:
                self._seen[one.name] = seen_by(self._desk, one)
            return self._seen[one.name]
