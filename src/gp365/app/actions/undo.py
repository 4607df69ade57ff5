"""The action `undo`: take back what a run, or the last writes of a record, changed; shown first, then carried out.

What is carried out is what was shown: a record that has moved in between is left as it is and named.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection

from gp365.app.actions.exits import LEFT, STOPPED, UNBALANCED, exit_of, worst
from gp365.app.actions.holding import probe_of
from gp365.app.actions.lease import working
from gp365.app.actions.opening import holder_of, opened, slot_of
from gp365.app.actions.running import Progress, run_out, silent
from gp365.app.actions.undo_outputs import UndoField, UndoOut, UndoRecord
from gp365.app.actions.values import halves, name_of, shown_half
from gp365.app.project import Project
from gp365.model.errors import Misconfigured
from gp365.model.plan import FieldPlan, Verdict
from gp365.model.values import digest, key_text, pack, show_key
from gp365.store import intents, runs
from gp365.store.intents import Head
from gp365.store.lease import Lease
from gp365.sync.equation import Report
from gp365.sync.job import Job
from gp365.sync.subject import Disposition
from gp365.sync.undo.plan import Undoing
from gp365.sync.undo.run import digest_of
from gp365.sync.undo.whole import Step, Wanted, of_record, of_run, run_named, show, steps_of, take_back

_LATER = (Disposition.REJECTED, Disposition.UNSETTLED, Disposition.RETRYING)
_NOT_DONE = ("refused", "partly", "rejected", "unsettled", "retrying")


@dataclass(frozen=True, slots=True)
class OfRun:
    """What a run changed; `flow` only checks that it is the run that was meant. `links`: those that it made too."""

    run: str
    flow: str = ""
    links: bool = False


@dataclass(frozen=True, slots=True)
class OfRecord:
    """What was last written to a record; `since` a run or a moment, else by the last run that wrote it."""

    system: str
    entity: str
    key: str
    since: str = ""


@dataclass(slots=True)
class _Told:
    """What goes by while an undo is shown or carried out."""

    limit: int | None
    records: list[UndoRecord] = field(default_factory=list[UndoRecord])
    outcomes: dict[str, int] = field(default_factory=dict[str, int])
    shown: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])

    def note(self, job: Job, one: Undoing) -> None:
        """Keep a record, as far as there is room, and count it."""
        outcome = _outcome(one)
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        self.shown[job.flow.name, one.task.name] = digest_of(one)
        if self.limit is None or len(self.records) < self.limit:
            self.records.append(_record(job, one, outcome))

    @property
    def digest(self) -> str:
        """Hash all that was shown."""
        return digest(pack({"\x1f".join(name): held for name, held in sorted(self.shown.items())}))[:16]


def undo(
    project: Project,
    what: OfRun | OfRecord,
    *,
    pair: str | None = None,
    apply: bool = False,
    plan: str = "",
    limit: int | None = None,
    progress: Progress = silent,
) -> UndoOut:
    """Show an undo, or with `apply` carry it out under the lock of the folder; `plan` is the digest that was shown.

    Misconfigured: run-unknown, record-unknown; plan-stale where it would not do what `plan` had shown.
    """
    if not apply:
        with _opened(project, what, pair, progress) as (wanted, steps):
            told = _shown(steps, limit)
            return _out(wanted, steps, told, False, [])
    with project.locked(), _opened(project, what, pair, progress, lease=True) as (wanted, steps):
        told = _shown(steps, 0)
        if plan and plan != told.digest:
            raise Misconfigured("plan-stale", "This undo would not do any more what was shown.", value=plan)
        done = _Told(limit)
        reports = list(take_back(steps, shown=told.shown, done=done.note))
        return _out(wanted, steps, done, True, reports)


def _shown(steps: Sequence[Step], limit: int | None) -> _Told:
    told = _Told(limit)
    for job, one in show(steps):
        told.note(job, one)
    return told


@contextmanager
def _opened(
    project: Project, what: OfRun | OfRecord, pair: str | None, progress: Progress, *, lease: bool = False
) -> Generator[tuple[Wanted, list[Step]]]:
    """Open the flows of the pair that is meant, and lay the undo out."""
    with project.store.read() as conn:
        chosen = _pair_of_run(conn, what, pair) if isinstance(what, OfRun) else pair
    with opened(project, chosen) as found:
        with project.store.read() as conn:
            wanted, jobs = _wanted(conn, found.jobs, what)
        if not lease:
            yield wanted, _steps(project, jobs, wanted, None, progress)
            return
        life_s, pairs = project.settings.worker.lease_ttl_s, {job.pair for job in jobs}
        with working(project.store, holder_of(project), life_s, slot=slot_of(project), pairs=pairs) as held:
            yield wanted, _steps(project, jobs, wanted, held, progress)


def _steps(
    project: Project, jobs: Sequence[Job], wanted: Wanted, lease: Lease | None, progress: Progress
) -> list[Step]:
    for job in jobs:
        name = f"{job.pair} {job.flow.name}"
        job.lease = lease
        job.probe = probe_of() if lease is not None else job.probe
        job.progress = _named(progress, name)
    with project.store.read() as conn:
        return steps_of(conn, jobs, wanted)


def _named(progress: Progress, name: str) -> Callable[[str, int, int], None]:
    return lambda what, done, total: progress(f"{name}: {what}", done, total)


def _pair_of_run(conn: Connection, what: OfRun, pair: str | None) -> str:
    run = run_named(conn, what.run)
    if pair not in (None, run.pair) or what.flow not in ("", run.flow):
        message = f"Run {run.id} is one of {run.flow} of pair {run.pair}."
        raise Misconfigured("run-unknown", message, value=what.run)
    return run.pair


def _wanted(conn: Connection, jobs: Sequence[Job], what: OfRun | OfRecord) -> tuple[Wanted, list[Job]]:
    if isinstance(what, OfRun):
        return of_run(conn, jobs, run_named(conn, what.run), with_made=what.links), list(jobs)
    job, side, key = _written_record(conn, jobs, what)
    wanted = of_record(conn, job, side, key, since=_moment(conn, what.since) if what.since else None)
    return wanted, [one for one in jobs if one.pair == job.pair]


def _written_record(conn: Connection, jobs: Sequence[Job], what: OfRecord) -> tuple[Job, str, str]:
    """Find the flow that wrote a record last, its side and the key as it was written."""
    typed = tuple(what.key.split(";"))
    spelled = [key_text(tuple(fold(part) for part in typed)) for fold in (str, str.upper, str.lower)]
    heads = intents.heads_on(conn, what.system, what.entity, dict.fromkeys(spelled))
    for head in heads:
        job = _job_of(jobs, head)
        if job is not None:
            return job, head.side, head.key
    message = f"gp365 has written nothing to {what.entity} {what.key} of {what.system}."
    raise Misconfigured("record-unknown", message, system=what.system, record=what.key)


def _job_of(jobs: Sequence[Job], head: Head) -> Job | None:
    return next((job for job in jobs if (job.pair, job.flow.name) == (head.pair, head.flow)), None)


def _moment(conn: Connection, text: str) -> datetime:
    """Read a run's beginning, or a moment."""
    run = runs.get(conn, text)
    if run is not None:
        return run.begun_at
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = f"{text} is neither a run nor a moment (2026-10-29T08:00)."
        raise Misconfigured("run-unknown", message, value=text) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _outcome(one: Undoing) -> str:
    """Say how a record ends, or would."""
    if one.moved:
        return "moved"
    if one.subject.ended in _LATER:
        return str(one.subject.ended)
    if one.subject.problem is not None or one.plan.problem is not None:
        return "refused"
    refused = any(plan.code for plan in one.plan.fields)
    if one.plan.writes or one.change or one.subject.done is Disposition.UPDATED:
        return "partly" if refused else "back"
    return "refused" if refused else "unchanged"


