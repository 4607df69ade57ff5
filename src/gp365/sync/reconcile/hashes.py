"""Order-free hash totals: per block a sum of hashes of what each side holds, so that equality is shown in one line."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b

from gp365.model.values import Value, decimal_text
from gp365.sync.plan.rows import Seen

BLOCKS = 256
_MODULUS = 1 << 64


@dataclass(slots=True)
class Blocks:
    """The sums of both sides by block, modulo 2^64, with the number of pairs; `differing` are blocks with a finding."""

    left: list[int] = field(default_factory=lambda: [0] * BLOCKS)
    right: list[int] = field(default_factory=lambda: [0] * BLOCKS)
    pairs: list[int] = field(default_factory=lambda: [0] * BLOCKS)
    differing: set[int] = field(default_factory=set[int])

    def add(self, identity: str, left: str | None, right: str | None) -> int:
        """Add the values of a linked pair (None: not there) and return its block."""
        block = block_of(identity)
        self.pairs[block] += 1
        if left is not None:
            self.left[block] = (self.left[block] + number_of(identity, left)) % _MODULUS
        if right is not None:
            self.right[block] = (self.right[block] + number_of(identity, right)) % _MODULUS
        return block

    @property
    def unequal(self) -> list[int]:
        """Name the blocks whose sums are not equal."""
        return [at for at in range(BLOCKS) if self.left[at] != self.right[at]]


def block_of(identity: str) -> int:
    """Give the block of a pair: the first byte of the hash of its identity."""
    return blake2b(identity.encode(), digest_size=8).digest()[0]


def number_of(identity: str, values: str) -> int:
    """Hash a record's values, bound to the pair that it belongs to, to a number below 2^64."""
    text = f"{identity}\x1d{values}"
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def text_of(seen: Seen, side: str, currency: str = "") -> str:
    """Write a fitted value so that equal ones, and only those, are written alike; an unusable one equals nothing."""
    if seen.bad is not None:
        return f"!{side}{seen.raw!r}"
    value = seen.fitted
    if type(value) is str:
        return f"s{value}"
    text = _plain(value)
    return f"{text}\x1f{currency.casefold()}" if currency and value is not None else text


def _plain(value: Value) -> str:
    """Numbers, and flags among them, are alike when they are equal, of whatever type."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"s{value}"
    if isinstance(value, int | Decimal):
        return f"n{decimal_text(Decimal(value))}"
    if isinstance(value, datetime):
        return f"t{value.astimezone(UTC).isoformat()}"
    return f"d{value.isoformat()}"
