"""Judging two cards: how alike their fields are, which rule that satisfies, and a score to rank by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gp365.model import matching
from gp365.model.similar import Weigh, alike, generic_weight
from gp365.sync.similar.shape import Shape, bare, texts_of

MOST_SHOWN = 10
# So many firms may have a name that nothing else speaks for before it is taken for a common one.
_COMMON_NAME = 3
_TELLING_CODES = (matching.PHONE, matching.NUMBER, matching.MAIL)
_WEIGHTS = {
    "": 5.0,
    matching.PHONE: 2.0,
    matching.STREET: 2.0,
    matching.MAIL: 2.0,
    matching.POSTAL: 1.5,
    matching.TOWN: 1.0,
    matching.NUMBER: 1.0,
}
_EVEN = 1e-9
# Less alike than this, two values speak of two firms.
_UNLIKE = 0.6
_Likeness = Callable[[int], float]


@dataclass(frozen=True, slots=True)
class Hit:
    """A card that satisfies a rule.

    `alone`: only names were compared by the rule, though there was more to compare. `stored`: from the store, so that
    the record must be looked at before it is shown.
    """

    key: str
    body: str
    score: float
    rule: int
    alone: bool
    stored: bool = False


def judge(
    shape: Shape, mine: Sequence[str], key: str, body: str, weigh: Weigh, stored: bool = False
) -> Hit | None:
    """Compare a card with mine; None when no rule is satisfied. Most are told by their name alone."""
    theirs = texts_of(body)
    named = shape.named
    found: dict[int, float] = {}
    if named is not None and mine[named] and theirs[named]:
        found[named] = alike(shape.fields[named].kind, mine[named], theirs[named], weigh)
        if found[named] + _EVEN < shape.least_name:
            return None
    both = [bool(a and b) for a, b in zip(mine, theirs, strict=True)]

    def likeness(place: int) -> float:
        if place not in found:
            found[place] = alike(shape.fields[place].kind, mine[place], theirs[place], weigh)
        return found[place]

    passed = [number for number in range(len(shape.rules)) if _passes(shape, number, both, likeness)]
    if not passed:
        return None
    others = any(held for held, field in zip(both, shape.fields, strict=True) if field.kind != "")
    by_name = all(_names_only(shape, number, both) for number in passed)
    return Hit(key, bare(body), _score(shape, mine, theirs), passed[0], others and by_name, stored)


def _passes(shape: Shape, number: int, both: Sequence[bool], likeness: _Likeness) -> bool:
    """Tell whether all fields of a rule that both cards have are alike enough, and one of them tells firms apart.

    A field that one card lacks proves nothing: the others must then be alike halfway to the whole.
    """
    rule = [(place, least) for place, least in shape.rules[number] if both[place]]
    short = len(rule) < len(shape.rules[number])
    tells = False
    for place, least in rule:
        tells = tells or _tells(shape.fields[place].kind, least)
        if likeness(place) + _EVEN < (least + (1 - least) / 2 if short else least):
            return False
    return tells and not _contradicted(shape, number, both, likeness)


def _contradicted(shape: Shape, number: int, both: Sequence[bool], likeness: _Likeness) -> bool:
    """Tell whether all fields that the rule names with `unless` are on both cards and unlike: two firms of one name."""
    against = shape.against[number]
    return bool(against) and all(both[place] and likeness(place) < _UNLIKE for place in against)


def _tells(kind: str, least: float) -> bool:
    return kind == "" or (least >= 1 and kind in _TELLING_CODES)


def _names_only(shape: Shape, number: int, both: Sequence[bool]) -> bool:
    return all(shape.fields[place].kind == "" for place, _ in shape.rules[number] if both[place])


def _score(shape: Shape, mine: Sequence[str], theirs: Sequence[str]) -> float:
    """Score two cards by all their fields, whatever the rest of the data holds, so that it stays as it was shown."""
    total = weight = 0.0
    for field, a, b in zip(shape.fields, mine, theirs, strict=True):
        if a and b:
            total += _WEIGHTS[field.kind] * alike(field.kind, a, b, generic_weight)
            weight += _WEIGHTS[field.kind]
    return round(total / weight, 2) if weight else 0.0


def ranked(hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits to be shown, best first; a name that many have is no reason by itself."""
    common = sum(hit.alone for hit in hits) > _COMMON_NAME
    kept = [hit for hit in hits if not (common and hit.alone)]
    return sorted(kept, key=lambda hit: (-hit.score, hit.key))[:MOST_SHOWN]
