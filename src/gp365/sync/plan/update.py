"""Planning an update: every unit of the flow by the rule, and from the rulings the writes to both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from gp365.model.fit import Unfit, fit, patch_tail
from gp365.model.plan import FieldPlan, Half, Pair, PlannedWrite, SubjectPlan, Verdict
from gp365.model.record import Op, Record
from gp365.model.text_breaks import keep_breaks
from gp365.model.values import Value
from gp365.sync.plan.alike import (
    agreeing,
    agreeing_texts,
    fresh_pairs,
    halves_of,
    plan_alike,
    plan_of,
    remember_alike,
)
from gp365.sync.plan.along import leave_alone
from gp365.sync.plan.currency import currency_side, emptied, foreign, mirrored, told
from gp365.sync.plan.events import deactivation, has_events, judge_events
from gp365.sync.plan.facts import Facts
from gp365.sync.plan.fields import Fields, is_loud
from gp365.sync.plan.rows import CompiledFlow, CompiledRow, Seen, Sight, Unit, see, write_half
from gp365.sync.plan.rule import Ruling, equal, rule, shown


def plan_update(
    compiled: CompiledFlow, subject: str, left: Record, right: Record, facts: Facts
) -> SubjectPlan:
    """Plan the update of a linked pair of records."""
    units, texts = plan_of(compiled)
    quiet = agreeing_texts(texts, left.values, right.values)
    quiet = quiet.difference(facts.resolutions) if facts.resolutions else quiet
    pairs: dict[str, Pair] = {}
    if texts is not None and quiet:
        pairs = fresh_pairs(texts, quiet, left.values, facts.pairs)
    given: dict[str, list[FieldPlan] | None] = {}
    told: list[FieldPlan] = []
    for unit, rows, alike in units:
        if unit in quiet:
            continue
        decided = unit in facts.resolutions
        if alike is not None and not decided and plan_alike(compiled, alike, left.values, right.values):
            given[unit], pairs[alike.name] = None, halves_of(alike, left.values, right.values)
            continue
        plans = given[unit] = _planned(compiled, unit, rows, left, right, facts, decided=decided)
        if alike is not None and not decided:
            remember_alike(alike, left, right, plans)
        told.extend(plans)
    agreed = len(units) - len(given) + len([plans for plans in given.values() if plans is None])
    make = partial(_made, units, given, left, right)
    left_scope, fields = "", Fields(make, [plan for plan in told if is_loud(plan)], len(told) + agreed)
    if has_events(compiled, fields, facts):
        names = (compiled.flow.left.name, compiled.flow.right.name)
        judged = judge_events(compiled, fields, dict(zip(names, (left, right), strict=True)), facts)
        left_scope, told, pairs = judged.left_scope, list(judged.fields), {}
        fields = Fields(partial(tuple, told), [plan for plan in told if is_loud(plan)], len(told))
    pairs.update(_agreed(told))
    if compiled.along:
        fields = leave_alone(compiled, fields, facts.pairs)
    writes = writes_of(compiled, fields.loud, left, right)
    return SubjectPlan(subject, left, right, fields, writes, pairs, left_scope=left_scope)


def _made(
    units: Sequence[Unit], given: Mapping[str, list[FieldPlan] | None], left: Record, right: Record
) -> list[FieldPlan]:
    """Make the plans of all units: those that were planned, and those that agree (not among `given`, or None there)."""
    made: list[FieldPlan] = []
    for unit, _, alike in units:
        plans = given.get(unit)
        if plans is not None:
            made.extend(plans)
        elif alike is not None:
            made.append(agreeing(alike, left.values, right.values))
    return made


def _agreed(plans: Sequence[FieldPlan]) -> dict[str, Pair]:
    """Give the pairs that are agreed without any write."""
    pairs: dict[str, Pair] = {}
    for plan in plans:
        agrees = plan.verdict is Verdict.AGREE if plan.agrees is None else plan.agrees
        if agrees and plan.left is not None and plan.right is not None:
            pairs[plan.name] = (plan.left, plan.right)
    return pairs


def _planned(
    compiled: CompiledFlow,
    unit: str,
    rows: tuple[CompiledRow, ...],
    left: Record,
    right: Record,
    facts: Facts,
    *,
    decided: bool,
) -> list[FieldPlan]:
    """Plan a unit by the rule; what comes of two empty sides is remembered."""
    if decided or not _nothing(compiled, rows, left, right):
        return _plan_unit(compiled, unit, rows, left, right, facts)
    plans = compiled.nothing.get(unit)
    if plans is None:
        plans = _plan_unit(compiled, unit, rows, left, right, facts)
        if all(plan.verdict is Verdict.AGREE for plan in plans):
            compiled.nothing[unit] = plans
    return plans


def _nothing(compiled: CompiledFlow, rows: Sequence[CompiledRow], left: Record, right: Record) -> bool:
    """Tell whether a unit is empty on both sides, as most are: what agrees so depends on nothing else."""
    flow = compiled.flow
    for row in rows:
        for side, values in ((flow.left.name, left.values), (flow.right.name, right.values)):
            wire = row.single.get(side)
            if wire is None or wire not in values or values[wire] is not None:
                return False
    return True


def _plan_unit(
    compiled: CompiledFlow,
    unit: str,
    rows: tuple[CompiledRow, ...],
    left: Record,
    right: Record,
    facts: Facts,
) -> list[FieldPlan]:
    left_name, right_name = compiled.flow.left.name, compiled.flow.right.name
    sights = [
        Sight(
            row,
            see(compiled, row, left_name, left, facts),
            see(compiled, row, right_name, right, facts),
            facts.pairs.get(row.row.name),
        )
        for row in rows
        if row.row.compared
    ]
    if not sights:
        return []
    if _is_absent(sights):
        return [_unreadable(compiled, sight, unit) for sight in sights]
    if sights[0].row.row.create_only and all(sight.row.row.create_only for sight in sights):
        return [_create_only(sight, unit) for sight in sights]
    if facts.led and (why := _led(compiled, sights, facts)):
        return [_plain(sight, Verdict.READ_ONLY, unit, why) for sight in sights]
    given = facts.resolutions.get(unit)
    if given is not None and not given.take and len(sights) == 1 and shown(sights, given):
        return _given_value(compiled, sights[0], unit, given.value, given.actor, facts)
    amounts = [sight.row for sight in sights if sight.row.row.in_currency]
    if amounts:
        records = {left_name: left, right_name: right}
        reasons = (foreign(compiled, row, records, facts) for row in amounts)
        if why := next(filter(None, reasons), ""):
            return _foreign(compiled, unit, sights, why, facts)
    ruling = deactivation(compiled, unit, sights, rule(compiled, unit, sights, facts))
    return _field_plans(compiled, unit, sights, ruling, facts)


def _is_absent(sights: Sequence[Sight]) -> bool:
    return None in [half for sight in sights for half in (sight.left.raw, sight.right.raw)]


def _unreadable(compiled: CompiledFlow, sight: Sight, unit: str) -> FieldPlan:
    """Leave a field that one side does not show us. What has moved on the other meanwhile waits until it does."""
    plan = _plain(sight, Verdict.READ_ONLY, unit, "unreadable on one side: absent, never empty")
    halves = (sight.left.raw, sight.right.raw)
    moved = sight.pair is not None and any(
        half is not None and half != agreed for half, agreed in zip(halves, sight.pair, strict=True)
    )
    if not moved:
        return plan
    sides = (compiled.flow.left.name, compiled.flow.right.name)
    dark = " and ".join(side for side, half in zip(sides, halves, strict=True) if half is None)
    message = f"{dark} does not show {sight.row.row.name} to us; what was changed on the other side waits."
    return replace(plan, verdict=Verdict.PARKED, code="unreadable", message=message)


def _led(compiled: CompiledFlow, sights: list[Sight], facts: Facts) -> str:
    """Say why a mirrored unit that differs is not ours to write: another company leads the shared record."""
    owner = compiled.owner(sights[0].row.row.name)
    left, right = compiled.flow.left.name, compiled.flow.right.name
    if owner not in (left, right) or all(equal(sight) for sight in sights):
        return ""
    target = right if owner == left else left
    pair = facts.led.get(target)
    return f"the pair {pair} leads this {compiled.entity(target).name}" if pair else ""


def _foreign(
    compiled: CompiledFlow, unit: str, sights: list[Sight], why: str, facts: Facts
) -> list[FieldPlan]:
    """Plan amounts beside another currency: a mirror takes its own figure back, any other is left as it is."""
    there = next(currency_side(compiled, sight.row) for sight in sights if sight.row.row.in_currency)
    source = compiled.flow.other(there).name
    mirror = compiled.owner(sights[0].row.row.name) == source
    if not mirror or not all(
        sight.row.row.may_clear and mirrored(sight, compiled, there) for sight in sights
    ):
        return [_plain(sight, Verdict.READ_ONLY, unit, why) for sight in sights]
    nothing = emptied(sights, compiled, source)
    plans = _field_plans(compiled, unit, nothing, rule(compiled, unit, nothing, facts), facts)
    return told(plans, sights, why)


def _plain(sight: Sight, verdict: Verdict, unit: str, why: str) -> FieldPlan:
    return FieldPlan(sight.row.row.name, verdict, sight.left.raw, sight.right.raw, rule=why, unit=unit)


def _create_only(sight: Sight, unit: str) -> FieldPlan:
    verdict = Verdict.AGREE if equal(sight) else Verdict.CREATE_ONLY
    return _plain(sight, verdict, unit, "written on create only")


def _field_plans(
    compiled: CompiledFlow, unit: str, sights: list[Sight], ruling: Ruling, facts: Facts
) -> list[FieldPlan]:
    if ruling.verdict is not Verdict.WRITE:
        return [_ruled(sight, unit, ruling) for sight in sights]
    target = compiled.flow.other(ruling.winner)
    if not target.update:
        why = f"this flow changes nothing on {target.name}"
        return [
            _plain(sight, Verdict.AGREE if equal(sight) else Verdict.READ_ONLY, unit, why) for sight in sights
        ]
    plans: list[FieldPlan] = []
    for sight in sights:
        plans.extend(_won(compiled, sight, unit, ruling, facts))
    for failed in plans:
        if failed.verdict is Verdict.PARKED or failed.verdict is Verdict.CONFLICT:
            break
    else:
        return plans
    return [
        _ruled(sight, unit, replace(ruling, verdict=failed.verdict, code=failed.code, message=failed.message))
        for sight in sights
    ]


def _ruled(sight: Sight, unit: str, ruling: Ruling) -> FieldPlan:
    return FieldPlan(
        sight.row.row.name,
        ruling.verdict,
        sight.left.raw,
        sight.right.raw,
        winner=ruling.winner,
        rule=ruling.why,
        owner=ruling.owner,
        unit=unit,
        code=ruling.code,
        message=ruling.message,
        waits_for=ruling.waits_for,
        agrees=True if ruling.settles else None,
    )


def _won(compiled: CompiledFlow, sight: Sight, unit: str, ruling: Ruling, facts: Facts) -> list[FieldPlan]:
    """Plan the write of a row whose unit was won; a row of the unit that agrees already needs none."""
    if equal(sight):
        return [_plain(sight, Verdict.AGREE, unit, "equal after fitting")]
    names = (compiled.flow.left.name, compiled.flow.right.name)
    target = names[1] if ruling.winner == names[0] else names[0]
    winner, loser = (sight.left, sight.right) if ruling.winner == names[0] else (sight.right, sight.left)
    if not sight.row.writable(target, "update"):
        return [_plain(sight, Verdict.READ_ONLY, unit, f"{target} does not let it be written")]
    if sight.pair is not None and loser.bad is None and loser.cut:
        return _patched(compiled, sight, unit, ruling, target, winner, loser, facts)
    value = _with_breaks(sight, target, winner, loser)
    return [_write(compiled, sight, unit, ruling, target, value, winner.cut, facts)]


def _with_breaks(sight: Sight, target: str, winner: Seen, loser: Seen) -> Value:
    """Give the winner's value with the line breaks that the other side has and the edit did not touch."""
    old, before, new = loser.canonical, loser.fitted, winner.fitted
    if (
        sight.pair is None
        or not isinstance(old, str)
        or not isinstance(before, str)
        or not isinstance(new, str)
    ):
        return new
    whole = keep_breaks(old, before, new)
    room = sight.row.described[target][0].length
    return whole if whole is not None and (room is None or len(whole) <= room) else new


