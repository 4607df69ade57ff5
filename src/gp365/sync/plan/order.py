"""Planning an order: a record of one side that changes a record of the other, once, if it is approved.

An order is looked at several times. First what stands on the other side is remembered (before it is written, so that no
crash can lose it); then, once it is approved and nothing has changed since, what is ordered is written; last the order is
told what came of it, and its link is closed. What people change afterwards is theirs: an order never acts twice.
"""

from __future__ import annotations

from dataclasses import replace

from gp365.model.fit import Unfit
from gp365.model.plan import FieldPlan, Resolution, SubjectPlan, Verdict
from gp365.model.record import Record
from gp365.model.values import show
from gp365.sync.plan.currency import foreign
from gp365.sync.plan.facts import Facts
from gp365.sync.plan.order_approval import Approval, approval_of
from gp365.sync.plan.order_desk import ORDER, Desk, Memory
from gp365.sync.plan.rows import CompiledFlow, CompiledRow, Sight, write_half
from gp365.sync.plan.rule import equal, shown
from gp365.sync.plan.update import writes_of

STALE, BLOCKED, CURRENCY, INCOMPLETE = "order-stale", "order-blocked", "order-currency", "order-incomplete"


def plan_order(
    compiled: CompiledFlow, subject: str, left: Record, right: Record, facts: Facts
) -> SubjectPlan:
    """Plan the next step of an order. Pure, as every plan."""
    desk = Desk.of(compiled, left, right, facts)
    plan = SubjectPlan(subject, left, right)
    states, state = desk.order.states, desk.state
    if state in (None, states.draft):
        return replace(plan, filtered="not submitted yet")
    if state not in (states.asked, states.approved):
        return replace(plan, filtered="ended by people, or carried out", ends=True)
    if facts.refused or desk.acted:
        return _end(desk, plan)
    memory = desk.memory
    if memory is None or (state == states.asked and memory.stale):
        memory = Memory(desk.now())
    approval = approval_of(desk, memory)
    memory = replace(
        memory, who=approval.who, name=approval.name, asker=desk.asker(memory), digest=approval.digest
    )
    if memory.refused:
        return _refused(desk, plan, memory, memory.refused)
    if approval.problem:
        return _back_to_asked(desk, plan, memory, approval.problem)
    if not approval.given:
        return _written(desk, plan, desk.before(memory), memory)
    if not facts.rehearsed and (desk.memory is None or desk.memory.base != memory.base):
        return replace(_written(desk, plan, [], memory), again=True)
    return _act(desk, plan, memory, approval)


def _act(desk: Desk, plan: SubjectPlan, memory: Memory, approval: Approval) -> SubjectPlan:
    """Plan the write of what is ordered, or say why it is not written (yet)."""
    fields = [field for unit, rows in desk.units() for field in _unit(desk, unit, rows, memory, approval)]
    stopped = [field for field in fields if field.verdict in (Verdict.PARKED, Verdict.WAITING)]
    if stopped:
        held = [
            replace(one, verdict=Verdict.HELD, target="", new=()) if one not in stopped else one
            for one in fields
        ]
        stale = any(one.code == STALE for one in stopped)
        told = desk.told("; ".join(dict.fromkeys(one.message for one in stopped)))
        return _written(desk, plan, [*held, *told], replace(memory, stale=stale))
    memory = replace(memory, stale=False)
    for unit, rows in desk.units() if desk.facts.resolutions else ():
        asked = [desk.sight(row) for row in rows if desk.asked(row)]
        if given := _decided(desk, unit, asked, desk.target_side):
            return _refused(desk, plan, memory, f"Refused by {given.actor}.")
    if not any(field.verdict is Verdict.WRITE for field in fields):
        return _end(desk, plan, memory)
    return replace(_written(desk, plan, fields, memory), again=True)


def _unit(
    desk: Desk, unit: str, rows: tuple[CompiledRow, ...], memory: Memory, approval: Approval
) -> list[FieldPlan]:
    """Plan a unit that is asked for: written, already so, or stopped as a whole."""
    asked = [desk.sight(row) for row in rows if desk.asked(row)]
    why = _stopped(desk, unit, asked, memory)
    if why is not None:
        return [_field(desk, sight, unit, Verdict.PARKED, code=why[0], message=why[1]) for sight in asked]
    fields = [_order(desk, sight, unit, approval.words) for sight in asked]
    failed = next((one for one in fields if one.verdict is Verdict.PARKED), None)
    if failed is None:
        return fields
    return [replace(one, verdict=Verdict.PARKED, code=failed.code, message=failed.message) for one in fields]


