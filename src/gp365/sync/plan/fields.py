"""The planned fields of a record, of which most agree: what says no more than that is made when somebody asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import overload

from gp365.model.plan import FieldPlan, Verdict


class Fields(Sequence[FieldPlan]):
    """Planned fields in the order of the flow's units, made when asked for; `loud` are those that do more than agree.

    `count` says how many `make` gives.
    """

    __slots__ = ("_count", "_made", "_make", "loud")

    def __init__(
        self, make: Callable[[], Sequence[FieldPlan]], loud: Sequence[FieldPlan], count: int
    ) -> None:
        self._make, self._count = make, count
        self._made: tuple[FieldPlan, ...] | None = None
        self.loud = loud

    def _all(self) -> tuple[FieldPlan, ...]:
        made = self._made
        if made is None:
            made = self._made = tuple(self._make())
        return made

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[FieldPlan]:
        return iter(self._all())

    @overload
    def __getitem__(self, index: int) -> FieldPlan: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[FieldPlan]: ...
    def __getitem__(self, index: int | slice) -> FieldPlan | Sequence[FieldPlan]:
        return self._all()[index]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Fields):
            return self._all() == other._all()
        return self._all() == other

    def __hash__(self) -> int:
        return hash(self._all())

    def __repr__(self) -> str:
        return repr(self._all())


def judged(fields: Sequence[FieldPlan]) -> Fields:
    """Keep planned fields with those that are loud: several steps ask for them."""
    return Fields(lambda: fields, [one for one in fields if is_loud(one)], len(fields))


def loud(fields: Sequence[FieldPlan]) -> Sequence[FieldPlan]:
    """Give the planned fields that do not merely agree: those that are written, stopped, held or left."""
    return fields.loud if isinstance(fields, Fields) else [one for one in fields if is_loud(one)]


def is_loud(plan: FieldPlan) -> bool:
    """Tell whether a planned field does more than agree; one that agrees with what another row writes does."""
    return plan.verdict is not Verdict.AGREE or plan.target != ""
