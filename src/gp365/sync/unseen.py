"""Unseen: records without a link that we knew of, and that our account may not read any more.

What a flow's condition says of such a record is not known. Were it left out, nobody would look at it again when it can be
read once more: no feed tells of that.
"""

from __future__ import annotations

from collections.abc import Sequence

from gp365.model.plan import Problem
from gp365.store import parked
from gp365.sync.events.look import names_of
from gp365.sync.job import Job
from gp365.sync.subject import Subject


def keep_unseen(job: Job, subjects: Sequence[Subject]) -> None:
    """Park hidden records without a link, but for those of which we know only that somebody told us of them."""
    hidden = [one for one in subjects if one.link is None and one.problem is None and _is_hidden(one)]
    if not hidden:
        return
    with job.store.read() as conn:
        held = parked.open_for(
            conn, job.pair, job.flow.name, [name for one in hidden for name in names_of(one)]
        )
    for subject in hidden:
        if any(name in held for name in names_of(subject)) or not all(row.told for row in subject.rows):
            side = next(iter(subject.records))
            message = f"{side} does not show this record to our account any more; it waits until it does."
            subject.problem = Problem("unreadable", message, side=side)


def _is_hidden(subject: Subject) -> bool:
    return len(subject.records) == 1 and all(record.hidden for record in subject.records.values())
