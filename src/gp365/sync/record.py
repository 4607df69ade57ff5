"""Record: turn a page's outcomes into agreed pairs, links, parked entries, waits and ledger rows, in one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from gp365.model.entity import Strength
from gp365.model.plan import FieldPlan, Pair, Verdict
from gp365.model.record import Op, Outcome, Record, Status
from gp365.model.values import Value, fingerprint, key_text, pack, show_key
from gp365.store import intents, ledger, work
from gp365.store.ledger import Entry
from gp365.store.waits import Wait
from gp365.sync import sightings
from gp365.sync.decide import claims_of
from gp365.sync.job import Job, Place, drawn_id, reference_of
from gp365.sync.linking import Draft, keep_links
from gp365.sync.parking import park
from gp365.sync.plan import Facts
from gp365.sync.references import ref_states
from gp365.sync.subject import Disposition, Sent, Subject, first

MAX_TRIES = 4
_STATES = {
    Status.DONE: "done",
    Status.REJECTED: "rejected",
    Status.MOVED: "moved",
    Status.EXISTS: "exists",
    Status.GONE: "gone",
    Status.RETRY: "not-sent",
}


def record(
    conn: Connection, job: Job, run: str, subjects: Sequence[Subject], facts: Mapping[str, Facts]
) -> None:
    """Record what became of a page. Subjects that must be planned once more are marked `again` and stay claimed."""
    intents.close_many(conn, [end for subject in subjects for end in _ends(subject)])
    drafts = [draft for subject in subjects if (draft := _draft(job, subject, facts)) is not None]
    keep_links(conn, job, run, drafts)
    sightings.keep(conn, subjects)
    for subject in subjects:
        _judge(job, subject)
    finished = [subject for subject in subjects if not subject.again]
    park(conn, job, run, finished)
    _wait(conn, job, finished)
    _give_back(conn, job, finished)
    rows = [entry for subject in finished for entry in _rows(job, run, subject)]
    ledger.append(conn, job.chain, rows, actor=job.actor, at=job.clock())


def _ends(subject: Subject) -> list[tuple[str, str, float | None]]:
    return [
        (sent.intent.id, _STATES[sent.outcome.status], sent.outcome.window_ms)
        for sent in subject.sends
        if sent.outcome is not None and sent.outcome.status in _STATES
    ]


def _draft(job: Job, subject: Subject, facts: Mapping[str, Facts]) -> Draft | None:
    """Work out the link as it stands after this page: the agreed pairs, and the prints if nothing is left to look at."""
    plan = subject.plan
    done = [sent for sent in subject.sends if sent.outcome is not None and sent.outcome.status is Status.DONE]
    if plan is None or ((subject.ended is not None or subject.problem is not None) and not done):
        return None
    keys = dict(subject.keys)
    for sent in done:
        keys[sent.intent.side] = (sent.outcome.key if sent.outcome else ()) or tuple(
            sent.intent.key.split("\x1f")
        )
    if len(keys) < 2:
        return None
    subject.keys = keys
    pairs: dict[str, Pair] = {**facts[subject.id].pairs, **plan.pairs}
    for sent in done:
        pairs.update(_stored_pairs(job, sent))
    after = {place.side: _after(place, subject, done) for place in job.places}
    births = {place.side: _birth(place, subject, done) for place in job.places}
    quiet = _quiet(subject, done)
    prints = (
        {side: fingerprint(values, job.place(side).fields, job.flow.digest) for side, values in after.items()}
        if quiet
        else {}
    )
    created = frozenset(sent.intent.side for sent in done if sent.intent.op == str(Op.CREATE))
    made_by = "create" if created else subject.made_by
    return Draft(subject, pairs, job.flow.digest, births, prints, made_by, created)


def _quiet(subject: Subject, done: Sequence[Sent]) -> bool:
    """Tell whether the next equal reading needs no look: everything planned was done and nothing is open."""
    assert subject.plan is not None
    open_fields = {Verdict.CONFLICT, Verdict.PARKED, Verdict.WAITING}
    return (
        subject.ended is None
        and len(done) == len(subject.sends)
        and not any(field.verdict in open_fields for field in subject.plan.fields)
    )


def _stored_pairs(job: Job, sent: Sent) -> dict[str, Pair]:
    """Give the pairs of a done write: what we sent, or what the write call itself returned as stored."""
    pairs = dict(sent.envelope.pairs)
    assert sent.outcome is not None
    on_left = sent.intent.side == job.left.side
    for name, (left, right) in pairs.items():
        half = job.compiled.row(name).half(sent.intent.side, sent.outcome.stored)
        if half is not None:
            pairs[name] = (half, right) if on_left else (left, half)
    return pairs


def _after(place: Place, subject: Subject, done: Sequence[Sent]) -> dict[str, Value]:
    """Say what a side holds now, as far as we know: as read, with what was sent, and what was returned as stored."""
    before = subject.records.get(place.side)
    values: dict[str, Value] = dict(before.values) if before else {}
    for sent in done:
        if sent.intent.side == place.side and sent.outcome is not None:
            if not before:
                values.update(dict.fromkeys(place.fields))
                if sent.outcome.record is not None:
                    values.update(sent.outcome.record.values)
            values.update(sent.envelope.values)
            values.update(sent.outcome.stored)
    return {name: value for name, value in values.items() if name in place.fields}


def _birth(place: Place, subject: Subject, done: Sequence[Sent]) -> str:
    held = subject.records.get(place.side)
    made = [sent.outcome for sent in done if sent.intent.side == place.side and sent.outcome is not None]
    read = [outcome.record.birth for outcome in made if outcome.record is not None]
    return next(
        (birth for birth in [*(outcome.birth for outcome in made), *read] if birth),
        held.birth if held else "",
    )


def _judge(job: Job, subject: Subject) -> None:
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
            subject.ended = _by_fields(plan.fields)
    for sent in subject.sends:
        if sent.outcome is not None:
            _judge_write(job, subject, sent, sent.outcome)
    if any(status is Status.DONE for status, _ in subject.complaints.values()):
        subject.ended = first(subject.ended, Disposition.PARKED)
    subject.ended = first(subject.ended, subject.done)
    _note(subject)
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
    written = [one for one in subject.plan.fields if one.target == side and one.verdict is Verdict.WRITE]
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
        subject.records[place.side] = replace(held, values=values, version=version, birth=birth)


def _mapped(place: Place, record: Record | None) -> Record | None:
    """Hold of a record that came with an outcome only what the flow reads."""
    if record is None:
        return None
    return replace(
        record, values={name: record.values[name] for name in place.fields if name in record.values}
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
    mine = subject.records[source.side]
    if held is not None and _is_ours(job, place, source.side, mine, held):
        subject.records[side], subject.keys[side], subject.made_by = held, held.key, "our own mark"
        return
    subject.turn += 1
    subject.keys.pop(side, None)
    subject.records.pop(side, None)


def _is_ours(job: Job, place: Place, source: str, mine: Record, held: Record) -> bool:
    if place.entity.reference_field:
        return held.reference == reference_of(job.pair, job.flow.name, source, mine)
    return held.key == drawn_id(job.pair, job.flow.name, source, mine)


def _note(subject: Subject) -> None:
    """Write the page's step down for the ledger: what was planned, what came of it."""
    plan = subject.plan
    assert plan is not None
    step: dict[str, Any] = {
        "fields": [_field(field) for field in plan.fields if field.verdict is not Verdict.AGREE]
    }
    if plan.filtered:
        step["filtered"] = plan.filtered
    problem = subject.problem or plan.problem
    if problem is not None:
        step["problem"] = {"code": problem.code, "message": problem.message, "field": problem.field}
    if subject.sends:
        step["writes"] = [_sent(sent) for sent in subject.sends]
    if step["fields"] or len(step) > 1:
        subject.steps.append(step)