def _write(
    compiled: CompiledFlow,
    sight: Sight,
    unit: str,
    ruling: Ruling,
    target: str,
    value: Value,
    cut: bool,
    facts: Facts,
    *,
    overruled: bool | None = None,
) -> FieldPlan:
    try:
        new = write_half(compiled, sight.row, target, value, facts)
    except Unfit as unfit:
        return _ruled(
            sight, unit, replace(ruling, verdict=Verdict.PARKED, code=unfit.code, message=str(unfit))
        )
    held = sight.left.raw if target == compiled.flow.left.name else sight.right.raw
    lost = target in ruling.moved and not _was_empty(sight, target, compiled)
    return FieldPlan(
        sight.row.row.name,
        Verdict.WRITE if new != held else Verdict.AGREE,
        sight.left.raw,
        sight.right.raw,
        winner=ruling.winner,
        target=target,
        new=new,
        rule=ruling.why,
        owner=ruling.owner,
        unit=unit,
        overruled=lost if overruled is None else overruled,
        cut=cut,
    )


def _was_empty(sight: Sight, target: str, compiled: CompiledFlow) -> bool:
    """A pair that is unknown on a side that holds nothing loses nothing."""
    seen = sight.left if target == compiled.flow.left.name else sight.right
    return sight.pair is None and seen.empty


