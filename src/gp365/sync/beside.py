"""Beside: what other runs of the same flow have done since this one read its records.

Two runs may be under way at once: a round over everything that changed, and one over records that somebody told us of. A
claim keeps them apart on a record, but what was read before the other one wrote must not be taken for an edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from gp365.model.values import key_of, key_text
from gp365.store import ledger, links
from gp365.sync.events.look import names_of
from gp365.sync.job import Job, Since, single_subject
from gp365.sync.observe import Observation
from gp365.sync.subject import Subject


@dataclass(slots=True)
class Beside:
    """How far this run knows the ledger of its flow: `since` then, and further for subjects that it has read anew.

    `runs` are this one and those before it in its round: what they wrote stands in the lists that they share. `told` are
    the subjects of which other runs have told an outcome since, as far as the ledger was read (`read_to`): each of its
    rows is read once, however many pages the run has.
    """

    runs: tuple[str, ...]
    since: Since
    known: dict[str, int] = field(default_factory=dict[str, int])
    told: dict[str, int] = field(default_factory=dict[str, int])
    read_to: int = 0

    def overtaken(self, conn: Connection, job: Job, subjects: Sequence[Subject]) -> list[Subject]:
        """Give the subjects of which another run has told an outcome that this run has not seen; it has now."""
        after = max(self.read_to, self.since.head)
        told, self.read_to = ledger.told_by_others(conn, job.pair, job.flow.name, self.runs, after)
        self.told.update(told)
        if not self.told:
            return []
        names = {id(one): every_name(job, one) for one in subjects}
        wanted = {name: self.told[name] for of_one in names.values() for name in of_one if name in self.told}
        fresh = {name: at for name, at in wanted.items() if at > self.known.get(name, 0)}
        self.known.update(fresh)
        return [one for one in subjects if any(name in fresh for name in names[id(one)])] if fresh else []


def begin(conn: Connection, job: Job, run: str) -> Beside:
    """Note what stands before anything is read: when the round began to read, where runs share its lists."""
    if job.since is None:
        return Beside((run,), stands(conn, job))
    return Beside((run, *job.runs[-2:]), job.since)


def stands(conn: Connection, job: Job) -> Since:
    """Note what stands now."""
    return Since(job.clock(), ledger.head(conn, job.pair, job.flow.name), links.newest_number(conn))


def every_name(job: Job, subject: Subject) -> list[str]:
    """Give every name under which a run may have told of a subject: its link's and those of its records alone."""
    alone = [single_subject(side, text) for side, text in ends_of(job, subject)]
    return list(dict.fromkeys([*names_of(subject), *alone]))


def ends_of(job: Job, subject: Subject) -> list[tuple[str, str]]:
    """Give the records that a subject stands on, as (side, key): its own, and those that its link has."""
    ends = [(side, key_text(key)) for side, key in subject.keys.items()]
    if subject.link is not None:
        keys = (subject.link.left_key, subject.link.right_key)
        ends += [(place.side, key) for place, key in zip(job.places, keys, strict=True) if key is not None]
    return list(dict.fromkeys(ends))


def read_anew(job: Job, observation: Observation, subjects: Sequence[Subject]) -> None:
    """Let what the run has in hand of these subjects be read afresh when they are next gathered."""
    for place in job.places:
        keys = {key for one in subjects for side, key in ends_of(job, one) if side == place.side}
        observation.seen[place.side].mark_written([key_of(key) for key in sorted(keys)])
