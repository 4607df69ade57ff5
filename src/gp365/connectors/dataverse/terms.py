"""Payment terms: which option of account.paymenttermscode a GP term is, and the option to add where there is none.

Only equal words and figures are the same term, never near ones: another discount day changes every due date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gp365.connectors.dataverse.blueprint import FIRST_OPTION

_WORDS = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)?")
OPTIONS_PER_PREFIX = 10_000


@dataclass(frozen=True, slots=True)
class PaymentTerm:
    """A payment term of GP: its id, and the text people know it by."""

    id: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class TermOption:
    """A GP term and its option: value, label, and whether the option is still to be added."""

    term: str
    value: int
    label: str
    new: bool


def words_of(text: str) -> tuple[str, ...]:
    """Return the words and figures of a term, without case, blanks and punctuation."""
    return tuple(_WORDS.findall(text.casefold()))


def propose(terms: Sequence[PaymentTerm], options: Mapping[int, str]) -> tuple[TermOption, ...]:
    """Give each term its option: one of equal words that no other term has, else a new one under our prefix.

    The answer is ordered by term id and the same for the same input; run again after adding, nothing is new.
    """
    free = dict(options)
    numbers = _free_numbers(options)
    found: list[TermOption] = []
    for term in sorted(
        {term.id: term for term in terms if term.id.strip()}.values(), key=lambda term: term.id
    ):
        value = _equal(term, free)
        if value is None:
            found.append(TermOption(term.id, next(numbers), term.id, new=True))
        else:
            found.append(TermOption(term.id, value, free.pop(value), new=False))
    return tuple(found)


def _equal(term: PaymentTerm, free: Mapping[int, str]) -> int | None:
    for text in filter(None, (term.id, term.text)):
        for value, label in sorted(free.items()):
            if words_of(label) == words_of(text) and words_of(text):
                return value
    return None


def _free_numbers(options: Mapping[int, str]) -> Iterator[int]:
    return (n for n in range(FIRST_OPTION, FIRST_OPTION + OPTIONS_PER_PREFIX) if n not in options)
