"""Words of a name: without case, accents and punctuation, and without the legal form at its end."""

from __future__ import annotations

import re
import unicodedata

# fmt: off
_LEGAL = frozenset((
    "inc", "incorporated", "llc", "llp", "lp", "ltd", "limited", "corp", "corporation", "co", "company", "plc",
    "pty", "pte", "gmbh", "ggmbh", "mbh", "ag", "kg", "kgaa", "ohg", "ug", "ek", "eg", "se", "as", "asa", "ab", "oy",
    "oyj", "aps", "bv", "bvba", "nv", "sa", "sas", "sarl", "srl", "spa", "sl", "slu", "kk", "sro", "doo", "dd", "zoo", "oo",
    "sp", "pllc", "pc", "pa", "lllp", "lc", "ulc", "ltee", "ltda", "cv", "rl", "pvt", "bhd", "sdn", "kft", "zrt", "ead",
    "eood", "ood", "ohf", "ehf", "gbr", "ev", "scs", "snc", "eirl", "eurl", "jsc", "ojsc", "pjsc", "oao", "ooo",
))
# Stand only between parts of a legal form: S.A. de C.V., S. de R.L., Sp. z o.o.
_BETWEEN = ("de", "z")
# fmt: on
_JOINED = re.compile(r"[.'’`´/]")
_WORD = re.compile(r"[^\W_]+")


def plain_words(text: str) -> list[str]:
    """Return the words of a text without case, accents and punctuation; A.B.C. and A/S are one word."""
    return _WORD.findall(_JOINED.sub("", plain(text)))


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
        if len(words) > 2 and words[-2] in _BETWEEN:
            return 2 if words[-3] in _LEGAL else 3 if words[-3] == "s" else 1
        return 1
    letters = 0
    while letters < min(4, len(words)) and len(words[-1 - letters]) == 1:
        letters += 1
    return next(
        (count for count in range(letters, 1, -1) if "".join(words[-count:]) in _LEGAL),
        0,
    )


def plain(text: str) -> str:
    """Return a text without case and accents."""
    if text.isascii():
        return text.casefold()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()
