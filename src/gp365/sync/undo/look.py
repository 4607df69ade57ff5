"""Looking at a page of an undo: its links, its writes with what they carried, both records as they stand, the facts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from gp365.model.plan import SubjectPlan
from gp365.model.record import Op, Record
from gp365.model.values import Key, key_of
from gp365.store import intents, links
from gp365.store.intents import Intent
from gp365.sync.facts import gather_facts
from gp365.sync.job import Job, Place
from gp365.sync.subject import Subject
from gp365.sync.undo.find import Task
from gp365.sync.undo.plan import Undoing, plan_undoing

Blocked = Callable[[Job, Sequence[Undoing]], Mapping[str, str]]
"""Tells, by task, why records that a page created are still in use."""


def undo_job(job: Job) -> Job:
    """Make the job of an undo: it reads besides what the flow reads the fields that take a record out of use.

    No guard watches it: what it shows, a named person lets go.
    """
    return replace(
        job,
        left=_with_retired(job.left),
        right=_with_retired(job.right),
        approve=_let_go,
        watch=None,
        recovery=None,
        foreseen=None,
        runs=[],
    )


def _let_go(plan: SubjectPlan) -> None:
    """Hold nothing against an approved plan: each subject is held against what was shown of the undo."""
    del plan


def _with_retired(place: Place) -> Place:
    words = [wire for wire in place.entity.retired if wire in place.entity.fields]
    return replace(place, fields=tuple(dict.fromkeys((*place.fields, *words))))


def form(job: Job, tasks: Sequence[Task], undone: Collection[str]) -> list[Undoing]:
    """Form the subjects of a page of tasks; `undone` are the runs among those taken back that were undos."""
    with job.store.read() as conn:
        held = links.by_ids(conn, [task.link for task in tasks if task.link is not None])
        wanted = [head.id for task in tasks for head in task.heads]
        full = intents.by_ids(conn, wanted)
        later = _later(job, tasks, set(wanted))
    found: list[Undoing] = []
    for task in tasks:
        subject = Subject(task.name, link=held.get(task.link or 0))
        if subject.link is not None:
            ends = (subject.link.left_key, subject.link.right_key)
            for place, key in zip(job.places, ends, strict=True):
                if key is not None:
                    subject.keys[place.side] = key_of(key)
        elif task.heads:
            subject.keys[task.heads[0].side] = key_of(task.heads[0].key)
        mine = [full[head.id] for head in task.heads if head.id in full and not _told(job, full[head.id])]
        found.append(Undoing(task, subject, _needed(mine), later.get(task.name, ()), frozenset(undone)))
    return found


def _needed(mine: Sequence[Intent]) -> list[Intent]:
    """Leave out what was written to a record that the same run created: it goes out of use as a whole."""
    created = {(one.side, one.key) for one in mine if one.op == str(Op.CREATE)}
    return [one for one in mine if one.op == str(Op.CREATE) or (one.side, one.key) not in created]


def _told(job: Job, intent: Intent) -> bool:
    """Tell whether a write told an order what came of it: that stays, for it has been so."""
    return job.flow.order is not None and intent.side == job.flow.order.side


def _later(job: Job, tasks: Sequence[Task], wanted: set[str]) -> dict[str, list[Intent]]:
    """Find the newest write of ours on each record, beside those that are taken back: it tells who changed it since."""
    owner = {(head.side, head.key): task.name for task in tasks for head in task.heads}
    found: dict[str, list[Intent]] = {}
    with job.store.read() as conn:
        for place in job.places:
            keys = [key for side, key in owner if side == place.side]
            last = intents.last_write(conn, place.system, place.entity.name, keys)
            for key, intent in last.items():
                if intent.id not in wanted:
                    found.setdefault(owner[place.side, key], []).append(intent)
    return found


def look(job: Job, page: Sequence[Undoing], blocked: Blocked) -> None:
    """Read both records of every subject as they stand now, and plan."""
    for place in job.places:
        wanted = [one.subject for one in page if _to_read(one.subject, place)]
        keys = list({subject.keys[place.side] for subject in wanted})
        found: Mapping[Key, Record] = {}
        if keys:
            found = place.connector.get(place.entity.name, keys, place.fields, fresh=True)
        for subject in wanted:
            held = found.get(subject.keys[place.side])
            if held is not None:
                subject.records[place.side] = held
    facts = gather_facts(job, [one.subject for one in page])
    in_use = blocked(job, page)
    for one in page:
        one.facts = facts[one.subject.id]
        one.blocked = in_use.get(one.task.name, "")
        plan_undoing(job, one)


def _to_read(subject: Subject, place: Place) -> bool:
    return place.side in subject.keys and place.side not in subject.records
