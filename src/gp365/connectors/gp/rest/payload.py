"""What stands in the bodies of SBA: the `Payload` of a request, and an answer of a shape that no public document shows.

The request's form is known (LBMC blog, GP 2015 RTM). For answers three shapes are understood, found out by itself:
bare, wrapped in `Payload`, and an object with a single member.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

import orjson

from gp365.connectors.gp.values import json_number

_FAULT_NAMES = frozenset({"error", "errors", "fault", "faults", "messages", "message", "warnings"})
_WORDS = ("message", "description", "text", "reason", "detail", "error", "value", "errormessage")
_FIELDS = ("field", "fieldname", "member", "property", "target")


def request_body(members: Mapping[str, Any]) -> bytes:
    """Return the body of a POST or PATCH: one object under `Payload`; Decimals are written without loss."""
    return orjson.dumps({"Payload": dict(members)}, default=lambda value: orjson.Fragment(json_number(value)))


def parsed(body: bytes) -> Any:
    """Parse JSON with decimals kept exact; ValueError where it is none. An empty body is None."""
    text = body.decode("utf-8-sig")
    return json.loads(text, parse_float=Decimal) if text.strip() else None


def single_object(document: Any) -> dict[str, Any] | None:
    """Return the one object of an answer out of its wrappings, or None where it holds no object."""
    while True:
        if isinstance(document, list):
            members = cast("list[Any]", document)
            if len(members) != 1:
                return None
            document = members[0]
            continue
        if not isinstance(document, dict):
            return None
        found = cast("dict[str, Any]", document)
        inner = _inner(found)
        if inner is None:
            return found or None
        document = inner


def _inner(document: dict[str, Any]) -> Any:
    """Return what an envelope holds, or None where the object is no envelope."""
    for name, value in document.items():
        if name.lower() == "payload":
            return cast("Any", value) if isinstance(value, dict | list) else []
    rest = {name: value for name, value in document.items() if name.lower() not in _FAULT_NAMES}
    if len(rest) == 1 or (rest and all(isinstance(value, dict | list) for value in rest.values())):
        values: list[Any] = [value for value in rest.values() if isinstance(value, dict | list)]
        if len(values) == 1:
            return values[0]
    return None


def faults(document: Any) -> str:
    """Return the words of a non-empty error member in an answer, or ""; a success with one is a failure (assumed)."""
    if not isinstance(document, dict):
        return ""
    for name, value in cast("dict[str, Any]", document).items():
        if name.lower() in ("error", "errors", "fault", "faults") and value:
            return words(value)
    return ""


def refusal_words(body: bytes) -> tuple[str, str]:
    """Return the service's own words and the field that it names ("" if none), whatever the body's form."""
    text = body.decode("utf-8", "replace").strip()
    try:
        document: Any = json.loads(text)
    except ValueError:
        return " ".join(text.split())[:500], ""
    return words(document)[:500], _named_field(document)


def words(document: Any) -> str:
    """Collect the sentences of an error body, outermost first, each once."""
    found: list[str] = []
    _collect(document, found)
    return "; ".join(dict.fromkeys(text for text in found if text))


def _collect(document: Any, found: list[str]) -> None:
    if isinstance(document, str):
        found.append(" ".join(document.split()))
    elif isinstance(document, list):
        for each in cast("list[Any]", document):
            _collect(each, found)
    elif isinstance(document, dict):
        members = cast("dict[str, Any]", document)
        told = [value for name, value in members.items() if name.lower() in _WORDS]
        for each in told or members.values():
            _collect(each, found)


def _named_field(document: Any) -> str:
    if isinstance(document, list):
        return next((name for each in cast("list[Any]", document) if (name := _named_field(each))), "")
    if not isinstance(document, dict):
        return ""
    members = cast("dict[str, Any]", document)
    for name, value in members.items():
        if name.lower() in _FIELDS and isinstance(value, str):
            return value
    return next((name for value in members.values() if (name := _named_field(value))), "")
