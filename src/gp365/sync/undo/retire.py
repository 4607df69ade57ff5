"""Taking a created record back: it is taken out of use by its entity's own words, and its link is closed.

Nothing is deleted. What people have written into the record since it was created stays, and is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gp365.model.plan import FieldPlan, Half, Verdict
from gp365.model.record import Record
from gp365.model.values import Value, show
from gp365.sync.job import Job
from gp365.sync.plan.rows import CompiledRow
from gp365.sync.undo.fields import ALREADY, CHANGED, Written, same

OUT_OF_USE = "created by the run: out of use, its link is closed"


def retire_fields(job: Job, side: str, record: Record) -> tuple[list[FieldPlan], str]:
    """Plan the fields that take a record out of use; a reason instead where it cannot be."""
    place = job.place(side)
    words = {wire: value for wire, value in place.entity.retired.items() if wire in place.entity.fields}
    if not words or not job.flow.side(side).update:
        return [], f"There is no field of {place.entity.name} by which it could be taken out of use."
    plans: list[FieldPlan] = []
    for wire, value in words.items():
        if wire not in record.values or not place.entity.fields[wire].can("update"):
            return [], f"{wire} of {place.entity.name} cannot be written by us."
        there = record.values[wire] == value
        half: Half = (record.values[wire],)
        plans.append(
            FieldPlan(
                _name(job, side, wire),
                Verdict.AGREE if there else Verdict.WRITE,
                half if place.end == "left" else None,
                half if place.end == "right" else None,
                target=side,
                new=(value,),
                rule=ALREADY if there else OUT_OF_USE,
                agrees=False,
            )
        )
    return plans, ""


def retired_values(job: Job, side: str, plans: Sequence[FieldPlan]) -> dict[str, Value]:
    """Lay out the wire values of planned fields that take a record out of use, or into it again."""
    new = {plan.name: plan.new[0] for plan in plans if plan.verdict is Verdict.WRITE and plan.target == side}
    names = {wire: _name(job, side, wire) for wire in job.place(side).entity.retired}
    return {wire: new[name] for wire, name in names.items() if name in new}


def restore_fields(job: Job, side: str, record: Record, writes: Sequence[Written]) -> list[FieldPlan]:
    """Plan to take a record into use again: the words by which an undo had taken it out, as they stood before."""
    on_left = job.place(side).end == "left"
    plans: dict[str, FieldPlan] = {}
    for write in [one for one in writes if is_retired(job, side, one)]:
        for wire, value in write.values.items():
            now, then = record.values.get(wire), write.before.get(wire)
            half: Half = (now,)
            back = Verdict.WRITE if now == value else Verdict.AGREE
            plan = FieldPlan(
                _name(job, side, wire),
                back,
                half if on_left else None,
                None if on_left else half,
                target=side,
                new=(then,),
                rule=f"undo of run {write.intent.run}" if back is Verdict.WRITE else ALREADY,
                agrees=False,
            )
            if now not in (value, then):
                why = f"It was changed since: it holds {show(now)!r}."
                plan = replace(plan, verdict=Verdict.PARKED, code=CHANGED, message=why, rule=why, new=())
            plans.setdefault(wire, plan)
    return list(plans.values())


def is_retired(job: Job, side: str, write: Written) -> bool:
    """Tell whether a write of an undo was one that took a record out of use."""
    words = job.place(side).entity.retired
    return bool(words and write.values) and all(
        words.get(wire) == value and wire in words for wire, value in write.values.items()
    )


def changed_since(job: Job, side: str, record: Record, created: Written) -> list[str]:
    """Say, row by row, what people have changed in a record since it was created."""
    notes: list[str] = []
    for row in job.compiled.rows:
        if side not in row.row.wires or not created.touches(row, side):
            continue
        then, now = row.half(side, created.values), row.half(side, record.values)
        if then is not None and now is not None and not same(job.compiled, row, side, then, now):
            held = ", ".join(show(part) for part in now)
            notes.append(f"{row.row.name} was changed since it was created: it holds {held!r}.")
    return notes


def _name(job: Job, side: str, wire: str) -> str:
    """Name a field as the flow does, where it has a row for it alone."""
    return next((row.row.name for row in job.compiled.rows if _alone(row, side, wire)), wire)


def _alone(row: CompiledRow, side: str, wire: str) -> bool:
    return row.row.wires.get(side) == (wire,)
