"""The action `sync`: bring the flows of the pairs into step."""

from __future__ import annotations

from collections.abc import Sequence

from gp365.app.actions.exits import exit_of_runs
from gp365.app.actions.lease import working
from gp365.app.actions.outputs import SyncOut
from gp365.app.actions.running import Progress, Ran, run_flows, run_out, silent, skipped_out
from gp365.sync.job import Job


def sync_jobs(
    jobs: Sequence[Job], holder: str, *, full: bool = False, progress: Progress = silent
) -> SyncOut:
    """Run jobs under one lease of the store that they share."""
    if not jobs:
        return SyncOut([], [], [], False, 0)
    with working(jobs[0].store, holder, jobs[0].lease_ttl_s) as lease:
        ran = run_flows(jobs, lease, full=full, progress=progress)
    return sync_out(ran)


def sync_out(ran: Ran) -> SyncOut:
    """Turn what was run into the action's output."""
    reports = [report for report, _ in ran.reports]
    errors = [error for _, error in ran.skipped]
    return SyncOut(
        runs=[run_out(report, turn) for report, turn in ran.reports],
        left=ran.left,
        skipped=skipped_out(ran),
        interrupted=ran.interrupted,
        exit_code=exit_of_runs(reports, ran.left, errors, interrupted=ran.interrupted),
    )