def _patched(
    compiled: CompiledFlow,
    sight: Sight,
    unit: str,
    ruling: Ruling,
    target: str,
    winner: Seen,
    loser: Seen,
    facts: Facts,
) -> list[FieldPlan]:
    """An edit on the narrow side patches the prefix of the value that had been cut, or is a conflict (never the tail)."""
    whole = patch_tail(str(loser.canonical), str(loser.fitted), str(winner.fitted)) if winner.fitted else None
    if whole is None:
        message = f"{sight.row.row.name} had been cut to fit; the edit on {ruling.winner} cannot be joined to its tail."
        return [
            _ruled(
                sight, unit, replace(ruling, verdict=Verdict.CONFLICT, code="cut-conflict", message=message)
            )
        ]
    why = replace(ruling, why=f"{ruling.why}; the kept prefix is patched, the tail stays")
    plan = _write(compiled, sight, unit, why, target, whole, False, facts)
    fitted = fit(whole, sight.row.limits).value
    if fitted == winner.fitted:
        return [plan]
    back = _write(compiled, sight, unit, why, ruling.winner, fitted, True, facts, overruled=False)
    return [plan, back]


def _given_value(
    compiled: CompiledFlow, sight: Sight, unit: str, value: Value, actor: str, facts: Facts
) -> list[FieldPlan]:
    """Write a value that a person gave to both sides."""
    left, right = compiled.flow.left.name, compiled.flow.right.name
    ruling = Ruling(Verdict.WRITE, why=f"decided by {actor}", moved=frozenset((left, right)))
    try:
        fitted = fit(value, sight.row.limits)
    except Unfit as unfit:
        return [
            _ruled(sight, unit, replace(ruling, verdict=Verdict.PARKED, code=unfit.code, message=str(unfit)))
        ]
    return [
        _write(compiled, sight, unit, ruling, side, fitted.value, fitted.cut, facts) for side in (left, right)
    ]


