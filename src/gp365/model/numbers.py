"""Number schemes: the numbers that a new record may be created under, best first, the same ones every time.

A scheme is a pure function of the record's own facts, so that a repeated plan draws the same number. Who takes the
first free one, and reserves it, is the engine.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import count, takewhile

from gp365.model.errors import Misconfigured

SCHEMES = ("name", "account_number", "account_id", "given")
_LAST_COUNTER = 99_999
_LETTERS = str.maketrans(
    {
        "ß": "SS", "ẞ": "SS", "Æ": "AE", "æ": "AE", "Œ": "OE", "œ": "OE", "Ø": "O", "ø": "O",
        "Đ": "D", "đ": "D", "Ð": "D", "ð": "D", "Þ": "TH", "þ": "TH", "Ł": "L", "ł": "L", "ı": "I",
    }
)  # fmt: skip


def candidates(
    scheme: str, *, name: str, account_number: str, record_id: str, length: int = 15
) -> Iterator[str]:
    """Give numbers in the order in which they are to be tried; nothing where the scheme's source is empty.

    `name`: the first eight letters and digits of the name and a counter of four digits (AARONFIT0001, the pattern of
    the sample company's customers); letters outside A-Z are transliterated for the number only, and a name without
    any gives CUST. `account_number`: as it stands, then with -1, -2, …. `account_id`: the hexadecimal digits of the
    record's id, then with -1, -2, …. `given`: the account number's field as it stands and no other, because somebody chose
    it. All are upper case, at most `length` characters. Misconfigured for another scheme.
    """
    if scheme == "name":
        return _from_name(name, length)
    if scheme == "account_number":
        return _with_counter(_fit_for_number(account_number), length, cut=False)
    if scheme == "given":
        given = _fit_for_number(account_number)
        return iter([given] if 0 < len(given) <= length else [])
    if scheme == "account_id":
        return _with_counter(_alphanumeric(record_id), length, cut=True)
    raise Misconfigured(
        "settings-invalid",
        f"There is no number scheme {scheme!r}.",
        field="number_scheme",
        value=scheme,
        fix=f"Choose one of {', '.join(SCHEMES)}.",
    )


def _from_name(name: str, length: int) -> Iterator[str]:
    stem = _alphanumeric(name)[:8] or "CUST"
    for number in range(1, _LAST_COUNTER + 1):
        counter = f"{number:04d}"
        yield stem[: length - len(counter)] + counter


def _with_counter(stem: str, length: int, *, cut: bool) -> Iterator[str]:
    if not stem or (len(stem) > length and not cut):
        return
    yield stem[:length]
    for number in takewhile(lambda n: n <= _LAST_COUNTER, count(1)):
        suffix = f"-{number}"
        yield stem[: length - len(suffix)] + suffix


def _alphanumeric(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS)).upper()
    return "".join(sign for sign in plain if sign.isascii() and sign.isalnum())


def _fit_for_number(text: str) -> str:
    """Return the text as a number that GP can hold, or "" when a character has no place in its code page."""
    number = unicodedata.normalize("NFC", text).strip().upper()
    try:
        number.encode("cp1252")
    except UnicodeEncodeError:
        return ""
    return number if number.isprintable() else ""
