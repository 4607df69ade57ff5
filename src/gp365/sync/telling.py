"""Telling: what a subject's steps and outcome look like in the ledger, for `explain` and for auditors."""

from __future__ import annotations

from typing import Any

from gp365.model.plan import FieldPlan, Verdict
from gp365.model.values import pack, show_key
from gp365.store import ledger
from gp365.store.ledger import Entry
from gp365.sync.job import Job
from gp365.sync.plan.fields import loud
from gp365.sync.subject import Sent, Subject


def note(subject: Subject) -> None:
    """Write the page's step down for the ledger: what was planned, what came of it."""
    plan = subject.plan
    assert plan is not None
    step: dict[str, Any] = {
        "fields": [_field(field) for field in loud(plan.fields) if field.verdict is not Verdict.AGREE]
    }
    if plan.filtered:
        step["filtered"] = plan.filtered
    if plan.left_scope:
        step["left_scope"] = plan.left_scope
    problem = subject.problem or plan.problem
    if problem is not None:
        step["problem"] = {"code": problem.code, "message": problem.message, "field": problem.field}
    if subject.sends:
        step["writes"] = [_sent(sent) for sent in subject.sends]
    if step["fields"] or len(step) > 1:
        subject.steps.append(step)


def _field(field: FieldPlan) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "field": field.name,
        "verdict": str(field.verdict),
        "why": field.rule or field.message,
    }
    if field.owner:
        shown["owner"] = field.owner
    if field.target:
        shown |= {"target": field.target, "new": list(field.new), "winner": field.winner}
    shown |= {
        "left": list(field.left) if field.left else None,
        "right": list(field.right) if field.right else None,
    }
    for name in ("overruled", "cut"):
        if getattr(field, name):
            shown[name] = True
    if field.code:
        shown["code"] = field.code
    return shown


def _sent(sent: Sent) -> dict[str, Any]:
    outcome = sent.outcome
    shown: dict[str, Any] = {"intent": sent.intent.id, "side": sent.intent.side, "op": sent.intent.op}
    shown |= {"key": show_key(tuple(sent.intent.key.split("\x1f"))), "inputs": sent.intent.inputs}
    shown["outcome"] = str(outcome.status) if outcome else ""
    if outcome and outcome.error is not None:
        shown["error"] = outcome.error.as_dict()
    if outcome and outcome.window_ms is not None:
        shown["window_ms"] = round(outcome.window_ms, 3)
    return shown


def ledger_rows(job: Job, run: str, subject: Subject) -> list[Entry]:
    """Give the subject's outcome; when it was counted as waiting earlier in the run, first take that back."""
    if subject.counted is None:
        return [_entry(job, run, subject)]
    before = Entry(
        kind=ledger.OUTCOME,
        run=run,
        subject=subject.counted.name,
        subjects=-1,
        disposition=str(subject.counted.ended),
        flow_digest=job.flow.digest,
        payload=pack({"keys": _shown_keys(subject), "counted_again_as": subject.id}),
    )
    return [before, _entry(job, run, subject)]


def _shown_keys(subject: Subject) -> dict[str, str]:
    return {side: show_key(key) for side, key in subject.keys.items()}


def _entry(job: Job, run: str, subject: Subject) -> Entry:
    assert subject.ended is not None
    payload: dict[str, Any] = {"keys": _shown_keys(subject)}
    if subject.link is not None:
        payload["link"] = subject.link.id
        payload["made_by"] = subject.link.made_by
    if subject.steps:
        payload["steps"] = subject.steps
    return Entry(
        kind=ledger.OUTCOME,
        run=run,
        subject=subject.id,
        subjects=1,
        disposition=str(subject.ended),
        flow_digest=job.flow.digest,
        payload=pack(payload),
    )
