"""Turns a JSON value of a payload into the value that is stored, or refuses it as Dataverse does."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from . import refusal
from .schema import Column

INTEGER_LOW, INTEGER_HIGH = -(2**31), 2**31 - 1
EARLIEST = datetime(1753, 1, 1, tzinfo=UTC)
_GUID = re.compile(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
_EDM = {"Boolean": "Edm.Boolean", "Integer": "Edm.Int32", "BigInt": "Edm.Int64", "Decimal": "Edm.Decimal"}


def as_guid(text: str) -> str | None:
    """Give an id in lower case, or None where the text is no GUID."""
    bare = text.strip().strip("{}")
    return str(uuid.UUID(bare)) if _GUID.match(bare) else None


def stored(table: str, column: Column, value: Any) -> Any:
    """Check a payload value against its column and give the stored form; None stays None.

    Raises the refusal of Dataverse for a wrong JSON type, a text too long, a number out of range, an unknown option.
    """
    if value is None:
        return None
    return _READERS.get(column.type, _text)(table, column, value)


def _wrong_type(table: str, column: Column, value: object) -> refusal.Refusal:
    expected = _EDM.get(
        column.type, "Edm.String" if column.type in {"String", "Memo"} else f"Edm.{column.type}"
    )
    return refusal.bad_payload(
        table, f"Cannot convert the literal '{value}' to the expected type '{expected}'."
    )


def _text(table: str, column: Column, value: Any) -> str | None:
    if not isinstance(value, str):
        raise _wrong_type(table, column, value)
    # The limit counts UTF-16 units, as nvarchar does.
    units = len(value) if value.isascii() else len(value.encode("utf-16-le")) // 2
    if column.max_length is not None and units > column.max_length:
        raise refusal.too_long(table, column.name, column.max_length)
    # An empty text is stored as null (assumed).
    return value or None


def _integer(table: str, column: Column, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong_type(table, column, value)
    low = column.minimum if column.minimum is not None else INTEGER_LOW
    high = column.maximum if column.maximum is not None else INTEGER_HIGH
    if column.type == "Integer" and not low <= value <= high:
        raise refusal.integer_out_of_range(table, column.name, low, high)
    return value


def _number(table: str, column: Column, value: Any) -> Decimal:
    if not isinstance(value, int | Decimal) or isinstance(value, bool):
        raise _wrong_type(table, column, value)
    number = Decimal(value)
    low, high = column.minimum, column.maximum
    if (low is not None and number < low) or (high is not None and number > high):
        raise refusal.number_out_of_range(table, column.name, low, high)
    # Rounded to the precision of the column (assumed: half to even, as .NET rounds).
    digits = decimals(column)
    return number if digits is None else number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN)


def decimals(column: Column) -> int | None:
    """Give the decimals that a number column keeps; money without its own precision has that of the currency, 2."""
    if column.type == "Money" and column.precision_source != 0:
        return 2 if column.precision_source == 2 else (column.precision or 2)
    return column.precision


def _flag(table: str, column: Column, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong_type(table, column, value)
    return value


def _option(table: str, column: Column, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong_type(table, column, value)
    if column.options and column.option(value) is None:
        allowed = ", ".join(str(o.value) for o in column.options)
        raise refusal.bad_option(table, column.name, value, allowed)
    return value


def _guid(table: str, column: Column, value: Any) -> str:
    guid = as_guid(value) if isinstance(value, str) else None
    if guid is None:
        raise _wrong_type(table, column, value)
    return guid


def _time(table: str, column: Column, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong_type(table, column, value)
    try:
        return day_text(value) if column.date_only else time_text(value)
    except ValueError:
        raise _wrong_type(table, column, value) from None


def day_text(value: str) -> str:
    """Give a day as Edm.Date has it; raises ValueError."""
    day = date.fromisoformat(value)
    if day < EARLIEST.date():
        raise ValueError(value)
    return day.isoformat()


def time_text(value: str) -> str:
    """Give a time as it is stored and sent: UTC, whole seconds, Z; raises ValueError."""
    moment = datetime.fromisoformat(value)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if moment < EARLIEST:
        raise ValueError(value)
    return stamp(moment)


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


_READERS: dict[str, Callable[[str, Column, Any], Any]] = {
    "Integer": _integer,
    "BigInt": _integer,
    "Decimal": _number,
    "Money": _number,
    "Double": _number,
    "Boolean": _flag,
    "Picklist": _option,
    "State": _option,
    "Status": _option,
    "Uniqueidentifier": _guid,
    "DateTime": _time,
}
