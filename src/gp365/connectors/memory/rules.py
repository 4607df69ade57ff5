"""How the memory system takes a value: it trims, cases and checks as its entity descriptions say, and refuses aloud."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

from gp365.model.entity import EntityDescription, FieldDescription, FieldType
from gp365.model.errors import Rejected
from gp365.model.text import upper
from gp365.model.values import Key, Value, show


def fold(value: Value) -> Value:
    """Return what the system compares by: text without trailing blanks and case, anything else as it is."""
    return value.rstrip(" ").casefold() if isinstance(value, str) else value


def fold_key(key: Key) -> Key:
    """Return a key as the system compares keys."""
    return tuple(part.rstrip(" ").casefold() for part in key)


def _refuse(code: str, text: str, held: FieldDescription, value: Value) -> Rejected:
    return Rejected(code, text, field=held.name, value=show(value))


def _text(held: FieldDescription, value: Value) -> Value:
    if not isinstance(value, str):
        raise _refuse("bad-value", "The field holds text.", held, value)
    text = value.rstrip(" ")
    if held.upper:
        text = upper(text)
    if held.length is not None and len(text) > held.length:
        raise _refuse("too-long", f"The field holds {held.length} characters.", held, value)
    if held.code_page:
        try:
            text.encode(held.code_page)
        except UnicodeEncodeError as error:
            raise _refuse(
                "not-in-code-page", f"The code page has no {text[error.start]!r}.", held, value
            ) from None
    return text or None


def _number(held: FieldDescription, value: Value) -> Value:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _refuse("bad-value", "The field holds a number.", held, value)
    if held.type in (FieldType.INTEGER, FieldType.OPTION) and not isinstance(value, int):
        raise _refuse("bad-value", "The field holds a whole number.", held, value)
    if held.type is FieldType.OPTION and held.options and value not in held.options:
        raise _refuse("option-unknown", "The field has no such option.", held, value)
    number = Decimal(value)
    if not number.is_finite():
        raise _refuse("bad-value", "The field holds a number.", held, value)
    if held.decimals is not None and number != number.quantize(Decimal(1).scaleb(-held.decimals)):
        raise _refuse("out-of-range", f"The field holds {held.decimals} decimals.", held, value)
    low, high = held.minimum, held.maximum
    if (low is not None and number < low) or (high is not None and number > high):
        raise _refuse("out-of-range", "The number is outside the field's range.", held, value)
    return number if held.type in (FieldType.DECIMAL, FieldType.MONEY) else value


def _flag(held: FieldDescription, value: Value) -> Value:
    if not isinstance(value, bool):
        raise _refuse("bad-value", "The field holds true or false.", held, value)
    return value


def _day(held: FieldDescription, value: Value) -> Value:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise _refuse("bad-value", "The field holds a day.", held, value)
    return value


def _moment(held: FieldDescription, value: Value) -> Value:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise _refuse("bad-value", "The field holds a moment with its time zone.", held, value)
    return value


_BY_TYPE: dict[FieldType, Callable[[FieldDescription, Value], Value]] = {
    FieldType.TEXT: _text,
    FieldType.REFERENCE: _text,
    FieldType.INTEGER: _number,
    FieldType.OPTION: _number,
    FieldType.DECIMAL: _number,
    FieldType.MONEY: _number,
    FieldType.BOOLEAN: _flag,
    FieldType.DATE: _day,
    FieldType.DATETIME: _moment,
}


def stored(held: FieldDescription, value: Value) -> Value:
    """Return the value as the system stores it; Rejected if it cannot."""
    kept = None if value is None else _BY_TYPE[held.type](held, value)
    if kept is None and held.required:
        raise _refuse("required-missing", "The field must be filled.", held, value)
    return kept


def stored_key(entity: EntityDescription, key: Key) -> Key:
    """Return the key as the system spells it (trimmed, cased); Rejected if a part cannot be stored."""
    if len(key) != len(entity.key):
        raise Rejected("bad-value", f"The key has {len(entity.key)} parts.", value=";".join(key))
    parts: list[str] = []
    for name, part in zip(entity.key, key, strict=True):
        held = entity.fields.get(name, FieldDescription(name))
        value = _text(held, part)
        if value is None:
            raise _refuse("required-missing", "A part of the key is empty.", held, part)
        parts.append(str(value))
    return tuple(parts)


def key_values(entity: EntityDescription, key: Key) -> dict[str, Value]:
    """Return the key's parts as values of the record, typed as the entity describes them."""
    typed: dict[str, Value] = {}
    for name, part in zip(entity.key, key, strict=True):
        held = entity.fields.get(name)
        if held is not None:
            whole = held.type in (FieldType.INTEGER, FieldType.OPTION)
            typed[name] = int(part) if whole else part
    return typed


def check_required(entity: EntityDescription, values: dict[str, Value]) -> None:
    """Refuse a new record that lacks a required field."""
    for held in entity.fields.values():
        if held.required and values.get(held.name) is None:
            raise _refuse("required-missing", "The field must be filled.", held, None)
