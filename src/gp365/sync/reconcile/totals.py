"""Control totals: per money field and currency what each side adds up to, and which listed pairs make the difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from gp365.model.errors import Bug
from gp365.model.sums import ZERO, added
from gp365.sync.reconcile.found import Amount, FieldDifference, Why


@dataclass(slots=True)
class Total:
    """The sums of one field in one currency: of the linked pairs, and of all records that were read.

    `explained` is the sum of the differences (left less right) of the listed pairs, by reason; it must be what the sums
    of the linked pairs differ by. `pairs` counts those pairs.
    """

    field: str
    currency: str
    left: Decimal = ZERO
    right: Decimal = ZERO
    left_all: Decimal = ZERO
    right_all: Decimal = ZERO
    pairs: int = 0
    explained: dict[str, Decimal] | None = None

    @property
    def difference(self) -> Decimal:
        """Give by how much the left side's linked records hold more than the right side's."""
        return added(self.left, -self.right)


class Totals:
    """All control totals of a reconciliation, by field and currency."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], Total] = {}

    def _at(self, field: str, currency: str) -> Total:
        held = self._held.get((field, currency))
        if held is None:
            held = self._held[field, currency] = Total(field, currency, explained={})
        return held

    def begin(self, field: str, currency: str) -> None:
        """Show a field although no record may hold a figure there."""
        self._at(field, currency)

    def linked(self, field: str, left: Amount | None, right: Amount | None) -> None:
        """Add what a linked pair holds."""
        if left is not None:
            held = self._at(field, left.currency)
            held.left = added(held.left, left.amount)
        if right is not None:
            held = self._at(field, right.currency)
            held.right = added(held.right, right.amount)

    def read(self, field: str, amount: Amount | None, *, left: bool) -> None:
        """Add what any record of a side holds, linked or not."""
        if amount is None:
            return
        held = self._at(field, amount.currency)
        if left:
            held.left_all = added(held.left_all, amount.amount)
        else:
            held.right_all = added(held.right_all, amount.amount)

    def explain(self, one: FieldDifference) -> None:
        """Take a listed difference as part of the explanation."""
        self._explain(one.field, one.left_amount, one.reason.why, 1)
        self._explain(one.field, one.right_amount, one.reason.why, -1)
        for currency in {held.currency for held in (one.left_amount, one.right_amount) if held}:
            self._at(one.field, currency).pairs += 1

    def _explain(self, field: str, amount: Amount | None, why: Why, sign: int) -> None:
        if amount is not None:
            explained = self._at(field, amount.currency).explained
            assert explained is not None
            explained[str(why)] = added(explained.get(str(why), ZERO), sign * amount.amount)

    def closed(self) -> Sequence[Total]:
        """Give the totals; Bug where the listed differences do not add up to the difference of the sums."""
        for held in self._held.values():
            parts: Mapping[str, Decimal] = held.explained or {}
            if added(ZERO, *parts.values()) != held.difference:
                message = (
                    f"The listed differences of {held.field} do not add up to the difference of the totals."
                )
                raise Bug("bug", message, field=held.field, value=held.currency)
        return [self._held[name] for name in sorted(self._held)]
