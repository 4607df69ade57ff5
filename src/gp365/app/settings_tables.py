"""Tables laid into gp365.toml as text, so that comments and everything else stay; checked by reading what comes out."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from gp365.model.errors import Misconfigured

Place = tuple[str, ...]
_HEADER = re.compile(r"\s*\[([^\[\]]+)\]\s*(?:#.*)?$")
_ANY_HEADER = re.compile(r"\s*\[")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def table_text(place: Place, values: Mapping[str, Any]) -> str:
    """Write one table: a header and a line per value (texts, flags, lists of texts)."""
    lines = [f"[{'.'.join(_name(part) for part in place)}]"]
    lines += [f"{_name(name)} = {_value(value)}" for name, value in values.items()]
    return "\n".join(lines) + "\n"


def with_tables(text: str, tables: Mapping[Place, Mapping[str, Any]]) -> str:
    """Return the text with these tables instead of those of the same places, the new ones at its end.

    Misconfigured("settings-invalid") where the text is written so that they cannot be put in as they are.
    """
    ending = "\r\n" if "\r\n" in text else "\n"
    kept = _without([line.removesuffix("\r") for line in text.split("\n")], set(tables))
    while kept and not kept[-1].strip():
        kept.pop()
    new = "\n".join(table_text(place, values) for place, values in tables.items())
    result = ending.join([*kept, "", *new.removesuffix("\n").split("\n"), ""])
    if _read(result) != _expected(_read(text), tables):
        raise Misconfigured(
            "settings-invalid",
            "gp365.toml is written so that these tables cannot be put in without touching something else.",
            field=".".join(next(iter(tables), ())),
            fix="Put the lines in yourself: without --write they are shown.",
        )
    return result


def _without(lines: Sequence[str], places: set[Place]) -> list[str]:
    """Leave out the tables of these places; comments right before the next table stay with it."""
    kept: list[str] = []
    taken: list[str] | None = None
    for line in lines:
        if _ANY_HEADER.match(line):
            kept += _trailing(taken or [])
            taken = [] if _place(line) in places else None
        (kept if taken is None else taken).append(line)
    return kept + _trailing(taken or [])


def _trailing(lines: Sequence[str]) -> list[str]:
    at = len(lines)
    while at and (not lines[at - 1].strip() or lines[at - 1].lstrip().startswith("#")):
        at -= 1
    return list(lines[at:])


def _place(line: str) -> Place:
    """Read a header as TOML does; () for one that cannot be read alone."""
    header = _HEADER.match(line)
    try:
        found: Any = tomllib.loads(f"[{header[1]}]") if header else {}
    except tomllib.TOMLDecodeError:
        return ()
    place: list[str] = []
    while found:
        [(name, found)] = found.items()
        place.append(name)
    return tuple(place)


def _read(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _expected(document: dict[str, Any] | None, tables: Mapping[Place, Mapping[str, Any]]) -> dict[str, Any]:
    result = deepcopy(document or {})
    for place, values in tables.items():
        into: dict[str, Any] = result
        for part in place[:-1]:
            into = into.setdefault(part, {})
        into[place[-1]] = dict(values)
    return result


def _name(text: str) -> str:
    return text if _BARE.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _value(value: Any) -> str:
    """Write a value; TOML's basic strings and lists of them are as JSON has them."""
    return json.dumps(value, ensure_ascii=False)
