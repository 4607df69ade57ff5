"""Values as matching compares them: one text for what people write in many ways. Never stored, never written."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from gp365.model.values import Value, show

NUMBER = "number"
PHONE = "phone"
POSTAL = "postal"

# fmt: off
_LEGAL = frozenset((
    "inc", "incorporated", "llc", "llp", "lp", "ltd", "limited", "corp", "corporation", "co", "company", "plc",
    "pty", "pte", "gmbh", "ggmbh", "mbh", "ag", "kg", "kgaa", "ohg", "ug", "ek", "eg", "se", "as", "asa", "ab", "oy",
    "oyj", "aps", "bv", "nv", "sa", "sas", "sarl", "srl", "spa", "sl", "kk", "sro", "doo", "zoo", "sp",
))
# fmt: on
_JOINED = re.compile(r"[.'’`´/]")
_WORD = re.compile(r"[^\W_]+")
_ZIP_PLUS_4 = re.compile(r"\d{5}-?\d{4}", re.ASCII)
_PHONE = re.compile(r"\+?[\d\s().\-/]{7,}", re.ASCII)


def normalise(value: Value, kind: str = "") -> str:
    """Return the text by which two values are compared when partners are matched; "" for an empty one.

    Case, accents, punctuation, blanks and legal forms at the end do not count. `kind` is "" (names, streets, towns;
    text in the form of a phone number or of a US ZIP+4 is taken as that),
    "number" (only case and outer blanks do not count: A-1 and A1 are two numbers), "phone" (digits) or "postal"
    (without blanks and dashes; of a US ZIP+4 the first five).
    """
    return _normalised(show(value).strip(), kind)


@lru_cache(4096)
def _normalised(text: str, kind: str) -> str:
    if kind == NUMBER:
        return unicodedata.normalize("NFC", text).casefold()
    if kind == PHONE:
        return _digits(text)
    if kind == POSTAL:
        return text[:5] if _ZIP_PLUS_4.fullmatch(text) else "".join(_WORD.findall(_plain(text)))
    if _ZIP_PLUS_4.fullmatch(text) and "-" in text:
        return text[:5]
    return _digits(text) if _PHONE.fullmatch(text) else _name(text)


@cache
def kind_of(field: str, convert: str = "") -> str:
    """Return the kind of a canonical field by its converter and name."""
    last = field.rpartition(".")[2].casefold()
    if convert == "phone" or "phone" in last or last in ("fax", "mobile"):
        return PHONE
    if "postal" in last or "postcode" in last or last == "zip":
        return POSTAL
    if convert in ("upper", "encoded_number") or last in ("number", "id", "code"):
        return NUMBER
    return ""


def _plain(text: str) -> str:
    if text.isascii():
        return text.casefold()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isascii() and char.isdigit())


def _name(text: str) -> str:
    words = [word for word in _WORD.findall(_JOINED.sub("", _plain(text))) if word != "and"]
    kept = list(words)
    while len(kept) > 1 and kept[-1] in _LEGAL:
        kept.pop()
    return "".join(kept)
