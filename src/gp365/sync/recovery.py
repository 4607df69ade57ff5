"""The way back of a restored system: what a side has held before, and which records are made anew under their old keys.

A restore takes a side back in time without anybody having edited it. The other side still holds what both had agreed; it
goes back, record by record and field by field, in a run that a named person lets go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from gp365.model.plan import Half, Pair
from gp365.model.record import Op
from gp365.model.values import key_text
from gp365.store import intents
from gp365.sync.job import Job, Place
from gp365.sync.past import named, past_of
from gp365.sync.subject import Subject

Restored = Mapping[str, frozenset[str]]  # side → fields that hold there what they held before


def is_made_anew(job: Job, subject: Subject, place: Place) -> bool:
    """Tell whether a linked record that is missing was taken away by a restore, and may be made anew by us."""
    recovery, link = job.recovery, subject.link
    if recovery is None or link is None or place.side not in recovery.sides:
        return False
    return not (
        link.id in recovery.let_be or place.side not in subject.keys or not job.flow.side(place.side).create
    )


def make_anew(job: Job, subject: Subject, place: Place) -> None:
    """Mark a linked subject whose record a restore took away to be made anew under the same key."""
    subject.recreate = place.side
    actor = job.recovery.actor if job.recovery is not None else ""
    told: dict[str, object] = {"event": "made anew", "side": place.side, "approved_by": actor}
    if told not in subject.steps:
        subject.steps.append(told)


def made_by_another_flow(job: Job, subject: Subject, place: Place) -> bool:
    """Tell whether a record with another birth mark is one that a flow of ours has made anew on this way back.

    Nothing has been agreed about it in this flow yet.
    """
    recovery, key = job.recovery, subject.keys.get(place.side)
    if recovery is None or recovery.since is None or key is None or place.side not in recovery.sides:
        return False
    with job.store.read() as conn:
        writes = intents.done_on(conn, place.system, place.entity.name, [key_text(key)])
    if not any(one.op == str(Op.CREATE) and one.made_at >= recovery.since for one in writes):
        return False
    subject.recreate = place.side
    return True


def held_before(
    job: Job, conn: Connection, subjects: Sequence[Subject], pairs: Mapping[str, Mapping[str, Pair]]
) -> dict[str, Restored]:
    """Tell, by subject, which moved fields of a restored side hold there what they held at some earlier time."""
    if job.recovery is None:
        return {}
    found: dict[str, Restored] = {}
    for place in job.places:
        if place.side not in job.recovery.sides:
            continue
        moved = {one.id: _moved(job, place, one, pairs[one.id]) for one in subjects}
        past = past_of(job, conn, place, _owners(job, [one for one in subjects if moved[one.id]]))
        for subject in subjects:
            known = past.get(subject.id, set())
            held = {name for name, half in moved[subject.id].items() if named(name, half) in known}
            found[subject.id] = {**found.get(subject.id, {}), place.side: frozenset(held)}
    return found


def _moved(job: Job, place: Place, subject: Subject, pairs: Mapping[str, Pair]) -> dict[str, Half]:
    """Give the halves of a side that are not what was agreed."""
    record = subject.records.get(place.side)
    if record is None or len(subject.records) < 2:
        return {}
    number = 0 if place.end == "left" else 1
    moved: dict[str, Half] = {}
    for name, pair in pairs.items():
        half = job.compiled.row(name).half(place.side, record.values)
        if half is not None and half != pair[number]:
            moved[name] = half
    return moved


def _owners(job: Job, subjects: Sequence[Subject]) -> dict[str, dict[str, str]]:
    """Name the subjects by their keys, side by side."""
    sides = [place.side for place in job.places]
    return {
        side: {key_text(one.keys[side]): one.id for one in subjects if side in one.keys} for side in sides
    }
