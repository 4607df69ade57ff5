"""Limits, and what guards count of a plan: records created, updated and cleared per side. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gp365.model.flow_file import GuardFile, GuardsFile
from gp365.model.plan import FieldPlan, Half, SubjectPlan, Verdict
from gp365.model.record import Op
from gp365.sync.plan.fields import loud

CREATES, UPDATES, CLEARS, GONE = "creates", "updates", "clears", "gone"

Mark = tuple[str, str]  # side and operation


@dataclass(frozen=True, slots=True)
class Limit:
    """How many records one operation may touch on one side within the window, and the percentage it comes from."""

    most: int
    percent: float


@dataclass(frozen=True, slots=True)
class Guarded:
    """What a guard has to say of a run: `planned` records would be touched, `window` were let through before.

    `held` are parked until a person lets them go. `operation` is creates, updates, clears, gone or restored.
    """

    flow: str
    side: str
    operation: str
    planned: int
    window: int
    limit: int
    percent: float
    held: int = 0


def limit_of(guard: GuardFile, links: int) -> Limit | None:
    """Give the limit of a guard for so many open links, None where it is switched off.

    Count and percentage must both be exceeded, so the larger one holds; a 0 leaves its part out.
    """
    both = max(guard.count, int(links * guard.percent / 100)) if guard.count or guard.percent else None
    if guard.absolute:
        both = guard.absolute if both is None else min(both, guard.absolute)
    return None if both is None else Limit(both, guard.percent)


def limits_of(guards: GuardsFile, sides: tuple[str, str], links: int) -> dict[Mark, Limit]:
    """Give the limit of every operation on both sides; those switched off are missing."""
    found: dict[Mark, Limit] = {}
    for operation in (CREATES, UPDATES, CLEARS, GONE):
        limit = limit_of(getattr(guards, operation), links)
        if limit is not None:
            found |= {(side, operation): limit for side in sides}
    return found


def marks_of(plan: SubjectPlan, left: str) -> Iterator[Mark]:
    """Give what a plan would do, as guards count it; `left` names the left side."""
    if plan.problem is not None:
        return
    for write in plan.writes:
        if write.op is Op.CREATE:
            yield write.side, CREATES
            continue
        yield write.side, UPDATES
        if any(_clears(field, left) for field in loud(plan.fields) if field.target == write.side):
            yield write.side, CLEARS


def _clears(field: FieldPlan, left: str) -> bool:
    """Tell whether a planned value empties a filled field."""
    held = field.left if field.target == left else field.right
    return field.verdict is Verdict.WRITE and _empty(field.new) and not _empty(held or ())


def _empty(half: Half) -> bool:
    return all(value is None or value == "" for value in half)
