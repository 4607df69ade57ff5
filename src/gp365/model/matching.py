"""Values as matching compares them: one text for what people write in many ways. Never stored, never written."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from gp365.model import convert_phone
from gp365.model.values import Value, show

NUMBER = "number"
PHONE = "phone"
POSTAL = "postal"
STREET = "street"
TOWN = "town"
MAIL = "mail"

# fmt: off
_LEGAL = frozenset((
    "inc", "incorporated", "llc", "llp", "lp", "ltd", "limited", "corp", "corporation", "co", "company", "plc",
    "pty", "pte", "gmbh", "ggmbh", "mbh", "ag", "kg", "kgaa", "ohg", "ug", "ek", "eg", "se", "as", "asa", "ab", "oy",
    "oyj", "aps", "bv", "bvba", "nv", "sa", "sas", "sarl", "srl", "spa", "sl", "slu", "kk", "sro", "doo", "dd", "zoo", "sp",
    "pllc", "pc", "pa", "lllp", "lc", "ulc", "ltee", "ltda", "cv", "rl", "pvt", "bhd", "sdn", "kft", "zrt", "ead", "eood",
    "ood", "ohf", "ehf", "gbr", "ev", "scs", "snc", "eirl", "eurl", "jsc", "ojsc", "pjsc", "oao", "ooo",
))
# Stands only between legal forms: S.A. de C.V., S. de R.L.
_BETWEEN = "de"
# fmt: on
_JOINED = re.compile(r"[.'’`´/]")
_WORD = re.compile(r"[^\W_]+")
_ZIP_PLUS_4 = re.compile(r"\d{5}[- ]?\d{4}", re.ASCII)
_CANONICAL_PHONE = re.compile(r"\+?(\d+)(?:x\d+)?", re.ASCII)
_PHONE = re.compile(r"\+?[\d\s().\-/]{7,}", re.ASCII)


def normalise(value: Value, kind: str = "") -> str:
    """Return the text by which two values are compared when partners are matched; "" for an empty one.

    Case, accents, punctuation, blanks, "and" and "&", a leading "the" and legal forms at the end do not count. `kind` is
    "number" (only case and outer blanks do not count: A-1 and A1 are two numbers), "phone" (digits without extension;
    +1 and GP's mask of ten digits and an extension are read), "postal" (without blanks and dashes; of a US ZIP+4 the
    first five), or anything else: text, of which a form like a phone number or a US ZIP+4 is taken as that.
    """
    return _normalised(show(value).strip(), kind)


@lru_cache(4096)
def _normalised(text: str, kind: str) -> str:
    if kind == NUMBER:
        return unicodedata.normalize("NFC", text).casefold()
    if kind == PHONE:
        return _phone(text)
    if kind == POSTAL:
        return text[:5] if _ZIP_PLUS_4.fullmatch(text) else "".join(_WORD.findall(_plain(text)))
    if _ZIP_PLUS_4.fullmatch(text) and "-" in text:
        return text[:5]
    return _phone(text) if _PHONE.fullmatch(text) else "".join(bare_words(text))


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
    if "street" in last or "address" in last or last in ("line1", "line2", "line3", "addr"):
        return STREET
    if last in ("city", "town"):
        return TOWN
    return MAIL if "mail" in last else ""


def plain_words(text: str) -> list[str]:
    """Return the words of a text without case, accents and punctuation; A.B.C. and A/S are one word."""
    return _WORD.findall(_JOINED.sub("", _plain(text)))


def bare_words(text: str) -> list[str]:
    """Return the words of a name without "and", a leading "the", and the legal forms at its end (never all of it)."""
    words = [word for word in plain_words(text) if word != "and"]
    if len(words) > 1 and words[0] == "the":
        words.pop(0)
    while len(words) > 1:
        tail = _legal_tail(words)
        if not tail or tail == len(words):
            break
        del words[-tail:]
    return words


def _legal_tail(words: list[str]) -> int:
    """Count the words at the end that are one legal form: a word, or letters that stand apart, as in L L C."""
    if words[-1] in _LEGAL:
        if len(words) > 2 and words[-2] == _BETWEEN:
            return 2 if words[-3] in _LEGAL else 3 if words[-3] == "s" else 1
        return 1
    letters = 0
    while letters < min(4, len(words)) and len(words[-1 - letters]) == 1:
        letters += 1
    return next(
        (count for count in range(letters, 1, -1) if "".join(words[-count:]) in _LEGAL),
        0,
    )


def _plain(text: str) -> str:
    if text.isascii():
        return text.casefold()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()


def _phone(text: str) -> str:
    """Return the digits of a number without its extension; all digits of a text that is no number."""
    found = _CANONICAL_PHONE.fullmatch(convert_phone.read(text))
    digits = found[1] if found else "".join(char for char in text if char.isascii() and char.isdigit())
    return digits if digits.strip("0") else ""
