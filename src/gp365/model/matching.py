"""Values as matching compares them: one text for what people write in many ways. Never stored, never written."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from gp365.model import convert_phone
from gp365.model.name_words import bare_words, plain_words
from gp365.model.similar_words import street_words
from gp365.model.values import Value, show

NUMBER = "number"
PHONE = "phone"
POSTAL = "postal"
STREET = "street"
TOWN = "town"
MAIL = "mail"

_ZIP_PLUS_4 = re.compile(r"\d{5}[- ]?\d{4}", re.ASCII)
_CANONICAL_PHONE = re.compile(r"\+?(\d+)(?:x\d+)?", re.ASCII)
_NATIONAL = 10
_NATIONAL_PHONE = re.compile(r"\d{10}(?:x\d+)?", re.ASCII)
_PHONE = re.compile(r"\+?[\d\s().\-/]{7,}", re.ASCII)


def normalise(value: Value, kind: str = "") -> str:
    """Return the text by which two values are compared when partners are matched; "" for an empty one.

    Case, accents, punctuation, blanks, "and" and "&", a leading "the" and legal forms at the end do not count. `kind` is
    "number" (only case and outer blanks do not count: A-1 and A1 are two numbers), "phone" (digits without extension;
    +1 and GP's mask of ten digits and an extension are read), "postal" (without blanks and dashes; of a US ZIP+4 the
    first five), "street" (ways and points of the compass written out: St. is Street), "mail" (case alone), or anything
    else: text, of which a form like a phone number or a US ZIP+4 is taken as that.
    """
    return _normalised(show(value).strip(), kind)


@lru_cache(4096)
def _normalised(text: str, kind: str) -> str:
    if kind == NUMBER:
        return unicodedata.normalize("NFC", text).casefold()
    if kind == PHONE:
        return _phone(text)
    if kind == POSTAL:
        return text[:5] if _ZIP_PLUS_4.fullmatch(text) else "".join(plain_words(text))
    if kind == STREET:
        return "".join(street_words(text))
    if kind == MAIL:
        return text.casefold()
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


def _phone(text: str) -> str:
    """Return the digits of a number without its extension; all digits of a text that is no number."""
    if _NATIONAL_PHONE.fullmatch(text):
        return text[:_NATIONAL] if text[:_NATIONAL].strip("0") else ""
    found = _CANONICAL_PHONE.fullmatch(convert_phone.read(text))
    digits = found[1] if found else "".join(char for char in text if char.isascii() and char.isdigit())
    return digits if digits.strip("0") else ""
