"""Sums of money: exact, whatever the context of decimal arithmetic keeps."""

from __future__ import annotations

from decimal import Decimal, localcontext

ZERO = Decimal(0)


def added(*amounts: Decimal) -> Decimal:
    """Add amounts exactly, however many and long."""
    with localcontext() as context:
        context.prec = 60
        return sum(amounts, ZERO)
