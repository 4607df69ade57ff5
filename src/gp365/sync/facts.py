"""Gathering the facts that the planner is told: pairs, computed values, references, resolutions, given-up writes.

For a page at once: one query per kind, one call of the expression engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection

from gp365.model.expressions import ExpressionError
from gp365.model.plan import Resolution
from gp365.model.record import Record
from gp365.model.values import Value, key_text, unpack_deep
from gp365.store import intents, links, parked, runs
from gp365.store.parked import Parked
from gp365.sync.agreed import known_pairs
from gp365.sync.envelope import unseal
from gp365.sync.foreseen import number_of
from gp365.sync.job import Job, Place, single_subject
from gp365.sync.norms import canonical
from gp365.sync.plan.facts import Computed, Facts, RefState
from gp365.sync.subject import Subject

_OwnKey = tuple[str, int, str]


def gather_facts(job: Job, subjects: Sequence[Subject]) -> dict[str, Facts]:
    """Gather the planner's inputs for a page of subjects, by subject."""
    with job.store.read() as conn:
        pairs = {subject.id: _pairs(job, conn, subject) for subject in subjects}
        refs, ref_keys = _references(job, conn, subjects)
        given_up = _given_up(job, conn, subjects)
        held = parked.open_for(conn, job.pair, job.flow.name, [subject.id for subject in subjects])
    computed = _computed(job, subjects)
    return {
        subject.id: Facts(
            pairs=pairs[subject.id],
            computed=computed.get(subject.id, {}),
            refs=refs,
            ref_keys=ref_keys,
            resolutions=_resolutions(held.get(subject.id, [])),
            superseded=given_up.get(subject.id, {}),
            company=job.company,
        )
        for subject in subjects
    }


def _pairs(job: Job, conn: Connection, subject: Subject) -> Mapping[str, Any]:
    link = subject.link
    if link is None or not link.agreed:
        return {}
    return known_pairs(job.compiled, link.agreed, link.agreed_digest, partial(_prints, conn))


def _prints(conn: Connection, digest: str) -> Mapping[str, str]:
    version = runs.flow_version_get(conn, digest)
    return version.rows if version else {}


def _resolutions(entries: Sequence[Parked]) -> dict[str, Resolution]:
    return {entry.field: resolution_of(entry) for entry in entries if entry.resolution and entry.field}


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


def _references(
    job: Job, conn: Connection, subjects: Sequence[Subject]
) -> tuple[dict[tuple[str, str, str], RefState], dict[_OwnKey, str]]:
    """Look up where every referenced record stands, and its key on the other side."""
    states: dict[tuple[str, str, str], RefState] = {}
    keys: dict[_OwnKey, str] = {}
    for flow in {row.row.ref for row in job.compiled.rows if row.row.ref}:
        for place in job.places:
            wanted = _named_on(job, flow, place, subjects)
            found = links.by_keys(conn, job.pair, flow, place.end, wanted)
            for key, link in found.items():
                states[(flow, place.side, key)] = (
                    RefState("linked", link.id) if link.state == "open" else RefState("parked")
                )
                ends = zip(job.places, (link.left_key, link.right_key), strict=True)
                keys.update({(flow, link.id, end.side): text for end, text in ends if text is not None})
            missing = [key for key in wanted if key not in found]
            planned = job.foreseen.find(flow, place.side, missing) if job.foreseen else {}
            for key, planned_ends in planned.items():
                number = number_of(planned_ends)
                states[(flow, place.side, key)] = RefState("linked", number)
                keys.update({(flow, number, side): text for side, text in planned_ends.items()})
            missing = [key for key in missing if key not in planned]
            stopped = parked.open_for(
                conn, job.pair, flow, [single_subject(place.side, key) for key in missing]
            )
            for key in missing:
                entries = stopped.get(single_subject(place.side, key), [])
                whole = any(entry.field == "" for entry in entries)
                states[(flow, place.side, key)] = RefState("parked" if whole else "waiting")
    return states, keys


def _named_on(job: Job, flow: str, place: Place, subjects: Sequence[Subject]) -> list[str]:
    wires = [
        row.row.wires[place.side][0]
        for row in job.compiled.rows
        if row.row.ref == flow and place.side in row.row.wires
    ]
    named: set[str] = set()
    for subject in subjects:
        record = subject.records.get(place.side)
        if record is not None:
            named.update(str(value) for wire in wires if (value := record.values.get(wire)) is not None)
    return list(named)


def _given_up(
    job: Job, conn: Connection, subjects: Sequence[Subject]
) -> dict[str, dict[str, dict[str, list[Value]]]]:
    """Give the values of writes that we had given up on these records, by subject, side and wire field."""
    given_up: dict[str, dict[str, dict[str, list[Value]]]] = {}
    for place in job.places:
        owners = {
            key_text(subject.keys[place.side]): subject for subject in subjects if place.side in subject.keys
        }
        for intent in intents.superseded_for(conn, place.system, place.entity.name, list(owners)):
            by_wire = given_up.setdefault(owners[intent.key].id, {}).setdefault(place.side, {})
            for wire, value in unseal(intent.values).values.items():
                by_wire.setdefault(wire, []).append(value)
    return given_up


def _computed(job: Job, subjects: Sequence[Subject]) -> dict[str, dict[str, Computed]]:
    """Work out conditions and on-create values of the records without a partner, in one call."""
    alone = [subject for subject in subjects if len(subject.records) == 1 and subject.link is None]
    named = job.flow.expressions()
    results: dict[str, dict[str, Computed]] = {}
    for place in job.places:
        mine = [subject for subject in alone if place.side in subject.records]
        across = job.across(place.side)
        wanted = {name: text for name, text in named.items() if _wanted(job, name, place, across)}
        if not mine or not wanted:
            continue
        contexts = [context_of(job, place, subject.records[place.side]) for subject in mine]
        worked = job.expressions.evaluate(wanted, contexts)
        for subject, values in zip(mine, worked, strict=True):
            results[subject.id] = {name: _result(value) for name, value in values.items()}
        _check_created(job, across, mine, contexts, results)
    return results


def _wanted(job: Job, name: str, place: Place, across: Place) -> bool:
    kind, _, what = name.partition(":")
    return what == place.side if kind == "when" else across.side in job.flow.by_name[what].wires


def _check_created(
    job: Job,
    across: Place,
    subjects: Sequence[Subject],
    contexts: Sequence[Mapping[str, Value]],
    results: dict[str, dict[str, Computed]],
) -> None:
    """Work out the target's own condition on the record as it would be created."""
    when = job.flow.side(across.side).when
    if not when:
        return
    rows: list[Mapping[str, Value]] = []
    for subject, context in zip(subjects, contexts, strict=True):
        made = {
            name.partition(":")[2]: result.value
            for name, result in results[subject.id].items()
            if "on_create:" in name
        }
        rows.append({**context, **made})
    for subject, values in zip(subjects, job.expressions.evaluate({"created": when}, rows), strict=True):
        results[subject.id][f"created:{across.side}"] = _result(values["created"])


def context_of(job: Job, place: Place, record: Record) -> dict[str, Value]:
    """Give the canonical fields of a record, as expressions see them."""
    return {
        row.name: canonical(job, place, record, row.name) for row in job.flow.rows if place.side in row.wires
    }


def _result(value: Value | ExpressionError) -> Computed:
    if isinstance(value, ExpressionError):
        return Computed(code=value.code, message=str(value))
    return Computed(value=value)
