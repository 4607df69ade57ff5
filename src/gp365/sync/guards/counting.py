"""The counting pass: plan everything that is due before anything is written, and count it. Nothing is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from gp365.store import work
from gp365.sync.bitmap import Bitmap
from gp365.sync.gather import gather
from gp365.sync.guards.holding import fresh_marks
from gp365.sync.guards.limits import Mark
from gp365.sync.guards.watch import Watch
from gp365.sync.job import Job
from gp365.sync.observe import Observation
from gp365.sync.planning import plan_read
from gp365.sync.subject import Row, Subject


def count_planned(job: Job, watch: Watch, observation: Observation) -> Counter[Mark]:
    """Count what would be done, by (side, operation), without what is held or let go already.

    The counting ends where the records that are left cannot make any of it too much.
    """
    counts: Counter[Mark] = Counter()
    met = Bitmap()
    with job.store.read() as conn:
        left = work.count_due(conn, job.pair, job.flow.name, job.clock())
    for rows in _pages(job):
        if not watch.may_exceed(left, counts):
            break
        left -= len(rows)
        subjects = _not_met(gather(job, observation, rows), met)
        plan_read(job, observation, subjects)
        for marks in fresh_marks(job, watch, subjects).values():
            counts.update(marks)
        job.progress("counted", len(met), 0)
    return counts


def _pages(job: Job) -> Iterator[list[Row]]:
    last: tuple[str, str] | None = None
    while True:
        with job.store.read() as conn:
            rows = work.due_after(conn, job.pair, job.flow.name, job.clock(), last, job.page)
        if not rows:
            return
        yield [Row(row.side, row.key, 0) for row in rows]
        last = (rows[-1].key, rows[-1].side)


def _not_met(subjects: Sequence[Subject], met: Bitmap) -> list[Subject]:
    fresh = [one for one in subjects if one.link is None or one.link.id not in met]
    for subject in fresh:
        if subject.link is not None:
            met.add(subject.link.id)
    return fresh
