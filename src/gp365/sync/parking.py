"""Parked entries: what a page stopped for a person is kept with what is shown; what no longer applies ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from gp365.model.plan import FieldPlan, Problem, Verdict
from gp365.model.record import Status
from gp365.model.values import Key, digest, key_text, pack
from gp365.store import parked
from gp365.store.parked import NewParked, Parked
from gp365.sync.about import about
from gp365.sync.job import Job, single_subject
from gp365.sync.plan.fields import loud
from gp365.sync.subject import Disposition, Subject

# The field of an entry for a record that was written, but is not what it should be; only a clean write or a retry ends it.
READ_BACK = "(read back)"


def park(conn: Connection, job: Job, run: str, subjects: Sequence[Subject]) -> None:
    """Keep one open entry per stopped field (or per subject), and end those that no longer apply."""
    entries = [entry for subject in subjects for entry in _entries(conn, job, run, subject)]
    stands = {(entry.subject, entry.field) for entry in entries}
    names = {name for subject in subjects for name in _all_names(subject)}
    held = parked.open_for(conn, job.pair, job.flow.name, list(names))
    clean = {_name(subject) for subject in subjects if _written_cleanly(subject)}
    over = [
        (subject, one.field)
        for subject, ones in held.items()
        for one in ones
        if (subject, one.field) not in stands and not (one.field == READ_BACK and subject not in clean)
    ]
    unsettled = {
        _name(subject)
        for subject in subjects
        if subject.ended in (Disposition.RETRYING, Disposition.UNSETTLED)
    }
    parked.end(
        conn,
        job.pair,
        job.flow.name,
        [(subject, field) for subject, field in over if subject not in unsettled],
    )
    parked.end(conn, job.pair, job.flow.name, _spent(subjects, held))
    parked.put(conn, entries)


def _spent(subjects: Sequence[Subject], held: Mapping[str, Sequence[Parked]]) -> list[tuple[str, str]]:
    """Name the entries that a person let go and whose write was refused again: that leave was used up."""
    refused = {_name(subject) for subject in subjects if subject.complaints and subject.held_back is None}
    return [
        (name, entry.field)
        for name, entries in held.items()
        for entry in entries
        if name in refused and entry.field in ("", READ_BACK) and entry.resolution
    ]


def _written_cleanly(subject: Subject) -> bool:
    """Tell whether a write of this page was done and read back as it should be."""
    done = [sent.outcome for sent in subject.sends if sent.outcome and sent.outcome.status is Status.DONE]
    return bool(done) and all(outcome.error is None for outcome in done)


def _all_names(subject: Subject) -> set[str]:
    """Give every name under which something may be parked on a subject: its own, its link's, and its records' alone."""
    alone = {single_subject(side, key_text(key)) for side, key in subject.keys.items()}
    return {_name(subject), subject.id, *subject.absorbed, *alone}


def _name(subject: Subject) -> str:
    return f"L{subject.link.id}" if subject.link else subject.id


def _entries(conn: Connection, job: Job, run: str, subject: Subject) -> list[NewParked]:
    plan = subject.plan
    assert plan is not None
    problem = subject.problem or plan.problem
    found: list[NewParked] = []
    if subject.held_back is not None:
        return [_stays(subject.held_back, run)]
    if problem is not None and problem.verdict is not Verdict.WAITING:
        entry = _entry_of(job, run, subject, "", problem.code, problem.message, shown_of(problem))
        found.append(replace(entry, about=about(conn, job, subject, evidence=problem.evidence)))
    for side, (status, error) in subject.complaints.items():
        shown = {"value": error.value, "side": side, "field": error.field, "sent": inputs_digest(subject)}
        name = READ_BACK if status is Status.DONE else ""
        entry = _entry_of(job, run, subject, name, error.code, error.message, shown, error.fix)
        found.append(replace(entry, about=about(conn, job, subject)))
    units: dict[str, list[FieldPlan]] = {}
    for field in loud(plan.fields):
        if problem is None and field.verdict in (Verdict.CONFLICT, Verdict.PARKED):
            units.setdefault(field.unit or field.name, []).append(field)
    for unit, fields in units.items():
        left = [value for field in fields for value in (field.left or ())]
        right = [value for field in fields for value in (field.right or ())]
        shown = {"left": left, "right": right, "fields": [field.name for field in fields]}
        entry = _entry_of(job, run, subject, unit, fields[0].code, fields[0].message, shown)
        found.append(replace(entry, about=about(conn, job, subject, fields)))
    return found


def shown_of(problem: Problem) -> dict[str, Any]:
    """Give what an entry on a whole record shows, to which a person's decision is tied."""
    return {
        "value": problem.value,
        "side": problem.side,
        "field": problem.field,
        "candidates": list(problem.candidates),
    }


def _stays(entry: Parked, run: str) -> NewParked:
    """Keep an entry as it is."""
    names = NewParked.__dataclass_fields__
    kept = {name: getattr(entry, name) for name in names if name not in ("run", "about")}
    return NewParked(**kept, run=run, about=entry.about or b"{}")


def inputs_digest(subject: Subject) -> str:
    """Name the state of both records and the planned values, so that a refused write is not sent again unchanged."""
    values = {side: dict(sorted(record.values.items())) for side, record in sorted(subject.records.items())}
    return digest(pack(values))


def _entry_of(
    job: Job,
    run: str,
    subject: Subject,
    field: str,
    code: str,
    message: str,
    shown: dict[str, Any],
    fix: str = "",
) -> NewParked:
    left, right = (subject.keys.get(place.side) for place in job.places)
    return NewParked(
        pair=job.pair,
        flow=job.flow.name,
        subject=_name(subject),
        field=field,
        code=code,
        message=message,
        fix=fix,
        left_key=_text(left),
        right_key=_text(right),
        shown=pack(shown),
        run=run,
    )


def _text(key: Key | None) -> str | None:
    return key_text(key) if key else None
