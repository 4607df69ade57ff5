"""Agreed pairs, packed into one column of the link, and read again under the row fingerprints of their own version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from gp365.model.plan import Half, Pair
from gp365.model.values import from_plain, pack
from gp365.sync.plan.events import SCOPE
from gp365.sync.plan.rows import CompiledFlow

Prints = Callable[[str], Mapping[str, str]]  # flow digest → row fingerprint by field


def pack_pairs(pairs: Mapping[str, Pair]) -> bytes:
    """Pack agreed pairs; a right half that equals the left one is kept once."""
    return pack(
        {
            name: pair[:1] if pair[0] == pair[1] else pair  # JSON has one kind of list
            for name, pair in pairs.items()
        }
    )


def unpack_pairs(packed: bytes) -> dict[str, Pair]:
    """Undo `pack_pairs`."""
    if not packed:
        return {}
    loaded: dict[str, list[list[Any]]] = orjson.loads(packed)
    whole = b'"$' not in packed  # no value is tagged: the lists need not be looked through
    found: dict[str, Pair] = {}
    for name, halves in loaded.items():
        left = tuple(halves[0]) if whole else _half(halves[0])
        if len(halves) == 1:
            found[name] = (left, left)
        else:
            found[name] = (left, tuple(halves[1]) if whole else _half(halves[1]))
    return found


def _half(values: list[Any]) -> Half:
    if len(values) == 1 and type(values[0]) is not dict:
        return (values[0],)
    return tuple([from_plain(value) for value in values])


def known_pairs(compiled: CompiledFlow, packed: bytes, digest: str, prints: Prints) -> dict[str, Pair]:
    """Give the pairs that today's rows still know: the pair of a row with another fingerprint is unknown."""
    pairs = unpack_pairs(packed)
    today = compiled.by_name
    if digest == compiled.flow.digest:
        if pairs.keys() <= today.keys():
            return pairs
        return {name: pair for name, pair in pairs.items() if name in today or name == SCOPE}
    then = prints(digest)
    return {
        name: pair
        for name, pair in pairs.items()
        if name in today and then.get(name) == today[name].row.print
    }
