"""The action `apply`: run what plan files say, and nothing that is not as they say.

Only the flows whose plans are given are run. Approved are the lines of a plan and what follows from them (see
`gp365.sync.planfile.Approved`); every record that moved since is left as it is and named.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gp365.app.actions import planfiles
from gp365.app.actions.approving import approve_recovery
from gp365.app.actions.exits import exit_of_runs
from gp365.app.actions.lease import working
from gp365.app.actions.opening import holder_of, slot_of
from gp365.app.actions.outputs import ApplyOut, MovedOut
from gp365.app.actions.running import Progress, Ran, run_flows, run_out, silent, skipped_out
from gp365.app.assembly import assemble
from gp365.app.project import Project
from gp365.model.errors import Misconfigured
from gp365.store.figures import Created, created
from gp365.sync.equation import Report
from gp365.sync.job import Job
from gp365.sync.planfile import Approved, load_approved, read_plan


def apply(project: Project, files: Sequence[Path], *, progress: Progress = silent) -> ApplyOut:
    """Apply plan files under the lock of the folder; see `apply_jobs`. Only the pairs that they name are opened."""
    paths = planfiles.find(files)
    pairs = {str(next(read_plan(path)).get("pair", "")) for path in paths}
    with project.locked(), assemble(project) as assembly:
        jobs = [job for name in assembly.pairs if name in pairs for job in assembly.jobs(name)]
        return apply_jobs(jobs, paths, holder_of(project), slot=slot_of(project), progress=progress)


def apply_jobs(
    jobs: Sequence[Job],
    files: Sequence[Path],
    holder: str,
    *,
    slot: str = "",
    progress: Progress = silent,
) -> ApplyOut:
    """Apply plan files with the jobs of the project; Misconfigured("plan-stale") when a flow is another one now."""
    plans = {path: load_approved(path) for path in planfiles.find(files)}
    chosen = [(job, plan) for job in jobs if (plan := _plan_of(job, plans)) is not None]
    _check_known(plans, chosen)
    if not chosen:
        raise Misconfigured("plan-invalid", "No plan file was given.")
    made: set[Created] = set()
    for job, plan in chosen:
        _approve(job, plan, made)

    def after(job: Job, report: Report) -> None:
        with job.store.read() as conn:
            made.update(created(conn, report.run))

    running = [job for job, _ in chosen]
    pairs = {job.pair for job in running}
    with working(running[0].store, holder, running[0].lease_ttl_s, slot=slot, pairs=pairs) as lease:
        approve_recovery([job for job, plan in chosen if "recovery" in plan.header])
        ran = run_flows(running, lease, kind="apply", progress=progress, after=after)
    return _out(ran, list(plans), chosen)


def _plan_of(job: Job, plans: dict[Path, Approved]) -> Approved | None:
    """Give the plan of a job; a plan that was made with another version of its flow is refused."""
    for path, plan in plans.items():
        header = plan.header
        if (header.get("pair"), header.get("flow")) != (job.pair, job.flow.name):
            continue
        if header.get("flow_digest") != job.flow.digest:
            message = f"{path.name} was made with another version of the flow {job.flow.name}."
            raise Misconfigured("plan-stale", message, value=str(path))
        return plan
    return None


def _check_known(plans: dict[Path, Approved], chosen: Sequence[tuple[Job, Approved]]) -> None:
    for path, plan in plans.items():
        if not any(plan is one for _, one in chosen):
            named = f"{plan.header.get('flow')} of pair {plan.header.get('pair')}"
            message = (
                f"{path.name} is a plan of {named}, which this project does not have (or has twice here)."
            )
            raise Misconfigured("plan-stale", message, value=str(path))


def _approve(job: Job, plan: Approved, made: set[Created]) -> None:
    def is_made(side: str, key: str) -> bool:
        place = job.place(side)
        return Created(place.system, place.entity.name, key) in made

    plan.made = is_made
    job.approve = lambda subject: plan.check(job, subject)


def _out(ran: Ran, files: Sequence[Path], chosen: Sequence[tuple[Job, Approved]]) -> ApplyOut:
    reached = {(report.pair, report.flow) for report, _ in ran.reports if report.stopped is None}
    moved: list[MovedOut] = []
    for job, plan in chosen:
        named = [*plan.moved]
        if (job.pair, job.flow.name) in reached and not ran.interrupted:
            named += plan.unmet()
        moved += [MovedOut(job.pair, job.flow.name, one.subject, dict(one.keys), one.why) for one in named]
    reports = [report for report, _ in ran.reports]
    errors = [error for _, error in ran.skipped]
    return ApplyOut(
        files=[str(path) for path in files],
        runs=[run_out(report, turn) for report, turn in ran.reports],
        left=ran.left,
        skipped=skipped_out(ran),
        moved=moved,
        interrupted=ran.interrupted,
        exit_code=exit_of_runs(reports, ran.left, errors, moved=bool(moved), interrupted=ran.interrupted),
    )
