"""Values of fields: three-valued, packed without loss, and the fingerprint of a record.

A field is *absent* (its name is missing from the record: unreadable or not asked for), *empty* (None), or a value.
Text never is "": a connector gives None for blank text, 1900-01-01 and the like.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from operator import itemgetter
from typing import Any, cast

import orjson

Value = str | int | Decimal | bool | date | datetime | None
Values = Mapping[str, Value]
Key = tuple[str, ...]

KEY_SEPARATOR = "\x1f"


def key_text(key: Key) -> str:
    """Join a key's parts into one text for storing; parts never hold the unit separator."""
    return KEY_SEPARATOR.join(key)


def key_of(text: str) -> Key:
    """Split a stored key again."""
    return tuple(text.split(KEY_SEPARATOR))


def show_key(key: Key) -> str:
    """Write a key for people."""
    return ";".join(key)


_EXACT = 28


def decimal_text(number: Decimal) -> str:
    """Write a decimal plainly and always alike: no exponent, no trailing zeros, no minus zero."""
    text = str(number)
    if "E" in text or len(text) > _EXACT:  # rare: an exponent, or more digits than arithmetic keeps
        text = format(number.normalize(), "f")
    elif "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def plain(value: Value) -> Any:
    """Return a value as JSON can hold it, tagged so that `from_plain` gives the same type back."""
    if value is None or isinstance(value, (str, int)):  # a bool is an int
        return value
    if isinstance(value, Decimal):
        return {"$d": decimal_text(value)}
    if isinstance(value, datetime):
        return {"$t": value.astimezone(UTC).isoformat()}
    return {"$day": value.isoformat()}


def from_plain(value: Any) -> Value:
    """Undo `plain`."""
    if isinstance(value, dict):
        tag, text = next(iter(cast("dict[str, str]", value).items()))
        if tag == "$d":
            return Decimal(text)
        if tag == "$t":
            return datetime.fromisoformat(text)
        return date.fromisoformat(text)
    return cast("Value", value)


_ABSENT: list[Any] = []  # no value of ours is a list
_PASS_DATES = orjson.OPT_PASSTHROUGH_DATETIME


def _date_default(value: object) -> Any:
    """Give `plain` of what JSON does not know: decimals (the most frequent), days and moments.

    A dict that is made anew costs a third of a piece of JSON that is kept by its value.
    """
    if type(value) is Decimal:
        return {"$d": decimal_text(value)}
    return {"$day": value.isoformat()} if type(value) is date else plain(cast("Value", value))


def pack(values: Mapping[str, Any]) -> bytes:
    """Pack a mapping of values (or of nested lists and mappings of them) into bytes, in the mapping's own order."""
    return orjson.dumps(values, default=_date_default, option=_PASS_DATES)


def unpack(packed: bytes) -> dict[str, Any]:
    """Undo `pack` for a flat mapping of values."""
    loaded: dict[str, Any] = orjson.loads(packed)
    return {name: from_plain(value) if isinstance(value, dict) else value for name, value in loaded.items()}


def digest(packed: bytes) -> str:
    """Return the content hash of packed bytes, 32 hex characters."""
    return blake2b(packed, digest_size=16).hexdigest()


def fingerprint(values: Values, names: Iterable[str], flow_digest: str) -> bytes:
    """Return 16 bytes that differ when a mapped raw value, its presence, or the flow differs."""
    return fingerprinting(tuple(names), flow_digest)(values)


@lru_cache(maxsize=64)
def fingerprinting(names: tuple[str, ...], flow_digest: str) -> Callable[[Values], bytes]:
    """Return what gives the fingerprint of any record's values of these names; see `fingerprint`."""
    begun = blake2b(orjson.dumps([flow_digest, names]), digest_size=16)
    whole = _all_of(names)

    def print_of(values: Values) -> bytes:
        try:
            held = whole(values)
        except KeyError:
            held = [values.get(name, _ABSENT) for name in names]
        hashed = begun.copy()
        hashed.update(orjson.dumps(held, default=_date_default, option=_PASS_DATES))
        return hashed.digest()

    return print_of


def _all_of(names: tuple[str, ...]) -> Callable[[Values], Any]:
    """Give what takes the values of all names at once; KeyError where one is absent."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: [values[name] for name in names]


def show(value: Value) -> str:
    """Write a value for people; an empty one as nothing."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)


def unpack_deep(packed: bytes) -> Any:
    """Undo `pack` for nested lists and mappings of values."""
    return deep(orjson.loads(packed))


def deep(loaded: Any) -> Any:
    """Give nested JSON its values back, as `plain` tagged them."""
    if isinstance(loaded, list):
        return [deep(part) for part in cast("list[Any]", loaded)]
    if isinstance(loaded, dict):
        named = cast("dict[str, Any]", loaded)
        if len(named) == 1 and next(iter(named)) in ("$d", "$t", "$day"):
            return from_plain(named)
        return {name: deep(part) for name, part in named.items()}
    return loaded
