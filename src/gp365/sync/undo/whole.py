"""A whole undo: what is taken back in which flow, what stands on created records, in the order in which it goes.

Flows go back in the opposite order of their runs, so that what stands on a record goes before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from gp365.model.errors import Misconfigured
from gp365.store import intents, links, runs
from gp365.store.intents import Head
from gp365.store.runs import Run
from gp365.sync.equation import Report
from gp365.sync.job import Job
from gp365.sync.undo.find import Task, links_made, reopened, tasks_of, with_links
from gp365.sync.undo.look import Blocked, form, look, undo_job
from gp365.sync.undo.outcome import closed_by
from gp365.sync.undo.plan import CLOSE, Undoing
from gp365.sync.undo.run import KIND, carry_out
from gp365.sync.undo.standing import Standing, standing_on

Closing = set[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be taken back of the flows of a pair: the writes, the links that were made, the links that were closed.

    `undone` are the runs among theirs that were undos; `strange` writes belong to no flow of the project (a roll-up's).
    """

    heads: Sequence[Head]
    made: Mapping[str, Sequence[int]] = field(default_factory=dict[str, "Sequence[int]"])
    closed: Mapping[str, Sequence[int]] = field(default_factory=dict[str, "Sequence[int]"])
    undone: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Step:
    """The part of an undo that belongs to one flow; `jobs` are all flows of the pair."""

    job: Job
    tasks: tuple[Task, ...]
    wanted: Wanted
    jobs: tuple[Job, ...]


def of_run(conn: Connection, jobs: Sequence[Job], run: Run, *, with_made: bool = False) -> Wanted:
    """Say what a run wrote; with `with_made` also the links that it made without writing."""
    heads = intents.heads_of_run(conn, run.id)
    mine = [job for job in jobs if (job.pair, job.flow.name) == (run.pair, run.flow)]
    made = {job.flow.name: links_made(conn, job, run.id) for job in mine} if with_made else {}
    closed = {job.flow.name: closed_by(conn, run.id) for job in mine} if run.kind == KIND else {}
    return Wanted(heads, made, closed, frozenset({run.id} if run.kind == KIND else ()))


def of_record(
    conn: Connection,
    job: Job,
    side: str,
    key: str,
    *,
    since: datetime | None = None,
) -> Wanted:
    """Say what was written to a record by a flow: by the last run that wrote it, or since a moment."""
    place = job.place(side)
    heads = [
        head
        for head in intents.heads_on(conn, place.system, place.entity.name, [key])
        if (head.pair, head.flow) == (job.pair, job.flow.name)
    ]
    if since is not None:
        heads = [head for head in heads if head.made_at >= since]
    else:
        heads = [head for head in heads if head.run == heads[0].run]
    kinds = {name: runs.get(conn, name) for name in {head.run for head in heads}}
    undone = frozenset(name for name, run in kinds.items() if run is not None and run.kind == KIND)
    return Wanted(heads, undone=undone)


def steps_of(conn: Connection, jobs: Sequence[Job], wanted: Wanted) -> list[Step]:
    """Lay out an undo flow by flow, in the order in which it goes, with the records that stand on created ones."""
    steps: dict[str, Step] = {}
    more: dict[str, list[Head]] = {}
    ready = [undo_job(job) for job in jobs]
    for job in ready:
        mine = [head for head in wanted.heads if (head.pair, head.flow) == (job.pair, job.flow.name)]
        tasks = tasks_of(conn, job, mine)
        tasks = with_links(tasks, wanted.made.get(job.flow.name, ()))
        tasks = reopened(tasks, wanted.closed.get(job.flow.name, ()))
        steps[job.flow.name] = Step(job, tuple(tasks), wanted, tuple(ready))
        for start in range(0, len(tasks), job.page):
            for standing in _standing(conn, ready, job, tasks[start : start + job.page]).values():
                for other, head in standing.creates:
                    more.setdefault(other.flow.name, []).append(head)
    for name, heads in more.items():
        known = {head.id for task in steps[name].tasks for head in task.heads}
        fresh = tasks_of(conn, steps[name].job, [head for head in heads if head.id not in known])
        steps[name] = replace(steps[name], tasks=_joined(steps[name].tasks, fresh))
    return [steps[job.flow.name] for job in reversed(ready) if steps[job.flow.name].tasks]


