"""Blocks: short texts that two records share when they could be the same firm, so that not all are compared with all.

Every usual slip leaves at least one block standing: a slip in one word leaves its first or its second half beside another
word, a missing postal code leaves the phone and the house, a name alone leaves its rare words.
"""

from __future__ import annotations

from collections.abc import Sequence

from gp365.model import matching
from gp365.model.similar import generic_weight
from gp365.model.similar_words import GENERIC, WAY_WORDS, name_words, street_words

WORD = "w"
_WEAK = ("h:", "z:", f"{WORD}:")
_MOST_WORDS = 5


def is_weak(block: str) -> bool:
    """Tell whether sharing this block says little by itself: a word, half a word beside another or a postal code."""
    return block.startswith(_WEAK)


def word_block(word: str) -> str:
    """Return the block of a word of names: how many records are in it tells how rare the word is."""
    return f"{WORD}:{word}"


def blocks_of(kinds: Sequence[str], texts: Sequence[str]) -> list[str]:
    """Return the blocks of a record, each once; `texts` by field as `kinds` are, "" for empty."""
    codes = [
        matching.normalise(text, kind)
        for kind, text in zip(kinds, texts, strict=True)
        if kind == matching.POSTAL
    ]
    found: dict[str, None] = {}
    for kind, text in zip(kinds, texts, strict=True):
        if not text:
            continue
        if kind == matching.STREET:
            made = _houses(text)
        elif kind in (matching.PHONE, matching.MAIL, matching.NUMBER):
            made = [f"{kind}:{matching.normalise(text, kind)[-10:]}"]
        elif kind in (matching.POSTAL, matching.TOWN):
            continue
        else:
            made = _names(text, next(filter(None, codes), ""))
        for block in made:
            found[block] = None
    return list(found)


def _names(text: str, code: str) -> list[str]:
    words = list(dict.fromkeys(name_words(text)))
    if not words:
        return []
    told = sorted(words, key=lambda word: (-generic_weight(word), -len(word), word))[:_MOST_WORDS]
    found = [f"n:{' '.join(sorted(words))}"]
    if len(words) > 1:
        found.append(f"n:{''.join(words)}")
    found += [word_block(word) for word in told if word not in GENERIC or len(words) == 1]
    found += _halves(told)
    if code:
        found += [f"z:{code}|{word[:4]}" for word in told[:2]]
    return found


def _halves(told: Sequence[str]) -> list[str]:
    """Give both halves of the telling words, each beside another word; of a name of one word alone."""
    if len(told) == 1:
        return [f"h:{half}" for half in _cut(told[0])]
    pairs = [(told[0], told[1]), (told[1], told[0]), *((told[0], other) for other in told[2:3])]
    return [f"h:{half}|{other}" for word, other in pairs for half in _cut(word)]


def _cut(word: str) -> tuple[str, ...]:
    if len(word) < 4:
        return (word,)
    size = max(2, min(4, len(word) // 2))
    return f"{word[:size]}<", f">{word[-size:]}"


def _houses(text: str) -> list[str]:
    """Give each house number with the word after it that names the street."""
    words = street_words(text)
    found: list[str] = []
    for place, word in enumerate(words):
        if word[0].isdigit():
            names = [next_word for next_word in words[place + 1 : place + 4] if next_word not in WAY_WORDS]
            if names:
                found.append(f"a:{word}|{names[0][:5]}")
    return found[:3]
