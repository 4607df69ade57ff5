"""Holding: subjects that a guard stops are parked, and stay so until a named person lets them go.

A subject that is held keeps its entry whatever else happens to it; only when nothing of what it was held for is planned
any more does the entry end by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

from gp365.model.plan import Problem
from gp365.model.values import unpack_deep
from gp365.store import guards, parked
from gp365.store.parked import Parked
from gp365.sync.guards.limits import Limit, Mark, marks_of
from gp365.sync.guards.watch import Watch
from gp365.sync.job import Job, link_subject
from gp365.sync.subject import Subject

CODE = "mass-change"
_WORDS = {
    "creates": "create of a record on",
    "updates": "update of a record on",
    "clears": "cleared field on",
}


def hold(job: Job, subjects: Sequence[Subject]) -> None:
    """Hold what the guards do not let through, of a page that is planned; note what they let through.

    Without a watch (an approved plan, a recovery) everything goes that has no other problem.
    """
    entries, watch = _entries(job, subjects), job.watch
    for subject in subjects:
        subject.passes = ()
        entry = entries.get(subject.id)
        if entry is None:
            continue
        if entry.resolution is not None:
            _tell_approved(subject, entry)
        elif _still_held(job, subject, entry):
            _keep(subject, entry)
    if watch is None:
        return
    named = {subject.id: subject for subject in subjects}
    for name, marks in _counted(job, watch, subjects, entries).items():
        over = watch.takes(marks)
        if over is not None:
            named[name].problem = _problem(job, watch, named[name], over)
        else:
            named[name].passes = tuple(marks)


def fresh_marks(job: Job, watch: Watch, subjects: Sequence[Subject]) -> dict[str, list[Mark]]:
    """Give what guards would count of planned subjects that nobody has held or let go yet."""
    entries = _entries(job, subjects)
    free = [one for one in subjects if one.id not in entries or not _still_held(job, one, entries[one.id])]
    return _counted(job, watch, free, entries)


def _counted(
    job: Job, watch: Watch, subjects: Sequence[Subject], entries: Mapping[str, Parked]
) -> dict[str, list[Mark]]:
    """Give what guards count of subjects: not what was let go, nor what passed within the window already."""
    marks = {
        one.id: [mark for mark in _marks(job, one) if watch.counts(mark, _link_run(one))]
        for one in subjects
        if one.id not in entries or entries[one.id].resolution is None
    }
    before = _passed(job, watch, [name for name, found in marks.items() if found])
    fresh = {name: [one for one in found if one not in before.get(name, ())] for name, found in marks.items()}
    return {name: found for name, found in fresh.items() if found}


def note_passed(conn: Connection, job: Job, subjects: Iterable[Subject]) -> None:
    """Keep what the guards let through, in the commit that opens the intents."""
    rows = [(subject.id, mark) for subject in subjects if subject.sends for mark in subject.passes]
    guards.let_through(conn, job.pair, job.flow.name, rows)


def _marks(job: Job, subject: Subject) -> list[Mark]:
    if subject.plan is None or subject.problem is not None:
        return []
    return list(marks_of(subject.plan, job.left.side))


def _link_run(subject: Subject) -> str | None:
    return subject.link.run if subject.link is not None else None


def _entries(job: Job, subjects: Sequence[Subject]) -> dict[str, Parked]:
    """Read the guard's open entries of subjects, by subject."""
    named = {name: subject.id for subject in subjects for name in _names(subject)}
    with job.store.read() as conn:
        held = parked.open_for(conn, job.pair, job.flow.name, named)
    return {
        named[name]: entry
        for name, entries in held.items()
        for entry in entries
        if entry.field == "" and entry.code == CODE
    }


def _names(subject: Subject) -> set[str]:
    return {subject.id, link_subject(subject.link.id)} if subject.link else {subject.id}


def _passed(job: Job, watch: Watch, names: Sequence[str]) -> dict[str, set[Mark]]:
    if not names:
        return {}
    with job.store.read() as conn:
        return guards.passed(conn, job.pair, job.flow.name, names, watch.since)


def _still_held(job: Job, subject: Subject, entry: Parked) -> bool:
    """Tell whether a held subject would still do what it was held for, or cannot be planned for another reason."""
    if subject.problem is not None or (subject.plan is not None and subject.plan.problem is not None):
        return True
    if job.watch is None:
        return False  # a person approved exactly what is planned now
    return shown_mark(entry.shown) in _marks(job, subject)


def shown_mark(shown: bytes) -> Mark:
    """Read from a guard's entry which operation on which side was too much."""
    told = unpack_deep(shown)
    return str(told.get("side") or ""), str(told.get("value") or "")


def _keep(subject: Subject, entry: Parked) -> None:
    side, operation = shown_mark(entry.shown)
    subject.held_back = entry
    subject.problem = Problem(entry.code, entry.message, value=operation, side=side)


def _tell_approved(subject: Subject, entry: Parked) -> None:
    told: dict[str, object] = {"guard": CODE, "approved_by": entry.resolved_by}
    if subject.problem is None and told not in subject.steps:
        subject.steps.append(told)


def _problem(job: Job, watch: Watch, subject: Subject, over: Mark) -> Problem:
    side, operation = over
    assert subject.plan is not None
    fields = sum(len(write.values) for write in subject.plan.writes if write.side == side)
    limit = watch.limits.get(over, Limit(0, 0.0))
    hours = job.flow.guards.window_hours
    message = (
        f"Held by a guard: this {_WORDS[operation]} {side} ({fields} {'field' if fields == 1 else 'fields'}) is one "
        f"of more than the {limit.most} that {job.flow.name} may do in {hours:g} hours without a person."
    )
    return Problem(CODE, message, value=operation, side=side)
