"""Preview: the plan of a whole flow without writing anything, neither to the systems nor to the store.

Both sides are observed as in a run; the subjects come from what was observed and from the work that is pending.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from gp365.model.plan import PlannedWrite, SubjectPlan, Verdict
from gp365.model.record import Op
from gp365.model.values import key_text
from gp365.store import parked, work
from gp365.sync.draw import Drawn, propose
from gp365.sync.gather import Gathering, begin_gather, finish_gather
from gp365.sync.guards.beginning import begin_planned, foretell, suspected, watch_of
from gp365.sync.guards.holding import fresh_marks
from gp365.sync.guards.limits import Guarded, Mark
from gp365.sync.job import Job
from gp365.sync.observe import Observation, observe
from gp365.sync.plan.fields import loud
from gp365.sync.planning import plan_read
from gp365.sync.seldom import collecting_seldom
from gp365.sync.subject import Row, Subject

# So many pages are gathered before the first of them is planned. A page that is only shown may be larger than one that
# is written: nothing is held by it.
_AHEAD = 4
_PAGE = 1000


@dataclass(slots=True)
class Preview:
    """The figures of a plan, filled while its subjects are read: counts, and what it will cost per system.

    `guards` are those that would hold something of it; `recovery` names the restored sides that it brings back.
    """

    observation: Observation
    recovery: tuple[str, ...] = ()
    guards: list[Guarded] = field(default_factory=list[Guarded])
    considered: int = 0
    counts: dict[str, int] = field(default_factory=dict[str, int])
    creates: dict[str, int] = field(default_factory=dict[str, int])
    updates: dict[str, int] = field(default_factory=dict[str, int])
    fields: dict[str, int] = field(default_factory=dict[str, int])
    reading: dict[str, int] = field(default_factory=dict[str, int])
    requests: dict[str, int] = field(default_factory=dict[str, int])
    once: dict[str, int] = field(default_factory=dict[str, int])
    seconds_of: dict[str, float] = field(default_factory=dict[str, float])
    seconds: float = 0.0


def preview(
    job: Job, *, full: bool = False, only: Sequence[tuple[str, str]] | None = None
) -> tuple[Preview, Iterator[SubjectPlan]]:
    """Observe, and give the plan of every subject that is not plainly unchanged; read it to the end for the figures.

    With `only` it is the plan of these records (side, key), changed or not, and of no others.

    Where a system was restored from a backup, the plan is the way back.
    """
    before = {place.system: place.connector.tally().requests for place in job.places}
    begin_planned(job)
    with collecting_seldom():
        observation = observe(job, full=full or job.recovery is not None, store_keys=False)
    if job.recovery is None and (found := suspected(job, observation)) is not None:
        job.recovery = found
        if observation.similar is not None:
            observation.similar.close()
        observation = observe(job, full=True, store_keys=False)
    shown = Preview(observation, tuple(sorted(job.recovery.sides)) if job.recovery else ())
    return shown, _plans(job, shown, before, only)


def _plans(
    job: Job, shown: Preview, before: dict[str, int], only: Sequence[tuple[str, str]] | None
) -> Iterator[SubjectPlan]:
    done: set[str] = set()
    watch, marks = watch_of(job), Counter[Mark]()
    job.watch = watch
    for subjects in _pages(job, shown.observation, done, only):
        plans = _plan_page(job, shown.observation, subjects)
        marks.update(mark for found in fresh_marks(job, watch, subjects).values() for mark in found)
        if job.foreseen is not None:
            sides = (job.left.side, job.right.side)
            job.foreseen.put(job.flow.name, [(plan, sides) for plan in plans])
        _add_cost(job, shown, plans)
        for plan in plans:
            _count(shown, plan)
            yield plan
        job.progress("planned", shown.considered, 0)
    unchanged = shown.observation.unchanged() if only is None else ()
    quiet = sum(1 for number in unchanged if f"L{number}" not in done)
    shown.considered += quiet
    shown.counts["unchanged"] = shown.counts.get("unchanged", 0) + quiet
    shown.guards = foretell(job, watch, shown.observation, marks)
    _forecast(job, shown, before)


def _pages(
    job: Job, observation: Observation, done: set[str], only: Sequence[tuple[str, str]] | None
) -> Iterator[list[Subject]]:
    """Gather the pages, some ahead of the planning: what is asked about them is answered meanwhile."""
    ahead: deque[Gathering] = deque()
    try:
        with collecting_seldom():
            for rows in _rows(job, observation) if only is None else _chosen(only):
                fresh = [row for row in rows if f"{row.side}:{row.key}" not in done]
                ahead.append(begin_gather(job, observation, fresh))
                if len(ahead) > _AHEAD:
                    yield _not_done(finish_gather(ahead.popleft()), done)
            while ahead:
                yield _not_done(finish_gather(ahead.popleft()), done)
    finally:
        if observation.similar is not None:
            observation.similar.close()


def _not_done(gathered: list[Subject], done: set[str]) -> list[Subject]:
    """Leave out what came with an earlier page."""
    subjects = [one for one in gathered if one.id not in done]
    done.update(subject.id for subject in subjects)
    done.update(
        f"{side}:{key_text(key)}" for one in subjects if one.link is None for side, key in one.keys.items()
    )
    return subjects


def _rows(job: Job, observation: Observation) -> Iterator[Sequence[Row]]:
    """Give what is to be looked at, in pages: what was observed, then pending work and parked records."""
    size = max(job.page, _PAGE)
    for place in job.places:
        for keys in observation.seen[place.side].pages():
            for start in range(0, len(keys), size):
                yield [Row(place.side, key_text(key), 0) for key in keys[start : start + size]]
        yield from _vanished(observation, place.side, size)
    with job.store.read() as conn:
        pending = work.candidates(conn, job.pair, job.flow.name, job.clock(), 1_000_000)
        entries = parked.list_open(conn, job.pair, job.flow.name, limit=100_000)
    rows = [Row(row.side, row.key, row.seq) for row in pending]
    for entry in entries:
        for place, key in zip(job.places, (entry.left_key, entry.right_key), strict=True):
            if key is not None:
                rows.append(Row(place.side, key, 0))
                break
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _chosen(only: Sequence[tuple[str, str]]) -> Iterator[Sequence[Row]]:
    """Give the rows of chosen records."""
    for start in range(0, len(only), _PAGE):
        yield [Row(side, key, 0) for side, key in only[start : start + _PAGE]]


def _vanished(observation: Observation, side: str, size: int) -> Iterator[Sequence[Row]]:
    """Give the linked keys that are missing."""
    missing = observation.missing.get(side, [])
    for start in range(0, len(missing), size):
        yield [Row(side, key, 0) for _, key in missing[start : start + size]]


def _plan_page(job: Job, observation: Observation, subjects: list[Subject]) -> list[SubjectPlan]:
    if not subjects:
        return []
    plan_read(job, observation, subjects)
    drawn = propose(job, subjects)
    plans: list[SubjectPlan] = []
    for subject in subjects:
        plan = subject.plan
        assert plan is not None
        problem = subject.problem or plan.problem
        writes = () if problem else tuple([_with_key(write, subject, drawn) for write in plan.writes])
        matched = subject.made_by if subject.link is None and len(subject.keys) == 2 else ""
        if (writes, matched) != (plan.writes, plan.matched) or problem is not plan.problem:
            plan = replace(plan, writes=writes, problem=problem, matched=matched)
        plans.append(plan)
    return plans


def _with_key(write: PlannedWrite, subject: Subject, drawn: Drawn) -> PlannedWrite:
    key = write.key or drawn.key(subject, write.side) or ()
    return write if key == write.key else replace(write, key=key)


def outcome_of(plan: SubjectPlan) -> str:
    """Say how a subject would end if everything is accepted."""
    if plan.problem is not None:
        return "waiting" if plan.problem.verdict is Verdict.WAITING else "parked"
    if plan.filtered:
        return "filtered"
    verdicts = {one.verdict for one in loud(plan.fields)}
    if verdicts & {Verdict.CONFLICT, Verdict.PARKED}:
        return "parked"
    if Verdict.WAITING in verdicts:
        return "waiting"
    if any(write.op is Op.CREATE for write in plan.writes):
        return "created"
    return "updated" if plan.writes else "unchanged"


def _count(shown: Preview, plan: SubjectPlan) -> None:
    shown.considered += 1
    name = outcome_of(plan)
    shown.counts[name] = shown.counts.get(name, 0) + 1
    for write in plan.writes:
        counted = shown.creates if write.op is Op.CREATE else shown.updates
        counted[write.side] = counted.get(write.side, 0) + 1
    if not plan.fields:
        return
    told = loud(plan.fields)
    found = Counter([one.verdict.value for one in told])
    # The others agree, and say no more than that.
    if len(plan.fields) > len(told):
        found["agree"] += len(plan.fields) - len(told)
    found["overruled"] = sum([one.overruled for one in told])
    found["cut"] = sum([one.cut for one in told])
    for what, count in found.items():
        if count:
            shown.fields[what] = shown.fields.get(what, 0) + count


def _add_cost(job: Job, shown: Preview, plans: Sequence[SubjectPlan]) -> None:
    """Add what the writes of a page will cost: a page is written by itself, however few of it are of one kind."""
    for place in job.places:
        ops = [write.op for plan in plans for write in plan.writes if write.side == place.side]
        if not ops:
            continue
        creates = sum(op is Op.CREATE for op in ops)
        cost = place.connector.estimate(
            place.entity.name, reads=0, creates=creates, updates=len(ops) - creates
        )
        shown.requests[place.system] = shown.requests.get(place.system, 0) + cost.requests - cost.once
        shown.once[place.system] = max(shown.once.get(place.system, 0), cost.once)
        shown.seconds_of[place.side] = shown.seconds_of.get(place.side, 0.0) + cost.seconds


def _forecast(job: Job, shown: Preview, before: dict[str, int]) -> None:
    """Foretell requests: what reading cost just now, and what the connectors say the writes will."""
    for place in job.places:
        reading = place.connector.tally().requests - before[place.system]
        shown.reading[place.system] = reading
        writing = shown.requests.get(place.system, 0) + shown.once.get(place.system, 0)
        shown.requests[place.system] = reading + writing
    shown.seconds = max(shown.seconds_of.values(), default=0.0)
