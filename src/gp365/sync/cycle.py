"""The cycle: one run of one flow of one pair, from observing to the closed equation. Errors are caught here.

Pages are decided and recorded by this thread and sent by others; a subject is in one page only. Whatever happens to
the process, the intents, the work rows and the ledger say what was under way.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from time import monotonic

from sqlalchemy import Connection

from gp365.model.errors import Conflict, Gp365Error
from gp365.model.plan import SubjectPlan, Verdict
from gp365.model.values import key_of, key_text
from gp365.store import parked, runs, work
from gp365.store.work import WorkRow
from gp365.sync.arriving import WAIT_S, Arriving, observe_nothing, take_in
from gp365.sync.beside import Beside, read_anew
from gp365.sync.beside import begin as begin_beside
from gp365.sync.decide import target_key
from gp365.sync.equation import Report, Tallies, close, count_subject
from gp365.sync.gather import gather
from gp365.sync.guards.beginning import begin_guarded, guard_observed, shut_what_is_too_much, watch_of
from gp365.sync.job import Job, is_ours, link_subject
from gp365.sync.kept import keep
from gp365.sync.late import TOLD, came_late
from gp365.sync.observe import Observation, accept, observe, take_known
from gp365.sync.only import Chosen
from gp365.sync.page import Page, claim_page, plan_again, plan_page, record_page, send_page
from gp365.sync.plan.fields import loud
from gp365.sync.quiet import fold, to_look_at
from gp365.sync.seldom import collecting_seldom
from gp365.sync.subject import Counted, Disposition, Row, Subject
from gp365.sync.unchanged import quiet_links, record_quiet
from gp365.sync.verify import verify_left_over, verify_run

WAKE = "wake"  # the reason of a row that was woken (store, work)
LATER = (Disposition.RETRYING, Disposition.UNSETTLED)


@dataclass(slots=True)
class _Cycle:
    """What a run remembers while it goes on. `passed` are rows that it leaves to the next run.

    `beside` is how far it knows what other runs of the flow have done. `only` are the records that it works alone,
    `arriving` is where those come from that somebody tells us of. `waiting` are subjects that it has counted while they
    waited for something that may still appear in this run; `behind` are those that are parked behind a record of this
    flow, by that record.
    """

    job: Job
    run: str
    tallies: Tallies
    observation: Observation
    beside: Beside
    only: Chosen | None = None
    arriving: Arriving | None = None
    passed: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    waiting: dict[str, Counted] = field(default_factory=dict[str, Counted])
    behind: dict[tuple[str, str], list[Counted]] = field(default_factory=dict[tuple[str, str], list[Counted]])
    again: list[Subject] = field(default_factory=list[Subject])
    stopped: Gp365Error | None = None


def sync(
    job: Job,
    *,
    full: bool = False,
    kind: str = "sync",
    only: Sequence[tuple[str, str]] | None = None,
    arriving: Arriving | None = None,
) -> Report:
    """Run a flow once: observe, work every page, close the equation. `only` names records (side, key) to work alone.

    With `arriving` no feed is read: records that somebody told us of are worked, beside whatever else is under way.

    What stops a run as a whole (a system that refuses us or is down) stands in the report's `stopped`: the run is
    closed and its counts compared all the same. Interruptions and bugs are raised; the next run goes on from there.
    """
    began = monotonic()
    with job.store.write(job.lease) as conn:
        runs.end_broken(conn, job.pair, job.flow.name, hints=kind == runs.HINT)
        run = runs.begin(
            conn, job.pair, job.flow.name, kind=kind, actor=job.actor, flow_digest=job.flow.digest
        )
        keep(conn, job)
        if only is None and arriving is None:
            _look_at_parked(conn, job, full)
        beside = begin_beside(conn, job, run)
    job.runs.append(run)
    cycle = _Cycle(job, run, Tallies.begin(job), Observation({}), beside)
    cycle.only, cycle.arriving = Chosen(only) if only is not None else None, arriving
    foldable, nothing_due = bool(job.fold_s) and only is None and not full and kind == "sync", False
    try:
        _observe(cycle, full)
        nothing_due = foldable and not _due(cycle)
        if not nothing_due:
            if cycle.only is None and cycle.arriving is None:
                record_quiet(cycle.job, cycle.run, cycle.observation, cycle.tallies)
            _work(cycle)
        if cycle.stopped is None:
            cycle.stopped = verify_run(job, run, cycle.tallies.verified)
    except Gp365Error as error:
        cycle.stopped = cycle.stopped or error
    except BaseException:
        with job.store.write() as conn:
            runs.end(conn, run, "interrupted")
        raise
    if job.looked is not None and cycle.stopped is None:
        job.looked.settle()
    report = _folded(cycle, monotonic() - began) if nothing_due and cycle.stopped is None else None
    if report is None:
        if nothing_due:
            record_quiet(cycle.job, cycle.run, cycle.observation, cycle.tallies)
        looks = 1 if nothing_due else 0
        report = close(
            job, run, cycle.observation, cycle.tallies, monotonic() - began, cycle.stopped, looks=looks
        )
    job.probe("closed")
    return report


def _folded(cycle: _Cycle, seconds: float) -> Report | None:
    """Count a look at which nothing was due in the row of the one before it, if it need not have its own."""
    tallies = replace(cycle.tallies, dispositions=dict(cycle.tallies.dispositions))
    tallies.quiet(sum(1 for _ in quiet_links(cycle.job, cycle.observation)))
    return fold(cycle.job, cycle.run, cycle.observation, tallies, seconds)


def _observe(cycle: _Cycle, full: bool) -> None:
    """Read both sides and let the guards look at it; a way back reads everything."""
    job = cycle.job
    everything = begin_guarded(job)
    if everything and (cycle.only is not None or cycle.arriving is not None):
        raise Conflict("restored", f"The way back of {job.pair} is not done.", fix="Run `gp365 sync` first.")
    if cycle.arriving is not None:
        cycle.observation = observe_nothing(job)
        cycle.observation.since = cycle.beside.since
        job.watch = watch_of(job)
        return
    verify_left_over(job, cycle.run, cycle.tallies.verified)
    if job.looked is not None:
        job.looked.begin(job, anew=full or everything)
    with collecting_seldom():
        cycle.observation = observe(job, full=full or everything, since=cycle.beside.since)
    job.listed = job.listed or job.clock()
    guard_observed(job, cycle.run, cycle.observation)
    accept(job, cycle.observation)
    shut_what_is_too_much(job, cycle.observation)
    if cycle.only is not None:
        with job.store.write(job.lease) as conn:
            cycle.only.enqueue(conn, job.pair, job.flow.name)


def _look_at_parked(conn: Connection, job: Job, full: bool) -> None:
    """Every run looks again at what is parked; the service's looks only now and then, unless they read everything."""
    rows: set[tuple[str, str, str]] = set()
    last = 0
    while entries := parked.list_open(conn, job.pair, job.flow.name, after_id=last):
        last = entries[-1].id
        for entry in (one for one in entries if full or to_look_at(conn, job, one)):
            for place, key in zip(job.places, (entry.left_key, entry.right_key), strict=True):
                if key is not None:
                    rows.add((place.side, key, "parked"))
                    break
    work.enqueue(conn, job.pair, job.flow.name, sorted(rows))


