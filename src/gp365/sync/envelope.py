"""What an intent carries: the wire values that are sent, and the pairs that are agreed once they are.

Settling an intent later uses only this, never today's flow (engine rules, intents).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from gp365.model.plan import Pair
from gp365.model.values import Value, pack, unpack_deep


class Envelope(NamedTuple):
    """The content of an intent: values by wire field, pairs by canonical field, and the source record's birth mark."""

    values: Mapping[str, Value]
    pairs: Mapping[str, Pair]
    source_birth: str
    flow_digest: str


def seal(envelope: Envelope) -> bytes:
    """Pack an envelope for the intent's row."""
    return pack(
        {
            "v": dict(envelope.values),
            "p": dict(envelope.pairs),
            "b": envelope.source_birth,
            "f": envelope.flow_digest,
        }
    )


def unseal(packed: bytes) -> Envelope:
    """Undo `seal`."""
    held: dict[str, Any] = unpack_deep(packed)
    pairs: dict[str, Pair] = {
        name: (tuple(halves[0]), tuple(halves[1])) for name, halves in held["p"].items()
    }
    return Envelope(held["v"], pairs, held["b"], held["f"])
