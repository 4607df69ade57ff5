"""Running flows in order, and again while something is due: what `sync` and `apply` have in common.

A system that refuses us or is down stops the flows that need it, and no others; it is not asked a second time in the
same command (a wrong password that is tried again and again locks the account).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gp365.app.actions.holding import probe_of
from gp365.app.actions.opening import Failed
from gp365.app.actions.outputs import (
    FieldCounts,
    LeftOut,
    RunOut,
    SideOut,
    SkippedOut,
    error_out,
    guard_out,
)
from gp365.app.actions.unkept_shown import verified_out
from gp365.model.errors import Conflict, Gp365Error
from gp365.store.figures import due, figures
from gp365.store.lease import Lease
from gp365.sync.beside import stands
from gp365.sync.contributing import rollup_name
from gp365.sync.cycle import sync as run_flow
from gp365.sync.equation import Report
from gp365.sync.job import Job
from gp365.sync.rollups import write_rollups

TURNS = 3
Progress = Callable[[str, int, int], None]


def silent(what: str, done: int, total: int) -> None:
    """Show no progress."""
    del what, done, total


@dataclass(slots=True)
class Ran:
    """What running flows has brought so far: reports with their turn, flows not run and why, and what is left."""

    reports: list[tuple[Report, int]] = field(default_factory=list[tuple[Report, int]])
    skipped: list[tuple[Job, Gp365Error]] = field(default_factory=list[tuple[Job, Gp365Error]])
    left: list[LeftOut] = field(default_factory=list[LeftOut])
    interrupted: bool = False


def run_flows(
    jobs: Sequence[Job],
    lease: Lease,
    *,
    full: bool = False,
    kind: str = "sync",
    progress: Progress = silent,
    after: Callable[[Job, Report], None] = lambda job, report: None,
    halt: Callable[[], bool] = lambda: False,
) -> Ran:
    """Run each flow in order, then those again that have due work, at most three times altogether; last the roll-ups.

    The caller has told the connectors that a run begins. A person's interruption ends it, with what was done so far;
    bugs are raised. When `halt` says so, it ends after the pages that are under way.
    """
    ran = Ran()
    for job in jobs:
        _equip(job, lease, progress, halt)
    try:
        for turn in range(1, TURNS + 1):
            for job in jobs:
                if not halt() and (turn == 1 or _due(job)):
                    _run(ran, job, turn, full and turn == 1, kind, after)
        if not halt():
            _roll_up(ran, jobs, full)
    except KeyboardInterrupt:
        ran.interrupted = True
    ran.left = [left_of(job) for job in jobs] + [left_of(job, name) for job, name in _rolled(jobs)]
    return ran


def _equip(job: Job, lease: Lease, progress: Progress, halt: Callable[[], bool]) -> None:
    job.lease, job.probe, job.halt = lease, probe_of(), halt
    with job.store.read() as conn:
        job.since, job.listed = stands(conn, job), None
    name = f"{job.pair} {job.flow.name}"
    job.progress = lambda what, done, total: progress(f"{name}: {what}", done, total)


def _due(job: Job) -> bool:
    with job.store.read() as conn:
        return due(conn, job.pair, job.flow.name, job.clock()) > 0


def _run(ran: Ran, job: Job, turn: int, full: bool, kind: str, after: Callable[[Job, Report], None]) -> None:
    stopped = _stopped_by(ran, job)
    if stopped is not None:
        if turn == 1:
            ran.skipped.append((job, stopped))
        return
    report = run_flow(job, full=full, kind=kind)
    ran.reports.append((report, turn))
    after(job, report)


def _stopped_by(ran: Ran, job: Job) -> Gp365Error | None:
    """Give the error that stops a flow: its own, that of a system that it needs, or a guard's that stops its pair."""
    systems = {place.system for place in job.places}
    for report, _ in ran.reports:
        error = report.stopped
        mine = (report.pair, report.flow) == (job.pair, job.flow.name)
        stops = report.pair == job.pair if isinstance(error, Conflict) else error and error.system in systems
        if error is not None and (mine or stops):
            return error
    return None


def _roll_up(ran: Ran, jobs: Sequence[Job], full: bool) -> None:
    """Write the roll-ups of the flows that were run, each once: the sums are those of all companies."""
    for job in {id(job): job for job, _ in _rolled(jobs)}.values():
        if _stopped_by(ran, job) is None:
            ran.reports += [(report, 1) for report in write_rollups(job, full=full)]


def _rolled(jobs: Sequence[Job]) -> list[tuple[Job, str]]:
    """Name the roll-ups of these jobs: of pairs that share a system, the last one writes for all."""
    last: dict[tuple[str, str], Job] = {}
    for job in jobs:
        for name, rollup in job.flow.rollups.items():
            last[(job.place(rollup.side).system, rollup_name(job, name))] = job
    return [(job, name) for (_, name), job in last.items()]


def left_of(job: Job, flow: str = "") -> LeftOut:
    """Count what a flow leaves, or a roll-up of it."""
    name = flow or job.flow.name
    with job.store.read() as conn:
        now = figures(conn, job.pair, name, job.clock())
    return LeftOut(job.pair, name, now.due + now.later, now.waiting, now.parked, now.open_intents)


def skipped_out(ran: Ran, failed: Sequence[Failed] = ()) -> list[SkippedOut]:
    """Turn the flows that were not run, and the pairs that could not be opened, into their output."""
    found = [SkippedOut(one.pair, one.flow, error_out(one.error)) for one in failed]
    return found + [SkippedOut(job.pair, job.flow.name, error_out(error)) for job, error in ran.skipped]


def run_out(report: Report, turn: int) -> RunOut:
    """Turn a report of the engine into its output."""
    ended = report.dispositions
    return RunOut(
        run=report.run,
        flow=report.flow,
        pair=report.pair,
        turn=turn,
        considered=report.considered,
        created=ended["created"],
        updated=ended["updated"],
        unchanged=ended["unchanged"],
        filtered=ended["filtered"],
        parked=ended["parked"],
        rejected=ended["rejected"],
        waiting=ended["waiting"],
        unsettled=ended["unsettled"],
        retrying=ended["retrying"],
        fields=FieldCounts(**report.fields),
        cut=report.cut,
        balanced=report.balanced,
        clean=report.clean,
        mismatches=list(report.mismatches),
        sides={
            side: SideOut(one.read, one.created, one.updated, one.fields)
            for side, one in report.sides.items()
        },
        requests=dict(report.requests),
        write_requests=dict(report.write_requests),
        seconds=round(report.seconds, 3),
        stopped=error_out(report.stopped) if report.stopped else None,
        guards=[guard_out(one) for one in report.guards],
        events=dict(report.events),
        recovered=list(report.recovered),
        verified=verified_out(report.verified),
    )