def _work(cycle: _Cycle) -> None:
    """Keep several pages in flight until nothing is left that is due."""
    with (
        collecting_seldom(),
        ThreadPoolExecutor(cycle.job.pages_in_flight, thread_name_prefix="send") as pool,
    ):
        flying: set[Future[Page]] = set()
        while True:
            while len(flying) < cycle.job.pages_in_flight and cycle.stopped is None and not cycle.job.halt():
                page = _next_page(cycle)
                if page is None:
                    break
                flying.add(pool.submit(send_page, cycle.job, page))
            if not flying:
                break
            done, flying = wait(flying, WAIT_S if cycle.arriving else None, return_when=FIRST_COMPLETED)
            for future in done:
                _land(cycle, future.result())
    if cycle.again:
        _give_up(cycle, cycle.again)


def _next_page(cycle: _Cycle) -> Page | None:
    """Plan the next page: first what must be planned again, then what is due. None when there is nothing.

    When a system fails while we look for work, the run ends, once the pages under way are recorded.
    """
    try:
        return _found_page(cycle)
    except Gp365Error as error:
        cycle.stopped = cycle.stopped or error
        return None


def _found_page(cycle: _Cycle) -> Page | None:
    if cycle.again:
        subjects, cycle.again = cycle.again, []
        return _planned(cycle, subjects, again=True)
    while rows := _due(cycle):
        subjects = _fresh(cycle, gather(cycle.job, cycle.observation, rows))
        mine, overtaken = claim_page(cycle.job, cycle.run, subjects, cycle.beside)
        read_anew(cycle.job, cycle.observation, overtaken)
        ours = {(row.side, row.key) for subject in [*mine, *overtaken] for row in subject.rows}
        left = [(row.side, row.key) for row in rows if (row.side, row.key) not in ours]
        cycle.passed.update(left)
        if cycle.arriving is not None and left:
            cycle.arriving.shut = True  # for the next run, which is to come soon
        if mine:
            page = _planned(cycle, mine, again=False)
            if cycle.arriving is not None:
                cycle.arriving.planned(len(mine))
            return page
    return None


