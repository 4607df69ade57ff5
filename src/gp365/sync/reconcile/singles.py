"""Records without partner: why each of them has none, and whether it should have one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gp365.model.plan import SubjectPlan, Verdict
from gp365.model.record import Record
from gp365.model.values import Key, key_of, key_text, show, show_key
from gp365.store import links
from gp365.store.links import Link
from gp365.sync.births import links_by_births
from gp365.sync.facts import gather_facts
from gp365.sync.job import Job, Place, merged_into, single_subject
from gp365.sync.plan import plan_subject
from gp365.sync.reconcile.explain import name_of
from gp365.sync.reconcile.found import Reason, Single, Why
from gp365.sync.reconcile.known import Known, Past, known_of, of_entry
from gp365.sync.subject import Subject


@dataclass(frozen=True, slots=True)
class _Asked:
    """A page of records without partner, and what is known about them; links are by key text and by birth mark."""

    job: Job
    past: Past
    place: Place
    known: Known
    links: Mapping[str, Link]
    births: Mapping[str, Link]
    matched: Mapping[str, str]


def classify(
    job: Job, past: Past, place: Place, records: Mapping[Key, Record], matched: Mapping[str, str]
) -> list[Single]:
    """Say of records without an open link why they have none; `matched` names, by key, what each of them matches."""
    subjects = [_subject(place, record) for record in records.values()]
    with job.store.read() as conn:
        keys = [key_text(key) for key in records]
        births = [one.birth for one in records.values() if one.birth] if place.entity.renamable else []
        asked = _Asked(
            job,
            past,
            place,
            known_of(job, past, subjects),
            links.by_keys(conn, job.pair, job.flow.name, place.end, keys),
            links_by_births(conn, job, place, births),
            matched,
        )
    reasons = {one.id: _known(asked, one.records[place.side]) for one in subjects}
    open_ones = [one for one in subjects if reasons[one.id] is None]
    reasons |= _planned(asked, open_ones)
    return [
        Single(place.side, key_text(key), _name(job, place, record), _sure(reasons[one.id]))
        for one, (key, record) in zip(subjects, records.items(), strict=True)
    ]


def _sure(reason: Reason | None) -> Reason:
    assert reason is not None
    return reason


def _subject(place: Place, record: Record) -> Subject:
    subject = Subject(single_subject(place.side, key_text(record.key)))
    subject.keys[place.side], subject.records[place.side] = record.key, record
    return subject


def _name(job: Job, place: Place, record: Record) -> str:
    return name_of(job, *((record, None) if place.end == "left" else (None, record)))


def _known(asked: _Asked, record: Record) -> Reason | None:
    """Explain a record by what the store knows of it."""
    place, key = asked.place, key_text(record.key)
    name = single_subject(place.side, key)
    if asked.known.intents.get(name):
        return asked.known.at_work(name)
    link = asked.links.get(key)
    if link is not None and link.state == links.OPEN:
        return Reason(Why.IN_FLIGHT, "it was linked while both systems were read")
    if link is not None and link.state == links.SHARED:
        return Reason(Why.SHARED, f"shares {_show(link.shared_key)} with another record of {place.side}")
    if link is not None and link.state == links.CLOSED:
        return Reason(Why.CLOSED, "its link was closed: it is left alone for good")
    entry = asked.known.entry(name, "") or next(iter(asked.known.parked.get(name, ())), None)
    if entry is not None:
        return of_entry(entry)
    if asked.known.waits.get(name):
        wait = asked.known.waits[name][0]
        return Reason(Why.WAITING, f"waits for {wait.on_side} {_show(wait.on_key)} of {wait.on_flow}")
    if into := merged_into(place, record):
        return Reason(Why.FILTERED, f"was merged into {into}")
    born = asked.births.get(record.birth) if record.birth else None
    if born is not None and born.state == links.OPEN:
        old = born.left_key if place.end == "left" else born.right_key
        if old != key:
            return Reason(Why.CHANGED, f"is linked as {_show(old)}, and stands under a new number")
    return None


def _show(key: str | None) -> str:
    return show_key(key_of(key or ""))


def _planned(asked: _Asked, subjects: Sequence[Subject]) -> dict[str, Reason | None]:
    """Explain the rest by what the planner would do with them now."""
    if not subjects:
        return {}
    facts = gather_facts(asked.job, subjects)
    found: dict[str, Reason | None] = {}
    for subject in subjects:
        left, right = (subject.records.get(place.side) for place in asked.job.places)
        plan = plan_subject(asked.job.compiled, subject.id, left, right, facts[subject.id], linked=False)
        found[subject.id] = _of_plan(asked, subject, plan)
    return found


def _of_plan(asked: _Asked, subject: Subject, plan: SubjectPlan) -> Reason:
    record = subject.records[asked.place.side]
    match = asked.matched.get(key_text(record.key), "")
    if plan.filtered and not match:
        return Reason(Why.FILTERED, plan.filtered)
    if (at_work := asked.known.at_work(subject.id)) is not None:
        return at_work
    due = f"it matches {match}" if match else _due(plan)
    if asked.past.may_be_since(asked.place, record):
        return Reason(Why.CHANGED, f"never synced, and no run has seen it yet: {due}")
    stamp = show(record.stamp)
    return Reason(
        Why.DRIFT, f"stands since before the last clean run ({stamp}), which did nothing with it: {due}"
    )


def _due(plan: SubjectPlan) -> str:
    if plan.problem is not None:
        return plan.problem.message
    if any(one.verdict is Verdict.WAITING for one in plan.fields):
        return "it would wait for another record"
    return "the next sync creates its partner"
