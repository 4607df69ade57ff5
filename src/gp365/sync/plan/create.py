"""Planning a create: the values of a new record on the side where it is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from types import NoneType

from gp365.model.converters import SINCE
from gp365.model.fit import Unfit
from gp365.model.plan import FieldPlan, Half, PlannedWrite, Problem, SubjectPlan, Verdict
from gp365.model.record import Op, Record
from gp365.model.values import Value, show
from gp365.sync.plan.currency import currency_side, foreign
from gp365.sync.plan.facts import Facts
from gp365.sync.plan.fields import judged
from gp365.sync.plan.required import required_by
from gp365.sync.plan.rows import CompiledFlow, CompiledRow, Sheet, see_raw, write_half
from gp365.sync.plan.update import wire_values

# So many texts of a row are remembered at most.
_REMEMBERED = 500
_UNUSABLE = frozenset({Verdict.PARKED, Verdict.WAITING})
# Of these, equal values of one type are one value to every converter.
_EXACT = frozenset({str, int, bool})
_NOTHING = (None,)
_NO_VALUE = (type(None), None)
# No two of these are equal across types. 1, True and Decimal(1) would be one key (see rows.see_raw).
_ALONE = frozenset({NoneType, str, bool, date})


def plan_create(
    compiled: CompiledFlow, subject: str, source: str, present: Record, facts: Facts
) -> SubjectPlan:
    """Plan the record that is created on the other side of `present`."""
    target = compiled.flow.other(source).name
    sheet = _sheet(compiled, target)
    taken = _computed_wires(sheet, target, facts)
    planned = _plain(compiled, sheet, source, target, present, taken, facts)
    for row in sheet.others:
        money = bool(row.row.in_currency)
        why = _foreign(compiled, sheet, row, source, present, planned, facts) if money else ""
        plan = _field(compiled, sheet, row, source, target, present, taken, facts)
        if plan is not None:
            planned[row.row.name] = _left_empty(plan, why) if why else plan
    fields = [planned[row.row.name] for row in compiled.rows if row.row.name in planned]
    left = present if source == compiled.flow.left.name else None
    right = None if left is not None else present
    if not _UNUSABLE.isdisjoint([plan.verdict for plan in fields]):
        fields = _park_groups(fields)
        problem = _stopped(compiled, target, fields)
        if problem is not None:
            return SubjectPlan(subject, left, right, judged(fields), problem=problem)
    values = wire_values(compiled, [plan for plan in fields if plan.verdict is Verdict.WRITE])
    problem = (
        _required(compiled, target, values)
        or required_by(compiled, target, values, facts)
        or _own_condition(target, facts)
        or _by_hand(compiled, target, source, present)
    )
    write = PlannedWrite(target, Op.CREATE, (), values)
    writes = () if problem else (write,)
    return SubjectPlan(subject, left, right, judged(fields), writes, problem=problem)


def _sheet(compiled: CompiledFlow, target: str) -> Sheet:
    """Return what every create on a side goes through."""
    sheet = compiled.sheets.get(target)
    if sheet is None:
        # What depends on the new record's currency is planned when that is known.
        rows = tuple(sorted(compiled.rows, key=lambda row: bool(row.row.in_currency)))
        carried = frozenset(row.row.name for row in rows if _carries(compiled, row, target))
        computed = tuple(row for row in compiled.rows if row.row.on_create)
        source = compiled.flow.other(target).name
        plain = tuple(
            (row, row.single[source])
            for row in rows
            if row.row.name in carried and source in row.single and _is_plain(row, target)
        )
        planned = {row.row.name: dict[Value, FieldPlan]() for row, _ in plain}
        others = tuple([row for row in rows if row.row.name not in planned])
        given = {row.row.name: dict[tuple[type, Value], FieldPlan]() for row in others}
        giving = {name: _giving(compiled, name, target) for row in rows if (name := row.row.in_currency)}
        sheet = Sheet(others, computed, carried, plain, planned, given, giving)
        compiled.sheets[target] = sheet
    return sheet


def _giving(compiled: CompiledFlow, name: str, target: str) -> frozenset[str]:
    """Name the rows that write a wire field of a row's."""
    wires = set(compiled.row(name).row.wires.get(target, ()))
    return frozenset(row.row.name for row in compiled.rows if wires & set(row.row.wires.get(target, ())))


def _is_plain(row: CompiledRow, target: str) -> bool:
    given = row.row.on_create or row.row.constant is not None
    return not row.row.ref and not row.row.in_currency and not (given and target in row.row.wires)


def _plain(
    compiled: CompiledFlow,
    sheet: Sheet,
    source: str,
    target: str,
    present: Record,
    taken: set[str],
    facts: Facts,
) -> dict[str, FieldPlan]:
    """Plan the rows that carry one field over; what a text, day or flag becomes is remembered, above all an empty one."""
    planned: dict[str, FieldPlan] = {}
    values = present.values
    for row, wire in sheet.plain:
        if wire not in values or not taken.isdisjoint(row.row.wires[target]):
            continue
        text, name = values[wire], row.row.name
        known = sheet.planned[name] if type(text) in _ALONE else None
        if known is None or row.row.convert == SINCE:  # a day that was found goes by the clock
            planned[name] = _carried(compiled, row, source, target, (text,), facts)
            continue
        plan = known.get(text)
        if plan is None:
            if len(known) >= _REMEMBERED:
                known.clear()
            plan = known[text] = _carried(compiled, row, source, target, (text,), facts)
        planned[name] = plan
    return planned


