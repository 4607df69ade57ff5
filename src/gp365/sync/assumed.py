"""Assumed: a partner that nobody told us of is planned on as it last agreed, where the write itself will look.

Somebody waits for what was told, and over a slow channel each reading takes a part of the wait. A system that is read
again directly before a write, or that compares in the statement, would be read twice for one edit. So a run of hints
plans on what both sides last agreed on. If the fingerprint that the link keeps says that this is the whole record, the
plan may also be that there is nothing to do. Else fields that never agreed are left out of it, such as a customer's class:
then nothing that is told may ask for them, and the plan must write. The write compares every mapped value and the birth
mark (`Write.expected`): a record that somebody has changed since answers MOVED and is planned again on what it holds; one
that was written as planned comes back as it was read before (`learn`). Anything else is planned on a reading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gp365.model.entity import Strength
from gp365.model.expressions import named_in
from gp365.model.plan import Pair, SubjectPlan, Verdict
from gp365.model.record import Op, Record
from gp365.model.values import Value, fingerprint
from gp365.store import links, parked
from gp365.sync.agreed import known_pairs
from gp365.sync.decide import plan_subjects
from gp365.sync.events.look import names_of
from gp365.sync.facts import gather_facts
from gp365.sync.job import Job, Place, mapped
from gp365.sync.observe import Observation
from gp365.sync.plan.fields import loud
from gp365.sync.reading import read_records
from gp365.sync.subject import Subject

_LOOKS_ITSELF = frozenset({Strength.COMPARED, Strength.REREAD, Strength.WHOLE})
_CLEAR = frozenset({Verdict.AGREE, Verdict.WRITE, Verdict.READ_ONLY, Verdict.CREATE_ONLY, Verdict.ALONG})


def assume(job: Job, observation: Observation, subjects: Sequence[Subject]) -> None:
    """Give subjects of a run of hints their partner as it last agreed, where the plan is safe with that.

    What was given before is taken back first: what a plan rests on beside the records may have changed. An order
    remembers what stands there before it acts, so it always reads.
    """
    if not observation.assuming or job.flow.order is not None:
        return
    for subject in subjects:
        subject.records.pop(subject.assumed, None)
        subject.assumed, subject.partial = "", False
    for place in job.places:
        if place.entity.strength in _LOOKS_ITSELF:
            _assume_on(job, observation, place, subjects)


def _assume_on(job: Job, observation: Observation, place: Place, subjects: Sequence[Subject]) -> None:
    open_ones = [one for one in subjects if _is_plain(job, place, one)]
    other = job.across(place.side)
    read_records(job, observation, open_ones, [other])
    open_ones = [one for one in open_ones if other.side in one.records]
    read_anyway = _in_hand(observation, place, open_ones) | _parked(job, open_ones)
    trials: list[tuple[Subject, Subject]] = []
    for subject in open_ones:
        agreed = None if subject.id in read_anyway else last_agreed(job, place, subject)
        if agreed is not None:
            record, whole = agreed
            records = {**subject.records, place.side: record}
            trials.append((subject, replace(subject, records=records, partial=not whole)))
    if not trials:
        return
    tried = [trial for _, trial in trials]
    plan_subjects(job, tried, gather_facts(job, tried))
    for subject, trial in trials:
        if trial.plan is not None and is_safe(trial.plan, place) and (trial.plan.writes or not trial.partial):
            subject.records[place.side] = trial.records[place.side]
            subject.assumed, subject.partial = place.side, trial.partial


def _is_plain(job: Job, place: Place, subject: Subject) -> bool:
    """Tell whether a subject is an open link of which the other side alone was told, and nothing else is under way."""
    other = job.across(place.side).side
    return (
        subject.link is not None
        and subject.link.state == links.OPEN
        and place.side in subject.keys
        and place.side not in subject.records
        and other in subject.keys
        and all(row.side == other for row in subject.rows)
        and not (subject.open_intents or subject.repairs or subject.recreate or subject.left_out)
        and not (subject.marked or subject.decided or subject.tries)
        and subject.problem is None
        and subject.held_back is None
    )


def _in_hand(observation: Observation, place: Place, subjects: Sequence[Subject]) -> set[str]:
    """Name the subjects whose partner the run has read, or written, already."""
    seen = observation.seen[place.side]
    keys = [one.keys[place.side] for one in subjects]
    known = {*seen.get(keys), *seen.written(keys)}
    return {one.id for one in subjects if one.keys[place.side] in known}


def _parked(job: Job, subjects: Sequence[Subject]) -> set[str]:
    """Name the subjects of which something waits for a person: what was refused is known by the records as read."""
    with job.store.read() as conn:
        names = {name: one.id for one in subjects for name in names_of(one)}
        return {names[name] for name in parked.open_for(conn, job.pair, job.flow.name, list(names))}


def last_agreed(job: Job, place: Place, subject: Subject) -> tuple[Record, bool] | None:
    """Make a linked record of its agreed values, and tell whether they are the whole record as it was last seen.

    None where a plan on them could leave out something that is told, or where something was left open the last time.
    """
    link = subject.link
    assert link is not None
    known, birth = (
        (link.left_print, link.left_birth) if place.end == "left" else (link.right_print, link.right_birth)
    )
    if not known or not link.agreed or link.agreed_digest != job.flow.digest:
        return None
    pairs = known_pairs(job.compiled, link.agreed, link.agreed_digest, lambda digest: {})
    values = _values(job, place, pairs)
    record = Record(subject.keys[place.side], values, birth=birth)
    if fingerprint(values, place.fields, job.flow.digest) == known:
        return record, True
    return (record, False) if _may_lack(job, place, subject, values, pairs) else None


def _may_lack(
    job: Job, place: Place, subject: Subject, values: Mapping[str, Value], pairs: Mapping[str, Pair]
) -> bool:
    """Tell whether nothing that a plan of this subject needs is missing among a side's values.

    A row that never agreed has nothing to do where the other side is empty; what was there to be done was done when both
    sides were last looked at (the link keeps a fingerprint only then).
    """
    if any(
        name not in values for name in (job.flow.side(place.side).company, place.entity.merged_into) if name
    ):
        return False
    other = job.across(place.side).side
    told = subject.records[other].values
    lacking: list[str] = []
    for row in job.compiled.rows:
        wires = row.row.wires.get(place.side, ())
        if all(wire in values for wire in wires):
            continue
        lacking.append(row.row.name)
        if row.row.compared and not row.row.create_only and any(row.half(other, told) or (None,)):
            return False
    when = [each for each in (job.flow.side(place.side).when,) if each]
    currencies = {row.in_currency for row in job.flow.rows}
    return not named_in(when, lacking) and currencies.isdisjoint(lacking)


def _values(job: Job, place: Place, pairs: Mapping[str, Pair]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for row in job.compiled.rows:
        pair = pairs.get(row.row.name)
        if pair is not None:
            half = pair[0] if place.end == "left" else pair[1]
            found.update(zip(row.row.wires.get(place.side, ()), half, strict=False))
    return found


def learn(job: Job, subjects: Sequence[Subject]) -> None:
    """Put what writes have read before they wrote in the place of what was assumed."""
    for subject in subjects:
        if not subject.assumed:
            continue
        place = job.place(subject.assumed)
        for sent in subject.sends:
            before = sent.outcome.before if sent.outcome is not None else None
            plan = subject.plan
            if sent.intent.side == place.side and before is not None and plan is not None:
                before = subject.records[place.side] = before._replace(values=mapped(place, before.values))
                left = place.end == "left"
                subject.plan = replace(plan, left=before) if left else replace(plan, right=before)
                subject.partial = False


def is_safe(plan: SubjectPlan, place: Place) -> bool:
    """Tell whether a plan rests on the assumed record only where its own write will look at it, or does nothing."""
    return (
        plan.problem is None
        and not plan.filtered
        and not plan.left_scope
        and all(write.side == place.side and write.op is Op.UPDATE for write in plan.writes)
        and all(field.verdict in _CLEAR for field in loud(plan.fields))
    )
