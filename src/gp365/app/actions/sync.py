"""The action `sync`: bring the flows of the pairs into step."""

from __future__ import annotations

from collections.abc import Sequence

from gp365.app.actions.approving import approve as approve_jobs
from gp365.app.actions.exits import exit_of_runs
from gp365.app.actions.lease import working
from gp365.app.actions.opening import Failed, holder_of, opened, slot_of
from gp365.app.actions.outputs import SyncOut
from gp365.app.actions.running import Progress, Ran, run_flows, run_out, silent, skipped_out
from gp365.app.project import Project
from gp365.model.errors import Misconfigured
from gp365.sync.job import Job


def sync(
    project: Project,
    *,
    pair: str | None = None,
    flow: str | None = None,
    full: bool = False,
    approve: bool = False,
    not_restored: bool = False,
    progress: Progress = silent,
) -> SyncOut:
    """Run the flows of one pair or all, under the lock of the folder; `full` reads both sides whole.

    With `approve` the actor first lets go what guards hold of these flows; see `approving`.

    Raises Misconfigured("folder-locked"), and the error of the pairs if none can be opened.
    """
    if not_restored and not approve:
        raise Misconfigured("usage", "--not-restored goes with --approve.")
    with project.locked(), opened(project, pair, flow) as found:
        return sync_jobs(
            found.jobs,
            holder_of(project),
            slot=slot_of(project),
            full=full,
            approve=approve,
            not_restored=not_restored,
            progress=progress,
            failed=found.failed,
        )


def sync_jobs(
    jobs: Sequence[Job],
    holder: str,
    *,
    slot: str = "",
    full: bool = False,
    approve: bool = False,
    not_restored: bool = False,
    progress: Progress = silent,
    failed: Sequence[Failed] = (),
) -> SyncOut:
    """Run jobs under one lease of the store that they share; `failed` pairs are reported beside them."""
    if not jobs:
        return SyncOut([], [], [], False, 0)
    pairs = {job.pair for job in jobs}
    with working(jobs[0].store, holder, jobs[0].lease_ttl_s, slot=slot, pairs=pairs) as lease:
        if approve:
            approve_jobs(jobs, not_restored=not_restored)
        ran = run_flows(jobs, lease, full=full, progress=progress)
    return sync_out(ran, failed)


def sync_out(ran: Ran, failed: Sequence[Failed] = ()) -> SyncOut:
    """Turn what was run into the action's output."""
    reports = [report for report, _ in ran.reports]
    errors = [one.error for one in failed] + [error for _, error in ran.skipped]
    return SyncOut(
        runs=[run_out(report, turn) for report, turn in ran.reports],
        left=ran.left,
        skipped=skipped_out(ran, failed),
        interrupted=ran.interrupted,
        exit_code=exit_of_runs(reports, ran.left, errors, interrupted=ran.interrupted),
    )
