"""Values between GP's services and gp365: what comes is cleaned, what goes is checked before it is sent.

GP columns are never NULL: blank, 0 and 1900-01-01 stand for nothing. Text is `char`, padded with blanks, in the code
page of the company (1252); ids are upper case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from gp365.model.entity import FieldDescription, FieldType
from gp365.model.errors import Rejected
from gp365.model.values import Key, Value, decimal_text, show

EMPTY_DATE = date(1900, 1, 1)
FIRST_DATE = date(1753, 1, 1)
"""SQL Server's datetime begins here (datetime, Transact-SQL reference)."""
_JSON_DATE = re.compile(r"/Date\((-?\d+)(?:([+-])(\d{2})(\d{2}))?\)/")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TRUE, _FALSE = frozenset({"1", "true", "yes"}), frozenset({"", "0", "false", "no"})


class Unreadable(ValueError):
    """A value that came is not of its field's kind: the field is absent, not empty."""


def read_value(description: FieldDescription, raw: Any) -> Value:
    """Return what came as a value of the field's kind, None where it stands for nothing; raises Unreadable.

    Blanks at the end are padding (char columns); 1900-01-01 is GP's empty date ("Understanding how Microsoft Dynamics
    GP works with Microsoft SQL Server", Microsoft Learn archive). Zero is a value: GP has no empty number.
    """
    kind = description.type
    if kind in (FieldType.TEXT, FieldType.REFERENCE):
        return _text(raw, upper=description.upper)
    if raw is None:
        return None
    if kind in (FieldType.MONEY, FieldType.DECIMAL):
        return _decimal(raw)
    if kind is FieldType.BOOLEAN:
        return _flag(raw)
    if kind is FieldType.DATE:
        return _date(raw)
    return _whole(raw)


def _text(raw: Any, *, upper: bool) -> str | None:
    if raw is None:
        return None
    text = raw if isinstance(raw, str) else str(raw)
    text = text.rstrip(" \x00")
    return (capitals(text) if upper else text) or None


def capitals(text: str) -> str:
    """Write an id in capitals as GP's windows do, one character for one: `ß` stays, for it has none in the code page."""
    return text.upper() if text.isascii() else "".join(_capital(sign) for sign in text)


def _capital(sign: str) -> str:
    capital = sign.upper()
    if len(capital) != 1:
        return sign
    try:
        capital.encode("cp1252")
    except UnicodeEncodeError:
        return sign
    return capital


def _decimal(raw: Any) -> Decimal:
    try:
        number = raw if isinstance(raw, Decimal) else Decimal(str(raw).strip())
    except InvalidOperation:
        raise Unreadable(str(raw)) from None
    if not number.is_finite() or isinstance(raw, bool):
        raise Unreadable(str(raw))
    return number


def _whole(raw: Any) -> int:
    if isinstance(raw, bool):
        return int(raw)
    number = _decimal(raw)
    if number != number.to_integral_value():
        raise Unreadable(str(raw))
    return int(number)


def _flag(raw: Any) -> bool:
    text = str(raw).strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise Unreadable(str(raw))


def _date(raw: Any) -> date | None:
    text = str(raw).strip()
    if not text:
        return None
    found = _JSON_DATE.fullmatch(text)
    try:
        day = _json_day(*found.groups()) if found else date.fromisoformat(text[:10])
    except (ValueError, OverflowError):
        raise Unreadable(text) from None
    return None if day == EMPTY_DATE else day


def _json_day(milliseconds: str, sign: str | None, hours: str, minutes: str) -> date:
    """Give the day of `/Date(ms+hhmm)/`: the offset is the server's own, in which the day is meant.

    The milliseconds count from 1970 in UTC (Stand-Alone JSON Serialization, WCF): without the offset a day of a server
    east of Greenwich would be the day before.
    """
    ahead = timedelta(hours=int(hours), minutes=int(minutes)) if sign else timedelta(0)
    moment = _EPOCH + timedelta(milliseconds=int(milliseconds)) + (-ahead if sign == "-" else ahead)
    return moment.date()


def sent(description: FieldDescription, value: Value) -> Any:
    """Return a value as SBA takes it (assumed): text, JSON numbers, flags as 0 or 1, dates with midnight.

    Nothing becomes GP's own emptiness: "", 0, 1900-01-01.
    """
    kind = description.type
    if kind in (FieldType.TEXT, FieldType.REFERENCE):
        return "" if value is None else _upper(description, str(value))
    if kind is FieldType.DATE:
        return f"{(value if isinstance(value, date) else EMPTY_DATE).isoformat()}T00:00:00"
    if value is None:
        return Decimal(0) if kind in (FieldType.MONEY, FieldType.DECIMAL) else 0
    return int(value) if isinstance(value, bool) else value


