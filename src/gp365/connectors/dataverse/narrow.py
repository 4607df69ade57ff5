"""Tables of which only some rows are read, because the others are people's and many: what they are stands in narrow.json.

Change tracking takes no filter (use-change-tracking page), so such a table is polled by modifiedon.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import cast

import orjson

from gp365.connectors.dataverse.metadata import Table

Narrow = Mapping[str, Mapping[str, str]]


def narrowed(table: Table) -> Table:
    """Return a table as it is read."""
    held = _narrow().get(table.name)
    return table if held is None else replace(table, tracked=False, only=held["only"])


def is_narrow(table: str) -> bool:
    """Say whether only some rows of a table, by its name, are read: what happens to the others is none of our affair."""
    return table in _narrow()


def about(table: Table) -> str:
    """Say which rows of a table are read, "" for all."""
    held = _narrow().get(table.name)
    return "" if held is None else held["about"]


def filtered(table: Table, params: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters of a query for the rows that are read."""
    if not table.only:
        return dict(params)
    given = params.get("$filter", "")
    return {**params, "$filter": f"{given} and {table.only}" if given else table.only}


@cache
def _narrow() -> Narrow:
    return cast(
        "Narrow", orjson.loads(files("gp365.connectors.dataverse").joinpath("narrow.json").read_bytes())
    )
