"""A round: the flows of one pair that are due, run under the worker's lease; and what it says about flows and systems."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

from gp365.app.actions.lease import working
from gp365.app.actions.opening import Failed, holder_of
from gp365.app.actions.running import Progress, Ran, run_flows, silent
from gp365.app.actions.sync import sync_out
from gp365.app.assembly import Assembly
from gp365.app.project import Project
from gp365.app.service.circuit import concerns
from gp365.app.service.parts import begin_round, job_of
from gp365.model.errors import Conflict, Gp365Error
from gp365.store import runs
from gp365.store.lease import Lease
from gp365.sync.equation import Report
from gp365.sync.job import Job

Under = Callable[[float], AbstractContextManager[Lease]]


@dataclass(frozen=True, slots=True)
class RoundDone:
    """What a round brought: `ran` with its reports, and what kept flows from being opened.

    `faults` are the errors of systems by name, `answered` the systems that answered without one; `stopped` are errors of
    single flows; `changed` are the flows that found something to do.
    """

    pair: str
    ran: Ran
    failed: tuple[Failed, ...] = ()
    faults: Mapping[str, Gp365Error] = field(default_factory=dict[str, Gp365Error])
    answered: frozenset[str] = frozenset()
    stopped: Mapping[str, Gp365Error] = field(default_factory=dict[str, Gp365Error])
    changed: frozenset[str] = frozenset()

    @property
    def worked(self) -> bool:
        """Tell whether any flow found something to do."""
        return bool(self.changed)

    @property
    def exit_code(self) -> int:
        """Give the exit code that `sync` would end with."""
        return sync_out(self.ran, self.failed).exit_code


def run_round(
    assembly: Assembly,
    pair: str,
    flows: Sequence[str],
    *,
    describe: bool = False,
    full: bool = False,
    kind: str = "sync",
    halt: Callable[[], bool] = lambda: False,
    progress: Progress = silent,
    under: Under | None = None,
) -> RoundDone:
    """Run flows of a pair once, and again while they make work for each other. Bugs are raised, all else is told.

    `under` gives the lease to work under, the pair's held beside it; without it those of a service alone are taken.
    Retry("pair-busy") while another worker runs the pair.
    """
    jobs: list[Job] = []
    failed: list[Failed] = []
    for flow in flows:
        try:
            if not jobs and not failed:
                begin_round(assembly, pair, describe=describe)
            jobs.append(job_of(assembly, pair, flow))
        except Gp365Error as error:
            failed.append(Failed(pair, flow, error))
            if concerns(error):
                break  # what is down or refuses us is not asked a second time in one round
    if failed and concerns(failed[-1].error):
        jobs = []
    project = assembly.project
    jobs, waiting = _parted(project, jobs)
    failed += waiting
    if not jobs:
        return _told(assembly, pair, [], Ran(), failed)
    with (under or _alone(project, pair))(jobs[0].lease_ttl_s) as lease:
        ran = run_flows(jobs, lease, full=full, kind=kind, progress=progress, halt=halt)
    return _told(assembly, pair, jobs, ran, failed)


def _alone(project: Project, pair: str) -> Under:
    return lambda ttl_s: working(project.store, holder_of(project), ttl_s, pairs=(pair,))


def with_reports(done: RoundDone | None, heard: Sequence[Report]) -> RoundDone | None:
    """Add what was run beside a round, for who watches; without any nothing is changed."""
    if not heard:
        return done
    given = done if done is not None else RoundDone("", Ran())
    return replace(
        given, ran=replace(given.ran, reports=[*given.ran.reports, *((report, 1) for report in heard)])
    )


def _parted(project: Project, jobs: Sequence[Job]) -> tuple[list[Job], list[Failed]]:
    """Part the flows that may run from those whose first sync is a person's: nobody has read their plan."""
    if project.settings.service.first_sync == "service":
        return list(jobs), []
    begun: list[Job] = []
    waiting: list[Failed] = []
    with project.store.read() as conn:
        for job in jobs:
            if runs.completed(conn, job.pair, job.flow.name):
                begun.append(job)
            else:
                waiting.append(Failed(job.pair, job.flow.name, _first(job)))
    return begun, waiting


def _first(job: Job) -> Conflict:
    named = f"{job.flow.name} --pair {job.pair}"
    return Conflict(
        "first-sync",
        f"{job.flow.name} of {job.pair} was never synced: the service leaves its first sync to a person.",
        fix=f'Read `gp365 plan {named}`, then give `gp365 sync {named}`; or set first_sync = "service" in [service].',
    )


def _told(
    assembly: Assembly, pair: str, jobs: Sequence[Job], ran: Ran, failed: Sequence[Failed]
) -> RoundDone:
    faults: dict[str, Gp365Error] = {}
    stopped: dict[str, Gp365Error] = {}
    errors = [(one.flow, one.error) for one in failed]
    errors += [(report.flow, report.stopped) for report, _ in ran.reports if report.stopped is not None]
    for flow, error in errors:
        if concerns(error) and error.system in assembly.project.settings.systems:
            faults.setdefault(error.system, error)
        else:
            stopped[flow] = error
    answered = (
        {place.system for job in jobs for place in job.places} - set(faults) if ran.reports else set[str]()
    )
    changed = frozenset(report.flow for report, _ in ran.reports if _found_work(report))
    return RoundDone(pair, ran, tuple(failed), faults, frozenset(answered), stopped, changed)


def _found_work(report: Report) -> bool:
    return bool(report.dispositions["created"] + report.dispositions["updated"]) or any(
        report.events.values()
    )
