"""Values between Dataverse's JSON and the model: money exact, days as days, lookups as GUID text through bind properties."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson

from gp365.connectors.dataverse.metadata import LOOKUPS, OPTIONS, Column
from gp365.model.errors import Rejected
from gp365.model.fit import FIRST_DAY
from gp365.model.values import Value, show

STATUS = "statuscode"
NUMBERS = frozenset({"Money", "Decimal", "Double"})
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def loads(body: bytes) -> Any:
    """Parse JSON with every fraction as Decimal, so that money never passes through a float."""
    return json.loads(body, parse_float=Decimal)


def _exact(value: object) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f").encode())
    raise TypeError(type(value).__name__)


def dumps(value: object) -> bytes:
    """Write JSON with decimals as exact numbers."""
    return orjson.dumps(value, default=_exact)


def moment(text: str) -> datetime:
    """Read a moment of Dataverse (ISO 8601, UTC)."""
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def moment_text(value: datetime) -> str:
    """Write a moment as Dataverse keeps it: UTC, whole seconds."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(raw: Any) -> Value:
    text = str(raw)
    return text if text.strip() else None


def _number(raw: Any) -> Value:
    return raw if isinstance(raw, Decimal) else Decimal(str(raw))


def _lower(raw: Any) -> Value:
    return str(raw).lower()


def _day(raw: Any) -> Value:
    return date.fromisoformat(str(raw)[:10])


def _moment(raw: Any) -> Value:
    return moment(str(raw))


def _whole(raw: Any) -> Value:
    return int(raw)


def _flag(raw: Any) -> Value:
    return bool(raw)


def reader(column: Column) -> Callable[[Any], Value]:
    """Return the function that reads a filled JSON value of the column; null never reaches it."""
    if column.type in NUMBERS:
        return _number
    if column.type in OPTIONS or column.type in ("Integer", "BigInt"):
        return _whole
    if column.type == "Boolean":
        return _flag
    if column.type in LOOKUPS or column.type == "Uniqueidentifier":
        return _lower
    if column.type == "DateTime":
        return _day if column.day else _moment
    return _text


def is_guid(text: str) -> bool:
    """Say whether a text is a GUID in lower case with dashes."""
    return _GUID.fullmatch(text) is not None


def bad_value(column: Column, value: Value, why: str) -> Rejected:
    """Return the refusal of a value that cannot be a value of the column."""
    return Rejected("bad-value", f"{column.name}: {why}", field=column.name, value=str(value))


def _option(column: Column, value: Value) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    wanted = " ".join(str(value).split()).casefold()
    for code, label in column.options.items():
        if label.casefold() == wanted or str(code) == wanted:
            return code
    raise Rejected(
        "option-unknown", f"{column.name} has no option {value}", field=column.name, value=str(value)
    )


def json_value(column: Column, value: Value) -> Any:
    """Return the JSON value of a column that is no lookup; raise Rejected("bad-value") for another kind of value."""
    if value is None:
        return None
    if column.type in OPTIONS:
        return _option(column, value)
    if column.type in NUMBERS:
        if isinstance(value, bool) or not isinstance(value, Decimal | int) or not Decimal(value).is_finite():
            raise bad_value(column, value, "this is not a number")
        return value
    if column.type in ("Integer", "BigInt"):
        if isinstance(value, bool) or not isinstance(value, int):
            raise bad_value(column, value, "this is not a whole number")
        return value
    if column.type == "Boolean":
        if not isinstance(value, bool):
            raise bad_value(column, value, "this is neither true nor false")
        return value
    if column.type == "DateTime":
        return _time(column, value)
    if not isinstance(value, str):
        raise bad_value(column, value, "this is not a text")
    return value


def _time(column: Column, value: Value) -> str:
    if column.day and isinstance(value, date) and not isinstance(value, datetime):
        _check_range(column, value, value)
        return value.isoformat()
    if not column.day and isinstance(value, datetime) and value.tzinfo is not None:
        _check_range(column, value, value.astimezone(UTC).date())
        return moment_text(value)
    raise bad_value(column, value, "this is not a day" if column.day else "this is not a moment")


def _check_range(column: Column, value: Value, day: date) -> None:
    """Raise Rejected("out-of-range") for a date before 1753 (Configure the behavior and format of the date … page)."""
    if day < FIRST_DAY:
        why = f"{column.name}: Dataverse holds no date before {FIRST_DAY}"
        raise Rejected("out-of-range", why, field=column.name, value=show(value))


def bind(column: Column, value: Value, sets: Callable[[str], str]) -> tuple[str, str | None]:
    """Return the bind property of a lookup and its value; `sets` gives a table's set name.

    A navigation property is case-sensitive: as metadata spell it (associate-disassociate page; a wrong case is
    refused with 0x80048d19). A lookup of several tables takes the first one, account before others.
    """
    targets = column.navigation
    target = "account" if "account" in targets else next(iter(targets), "")
    if not target:
        raise bad_value(column, value, "this lookup has no navigation property")
    name = f"{targets[target]}@odata.bind"
    if value is None:
        return name, None
    if not isinstance(value, str) or not is_guid(value.lower()):
        raise bad_value(column, value, "this is not the id of a record")
    return name, f"/{sets(target)}({value.lower()})"


def payload(
    columns: Mapping[str, Column],
    values: Mapping[str, Value],
    sets: Callable[[str], str],
    owner: Callable[[Value], str],
) -> dict[str, Any]:
    """Return a request body for the named values; raise Rejected naming the field that cannot be sent.

    `owner` gives the reference of a team or user. A state that is set without a status brings its default one along.
    """
    body: dict[str, Any] = {}
    for name, value in values.items():
        column = columns.get(name)
        if column is None:
            raise Rejected("flow-field", f"Dataverse has no column {name}", field=name)
        if column.type == "Owner":
            body[f"{name}@odata.bind"] = owner(value)
        elif column.type in LOOKUPS:
            bound, target = bind(column, value, sets)
            body[bound] = target
        else:
            body[name] = json_value(column, value)
            if (
                column.type == "State"
                and STATUS in columns
                and STATUS not in values
                and body[name] in column.statuses
            ):
                body[STATUS] = column.statuses[body[name]]
    return body
