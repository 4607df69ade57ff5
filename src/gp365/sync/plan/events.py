"""Events of a linked pair that are no ordinary edits: a record made inactive or active again, a condition no longer met.

What becomes of them is the flow's policy (`events`); nothing here is ever carried over by itself unless it says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gp365.model.fit import Unfit
from gp365.model.flow import ASK
from gp365.model.plan import FieldPlan, Pair, Verdict
from gp365.model.record import Record
from gp365.sync.plan.facts import Facts
from gp365.sync.plan.fields import Fields
from gp365.sync.plan.rows import CompiledFlow, Sight, see, write_half
from gp365.sync.plan.rule import Ruling

SCOPE = "(scope)"
"""The field of an entry, and of an agreed pair, for a linked record that left its side's condition."""
KEEP, HOLD, INACTIVATE = "keep", "hold", "inactivate"
_FREE = (Verdict.AGREE, Verdict.HELD)
Records = Mapping[str, Record]


def deactivation(compiled: CompiledFlow, unit: str, sights: Sequence[Sight], ruling: Ruling) -> Ruling:
    """Judge a move of the row that says whether a record is inactive by the flow's policy.

    At first contact a difference is shown and kept: an account must not be closed because GP's old card is inactive.
    """
    events = compiled.flow.events
    if unit != events.inactive or ruling.by_person or ruling.verdict not in (Verdict.WRITE, Verdict.CONFLICT):
        return ruling
    if any(sight.pair is None for sight in sights):
        why = "first contact: a record is not made inactive, or active, because the other is"
        return replace(ruling, verdict=Verdict.HELD, winner="", code="", message="", why=why)
    if len(ruling.moved) != 1 or events.deactivated == INACTIVATE:
        return ruling
    side = next(iter(ruling.moved))
    what = f"{_state(compiled, sights[0], side)} on {side}"
    if events.deactivated == ASK:
        other = compiled.flow.other(side).name
        message = f"The record was made {what}, and is {_state(compiled, sights[0], other)} on {other}."
        return replace(ruling, verdict=Verdict.PARKED, winner=side, code="deactivated", message=message)
    why = f"made {what}: the flow's policy is {events.deactivated}"
    return replace(ruling, verdict=Verdict.HELD, winner=side, code="", message="", why=why, settles=True)


def _state(compiled: CompiledFlow, sight: Sight, side: str) -> str:
    seen = sight.left if side == compiled.flow.left.name else sight.right
    return "inactive" if seen.canonical is True else "active"


@dataclass(frozen=True, slots=True)
class Judged:
    """The fields of a pair after its events, and the side whose condition is no longer met."""

    fields: tuple[FieldPlan, ...]
    left_scope: str = ""


def has_events(compiled: CompiledFlow, fields: Fields, facts: Facts) -> bool:
    """Tell whether any policy may have a say: a flag that moved, or a condition that is not, or was not, met."""
    flag = compiled.flow.events.inactive
    return (
        SCOPE in facts.pairs
        or any(one.name == flag for one in fields.loud)
        or (bool(facts.computed) and not all(_in_scope(side.name, facts) for side in compiled.flow.sides))
    )


def judge_events(
    compiled: CompiledFlow, fields: Sequence[FieldPlan], records: Records, facts: Facts
) -> Judged:
    """Carry out what policies ask beside the event itself: the other side's record on hold, or made inactive."""
    planned = _held_inactive(compiled, list(fields), records, facts)
    out = [side.name for side in compiled.flow.sides if not _in_scope(side.name, facts)]
    event = _scope(compiled, out, facts)
    if event is None:
        return Judged(tuple(planned), out[0] if out else "")
    return Judged(tuple(_carry_scope(compiled, planned, event, out, records, facts)), out[0] if out else "")


def _held_inactive(
    compiled: CompiledFlow, fields: list[FieldPlan], records: Records, facts: Facts
) -> list[FieldPlan]:
    """With the policy `hold`, put the other side's record on hold; a hold is never lifted by us."""
    events = compiled.flow.events
    at = next((i for i, one in enumerate(fields) if one.name == events.inactive and one.agrees), None)
    if at is None or events.deactivated != HOLD:
        return fields
    moved = fields[at]
    seen = see(compiled, compiled.row(moved.name), moved.winner, records[moved.winner], facts)
    target = compiled.flow.other(moved.winner).name
    if seen.canonical is not True:
        return fields
    raised = _raise(compiled, fields, events.hold, target, records, moved.rule, facts)
    fields[at] = _tied(compiled, moved, target, raised)
    return raised.fields