def _planned(cycle: _Cycle, subjects: list[Subject], *, again: bool) -> Page:
    """Plan a claimed page; when a system fails while we read, its subjects are tried by a later run."""
    plan = plan_again if again else plan_page
    try:
        return plan(cycle.job, cycle.run, cycle.observation, subjects)
    except Gp365Error as error:
        cycle.stopped = cycle.stopped or error
        _give_up(cycle, subjects)
        return Page([])


def _due(cycle: _Cycle) -> list[Row]:
    """Read the next due rows, leaving out those that are the next run's."""
    job = cycle.job
    if cycle.arriving is not None:
        return _arrived(cycle, cycle.arriving)
    with job.store.read() as conn:
        if cycle.only is not None:
            rows = cycle.only.due(conn, job.pair, job.flow.name, job.clock(), cycle.passed, job.page)
        else:
            rows = work.candidates(conn, job.pair, job.flow.name, job.clock(), job.page + len(cycle.passed))
    fresh = [row for row in rows if (row.side, row.key) not in cycle.passed][: job.page]
    if cycle.only is None and (late := came_late(job, cycle.beside, fresh)):
        cycle.passed.update((row.side, row.key) for row in late)
        return _due(cycle)
    _read_told(cycle, fresh)
    return [Row(row.side, row.key, row.seq, row.reason == WAKE, row.reason in TOLD) for row in fresh]


def _read_told(cycle: _Cycle, rows: Sequence[WorkRow]) -> None:
    """Of what somebody told us of, what was read before is not what stands there now."""
    for place in cycle.job.places:
        told = [key_of(row.key) for row in rows if row.side == place.side and row.reason in TOLD]
        if told:
            found = place.connector.get(place.entity.name, told, place.fields, fresh=True)
            ours = [one for one in found.values() if is_ours(cycle.job, place, one)]
            take_known(cycle.job, place, ours, cycle.observation)
            cycle.observation.seen[place.side].mark_written([key for key in told if key not in found])


def _arrived(cycle: _Cycle, arriving: Arriving) -> list[Row]:
    """Take up the next records that somebody told us of, until one page can be worked or none is left."""
    job = cycle.job
    while True:
        rows = arriving.due(job, cycle.passed)
        if not rows:
            return []
        kept = take_in(job, cycle.observation, arriving, rows)
        cycle.passed.update((row.side, row.key) for row in rows if row not in kept)
        if kept:
            return [Row(row.side, row.key, row.seq, told=True) for row in kept]