def _field(field: FieldPlan) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "field": field.name,
        "verdict": str(field.verdict),
        "why": field.rule or field.message,
    }
    if field.owner:
        shown["owner"] = field.owner
    if field.target:
        shown |= {"target": field.target, "new": list(field.new), "winner": field.winner}
    shown |= {
        "left": list(field.left) if field.left else None,
        "right": list(field.right) if field.right else None,
    }
    for name in ("overruled", "cut"):
        if getattr(field, name):
            shown[name] = True
    if field.code:
        shown["code"] = field.code
    return shown


def _sent(sent: Sent) -> dict[str, Any]:
    outcome = sent.outcome
    shown: dict[str, Any] = {"intent": sent.intent.id, "side": sent.intent.side, "op": sent.intent.op}
    shown |= {"key": show_key(tuple(sent.intent.key.split("\x1f"))), "inputs": sent.intent.inputs}
    shown["outcome"] = str(outcome.status) if outcome else ""
    if outcome and outcome.error is not None:
        shown["error"] = outcome.error.as_dict()
    if outcome and outcome.window_ms is not None:
        shown["window_ms"] = round(outcome.window_ms, 3)
    return shown


def _wait(conn: Connection, job: Job, subjects: Sequence[Subject]) -> None:
    """Register what waits, and only then look again, so that a wake-up is never lost."""
    waits: list[Wait] = []
    waiters: list[tuple[str, str]] = []
    unsure: dict[tuple[str, str], list[str]] = {}
    for subject in subjects:
        plan = subject.plan
        assert plan is not None
        problem = subject.problem or plan.problem
        fields = [(field.name, field.waits_for) for field in plan.fields if field.verdict is Verdict.WAITING]
        if problem is not None and problem.verdict is Verdict.WAITING:
            fields.append((problem.field, problem.waits_for))
        waiters += [(side, key_text(key)) for side, key in subject.keys.items()]
        side, key = next(iter(subject.keys.items()))
        for name, on in fields:
            if on is not None:
                waits.append(Wait(job.pair, job.flow.name, side, key_text(key), name, *on))
                unsure.setdefault((on[0], on[1]), []).append(on[2])
    work.clear_waits(conn, job.pair, job.flow.name, waiters)
    work.register_waits(conn, waits)
    for (flow, side), keys in unsure.items():
        states = ref_states(job, conn, flow, job.place(side), keys)
        there = [(side, key) for key, state in states.items() if state.state != "waiting"]
        work.wake(conn, job.pair, flow, there)
    _tell_children(conn, job, subjects)


