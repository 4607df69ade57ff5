"""Agreed pairs as a link keeps them: each is made when somebody asks for it, as of most records one or two are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from gp365.model.plan import Half, Pair
from gp365.model.values import from_plain

Held = dict[
    str, Any
]  # by field one half or two, each a list (or, once agreed anew, a tuple) of values as JSON holds them


class Agreed(Mapping[str, Pair]):
    """Pairs by canonical field; `held` is what JSON made of them: a right half that equals the left one is kept once."""

    __slots__ = ("held",)

    def __init__(self, held: Held) -> None:
        self.held = held

    def __getitem__(self, name: str) -> Pair:
        halves = self.held[name]
        left = _half(halves[0])
        return (left, left) if len(halves) == 1 else (left, _half(halves[1]))

    def __contains__(self, name: object) -> bool:
        return name in self.held

    def __iter__(self) -> Iterator[str]:
        return iter(self.held)

    def __len__(self) -> int:
        return len(self.held)

    def renewed(self, fresh: Mapping[str, Pair]) -> Agreed:
        """Return these pairs with others in their place."""
        return Agreed({**self.held, **kept_once(fresh)})


def kept_once(pairs: Mapping[str, Pair]) -> Held:
    """Give pairs as they are kept."""
    if isinstance(pairs, Agreed):
        return pairs.held
    return {name: pair[:1] if pair[0] == pair[1] else pair for name, pair in pairs.items()}


def pairs_of(held: Mapping[str, Sequence[Sequence[Any]]]) -> dict[str, Pair]:
    """Read pairs that were kept beside other things, whose values are read already; both halves may stand there."""
    return {name: (tuple(halves[0]), tuple(halves[-1])) for name, halves in held.items()}


def _half(values: list[Any] | Half) -> Half:
    if len(values) == 1 and type(values[0]) is not dict:
        return (values[0],)
    return tuple([from_plain(cast("Any", value)) for value in values])
