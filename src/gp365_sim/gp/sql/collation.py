"""How SQL_Latin1_General_CP1_CI_AS compares and orders texts, and what a column of code page 1252 can hold.

Equality is exact: no case, trailing blanks ignored, accents kept. The order is approximated: blanks, then signs (by
code), digits, then letters by base letter and accent, capitals and small letters as one. The real sort order 52 puts
some signs differently and gives Æ, ß, Ð and Þ places of their own; nothing here depends on those.
"""

import unicodedata

from gp365_sim.gp.sqltypes import capitals

NAME = "SQL_Latin1_General_CP1_CI_AS"
CODE_PAGE = 1252

_BEYOND = 0x2000
_OTHER_LETTERS = {"Æ": "A", "Œ": "O", "Ø": "O", "ß": "S", "Ð": "D", "Þ": "T"}


def _letter(character: str) -> str:
    return _OTHER_LETTERS.get(character) or unicodedata.normalize("NFD", character)[0]


def _place(character: str) -> tuple[int, str, int]:
    capital = capitals(character)
    if character == " ":
        return (0, "", 0)
    if capital.isdigit() and capital.isascii():
        return (2, capital, 0)
    if capital.isalpha() and capital not in "ªºµƒ":
        return (3, _letter(capital), ord(capital))
    return (1, "", ord(capital))


def _ranks() -> dict[int, str]:
    page = [bytes([code]).decode("cp1252", errors="ignore") for code in range(256)]
    places = {each: _place(each) for each in page if each}
    ordered = {place: chr(number) for number, place in enumerate(sorted(set(places.values())))}
    return {ord(character): ordered[place] for character, place in places.items()}


_RANKS = _ranks()


class _Rank(dict[int, str]):
    """Ranks of the code page; any other character (only in nvarchar values) comes behind, without its case."""

    def __missing__(self, code: int) -> str:
        capital = chr(code).upper()
        rank = chr(_BEYOND + ord(capital)) if len(capital) == 1 and ord(capital) < 0xD000 else chr(code)
        self[code] = rank
        return rank


_TABLE = _Rank(_RANKS)


def sort_key(text: str) -> str:
    """Give a text whose plain order and equality are those of the collation."""
    return text.rstrip(" ").translate(_TABLE)


def in_code_page(text: str) -> str:
    """Give the text as a char or varchar column keeps it: `?` for what code page 1252 lacks, without a word."""
    return text if text.isascii() else text.encode("cp1252", errors="replace").decode("cp1252")
