"""Phone numbers: GP's mask of ten digits and a four-digit extension, free text elsewhere, comparable digits between.

GP keeps `31255501020123` for (312) 555-0102 Ext. 0123 and fills what is missing with zeros (format of the sample
company's customers); a number that does not fit the mask stands as it is, up to 21 characters. The canonical form is
`3125550102x123`, or `+49301234567` for a number with a country code; text that is no phone number stays text.
"""

from __future__ import annotations

import re
from functools import lru_cache

from gp365.model import text as texts

_MASKED = 10
_EXTENSION = 4
_FEWEST = 5

_SHAPE = re.compile(
    r"(?P<plus>\+)?(?P<base>[\d\s().\-/\u2010-\u2015]*)"
    r"(?:[,;]?\s*(?:extension|ext\.?|x|#)\s*\.?:?\s*(?P<extension>\d{1,8}))?",
    re.ASCII | re.IGNORECASE,
)
_NO_DIGIT = re.compile(r"\D", re.ASCII)
_CANONICAL = re.compile(r"(\+?)(\d+)(?:x(\d+))?", re.ASCII)


@lru_cache(4096)  # a number is read for matching, for comparing and before it is written
def read(raw: str, column: str = "") -> str:
    """Return the canonical form of a number as any side writes it, or the text itself; "" for none and for zeros."""
    text = texts.clean(raw)
    found = _SHAPE.fullmatch(text)
    if found is None:
        return text
    base = _NO_DIGIT.sub("", found["base"])
    extension = (found["extension"] or "").lstrip("0")
    if not found["plus"] and not base.strip("0") and base:
        return ""
    plus, digits, extension = _parts(bool(found["plus"]), base, extension)
    if len(digits) < _FEWEST:
        return text
    return f"{plus}{digits}{'x' if extension else ''}{extension}"


def _parts(plus: bool, base: str, extension: str) -> tuple[str, str, str]:
    """Return the sign, digits and extension: 00 is a plus, fourteen digits are the mask, +1 is North America."""
    if plus or base.startswith("00"):
        plus, base = True, base.lstrip("0")
    elif len(base) == _MASKED + _EXTENSION and not extension:
        base, extension = base[:_MASKED], base[_MASKED:].lstrip("0")
    if len(base) == _MASKED + 1 and base[0] == "1" and _is_american(base[1:]):
        plus, base = False, base[1:]
    return "+" if plus else "", base, extension


def _is_american(digits: str) -> bool:
    """Tell whether ten digits can be a number of the North American plan: area and exchange begin with 2-9."""
    return len(digits) == _MASKED and digits[0] in "23456789" and digits[3] in "23456789"


def write(canonical: str, column: str) -> str:
    """Return the number as the side shows it: GP's mask, or a form that people read."""
    text = read(canonical)
    found = _CANONICAL.fullmatch(text)
    if found is None or found[1] or len(found[2]) != _MASKED:
        return text
    digits, extension = found[2], found[3] or ""
    if column == "gp":
        return digits + extension.zfill(_EXTENSION) if len(extension) <= _EXTENSION else text
    if not _is_american(digits):
        return text
    tail = f" x{extension}" if extension else ""
    return f"({digits[:3]}) {digits[3:6]}-{digits[6:]}{tail}"
