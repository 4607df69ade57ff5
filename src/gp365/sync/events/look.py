"""A look at a page for identity events: the job, what the run has in hand, and what is parked on whole records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from gp365.model.record import Record
from gp365.model.values import Key, key_of, key_text, unpack_deep
from gp365.store import links, parked
from gp365.store.links import Link
from gp365.store.parked import Parked
from gp365.sync.job import Job, Place, link_subject
from gp365.sync.observe import Observation
from gp365.sync.subject import Subject


@dataclass(slots=True)
class Look:
    """What recognising events needs. `held` are the open entries on whole records, by the subject's name."""

    job: Job
    observation: Observation
    held: dict[str, Parked] = field(default_factory=dict[str, Parked])
    known: set[str] = field(default_factory=set[str])
    censuses: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])

    def entry(self, subject: Subject) -> Parked | None:
        """Return the open entry on the whole record, under whichever name the subject goes or went."""
        names = names_of(subject)
        missing = [name for name in names if name not in self.known]
        if missing:
            self.read(missing)
        return next((self.held[name] for name in names if name in self.held), None)

    def read(self, names: Iterable[str]) -> None:
        """Read the open entries of subjects."""
        wanted = set(names) - self.known
        with self.job.store.read() as conn:
            found = parked.open_for(conn, self.job.pair, self.job.flow.name, wanted)
        self.known |= wanted
        for name, entries in found.items():
            self.held.update((name, entry) for entry in entries if entry.field == "")

    def links_at(self, place: Place, keys: Iterable[str]) -> dict[str, Link]:
        """Find the links whose end on a side is one of these keys."""
        with self.job.store.read() as conn:
            return links.by_keys(conn, self.job.pair, self.job.flow.name, place.end, keys)

    def fresh(self, place: Place, keys: Sequence[Key]) -> dict[Key, Record]:
        """Read records by key as they are now, whatever the run has in hand."""
        wanted = list(dict.fromkeys(keys))
        if not wanted:
            return {}
        return dict(place.connector.get(place.entity.name, wanted, place.fields, fresh=True))

    def census(self, place: Place, births: Iterable[str]) -> dict[str, str]:
        """Give the keys under which records with these birth marks stand, from a census taken after they were missed."""
        wanted = set(births)
        known = self.censuses.get(place.side)
        if known is None:
            known = self.censuses[place.side] = {}
            for page in place.connector.census(place.entity.name):
                known.update({birth: key_text(key) for key, birth in page if birth})
        return {birth: known[birth] for birth in wanted if birth in known}


def names_of(subject: Subject) -> list[str]:
    """Give every name under which something may be parked on a subject."""
    names = [subject.id, *subject.absorbed]
    return names if subject.link is None else [*names, link_subject(subject.link.id)]


def at(subject: Subject, place: Place) -> str:
    """Return the key text that a subject has on a side, or ""."""
    key = subject.keys.get(place.side)
    return key_text(key) if key is not None else ""


def decision_of(entry: Parked | None) -> dict[str, Any]:
    """Read a person's decision; {} while there is none."""
    return {} if entry is None or not entry.resolution else dict(unpack_deep(entry.resolution))


def told(entry: Parked | None) -> dict[str, Any]:
    """Read what an entry shows."""
    return {} if entry is None else dict(unpack_deep(entry.shown))


def named_keys(entry: Parked | None) -> list[str]:
    """Give the key texts of the records that an entry names as evidence."""
    about = {} if entry is None or not entry.about else dict(unpack_deep(entry.about))
    return [str(one["key"]) for one in about.get("evidence", ())]


def end_key(link: Link, place: Place) -> str | None:
    """Return the key text of a link's end on a side."""
    return link.left_key if place.end == "left" else link.right_key


def end_birth(link: Link, place: Place) -> str:
    """Return the birth mark of a link's record on a side."""
    return link.left_birth if place.end == "left" else link.right_birth


def subject_of(job: Job, link: Link) -> Subject:
    """Begin the subject of a link: an open one with both ends, else with those that it has."""
    subject = Subject(link_subject(link.id), link=link)
    for place in job.places:
        text = end_key(link, place)
        if text is not None:
            subject.keys[place.side] = key_of(text)
    return subject


def absorb(subject: Subject, other: Subject) -> None:
    """Let a subject take another one's place in the page: its rows, its open intents and what is parked on it."""
    subject.rows.extend(other.rows)
    subject.open_intents.extend(one for one in other.open_intents if one not in subject.open_intents)
    subject.absorbed.extend((other.id, *other.absorbed))
