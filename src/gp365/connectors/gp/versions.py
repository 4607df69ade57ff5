"""Versions of Dynamics GP as data (`versions.json`): what is published of each, until when it is supported, what is assumed.

A version is a hint: nothing is decided by it but whether Service Based Architecture can be there at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, cast

import orjson

from gp365.model.contract import Finding

SUBJECT = "version"
"""The subject of the finding by which a channel tells the version; its facts have major, minor, build and columns."""
_CLASSIC, _CONTINUOUS_MINOR = 18, 2
"""18.0 and 18.1 are GP 2018; what came in October 2019 and later is 18.2 to 18.8 (whats-new pages)."""


@dataclass(frozen=True, slots=True)
class Pack:
    """What is known of a version: `ends` is its end of support, `fixes_until` that of security fixes; None if unknown.

    `rest`: Service Based Architecture exists. `states` is published, `assumed` is not; both hold for this version alone.
    """

    name: str
    title: str
    major: int
    rest: bool
    ends: date | None
    fixes_until: date | None
    after: str
    states: tuple[str, ...]
    assumed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sign:
    """A column that newer databases have and the schema that we know has not."""

    table: str
    column: str
    means: str


@dataclass(frozen=True, slots=True)
class Seen:
    """The version that a channel told: numbers (0 where it told none), as text, and the newer columns that are there."""

    major: int = 0
    minor: int = 0
    text: str = ""
    columns: tuple[str, ...] = ()


@cache
def packs() -> Mapping[str, Pack]:
    """Read the versions by name, the oldest first."""
    return {each["name"]: _pack(each) for each in _document()["packs"]}


@cache
def signs() -> tuple[Sign, ...]:
    """Read the columns by which a newer database shows."""
    return tuple(Sign(each["table"], each["column"], each["means"]) for each in _document()["signs"])


def pack_of(major: int, minor: int = 0) -> Pack | None:
    """Return the version with these numbers; everything up to 12 counts as 2013, None for one that nobody knows."""
    known = packs()
    if 0 < major <= known["2013"].major:
        return known["2013"]
    if major == _CLASSIC:
        return known["18.x" if minor >= _CONTINUOUS_MINOR else "2018"]
    return next((each for each in known.values() if each.major == major), None)


def seen(findings: Sequence[Finding]) -> Seen:
    """Take the version out of what channels found; empty where none told it."""
    for finding in findings:
        facts = finding.facts
        if finding.subject.rpartition(": ")[2] == SUBJECT and ("major" in facts or "columns" in facts):
            held = cast("Sequence[str]", facts.get("columns", ()))
            numbers = [int(cast("int", facts.get(name, 0))) for name in ("major", "minor", "build")]
            text = ".".join(str(each) for each in numbers) if numbers[0] else ""
            return Seen(numbers[0], numbers[1], text, tuple(held))
    return Seen()


def _pack(spec: Mapping[str, Any]) -> Pack:
    return Pack(
        spec["name"],
        spec["title"],
        spec["major"],
        spec["rest"],
        _day(spec["ends"]),
        _day(spec["fixes_until"]),
        spec["after"],
        tuple(spec["states"]),
        tuple(spec["assumed"]),
    )


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


@cache
def _document() -> dict[str, Any]:
    source = files("gp365.connectors.gp").joinpath("versions.json").read_bytes()
    return cast("dict[str, Any]", orjson.loads(source))
