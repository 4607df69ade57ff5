"""The addresses of the service: which tenant, company, resource and record a request's path names.

    /GPService/Tenants(<tenant>)/help
    /GPService/Tenants(<tenant>)/Companies[(<display name>)]
    /GPService/Tenants(<tenant>)/Companies(<display name>)/<series>/…/<resource>[(<key>;<key>)][.json]

Sources: MicrosoftDocs dynamics-gp web-components pages (help), LBMC blog (core resources, company display names,
`.json`, bare keys), public client code (`%28`, inner parentheses, `;` between key parts, lower-case literals).
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

_SEGMENT = re.compile(
    r"(?P<name>(?:[^(%]|%(?!28)[0-9A-Fa-f]{2})*?)"
    r"(?:(?:\(|%28)(?P<key>.*)(?:\)|%29))?"
    r"(?P<json>\.json)?",
    re.IGNORECASE,
)


class BadAddress(ValueError):
    """The path cannot be read at all: broken percent-encoding or a segment of no known shape."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment of a path: a name, the parts of its key (None without parentheses), and whether `.json` ends it."""

    name: str
    key: tuple[str, ...] | None = None
    json: bool = False

    @property
    def whole_key(self) -> str:
        """Give the key undivided: the name of a tenant or company may hold a `;`."""
        return ";".join(self.key or ())


def segments(raw_path: str) -> list[Segment]:
    """Read a still percent-encoded path; raises `BadAddress`.

    The last closing parenthesis of a segment closes the key, so that names with inner parentheses work raw. A raw
    `;` parts a key, an encoded one belongs to it; how the real service reads an encoded one is assumed.
    """
    return [_segment(raw) for raw in raw_path.strip("/").split("/")]


def _segment(raw: str) -> Segment:
    found = _SEGMENT.fullmatch(raw)
    if found is None:
        raise BadAddress(f"the segment {raw} cannot be read")
    key = found["key"]
    parts = None if key is None else tuple(_decoded(part) for part in key.split(";"))
    return Segment(_decoded(found["name"]), parts, bool(found["json"]))


def _decoded(raw: str) -> str:
    """Decode a part of a path as UTF-8 (seen in the field: `%C3%91` for Ñ)."""
    try:
        return unquote(raw, errors="strict")
    except UnicodeDecodeError:
        raise BadAddress(f"{raw} is not UTF-8") from None