def _fresh(cycle: _Cycle, subjects: Sequence[Subject]) -> list[Subject]:
    """Leave out subjects that this run has counted already: a trigger that came meanwhile is the next run's.

    Those that waited, and for which what they waited for has come meanwhile, are looked at again in this run.
    """
    with cycle.job.store.read() as conn:
        counted = work.noted(conn, cycle.run, [subject.id for subject in subjects])
    for one in subjects:
        if one.id in cycle.waiting and any(row.woken for row in one.rows):
            one.counted = cycle.waiting[one.id]
            one.claimed_as, one.done = one.counted.name, one.counted.done
    return [
        one
        for one in subjects
        if one.counted or (one.id not in counted and not (one.link and one.link.run == cycle.run))
    ]


def _land(cycle: _Cycle, page: Page) -> None:
    """Record a page that was sent."""
    if not page.subjects:
        return
    job = cycle.job
    job.probe("sent")
    if page.stopped is not None:
        cycle.stopped = cycle.stopped or page.stopped
    cycle.again.extend(record_page(job, cycle.run, page))
    _mark_written(cycle, page)
    for subject in page.subjects:
        if not subject.again:
            _count(cycle, subject)
    _wake_behind(cycle, page)
    job.progress("worked", cycle.tallies.considered, 0)


def _mark_written(cycle: _Cycle, page: Page) -> None:
    """What was read before our own write is not what stands there now."""
    for place in cycle.job.places:
        sent = [one for subject in page.subjects for one in subject.sends if one.intent.side == place.side]
        if sent:
            cycle.observation.seen[place.side].mark_written([target_key(one) for one in sent])


def _count(cycle: _Cycle, subject: Subject) -> None:
    count_subject(cycle.tallies, subject)
    _remember_waiting(cycle, subject)
    if subject.ended in LATER:
        cycle.passed.update((row.side, row.key) for row in subject.rows)


def _remember_waiting(cycle: _Cycle, subject: Subject) -> None:
    plan, name = subject.plan, link_subject(subject.link.id) if subject.link else subject.id
    cycle.waiting.pop(subject.id, None)
    if plan is None or subject.ended is None:
        return
    fields = loud(plan.fields)
    verdicts = [one.verdict for one in fields]
    stops = [one for one in (*fields, plan.problem) if one is not None and one.waits_for is not None]
    if not stops:
        return
    parked_fields = sum(one in (Verdict.CONFLICT, Verdict.PARKED) for one in verdicts)
    first_name = subject.counted.name if subject.counted else subject.id
    side, key = next(iter(subject.keys.items()))
    record = (side, key_text(key))
    counted = Counted(
        first_name, record, subject.ended, subject.done, parked_fields, verdicts.count(Verdict.HELD)
    )
    cycle.waiting[name] = counted
    for one in stops:
        if one.verdict is Verdict.PARKED and one.waits_for and one.waits_for[0] == cycle.job.flow.name:
            cycle.behind.setdefault(one.waits_for[1:], []).append(counted)


def _wake_behind(cycle: _Cycle, page: Page) -> None:
    """A record that is linked now lets go who was parked behind it, in this same run."""
    if not cycle.behind:
        return
    ends = [
        (side, key_text(key))
        for one in page.subjects
        if one.link is not None
        for side, key in one.keys.items()
    ]
    woken = {(*counted.record, WAKE) for end in ends for counted in cycle.behind.pop(end, [])}
    if woken:
        with cycle.job.store.write(cycle.job.lease) as conn:
            work.enqueue(conn, cycle.job.pair, cycle.job.flow.name, sorted(woken))


def _give_up(cycle: _Cycle, subjects: list[Subject]) -> None:
    """End subjects that could not be planned for now as retrying."""
    for subject in subjects:
        subject.again, subject.ended = False, Disposition.RETRYING
        subject.plan = subject.plan or SubjectPlan(subject.id, None, None)
        subject.sends = []
    cycle.again = []
    record_page(cycle.job, cycle.run, Page(subjects))
    for subject in subjects:
        _count(cycle, subject)
