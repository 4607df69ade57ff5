"""How the database compares text: without regard to case, accents and trailing blanks (SQL Server, Latin1_General_CI_AI)."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """Give the form under which two texts are equal in keys, filters and sorting.

    Which letters without a canonical decomposition (such as o with stroke) count as accents is assumed: none.
    """
    if text.isascii():
        return text.lower().rstrip(" ")
    bare = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", bare).casefold().rstrip(" ")


def comparable(value: object) -> object:
    """Give the form of any stored value under which it is compared."""
    return fold(value) if isinstance(value, str) else value
