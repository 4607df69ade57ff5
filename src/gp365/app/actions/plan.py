"""The action `plan`: what a sync would do, per record and field, and what it would cost. Nothing is written.

The flows are planned in the order in which they run; a later one sees the links that the earlier ones would make.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path

from gp365.app.actions import planfiles
from gp365.app.actions.outputs import FlowPlanOut, PlannedRecord, PlanOut
from gp365.app.actions.planned import QUIET, planned_record
from gp365.app.actions.running import Progress, begin_run, silent
from gp365.model.plan import SubjectPlan, Verdict
from gp365.sync.foreseen import Foreseen
from gp365.sync.job import Job
from gp365.sync.planfile import write_plan
from gp365.sync.preview import Preview, preview

FIRST_CONTACT = "first contact"


@dataclass(slots=True)
class _Reading:
    """What is noted while the plans of a flow go by."""

    job: Job
    limit: int | None
    records: list[PlannedRecord] = field(default_factory=list[PlannedRecord])
    to_show: int = 0
    first_contact: dict[str, int] = field(default_factory=dict[str, int])
    waiting: int = 0

    def along(self, plans: Iterator[SubjectPlan]) -> Iterator[SubjectPlan]:
        """Hand the plans on, keeping the first that a person wants to see."""
        for plan in plans:
            self._note(plan)
            yield plan

    def _note(self, plan: SubjectPlan) -> None:
        record = planned_record(self.job, plan) if self._wanted() else None
        if _loud(plan):
            self.to_show += 1
            if record is not None and record.outcome not in QUIET:
                self.records.append(record)
        self.waiting += any(one.verdict is Verdict.WAITING for one in plan.fields)
        for one in plan.fields:
            if one.verdict is Verdict.WRITE and one.rule.startswith(FIRST_CONTACT):
                self.first_contact[one.winner] = self.first_contact.get(one.winner, 0) + 1

    def _wanted(self) -> bool:
        return self.limit is None or len(self.records) < self.limit


def _loud(plan: SubjectPlan) -> bool:
    open_fields = (Verdict.CONFLICT, Verdict.PARKED, Verdict.WAITING)
    return bool(plan.writes or plan.problem or any(one.verdict in open_fields for one in plan.fields))


def plan_jobs(
    jobs: Sequence[Job],
    *,
    full: bool = False,
    out: Path | None = None,
    limit: int | None = None,
    progress: Progress = silent,
) -> PlanOut:
    """Plan jobs in their order; with `out` write a plan file per flow (see planfiles). `limit` records are kept."""
    files = planfiles.begin(out, jobs) if out else [None] * len(jobs)
    begin_run(jobs)
    foreseen: dict[str, Foreseen] = {}
    previews: list[tuple[Job, Preview, _Reading, Path | None]] = []
    for job, file in zip(jobs, files, strict=True):
        job.foreseen = foreseen.setdefault(job.pair, Foreseen(job.scratch, job.pair))
        name = f"{job.pair} {job.flow.name}"
        job.progress = lambda what, done, total, name=name: progress(f"{name}: {what}", done, total)
        previews.append((job, *_read(job, full, file, limit), file))
    flows = [_out(job, shown, reading, file, previews) for job, shown, reading, file in previews]
    requests: dict[str, int] = {}
    for flow in flows:
        for system, number in flow.requests.items():
            requests[system] = requests.get(system, 0) + number
    return PlanOut(flows, requests, round(sum(flow.seconds for flow in flows) / 60, 2))


def _read(job: Job, full: bool, file: Path | None, limit: int | None) -> tuple[Preview, _Reading]:
    shown, plans = preview(job, full=full)
    reading = _Reading(job, limit)
    along = reading.along(plans)
    if file is not None:
        write_plan(file, job, along, at=job.clock())
    else:
        for _ in along:
            pass
    return shown, reading