def _tell_children(conn: Connection, job: Job, subjects: Sequence[Subject]) -> None:
    """Wake who waits for a record that is parked or left out: it is parked with that reason."""
    stopped = [
        (side, key_text(key))
        for subject in subjects
        if subject.link is None and subject.ended in (Disposition.PARKED, Disposition.FILTERED)
        for side, key in subject.keys.items()
    ]
    work.wake(conn, job.pair, job.flow.name, stopped)


def _give_back(conn: Connection, job: Job, subjects: Sequence[Subject]) -> None:
    assert job.lease is not None
    later = {Disposition.RETRYING, Disposition.UNSETTLED}
    done = [subject for subject in subjects if subject.ended not in later]
    work.finish(conn, job.pair, job.flow.name, claims_of(done), job.lease)
    for subject in subjects:
        if subject.ended in later:
            due = job.clock() + timedelta(seconds=subject.due_after_s or 0.0)
            work.release(conn, job.pair, job.flow.name, [subject.claimed_as or subject.id], due)


def _rows(job: Job, run: str, subject: Subject) -> list[Entry]:
    """Give the subject's outcome; when it was counted as waiting earlier in the run, first take that back."""
    if subject.counted is None:
        return [_entry(job, run, subject)]
    before = Entry(
        kind=ledger.OUTCOME,
        run=run,
        subject=subject.counted.name,
        subjects=-1,
        disposition=str(subject.counted.ended),
        flow_digest=job.flow.digest,
        payload=pack({"counted_again_as": subject.id}),
    )
    return [before, _entry(job, run, subject)]


def _entry(job: Job, run: str, subject: Subject) -> Entry:
    assert subject.ended is not None
    payload: dict[str, Any] = {"keys": {side: show_key(key) for side, key in subject.keys.items()}}
    if subject.link is not None:
        payload["link"] = subject.link.id
        payload["made_by"] = subject.link.made_by
    if subject.steps:
        payload["steps"] = subject.steps
    return Entry(
        kind=ledger.OUTCOME,
        run=run,
        subject=subject.id,
        subjects=1,
        disposition=str(subject.ended),
        flow_digest=job.flow.digest,
        payload=pack(payload),
    )