def _upper(description: FieldDescription, text: str) -> str:
    return capitals(text.rstrip(" ")) if description.upper else text.rstrip(" ")


def check_values(
    shown: Mapping[str, FieldDescription], values: Mapping[str, Value], verb: str, record: str
) -> Rejected | None:
    """Return why these values cannot be sent, naming field and value, or None when they can."""
    for name, value in values.items():
        if name not in shown or not shown[name].can(verb):
            return _rejected("not-served", f"The field cannot be written by {verb}.", record, name, value)
        if value is None and shown[name].required:
            return _rejected("required-missing", "Dynamics GP requires this field.", record, name, None)
        if (fault := _fault(shown[name], value)) is not None:
            return _rejected(fault[0], fault[1], record, name, value)
    return None


def missing_required(
    shown: Mapping[str, FieldDescription], values: Mapping[str, Value], key: Iterable[str], record: str
) -> Rejected | None:
    """Return which required field of a create is empty, or None."""
    held = set(key)
    for name, each in shown.items():
        if each.required and name not in held and values.get(name) is None:
            return _rejected("required-missing", "Dynamics GP requires this field.", record, name, None)
    return None


def _fault(description: FieldDescription, value: Value) -> tuple[str, str] | None:
    if value is None:
        return None
    if description.type in (FieldType.TEXT, FieldType.REFERENCE):
        return _text_fault(description, value)
    return _number_fault(description, value)


def _text_fault(description: FieldDescription, value: Value) -> tuple[str, str] | None:
    if not isinstance(value, str):
        return "bad-value", "The value is not text."
    bad = unfit_character(value)
    if bad:
        return (
            "not-in-code-page",
            f"The character {bad} (U+{ord(bad):04X}) is not in code page 1252 of Dynamics GP.",
        )
    if any(ord(sign) < 32 or ord(sign) == 127 for sign in value):
        return "bad-value", "The value holds a control character or a line break."
    if description.length is not None and len(value.rstrip(" ")) > description.length:
        return "too-long", f"The value has {len(value)} characters, {description.length} are allowed."
    return None


def unfit_character(text: str) -> str:
    """Return the first character that code page 1252 cannot hold, or ""."""
    if text.isascii():
        return ""
    try:
        text.encode("cp1252")
    except UnicodeEncodeError as error:
        return text[error.start]
    return ""


def _number_fault(description: FieldDescription, value: Value) -> tuple[str, str] | None:
    kind = description.type
    if kind is FieldType.DATE:
        return _date_fault(value)
    if kind is FieldType.BOOLEAN:
        return None if isinstance(value, bool | int) else ("bad-value", "The value is not yes or no.")
    if not isinstance(value, int | Decimal):
        return "bad-value", "The value is not a number."
    if description.options and int(value) not in description.options:
        return "option-unknown", f"Dynamics GP knows only {_choices(description)}."
    low, high = description.minimum, description.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        return "out-of-range", f"The number must lie between {low} and {high}."
    return None


def _date_fault(value: Value) -> tuple[str, str] | None:
    if not isinstance(value, date) or isinstance(value, datetime):
        return "bad-value", "The value is not a date without a time."
    if value < FIRST_DATE:
        return "out-of-range", f"Dynamics GP holds no date before {FIRST_DATE}."
    return None


def _choices(description: FieldDescription) -> str:
    return ", ".join(f"{code} {label}" for code, label in description.options.items())


def _rejected(code: str, message: str, record: str, name: str, value: Value) -> Rejected:
    return Rejected(code, message, record=record, field=name, value=show(value)[:80])


def json_number(value: object) -> str:
    """Write a Decimal for JSON without loss; TypeError for anything else."""
    if isinstance(value, Decimal):
        return decimal_text(value)
    raise TypeError(type(value).__name__)


def comparable(value: Value) -> str:
    """Return a value as GP's collation (no case, no trailing blanks, accents kept) compares it."""
    return show(value).rstrip(" ").casefold()


def folded(key: Key) -> Key:
    """Return a key of texts as GP compares it."""
    return tuple(capitals(part.rstrip(" ")) for part in key)
