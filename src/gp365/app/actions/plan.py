"""The action `plan`: what a sync would do, per record and field, and what it would cost. Nothing is written.

The flows are planned in the order in which they run; a later one sees the links that the earlier ones would make.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gp365.app.actions import planfiles
from gp365.app.actions.opening import opened
from gp365.app.actions.outputs import FlowPlanOut, PlannedRecord, PlanOut, guard_out
from gp365.app.actions.plan_forecast import foretold
from gp365.app.actions.plan_horizon import horizon_of
from gp365.app.actions.planned import QUIET, planned_record
from gp365.app.actions.running import Progress, silent
from gp365.app.assembly import Assembly
from gp365.app.project import Project
from gp365.model.plan import SubjectPlan, Verdict
from gp365.sync.foreseen import Foreseen
from gp365.sync.job import Job
from gp365.sync.planfile import write_plan
from gp365.sync.preview import Preview, preview

FIRST_CONTACT = "first contact"
Watch = Callable[[Job, SubjectPlan], None]


@dataclass(slots=True)
class _Reading:
    """What is noted while the plans of a flow go by."""

    job: Job
    limit: int | None
    watch: Watch | None = None
    records: list[PlannedRecord] = field(default_factory=list[PlannedRecord])
    to_show: int = 0
    first_contact: dict[str, int] = field(default_factory=dict[str, int])
    waiting: int = 0

    def along(self, plans: Iterator[SubjectPlan]) -> Iterator[SubjectPlan]:
        """Hand the plans on, keeping the first that a person wants to see."""
        for plan in plans:
            self._note(plan)
            if self.watch is not None:
                self.watch(self.job, plan)
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


def plan(
    project: Project,
    *,
    pair: str | None = None,
    flow: str | None = None,
    full: bool = False,
    out: Path | None = None,
    limit: int | None = 20,
    progress: Progress = silent,
) -> PlanOut:
    """Plan the flows of one pair or all; see `plan_jobs`. A pair that cannot be opened raises its error."""
    with opened(project, pair, flow) as found:
        for one in found.failed:
            raise one.error
        planned = plan_jobs(found.jobs, full=full, out=out, limit=limit, progress=progress)
        flows = [replace(one, not_served=not_served(found.assembly, one)) for one in planned.flows]
        return replace(planned, flows=flows)


def not_served(assembly: Assembly, one: FlowPlanOut) -> list[str]:
    """Name the rows of a planned flow that are left out, because a side does not serve their field."""
    return [found.message for found in assembly.flow(one.pair, one.flow).not_served]


def plan_jobs(
    jobs: Sequence[Job],
    *,
    full: bool = False,
    out: Path | None = None,
    limit: int | None = None,
    watch: Watch | None = None,
    progress: Progress = silent,
) -> PlanOut:
    """Plan jobs in their order; with `out` write a plan file per flow (see planfiles). `limit` records are kept.

    `watch` sees every plan as it goes by.
    """
    files = planfiles.begin(out, jobs) if out else [None] * len(jobs)
    # What it cost to describe the entities: a sync begins with the same questions.
    opening = {place.system: place.connector.tally().requests for job in jobs for place in job.places}
    foreseen: dict[str, Foreseen] = {}
    previews: list[tuple[Job, Preview, _Reading, Path | None]] = []
    for job, file in zip(jobs, files, strict=True):
        job.foreseen = foreseen.setdefault(job.pair, Foreseen(job.scratch, job.pair))
        name = f"{job.pair} {job.flow.name}"
        job.progress = lambda what, done, total, name=name: progress(f"{name}: {what}", done, total)
        previews.append((job, *_read(job, full, file, limit, watch), file))
    flows = [_out(job, shown, reading, file, previews) for job, shown, reading, file in previews]
    requests = opening
    for flow in flows:
        for system, number in flow.requests.items():
            requests[system] = requests.get(system, 0) + number
    return PlanOut(flows, requests, round(sum(flow.seconds for flow in flows) / 60, 2))


def _read(
    job: Job, full: bool, file: Path | None, limit: int | None, watch: Watch | None
) -> tuple[Preview, _Reading]:
    shown, plans = preview(job, full=full)
    reading = _Reading(job, limit, watch)
    along = reading.along(plans)
    if file is not None:
        write_plan(file, job, along, at=job.clock())
    else:
        for _ in along:
            pass
    return shown, reading


def _out(
    job: Job,
    shown: Preview,
    reading: _Reading,
    file: Path | None,
    all_previews: Sequence[tuple[Job, Preview, _Reading, Path | None]],
) -> FlowPlanOut:
    others = [(other, seen) for other, seen, _, _ in all_previews if other is not job]
    told = foretold(job, shown, reading.waiting, others)
    total = {system: number + told.requests[system] for system, number in shown.requests.items()}
    return FlowPlanOut(
        pair=job.pair,
        flow=job.flow.name,
        title=job.flow.title,
        flow_digest=job.flow.digest,
        considered=shown.considered,
        outcomes=dict(shown.counts),
        created=dict(shown.creates),
        updated=dict(shown.updates),
        fields={name: number for name, number in shown.fields.items() if name not in ("overruled", "cut")},
        first_contact=dict(reading.first_contact),
        cut=shown.fields.get("cut", 0),
        overruled=shown.fields.get("overruled", 0),
        follow=told.follow,
        requests=total,
        reading=dict(shown.reading),
        read_back={system: number for system, number in told.read_back.items() if number},
        seconds=round(shown.seconds + told.seconds, 1),
        to_show=reading.to_show,
        records=reading.records,
        not_served=[],
        file=str(file) if file else None,
        guards=[guard_out(one) for one in shown.guards],
        recovery=list(shown.recovery),
        horizon=horizon_of(job),
    )
