"""Judging: the disposition that a page's outcomes give a subject, or that it must be planned once more in this run."""

from __future__ import annotations

from collections.abc import Sequence

from gp365.model.entity import Strength
from gp365.model.plan import FieldPlan, Verdict
from gp365.model.record import Op, Outcome, Record, Status
from gp365.sync.draw import TRIES
from gp365.sync.job import Job, Place, drawn_id, merged_into, reference_of
from gp365.sync.orders import judge_order
from gp365.sync.plan.fields import loud
from gp365.sync.subject import Disposition, Sent, Subject, first
from gp365.sync.telling import note

MAX_TRIES = 4


def judge(job: Job, subject: Subject) -> None:
    """Give the subject its disposition, or mark it to be planned again within this run."""
    plan = subject.plan
    assert plan is not None
    problem = subject.problem or plan.problem
    if subject.ended is None:
        if problem is not None:
            subject.ended = Disposition.WAITING if problem.verdict is Verdict.WAITING else Disposition.PARKED
        elif plan.filtered:
            subject.ended = Disposition.FILTERED
        else:
            subject.ended = _by_fields(loud(plan.fields))
    for sent in subject.sends:
        if sent.outcome is not None:
            _judge_write(job, subject, sent, sent.outcome)
    if any(status is Status.DONE for status, _ in subject.complaints.values()):
        subject.ended = first(subject.ended, Disposition.PARKED)
    subject.ended = first(subject.ended, subject.done)
    if plan.again or plan.ends:
        judge_order(subject)
    note(subject)
    if subject.again and subject.tries >= MAX_TRIES:
        subject.again = False
        subject.ended = first(subject.ended, Disposition.RETRYING)
    if subject.again:
        subject.ended, subject.tries = None, subject.tries + 1


def _by_fields(fields: Sequence[FieldPlan]) -> Disposition:
    verdicts = {field.verdict for field in fields}
    if verdicts & {Verdict.CONFLICT, Verdict.PARKED}:
        return Disposition.PARKED
    return Disposition.WAITING if Verdict.WAITING in verdicts else Disposition.UNCHANGED


def _judge_write(job: Job, subject: Subject, sent: Sent, outcome: Outcome) -> None:
    assert subject.ended is not None
    side = sent.intent.side
    if outcome.status in (Status.DONE, Status.REJECTED) and outcome.error is not None:
        subject.complaints[side] = (outcome.status, outcome.error)
    else:
        subject.complaints.pop(side, None)
    if outcome.status is Status.DONE:
        _count_fields(subject, side)
        created = sent.intent.op == str(Op.CREATE)
        subject.done = first(subject.done, Disposition.CREATED if created else Disposition.UPDATED)
        _renew(job.place(side), subject, sent, outcome)
        if created and outcome.record is not None and _defaulted(job.place(side), sent, outcome.record):
            subject.records[side], subject.again = outcome.record, True
        elif created and _owner_has_a_say(subject, side):
            subject.again = True
    elif outcome.status is Status.REJECTED:
        subject.ended = first(subject.ended, Disposition.REJECTED)
    elif outcome.status is Status.MOVED:
        _look_again(subject, side, _mapped(job.place(side), outcome.record))
    elif outcome.status is Status.EXISTS:
        _exists(job, subject, sent, outcome)
    elif outcome.status is Status.GONE:
        _look_again(subject, side, None)
    elif outcome.status is Status.UNKNOWN:
        subject.open_intents.append(sent.intent)
        subject.ended, subject.again = first(subject.ended, Disposition.UNSETTLED), True
    else:
        subject.ended = first(subject.ended, Disposition.RETRYING)
        subject.due_after_s = outcome.after_s or 0.0


def _count_fields(subject: Subject, side: str) -> None:
    """Count the fields that a done write wrote, also of a subject that is planned again in the same run."""
    assert subject.plan is not None
    written = [
        one for one in loud(subject.plan.fields) if one.target == side and one.verdict is Verdict.WRITE
    ]
    subject.fields_written[side] = subject.fields_written.get(side, 0) + len(written)
    subject.overruled += sum(one.overruled for one in written)
    subject.cut += sum(one.cut for one in written)


def _defaulted(place: Place, sent: Sent, stored: Record) -> bool:
    """Tell whether the system filled in mapped fields by itself, so that the other side must look at them at once."""
    planned = sent.envelope.values
    return any(stored.values.get(name) is not None and name not in planned for name in place.fields)


def _owner_has_a_say(subject: Subject, side: str) -> bool:
    """Tell whether a value that the new record could not take stands in a field that the new record's side owns."""
    assert subject.plan is not None
    stopped = (Verdict.PARKED, Verdict.WAITING)
    return any(field.owner == side and field.verdict in stopped for field in subject.plan.fields)


def _renew(place: Place, subject: Subject, sent: Sent, outcome: Outcome) -> None:
    """Hold the record as it is after a done write: a second plan in this run must not take the old one for an edit."""
    held = subject.records.pop(place.side, None)
    known = place.entity.strength is not Strength.VERSIONED or outcome.version
    if held is not None and known:
        values = {**held.values, **sent.envelope.values, **outcome.stored}
        version, birth = outcome.version, outcome.birth or held.birth
        subject.records[place.side] = Record(
            held.key, values, version, birth, held.reference, held.stamp, held.changed_by
        )


def _mapped(place: Place, record: Record | None) -> Record | None:
    """Hold of a record that came with an outcome only what the flow reads."""
    if record is None:
        return None
    return record._replace(
        values={name: record.values[name] for name in place.fields if name in record.values}
    )


def _look_again(subject: Subject, side: str, record: Record | None) -> None:
    subject.again = True
    if record is not None:
        subject.records[side] = record
    else:
        subject.records.pop(side, None)


def _exists(job: Job, subject: Subject, sent: Sent, outcome: Outcome) -> None:
    """A create met a record under its key: ours after all (a lost reply), or taken: match again, then the next key."""
    side, subject.again = sent.intent.side, True
    place, source = job.place(side), job.across(side)
    held = outcome.record
    if subject.recreate:
        _look_again(subject, side, held)
        return
    mine = subject.records[source.side]
    if held is not None and _is_ours(job, place, source.side, mine, held):
        subject.records[side], subject.keys[side], subject.made_by = held, held.key, "our own mark"
        return
    subject.turn += 1
    subject.keys.pop(side, None)
    subject.records.pop(side, None)


def _is_ours(job: Job, place: Place, source: str, mine: Record, held: Record) -> bool:
    if merged_into(place, held):
        return False  # it was ours once, and stands for another record now
    if place.entity.reference_field:
        return held.reference == reference_of(job.pair, job.flow.name, source, mine)
    return any(held.key == drawn_id(job.pair, job.flow.name, source, mine, turn) for turn in range(TRIES))
