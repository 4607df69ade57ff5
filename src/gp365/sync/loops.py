"""The loop breaker: a value that we wrote again and again, because a system makes another of it each time, is parked.

Two systems that each rewrite what they are given (upper case here, a mask there) would answer each other for ever.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from gp365.model.plan import FieldPlan, Verdict
from gp365.model.record import Op
from gp365.model.values import Value, key_text, show
from gp365.store import intents, parked
from gp365.sync.envelope import unseal
from gp365.sync.job import Job
from gp365.sync.plan.along import left_over
from gp365.sync.plan.fields import loud
from gp365.sync.plan.update import writes_of
from gp365.sync.subject import Subject

_Target = tuple[str, str]  # side and key
_Written = tuple[str, Value]  # wire field and value
_Counts = Mapping[_Target, Counter[_Written]]


def break_loops(job: Job, subjects: Sequence[Subject]) -> None:
    """Park the units of a page's plans that would write, once more, what was written too often of late.

    Not those that a person has let go: their parked entry has a decision.
    """
    targets = [
        (write.side, key_text(write.key))
        for subject in subjects
        if subject.plan is not None and subject.problem is None
        for write in subject.plan.writes
        if write.op is Op.UPDATE
    ]
    if not targets:
        return
    counts = _written(job, targets)
    if not counts:
        return
    for subject in subjects:
        looping = _looping(job, subject, counts)
        if looping:
            _park(job, subject, looping - _let_go(job, subject))


def _written(job: Job, targets: Sequence[_Target]) -> _Counts:
    """Count, by record, how often each value was written to each field within the window."""
    since = job.clock() - timedelta(hours=job.flow.guards.loop_hours)
    often = job.flow.guards.loop_writes
    counts: dict[_Target, Counter[_Written]] = {}
    with job.store.read() as conn:
        for place in job.places:
            keys = [key for side, key in targets if side == place.side]
            keys = intents.written_often(conn, place.system, place.entity.name, keys, since, often)
            written: dict[str, list[bytes]] = {}
            for key, planned in intents.done_since(conn, place.system, place.entity.name, keys, since):
                written.setdefault(key, []).append(planned)
            for key, writes in written.items():
                values = [item for planned in writes for item in unseal(planned).values.items()]
                counts[place.side, key] = Counter(values)
    return {target: count for target, count in counts.items() if max(count.values(), default=0) >= often}


def _looping(job: Job, subject: Subject, counts: _Counts) -> set[str]:
    if subject.plan is None or subject.problem is not None:
        return set()
    keys = {side: key_text(key) for side, key in subject.keys.items()}
    return {
        plan.unit or plan.name
        for plan in loud(subject.plan.fields)
        if plan.verdict is Verdict.WRITE
        and _often(job, plan, counts.get((plan.target, keys.get(plan.target, ""))))
    }


def _often(job: Job, plan: FieldPlan, counts: Counter[_Written] | None) -> bool:
    if counts is None:
        return False
    wires = job.compiled.row(plan.name).row.wires[plan.target]
    return all(
        counts[wire, value] >= job.flow.guards.loop_writes
        for wire, value in zip(wires, plan.new, strict=True)
    )


def _let_go(job: Job, subject: Subject) -> set[str]:
    names = {subject.id, f"L{subject.link.id}"} if subject.link else {subject.id}
    with job.store.read() as conn:
        held = parked.open_for(conn, job.pair, job.flow.name, names)
    return {entry.field for entries in held.values() for entry in entries if entry.resolution}


def _park(job: Job, subject: Subject, units: set[str]) -> None:
    plan = subject.plan
    if plan is None or not units or plan.left is None or plan.right is None:
        return
    stopped = [_stopped(job, one) if (one.unit or one.name) in units else one for one in plan.fields]
    fields = tuple(left_over(stopped))
    writes = writes_of(job.compiled, fields, plan.left, plan.right)
    subject.plan = replace(plan, fields=fields, writes=writes)


def _stopped(job: Job, plan: FieldPlan) -> FieldPlan:
    if plan.verdict is not Verdict.WRITE:
        return plan
    value = ", ".join(show(part) for part in plan.new)
    message = (
        f"{plan.name} on {plan.target} was set to {value!r} {job.flow.guards.loop_writes} times of late, and one of the two "
        "systems made something else of it each time."
    )
    return replace(
        plan,
        verdict=Verdict.PARKED,
        target="",
        new=(),
        overruled=False,
        cut=False,
        code="loop",
        message=message,
    )
