"""Numbers, flags, texts and labels between raw and canonical: coercions that lose nothing or are Unfit."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from gp365.model.entity import FieldType
from gp365.model.fit import Unfit
from gp365.model.values import Value, decimal_text, show

_FLAGS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?", re.ASCII)
_UNLIKE = re.compile(r"[\W_]+")


def text_of(value: Value) -> str:
    """Return a value as a text field holds it: numbers plainly, flags as 0 and 1, dates in ISO form."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool | int):
        return str(int(value))
    if isinstance(value, Decimal):
        return decimal_text(value)
    return show(value)


def read_number(raw: Value) -> Value:
    """Return a whole number or a Decimal as it is; number text as the number; Unfit("bad-value") for anything else."""
    if raw is None or isinstance(raw, bool):
        return None if raw is None else int(raw)
    if isinstance(raw, int | Decimal):
        return raw
    return _parsed(raw)


def read_flag(raw: Value) -> Value:
    """Return true or false for a boolean, 0 or 1, or their words; Unfit("bad-value") for anything else."""
    if raw is None or isinstance(raw, bool):
        return raw
    word = text_of(raw).strip().casefold()
    if word not in _FLAGS:
        raise Unfit("bad-value", f"{show(raw)!r} is neither yes nor no.")
    return _FLAGS[word]


def write(value: Value, kind: FieldType) -> Value:
    """Return a canonical value as a raw value of the field's type; Unfit("bad-value") if it is none."""
    if value is None:
        return None
    if kind in (FieldType.TEXT, FieldType.REFERENCE):
        return text_of(value) or None
    if kind is FieldType.BOOLEAN:
        return read_flag(value)
    if kind in (FieldType.DATE, FieldType.DATETIME):
        raise Unfit("bad-value", f"{show(value)!r} is no date.")
    number = value if isinstance(value, int | Decimal) else _parsed(value)
    if kind in (FieldType.DECIMAL, FieldType.MONEY):
        return Decimal(number)
    return _whole(number)


def _whole(number: int | Decimal) -> int:
    if isinstance(number, Decimal) and (not number.is_finite() or number != number.to_integral_value()):
        raise Unfit("bad-value", f"{number} is not a whole number.")
    return int(number)


def _parsed(raw: str | date | datetime) -> int | Decimal:
    text = raw.strip() if isinstance(raw, str) else ""
    if not _NUMBER.fullmatch(text):
        raise Unfit("bad-value", f"{show(raw)!r} is not a number.")
    try:
        return Decimal(text) if "." in text else int(text)
    except (InvalidOperation, ValueError):
        raise Unfit("bad-value", f"{show(raw)!r} is not a number.") from None


def label(text: str) -> str:
    """Return an option's label as labels are compared: without case, blanks and punctuation."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", _UNLIKE.sub("", folded))
