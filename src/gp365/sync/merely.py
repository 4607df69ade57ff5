"""Merely along: looks at linked records of which nothing moved but what is written along with other fields.

An aging run dates every customer of GP anew. Such a look is no event in the life of a record: those of a page are told in
one row of the ledger, as links that nothing happened to are (see `unchanged`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from gp365.model.plan import Verdict
from gp365.model.values import key_text, pack
from gp365.store import ledger
from gp365.store.ledger import Entry, LedgerRow
from gp365.sync.job import Job, single_subject
from gp365.sync.plan import Facts
from gp365.sync.plan.fields import loud
from gp365.sync.subject import Disposition, Subject
from gp365.sync.telling import ledger_rows

ALONG = "along"
"""Where a row of the ledger names the fields that moved, beside `links` and `count`."""
_FIXED = frozenset({Verdict.CREATE_ONLY, Verdict.READ_ONLY})
_SAID = frozenset({str(one) for one in (Verdict.WRITE, Verdict.ALONG, *_FIXED)})
_DONE = frozenset({str(one) for one in (Disposition.CREATED, Disposition.UPDATED, Disposition.UNCHANGED)})


def told(
    conn: Connection, job: Job, run: str, subjects: Sequence[Subject], facts: Mapping[str, Facts]
) -> list[Entry]:
    """Give the rows of the ledger of a page's finished subjects."""
    moved: dict[str, frozenset[str]] = {}
    if job.compiled.along:
        moved = {one.id: names for one in subjects if (names := _moved(job, one, facts))}
    if moved:
        for name in _told_of_something(conn, job, [one for one in subjects if one.id in moved]):
            del moved[name]
    rows = [row for one in subjects if one.id not in moved for row in ledger_rows(job, run, one)]
    if moved:
        rows.append(_together(job, run, [one for one in subjects if one.id in moved], moved))
    return rows


def _moved(job: Job, subject: Subject, facts: Mapping[str, Facts]) -> frozenset[str]:
    """Name the fields that moved on a link that nothing else happened to; nothing where something did."""
    plan = subject.plan
    if plan is None or subject.link is None or subject.ended is not Disposition.UNCHANGED:
        return frozenset()
    if subject.sends or subject.counted is not None or subject.repaired or plan.left_scope or plan.filtered:
        return frozenset()
    if len(subject.steps) > 1 or any(step.keys() != {"fields"} for step in subject.steps):
        return frozenset()
    said = loud(plan.fields)
    if any(one.verdict is not Verdict.ALONG and one.verdict not in _FIXED for one in said):
        return frozenset()
    known = facts[subject.id].pairs
    fresh = {name for name, pair in plan.pairs.items() if known.get(name) != pair}
    names = fresh.union(one.name for one in said if one.verdict is Verdict.ALONG)
    return frozenset(names) if names <= job.compiled.along else frozenset()


def _told_of_something(conn: Connection, job: Job, subjects: Sequence[Subject]) -> set[str]:
    """Name the subjects of which the ledger last told something else than what was written: that it is over is told."""
    names = [_names(one) for one in subjects]
    last = ledger.last_of(conn, job.pair, job.flow.name, [name for several in names for name in several])
    found: set[str] = set()
    for one, several in zip(subjects, names, strict=True):
        rows = [last[name] for name in several if name in last]
        if not rows or _fixed_in(max(rows, key=lambda row: row.id)) != _fixed(one):
            found.add(one.id)
    return found


def _fixed(subject: Subject) -> set[tuple[str, str]]:
    """Name the fields that the flow leaves as they are, each with the reason."""
    said = loud(subject.plan.fields) if subject.plan is not None else ()
    return {(one.name, str(one.verdict)) for one in said if one.verdict in _FIXED}


def _names(subject: Subject) -> list[str]:
    """Give the names under which a link was told of: until it was one, those of its two records."""
    return [subject.id, *(single_subject(side, key_text(key)) for side, key in subject.keys.items())]


def _fixed_in(row: LedgerRow) -> set[tuple[str, str]] | None:
    """Name what a row says that the flow leaves as it is; None where it says more than that, and what was written."""
    payload: Mapping[str, Any] | None = ledger.decode(row)
    if payload is None or row.disposition not in _DONE or row.subjects != 1:
        return None
    steps: Sequence[Mapping[str, Any]] = payload.get("steps") or ()
    said = [[(str(one["field"]), str(one["verdict"])) for one in step.get("fields") or ()] for step in steps]
    if any(step.keys() - {"fields", "writes"} for step in steps):
        return None
    if any(verdict not in _SAID for fields in said for _, verdict in fields):
        return None
    last = said[-1] if said else []
    return {(name, verdict) for name, verdict in last if verdict in _FIXED}


def _together(job: Job, run: str, subjects: Sequence[Subject], moved: Mapping[str, frozenset[str]]) -> Entry:
    numbers = sorted(one.link.id for one in subjects if one.link is not None)
    names = sorted({name for one in subjects for name in moved[one.id]})
    payload = {"links": [numbers[0], numbers[-1]], "count": len(numbers), ALONG: names}
    unchanged = str(Disposition.UNCHANGED)
    return Entry(ledger.OUTCOME, run, "", len(numbers), unchanged, job.flow.digest, pack(payload))
