"""The action `replay`: records of an earlier run, time or cause are planned again, and with `apply` written.

Planned with today's flow, or with the one that was recorded; shown beside what was written then. Written is with today's
flow only, by a run of these records alone: with its guards, intents and equation, as every run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gp365.app.actions.exits import exit_of_runs
from gp365.app.actions.holding import probe_of
from gp365.app.actions.lease import working
from gp365.app.actions.opening import Failed, holder_of, opened, slot_of
from gp365.app.actions.outputs import RunOut, SkippedOut, error_out, guard_out
from gp365.app.actions.planned import planned_record
from gp365.app.actions.replay_outputs import (
    ReplayedColumn,
    ReplayedFlow,
    ReplayedRecord,
    ReplayedWrite,
    ReplayOut,
)
from gp365.app.actions.running import Progress, run_out, silent
from gp365.app.actions.values import shown
from gp365.app.project import Project
from gp365.model.errors import Gp365Error, Misconfigured
from gp365.model.plan import PlannedWrite, SubjectPlan
from gp365.model.values import Value, key_of, key_text, show_key
from gp365.store import runs
from gp365.sync import replay as records
from gp365.sync.cycle import sync as run_flow
from gp365.sync.equation import Report
from gp365.sync.job import Job
from gp365.sync.preview import outcome_of, preview
from gp365.sync.replay import Names, Then

NOT_KEPT = (
    "the version of the flow with which they were worked is not kept, or its words are no longer understood"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which records are meant: exactly one of a record (system, entity, key), a run, a time, and a parked cause."""

    record: tuple[str, str, str] | None = None
    run: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    cause: str | None = None


def replay(
    project: Project,
    asked: Asked,
    *,
    pair: str | None = None,
    flow: str | None = None,
    recorded: bool = False,
    apply: bool = False,
    limit: int | None = 20,
    progress: Progress = silent,
) -> ReplayOut:
    """Plan records again and show what would be written; with `apply` write it.

    Misconfigured: usage, run-unknown, entity-unknown, record-unknown where nothing is meant by what was asked.
    """
    _check(asked, recorded and apply)
    if asked.run is not None:
        pair, flow = _place_of(project, asked.run)
    if not apply:
        with opened(project, pair, flow) as found:
            chosen = _choose(found.jobs, asked, flow)
            return _shown(chosen, asked, recorded, limit, found.failed, progress)
    with project.locked(), opened(project, pair, flow) as found:
        return _applied(project, _choose(found.jobs, asked, flow), found.failed, progress)


def _check(asked: Asked, both: bool) -> None:
    given = [one for one in (asked.record, asked.run, asked.since, asked.cause) if one is not None]
    if len(given) != 1:
        message = "Say which records: one of --record, --run, --since and --filter."
        raise Misconfigured("usage", message)
    if asked.until is not None and asked.since is None:
        raise Misconfigured("usage", "--until goes with --since.")
    if both:
        fix = "Put the recorded flow back into the project's folder, and replay with that as today's."
        raise Misconfigured("usage", "Only today's flow is written with.", fix=fix)


def _place_of(project: Project, run: str) -> tuple[str, str]:
    with project.store.read() as conn:
        found = runs.get(conn, run)
    if found is None:
        raise Misconfigured("run-unknown", f"There is no run {run}.", value=run)
    return found.pair, found.flow.partition(".")[0]


def _choose(jobs: Sequence[Job], asked: Asked, flow: str | None) -> list[tuple[Job, Names]]:
    """Find the records that are meant, by job; the jobs that a flow needs beside it are left out."""
    chosen = [(job, names) for job in jobs if flow in (None, job.flow.name) and (names := _names(job, asked))]
    if not chosen and asked.record is not None:
        system, entity, key = asked.record
        places = {(place.system, place.entity.name) for job in jobs for place in job.places}
        if (system, entity) not in places:
            raise Misconfigured("entity-unknown", f"No flow reads {entity} of {system}.", value=entity)
        raise Misconfigured("record-unknown", f"There is no {entity} {key}.", system=system, record=key)
    return chosen


def _names(job: Job, asked: Asked) -> Names:
    with job.store.read() as conn:
        if asked.run is not None:
            return records.of_run(conn, job, asked.run)
        if asked.since is not None:
            return records.of_time(conn, job, asked.since, asked.until)
        if asked.cause is not None:
            return records.of_cause(conn, job, asked.cause)
        assert asked.record is not None
        system, entity, key = asked.record
        found: dict[tuple[str, str], str] = {}
        for place in job.places:
            if (place.system, place.entity.name) == (system, entity):
                found |= records.of_record(conn, job, place, key_text(tuple(key.split(";"))))
        return found


def _shown(
    chosen: Sequence[tuple[Job, Names]],
    asked: Asked,
    recorded: bool,
    limit: int | None,
    failed: Sequence[Failed],
    progress: Progress,
) -> ReplayOut:
    flows: list[ReplayedFlow] = []
    for job, names in chosen:
        for planned, mine, digest in _versions(job, names, recorded):
            job.progress = lambda what, done, total, job=job: progress(f"{job.chain}: {what}", done, total)
            flows.append(_flow(job, planned, mine, digest, asked.run or "", limit))
    skipped = [SkippedOut(one.pair, one.flow, error_out(one.error)) for one in failed]
    left = any(one.why or one.outcomes.get("parked") for one in flows)
    code = exit_of_runs([], [], [one.error for one in failed])
    return ReplayOut(False, flows, [], skipped, code or int(left))


