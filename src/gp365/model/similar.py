"""How alike two texts are, from 0 to 1, by the kind of their field: names, streets, towns, phones, postal codes, numbers.

A name is compared word by word: a word that many firms share tells little, a word with a slip of the fingers is nearly
the word, and what one name has more than the other counts against it, so that a part of a name is not the name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from gp365.model import matching
from gp365.model.similar_words import GENERIC, WAY_WORDS, name_words, street_words

Weigh = Callable[[str], float]

# Words that are less alike than this are two words.
_ONE_WORD = 0.6
_SHORTENED = 0.9
_SKELETON = 0.75
_INITIAL = 0.7
_ACRONYM = 0.9
_OTHER_NUMBER = 0.4
_PART_OF_PHONE = 0.9
_JOINED_WORDS = 0.85
_FEWEST_DIGITS = 7


def generic_weight(word: str) -> float:
    """Weigh a word of a name by what it is, without knowing how often it occurs."""
    if word in GENERIC:
        return 0.4
    return 0.5 if len(word) == 1 else 1.0


def alike(kind: str, mine: str, theirs: str, weigh: Weigh = generic_weight) -> float:
    """Return how alike two filled texts of a kind (see `matching.kind_of`) are; 1.0 for what is written alike."""
    if kind == matching.STREET:
        return streets_alike(mine, theirs)
    if kind in (matching.PHONE, matching.POSTAL, matching.NUMBER, matching.MAIL):
        return _codes_alike(kind, matching.normalise(mine, kind), matching.normalise(theirs, kind))
    if kind == matching.TOWN:
        return _spelt(matching.normalise(mine, kind), matching.normalise(theirs, kind))
    return names_alike(mine, theirs, weigh)


@lru_cache(16384)
def _spelt(a: str, b: str) -> float:
    return 1.0 if a == b else OSA.normalized_similarity(a, b)


def _codes_alike(kind: str, a: str, b: str) -> float:
    if a == b:
        return 1.0
    if kind == matching.PHONE:
        short, long = sorted((a, b), key=len)
        if len(short) >= _FEWEST_DIGITS and long.endswith(short):
            return _PART_OF_PHONE
    return min(_PART_OF_PHONE, OSA.normalized_similarity(a, b))


# names


@lru_cache(16384)
def outlines(name: str) -> tuple[str, str]:
    """Return a name's words in order of the alphabet, without those that many firms have, and all: see `far_apart`.

    A name that is nothing but such words keeps them.
    """
    words = sorted(name_words(name))
    whole = " ".join(words)
    return " ".join([word for word in words if word not in GENERIC]) or whole, whole


def is_generic(name: str) -> bool:
    """Tell whether a name is nothing but words that many firms have."""
    return all(word in GENERIC for word in name_words(name))


def far_apart(outline_: str, others: Sequence[str], least: float) -> list[bool]:
    """Tell quickly which outlines are so unlike that comparing names word by word is not worth it."""
    scores = process.extract(
        outline_, others, scorer=fuzz.ratio, processor=None, score_cutoff=least * 100, limit=None
    )
    near = {place for _, _, place in scores}
    return [place not in near for place in range(len(others))]


def names_alike(mine: str, theirs: str, weigh: Weigh = generic_weight) -> float:
    """Return how alike two names are: twice the weight of what they share over the weight of both."""
    a, b = name_words(mine), name_words(theirs)
    if a == b or sorted(a) == sorted(b) or "".join(a) == "".join(b):
        return 1.0 if a and b else 0.0
    if _is_acronym(a, b) or _is_acronym(b, a):
        return _ACRONYM
    rest_a, rest_b, shared = _common(a, b)
    weight_a, weight_b = sum(map(weigh, a)), sum(map(weigh, b))
    found = 2 * sum(map(weigh, shared)) + _paired(rest_a, rest_b, weigh)
    return min(1.0, found / (weight_a + weight_b))


def _common(a: Sequence[str], b: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Part the words into those of a alone, of b alone, and of both."""
    rest_b = list(b)
    rest_a: list[str] = []
    shared: list[str] = []
    for word in a:
        if word in rest_b:
            rest_b.remove(word)
            shared.append(word)
        else:
            rest_a.append(word)
    return rest_a, rest_b, shared