def _record(job: Job, one: Undoing, outcome: str) -> UndoRecord:
    problem = one.subject.problem or one.plan.problem
    complaint = next((error for _, error in one.subject.complaints.values()), None)
    return UndoRecord(
        pair=job.pair,
        flow=job.flow.name,
        subject=one.task.name,
        name=name_of(job, dict(one.subject.records)),
        keys={side: show_key(key) for side, key in one.subject.keys.items()},
        kind=one.kind,
        outcome=outcome,
        link=one.change,
        fields=[_field(job, one, plan) for plan in one.plan.fields],
        code=problem.code if problem else complaint.code if complaint else "",
        why=problem.message if problem else complaint.message if complaint else "",
        notes=list(one.notes),
    )


def _field(job: Job, one: Undoing, plan: FieldPlan) -> UndoField:
    verdict = {Verdict.WRITE: "back", Verdict.PARKED: "refused"}.get(plan.verdict, "already")
    return UndoField(
        field=plan.name,
        side=plan.target,
        verdict=verdict,
        now=halves(job, plan.left, plan.right).get(plan.target),
        back=shown_half(plan.new) if plan.new else None,
        why=plan.message or plan.rule,
        code=plan.code,
        differs=one.differs.get(plan.name, ""),
    )


def _out(
    wanted: Wanted, steps: Sequence[Step], told: _Told, applied: bool, reports: Sequence[Report]
) -> UndoOut:
    flows = {(step.job.pair, job.flow.name) for step in steps for job in step.jobs}
    strange = (
        sum((head.pair, head.flow) not in flows for head in wanted.heads) if flows else len(wanted.heads)
    )
    return UndoOut(
        of=sorted({head.run for head in wanted.heads}),
        applied=applied,
        digest=told.digest,
        outcomes=told.outcomes,
        records=told.records,
        more=sum(told.outcomes.values()) - len(told.records),
        runs=[run_out(report, 1) for report in reports],
        strange=strange,
        exit_code=worst(_codes(told, reports, strange)),
    )


def _codes(told: _Told, reports: Sequence[Report], strange: int) -> Iterator[int]:
    if strange or any(name in _NOT_DONE for name in told.outcomes):
        yield LEFT
    if "moved" in told.outcomes:
        yield STOPPED
    for report in reports:
        if not report.balanced or report.verified.mismatched:
            yield UNBALANCED
        if report.stopped is not None:
            yield exit_of(report.stopped)
