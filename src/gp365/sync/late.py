"""New records that come up while a round is under way: what it has read of the other side says nothing about them."""

from __future__ import annotations

from collections.abc import Sequence

from gp365.model.entity import Feed
from gp365.store import links, work
from gp365.store.columns import to_micros
from gp365.store.work import WorkRow
from gp365.sync.arriving import HANDED
from gp365.sync.beside import Beside
from gp365.sync.job import Job

TOLD = frozenset({work.HINT, HANDED})
BATCH_US = 1000  # a row's place in its batch is added to its time


def came_late(job: Job, beside: Beside, rows: Sequence[WorkRow]) -> list[WorkRow]:
    """Give the new records that came up after this run, or its round, had begun to read.

    The other side may have the same firm since then, and what was read of it does not show that: they are for a later
    round. They come up because somebody told us, or in the feed of one side while the list of the other is the round's.
    """
    told = to_micros(beside.since.at) + BATCH_US
    listed = to_micros(job.listed) + BATCH_US if job.listed is not None and len(beside.runs) > 1 else None
    fed = {place.side for place in job.places if place.entity.feed is not Feed.NONE}
    late = [
        row
        for row in rows
        if (row.reason in TOLD and row.enqueued > told)
        or (listed is not None and row.reason == "changed" and row.side in fed and row.enqueued > listed)
    ]
    if not late:
        return []
    with job.store.read() as conn:
        linked = {
            place.side: links.prints(
                conn, job.pair, job.flow.name, place.end, [row.key for row in late if row.side == place.side]
            )
            for place in job.places
        }
    return [row for row in late if row.key not in linked[row.side]]
