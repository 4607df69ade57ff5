"""When a value was last seen unchanged, and when its change was first seen: what `latest` may decide by.

Kept per field and side, only for rows that `latest` decides and only while something about their link is open. Every
moment errs on the side of a wider interval: the old value counts as seen when the run that read it began, the new one
when the planner looked at it. So what is named later was later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from gp365.model.flow import LATEST
from gp365.model.plan import Half, Pair, Window
from gp365.model.values import pack, unpack_deep
from gp365.store import runs, sightings
from gp365.sync.job import Job
from gp365.sync.plan import CompiledRow
from gp365.sync.subject import Subject

Windows = dict[tuple[str, str], Window]  # (canonical field, side)


@dataclass(frozen=True, slots=True)
class Sighting:
    """One side's value of a field: when what stood before it was last seen, when it was first and last seen itself."""

    half: Half
    old_seen: datetime | None
    new_seen: datetime | None
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class _Moments:
    """When this run began, when the last whole one did, and now."""

    began: datetime
    before: datetime | None
    now: datetime


def windows_of(
    job: Job, conn: Connection, subjects: Sequence[Subject], pairs: Mapping[str, Mapping[str, Pair]]
) -> dict[str, Windows]:
    """Give, by subject, the intervals in which the moved values of `latest` rows changed; what was seen is noted."""
    rows = [row for row in job.compiled.rows if job.compiled.owner(row.row.name) == LATEST]
    linked = {one.link.id: one for one in subjects if one.link is not None and len(one.records) == 2}
    if not rows or not linked:
        return {}
    moments = _moments(job, conn)
    held = {link: _unpack(body) for link, body in sightings.get(conn, linked).items()}
    found: dict[str, Windows] = {}
    for number, subject in linked.items():
        seen = _look(job, subject, rows, pairs.get(subject.id, {}), held.get(number, {}), moments)
        subject.sighted = pack(_plain(seen))
        found[subject.id] = {
            name: Window(one.old_seen, one.new_seen)
            for name, one in seen.items()
            if one.old_seen is not None and one.new_seen is not None
        }
    return found


def keep(conn: Connection, subjects: Sequence[Subject]) -> None:
    """Keep what was seen of links that are not quiet, and forget the others."""
    seen = [(one.link, one.sighted) for one in subjects if one.link is not None and one.sighted]
    quiet = {link.id for link, _ in seen if link.left_print and link.right_print}
    sightings.forget(conn, quiet)
    sightings.put(conn, {link.id: body for link, body in seen if link.id not in quiet})


def _moments(job: Job, conn: Connection) -> _Moments:
    now = job.clock()
    this = runs.get(conn, job.runs[-1]) if job.runs else None
    last = runs.latest(conn, job.pair, job.flow.name, state="done")
    return _Moments(this.begun_at if this else now, last.begun_at if last else None, now)


def _look(
    job: Job,
    subject: Subject,
    rows: Sequence[CompiledRow],
    pairs: Mapping[str, Pair],
    held: Mapping[tuple[str, str], Sighting],
    moments: _Moments,
) -> dict[tuple[str, str], Sighting]:
    seen: dict[tuple[str, str], Sighting] = {}
    for row in rows:
        pair = pairs.get(row.row.name)
        for place in job.places:
            half = row.half(place.side, subject.records[place.side].values)
            if half is not None and pair is not None:
                name = (row.row.name, place.side)
                agreed = pair[0 if place.end == "left" else 1]
                seen[name] = _sighting(half, agreed, held.get(name), moments)
    return seen


def _sighting(half: Half, agreed: Half, before: Sighting | None, moments: _Moments) -> Sighting:
    if half == agreed:
        return Sighting(half, None, None, moments.began)
    if before is not None and before.half == half:
        return replace(before, last_seen=moments.began)
    old_seen = before.last_seen if before is not None else moments.before
    return Sighting(half, old_seen, moments.now, moments.began)


def _plain(seen: Mapping[tuple[str, str], Sighting]) -> dict[str, Any]:
    return {
        f"{name}\x1e{side}": [list(one.half), one.old_seen, one.new_seen, one.last_seen]
        for (name, side), one in seen.items()
    }


def _unpack(body: bytes) -> dict[tuple[str, str], Sighting]:
    found: dict[tuple[str, str], Sighting] = {}
    for text, (half, old_seen, new_seen, last_seen) in unpack_deep(body).items():
        name, _, side = text.partition("\x1e")
        found[name, side] = Sighting(tuple(half), old_seen, new_seen, last_seen)
    return found
