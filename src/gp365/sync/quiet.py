"""Quiet looks: a look of the service that finds nothing leaves no rows of its own, but is counted in the one before it.

Else every poll would leave a run, an outcome and an entry of the ledger for ever. What a person runs, what reads a side
whole, and whatever is in any way remarkable is written as always; and so is the first quiet look of each `fold_s`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from gp365.store import runs
from gp365.store.parked import Parked
from gp365.store.runs import Run
from gp365.sync.equation import Report, Tallies, compared, held_by
from gp365.sync.guards.restored import keep_epochs
from gp365.sync.job import Job
from gp365.sync.observe import Observation

BEHIND = frozenset({"parent-parked", "parent-filtered"})
"""Codes of records that are parked because another one is: what was written elsewhere may have let them go."""
LAST = 50


def to_look_at(conn: Connection, job: Job, entry: Parked) -> bool:
    """Tell whether a run looks again at something parked: every run does, but the service's looks only now and then.

    They do once in `fold_s`, and at once at what a person has decided, or what is behind another record when anything of
    the pair was written since. A change of the record itself comes by its feed or its list.
    """
    if not job.fold_s or entry.seen_at + timedelta(seconds=job.fold_s) <= job.clock():
        return True
    if entry.resolved_at is not None and entry.resolved_at >= entry.seen_at:
        return True
    return entry.code in BEHIND and _written_since(conn, job, entry.seen_at)


def fold(job: Job, run: str, observation: Observation, tallies: Tallies, seconds: float) -> Report | None:
    """Count a look at which nothing was due in the row of the look before it; None if it needs rows of its own.

    `tallies` count its quiet links, which are written nowhere.
    """
    report = compared(job, run, observation, tallies, seconds, None, unwritten=tallies.considered)
    remarkable = report.mismatches or report.verified.sampled or report.events or report.recovered
    if remarkable or job.recovery is not None or job.approve is not None:
        return None
    with job.store.write(job.lease) as conn:
        before = _before(conn, job, run)
        if before is None or before.clean != report.clean or not _holds(job, before, held_by(report)):
            return None
        runs.fold(conn, run, before)
        keep_epochs(conn, job, observation)
    return replace(report, run=before.id)


def _before(conn: Connection, job: Job, run: str) -> Run | None:
    """Read the newest run before this one; those of single records (hints) do not count."""
    found = runs.list_runs(conn, job.pair, job.flow.name, limit=2, besides=runs.HINT)
    return next((one for one in found if one.id != run), None)


def _holds(job: Job, before: Run, held: int) -> bool:
    """Tell whether a look may be counted in an earlier row: a quiet look of the same flow, begun within `fold_s`."""
    if before.state != "done" or not before.counts.get("looks") or before.counts.get("held", 0) != held:
        return False
    if (before.flow_digest, before.actor) != (job.flow.digest, job.actor):
        return False
    since = before.counts.get("since")
    began = datetime.fromisoformat(since) if since else before.begun_at
    return job.clock() < began + timedelta(seconds=job.fold_s)


def _written_since(conn: Connection, job: Job, at: datetime) -> bool:
    return any(
        (one.ended_at is None or one.ended_at >= at)
        and (one.counts.get("created") or one.counts.get("updated"))
        for one in runs.list_runs(conn, job.pair, limit=LAST)
    )