def _joined(tasks: Sequence[Task], fresh: Sequence[Task]) -> tuple[Task, ...]:
    """Add tasks; the writes of one subject stay together, newest first."""
    by_name = {task.name: task for task in tasks}
    for task in fresh:
        held = by_name.get(task.name)
        heads = sorted((*(held.heads if held else ()), *task.heads), key=_age, reverse=True)
        by_name[task.name] = replace(held or task, heads=tuple(heads))
    return tuple(by_name.values())


def _age(head: Head) -> tuple[datetime, str]:
    return head.made_at, head.id


def _standing(
    conn: Connection, jobs: Sequence[Job], job: Job, tasks: Sequence[Task], closing: Closing | None = None
) -> dict[str, Standing]:
    """Say, by task, what stands on the records that a page of tasks created."""
    held = links.by_ids(conn, [task.link for task in tasks if task.creates and task.link is not None])
    made = {
        task.name: (held[task.link], task.creates[0].side)
        for task in tasks
        if task.creates and task.link in held
    }
    found: dict[tuple[int, str], Standing] = {}
    for side in {side for _, side in made.values()}:
        mine = [link for link, at in made.values() if at == side]
        told = standing_on(conn, jobs, job, side, mine, closing or ())
        found |= {(number, side): standing for number, standing in told.items()}
    return {name: found[link.id, side] for name, (link, side) in made.items()}


def blocked_by(jobs: Sequence[Job], closing: Closing) -> Blocked:
    """Make what tells why created records are still in use; what this undo has closed, or will, does not count."""

    def blocked(job: Job, page: Sequence[Undoing]) -> dict[str, str]:
        with job.store.read() as conn:
            found = _standing(conn, jobs, job, [one.task for one in page], closing)
        return {name: _in_use(standing) for name, standing in found.items()}

    return blocked


def _in_use(standing: Standing) -> str:
    if standing.why or not standing.creates:
        return standing.why
    other, head = standing.creates[0]
    return f"A record of {other.flow.name} stands on it and cannot be taken back ({head.key})."


def show(steps: Sequence[Step]) -> Iterator[tuple[Job, Undoing]]:
    """Plan every step and give its subjects as they come; nothing is written."""
    closing: Closing = set()
    for step in steps:
        job = step.job
        for start in range(0, len(step.tasks), job.page):
            page = form(job, step.tasks[start : start + job.page], step.wanted.undone)
            look(job, page, blocked_by(step.jobs, closing))
            for one in page:
                if one.change == CLOSE and one.task.link is not None:
                    closing.add((job.flow.name, one.task.link))
                yield job, one


def take_back(
    steps: Sequence[Step],
    *,
    shown: Mapping[tuple[str, str], str] | None,
    done: Callable[[Job, Undoing], None],
) -> Iterator[Report]:
    """Carry every step out and give its report; after a system has failed nothing more is begun.

    `shown` gives, by flow and task, the digest of what a person was shown.
    """
    for step in steps:
        job = step.job
        mine = None
        if shown is not None:
            mine = {task: held for (flow, task), held in shown.items() if flow == job.flow.name}
        report = carry_out(
            job,
            step.tasks,
            undone=step.wanted.undone,
            blocked=blocked_by(step.jobs, set()),
            shown=mine,
            done=lambda one, job=job: done(job, one),
        )
        yield report
        if report.stopped is not None:
            return


def run_named(conn: Connection, name: str) -> Run:
    """Return the run of this id; Misconfigured("run-unknown")."""
    run = runs.get(conn, name)
    if run is None:
        raise Misconfigured("run-unknown", f"There is no run {name}.", value=name)
    return run
