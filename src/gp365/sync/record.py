"""Record: turn a page's outcomes into agreed pairs, links, parked entries, waits and ledger rows, in one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import Connection

from gp365.model.plan import Pair, Verdict
from gp365.model.record import Op, Record, Status
from gp365.model.values import Value, Values, fingerprint, key_text
from gp365.store import intents, ledger, links, work
from gp365.store.waits import Wait
from gp365.sync import sightings
from gp365.sync.contributing import keep_contributions
from gp365.sync.decide import claims_of
from gp365.sync.events.gone import marked_links
from gp365.sync.indexing import found_by, index_written, wake_rivals
from gp365.sync.job import Job, Place, mapped
from gp365.sync.judging import judge
from gp365.sync.linking import Draft, keep_links
from gp365.sync.merely import told
from gp365.sync.orders import ended_orders, wake_shown
from gp365.sync.parking import park
from gp365.sync.plan import Facts
from gp365.sync.plan.fields import loud
from gp365.sync.plan.pairs import Agreed
from gp365.sync.references import ref_states
from gp365.sync.subject import Disposition, Sent, Subject
from gp365.sync.verify_draw import draw_writes

_STATES = {
    Status.DONE: "done",
    Status.REJECTED: "rejected",
    Status.MOVED: "moved",
    Status.EXISTS: "exists",
    Status.GONE: "gone",
    Status.RETRY: "not-sent",
}

_UNDECIDED = frozenset({Verdict.CONFLICT, Verdict.PARKED, Verdict.WAITING})

Held = dict[int, Mapping[str, Values]]  # what a subject's sides hold after the page, by the subject and side


def record(
    conn: Connection, job: Job, run: str, subjects: Sequence[Subject], facts: Mapping[str, Facts]
) -> None:
    """Record what became of a page. Subjects that must be planned once more are marked `again` and stay claimed."""
    intents.close_many(conn, [end for subject in subjects for end in _ends(subject)])
    held: Held = {}
    drafts = [draft for subject in subjects if (draft := _draft(job, subject, facts, held)) is not None]
    keep_links(conn, job, run, drafts)
    links.update(conn, [*marked_links(job, subjects), *ended_orders(subjects)])
    draw_writes(conn, job, run, subjects)
    found = {place.side: found_by(job, place) for place in job.places}
    written = [one for subject in subjects for one in _written(job, subject, held, found)]
    index_written(conn, job, written)
    sightings.keep(conn, subjects)
    for subject in subjects:
        judge(job, subject)
    finished = [subject for subject in subjects if not subject.again]
    keep_contributions(conn, job, finished)
    park(conn, job, run, finished)
    wake_rivals(conn, job, _renamed(subjects, written))
    wake_shown(conn, job, subjects)
    _wait(conn, job, finished)
    _give_back(conn, job, finished)
    ledger.append(conn, job.chain, told(conn, job, run, finished, facts), actor=job.actor, at=job.clock())


def _ends(subject: Subject) -> list[tuple[str, str, float | None]]:
    return [
        (sent.intent.id, _STATES[sent.outcome.status], sent.outcome.window_ms)
        for sent in subject.sends
        if sent.outcome is not None and sent.outcome.status in _STATES
    ]


def _draft(job: Job, subject: Subject, facts: Mapping[str, Facts], held: Held) -> Draft | None:
    """Work out the link as it stands after this page: the agreed pairs, and the prints if nothing is left to look at."""
    plan = subject.plan
    done = [sent for sent in subject.sends if _is_done(sent)]
    if (
        plan is None
        or subject.left_out
        or ((subject.ended is not None or subject.problem is not None) and not done)
    ):
        return None
    keys = dict(subject.keys)
    for sent in done:
        keys[sent.intent.side] = (sent.outcome.key if sent.outcome else ()) or tuple(
            sent.intent.key.split("\x1f")
        )
    if len(keys) < 2:
        return None
    subject.keys = keys
    fresh = dict(plan.pairs)
    for sent in done:
        fresh.update(_stored_pairs(job, sent))
    known = facts[subject.id].pairs
    pairs = known.renewed(fresh) if isinstance(known, Agreed) else {**known, **fresh}
    after = held[id(subject)] = {place.side: _after(place, subject, done) for place in job.places}
    births = {place.side: _birth(place, subject, done) for place in job.places}
    prints: dict[str, bytes] = {}
    if _quiet(subject, done):
        for place in job.places:
            prints[place.side] = fingerprint(after[place.side], place.fields, job.flow.digest)
    created = frozenset([sent.intent.side for sent in done if sent.intent.op == Op.CREATE])
    made_by = "create" if created else subject.made_by
    return Draft(subject, pairs, job.flow.digest, births, prints, made_by, created)


def _quiet(subject: Subject, done: Sequence[Sent]) -> bool:
    """Tell whether the next equal reading needs no look: everything planned was done and nothing is open."""
    assert subject.plan is not None
    if subject.ended is not None or subject.partial or len(done) != len(subject.sends):
        return False
    return _UNDECIDED.isdisjoint([field.verdict for field in loud(subject.plan.fields)])


def _stored_pairs(job: Job, sent: Sent) -> dict[str, Pair]:
    """Give the pairs of a done write: what we sent, or what the write call itself returned as stored."""
    pairs = dict(sent.envelope.pairs)
    assert sent.outcome is not None
    on_left = sent.intent.side == job.left.side
    for name, (left, right) in pairs.items():
        row = job.compiled.by_name.get(name)
        half = row.half(sent.intent.side, sent.outcome.stored) if row else None
        if half is not None:
            pairs[name] = (half, right) if on_left else (left, half)
    return pairs


def _after(place: Place, subject: Subject, done: Sequence[Sent]) -> Values:
    """Say what a side holds now, as far as we know: as read, with what was sent, and what was returned as stored."""
    before = subject.records.get(place.side)
    mine = [sent for sent in done if sent.intent.side == place.side]
    if before is not None and not mine:
        return mapped(place, before.values)
    values: dict[str, Value] = dict(before.values) if before else {}
    for sent in mine:
        if sent.outcome is not None:
            if not before:
                values.update(dict.fromkeys(place.fields))
                if sent.outcome.record is not None:
                    values.update(sent.outcome.record.values)
            values.update(sent.envelope.values)
            values.update(sent.outcome.stored)
    return mapped(place, values)


def _written(
    job: Job, subject: Subject, held: Held, found: Mapping[str, frozenset[str]]
) -> list[tuple[Place, Record]]:
    """Give the records that this page wrote, as they stand now; not those that are found by the same as before."""
    written: list[tuple[Place, Record]] = []
    for place in job.places:
        done = [one for one in subject.sends if one.intent.side == place.side and _is_done(one)]
        if done and place.side in subject.keys:
            read = subject.records.get(place.side)
            marked = done[-1].intent.reference if place.entity.reference_field else ""
            reference = read.reference if read is not None and read.reference else marked
            if _found_as_before(done, read, reference, found[place.side]):
                continue
            after = held.get(id(subject))
            values = after[place.side] if after is not None else _after(place, subject, done)
            written.append((place, Record(subject.keys[place.side], values, reference=reference)))
    return written


def _renamed(
    subjects: Sequence[Subject], written: Sequence[tuple[Place, Record]]
) -> list[tuple[Place, Record]]:
    """Give of what was written the records that stood before: nobody is parked because of one that we have just made."""
    updated = {
        (sent.intent.side, sent.intent.key)
        for subject in subjects
        for sent in subject.sends
        if sent.intent.op == str(Op.UPDATE)
    }
    return [(place, one) for place, one in written if (place.side, key_text(one.key)) in updated]


def _found_as_before(
    done: Sequence[Sent], read: Record | None, reference: str, wires: frozenset[str]
) -> bool:
    """Tell whether updates left everything by which a record is found: what was observed of it stands in the index."""
    return (
        read is not None
        and read.reference == reference
        and all(
            one.intent.op == str(Op.UPDATE)
            and one.outcome is not None
            and one.outcome.record is None
            and wires.isdisjoint(one.envelope.values)
            and wires.isdisjoint(one.outcome.stored)
            for one in done
        )
    )


def _is_done(sent: Sent) -> bool:
    return sent.outcome is not None and sent.outcome.status is Status.DONE


def _birth(place: Place, subject: Subject, done: Sequence[Sent]) -> str:
    """Give the birth mark that a side's record has by now: what a write answered, else what was read."""
    read = ""
    for sent in done:
        if sent.intent.side == place.side and sent.outcome is not None:
            if sent.outcome.birth:
                return sent.outcome.birth
            if sent.outcome.record is not None and not read:
                read = sent.outcome.record.birth
    held = subject.records.get(place.side)
    return read or (held.birth if held is not None else "")


def _wait(conn: Connection, job: Job, subjects: Sequence[Subject]) -> None:
    """Register what waits, and only then look again, so that a wake-up is never lost."""
    waits: list[Wait] = []
    waiters: list[tuple[str, str]] = []
    unsure: dict[tuple[str, str], list[str]] = {}
    for subject in subjects:
        plan = subject.plan
        assert plan is not None
        problem = subject.problem or plan.problem
        fields = [
            (field.name, field.waits_for) for field in loud(plan.fields) if field.verdict is Verdict.WAITING
        ]
        if problem is not None and problem.verdict is Verdict.WAITING:
            fields.append((problem.field, problem.waits_for))
        # A link that has lost its last number has none.
        ends = [(side, key_text(key)) for side, key in subject.keys.items()]
        waiters += ends
        for name, on in fields:
            if on is not None:
                waits.append(Wait(job.pair, job.flow.name, *ends[0], name, *on))
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
