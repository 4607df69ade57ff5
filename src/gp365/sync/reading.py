"""Reading records by key: what the run has in hand counts as read; only what is missing is fetched, in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gp365.model.record import Record
from gp365.model.values import Key
from gp365.sync.job import Job, Place, is_ours
from gp365.sync.observe import Observation
from gp365.sync.subject import Subject


def read_records(
    job: Job, observation: Observation, subjects: Iterable[Subject], places: Sequence[Place] = ()
) -> None:
    """Fill in the records that are not read yet: first from what the run has in hand, then in bulk from the system."""
    for place in places or job.places:
        wanted = [
            subject
            for subject in subjects
            if place.side in subject.keys and place.side not in subject.records
        ]
        if not wanted:
            continue
        keys = list({subject.keys[place.side] for subject in wanted})
        found = read_keys(job, observation, place, keys)
        for subject in wanted:
            record = found.get(subject.keys[place.side])
            if record is not None:
                subject.records[place.side] = record


def read_keys(job: Job, observation: Observation, place: Place, keys: Sequence[Key]) -> dict[Key, Record]:
    """Read records by key: from what the run has in hand, else in bulk from the system.

    A missing one is left out, and one of another company too.
    """
    seen = observation.seen[place.side]
    found = dict(seen.get(keys))
    ours = seen.written([key for key in keys if key not in found])
    if ours:
        found.update(place.connector.get(place.entity.name, ours, place.fields, fresh=True))
    rest = [key for key in keys if key not in found and key not in ours]
    found.update(_fetch(job, place, rest, observation))
    return {key: record for key, record in found.items() if is_ours(job, place, record)}


def _fetch(job: Job, place: Place, keys: list[Key], observation: Observation) -> dict[Key, Record]:
    """Read by key. A key that a full reading did not show is asked for afresh: absence there is only a hint."""
    if not keys:
        return {}
    found = dict(place.connector.get(place.entity.name, keys, place.fields))
    doubtful = [key for key in keys if key not in found]
    if doubtful and place.entity.all_or_nothing:
        found.update(place.connector.get(place.entity.name, doubtful, place.fields, fresh=True))
    observation.read[place.side] = observation.read.get(place.side, 0) + len(found)
    return found
