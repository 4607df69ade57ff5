"""Explaining the pairs that differ: by what the planner says of them now, and by what the store and ledger know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from gp365.model.plan import FieldPlan, Pair, Verdict
from gp365.model.record import Record
from gp365.model.values import fingerprint, show
from gp365.sync.facts import gather_facts
from gp365.sync.job import Job, Place
from gp365.sync.plan import Facts
from gp365.sync.plan.rows import Seen
from gp365.sync.plan.update import plan_update
from gp365.sync.reconcile.compare import Compared, Unlike, keys_of
from gp365.sync.reconcile.found import Difference, FieldDifference, Reason, Why
from gp365.sync.reconcile.known import Known, Past, known_of, of_entry, settled
from gp365.sync.subject import Subject

_FIXED = {
    Verdict.CREATE_ONLY: Why.CREATE_ONLY,
    Verdict.READ_ONLY: Why.READ_ONLY,
    Verdict.ALONG: Why.ALONG,
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """A pair whose differences are to be explained, and what is known about it."""

    job: Job
    past: Past
    known: Known
    subject: Subject
    facts: Facts


def explain(job: Job, past: Past, found: Sequence[Compared]) -> list[Difference]:
    """Explain the pairs of a page that differ."""
    if not found:
        return []
    subjects = [one.pair.subject(job) for one in found]
    known, facts = known_of(job, past, subjects), gather_facts(job, subjects)
    return [
        _difference(_Asked(job, past, known, subject, facts[subject.id]), one)
        for subject, one in zip(subjects, found, strict=True)
    ]


def _difference(asked: _Asked, found: Compared) -> Difference:
    left, right = found.pair.left, found.pair.right
    assert left is not None and right is not None
    plan = plan_update(asked.job.compiled, asked.subject.id, left, right, asked.facts)
    plans = {one.name: one for one in plan.fields}
    fields = [_field(asked, found, one, plans.get(one.column.name)) for one in found.unlike]
    return Difference(asked.subject.id, *keys_of(found.pair), name_of(asked.job, left, right), tuple(fields))


def _field(asked: _Asked, found: Compared, one: Unlike, plan: FieldPlan | None) -> FieldDifference:
    reason = _reason(asked, found, one, plan)
    amounts = found.amounts.get(one.column.name, (None, None))
    if one.column.masked:
        reason = replace(reason, text="the field is in a secured column: its values are not told")
        return FieldDifference(one.column.name, (), (), None, None, reason, masked=True)
    build = partial(FieldDifference, one.column.name, reason=reason)
    return build(
        left=one.left.raw or (),
        right=one.right.raw or (),
        left_fitted=one.left.fitted,
        right_fitted=one.right.fitted,
        left_bad=_bad(one.left),
        right_bad=_bad(one.right),
        left_amount=amounts[0],
        right_amount=amounts[1],
    )


def _bad(seen: Seen) -> str:
    return seen.bad.message if seen.bad is not None else ""


def _reason(asked: _Asked, found: Compared, one: Unlike, plan: FieldPlan | None) -> Reason:
    """Explain one field: what is under way, what the flow leaves alone, what waits, what was held; else when it moved."""
    if (plan is None or plan.verdict is Verdict.READ_ONLY) and _must_agree(asked.job, one):
        return _apart(asked, found, one)
    if plan is None:
        return Reason(Why.READ_ONLY, "the flow only reads this field")
    if plan.verdict in _FIXED:
        return Reason(_FIXED[plan.verdict], plan.rule)
    stopped = _stopped(asked, plan)
    return stopped or _held(asked, one, plan) or _moved(asked, found, one, plan)


def _must_agree(job: Job, one: Unlike) -> bool:
    """Tell whether a field that is only read is one by which the flow holds two records together."""
    return job.flow.events.apart == "ask" and any(one.column.name in names for names in job.flow.same)


def _apart(asked: _Asked, found: Compared, one: Unlike) -> Reason:
    entry = asked.known.entry(asked.subject.id, "")
    if entry is not None:
        return of_entry(entry)
    late = [
        place.side
        for place, record, seen, at in (
            (asked.job.left, found.pair.left, one.left, 0),
            (asked.job.right, found.pair.right, one.right, 1),
        )
        if record is not None
        and _has_moved(asked, place, record, seen, None, at)
        and asked.past.may_be_since(place, record)
    ]
    if late:
        why = "what linked the two has come apart"
        return Reason(Why.CHANGED, f"changed on {' and '.join(late)}; the next sync looks at it: {why}")
    return Reason(Why.DRIFT, "what linked the two has come apart, and the last clean run did not see it")


def _stopped(asked: _Asked, plan: FieldPlan) -> Reason | None:
    subject = asked.subject.id
    if asked.known.intents.get(subject):
        return asked.known.at_work(subject)
    entry = asked.known.entry(subject, plan.name, plan.unit or plan.name) or asked.known.entry(subject, "")
    if entry is not None:
        return of_entry(entry)
    waits = [one for one in asked.known.waits.get(subject, ()) if one.field in (plan.name, plan.unit)]
    if waits and plan.verdict is Verdict.WAITING:
        return Reason(Why.WAITING, plan.message)
    return asked.known.at_work(subject)


def _held(asked: _Asked, one: Unlike, plan: FieldPlan) -> Reason | None:
    if plan.verdict is not Verdict.HELD:
        return None
    with asked.job.store.read() as conn:
        said = settled(conn, asked.job, asked.subject, plan.name, one.left.raw, one.right.raw)
    return Reason(Why.HELD, said.text, ledger=said.row) if said is not None else None


def _moved(asked: _Asked, found: Compared, one: Unlike, plan: FieldPlan) -> Reason:
    """Tell an edit that the next sync will see from drift: which side moved, and whether a clean run should have seen it."""
    pair = asked.facts.pairs.get(plan.name)
    sides = [
        (place, record)
        for place, record, seen, at in (
            (asked.job.left, found.pair.left, one.left, 0),
            (asked.job.right, found.pair.right, one.right, 1),
        )
        if record is not None and _has_moved(asked, place, record, seen, pair, at)
    ]
    names = " and ".join(place.side for place, _ in sides)
    if not sides:
        return Reason(
            Why.DRIFT, f"neither side has moved since they were in step, and nothing says why: {_plan(plan)}"
        )
    late = [place.side for place, record in sides if asked.past.may_be_since(place, record)]
    if late:
        return Reason(
            Why.CHANGED, f"changed on {' and '.join(late)}; the next sync looks at it: {_plan(plan)}"
        )
    stamps = ", ".join(show(record.stamp) for _, record in sides)
    return Reason(
        Why.DRIFT, f"{names} moved before the last clean run began ({stamps}), which did not see it"
    )


def _plan(plan: FieldPlan) -> str:
    return plan.rule or plan.message or str(plan.verdict)


def _has_moved(asked: _Asked, place: Place, record: Record, seen: Seen, pair: Pair | None, at: int) -> bool:
    """Tell whether a field is not what was agreed; where nothing was, whether the record is not as it was left."""
    if pair is not None:
        return seen.raw != pair[at]
    link = asked.subject.link
    assert link is not None
    held = link.left_print if place.end == "left" else link.right_print
    return held != fingerprint(record.values, place.fields, asked.job.flow.digest)


def name_of(job: Job, *records: Record | None) -> str:
    """Give the name of a record for people: the flow's field `name`, on the first side that has it."""
    row = job.compiled.by_name.get("name")
    for place, record in zip(job.places, records, strict=False):
        fields = row.described.get(place.side, ()) if row is not None and record is not None else ()
        if record is None or any(one.secured for one in fields):
            continue
        text = " ".join(show(record.values.get(one.name)) for one in fields).strip()
        if text:
            return text
    return ""
