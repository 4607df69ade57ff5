"""Recognising the identity events of a page, in the order in which one explains another.

First who stands under another number, then who stands alone again, who was merged, then who is left out, and only what is
missing after all that is gone. Decisions come last, when every problem shows what it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gp365.store import intents
from gp365.store.intents import Intent
from gp365.sync.events.decisions import decide, decide_planned
from gp365.sync.events.ends import check_ends, leave_out
from gp365.sync.events.gone import plan_event
from gp365.sync.events.look import Look, end_key
from gp365.sync.events.merged import follow_merges
from gp365.sync.events.numbers import follow_numbers
from gp365.sync.events.repair import carry_out
from gp365.sync.events.unmerged import follow_unmerged
from gp365.sync.job import Job
from gp365.sync.observe import Observation
from gp365.sync.subject import Subject


def recognise(look: Look, subjects: list[Subject]) -> list[Subject]:
    """Find what happened to the linked records of a page; return its subjects, others that are concerned included."""
    subjects = follow_numbers(look, subjects)
    follow_unmerged(look, subjects)
    for subject in subjects:
        leave_out(subject)
    follow_merges(look, subjects)
    check_ends(look, subjects)
    return subjects


def carry_decisions(look: Look, subjects: list[Subject]) -> None:
    """Apply people's decisions, and find what is under way on the links that are repaired."""
    decide(look, subjects)
    _attach_intents(look.job, [one for one in subjects if one.repairs and one.link is not None])


def look_again(job: Job, observation: Observation, subjects: Sequence[Subject]) -> None:
    """Look at subjects once more whose records may be gone since they were gathered."""
    check_ends(Look(job, observation), subjects)


def decide_again(job: Job, run: str, observation: Observation, subjects: Sequence[Subject]) -> None:
    """Apply, before anything is sent, what people have decided about records that were stopped while they were planned."""
    decide_planned(Look(job, observation), subjects)
    carry_out(job, run, [one for one in subjects if one.repairs])
    for subject in subjects:
        if subject.left_out and subject.ended is None:
            subject.plan = plan_event(job, subject)


def _attach_intents(job: Job, subjects: Sequence[Subject]) -> None:
    """A link whose key is replaced may have a write under way to the record under its old key."""
    keys: dict[str, set[str]] = {place.side: set() for place in job.places}
    for subject in subjects:
        for side, text in _old_ends(job, subject):
            keys[side].add(text)
    if not any(keys.values()):
        return
    with job.store.read() as conn:
        pending = intents.open_for(conn, job.pair, job.flow.name, keys)
    for subject in subjects:
        ends = set(_old_ends(job, subject))
        known = {intent.id for intent in subject.open_intents}
        subject.open_intents += [one for one in pending if one.id not in known and ends & set(_names(one))]


def _old_ends(job: Job, subject: Subject) -> list[tuple[str, str]]:
    link = subject.link
    if link is None:
        return []
    ends: Mapping[str, str | None] = {place.side: end_key(link, place) for place in job.places}
    return [(side, text) for side, text in ends.items() if text is not None]


def _names(intent: Intent) -> list[tuple[str, str]]:
    return [(intent.side, intent.key), (intent.source_side, intent.source_key)]
