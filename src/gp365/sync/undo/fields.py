"""What goes back, field by field: a value goes back only while the target still holds what our write left there.

Pure. A group goes back whole or not at all; what a person or a later run has changed since stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gp365.model.plan import FieldPlan, Half, Verdict
from gp365.model.record import Record
from gp365.model.values import Value, show, unpack
from gp365.store import intents
from gp365.store.intents import Intent
from gp365.sync.envelope import unseal
from gp365.sync.plan import Facts
from gp365.sync.plan.rows import CompiledFlow, CompiledRow, see_raw

CHANGED, NOT_UNDOABLE = "changed-since", "not-undoable"
ALREADY = "already back"


@dataclass(frozen=True, slots=True)
class Written:
    """One write as it was recorded: what was sent, and what stood there before, by wire field."""

    intent: Intent
    values: Mapping[str, Value]
    before: Mapping[str, Value]

    def touches(self, row: CompiledRow, side: str) -> bool:
        """Tell whether the write changed a row."""
        return any(wire in self.values for wire in row.row.wires.get(side, ()))

    def left_there(self, row: CompiledRow, side: str) -> Half | None:
        """Return what the write left in a row; None where that was not recorded."""
        return row.half(side, {**self.before, **self.values})


def written_of(intent: Intent) -> Written:
    """Read what an intent recorded."""
    return Written(intent, unseal(intent.values).values, unpack(intent.before))


@dataclass(frozen=True, slots=True)
class Target:
    """A record whose fields go back: its side, both records as they stand, what to take back (newest first).

    `later` are writes of ours to the record that are not taken back.
    """

    side: str
    record: Record
    left: Record | None
    right: Record | None
    writes: tuple[Written, ...]
    later: tuple[Written, ...] = ()


def undo_fields(compiled: CompiledFlow, target: Target) -> list[FieldPlan]:
    """Plan every field that the writes changed: WRITE goes back, AGREE is back already, PARKED is refused and why."""
    plans: list[FieldPlan] = []
    for rows in compiled.units.values():
        mine = [row for row in rows if target.side in row.row.wires and not _shows(compiled, row)]
        if any(write.touches(row, target.side) for write in target.writes for row in mine):
            plans.extend(_unit(compiled, target, mine))
    known = {wire for row in compiled.rows for wire in row.row.wires.get(target.side, ())}
    lost = {wire for write in target.writes for wire in write.values if wire not in known}
    why = "The flow does not have this field any more."
    plans += [
        _refusal(FieldPlan(wire, Verdict.PARKED, None, None), NOT_UNDOABLE, why) for wire in sorted(lost)
    ]
    return plans


def _shows(compiled: CompiledFlow, row: CompiledRow) -> bool:
    """Tell whether a row of orders only shows what another one writes."""
    return compiled.flow.order is not None and row.row.read_only


def _unit(compiled: CompiledFlow, target: Target, rows: Sequence[CompiledRow]) -> list[FieldPlan]:
    """Plan a field or group: if one of it is refused, all of it is."""
    plans = [plan for row in rows if (plan := _row(compiled, target, row)) is not None]
    refused = next((plan for plan in plans if plan.verdict is Verdict.PARKED), None)
    moving = any(plan.verdict is Verdict.WRITE for plan in plans)
    if refused is None or not moving:
        return [plan for plan in plans if plan.rule or plan.code]
    return [_refusal(plan, refused.code, refused.message) for plan in plans if plan.rule or plan.code]


def _row(compiled: CompiledFlow, target: Target, row: CompiledRow) -> FieldPlan | None:
    """Plan one row; one of a group that was not written is looked at only: a plan without a reason."""
    now = row.half(target.side, target.record.values)
    plan = FieldPlan(
        row.row.name,
        Verdict.AGREE,
        _half(row, compiled.flow.left.name, target.left),
        _half(row, compiled.flow.right.name, target.right),
        target=target.side,
        unit=row.row.group or row.row.name,
        owner=compiled.owner(row.row.name) if row.row.compared else "",
    )
    chain = [write for write in target.writes if write.touches(row, target.side)]
    chain = _landed(compiled, row, target.side, now, chain)
    if not chain:
        return _beside(compiled, target, row, now, plan) if row.row.group else None
    left = chain[0].left_there(row, target.side)
    goal = _goal(compiled, row, target.side, chain)
    if now is None or left is None or goal is None:
        return _refusal(plan, NOT_UNDOABLE, "What it held before cannot be read.")
    if same(compiled, row, target.side, left, goal):
        return None
    if same(compiled, row, target.side, now, goal):
        return replace(plan, rule=ALREADY, new=now, agrees=False)
    if not same(compiled, row, target.side, now, left):
        return _refusal(plan, CHANGED, _changed(target, row, now, left, chain[0]))
    if why := _fixed(compiled, row, target.side):
        return _refusal(plan, NOT_UNDOABLE, why)
    runs = ", ".join(dict.fromkeys(write.intent.run for write in chain))
    return replace(plan, verdict=Verdict.WRITE, new=goal, rule=f"undo of run {runs}")


def _half(row: CompiledRow, side: str, record: Record | None) -> Half | None:
    return row.half(side, record.values) if record is not None and side in row.row.wires else None


def _landed(
    compiled: CompiledFlow, row: CompiledRow, side: str, now: Half | None, chain: list[Written]
) -> list[Written]:
    """Leave out the newest write while its answer is lost and its value is not to be seen."""
    if chain and chain[0].intent.state == intents.OPEN:
        left = chain[0].left_there(row, side)
        if now is None or left is None or not same(compiled, row, side, now, left):
            return chain[1:]
    return chain


def _goal(compiled: CompiledFlow, row: CompiledRow, side: str, chain: Sequence[Written]) -> Half | None:
    """Go back through the writes as long as each stands on what the one before it had left."""
    held = chain[0].left_there(row, side)
    for write in chain:
        left = write.left_there(row, side)
        if held is None or left is None or not same(compiled, row, side, held, left):
            return held
        held = row.half(side, write.before)
    return held


def _beside(
    compiled: CompiledFlow, target: Target, row: CompiledRow, now: Half | None, plan: FieldPlan
) -> FieldPlan | None:
    """Refuse a group of which a person has changed another part since."""
    first = target.writes[0]
    then = row.half(target.side, first.before)
    if now is None or then is None or same(compiled, row, target.side, now, then):
        return None
    return replace(_refusal(plan, CHANGED, _changed(target, row, now, then, first)), rule="")


def same(compiled: CompiledFlow, row: CompiledRow, side: str, one: Half, other: Half) -> bool:
    """Tell whether two raw halves are one value on a side: equal, or alike after fitting with nothing cut off."""
    if one == other:
        return True
    if row.row.ref:
        return False
    a, b = (see_raw(compiled, row, side, half, Facts()) for half in (one, other))
    if a.bad is not None or b.bad is not None:
        return False
    return a.canonical == b.canonical or (a.fitted == b.fitted and not a.cut and not b.cut)


def _changed(target: Target, row: CompiledRow, now: Half, left: Half, write: Written) -> str:
    """Say what stands there instead, and as far as it is known who put it there."""
    held, was = (", ".join(show(part) for part in half) for half in (now, left))
    message = f"It was changed since: it holds {held!r}, and the write had left {was!r}"
    newer = [one for one in target.later if one.intent.made_at >= write.intent.made_at]
    run = next((one.intent.run for one in newer if one.touches(row, target.side)), "")
    if run:
        return f"{message}; run {run} wrote it."
    if target.record.changed_by:
        at = f" at {target.record.stamp:%Y-%m-%d %H:%M:%S} UTC" if target.record.stamp else ""
        return f"{message}; {target.record.changed_by} changed the record last{at}."
    return f"{message}."


def _fixed(compiled: CompiledFlow, row: CompiledRow, side: str) -> str:
    """Say why a field that stands as we left it cannot be written back."""
    if row.row.ref and compiled.owner(row.row.name) in row.row.wires:
        return "A reference follows who is linked with whom; the next sync would write it again."
    return "" if row.writable(side, "update") else f"{side} does not let it be written."


def _refusal(plan: FieldPlan, code: str, message: str) -> FieldPlan:
    return replace(
        plan, verdict=Verdict.PARKED, code=code, message=message, rule=f"refused: {message}", new=()
    )
