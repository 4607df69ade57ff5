"""Strays: records under keys that no link has, which may be a link's all the same. Their links are not quiet."""

from __future__ import annotations

from collections.abc import Sequence

from gp365.model.record import Record
from gp365.model.values import key_text
from gp365.store import former
from gp365.sync.births import given_out_again, links_by_births
from gp365.sync.job import Job, Place, merged_into


def renumbered(job: Job, place: Place, strays: Sequence[Record]) -> list[int]:
    """Name the links whose record stands under another key than the link's: it is not missing."""
    births = [record.birth for record in strays if record.birth]
    if not births or not place.entity.renamable:
        return []
    with job.store.read() as conn:
        found = links_by_births(conn, job, place, births)
    records = {record.birth: record for record in strays}
    theirs = [
        link.id for birth, link in found.items() if not given_out_again(job, place, link, records[birth])
    ]
    if job.recovery is not None and place.side in job.recovery.sides:
        job.recovery.let_be.update(theirs)
    return theirs


def unmerged(job: Job, place: Place, strays: Sequence[Record]) -> list[int]:
    """Name the links whose ends strays were before they were merged, and that may come back to them.

    On a way back those of records that are merged still are among them: it may be into another record than last.
    """
    if not place.entity.merged_into:
        return []
    back = job.recovery is not None and place.side in job.recovery.sides
    keys = [key_text(record.key) for record in strays if back or not merged_into(place, record)]
    with job.store.read() as conn:
        return [one.link for one in former.of_keys(conn, job.pair, job.flow.name, place.end, keys)]
