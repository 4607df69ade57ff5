"""Text as both systems can hold it: control characters, blanks, composed characters, upper case, lengths."""

from __future__ import annotations

import re
import unicodedata

CP1252 = "cp1252"

# Everything that ends a line or controls a terminal; a Windows line end is one break.
_CONTROL = re.compile("\r\n|[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def clean(text: str) -> str:
    """Return the text composed (NFC), with a blank for each control character or line break, without outer blanks."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return unicodedata.normalize("NFC", _CONTROL.sub(" ", text)).strip()


def upper(text: str) -> str:
    """Return the text in upper case, one character for one, and never out of the Windows code page.

    `str.upper` makes SS of ß and a Greek letter of the micro sign; SQL Server's UPPER under GP's usual collation
    (SQL_Latin1_General_CP1_CI_AS) leaves both, as every character whose capital the code page lacks.
    """
    if text.isascii():
        return text.upper()
    return unicodedata.normalize("NFC", "".join(map(_upper, text)))


def _upper(char: str) -> str:
    capital = char.upper()
    if len(capital) != 1 or (in_code_page(char) and not in_code_page(capital)):
        return char
    return capital


def in_code_page(text: str, code_page: str = CP1252) -> bool:
    """Tell whether the code page has every character of the text."""
    return outside(text, code_page) is None


def outside(text: str, code_page: str = CP1252) -> str | None:
    """Return the first character that the code page does not have."""
    if text.isascii():
        return None
    try:
        text.encode(code_page)
    except UnicodeEncodeError as error:
        return text[error.start]
    return None


def units(text: str) -> int:
    """Count UTF-16 code units, as SQL Server's nvarchar and Dataverse count lengths: an emoji is two."""
    return len(text) if text.isascii() else len(text) + sum(char > "\uffff" for char in text)


def cut(text: str, length: int) -> str:
    """Return as many whole characters as fit into `length` code units, without a trailing blank."""
    if units(text) <= length:
        return text
    kept = text[:length]
    while units(kept) > length:
        kept = kept[:-1]
    return kept.rstrip()
