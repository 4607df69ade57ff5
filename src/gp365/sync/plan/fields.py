"""The planned fields of a record, of which most agree: what says no more than that is made when somebody asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, overload

from gp365.model.plan import FieldPlan, Half, Verdict


class Agreeing(NamedTuple):
    """A field on which both sides agree: what its plan says, and the two raw halves."""

    name: str
    why: str
    owner: str
    unit: str
    left: Half
    right: Half


class Fields(Sequence[FieldPlan]):
    """Planned fields in the order of the flow's units; `loud` are those that do not merely agree."""

    __slots__ = ("_made", "_parts", "loud")

    def __init__(self, parts: Sequence[FieldPlan | Agreeing], loud: Sequence[FieldPlan]) -> None:
        self._parts = parts
        self._made: tuple[FieldPlan, ...] | None = None
        self.loud = loud

    def _all(self) -> tuple[FieldPlan, ...]:
        made = self._made
        if made is None:
            made = self._made = tuple(
                [_plan_of(one) if isinstance(one, Agreeing) else one for one in self._parts]
            )
        return made

    def __len__(self) -> int:
        return len(self._parts)

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


def loud(fields: Sequence[FieldPlan]) -> Sequence[FieldPlan]:
    """Give the planned fields that do not merely agree: those that are written, stopped, held or left."""
    return fields.loud if isinstance(fields, Fields) else [one for one in fields if is_loud(one)]


def is_loud(plan: FieldPlan) -> bool:
    """Tell whether a planned field does more than agree; one that agrees with what another row writes does."""
    return plan.verdict is not Verdict.AGREE or plan.target != ""


def _plan_of(one: Agreeing) -> FieldPlan:
    return FieldPlan(
        one.name, Verdict.AGREE, one.left, one.right, rule=one.why, owner=one.owner, unit=one.unit
    )
