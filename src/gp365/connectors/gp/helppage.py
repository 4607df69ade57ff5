"""A saved help page of GP Service, read for the addresses, keys and verbs that it shows.

The page's address is documented (single-machine-installation.md), its looks are not: whatever has addresses of the
service's grammar and, near them, names of HTTP verbs is understood, as HTML, XML or text. Nothing in it is trusted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from urllib.parse import unquote

from gp365.connectors.gp.helppage_names import series

_LONGEST_LINE = 20_000
_TAG = re.compile(r"<(/?)([A-Za-z!?][\w:-]{0,40})([^<>]*)>")
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]{1,2000})"|'([^']{1,2000})')""", re.IGNORECASE)
_MARKUP = re.compile(
    r"<(?:!doctype|\?xml|html|head|body|title|script|style|table|tr|td|div|pre|ul|li|h\d|p|a|br)\b",
    re.IGNORECASE,
)
_INLINE = frozenset(
    ("a", "abbr", "b", "code", "em", "font", "i", "kbd", "small", "span", "strong", "tt", "u", "wbr")
)
_CELLS = frozenset(("td", "th"))
_UNSEEN = frozenset(("script", "style"))
_VERB = re.compile(r"\b(GET|POST|PATCH|PUT|DELETE)\b")
_SEGMENT, _KEY = r"[A-Za-z]\w{0,80}", r"\([^()/\t]{0,300}\)"
_OF_COMPANY = re.compile(
    rf"Companies\([^/\t]{{1,200}}\)/({_SEGMENT}(?:/{_SEGMENT}){{0,5}})({_KEY})?(?:\.(?:json|xml)\b)?",
    re.IGNORECASE,
)
_OF_TENANT = re.compile(
    rf"Tenants\([^()/\t]{{1,100}}\)/({_SEGMENT})(?![\w(])(?:\.(?:json|xml)\b)?", re.IGNORECASE
)
_BARE = re.compile(
    rf"(?<![\w/)])/?((?:{'|'.join(series())})(?:/{_SEGMENT}){{1,5}})({_KEY})?(?:\.(?:json|xml)\b)?",
    re.IGNORECASE,
)
_PART = re.compile(r"[A-Za-z]\w{0,60}")


@dataclass(frozen=True, slots=True)
class Shown:
    """A resource as the page shows it: verbs, and of the key its parts and (where they are templates) their names."""

    path: str
    below_tenant: bool
    verbs: tuple[str, ...] = ()
    parts: int = 0
    key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Address:
    """An address; a bare one (Sales/Customers, without a company) counts with a verb only: any text may hold it."""

    path: str
    below_tenant: bool
    bare: bool
    parts: int
    key: tuple[str, ...]


def resources(page: str) -> tuple[Shown, ...]:
    """Return the resources that a page shows, in its order; empty for a page that is no help page."""
    found: dict[str, Shown] = {}
    for address, verb in _operations(page):
        if address.bare and not verb:
            continue
        name = address.path.casefold()
        held = found.get(name, Shown(address.path, address.below_tenant))
        verbs = held.verbs if not verb or verb in held.verbs else (*held.verbs, verb)
        better = address.parts > held.parts or (address.key and not held.key)
        parts, key = (address.parts, address.key) if better else (held.parts, held.key)
        found[name] = Shown(held.path, held.below_tenant, verbs, parts, key)
    return tuple(each for each in found.values() if each.path.casefold() != "help")


def _operations(page: str) -> Iterator[tuple[_Address, str]]:
    """Give addresses with verbs; a line with verbs alone belongs to the address before it (cells over several rows).

    Where the first verbs come before the first address, verbs go with the address after them.
    """
    last: Sequence[_Address] = ()
    waiting: Sequence[str] = ()
    ahead: bool | None = None
    for line in _lines(page):
        addresses, rest = _addresses(line)
        verbs = _VERB.findall(rest)
        alone = bool(verbs) and not addresses and _VERB.match(rest.lstrip()) is not None
        if addresses:
            ahead = bool(waiting) if ahead is None else ahead
            last, now, waiting = addresses, verbs or waiting, ()
            yield from ((address, verb) for address in addresses for verb in (now or ("",)))
        elif alone and (ahead is None or ahead):
            waiting = verbs
        elif alone:
            yield from ((address, verb) for address in last for verb in verbs)


def _addresses(line: str) -> tuple[list[_Address], str]:
    """Take the addresses out of a line, and return what is left."""
    found: list[_Address] = []

    def take(match: re.Match[str]) -> str:
        key = match[2] if match.re.groups > 1 else None
        parts, names = _key(key)
        found.append(_Address(match[1], match.re is _OF_TENANT, match.re is _BARE, parts, names))
        return " "

    for pattern in (_OF_COMPANY, _OF_TENANT, _BARE):
        line = pattern.sub(take, line)
    return found, line


def _key(text: str | None) -> tuple[int, tuple[str, ...]]:
    """Read a key in brackets: {CustomerNumber};{AddressCode} gives names, an example gives the number of parts."""
    if not text or not text[1:-1].strip():
        return 0, ()
    parts = [part.strip() for part in re.split("[;,]", text[1:-1])]
    names = [part[1:-1].strip() for part in parts if part[:1] + part[-1:] in ("{}", "<>", "[]")]
    known = len(names) == len(parts) and all(_PART.fullmatch(name) for name in names)
    return len(parts), tuple(names) if known else ()


def _lines(page: str) -> Iterator[str]:
    """Give the lines of a page as a person sees them, cells apart by tabs."""
    text = _without_comments(page.replace("\0", " "))
    seen = _seen(text) if _MARKUP.search(text) else text
    for line in seen.splitlines():
        yield unquote(unescape(line[:_LONGEST_LINE]))


def _without_comments(text: str) -> str:
    kept: list[str] = []
    at = 0
    while (begin := text.find("<!--", at)) >= 0:
        kept.append(text[at:begin])
        end = text.find("-->", begin + 4)
        if end < 0:
            return "".join(kept)
        at = end + 3
    return "".join((*kept, text[at:]))


def _seen(text: str) -> str:
    """Drop the markup: cells become tabs, everything that is not part of a line ends it."""
    kept: list[str] = []
    at, hidden = 0, ""
    for tag in _TAG.finditer(text):
        name = tag[2].lower()
        if not hidden:
            kept.append(re.sub(r"\s+", " ", text[at : tag.start()]))
            kept.append(_between(name, tag[1], tag[3]))
        at = tag.end()
        if name in _UNSEEN:
            hidden = "" if tag[1] else (hidden or name)
    if not hidden:
        kept.append(text[at:])
    return "".join(kept)


def _between(name: str, closing: str, inside: str) -> str:
    if name in _CELLS:
        return "\t" if closing else ""
    if name == "a" and not closing and (link := _HREF.search(inside)):
        address = link[1] or link[2]
        return f" {address} " if "(" in address else ""
    return "" if name in _INLINE else "\n"