def _carries(compiled: CompiledFlow, row: CompiledRow, target: str) -> bool:
    return row.row.compared and row.writable(target, "create") and not _is_drawn(compiled, row, target)


def _computed_wires(sheet: Sheet, target: str, facts: Facts) -> set[str]:
    """Name the wire fields whose value is worked out for the new record: there, no other row has a say."""
    found: set[str] = set()
    for row in sheet.computed:
        result = facts.computed.get(f"on_create:{row.row.name}")
        if result is not None and (result.code or result.value is not None):
            found.update(row.row.wires.get(target, ()))
    return found


def _foreign(
    compiled: CompiledFlow,
    sheet: Sheet,
    row: CompiledRow,
    source: str,
    present: Record,
    planned: Mapping[str, FieldPlan],
    facts: Facts,
) -> str:
    """Say why an amount cannot stand on the new record, whose currency is the one that is planned for it."""
    target = compiled.flow.other(source).name
    if not row.row.in_currency or target != currency_side(compiled, row):
        return ""
    wires = compiled.row(row.row.in_currency).row.wires[target]
    giving = sheet.giving[row.row.in_currency]
    written = [plan for name, plan in planned.items() if name in giving and plan.verdict is Verdict.WRITE]
    values = dict.fromkeys(wires) | wire_values(compiled, written)
    return foreign(compiled, row, {source: present, target: Record((), values)}, facts)


def _left_empty(plan: FieldPlan, why: str) -> FieldPlan:
    if plan.verdict is not Verdict.WRITE or all(part is None for part in plan.new):
        return plan
    return replace(plan, verdict=Verdict.READ_ONLY, target="", new=(), rule=why, cut=False)


def _field(
    compiled: CompiledFlow,
    sheet: Sheet,
    row: CompiledRow,
    source: str,
    target: str,
    present: Record,
    taken: set[str],
    facts: Facts,
) -> FieldPlan | None:
    if row.row.on_create and target in row.row.wires:
        return _given(compiled, sheet, row, target, facts)
    if row.row.constant is not None and target in row.row.wires:
        value: Value = facts.company if row.row.constant == "company" else row.row.constant
        return _planned(compiled, row, source, target, None, value, False, "constant", facts)
    if row.row.name not in sheet.carried or not taken.isdisjoint(row.row.wires[target]):
        return None
    raw = row.half(source, present.values)
    if raw is None or raw != _NOTHING:
        return None if raw is None else _carried(compiled, row, source, target, raw, facts)
    plan = sheet.given[row.row.name].get(_NO_VALUE)
    if plan is None:
        plan = sheet.given[row.row.name][_NO_VALUE] = _carried(compiled, row, source, target, raw, facts)
    return plan


def _is_drawn(compiled: CompiledFlow, row: CompiledRow, target: str) -> bool:
    """Tell whether a row is the number that is drawn for the new record: what the other side has there does not count."""
    drawn = compiled.flow.side(target).number is not None
    return drawn and all(wire in compiled.entity(target).key for wire in row.row.wires[target])


def _carried(
    compiled: CompiledFlow, row: CompiledRow, source: str, target: str, raw: Half, facts: Facts
) -> FieldPlan:
    seen = see_raw(compiled, row, source, raw, facts)
    if seen.bad is not None:
        verdict = Verdict.WAITING if seen.bad.code == "waiting" else Verdict.PARKED
        return _made(
            compiled,
            row,
            source,
            raw,
            verdict,
            code=seen.bad.code,
            message=seen.bad.message,
            waits_for=seen.bad.waits_for,
        )
    if seen.fitted is None:
        nothing = (None,) * len(row.row.wires[target])
        why = "empty on both sides"
        return _made(compiled, row, source, raw, Verdict.AGREE, target=target, new=nothing, rule=why)
    return _planned(compiled, row, source, target, raw, seen.fitted, seen.cut, "create", facts)


def _given(
    compiled: CompiledFlow, sheet: Sheet, row: CompiledRow, target: str, facts: Facts
) -> FieldPlan | None:
    """Plan a computed value; what one becomes is remembered, as of a country's class: most records have the same few."""
    result = facts.computed.get(f"on_create:{row.row.name}")
    told = result is not None and not result.code and not row.row.ref
    if result is None or not told or type(result.value) not in _EXACT or row.row.convert == SINCE:
        return _computed(
            compiled, row, target, facts
        )  # a reference goes by its link, a day that was found by the clock
    known, name = sheet.given[row.row.name], (type(result.value), result.value)
    plan = known.get(name)
    if plan is None and (plan := _computed(compiled, row, target, facts)) is not None:
        if len(known) >= _REMEMBERED:
            known.clear()
        known[name] = plan
    return plan


