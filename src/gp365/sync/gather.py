"""Gather: from rows of the work table to subjects with their records, partners and open intents.

What the run has in hand counts as read; only what is missing is fetched, in bulk. Nothing here holds a transaction
while it waits for a system.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gp365.model.values import key_of, key_text
from gp365.store import intents, links, work
from gp365.store.links import Link
from gp365.sync.assumed import assume
from gp365.sync.events.look import Look, subject_of
from gp365.sync.events.recognise import carry_decisions, recognise
from gp365.sync.job import Job, link_subject, single_subject
from gp365.sync.match import match_singles
from gp365.sync.observe import Observation
from gp365.sync.reading import read_records
from gp365.sync.similar.suggest import Asked, ask, suggest
from gp365.sync.subject import Row, Subject


def gather(job: Job, observation: Observation, rows: Sequence[Row]) -> list[Subject]:
    """Form the subjects that these rows belong to, read what is missing, and look for partners."""
    return finish_gather(begin_gather(job, observation, rows))


@dataclass(slots=True)
class Gathering:
    """A page on its way: its subjects, and what was asked about those without a partner."""

    look: Look
    subjects: list[Subject]
    asked: Asked


def begin_gather(job: Job, observation: Observation, rows: Sequence[Row]) -> Gathering:
    """Form subjects and look for partners; ask for what is like the records that have none."""
    subjects = _form(job, rows)
    assume(job, observation, subjects)
    read_records(job, observation, subjects)
    look = Look(job, observation)
    subjects = recognise(look, subjects)
    singles = [subject for subject in subjects if _single(subject)]
    merged = match_singles(job, observation, singles) if singles else []
    gone = {id(subject) for subject in [*merged, *_at_work(job, singles)]}
    subjects = [subject for subject in subjects if id(subject) not in gone]
    return Gathering(look, subjects, ask(job, observation, subjects))


def finish_gather(gathering: Gathering) -> list[Subject]:
    """Take the answer, apply what people have decided, and read what is missing."""
    job, observation, subjects = gathering.look.job, gathering.look.observation, gathering.subjects
    suggest(job, observation, gathering.asked)
    carry_decisions(gathering.look, subjects)
    read_records(job, observation, subjects)
    add_other_rows(job, subjects)
    return subjects


def _at_work(job: Job, singles: Sequence[Subject]) -> list[Subject]:
    """Give those whose partner is named by an open intent: what became of that write is found out first.

    They stay in the queue; else one record would be worked in two subjects, and a lost create beside its double.
    """
    paired = [subject for subject in singles if len(subject.keys) == 2]
    if not paired:
        return []
    by_side: dict[str, list[str]] = {place.side: [] for place in job.places}
    for subject in paired:
        for side, key in subject.keys.items():
            by_side[side].append(key_text(key))
    with job.store.read() as conn:
        pending = intents.open_for(conn, job.pair, job.flow.name, by_side)
    named = {name for intent in pending for name in _names(intent)}
    return [one for one in paired if any((side, key_text(key)) in named for side, key in one.keys.items())]


def _single(subject: Subject) -> bool:
    alone = subject.link is None and len(subject.records) == 1
    return alone and not subject.open_intents and not subject.left_out


def _form(job: Job, rows: Sequence[Row]) -> list[Subject]:
    """Group rows by subject: by link, else by an open intent that names the record, else the record alone."""
    by_side: dict[str, list[str]] = {place.side: [] for place in job.places}
    for row in rows:
        by_side[row.side].append(row.key)
    with job.store.read() as conn:
        linked = {
            place.side: links.by_keys(conn, job.pair, job.flow.name, place.end, by_side[place.side])
            for place in job.places
        }
        pending = intents.open_for(conn, job.pair, job.flow.name, by_side)
    named = {(side, key): intent for intent in pending for side, key in _names(intent)}
    subjects: dict[str, Subject] = {}
    for row in rows:
        link = linked[row.side].get(row.key)
        intent = named.get((row.side, row.key))
        subject = _subject(job, row, link, intent.subject if intent else "")
        subject = subjects.setdefault(subject.id, subject)
        subject.rows.append(row)
        if intent is None and (link is None or link.state != links.OPEN):
            subject.keys[row.side] = key_of(row.key)
    for intent in pending:
        subject = _subject_of(intent, subjects)
        if subject is not None:
            subject.open_intents.append(intent)
            subject.keys.setdefault(intent.source_side, key_of(intent.source_key))
    return list(subjects.values())


def _subject_of(intent: intents.Intent, subjects: Mapping[str, Subject]) -> Subject | None:
    """Find whose an open intent is: a subject that was linked since goes by another name, but has the record."""
    if intent.subject in subjects:
        return subjects[intent.subject]
    for side, key in _names(intent):
        for subject in subjects.values():
            if side in subject.keys and key_text(subject.keys[side]) == key:
                return subject
    return None


def _names(intent: intents.Intent) -> list[tuple[str, str]]:
    return [(intent.side, intent.key), (intent.source_side, intent.source_key)]


def _subject(job: Job, row: Row, link: Link | None, named: str) -> Subject:
    if link is not None:
        return (
            subject_of(job, link) if link.state == links.OPEN else Subject(link_subject(link.id), link=link)
        )
    return Subject(named or single_subject(row.side, row.key))


def add_other_rows(job: Job, subjects: Sequence[Subject]) -> None:
    """Take the pending rows of a subject's other end along, so that it is worked once."""
    have = {(row.side, row.key) for subject in subjects for row in subject.rows}
    owner = {(side, old): one for one in subjects for side, old in _keys_left(one)}
    owner |= {(side, key_text(key)): subject for subject in subjects for side, key in subject.keys.items()}
    missing = [name for name in owner if name not in have]
    if not missing:
        return
    with job.store.read() as conn:
        for row in work.rows_of(conn, job.pair, job.flow.name, missing):
            owner[(row.side, row.key)].rows.append(Row(row.side, row.key, row.seq, row.reason == "wake"))


def _keys_left(subject: Subject) -> list[tuple[str, str]]:
    return [(side, old) for repair in subject.repairs for side, old, _ in repair.moved if old]
