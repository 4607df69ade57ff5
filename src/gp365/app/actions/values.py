"""Values as JSON and people see them: money and dates as text, several parts as a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, cast

from gp365.app.actions.outputs import Shown
from gp365.model.record import Record
from gp365.model.values import Value, deep, show
from gp365.sync.job import Job


def shown(value: Value) -> Shown:
    """Return a value as JSON holds it: text, whole number, yes or no, null; money and times as text."""
    return show(value) if isinstance(value, Decimal | date) else value


def shown_half(half: Sequence[Value] | None) -> Shown:
    """Return a field's value on a side: null when absent or empty, a list when the field has several columns."""
    if half is None:
        return None
    return shown(half[0]) if len(half) == 1 else [shown(part) for part in half]


def shown_deep(loaded: Any) -> Shown:
    """Return unpacked evidence, whose values may still be tagged, as JSON holds it."""
    return _plainly(deep(loaded))


def _plainly(value: Any) -> Shown:
    if isinstance(value, dict):
        return {name: _plainly(part) for name, part in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_plainly(part) for part in cast("list[Any]", value)]
    return shown(value)


def halves(job: Job, left: Sequence[Value] | None, right: Sequence[Value] | None) -> dict[str, Shown]:
    """Return both halves of a field by the names of their sides."""
    return {job.left.side: shown_half(left), job.right.side: shown_half(right)}


def name_of(job: Job, records: Mapping[str, Record | None]) -> str:
    """Give the name of a record for people: the flow's field `name`, on the first side that has it."""
    row = job.flow.by_name.get("name")
    for place in job.places:
        record = records.get(place.side)
        wires = row.wires.get(place.side, ()) if row else ()
        text = " ".join(show(record.values.get(wire)) for wire in wires) if record else ""
        if text.strip():
            return text.strip()
    return ""
