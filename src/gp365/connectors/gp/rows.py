"""A row of a GP table as it is kept during a run: the served values in the order of the entity's fields, packed.

A row is kept as it came (padding cut off), and only the fields that are asked for are turned into values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import orjson

from gp365.connectors.gp.tables import GpEntity
from gp365.connectors.gp.values import Unreadable, read_value
from gp365.model.values import Value, decimal_text

Cells = Mapping[str, Any]
"""What came for one row, under our field names; a field that did not come is missing."""
_ABSENT: dict[str, Any] = {}
"""Stands in a packed row for a field that did not come; no cell is an object."""


def cells_of(entity: GpEntity, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return what we know of a served object, without padding; its names are ours already."""
    known = entity.fields
    return {
        name: value.rstrip(" ") if isinstance(value, str) else value
        for name, value in raw.items()
        if name in known and not isinstance(value, dict | list)
    }


def pack_cells(entity: GpEntity, cells: Cells) -> bytes:
    """Pack a row for the scratch table."""
    return orjson.dumps([cells.get(name, _ABSENT) for name in entity.fields], default=_decimal)


def unpack_cells(entity: GpEntity, packed: bytes) -> dict[str, Any]:
    """Undo `pack_cells`; decimals come back as text, which reads as the same value."""
    return {
        name: value
        for name, value in zip(entity.fields, orjson.loads(packed), strict=True)
        if value.__class__ is not dict
    }


def values_of(entity: GpEntity, cells: Cells, names: Iterable[str] | None = None) -> dict[str, Value]:
    """Return the named fields of a row (all without names); what did not come or cannot be read is absent."""
    values: dict[str, Value] = {}
    for name in entity.fields if names is None else names:
        if name in cells and name in entity.fields:
            try:
                values[name] = read_value(entity.fields[name].description, cells[name])
            except Unreadable:
                continue
        elif name in entity.always:
            values[name] = entity.always[name]
    return values


def _decimal(value: object) -> str:
    if isinstance(value, Decimal):
        return decimal_text(value)
    raise TypeError(type(value).__name__)
