"""A GP number in a Dataverse key: trimmed upper case; A-Z and 0-9 stay, every other byte of Windows-1252 is _XX.

Dataverse keys compare without accents and refuse some characters; GP numbers hold both. `AB-1 Ü` becomes
`AB_2D1_20_DC`. The canonical value is the number itself.
"""

from __future__ import annotations

import re

from gp365.model import text as texts
from gp365.model.fit import Unfit

_ESCAPE = re.compile(r"_([0-9A-F]{2})")


def encode(number: str) -> str:
    """Return the encoded form; Unfit("not-in-code-page") for a character that GP cannot hold."""
    held = canonical(number)
    foreign = texts.outside(held, texts.CP1252)
    if foreign is not None:
        raise Unfit("not-in-code-page", f"The code page cp1252 has no {foreign!r} (U+{ord(foreign):04X}).")
    return "".join(_sign(byte) for byte in held.encode(texts.CP1252))


def decode(encoded: str) -> str:
    """Return the number of an encoded form; what is no escape of ours stays as it is."""
    return canonical(_ESCAPE.sub(_char, canonical(encoded)))


def canonical(number: str) -> str:
    """Return the number as GP shows it: trimmed, in upper case."""
    return texts.clean(texts.upper(texts.clean(number)))


def read(raw: str, column: str) -> str:
    """Return the number; every side but gp holds it encoded."""
    return canonical(raw) if column == "gp" else decode(raw)


def write(number: str, column: str) -> str:
    """Return the number as the side holds it."""
    return canonical(number) if column == "gp" else encode(number)


def _sign(byte: int) -> str:
    char = chr(byte)
    return char if char.isascii() and (char.isdigit() or "A" <= char <= "Z") else f"_{byte:02X}"


def _char(found: re.Match[str]) -> str:
    try:
        return bytes([int(found[1], 16)]).decode(texts.CP1252)
    except UnicodeDecodeError:
        return found[0]
