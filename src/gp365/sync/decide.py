"""Decide: plan a page, draw keys for what is created, and open an intent for every write before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from secrets import token_hex
from typing import NamedTuple

from sqlalchemy import Connection

from gp365.model.flow import Flow
from gp365.model.plan import FieldPlan, Pair, PlannedWrite, Problem, SubjectPlan, Verdict
from gp365.model.record import Op, Record
from gp365.model.values import Key, Value, key_text, pack
from gp365.store import intents, work
from gp365.store.columns import to_micros
from gp365.store.intents import Intent
from gp365.store.work import Claim
from gp365.sync.draw import Drawn
from gp365.sync.envelope import Envelope, seal
from gp365.sync.events.gone import plan_event
from gp365.sync.inputs import images_of, pack_inputs
from gp365.sync.job import Job, reference_of
from gp365.sync.plan import Facts, plan_subject
from gp365.sync.plan.fields import loud
from gp365.sync.plan.order_desk import ORDER
from gp365.sync.plan.subject import belongs_elsewhere
from gp365.sync.subject import Disposition, Sent, Subject

MARGIN_S = 30.0
# A difference that is held with a target is settled by the write to that target.
_PAIRED = (Verdict.WRITE, Verdict.AGREE, Verdict.HELD)
_NOTHING = pack({})
_ALIKE = frozenset({"similar", "number-alone"})


def plan_subjects(job: Job, subjects: Sequence[Subject], facts: Mapping[str, Facts]) -> None:
    """Plan every subject of a page; a subject with a problem of its own is planned as that problem."""
    left, right = job.left.side, job.right.side
    for subject in subjects:
        a, b = subject.records.get(left), subject.records.get(right)
        if subject.problem is None and (subject.left_out or subject.marked):
            subject.plan = plan_event(job, subject)
            continue
        if (
            subject.problem is None
            and len(subject.keys) == 2
            and (a is None) != (b is None)
            and not subject.recreate
        ):
            gone = right if b is None else left
            subject.problem = Problem("target-gone", f"Its partner is not to be found on {gone}.", side=gone)
        if subject.problem is not None and (away := _elsewhere(subject, facts[subject.id])):
            subject.problem, subject.plan = None, SubjectPlan(subject.id, a, b, filtered=away)
            continue
        if subject.problem is not None:
            subject.plan = SubjectPlan(subject.id, a, b, problem=subject.problem)
            continue
        linked = subject.link is not None
        subject.plan = plan_subject(job.compiled, subject.id, a, b, facts[subject.id], linked=linked)


def _elsewhere(subject: Subject, facts: Facts) -> str:
    """Say why a record that is merely like another one would not be created here anyway: nobody need look at it."""
    assert subject.problem is not None
    if subject.problem.code not in _ALIKE or subject.link is not None or len(subject.records) != 1:
        return ""
    return belongs_elsewhere(next(iter(subject.records)), facts)


def claims_of(subjects: Sequence[Subject]) -> list[Claim]:
    """Name the work rows of subjects, and hold their other ends as well (a seq of 0)."""
    claims: list[Claim] = []
    for subject in subjects:
        rows = {(row.side, row.key): row.seq for row in subject.rows}
        for side, key in subject.keys.items():
            name = (side, key_text(key))
            if name not in rows:
                rows[name] = 0
        held = tuple([(side, key, seq) for (side, key), seq in rows.items()])
        claims.append(Claim(subject.claimed_as or subject.id, held))
    return claims


def claim(conn: Connection, job: Job, run: str, subjects: Sequence[Subject]) -> list[Subject]:
    """Claim subjects; those that another worker holds are left in the queue."""
    assert job.lease is not None
    won = set(work.claim(conn, job.pair, job.flow.name, claims_of(subjects), job.lease, run))
    return [subject for subject in subjects if (subject.claimed_as or subject.id) in won]


def unclaim(conn: Connection, job: Job, run: str, subjects: Sequence[Subject]) -> None:
    """Undo claims of this transaction; a subject that this run had counted before stays counted."""
    names = [one.claimed_as or one.id for one in subjects]
    counted = {one.claimed_as or one.id for one in subjects if one.counted is not None}
    work.give_back(conn, job.pair, job.flow.name, names, run, counted)


def open_intents(
    conn: Connection,
    job: Job,
    run: str,
    subjects: Sequence[Subject],
    drawn: Drawn,
    facts: Mapping[str, Facts],
) -> None:
    """Open an intent for every planned write. A target with an open intent of another subject makes this one wait."""
    made: list[tuple[Subject, Sent]] = []
    bodies: dict[str, bytes] = {}
    now = job.clock()
    opening = _Opening(run, now, now + _seconds(max(1.0, job.lease_ttl_s - MARGIN_S)), _names(now))
    for subject in subjects:
        plan = subject.plan
        if plan is None or plan.problem is not None or subject.problem is not None:
            continue
        for write in plan.writes:
            key = write.key or drawn.key(subject, write.side)
            if key is None:
                subject.problem = Problem(
                    "no-number", "No free number could be found for it.", side=write.side
                )
                break
            event = bool(subject.left_out or subject.marked)
            images = images_of(plan)
            name, body = pack_inputs(job, plan, facts[subject.id], event=event, images=images)
            bodies[name] = body
            before = images[0 if write.side == job.left.side else 1] or _NOTHING
            keyed = write if write.key == key else replace(write, key=key)
            made.append((subject, _sent(job, opening, subject, plan, keyed, before, name)))
    if not made:
        return
    intents.keep_inputs(conn, bodies)
    refused = intents.open_many(conn, [sent.intent for _, sent in made])
    for subject, sent in made:
        if sent.intent.id in refused:
            subject.ended = Disposition.RETRYING
        else:
            subject.sends.append(sent)


class _Opening(NamedTuple):
    """What the intents of a page have in common, and the names that they take one after the other."""

    run: str
    now: datetime
    send_by: datetime
    names: Iterator[str]


def _names(now: datetime) -> Iterator[str]:
    """Give names of intents in order of time, so that the next one stands beside the last."""
    begun = f"{to_micros(now):014x}"
    while True:
        chance = token_hex(6 * 64)
        for at in range(0, len(chance), 12):
            yield begun + chance[at : at + 12]


def _sent(
    job: Job,
    opening: _Opening,
    subject: Subject,
    plan: SubjectPlan,
    write: PlannedWrite,
    before: bytes,
    inputs: str,
) -> Sent:
    source_side, source = _source(job, plan, write)
    pairs = written_pairs(job.flow, plan, write)
    envelope = Envelope(write.values, pairs, source.birth if source else "", job.flow.digest)
    place = job.place(write.side)
    record = plan.left if write.side == job.left.side else plan.right
    marked = source is not None and (place.entity.reference_field or write.op is Op.CREATE)
    overruled = _overruled(plan, write.side)
    assert job.lease is not None
    intent = Intent(
        id=next(opening.names),
        run=opening.run,
        pair=job.pair,
        flow=job.flow.name,
        subject=subject.id,
        op=str(write.op),
        system=place.system,
        entity=place.entity.name,
        side=write.side,
        key=key_text(write.key),
        source_side=source_side,
        source_key=key_text(source.key) if source else "",
        reference=reference_of(job.pair, job.flow.name, source_side, source) if source and marked else "",
        values=seal(envelope),
        before=before,
        inputs=inputs,
        overruled=pack(overruled) if overruled else _NOTHING,
        send_by=opening.send_by,
        settled_after=opening.send_by + _seconds(place.entity.longest_reply_s),
        lease=job.lease.number,
        state="open",
        made_at=opening.now,
        ended_at=None,
        window_ms=None,
        version=record.version if record else "",
    )
    return Sent(intent, envelope)


@lru_cache(64)
def _seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def _source(job: Job, plan: SubjectPlan, write: PlannedWrite) -> tuple[str, Record | None]:
    """Name the other end of a write: where its values come from."""
    return (job.right.side, plan.right) if write.side == job.left.side else (job.left.side, plan.left)


def _overruled(plan: SubjectPlan, side: str) -> dict[str, list[object]]:
    """Give the values that moved and are overwritten: the pair, the loser and the rule (engine rules, overruled)."""
    return {
        field.name: [list(field.left or ()), list(field.right or ()), field.winner, field.rule]
        for field in loud(plan.fields)
        if field.overruled and field.target == side and field.verdict is Verdict.WRITE
    }


def written_pairs(flow: Flow, plan: SubjectPlan, write: PlannedWrite) -> dict[str, Pair]:
    """Give the pairs that are agreed once this write is done: the winner's raw half and what we send."""
    # What is remembered of an order goes with its write: whoever settles that write has it.
    pairs: dict[str, Pair] = {ORDER: plan.pairs[ORDER]} if ORDER in plan.pairs else {}
    on_left = write.side == flow.left.name
    fields = loud(plan.fields)
    side = flow.right.name if on_left else flow.left.name
    there = {field.name: field for field in reversed(fields) if field.target == side}
    for field in fields:
        if field.target != write.side or field.verdict not in _PAIRED or field.agrees is False:
            continue
        other = _other_half(field, there.get(field.name), on_left)
        if other is not None:
            pairs[field.name] = (field.new, other) if on_left else (other, field.new)
    return pairs


def _other_half(field: FieldPlan, both: FieldPlan | None, on_left: bool) -> tuple[Value, ...] | None:
    """Give the half on the side that is not written; when `both` are written, what is written there."""
    if both is not None and both.verdict is Verdict.WRITE:
        return both.new
    return field.right if on_left else field.left


def target_key(sent: Sent) -> Key:
    """Return the key that a write goes to."""
    return tuple(sent.intent.key.split("\x1f"))


def is_create(intent: Intent) -> bool:
    """Tell whether an intent creates."""
    return intent.op == str(Op.CREATE)
