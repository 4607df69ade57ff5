"""The plan of one subject: an update of either side, a create on the missing one, or why nothing is written."""

from __future__ import annotations

from gp365.model.flow import Side
from gp365.model.plan import Problem, SubjectPlan
from gp365.model.record import Record
from gp365.sync.plan.create import plan_create
from gp365.sync.plan.facts import Facts
from gp365.sync.plan.order import plan_order
from gp365.sync.plan.route import route
from gp365.sync.plan.rows import CompiledFlow
from gp365.sync.plan.update import plan_update


def plan_subject(
    compiled: CompiledFlow,
    subject: str,
    left: Record | None,
    right: Record | None,
    facts: Facts,
    *,
    linked: bool = True,
) -> SubjectPlan:
    """Plan one subject from what both sides hold now. Pure: the same inputs give the same plan.

    With both records it is an update; with one it is a create on the other side, unless the record's own side leaves
    it out by its condition, another company gets it, or the flow does not create there. `linked` records are never
    left out by a condition or route.
    """
    if left is not None and right is not None and compiled.flow.order is not None:
        return plan_order(compiled, subject, left, right, facts)
    if left is not None and right is not None:
        return plan_update(compiled, subject, left, right, facts)
    present = left if left is not None else right
    if present is None:
        return SubjectPlan(subject, None, None, filtered="gone on both sides")
    side = compiled.flow.left.name if left is not None else compiled.flow.right.name
    target = compiled.flow.other(side)
    stopped = _left_out(side, facts)
    if not linked:
        stopped = stopped or _nothing_there(target) or route(side, facts)
    if isinstance(stopped, Problem):
        return SubjectPlan(subject, left, right, problem=stopped)
    if not linked and stopped:
        return SubjectPlan(subject, left, right, filtered=stopped)
    if not target.create:
        return SubjectPlan(subject, left, right, filtered=_nothing_there(target))
    return plan_create(compiled, subject, side, present, facts)


def belongs_elsewhere(side: str, facts: Facts) -> str:
    """Say why a record without a partner would not be created here: its condition, or another company; "" if it would."""
    reasons = (_left_out(side, facts), route(side, facts))
    return next((reason for reason in reasons if reason and isinstance(reason, str)), "")


def _nothing_there(target: Side) -> str:
    return "" if target.create else f"this flow creates nothing on {target.name}"


def _left_out(side: str, facts: Facts) -> str | Problem:
    """Say why the condition of a side leaves the record out; "" when it does not."""
    condition = facts.computed.get(f"when:{side}")
    if condition is None:
        return ""
    if condition.code:
        return Problem(condition.code, condition.message, field="when", side=side)
    return "" if condition.value is True else f"the condition of {side} leaves it out"
