"""What is shown beside a parked entry and decides nothing: names, what had been agreed, who changed which side and when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from gp365.model.plan import Candidate, FieldPlan
from gp365.model.values import pack, show
from gp365.store import runs
from gp365.sync.agreed import known_pairs
from gp365.sync.job import Job
from gp365.sync.subject import Subject


def about(
    conn: Connection,
    job: Job,
    subject: Subject,
    fields: Sequence[FieldPlan] = (),
    evidence: Sequence[Candidate] = (),
) -> bytes:
    """Pack what a person wants to see: `names`, `who` and `when` by side, the `base` of parked fields, the `evidence`.

    `base` holds the halves of the agreed pairs, as `left` and `right`, in the order of the fields; it is missing where
    one of them has never been agreed under today's row.
    """
    told: dict[str, Any] = {"names": _names(job, subject), "who": {}, "when": {}}
    for side, record in subject.records.items():
        if record.changed_by:
            told["who"][side] = record.changed_by
        if record.stamp is not None:
            told["when"][side] = record.stamp
    base = _base(conn, job, subject, fields) if fields else None
    if base is not None:
        told["base"] = base
    if evidence:
        told["evidence"] = [_candidate(one) for one in evidence]
    return pack({name: held for name, held in told.items() if held})


def _names(job: Job, subject: Subject) -> dict[str, str]:
    """Give what the records are called: the flow's row `name` on each side, as it stands there."""
    row = job.flow.by_name.get("name")
    found: dict[str, str] = {}
    for side, record in subject.records.items():
        wires = row.wires.get(side, ()) if row else ()
        text = " ".join(show(record.values.get(wire)) for wire in wires).strip()
        if text:
            found[side] = text
    return found


def _base(
    conn: Connection, job: Job, subject: Subject, fields: Sequence[FieldPlan]
) -> dict[str, list[Any]] | None:
    link = subject.link
    if link is None or not link.agreed:
        return None

    def prints(digest: str) -> dict[str, str]:
        version = runs.flow_version_get(conn, digest)
        return dict(version.rows) if version else {}

    pairs = known_pairs(job.compiled, link.agreed, link.agreed_digest, prints)
    if any(field.name not in pairs for field in fields):
        return None
    return {
        "left": [value for field in fields for value in pairs[field.name][0]],
        "right": [value for field in fields for value in pairs[field.name][1]],
    }


def _candidate(one: Candidate) -> dict[str, Any]:
    return {
        "key": one.key,
        "why": one.why,
        "score": round(one.score, 3),
        "fields": {name: [mine, theirs] for name, (mine, theirs) in one.fields.items()},
        "linked_to": one.linked_to,
    }
