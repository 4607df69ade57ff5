"""Reads the query string of a list or a single row into one value; everything not modelled is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from . import refusal
from .expression import Aliases, Node, parse_filter

Pairs = Sequence[tuple[str, str]]
_KNOWN = frozenset(
    {"$select", "$filter", "$orderby", "$top", "$count", "$expand", "$skiptoken", "$deltatoken"}
)
# Parameters of the platform that change nothing a client of the simulator can see (optional-parameters page).
_HARMLESS = frozenset({"tag", "api-version"})


@dataclass(frozen=True)
class Expansion:
    """One navigation property of `$expand` with its own $select, $filter and nested $expand."""

    name: str
    select: tuple[str, ...] | None = None
    filter: str | None = None
    expand: tuple[Expansion, ...] = ()
    orderby: str | None = None
    top: int | None = None


@dataclass(frozen=True)
class Query:
    """What a query string asks for; None means the option was absent. `texts` keeps the options as they came."""

    select: tuple[str, ...] | None = None
    filter: Node | None = None
    orderby: tuple[tuple[str, bool], ...] = ()
    top: int | None = None
    count: bool = False
    expand: tuple[Expansion, ...] = ()
    skiptoken: str | None = None
    deltatoken: str | None = None
    aliases: Aliases = field(default_factory=dict[str, str])
    texts: Aliases = field(default_factory=dict[str, str])


def parse_pairs(query: str) -> list[tuple[str, str]]:
    """Decode a query string: `+` is a blank and names may be percent-encoded, as requests sends them."""
    pairs: list[tuple[str, str]] = []
    for part in query.split("&"):
        if part:
            name, _, value = part.partition("=")
            pairs.append((unquote_plus(name), unquote_plus(value)))
    return pairs


def parse_query(pairs: Pairs) -> Query:
    """Read the options; raises 400 for bad ones and 501 for those that the simulator does not have."""
    texts: dict[str, str] = {}
    aliases: dict[str, str] = {}
    for name, value in pairs:
        if name.startswith("@"):
            aliases[name] = value
        elif name == "$skip":
            raise refusal.bad_request("Skip Clause is not supported in CRM")
        elif name in _KNOWN:
            texts[name] = value
        elif name not in _HARMLESS:
            raise refusal.not_modelled(f"the query option '{name}'")
    return Query(
        select=_names(texts.get("$select")),
        filter=parse_filter(texts["$filter"], aliases) if texts.get("$filter") else None,
        orderby=parse_orderby(texts.get("$orderby")),
        top=_whole(texts.get("$top")),
        count=_flag(texts.get("$count")),
        expand=parse_expand(texts.get("$expand")),
        skiptoken=texts.get("$skiptoken"),
        deltatoken=texts.get("$deltatoken"),
        aliases=aliases,
        texts=texts,
    )


def _names(text: str | None) -> tuple[str, ...] | None:
    if not text:
        return None
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    return None if "*" in names else names


def _whole(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdigit():
        raise refusal.bad_request(f"Invalid value '{text}' for $top query option found.")
    return int(text)


def _flag(text: str | None) -> bool:
    if text not in {None, "true", "false"}:
        raise refusal.bad_request(f"Invalid value '{text}' for $count query option found.")
    return text == "true"


def parse_orderby(text: str | None) -> tuple[tuple[str, bool], ...]:
    """Read `a,b desc` into names with whether they run downwards."""
    found: list[tuple[str, bool]] = []
    for part in (text or "").split(","):
        words = part.split()
        if not words:
            continue
        if len(words) > 2 or (len(words) == 2 and words[1] not in {"asc", "desc"}):
            raise refusal.bad_request(f"Syntax error in $orderby: '{part}'.")
        found.append((words[0], words[-1] == "desc" and len(words) == 2))
    return tuple(found)


def parse_expand(text: str | None) -> tuple[Expansion, ...]:
    """Read `a($select=x;$expand=b),c`."""
    return tuple(_expansion(part) for part in split_outside(text or "", ",") if part.strip())


def _expansion(text: str) -> Expansion:
    name, bracket, rest = text.strip().partition("(")
    if not bracket:
        return Expansion(name)
    options: dict[str, str] = {}
    for part in split_outside(rest.removesuffix(")"), ";"):
        option, _, value = part.strip().partition("=")
        if option not in {"$select", "$filter", "$expand", "$orderby", "$top", ""}:
            raise refusal.not_modelled(f"'{option}' inside $expand")
        options[option] = value
    return Expansion(
        name.strip(),
        _names(options.get("$select")),
        options.get("$filter"),
        parse_expand(options.get("$expand")),
        options.get("$orderby"),
        _whole(options.get("$top")),
    )


def split_outside(text: str, separator: str) -> list[str]:
    """Split a text outside of quotes and parentheses."""
    parts: list[str] = []
    start = depth = 0
    quoted = False
    for position, sign in enumerate(text):
        if sign == "'":
            quoted = not quoted
        elif not quoted and sign in "()":
            depth += 1 if sign == "(" else -1
        elif not quoted and depth == 0 and sign == separator:
            parts.append(text[start:position])
            start = position + 1
    parts.append(text[start:])
    return parts
