"""Gathering the facts that the planner is told: pairs, computed values, references, resolutions, given-up writes.

For a page at once: one query per kind, one call of the expression engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection

from gp365.model.expressions import ExpressionError, named_in
from gp365.model.plan import Resolution
from gp365.model.record import Record
from gp365.model.values import Value, key_text, unpack_deep
from gp365.store import intents, parked, runs
from gp365.store.intents import Intent
from gp365.store.parked import Parked
from gp365.sync.agreed import known_pairs
from gp365.sync.envelope import unseal
from gp365.sync.job import Job, Place
from gp365.sync.leading import leaders
from gp365.sync.norms import reading
from gp365.sync.orders import refused_order
from gp365.sync.plan.events import SCOPE
from gp365.sync.plan.facts import Computed, Facts, RefState
from gp365.sync.plan.restored import AFTER_RESTORE
from gp365.sync.plan.rows import CompiledRow
from gp365.sync.recovery import held_before
from gp365.sync.references import gather_references
from gp365.sync.settle import cannot_land_late
from gp365.sync.sightings import windows_of
from gp365.sync.subject import Subject

SHARED = "shared"
"""The name by which expressions ask whether the record's partner is another link's end already."""


def gather_facts(job: Job, subjects: Sequence[Subject]) -> dict[str, Facts]:
    """Gather the planner's inputs for a page of subjects, by subject."""
    with job.store.read() as conn:
        pairs = {subject.id: _pairs(job, conn, subject) for subject in subjects}
        windows = windows_of(job, conn, subjects, pairs)
        refs, ref_keys = gather_references(job, conn, subjects)
        given_up = _given_up(job, conn, subjects)
        held = parked.open_for(conn, job.pair, job.flow.name, [subject.id for subject in subjects])
        restored = held_before(job, conn, subjects, pairs)
        led = leaders(job, conn, subjects)
    computed = _computed(job, subjects, refs)
    return {
        subject.id: Facts(
            pairs=pairs[subject.id],
            computed=computed.get(subject.id, {}),
            refs=refs,
            ref_keys=ref_keys,
            resolutions=_resolutions(held.get(subject.id, [])),
            superseded=given_up.get(subject.id, {}),
            windows=windows.get(subject.id, {}),
            company=job.company,
            led=led.get(subject.id, {}),
            restored=restored.get(subject.id, {}),
            doubted=_doubted(held.get(subject.id, [])),
            refused=refused_order(job, subject) if job.flow.order else "",
            rehearsed=job.foreseen is not None,
        )
        for subject in subjects
    }


def _pairs(job: Job, conn: Connection, subject: Subject) -> Mapping[str, Any]:
    link = subject.link
    if link is None or not link.agreed or subject.recreate:
        return {}
    return known_pairs(job.compiled, link.agreed, link.agreed_digest, partial(_prints, conn))


def _prints(conn: Connection, digest: str) -> Mapping[str, str]:
    version = runs.flow_version_get(conn, digest)
    return version.rows if version else {}


def _resolutions(entries: Sequence[Parked]) -> dict[str, Resolution]:
    return {entry.field: resolution_of(entry) for entry in entries if entry.field and _answers(entry)}


def _answers(entry: Parked) -> bool:
    """Tell whether a decision answers: an approval or a retry of a field does not. To ignore an event is an answer."""
    answer = unpack_deep(entry.resolution or b"{}")
    return "take" in answer or "value" in answer or (entry.field == SCOPE and "ignore" in answer)


def _doubted(entries: Sequence[Parked]) -> dict[str, Resolution]:
    """Give what was asked after a restore and is not decided."""
    return {
        entry.field: resolution_of(entry)
        for entry in entries
        if entry.code == AFTER_RESTORE and entry.field and not _answers(entry)
    }


def resolution_of(entry: Parked) -> Resolution:
    """Read a person's answer from a parked entry, with the two raw halves that were shown."""
    answer, shown = unpack_deep(entry.resolution or b"{}"), unpack_deep(entry.shown or b"{}")
    return Resolution(
        take=str(answer.get("take") or ""),
        value=answer.get("value"),
        left=tuple(shown.get("left") or ()),
        right=tuple(shown.get("right") or ()),
        actor=entry.resolved_by,
    )


def _given_up(
    job: Job, conn: Connection, subjects: Sequence[Subject]
) -> dict[str, dict[str, dict[str, list[Value]]]]:
    """Give the values of writes that we had given up on these records, by subject, side and wire field."""
    given_up: dict[str, dict[str, dict[str, list[Value]]]] = {}
    for place in job.places:
        owners = {
            key_text(subject.keys[place.side]): subject for subject in subjects if place.side in subject.keys
        }
        for intent in _may_land(conn, place, list(owners)):
            by_wire = given_up.setdefault(owners[intent.key].id, {}).setdefault(place.side, {})
            for wire, value in unseal(intent.values).values.items():
                by_wire.setdefault(wire, []).append(value)
    return given_up