def _versions(job: Job, names: Names, recorded: bool) -> Iterator[tuple[Job | None, Names, str]]:
    """Part records by the version of the flow that they are planned with; None: that version cannot be rebuilt."""
    if not recorded:
        yield job, names, job.flow.digest
        return
    by_digest: dict[str, dict[tuple[str, str], str]] = {}
    for name, digest in names.items():
        by_digest.setdefault(digest, {})[name] = digest
    for digest, mine in by_digest.items():
        with job.store.read() as conn:
            planned = records.as_recorded(conn, job, digest) if digest else None
        yield planned, mine, digest


def _flow(
    job: Job, planned: Job | None, names: Names, digest: str, run: str, limit: int | None
) -> ReplayedFlow:
    today, asked = digest == job.flow.digest, len(names)
    if planned is None:
        return ReplayedFlow(job.pair, job.flow.name, digest, today, asked, {}, 0, [], [], NOT_KEPT)
    found, plans = preview(planned, only=list(names))
    outcomes: Counter[str] = Counter()
    shown_ones: list[ReplayedRecord] = []
    writes = 0
    for plan in plans:
        outcomes[outcome_of(plan)] += 1
        writes += len(plan.writes)
        if limit is None or len(shown_ones) < limit:
            one = _record(planned, plan, run)
            if one.writes or plan.problem is not None:
                shown_ones.append(one)
    guards = [guard_out(one) for one in found.guards]
    return ReplayedFlow(
        job.pair, job.flow.name, digest, today, asked, dict(outcomes), writes, shown_ones, guards
    )


def _record(job: Job, plan: SubjectPlan, run: str) -> ReplayedRecord:
    with job.store.read() as conn:
        then = records.written_then(conn, job, [plan], run)
    now = {(write.side, key_text(write.key)): write for write in plan.writes}
    held: dict[str, Mapping[str, Value]] = {
        place.side: record.values
        for place, record in zip(job.places, (plan.left, plan.right), strict=True)
        if record is not None
    }
    writes = [
        _write(name, now.get(name), then.get(name), held.get(name[0], {}))
        for name in dict.fromkeys((*now, *then))
    ]
    same = bool(now) and not any(one.erased or any(c.differs for c in one.columns.values()) for one in writes)
    return ReplayedRecord(planned_record(job, plan), writes, same)


def _write(
    name: tuple[str, str], now: PlannedWrite | None, then: Then | None, held: Mapping[str, Value]
) -> ReplayedWrite:
    would: Mapping[str, Value] = now.values if now is not None else {}
    sent: Mapping[str, Value] = then.sent if then is not None else {}
    columns = {
        wire: ReplayedColumn(
            held=shown(then.before.get(wire)) if then is not None else None,
            sent=shown(sent.get(wire)),
            now=shown(held.get(wire)),
            would=shown(would.get(wire)),
            differs=(wire in would) != (wire in sent) or would.get(wire) != sent.get(wire),
        )
        for wire in dict.fromkeys((*would, *sent))
    }
    return ReplayedWrite(
        side=name[0],
        key=show_key(key_of(name[1])),
        op=str(now.op) if now is not None else "",
        then_run=then.run if then is not None else "",
        then_op=then.op if then is not None else "",
        erased=then is not None and then.erased,
        columns=columns,
    )


def _applied(
    project: Project, chosen: Sequence[tuple[Job, Names]], failed: Sequence[Failed], progress: Progress
) -> ReplayOut:
    """Run each flow for its records alone, in their order; a flow that a system stops does not stop the others."""
    reports: list[Report] = []
    skipped = [SkippedOut(one.pair, one.flow, error_out(one.error)) for one in failed]
    errors: list[Gp365Error] = [one.error for one in failed]
    if chosen:
        first = chosen[0][0]
        pairs = {job.pair for job, _ in chosen}
        with working(
            first.store, holder_of(project), first.lease_ttl_s, slot=slot_of(project), pairs=pairs
        ) as lease:
            for job, names in chosen:
                job.lease, job.probe = lease, probe_of()
                job.progress = lambda what, done, total, job=job: progress(
                    f"{job.chain}: {what}", done, total
                )
                reports.append(run_flow(job, kind="replay", only=list(names)))
    done: list[RunOut] = [run_out(report, 1) for report in reports]
    code = exit_of_runs(reports, [], errors)
    return ReplayOut(True, [], done, skipped, code or int(any(_is_left(one) for one in reports)))


def _is_left(report: Report) -> bool:
    """Tell whether a run left some of its own records; what waits in the queue besides is the next sync's."""
    ended = report.dispositions
    return any(ended[name] for name in ("parked", "rejected", "waiting", "unsettled", "retrying"))