def _computed(compiled: CompiledFlow, row: CompiledRow, target: str, facts: Facts) -> FieldPlan | None:
    """Plan a computed value. None is not sent: what the system gives by itself stays; where it is required, it parks."""
    result = facts.computed.get(f"on_create:{row.row.name}")
    source = compiled.flow.other(target).name
    if result is None or result.code:
        code = result.code if result else "flow-condition"
        message = result.message if result else f"{row.row.name} was not worked out."
        return _made(compiled, row, source, None, Verdict.PARKED, code=code, message=message)
    if result.value is None and row.row.required:
        message = f"{row.row.name} came out empty for this record, and a record without it is not created."
        return _made(compiled, row, source, None, Verdict.PARKED, code="required-missing", message=message)
    if result.value is None:
        return None
    return _planned(compiled, row, source, target, None, result.value, False, "on create", facts)


def _made(
    compiled: CompiledFlow,
    row: CompiledRow,
    source: str,
    raw: Half | None,
    verdict: Verdict,
    *,
    target: str = "",
    new: Half = (),
    rule: str = "",
    cut: bool = False,
    code: str = "",
    message: str = "",
    waits_for: tuple[str, str, str] | None = None,
) -> FieldPlan:
    on_left, name = source == compiled.flow.left.name, row.row.name
    return FieldPlan(
        name,
        verdict,
        raw if on_left else None,
        None if on_left else raw,
        winner=source,
        target=target,
        new=new,
        rule=rule,
        owner=compiled.owner(name),
        unit=row.row.group or name,
        cut=cut,
        code=code,
        message=message,
        waits_for=waits_for,
    )


def _planned(
    compiled: CompiledFlow,
    row: CompiledRow,
    source: str,
    target: str,
    raw: Half | None,
    value: Value,
    cut: bool,
    why: str,
    facts: Facts,
) -> FieldPlan:
    try:
        half = write_half(compiled, row, target, value, facts)
    except Unfit as unfit:
        return _made(
            compiled, row, source, raw, Verdict.PARKED, rule=why, code=unfit.code, message=str(unfit)
        )
    return _made(compiled, row, source, raw, Verdict.WRITE, target=target, new=half, rule=why, cut=cut)


def _park_groups(fields: list[FieldPlan]) -> list[FieldPlan]:
    """A group with one unusable value is left out whole."""
    bad = {plan.unit: plan for plan in fields if plan.verdict in (Verdict.PARKED, Verdict.WAITING)}
    if not bad:
        return fields
    return [
        replace(
            plan, verdict=bad[plan.unit].verdict, code=bad[plan.unit].code, message=bad[plan.unit].message
        )
        if plan.unit in bad
        else plan
        for plan in fields
    ]


def _stopped(compiled: CompiledFlow, target: str, fields: list[FieldPlan]) -> Problem | None:
    """Stop the create when a value that it cannot be without is unusable."""
    for plan in fields:
        if plan.verdict in (Verdict.PARKED, Verdict.WAITING) and _needed(compiled, target, plan):
            held = plan.left or plan.right or ()
            value = ", ".join(show(part) for part in held)
            return Problem(
                plan.code,
                plan.message,
                plan.name,
                value,
                plan.winner,
                verdict=plan.verdict,
                waits_for=plan.waits_for,
            )
    return None


def _needed(compiled: CompiledFlow, target: str, plan: FieldPlan) -> bool:
    row = compiled.row(plan.name)
    return (
        row.row.required
        or bool(row.row.on_create)
        or any(entry.required for entry in row.described.get(target, ()))
        or _named(compiled, plan)
    )


def _named(compiled: CompiledFlow, plan: FieldPlan) -> bool:
    """A field that matching relies on may not be missing from a record that we create."""
    return any(plan.name in rule for rule in compiled.flow.same)


def _required(compiled: CompiledFlow, target: str, values: dict[str, Value]) -> Problem | None:
    entity = compiled.entity(target)
    for name, described in entity.fields.items():
        if (
            described.required
            and described.can("create")
            and name not in entity.key
            and values.get(name) is None
        ):
            message = f"{entity.name} on {target} requires {name}, and the flow gives it no value."
            return Problem("required-missing", message, field=name, side=target)
    return None


def _by_hand(compiled: CompiledFlow, target: str, source: str, present: Record) -> Problem | None:
    """Make a task of a record that the target's system takes from people alone; its value is what it is known by."""
    words = compiled.flow.side(target).by_hand
    if not words:
        return None
    known = compiled.flow.same[0] if compiled.flow.same else ()
    halves = [compiled.row(name).half(source, present.values) or () for name in known]
    value = ", ".join(show(part) for half in halves for part in half)
    return Problem("task", words, value=value, side=target)


def _own_condition(target: str, facts: Facts) -> Problem | None:
    """A created record must satisfy its own side's condition, or its later edits would never come back."""
    condition = facts.computed.get(f"created:{target}")
    if condition is None or condition.value is True:
        return None
    if condition.code:
        return Problem(condition.code, condition.message, field="when", side=target)
    message = f"The record would be created outside the condition of {target}."
    return Problem("outside-condition", message, field="when", side=target)
