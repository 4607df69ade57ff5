"""Trying a person's decision on a parked field: what the planner would make of it on the records as they are now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gp365.model.errors import Misconfigured
from gp365.model.plan import FieldPlan, Half, Resolution, Verdict
from gp365.model.record import Record
from gp365.model.values import Value, key_of, unpack_deep
from gp365.store.links import Link
from gp365.store.parked import Parked
from gp365.sync.facts import gather_facts
from gp365.sync.job import Job
from gp365.sync.plan import CompiledRow
from gp365.sync.plan.update import plan_update
from gp365.sync.subject import Subject


@dataclass(frozen=True, slots=True)
class Trial:
    """A decision on a parked field: `take` is a side, or "" where a canonical `value` was given."""

    take: str = ""
    value: Value = None


def rows_of(job: Job, entry: Parked) -> list[CompiledRow]:
    """Give the rows that an entry parks: one, or those of a group; Misconfigured("resolution-stale") if they are gone."""
    shown: Mapping[str, Any] = unpack_deep(entry.shown)
    names: Sequence[str] = shown.get("fields") or [entry.field]
    if any(name not in job.compiled.by_name for name in names):
        raise stale(entry, f"The flow has no field {entry.field} any more.")
    return [job.compiled.row(name) for name in names]


def is_group(entry: Parked) -> bool:
    """Tell whether an entry parks a group, which decides as one value."""
    return unpack_deep(entry.shown).get("fields", [entry.field]) != [entry.field]


def stale(entry: Parked, why: str) -> Misconfigured:
    """Say that a decision comes too late for its entry."""
    return Misconfigured("resolution-stale", why, record=str(entry.id), field=entry.field)


def refused(entry: Parked, why: str, fix: str = "", *, value: str = "") -> Misconfigured:
    """Say that a decision cannot be taken for its entry."""
    return Misconfigured(
        "resolution-invalid", why, record=str(entry.id), field=entry.field, value=value, fix=fix
    )


def try_decision(
    job: Job, entry: Parked, link: Link | None, records: Mapping[str, Record], trial: Trial
) -> list[FieldPlan]:
    """Plan the parked unit with a decision on it, on both records as they were read; nothing is written.

    Misconfigured: resolution-stale where the records hold other values than the entry shows, resolution-invalid or the
    code of the value where the decision cannot be carried out.
    """
    rows = rows_of(job, entry)
    left, right = _records(job, entry, records)
    shown = unpack_deep(entry.shown)
    halves = (_held(rows, job.left.side, left), _held(rows, job.right.side, right))
    if [list(half) for half in halves] != [list(shown.get(end) or ()) for end in ("left", "right")]:
        raise stale(entry, "The records hold other values by now than this entry shows; run `gp365 sync`.")
    subject = Subject(entry.subject, link=link)
    subject.keys = {place.side: record.key for place, record in zip(job.places, (left, right), strict=True)}
    subject.records = {job.left.side: left, job.right.side: right}
    answer = Resolution(trial.take, trial.value, *halves, actor="")
    facts = gather_facts(job, [subject])[subject.id]
    planned = plan_update(
        job.compiled, subject.id, left, right, replace(facts, resolutions={entry.field: answer})
    )
    return _sound(entry, [one for one in planned.fields if (one.unit or one.name) == entry.field])


def _records(job: Job, entry: Parked, records: Mapping[str, Record]) -> tuple[Record, Record]:
    found = [records.get(place.side) for place in job.places]
    for place, text, record in zip(job.places, (entry.left_key, entry.right_key), found, strict=True):
        if record is None:
            named = ";".join(key_of(text)) if text else "its partner"
            raise stale(entry, f"{named} is not to be found on {place.side} any more.")
    left, right = found
    assert left is not None
    assert right is not None
    return left, right


def _held(rows: Sequence[CompiledRow], side: str, record: Record) -> Half:
    return tuple(value for row in rows for value in (row.half(side, record.values) or ()))


def _sound(entry: Parked, fields: list[FieldPlan]) -> list[FieldPlan]:
    """Refuse what the planner would not write."""
    for one in fields:
        if one.verdict is Verdict.CONFLICT:
            fix = "Take the side that holds the whole value, or give a value that fits both sides."
            raise refused(entry, one.message, fix)
        if one.verdict in (Verdict.PARKED, Verdict.WAITING):
            raise Misconfigured(
                "resolution-invalid" if one.code == "waiting" else one.code,
                one.message,
                record=str(entry.id),
                field=one.name,
            )
        if one.verdict in (Verdict.HELD, Verdict.READ_ONLY):
            raise refused(entry, f"Nothing would be written: {one.rule}.", "Take the other side.")
    return fields
