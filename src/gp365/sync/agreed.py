"""Agreed pairs, packed into one column of the link, and read again under the row fingerprints of their own version."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import orjson

from gp365.model.plan import Pair
from gp365.model.values import pack
from gp365.sync.plan.events import SCOPE
from gp365.sync.plan.order_desk import ORDER
from gp365.sync.plan.pairs import Agreed, Held, kept_once
from gp365.sync.plan.rows import CompiledFlow

Prints = Callable[[str], Mapping[str, str]]  # flow digest → row fingerprint by field


def pack_pairs(pairs: Mapping[str, Pair]) -> bytes:
    """Pack agreed pairs; a right half that equals the left one is kept once."""
    return pack(kept_once(pairs))


def unpack_pairs(packed: bytes) -> dict[str, Pair]:
    """Undo `pack_pairs`."""
    return dict(Agreed(orjson.loads(packed))) if packed else {}


def known_pairs(compiled: CompiledFlow, packed: bytes, digest: str, prints: Prints) -> Agreed:
    """Give the pairs that today's rows still know: the pair of a row with another fingerprint is unknown."""
    held: Held = orjson.loads(packed) if packed else {}
    today = compiled.by_name
    if digest == compiled.flow.digest:
        if held.keys() <= today.keys():
            return Agreed(held)
        return Agreed({name: pair for name, pair in held.items() if name in today or name in (SCOPE, ORDER)})
    then = prints(digest)
    known = {name for name in held if name in today and then.get(name) == today[name].row.print} | {ORDER}
    return Agreed({name: pair for name, pair in held.items() if name in known})
