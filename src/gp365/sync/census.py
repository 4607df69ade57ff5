"""Creates beside an identity event: a record that was renamed must not be taken for a new one.

Where people can rename keys and the feed shows no deletions, a new key may be a known record under another name. Its
birth mark tells; a system without birth marks is asked for all its keys, after the new one was seen.
"""

from __future__ import annotations

from collections.abc import Sequence

from gp365.model.plan import Problem
from gp365.model.record import Op
from gp365.model.values import key_of, key_text, show_key
from gp365.store import links
from gp365.sync.births import links_by_births
from gp365.sync.bitmap import Bitmap
from gp365.sync.job import Job, Place
from gp365.sync.observe import Observation
from gp365.sync.subject import Subject


def guard_creates(job: Job, observation: Observation, subjects: Sequence[Subject]) -> None:
    """Park the creates whose source may be a linked record under a new key."""
    for place in job.places:
        if not place.entity.renamable or place.entity.feed_sees_deletions:
            continue
        creates = [one for one in subjects if _creates_from(job, place, one)]
        if not creates:
            continue
        _by_birth(job, place, creates)
        unmarked = [one for one in creates if one.problem is None and not one.records[place.side].birth]
        if unmarked:
            _by_census(job, place, observation, unmarked)


def _creates_from(job: Job, place: Place, subject: Subject) -> bool:
    plan = subject.plan
    if plan is None or plan.problem is not None or subject.link is not None or subject.decided:
        return False
    across = job.across(place.side).side
    return any(write.op is Op.CREATE and write.side == across for write in plan.writes)


def _by_birth(job: Job, place: Place, creates: Sequence[Subject]) -> None:
    births = [one.records[place.side].birth for one in creates if one.records[place.side].birth]
    with job.store.read() as conn:
        held = links_by_births(conn, job, place, births)
    for subject in creates:
        link = held.get(subject.records[place.side].birth)
        if link is not None:
            old = show_key(key_of((link.left_key if place.end == "left" else link.right_key) or ""))
            message = (
                f"{show_key(subject.records[place.side].key)} is {old}, which is linked, under a new number."
            )
            subject.problem = Problem("renumbered", message, side=place.side, candidates=(old,))


def _by_census(job: Job, place: Place, observation: Observation, creates: Sequence[Subject]) -> None:
    if place.side not in observation.absent:
        observation.absent[place.side] = _absent(job, place)
    absent = observation.absent[place.side]
    if not absent:
        return
    message = f"Beside it {', '.join(absent[:5])} vanished on {place.side}: it may be the same record under a new number."
    for subject in creates:
        subject.problem = Problem("beside-event", message, side=place.side, candidates=tuple(absent[:20]))


def _absent(job: Job, place: Place) -> list[str]:
    """Name the linked keys that a fresh census does not show."""
    met = Bitmap()
    for page in place.connector.census(place.entity.name):
        with job.store.read() as conn:
            keys = [key_text(key) for key, _ in page]
            for held in links.prints(conn, job.pair, job.flow.name, place.end, keys).values():
                met.add(held.id)
    with job.store.read() as conn:
        return [
            show_key(key_of(key))
            for rows in links.scan_keys(conn, job.pair, job.flow.name, place.end, "open")
            for number, key in rows
            if number not in met
        ]