def _paired(rest_a: list[str], rest_b: list[str], weigh: Weigh) -> float:
    """Give the weight, on both sides, of the words that are nearly alike, best pairs first."""
    if not rest_a or not rest_b:
        return 0.0
    if len(rest_a) != len(rest_b):
        # Blue Star and Bluestar.
        joined = _spelt("".join(rest_a), "".join(rest_b))
        if joined >= _JOINED_WORDS:
            return joined * (sum(map(weigh, rest_a)) + sum(map(weigh, rest_b)))
    pairs = [
        (-score, i, j)
        for i, x in enumerate(rest_a)
        for j, y in enumerate(rest_b)
        if (score := word_alike(x, y)) >= _ONE_WORD
    ]
    weight, left, right = 0.0, set[int](), set[int]()
    for score, i, j in sorted(pairs):
        if i not in left and j not in right:
            left.add(i)
            right.add(j)
            weight -= score * (weigh(rest_a[i]) + weigh(rest_b[j]))
    return weight


def _is_acronym(short: Sequence[str], long: Sequence[str]) -> bool:
    return len(short) == 1 and len(long) > 2 and short[0] == "".join(word[0] for word in long)


@lru_cache(16384)
def word_alike(a: str, b: str) -> float:
    """Return how alike two different words are: a slip of the fingers, a word cut short, its skeleton, its initial."""
    if not (a.isalpha() and b.isalpha()):
        return 1.0 if a == b else 0.0
    short, long = (a, b) if len(a) <= len(b) else (b, a)
    if len(short) == 1:
        return _INITIAL if long.startswith(short) else 0.0
    if len(short) > 2 and long.startswith(short):
        return _SHORTENED
    spelt = OSA.normalized_similarity(a, b)
    if spelt < _SKELETON and 2 < len(short) < 6 and len(long) > len(short) + 2 and _is_skeleton(short, long):
        return _SKELETON
    return spelt


def _is_skeleton(short: str, long: str) -> bool:
    """Tell whether a word is the other one's first letter and some of its later ones, as in mfg and manufacturing."""
    if short[0] != long[0] or sum(char in "aeiou" for char in short[1:]) > 1:
        return False
    rest = iter(long)
    return all(char in rest for char in short)


# streets


def streets_alike(mine: str, theirs: str) -> float:
    """Return how alike two addresses' lines are: what the shorter one says must stand in the longer one.

    Another house number is another house; a town or a department beside the street is no contradiction.
    """
    a, b = street_words(mine), street_words(theirs)
    if not a or not b:
        return 0.0
    if a == b:
        return 1.0
    rest_a, rest_b, shared = _common(a, b)
    weight_a, weight_b = sum(map(_way_weight, a)), sum(map(_way_weight, b))
    found = sum(map(_way_weight, shared)) + _paired(rest_a, rest_b, _way_weight) / 2
    score = min(1.0, found / min(weight_a, weight_b))
    return score * _house(rest_a, rest_b, shared)


def _way_weight(word: str) -> float:
    if word.isdigit():
        return 1.0
    return 0.2 if word in WAY_WORDS or len(word) == 1 else 1.0


def _house(rest_a: Sequence[str], rest_b: Sequence[str], shared: Sequence[str]) -> float:
    """Take off for numbers that differ: all of them, or only a suite's."""
    left, right = _numbers(rest_a), _numbers(rest_b)
    if not left or not right:
        return 1.0
    return 0.8 if _numbers(shared) else _OTHER_NUMBER


def _numbers(words: Sequence[str]) -> list[str]:
    return [word for word in words if word[0].isdigit()]
