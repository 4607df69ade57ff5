"""Amounts that are sums of others, with signs, as the data files of entities write them: ["A", "B", "-C"]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from gp365.model.values import Value

Adds = tuple[tuple[str, int], ...]
"""Fields, each with 1 or -1."""


def parts_of(written: Sequence[str]) -> Adds:
    """Read a sum: a name stands for itself, one after a minus is taken away."""
    return tuple((name.removeprefix("-"), -1 if name.startswith("-") else 1) for name in written)


def added(parts: Adds, values: Mapping[str, Value]) -> Decimal | None:
    """Return a sum over values by field, None where one of them is no amount."""
    total = Decimal(0)
    for name, sign in parts:
        amount = values.get(name)
        if not isinstance(amount, Decimal):
            return None
        total += amount * sign
    return total
