"""Carrying an undo out: a run of its own, page by page, by the same door as every write.

Intent, call, outcome, ledger; a link is closed or opened in the commit of the intents, and given back if the write was
refused. What an interrupted undo has done is found already back when it is called again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from time import monotonic

from sqlalchemy import Connection

from gp365.model.errors import Gp365Error
from gp365.model.plan import Problem, SubjectPlan
from gp365.model.values import key_text
from gp365.store import epochs, intents, ledger, links, runs, work
from gp365.sync.decide import claim, claims_of, open_intents
from gp365.sync.draw import Drawn
from gp365.sync.equation import Report, Tallies, close, count_subject
from gp365.sync.guards import restored
from gp365.sync.indexing import index_written
from gp365.sync.job import Job
from gp365.sync.judging import judge
from gp365.sync.kept import keep
from gp365.sync.observe import Observation
from gp365.sync.planfile import writes_digest
from gp365.sync.send import send
from gp365.sync.settle import settle
from gp365.sync.subject import Disposition, Row
from gp365.sync.telling import ledger_rows
from gp365.sync.undo.find import Task
from gp365.sync.undo.look import Blocked, form, look
from gp365.sync.undo.outcome import drafts_of, link_after, links_before, states_of, tell, written_of_page
from gp365.sync.undo.plan import REOPEN, Undoing
from gp365.sync.verify import verify_run
from gp365.sync.verify_draw import draw_writes

KIND = "undo"
STALE = "plan-stale"
Done = Callable[[Undoing], None]


def digest_of(one: Undoing) -> str:
    """Hash what a subject of an undo would do: its writes, and what becomes of its link."""
    return f"{writes_digest(one.plan)}{one.change}"


def carry_out(
    job: Job,
    tasks: Sequence[Task],
    *,
    undone: Collection[str],
    blocked: Blocked,
    shown: Mapping[str, str] | None,
    done: Done,
) -> Report:
    """Take the tasks of one flow back; `shown` gives, by task, the digest of what a person was shown and lets go.

    Each subject is handed to `done` when it is finished. A system that fails stops the run (the report's `stopped`); it
    goes on where it stopped when the same undo is called again.
    """
    stopped = restored.undecided(job)
    if stopped is not None:
        raise stopped
    began = monotonic()
    with job.store.write(job.lease) as conn:
        run = runs.begin(
            conn, job.pair, job.flow.name, kind=KIND, actor=job.actor, flow_digest=job.flow.digest
        )
        keep(conn, job)
        known = epochs.get(conn, job.pair)
    tallies, failed = Tallies.begin(job), None
    try:
        for start in range(0, len(tasks), job.page):
            page = form(job, tasks[start : start + job.page], undone)
            failed = _page(job, run, page, blocked, shown, tallies, done)
            job.progress("taken back", min(start + job.page, len(tasks)), len(tasks))
            if failed is not None:
                break
        failed = failed or verify_run(job, run, tallies.verified)
    except BaseException:
        with job.store.write() as conn:
            runs.end(conn, run, "interrupted")
        raise
    report = close(job, run, Observation({}, epochs=dict(known)), tallies, monotonic() - began, failed)
    job.probe("closed")
    return report


def _page(
    job: Job,
    run: str,
    page: Sequence[Undoing],
    blocked: Blocked,
    shown: Mapping[str, str] | None,
    tallies: Tallies,
    done: Done,
) -> Gp365Error | None:
    mine = _claim(job, run, page)
    working, failed = mine, None
    while working:
        try:
            _plan(job, run, working, blocked, shown)
            _open(job, run, working)
            failed = send(job, [one.subject for one in working])
        except Gp365Error as error:
            failed = error
            _give_up(job, working)
        job.probe("sent")
        working = _record(job, run, working)
        if failed is not None:
            _give_up(job, working)
            working = _record(job, run, working)
    for one in mine:
        count_subject(tallies, one.subject)
        done(one)
    return failed


def _claim(job: Job, run: str, page: Sequence[Undoing]) -> list[Undoing]:
    """Claim subjects, with a row in the queue each, so that a sync looks at what a killed undo has left open.

    A row that stands there already is another trigger's, and stays.
    """
    assert job.lease is not None
    with job.store.write(job.lease) as conn:
        _enqueue(conn, job, page)
        subjects = claim(conn, job, run, [one.subject for one in page])
        won = {id(subject) for subject in subjects}
        mine = [one for one in page if id(one.subject) in won]
        owner = {end: one for one in mine for end in _ends(one)}
        by_side: dict[str, list[str]] = {}
        for side, key in owner:
            by_side.setdefault(side, []).append(key)
        for intent in intents.open_for(conn, job.pair, job.flow.name, by_side):
            named = [(intent.side, intent.key), (intent.source_side, intent.source_key)]
            subject = next(owner[end].subject for end in named if end in owner)
            subject.open_intents.append(intent)
    job.probe("claimed")
    return mine


def _ends(one: Undoing) -> list[tuple[str, str]]:
    return [(side, key_text(key)) for side, key in one.subject.keys.items()]


def _enqueue(conn: Connection, job: Job, page: Sequence[Undoing]) -> None:
    """Give subjects that nothing has triggered a row of our own."""
    pair, flow = job.pair, job.flow.name
    there = {
        (row.side, row.key) for row in work.rows_of(conn, pair, flow, [e for one in page for e in _ends(one)])
    }
    fresh = {ends[0]: one for one in page if (ends := _ends(one)) and not there & {*ends}}
    work.enqueue(conn, pair, flow, [(side, key, KIND) for side, key in fresh])
    for row in work.rows_of(conn, pair, flow, fresh):
        fresh[row.side, row.key].subject.rows = [Row(row.side, row.key, row.seq)]


def _plan(
    job: Job, run: str, page: Sequence[Undoing], blocked: Blocked, shown: Mapping[str, str] | None
) -> None:
    """Settle what is open, read both records afresh, and plan; what is not as it was shown is not done."""
    for one in page:
        one.subject.again, one.subject.problem, one.subject.plan, one.subject.sends = False, None, None, []
    settle(job, run, [one.subject for one in page])
    for one in page:
        if one.subject.tries == 0:
            one.subject.records = {}
    look(job, page, blocked)
    for one in page:
        one.moved = False
        if one.subject.ended is not None:
            one.subject.plan, one.change = _nothing(job, one), ""
        if shown is None or one.subject.ended is not None or one.plan.problem is not None:
            continue
        if (one.plan.writes or one.change) and digest_of(one) != shown.get(one.task.name):
            one.moved, one.change = True, ""
            one.subject.problem = Problem(STALE, "It has changed since this undo was shown.")


def _open(job: Job, run: str, page: Sequence[Undoing]) -> None:
    """Commit an intent for every write, and with it what becomes of the links."""
    working = [one for one in page if one.subject.ended is None]
    with job.store.write(job.lease) as conn:
        subjects = [one.subject for one in working]
        facts = {one.subject.id: one.facts for one in working}
        open_intents(conn, job, run, subjects, Drawn(), facts)
        changed = [one for one in working if one.change and one.subject.ended is None]
        links.update(conn, [link_after(one) for one in changed])
    job.probe("intent")


def _give_up(job: Job, page: Sequence[Undoing]) -> None:
    """End subjects that could not be planned for now."""
    for one in page:
        subject = one.subject
        subject.again = False
        subject.ended = Disposition.UNSETTLED if subject.open_intents else Disposition.RETRYING
        subject.plan = subject.plan or _nothing(job, one)
        subject.sends = []


def _nothing(job: Job, one: Undoing) -> SubjectPlan:
    left, right = (one.subject.records.get(place.side) for place in job.places)
    return SubjectPlan(one.subject.id, left, right)


def _record(job: Job, run: str, page: Sequence[Undoing]) -> list[Undoing]:
    """Record outcomes, agreed pairs, links and ledger rows in one commit; return what must be planned once more."""
    if not page:
        return []
    with job.store.write(job.lease) as conn:
        intents.close_many(conn, states_of(page))
        drafts_of(conn, job, run, page)
        draw_writes(conn, job, run, [one.subject for one in page])
        index_written(conn, job, written_of_page(job, page))
        for one in page:
            judge(job, one.subject)
        finished = [one for one in page if not one.subject.again]
        links.update(conn, links_before(finished))
        for one in finished:
            tell(one)
        rows = [entry for one in finished for entry in ledger_rows(job, run, one.subject)]
        ledger.append(conn, job.chain, rows, actor=job.actor, at=job.clock())
        _give_back(conn, job, finished)
        _look_again(conn, job, finished)
    job.probe("recorded")
    return [one for one in page if one.subject.again]


def _give_back(conn: Connection, job: Job, page: Sequence[Undoing]) -> None:
    """Free the subjects; those whose answer was lost stay in the queue, for a sync to settle."""
    assert job.lease is not None
    lost = [one.subject for one in page if one.subject.ended is Disposition.UNSETTLED]
    done = [one.subject for one in page if one.subject.ended is not Disposition.UNSETTLED]
    work.finish(conn, job.pair, job.flow.name, claims_of(done), job.lease)
    for subject in lost:
        due = job.clock() + timedelta(seconds=subject.due_after_s or 0.0)
        work.release(conn, job.pair, job.flow.name, [subject.id], due)


def _look_again(conn: Connection, job: Job, page: Sequence[Undoing]) -> None:
    """Have the next sync look at links that were opened again: what changed meanwhile went by them."""
    for one in page:
        if one.change == REOPEN and one.before is not None:
            ends = [(side, key_text(key), KIND) for side, key in one.subject.keys.items()]
            work.enqueue(conn, job.pair, job.flow.name, ends)
