"""Evidence: what a record and its candidates hold of the fields that matching names, and whether they contradict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gp365.model import matching
from gp365.model.flow import Flow
from gp365.model.plan import Candidate
from gp365.model.record import Record
from gp365.model.similar import alike
from gp365.model.values import Value, key_of, show, show_key
from gp365.store.links import Link
from gp365.sync.job import Job, Place
from gp365.sync.norms import canonical

# Beyond a slip of the fingers or another way to write it.
_DIFFERS = 0.8


def fields_of_matching(job: Job) -> tuple[str, ...]:
    """Name the fields that the flow's matching rules name, each once."""
    flow = job.flow
    rules = (*flow.same, *flow.unless, *flow.alone, *(tuple(rule) for rule in flow.similar))
    return tuple(dict.fromkeys(name for rule in rules for name in rule))


def candidate(
    job: Job, side: str, mine: Record, record: Record | None, key: str, why: str, link: Link | None
) -> Candidate:
    """Show a candidate on the other side of `side`, with what both hold."""
    across, fields = job.across(side), dict[str, tuple[Value, Value]]()
    for name in fields_of_matching(job):
        held = canonical(job, job.place(side), mine, name)
        theirs = canonical(job, across, record, name) if record is not None else None
        if held is not None or theirs is not None:
            fields[name] = (held, theirs)
    return Candidate(key, why, 1.0, fields, linked_to(link, job.place(side)))


def linked_to(link: Link | None, place: Place) -> str:
    """Show the record of a side that a link holds; "" for no link, or none that holds one."""
    key = None if link is None else link.left_key if place.end == "left" else link.right_key
    return show_key(key_of(key)) if key else ""


def contradict(job: Job, unless: Sequence[str], records: Mapping[str, Record]) -> bool:
    """Tell whether of the fields that both records have all differ (and there is one)."""
    left, right = job.places
    compared = 0
    for name in unless:
        a, b = (_text(job, place, records[place.side], name) for place in (left, right))
        if not a or not b:
            continue
        kind = matching.kind_of(name, job.compiled.row(name).row.convert)
        if _alike(kind, a, b):
            return False
        compared += 1
    return compared > 0


def _alike(kind: str, a: str, b: str) -> bool:
    if kind in (matching.PHONE, matching.POSTAL, matching.NUMBER, matching.MAIL):
        return matching.normalise(a, kind) == matching.normalise(b, kind)
    return alike(kind, a, b) >= _DIFFERS


def _text(job: Job, place: Place, record: Record, name: str) -> str:
    return ", ".join(
        text for row in lines_of(job.flow, name) if (text := show(canonical(job, place, record, row)).strip())
    )


def lines_of(flow: Flow, name: str) -> list[str]:
    """Name the rows that stand for a field: for a street all address lines of its group, since people write it on any."""
    row = flow.by_name[name]
    if not row.group or matching.kind_of(name, row.convert) != matching.STREET:
        return [name]
    return [
        one.name
        for one in flow.rows
        if one.group == row.group and matching.kind_of(one.name, one.convert) == matching.STREET
    ]
