"""Records that are gone on one side: who may stand in for them, and how the record that is left is marked by policy.

Over REST a combined customer leaves nothing behind: it is gone like a deleted one, and only a person can say into which it
went. What is most like the surviving record is shown as evidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gp365.model.fit import Unfit
from gp365.model.plan import Candidate, FieldPlan, PlannedWrite, SubjectPlan, Verdict
from gp365.model.record import Op, Record, Status
from gp365.model.values import Key, key_of, key_text, show_key
from gp365.store.links import CLOSED, Link
from gp365.sync.events.joining import close_link, leave
from gp365.sync.events.look import Look, end_key
from gp365.sync.job import Job, Place, merged_into
from gp365.sync.match import find_norms
from gp365.sync.norms import REFERENCE_RULE, canonical, norms_of, rules_of
from gp365.sync.plan import Facts
from gp365.sync.plan.rows import see, write_half
from gp365.sync.plan.update import wire_values
from gp365.sync.similar.suggest import alike
from gp365.sync.subject import Subject

SHOWN = 5
RETIRE = "retire"
"""The policy by which a link stays when one of its records is gone, and goes on when that comes back."""

Evidence = dict[int, tuple[Candidate, ...]]


def evidence_for(look: Look, gone: Sequence[tuple[Subject, Place]]) -> Evidence:
    """Find, for each subject, the records of the side where one is gone that agree with the record that is left."""
    found: Evidence = {id(subject): () for subject, _ in gone}
    for place in look.job.places:
        mine = [subject for subject, where in gone if where.side == place.side]
        if mine:
            found.update(_evidence_on(look, place, mine))
    return found


def agreeing_on(look: Look, place: Place, subjects: Sequence[Subject]) -> Evidence:
    """Find, for each subject, the records of a side that agree in a rule of matching with the record that is left."""
    job, left = look.job, look.job.across(place.side)
    norms = {id(one): dict(norms_of(job, left, one.records[left.side])) for one in subjects}
    numbers = [number for number, _, _ in rules_of(job)]
    held = find_norms(
        job, {(place.side, at, one[at]) for one in norms.values() for at in numbers if at in one}
    )
    named: dict[int, dict[str, int]] = {}  # subject → key → the first rule that it agrees in
    for number in numbers:
        for name, mine in norms.items():
            for key in held.get((place.side, number, mine.get(number, "")), ()):
                named.setdefault(name, {}).setdefault(key, number)
    every = list(dict.fromkeys(key_of(key) for keys in named.values() for key in keys))
    records: Mapping[Key, Record] = {}
    if every:
        records = place.connector.get(place.entity.name, every, place.fields)
    owners = look.links_at(place, [key_text(key) for key in records])
    return {
        id(one): tuple(_candidates(look, place, one, norms[id(one)], named.get(id(one), {}), records, owners))
        for one in subjects
    }


def _evidence_on(look: Look, place: Place, subjects: Sequence[Subject]) -> Evidence:
    agreeing = agreeing_on(look, place, subjects)
    similar = alike(look.job, look.observation, look.job.across(place.side), subjects)
    found: Evidence = {}
    for one in subjects:
        known = {candidate.key for candidate in agreeing[id(one)]}
        like = [candidate for candidate in similar.get(id(one), ()) if candidate.key not in known]
        found[id(one)] = tuple([*agreeing[id(one)], *like][:SHOWN])
    return found


def _candidates(
    look: Look,
    place: Place,
    subject: Subject,
    norms: Mapping[int, str],
    named: Mapping[str, int],
    records: Mapping[Key, Record],
    owners: Mapping[str, Link],
) -> list[Candidate]:
    job, left = look.job, look.job.across(place.side)
    fields = {number: names for number, names, _ in rules_of(job)}
    found: list[Candidate] = []
    for key, number in sorted(named.items(), key=lambda one: (one[1], one[0])):
        record = records.get(key_of(key))
        if record is None or number == REFERENCE_RULE or merged_into(place, record):
            continue
        if dict(norms_of(job, place, record)).get(number) != norms[number]:
            continue  # it was called so once
        both = {
            name: (
                canonical(job, left, subject.records[left.side], name),
                canonical(job, place, record, name),
            )
            for name in fields[number]
        }
        owner = owners.get(key)
        partner = end_key(owner, left) if owner is not None else None
        linked = show_key(key_of(partner)) if partner is not None else ""
        found.append(Candidate(key, f"same {', '.join(fields[number])}", fields=both, linked_to=linked))
    return found


def mark_survivor(
    look: Look,
    subject: Subject,
    place: Place,
    name: str,
    event: Mapping[str, object],
    *,
    keep: bool = False,
) -> bool:
    """Have the record that is left put on hold or made inactive; closed at once where it is so. False: it cannot be.

    With `keep` the link stays open; nothing is done for it until the other record is back.
    """
    job, left = look.job, look.job.across(place.side)
    row, record = job.compiled.row(name), subject.records[left.side]
    seen = see(job.compiled, row, left.side, record, Facts())
    if seen.raw is None or seen.bad is not None:
        return False
    if seen.fitted is True:
        if keep:
            leave(subject, f"gone on {place.side}, and marked")
        else:
            close_link(subject, event, f"gone on {place.side}")
        return True
    if not row.writable(left.side, "update") or not job.flow.side(left.side).update:
        return False
    subject.marked = name
    return True


def plan_event(job: Job, subject: Subject) -> SubjectPlan:
    """Plan a subject that is left out of the flow, or whose surviving record is marked before its link closes."""
    if subject.marked:
        return _plan_mark(job, subject)
    left, right = (subject.records.get(place.side) for place in job.places)
    return SubjectPlan(subject.id, left, right, filtered=subject.left_out)


def _plan_mark(job: Job, subject: Subject) -> SubjectPlan:
    name = subject.marked
    row = job.compiled.row(name)
    left, right = (subject.records.get(place.side) for place in job.places)
    place = job.left if left is not None else job.right
    record = left if left is not None else right
    assert record is not None
    raw = row.half(place.side, record.values)
    on_left = place.end == "left"
    across = job.across(place.side).side
    held = FieldPlan(
        name,
        Verdict.WRITE,
        raw if on_left else None,
        None if on_left else raw,
        winner=across,
        target=place.side,
    )
    why = f"gone on {across}: {job.flow.events.gone}"
    try:
        field = replace(held, new=write_half(job.compiled, row, place.side, True, Facts()), rule=why)
    except Unfit as unfit:
        parked = replace(held, verdict=Verdict.PARKED, target="", code=unfit.code, message=str(unfit))
        return SubjectPlan(subject.id, left, right, fields=(parked,))
    write = PlannedWrite(place.side, Op.UPDATE, record.key, wire_values(job.compiled, [field]))
    return SubjectPlan(subject.id, left, right, fields=(field,), writes=(write,))


def marked_links(job: Job, subjects: Sequence[Subject]) -> list[Link]:
    """Close the links whose surviving record was marked (the write is done), unless they are to stay."""
    keep = job.flow.events.gone == RETIRE
    closed: list[Link] = []
    for subject in subjects:
        outcomes = [sent.outcome for sent in subject.sends if sent.outcome is not None]
        done = bool(outcomes) and all(one.status is Status.DONE for one in outcomes)
        if subject.marked and done and subject.link is not None:
            subject.steps.append({"event": "gone", "marked": subject.marked, "closed": not keep})
            if not keep:
                subject.link = replace(subject.link, state=CLOSED)
                closed.append(subject.link)
    return closed
