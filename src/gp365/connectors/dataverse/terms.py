"""Payment terms and their like: which option of a choice an entry of a list of GP is, and the option to add where none is.

Only equal words and figures are the same term, never near ones: another discount day changes every due date.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gp365.connectors.dataverse.blueprint import FIRST_OPTION

_WORDS = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)?")
OPTIONS_PER_PREFIX = 10_000
NOT_IN_USE = " (not in use)"
"""Ends the label of an option of ours whose entry is gone from GP; it is kept, because records carry it."""


@dataclass(frozen=True, slots=True)
class PaymentTerm:
    """A payment term of GP, or an entry of another list: its id, and the text people know it by.

    `value` is the option that a site's own line gives it, or that it was found to be earlier.
    """

    id: str
    text: str = ""
    value: int | None = None


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


def is_ours(value: int) -> bool:
    """Tell whether an option is under our prefix."""
    return FIRST_OPTION <= value < FIRST_OPTION + OPTIONS_PER_PREFIX


def in_use(label: str) -> str:
    """Return a label without the mark that its entry is not in use."""
    return label.removesuffix(NOT_IN_USE)


def propose(
    terms: Sequence[PaymentTerm],
    options: Mapping[int, str],
    taken: Collection[int] = (),
    used: Collection[int] = (),
) -> tuple[TermOption, ...]:
    """Give each term its option: one of equal words that no other term has, else a new one under our prefix.

    The answer is ordered by term id and the same for the same input; run again after adding, nothing is new. `taken` are
    values that cannot be given to new options, because another column has them; `used` are options of other terms.
    """
    wanted = sorted({term.id: term for term in terms if term.id.strip()}.values(), key=lambda term: term.id)
    marked = {value: label for value, label in options.items() if value not in used}
    options = {value: in_use(label) if is_ours(value) else label for value, label in options.items()}
    free = {value: label for value, label in options.items() if value not in used}
    held: dict[str, int] = {}
    # An id may itself end as our mark does: the labels as they stand come first.
    for same, among in ((_same_text, marked), (_same_text, free), (_same_words, free)):
        for term in wanted:
            if term.id not in held and (value := same(term, among)) is not None:
                held[term.id] = value
                marked.pop(value)
                free.pop(value)
    numbers = _free_numbers({*options, *taken})
    return tuple(
        TermOption(term.id, held[term.id], options[held[term.id]], new=False)
        if term.id in held
        else TermOption(term.id, next(numbers), term.id, new=True)
        for term in wanted
    )


def _same_text(term: PaymentTerm, free: Mapping[int, str]) -> int | None:
    """Find the option of exactly this name; those come first, so that an option that we added stays its term's."""
    text = term.id.split()
    return next((value for value, label in sorted(free.items()) if label.split() == text), None)


def _same_words(term: PaymentTerm, free: Mapping[int, str]) -> int | None:
    for words in filter(None, (words_of(term.id), words_of(term.text))):
        for value, label in sorted(free.items()):
            if words_of(label) == words:
                return value
    return None


def _free_numbers(taken: Collection[int]) -> Iterator[int]:
    return (n for n in range(FIRST_OPTION, FIRST_OPTION + OPTIONS_PER_PREFIX) if n not in taken)