@dataclass(frozen=True, slots=True)
class _Raised:
    """Fields with a flag raised; `done` says it stands already, `tried` that it will be written."""

    fields: list[FieldPlan]
    done: bool = False
    tried: bool = False


def _raise(
    compiled: CompiledFlow,
    fields: list[FieldPlan],
    name: str,
    target: str,
    records: Records,
    why: str,
    facts: Facts,
) -> _Raised:
    """Plan a flag (hold, inactive) to be set on a side, unless its own row is being decided just now."""
    row = compiled.row(name)
    at = next((i for i, one in enumerate(fields) if one.name == name), None)
    seen = see(compiled, row, target, records[target], facts)
    if seen.canonical is True:
        return _Raised(fields, done=True)
    if at is None or fields[at].verdict not in _FREE or seen.raw is None:
        return _Raised(fields)
    source = compiled.flow.other(target).name
    if not (compiled.flow.side(target).update and row.writable(target, "update")):
        return _Raised(fields)
    try:
        new = write_half(compiled, row, target, True, facts)
    except Unfit:
        return _Raised(fields)
    plan = replace(fields[at], verdict=Verdict.WRITE, winner=source, target=target, new=new, rule=why)
    fields[at] = replace(plan, agrees=None, code="", message="")
    return _Raised(fields, tried=True)


def _tied(compiled: CompiledFlow, plan: FieldPlan, target: str, raised: _Raised) -> FieldPlan:
    """Settle an event with the write that it led to: at once, with that write, or (the row being busy) not yet."""
    if raised.done:
        return replace(plan, agrees=True)
    if not raised.tried:
        return replace(plan, agrees=None)
    half = plan.left if target == compiled.flow.left.name else plan.right
    return replace(plan, agrees=None, target=target, new=half or ())


# a linked record that left its side's condition


def _in_scope(side: str, facts: Facts) -> bool:
    """Tell whether a record satisfies its side's condition; one that cannot be worked out counts as satisfied."""
    condition = facts.computed.get(f"when:{side}")
    return condition is None or bool(condition.code) or condition.value is True


def _scope(compiled: CompiledFlow, out: Sequence[str], facts: Facts) -> FieldPlan | None:
    """Give the event as a field of its own; None where there is nothing to do, or it was settled as it stands."""
    left, right = ((side.name not in out,) for side in compiled.flow.sides)
    now: Pair = (left, right)
    settled = facts.pairs.get(SCOPE)
    if not out:
        back = settled is not None and settled != now
        return FieldPlan(SCOPE, Verdict.AGREE, left, right, unit=SCOPE) if back else None
    policy = compiled.flow.events.left_scope
    if policy == KEEP or settled == now:
        return None
    plan = FieldPlan(SCOPE, Verdict.HELD, left, right, winner=out[0], unit=SCOPE)
    answer = facts.resolutions.get(SCOPE)
    if answer is not None and (answer.left, answer.right) == now:
        chosen = answer.value if answer.value in (HOLD, INACTIVATE) else KEEP
        return replace(plan, rule=f"decided by {answer.actor}: {chosen}", code=str(chosen))
    if policy == ASK:
        message = (
            f"The record no longer satisfies the condition of {out[0]}; it is still linked and kept in step."
        )
        return replace(plan, verdict=Verdict.PARKED, code="left-scope", message=message)
    return replace(plan, rule=f"left the condition of {out[0]}: the flow's policy is {policy}", code=policy)


def _carry_scope(
    compiled: CompiledFlow,
    fields: list[FieldPlan],
    event: FieldPlan,
    out: Sequence[str],
    records: Records,
    facts: Facts,
) -> list[FieldPlan]:
    if event.verdict is not Verdict.HELD:
        return [*fields, event]
    flags = {HOLD: compiled.flow.events.hold, INACTIVATE: compiled.flow.events.inactive}
    name = flags.get(event.code, "")
    plain = replace(event, code="")
    if not name:
        return [*fields, replace(plain, agrees=True)]
    target = compiled.flow.other(out[0]).name
    raised = _raise(compiled, fields, name, target, records, event.rule, facts)
    return [*raised.fields, _tied(compiled, plain, target, raised)]
