"""The action `assess`: what the first sync would come to, read from both systems; nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gp365.app.actions.assess_advice import advice
from gp365.app.actions.assess_outputs import AllowanceOut, AssessFlow, AssessOut, StorageOut
from gp365.app.actions.assess_page import page
from gp365.app.actions.assess_reading import Reading
from gp365.app.actions.opening import opened
from gp365.app.actions.outputs import FlowPlanOut
from gp365.app.actions.plan import not_served, plan_jobs
from gp365.app.actions.plan_horizon import ROW_BYTES
from gp365.app.actions.running import Progress, silent
from gp365.app.project import Project
from gp365.app.settings import DataverseSystem
from gp365.model.errors import Misconfigured
from gp365.model.plan import SubjectPlan
from gp365.sync.job import Job

DAILY_REQUESTS = 500_000
"""Base of the requests that all application users of a Dynamics 365 tenant share in a day.

Microsoft, Requests limits and allocations; assumed, because it depends on the tenant's licences.
"""


@dataclass(frozen=True, slots=True)
class Assumed:
    """What is assumed of a Dataverse organisation."""

    row_bytes: int = ROW_BYTES
    daily_requests: int = DAILY_REQUESTS


def assess(
    project: Project,
    *,
    pair: str | None = None,
    flow: str | None = None,
    assumed: Assumed | None = None,
    out: Path | None = None,
    progress: Progress = silent,
) -> AssessOut:
    """Assess the flows of one pair or all; with `out` write the report as Markdown. A pair's error is raised."""
    if out is not None and out.suffix.casefold() not in (".md", ".markdown"):
        raise Misconfigured("usage", f"{out.name} does not end in .md.", value=str(out))
    with opened(project, pair, flow) as found:
        for one in found.failed:
            raise one.error
        readings = {(job.pair, job.flow.name): Reading(job) for job in found.jobs}

        def watch(job: Job, plan: SubjectPlan) -> None:
            readings[job.pair, job.flow.name].note(plan)

        planned = plan_jobs(found.jobs, full=True, limit=0, watch=watch, progress=progress)
        flows = [
            _flow(one, readings[one.pair, one.flow], not_served(found.assembly, one)) for one in planned.flows
        ]
        told = _together(project, found.jobs, flows, planned.requests, assumed or Assumed())
    if out is not None:
        told = replace(told, file=str(out))
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(page(told), "utf-8", newline="\n")
    return told


def _flow(planned: FlowPlanOut, reading: Reading, missing: list[str]) -> AssessFlow:
    quiet = planned.considered - sum(one.count for one in reading.classes(0))
    return AssessFlow(
        pair=planned.pair,
        flow=planned.flow,
        title=planned.title,
        records=reading.records,
        classes=reading.classes(quiet),
        overwrites=reading.overwrites(),
        faults=reading.faults(),
        missing=reading.missing(),
        duplicates=reading.duplicates(),
        created=planned.created,
        updated=planned.updated,
        requests=planned.requests,
        write_requests={
            system: number - planned.reading.get(system, 0) - planned.read_back.get(system, 0)
            for system, number in planned.requests.items()
        },
        minutes=round(planned.seconds / 60, 2),
        not_served=missing,
        horizon=planned.horizon,
    )


def _together(
    project: Project,
    jobs: Sequence[Job],
    flows: list[AssessFlow],
    requests: dict[str, int],
    assumed: Assumed,
) -> AssessOut:
    rows = _rows(jobs, flows)
    systems = [name for name, one in project.settings.systems.items() if isinstance(one, DataverseSystem)]
    storage = [_storage(name, rows, assumed) for name in systems if name in requests]
    allowance = [_allowance(name, rows, requests, assumed) for name in systems if name in requests]
    minutes = round(sum(one.minutes for one in flows), 2)
    notes = [
        f"A row of ours takes {assumed.row_bytes} bytes in Dataverse, indexes included.",
        f"All application users of a tenant share {assumed.daily_requests:,} requests a day, and a written row counts "
        "as one whatever request carries it.",
        "Minutes come from the pace that the settings allow; waiting that a server asks for comes on top.",
    ]
    told = AssessOut(flows, dict(requests), minutes, storage, allowance, notes if storage else notes[-1:], [])
    return replace(told, advice=advice(told))


def _rows(jobs: Sequence[Job], flows: Sequence[AssessFlow]) -> dict[str, tuple[int, int]]:
    """Count, by system, the rows that are created, and those that are written at all."""
    found: dict[str, tuple[int, int]] = {}
    for job, flow in zip(jobs, flows, strict=True):
        for place in job.places:
            made = flow.created.get(place.side, 0)
            rows, written = found.get(place.system, (0, 0))
            found[place.system] = (rows + made, written + made + flow.updated.get(place.side, 0))
    return found


def _storage(system: str, rows: dict[str, tuple[int, int]], assumed: Assumed) -> StorageOut:
    made = rows.get(system, (0, 0))[0]
    return StorageOut(system, made, round(made * assumed.row_bytes / 1_000_000, 2))


def _allowance(
    system: str, rows: dict[str, tuple[int, int]], requests: dict[str, int], assumed: Assumed
) -> AllowanceOut:
    number = requests.get(system, 0) + rows.get(system, (0, 0))[1]
    percent = round(100 * number / max(1, assumed.daily_requests), 2)
    return AllowanceOut(system, number, assumed.daily_requests, percent)