def _stopped(desk: Desk, unit: str, asked: list[Sight], memory: Memory) -> tuple[str, str] | None:
    """Say why a unit is not written: its currency, a record that takes none, or another value than when it was asked for."""
    order, target = desk.order, desk.target_side
    for sight in asked:
        records = {desk.side: desk.own, target: desk.target}
        if why := foreign(desk.compiled, sight.row, records, desk.facts):
            return CURRENCY, f"{why[:1].upper()}{why[1:]}."
    if order.blocked and desk.raw(order.blocked, target):
        return BLOCKED, f"{desk.target_name()} is {order.blocked} on {target}."
    if _decided(desk, unit, asked, desk.side) or _decided(desk, unit, asked, target):
        return None
    changed = [
        f"{sight.row.row.name} was {_words(was)}, and is {_words(now)}"
        for sight in asked
        for was, now in [memory.differs(desk, sight.row.row.name)]
        if was != now
    ]
    if changed:
        return STALE, f"Since this was asked for, {target} has changed: {'; '.join(changed)}."
    return None


def _words(value: object) -> str:
    return "empty" if value is None else show(value)  # type: ignore[arg-type]


def _decided(desk: Desk, unit: str, asked: list[Sight], take: str) -> Resolution | None:
    """Return a person's answer that takes a side, if both sides still show what the person was shown."""
    given = desk.facts.resolutions.get(unit)
    return given if given is not None and given.take == take and shown(asked, given) else None


def _order(desk: Desk, sight: Sight, unit: str, why: str) -> FieldPlan:
    """Plan one row of what is ordered; `why` names who asked and who approved."""
    mine = sight.left if desk.on_left else sight.right
    if mine.bad is not None:
        return _field(desk, sight, unit, Verdict.PARKED, code=mine.bad.code, message=mine.bad.message)
    if equal(sight):
        return _field(desk, sight, unit, Verdict.AGREE, rule=f"already so; {why}")
    try:
        new = write_half(desk.compiled, sight.row, desk.target_side, mine.fitted, desk.facts)
    except Unfit as unfit:
        return _field(desk, sight, unit, Verdict.PARKED, code=unfit.code, message=str(unfit))
    plan = _field(desk, sight, unit, Verdict.WRITE, rule=why)
    return replace(plan, winner=desk.side, target=desk.target_side, new=new, cut=mine.cut)


def _field(
    desk: Desk,
    sight: Sight,
    unit: str,
    verdict: Verdict,
    *,
    rule: str = "",
    code: str = "",
    message: str = "",
) -> FieldPlan:
    name, left, right = sight.row.row.name, sight.left.raw, sight.right.raw
    # Nothing of an order is agreed but by its write: an agreed pair says that it has acted.
    return FieldPlan(
        name,
        verdict,
        left,
        right,
        rule=rule,
        owner=desk.side,
        unit=unit,
        code=code,
        message=message,
        agrees=None if verdict is Verdict.WRITE else False,
    )


def _written(desk: Desk, plan: SubjectPlan, fields: list[FieldPlan], memory: Memory) -> SubjectPlan:
    """Lay planned fields out as writes, and keep the memory with the link."""
    pairs = {ORDER: memory.pair()}
    assert plan.left is not None and plan.right is not None
    writes = writes_of(desk.compiled, fields, plan.left, plan.right)
    return replace(plan, fields=tuple(fields), writes=writes, pairs=pairs)


def _back_to_asked(desk: Desk, plan: SubjectPlan, memory: Memory, why: str) -> SubjectPlan:
    """Take back an approval that does not hold, with the reason, so that somebody else can give one."""
    states = desk.order.states
    fields = [*desk.put(desk.order.state, states.asked, why), *desk.told(why), *desk.before(memory)]
    return _written(desk, plan, fields, replace(memory, who="", name="", digest="", stale=False))


def _refused(desk: Desk, plan: SubjectPlan, memory: Memory, why: str) -> SubjectPlan:
    fields = [
        *desk.put(desk.order.state, desk.order.states.refused, why),
        *desk.told(why),
        *desk.before(memory),
    ]
    return replace(_written(desk, plan, fields, memory), ends=True)


def _end(desk: Desk, plan: SubjectPlan, memory: Memory | None = None) -> SubjectPlan:
    """Tell the order what came of it: done, or the other system's own refusal; with what stood there and what stands now."""
    states, refused = desk.order.states, desk.facts.refused
    memory = memory or desk.memory or Memory(desk.now())
    why = refused or "carried out"
    fields = [
        *desk.put(desk.order.state, states.failed if refused else states.done, why),
        *desk.told(refused),
        *desk.put(desk.order.approved_by, memory.name or None, why),
        *desk.before(memory),
        *desk.after(),
    ]
    return replace(_written(desk, plan, fields, memory), ends=True)
