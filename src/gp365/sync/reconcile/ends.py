"""Open links whose records are to be compared: both ends from what was read; an end that was not shown is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gp365.model.record import Record
from gp365.model.values import Key, key_of, key_text, show_key
from gp365.store.links import Link
from gp365.sync.job import Job, Place
from gp365.sync.reconcile.compare import Linked
from gp365.sync.reconcile.explain import name_of
from gp365.sync.reconcile.found import Missing, Reason, Why
from gp365.sync.reconcile.known import Known, Past, known_of, of_entry
from gp365.sync.reconcile.reading import Reading
from gp365.sync.subject import Subject

MOST_ASKED = 1000
"""So many records of a side are asked for by key in one reconciliation, to be sure that they are gone."""


@dataclass(slots=True)
class Ends:
    """Finds the records of links. `asked` counts, by side, those that were asked for by key."""

    job: Job
    past: Past
    readings: tuple[Reading, Reading]
    asked: dict[str, int]

    def join(self, links: Sequence[Link]) -> tuple[list[Linked], list[Missing]]:
        """Give both records of each link, and what is missing."""
        sides = [self._records(reading, links) for reading in self.readings]
        pairs: list[Linked] = []
        broken: list[tuple[Linked, Place, str]] = []
        for link in links:
            records = [side.get(key or "") for side, key in zip(sides, _keys(link), strict=True)]
            pair = Linked(link, *(_its_own(link, at, one) for at, one in enumerate(records)))
            pairs.append(pair)
            for at, place in enumerate(self.job.places):
                if (kind := _kind(link, at, records[at])) != "":
                    broken.append((pair, place, kind))
        return pairs, self._missing(broken)

    def _records(self, reading: Reading, links: Sequence[Link]) -> dict[str, Record]:
        at = 0 if reading.place.end == "left" else 1
        keys = [key_of(key) for link in links if (key := _keys(link)[at]) is not None]
        found = dict(reading.seen.get(keys))
        absent = [key for key in keys if key not in found]
        found.update(self._ask(reading.place, absent))
        return {key_text(key): record for key, record in found.items()}

    def _ask(self, place: Place, keys: Sequence[Key]) -> dict[Key, Record]:
        """Ask for records that the full reading did not show: absence there is only a hint."""
        left = MOST_ASKED - self.asked.get(place.side, 0)
        chosen = list(keys) if place.entity.partial else list(keys[: max(0, left)])
        if not chosen:
            return {}
        self.asked[place.side] = self.asked.get(place.side, 0) + len(chosen)
        return dict(place.connector.get(place.entity.name, chosen, place.fields, fresh=True))

    def again(self, pairs: Sequence[Linked]) -> list[Linked]:
        """Read pairs afresh, as far as the limit allows: somebody may have been at work while we read."""
        if not pairs:
            return []
        found: list[dict[Key, Record]] = []
        for at, place in enumerate(self.job.places):
            found.append(self._ask(place, [key_of(_keys(pair.link)[at] or "") for pair in pairs]))
        fresh: list[Linked] = []
        for pair in pairs:
            ends = [held.get(key_of(key or "")) for held, key in zip(found, _keys(pair.link), strict=True)]
            whole = all(one is not None and not one.hidden for one in ends)
            fresh.append(Linked(pair.link, ends[0], ends[1]) if whole else pair)
        return fresh

    def _missing(self, broken: Sequence[tuple[Linked, Place, str]]) -> list[Missing]:
        if not broken:
            return []
        subjects = [pair.subject(self.job) for pair, _, _ in broken]
        known = known_of(self.job, self.past, subjects)
        return [
            self._told(known, subject, pair, place, kind)
            for subject, (pair, place, kind) in zip(subjects, broken, strict=True)
        ]

    def _told(self, known: Known, subject: Subject, pair: Linked, place: Place, kind: str) -> Missing:
        keys = tuple(show_key(key_of(key)) if key else "" for key in _keys(pair.link))
        name = name_of(self.job, pair.left, pair.right)
        return Missing(
            kind, subject.id, place.side, keys, name, self._reason(known, subject, pair, place, kind)
        )

    def _reason(self, known: Known, subject: Subject, pair: Linked, place: Place, kind: str) -> Reason:
        entry = known.entry(subject.id, "")
        if entry is not None:
            return of_entry(entry)
        if (at_work := known.at_work(subject.id)) is not None:
            return at_work
        if kind == "hidden":
            return Reason(Why.HIDDEN, f"it exists on {place.side}, and our account may not read it")
        if kind == "another":
            return Reason(Why.DRIFT, f"another record stands under its key on {place.side}")
        link = pair.link
        birth = link.left_birth if place.end == "left" else link.right_birth
        reading = self.readings[0 if place.end == "left" else 1]
        moved = reading.seen.by_births([birth]) if birth and place.entity.renamable else []
        if moved:
            now = show_key(moved[0].key)
            return Reason(Why.CHANGED, f"stands on {place.side} under {now} now, and no run has seen it yet")
        return Reason(Why.DRIFT, f"it is gone on {place.side}, and no run has noticed it")


def _keys(link: Link) -> tuple[str | None, str | None]:
    return link.left_key, link.right_key


def _its_own(link: Link, at: int, record: Record | None) -> Record | None:
    """Give the record of a link's end, unless it may not be read or another one stands under its key."""
    return record if record is not None and not _kind(link, at, record) else None


def _kind(link: Link, at: int, record: Record | None) -> str:
    if record is None:
        return "gone"
    if record.hidden:
        return "hidden"
    birth = (link.left_birth, link.right_birth)[at]
    return "another" if birth and record.birth not in ("", birth) else ""
