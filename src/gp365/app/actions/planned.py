"""From the engine's plan of a subject to what a person reads."""

from __future__ import annotations

from gp365.app.actions.outputs import PlannedField, PlannedRecord, PlannedWriteOut, ProblemOut
from gp365.app.actions.values import halves, name_of, shown_half
from gp365.model.plan import FieldPlan, Problem, SubjectPlan, Verdict
from gp365.model.values import show_key
from gp365.sync.job import Job
from gp365.sync.preview import outcome_of

QUIET = ("unchanged", "filtered")


def planned_record(job: Job, plan: SubjectPlan) -> PlannedRecord:
    """Show the plan of one subject."""
    records = {job.left.side: plan.left, job.right.side: plan.right}
    keys = {side: show_key(record.key) for side, record in records.items() if record is not None}
    return PlannedRecord(
        subject=plan.subject,
        name=name_of(job, records),
        outcome=outcome_of(plan),
        keys=keys,
        writes=[PlannedWriteOut(one.side, str(one.op), show_key(one.key)) for one in plan.writes],
        fields=[_field(job, one) for one in plan.fields if one.verdict is not Verdict.AGREE],
        problem=_problem(plan.problem) if plan.problem else None,
        filtered=plan.filtered,
    )


def _field(job: Job, one: FieldPlan) -> PlannedField:
    old = one.left if one.target == job.left.side else one.right
    return PlannedField(
        field=one.name,
        verdict=str(one.verdict),
        why=one.rule or one.message,
        owner=one.owner,
        side=one.target,
        old=shown_half(old) if one.target else None,
        new=shown_half(one.new) if one.target else None,
        values=halves(job, one.left, one.right),
        overruled=one.overruled,
        cut=one.cut,
        code=one.code,
    )


def _problem(problem: Problem) -> ProblemOut:
    return ProblemOut(problem.code, problem.message, problem.field, list(problem.candidates))