def writes_of(
    compiled: CompiledFlow, fields: Sequence[FieldPlan], left: Record, right: Record
) -> tuple[PlannedWrite, ...]:
    """Give the writes that planned fields come to: per side, the wire values that differ from what is there."""
    writes: list[PlannedWrite] = []
    for side, record in ((compiled.flow.left.name, left), (compiled.flow.right.name, right)):
        mine = [plan for plan in fields if plan.target == side and plan.verdict is Verdict.WRITE]
        if not mine:
            continue
        values = wire_values(compiled, mine)
        changed = {
            wire: value
            for wire, value in values.items()
            if wire not in record.values or record.values[wire] != value
        }
        if changed:
            writes.append(PlannedWrite(side, Op.UPDATE, record.key, changed))
    return tuple(writes)


def wire_values(compiled: CompiledFlow, fields: list[FieldPlan]) -> dict[str, Value]:
    """Lay the new raw halves of planned fields out by wire field."""
    values: dict[str, Value] = {}
    rows = compiled.by_name
    for plan in fields:
        wires, new = rows[plan.name].row.wires[plan.target], plan.new
        if len(wires) == len(new) == 1:
            values[wires[0]] = new[0]
        else:
            values.update(zip(wires, new, strict=True))
    return values


def raw_half(values: dict[str, Value], row: CompiledRow, side: str) -> Half | None:
    """Return a row's raw half from values by wire field."""
    return row.half(side, values)
