"""How values travel between the SQL client and the simulator's SQL server: JSON, the standard library only.

A parameter is `null` or `[tag, value]`; the cells of a result are plain, each column has a tag: s text, i whole number,
n exact number (as text), f float, t moment, d date, b bytes (hexadecimal).
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

PAGE = 1000
"""Rows of one result set in one answer."""

LOST = 10054
"""The number of the error of a connection that is gone."""

TIMED_OUT = -2
"""The number of the error of a text that took longer than the client would wait."""

_READ: dict[str, Callable[[Any], Any]] = {
    "n": lambda value: Decimal(str(value)),
    "f": float,
    "t": datetime.fromisoformat,
    "d": date.fromisoformat,
    "b": bytes.fromhex,
}
_TAGS = {
    "text": "s",
    "integer": "i",
    "exact": "n",
    "float": "f",
    "moment": "t",
    "date": "d",
    "binary": "b",
    "null": "s",
}


def tag_of(family: str) -> str:
    """Give the tag of a column by the family of its type."""
    return _TAGS[family]


def packed(value: object) -> list[Any] | None:
    """Pack a parameter. Raises TypeError for what no driver of SQL Server takes."""
    if value is None:
        return None
    if isinstance(value, str):
        return ["s", value]
    if isinstance(value, bool | int):
        return ["i", int(value)]
    if isinstance(value, Decimal):
        return ["n", str(value)]
    if isinstance(value, float):
        return ["f", value]
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            raise TypeError("a moment of SQL Server has no time zone; give it naive")
        return ["t", value.isoformat()]
    if isinstance(value, date):
        return ["d", value.isoformat()]
    if isinstance(value, bytes | bytearray):
        return ["b", bytes(value).hex()]
    raise TypeError(f"no SQL value: {type(value).__name__}")


def unpacked(value: Sequence[Any] | None) -> Any:
    """Read a parameter."""
    if value is None:
        return None
    read = _READ.get(value[0])
    return value[1] if read is None else read(value[1])


def row_reader(tags: Sequence[str]) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    """Give what reads the rows of a result with these tags."""
    reads = [_READ.get(tag) for tag in tags]

    def row(cells: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(
            [
                cell if read is None or cell is None else read(cell)
                for cell, read in zip(cells, reads, strict=True)
            ]
        )

    return row
