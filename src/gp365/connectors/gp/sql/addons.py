"""Add-ons of Dynamics GP that change what its tables mean, known by a table of theirs."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, cast

import orjson


@cache
def add_ons() -> list[dict[str, Any]]:
    """Read the add-ons: name, table, what it means, and whether the table's name is assumed."""
    document = files("gp365.connectors.gp.sql").joinpath("addons.json").read_bytes()
    return cast("dict[str, list[dict[str, Any]]]", orjson.loads(document))["add_ons"]