def _may_land(conn: Connection, place: Place, keys: Sequence[str]) -> list[Intent]:
    """Find the writes that were given up and may still land: a guarded one cannot after a later write of ours."""
    given_up = intents.superseded_for(conn, place.system, place.entity.name, keys)
    if not given_up:
        return []
    last = intents.last_write(conn, place.system, place.entity.name, {one.key for one in given_up})
    return [
        one
        for one in given_up
        if not cannot_land_late(one, place.entity)
        or one.key not in last
        or last[one.key].made_at < one.made_at
    ]


def _computed(
    job: Job, subjects: Sequence[Subject], refs: Mapping[tuple[str, str, str], RefState]
) -> dict[str, dict[str, Computed]]:
    """Work out conditions, routes and on-create values of the records without a partner, in one call; of linked ones
    the conditions alone, which tell whether a record has left the flow's scope.
    """
    results: dict[str, dict[str, Computed]] = {}
    for place in job.places:
        here = [subject for subject in subjects if place.side in subject.records]
        linked = [subject for subject in here if len(subject.records) == 2 and subject.link is not None]
        if wanted := _wanted(job, place, alone=False):
            _evaluate(job, wanted, linked, _contexts(job, place, linked, refs), results)
        alone = [subject for subject in here if len(subject.records) == 1 and _created(subject)]
        contexts = _contexts(job, place, alone, refs)
        _evaluate(job, _wanted(job, place, alone=True), alone, contexts, results)
        _check_created(job, job.across(place.side), alone, contexts, results)
    return results


def _created(subject: Subject) -> bool:
    return subject.link is None or bool(subject.recreate)


def _wanted(job: Job, place: Place, *, alone: bool) -> dict[str, str]:
    """Choose the expressions over a place's records: the on-create values are those of the other side's rows."""
    wanted: dict[str, str] = {}
    across = job.across(place.side).side
    for name, text in job.flow.expressions().items():
        kind, _, what = name.partition(":")
        if kind == "on_create":
            chosen = alone and across in job.flow.by_name[what].wires
        else:
            chosen = what == place.side and (alone or kind == "when")
        if chosen:
            wanted[name] = text
    return wanted


def _contexts(
    job: Job, place: Place, subjects: Sequence[Subject], refs: Mapping[tuple[str, str, str], RefState]
) -> list[dict[str, Value]]:
    """Give what expressions see of each subject's record on a place."""
    records = [subject.records[place.side] for subject in subjects]
    here = [row.name for row in job.flow.rows if place.side in row.wires]
    names = named_in(job.flow.expressions().values(), here)
    readers = [(name, reading(job, place, name)) for name in names]
    refs_here = [row for row in job.compiled.rows if row.row.ref and place.side in row.row.wires]
    return [
        {name: read(record.values) for name, read in readers}
        | {SHARED: _shared(refs_here, place, record, refs)}
        for record in records
    ]


def _evaluate(
    job: Job,
    wanted: Mapping[str, str],
    subjects: Sequence[Subject],
    contexts: Sequence[Mapping[str, Value]],
    results: dict[str, dict[str, Computed]],
) -> None:
    if not subjects or not wanted:
        return
    known: dict[int, dict[str, Computed]] = {}
    answers = job.expressions.evaluate(wanted, contexts)
    for subject, values in zip(subjects, answers, strict=True):
        # Records that look alike to the expressions have one answer.
        told = known.get(id(values))
        if told is None:
            told = known[id(values)] = {name: _result(value) for name, value in values.items()}
        results.setdefault(subject.id, {}).update(told)


def _shared(
    rows: Sequence[CompiledRow], place: Place, record: Record, refs: Mapping[tuple[str, str, str], RefState]
) -> bool:
    """Tell whether the record refers to one that stands on another link's end: a second card of one account."""
    for row in rows:
        half = row.half(place.side, record.values)
        state = refs.get((row.row.ref, place.side, str(half[0]))) if half and half[0] is not None else None
        if state is not None and state.shared:
            return True
    return False


def _check_created(
    job: Job,
    across: Place,
    subjects: Sequence[Subject],
    contexts: Sequence[Mapping[str, Value]],
    results: dict[str, dict[str, Computed]],
) -> None:
    """Work out the target's own condition on the record as it would be created."""
    when = job.flow.side(across.side).when
    if not when or not subjects:
        return
    # What the new record's side alone has, and we do not write, is empty there.
    empty: dict[str, Value] = {row.name: None for row in job.flow.rows if across.side in row.wires}
    rows: list[Mapping[str, Value]] = []
    for subject, context in zip(subjects, contexts, strict=True):
        made = {
            name.partition(":")[2]: result.value
            for name, result in results.get(subject.id, {}).items()
            if "on_create:" in name
        }
        rows.append({**empty, **context, **made})
    for subject, values in zip(subjects, job.expressions.evaluate({"created": when}, rows), strict=True):
        results.setdefault(subject.id, {})[f"created:{across.side}"] = _result(values["created"])


def _result(value: Value | ExpressionError) -> Computed:
    if isinstance(value, ExpressionError):
        return Computed(code=value.code, message=str(value))
    return Computed(value=value)
