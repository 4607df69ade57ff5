"""A page of subjects on its way: claim, settle, plan, open intents; then send; then record. The caller owns the order.

Planning and recording use the database and no system but for reading; send uses the systems and no database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gp365.model.errors import Gp365Error
from gp365.model.plan import Problem
from gp365.model.values import unpack_deep
from gp365.store import parked
from gp365.sync.assumed import assume, learn
from gp365.sync.beside import Beside
from gp365.sync.census import guard_creates
from gp365.sync.decide import claim, open_intents, plan_subjects, unclaim
from gp365.sync.draw import draw, reserve
from gp365.sync.events.recognise import decide_again, look_again
from gp365.sync.events.repair import carry_out
from gp365.sync.facts import gather_facts
from gp365.sync.guards.holding import hold, note_passed
from gp365.sync.job import Job
from gp365.sync.loops import break_loops
from gp365.sync.observe import Observation
from gp365.sync.parking import inputs_digest
from gp365.sync.plan import Facts
from gp365.sync.reading import read_records
from gp365.sync.record import record
from gp365.sync.send import send
from gp365.sync.settle import settle
from gp365.sync.subject import Subject
from gp365.sync.unseen import keep_unseen


@dataclass(slots=True)
class Page:
    """The subjects of a page, what the planner was told about them, and what stopped its sending."""

    subjects: list[Subject]
    facts: Mapping[str, Facts] = field(default_factory=dict[str, Facts])
    stopped: Gp365Error | None = None


def claim_page(
    job: Job, run: str, subjects: Sequence[Subject], beside: Beside
) -> tuple[list[Subject], list[Subject]]:
    """Claim subjects for this worker; those that another one holds stay in the queue.

    Also gives those that another run has worked since we read them: they are to be gathered anew, and nobody holds them.
    """
    with job.store.write(job.lease) as conn:
        mine = claim(conn, job, run, subjects)
        overtaken = beside.overtaken(conn, job, mine)
        if overtaken:
            unclaim(conn, job, run, overtaken)
    job.probe("claimed")
    return [one for one in mine if one not in overtaken], overtaken


def plan_page(job: Job, run: str, observation: Observation, subjects: Sequence[Subject]) -> Page:
    """Settle what is open on claimed subjects, plan them, and commit an intent for every write."""
    return _plan(job, run, observation, Page(list(subjects)))


def plan_again(job: Job, run: str, observation: Observation, subjects: Sequence[Subject]) -> Page:
    """Plan once more what moved, met an existing record, or lost its answer; the subjects are claimed already."""
    for subject in subjects:
        subject.again, subject.problem, subject.plan = False, None, None
        subject.sends, subject.marked, subject.assumed = [], "", ""
    _refresh(job, subjects)
    look_again(job, observation, subjects)
    return _plan(job, run, observation, Page(list(subjects)))


def _refresh(job: Job, subjects: Sequence[Subject]) -> None:
    """Read afresh what an outcome did not bring along."""
    for place in job.places:
        stale = [one for one in subjects if place.side in one.keys and place.side not in one.records]
        if not stale:
            continue
        keys = [subject.keys[place.side] for subject in stale]
        found = place.connector.get(place.entity.name, keys, place.fields, fresh=True)
        for subject in stale:
            held = found.get(subject.keys[place.side])
            if held is not None:
                subject.records[place.side] = held


def _plan(job: Job, run: str, observation: Observation, page: Page) -> Page:
    under_way = [one for one in page.subjects if one.open_intents and one.link is not None]
    settle(job, run, page.subjects)
    look_again(job, observation, [one for one in under_way if one.ended is None])
    carry_out(job, run, page.subjects)
    working = [subject for subject in page.subjects if subject.ended is None]
    assume(job, observation, working)
    read_records(job, observation, working)
    page.facts = gather_facts(job, page.subjects)
    _hold_back(job, working)
    keep_unseen(job, working)
    plan_subjects(job, page.subjects, page.facts)
    guard_creates(job, observation, working)
    break_loops(job, working)
    decide_again(job, run, observation, working)
    _approve(job, working)
    hold(job, working)
    drawn = draw(job, working)
    if any(subject.plan is not None and subject.plan.writes for subject in working):
        with job.store.write(job.lease) as conn:
            reserve(conn, job, working, drawn)
            open_intents(conn, job, run, working, drawn, page.facts)
            note_passed(conn, job, working)
        job.probe("intent")
    return page


def _approve(job: Job, subjects: Sequence[Subject]) -> None:
    """With an approved plan at hand, a subject is written only as that plan says."""
    if job.approve is None:
        return
    for subject in subjects:
        assert subject.plan is not None
        problem = job.approve(subject.plan)
        if problem is not None:
            subject.problem = problem


def _hold_back(job: Job, subjects: Sequence[Subject]) -> None:
    """A write that was refused is not sent again while nothing has changed and nobody asked for it."""
    with job.store.read() as conn:
        held = parked.open_for(
            conn, job.pair, job.flow.name, [name for one in subjects for name in _names(one)]
        )
    for subject in [one for one in subjects if not one.left_out]:
        entries = [entry for name in _names(subject) for entry in held.get(name, []) if entry.field == ""]
        for entry in entries:
            shown = unpack_deep(entry.shown)
            if shown.get("sent") == inputs_digest(subject) and not entry.resolution:
                subject.held_back = entry
                subject.problem = Problem(entry.code, entry.message, value=str(shown.get("value") or ""))


def _names(subject: Subject) -> set[str]:
    return {subject.id, f"L{subject.link.id}"} if subject.link else {subject.id}


def send_page(job: Job, page: Page) -> Page:
    """Send a page's writes."""
    page.stopped = send(job, page.subjects)
    learn(job, page.subjects)
    return page


def record_page(job: Job, run: str, page: Page) -> list[Subject]:
    """Record a page in one commit; return the subjects that must be planned again."""
    with job.store.write(job.lease) as conn:
        record(conn, job, run, page.subjects, page.facts)
    job.probe("recorded")
    return [subject for subject in page.subjects if subject.again]
