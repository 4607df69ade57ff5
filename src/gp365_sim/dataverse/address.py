"""Reads resource paths such as `accounts(number='A1')/primarycontactid/$ref`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from . import refusal
from .query import split_outside
from .values import as_guid

_SEGMENT = re.compile(r"^(?P<name>[^()]+?)(?:\((?P<key>.*)\))?$", re.DOTALL)
_ROOT = re.compile(r"^(?:https?://[^/]+)?/?(?:api/data/v\d+\.\d+/)?", re.IGNORECASE)
# Characters that the front of Dataverse stops inside the path, encoded or not (use-alternate-key page).
_DANGEROUS = re.compile(r"[/<>*%&:\\?+]")


@dataclass(frozen=True)
class Alias:
    """A value given elsewhere in the query string, `@name`."""

    name: str


@dataclass(frozen=True)
class Segment:
    """One step of a path; `id` for a GUID key, `key` for named keys, `called` when parentheses were written."""

    name: str
    id: str | None = None
    key: dict[str, Any] | None = None
    called: bool = False


def split_path(path: str) -> list[Segment]:
    """Read a path, still percent-encoded, relative to the service root."""
    return [parse_segment(unquote(part)) for part in split_outside(path, "/") if part]


def parse_segment(text: str) -> Segment:
    """Read one decoded segment; raises 400 for a key that cannot be read."""
    found = _SEGMENT.match(text)
    if found is None:
        raise refusal.bad_request(f"Bad Request - Error in query syntax: '{text}'.")
    name, inside = found["name"], found["key"]
    if inside is None:
        return Segment(name)
    if not inside.strip():
        return Segment(name, called=True)
    guid = as_guid(inside)
    if guid:
        return Segment(name, id=guid, called=True)
    return Segment(name, key=_named_keys(inside), called=True)


def _named_keys(inside: str) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    for part in split_outside(inside, ","):
        name, separator, value = part.partition("=")
        if not separator:
            raise refusal.bad_request(
                f"Bad Request - Error in query syntax: the key '{inside}' is not valid."
            )
        keys[name.strip()] = literal(value.strip())
    return keys


def literal(text: str) -> Any:
    """Read one value as OData writes it in a key or a parameter."""
    if len(text) >= 2 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    if text.startswith("@"):
        return Alias(text)
    if text in {"true", "false", "null"}:
        return {"true": True, "false": False, "null": None}[text]
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if re.fullmatch(r"-?\d+\.\d+", text):
        return Decimal(text)
    return as_guid(text) or text


def relative(url: str) -> str:
    """Cut scheme, host and service root off a URL or reference."""
    return _ROOT.sub("", url, count=1)


def check_key_text(segment: Segment) -> None:
    """Refuse key values that the web server in front of Dataverse takes for an attack."""
    for value in (segment.key or {}).values():
        found = _DANGEROUS.search(value) if isinstance(value, str) else None
        if found:
            raise refusal.Refusal(
                400,
                "",
                f"A potentially dangerous Request.Path value was detected from the client ({found[0]}).",
            )
