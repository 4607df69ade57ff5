"""People's decisions on whole records: link with that one, create a new one, or leave it alone for good.

A decision holds only while the same problem shows the same values as when it was taken; else the entry is replaced by
what stands now, and the decision is gone with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gp365.model.plan import Problem
from gp365.model.record import Record
from gp365.model.values import digest, key_of, key_text, pack, show_key
from gp365.store.links import OPEN, Link
from gp365.store.parked import Parked
from gp365.sync.events.joining import (
    absorb_at,
    become,
    close_link,
    close_single,
    free_survivor,
    leave,
    let_go,
    share_end,
    share_single,
    stands,
    take_end,
)
from gp365.sync.events.kinds import Repair
from gp365.sync.events.look import Look, decision_of, end_key, named_keys, names_of, told
from gp365.sync.job import Place
from gp365.sync.parking import inputs_digest, shown_of
from gp365.sync.subject import Subject

# What a record without a partner is stopped with, and a link whose end is gone or in doubt.
_PARTNER = ("candidates", "similar", "number-alone")
_END = ("target-gone", "key-reused", "merged")
_NUMBER = ("renumbered", "beside-event")
_MINE = (*_PARTNER, *_END, *_NUMBER)


def decide(look: Look, page: list[Subject]) -> None:
    """Carry out, on a page's subjects, what people have decided about the problems that they have."""
    look.read([name for one in page for name in names_of(one)])
    for subject in list(page):
        entry = look.entry(subject)
        answer = decision_of(entry)
        if entry is None or not answer or subject not in page or subject.left_out:
            continue
        if entry.code == "beside-event" and "link" in answer and subject.link is None:
            _known_as(look, page, subject, key_of(str(answer["link"])), entry)
        elif subject.problem is not None and _is_shown(entry, subject.problem):
            _carry_out(look, page, subject, subject.problem, answer, entry)


def decide_planned(look: Look, page: Sequence[Subject]) -> None:
    """Apply decisions about records that were stopped while they were planned, or refused: left alone, or created."""
    look.read([name for one in page for name in names_of(one)])
    for subject in page:
        if subject.left_out or subject.ended is not None or subject.plan is None:
            continue
        entry = look.entry(subject)
        answer = decision_of(entry)
        if entry is None or not answer:
            continue
        problem = subject.problem or subject.plan.problem
        refused = told(entry).get("sent") == inputs_digest(subject)
        shown = problem is not None and _is_shown(entry, problem)
        if answer.get("ignore") and (refused or shown):
            _ignore(look, subject, entry)
        elif answer.get("create") and shown and entry.code in _NUMBER and subject.link is None:
            subject.problem, subject.decided = None, True
            subject.steps.append(_told(entry, "create"))


def _is_shown(entry: Parked, problem: Problem) -> bool:
    """Tell whether a problem is still the one that the person was shown."""
    return entry.code == problem.code and digest(entry.shown) == digest(pack(shown_of(problem)))


def _carry_out(
    look: Look, page: list[Subject], subject: Subject, problem: Problem, answer: dict[str, Any], entry: Parked
) -> None:
    if "link" in answer:
        _link(look, page, subject, problem, str(answer["link"]), entry)
    elif answer.get("create"):
        _create(look, page, subject, problem, entry)
    elif answer.get("ignore"):
        _ignore(look, subject, entry)
    elif problem.code in _MINE and not answer.get("retry"):
        _refuse(subject, problem, "resolution-invalid", f"That cannot be decided for {problem.code}.")


def _told(entry: Parked, what: str, **more: object) -> dict[str, object]:
    event: dict[str, object] = {"event": "decided", "decision": what, "by": entry.resolved_by}
    done = {"link": "linked", "create": "created", "ignore": "closed"}[what]
    return event | {"entry": entry.id, "of": entry.code, "why": f"{done} by {entry.resolved_by}"} | more


def _refuse(subject: Subject, problem: Problem, code: str, message: str) -> None:
    subject.problem = Problem(
        code,
        message,
        value=problem.value,
        side=problem.side,
        candidates=problem.candidates,
        evidence=problem.evidence,
    )


# link


def _link(
    look: Look, page: list[Subject], subject: Subject, problem: Problem, key: str, entry: Parked
) -> None:
    """Link a record with the one that a person named, if it stands and its own link leaves room."""
    if problem.code not in (*_PARTNER, *_END):
        _refuse(subject, problem, "resolution-invalid", f"{key} is not what {problem.code} asks for.")
        return
    place = look.job.place(problem.side)
    record = look.fresh(place, [key_of(key)]).get(key_of(key))
    if record is None or not problem.side:
        message = f"{show_key(key_of(key))} is not to be found on {problem.side}."
        _refuse(subject, problem, "resolution-stale", message)
        return
    event = _told(entry, "link", side=place.side, to=show_key(record.key))
    owner = look.links_at(place, [key]).get(key)
    if owner is not None and subject.link is not None and owner.id == subject.link.id:
        owner = None
    if owner is not None and owner.state == OPEN:
        _link_taken(look, page, subject, place, record, owner, event)
    elif subject.link is not None:
        take_end(look, page, subject, place, record, event, f"linked by {entry.resolved_by}")
    else:
        _join(look, page, subject, place, record, event, entry.resolved_by)


def _join(
    look: Look,
    page: list[Subject],
    subject: Subject,
    place: Place,
    record: Record,
    event: dict[str, object],
    by: str,
) -> None:
    """Make one subject of two records without links; their link is new, so the first-contact rule decides its fields."""
    key = key_text(record.key)
    others = let_go(look, place, key, None)
    absorb_at(page, subject, place, key)
    subject.keys[place.side], subject.records[place.side] = record.key, record
    subject.problem, subject.made_by = None, f"linked by {by}"
    if others:
        subject.repairs.append(Repair(event, others=others))
    else:
        subject.steps.append(event)


def _link_taken(
    look: Look,
    page: list[Subject],
    subject: Subject,
    place: Place,
    record: Record,
    owner: Link,
    event: dict[str, object],
) -> None:
    """The record has a link: a second one shares it; but where that link misses its other end, this record takes it."""
    key, across = key_text(record.key), look.job.across(place.side)
    if stands(look, owner, across):
        if subject.link is None:
            share_single(look, subject, place, key, event)
        else:
            share_end(subject, place, key, event)
        return
    closing: list[tuple[Link, dict[str, Any]]] = []
    if subject.link is not None:
        gone = {"left_key": None, "right_key": None, f"{across.end}_birth": "", "state": "closed"}
        closing.append((subject.link, gone))
        subject.keys.pop(place.side, None)
        subject.records.pop(place.side, None)
    mine = subject.records[across.side]
    old = end_key(owner, across)
    become(look, page, subject, owner)
    subject.keys[across.side], subject.records[across.side] = mine.key, mine
    subject.keys[place.side], subject.records[place.side] = record.key, record
    changes = {f"{across.end}_key": key_text(mine.key), f"{across.end}_birth": mine.birth}
    changes["made_by"] = f"linked by {event['by']}"
    subject.problem = None
    subject.repairs = [
        Repair(
            event,
            changes,
            forget=True,
            others=tuple(closing),
            moved=((across.side, old or "", key_text(mine.key)),),
        )
    ]


# create and ignore


def _create(look: Look, page: list[Subject], subject: Subject, problem: Problem, entry: Parked) -> None:
    """Create a new partner whatever looks like it; for a gone one, the old link closes and the record is left alone."""
    event = _told(entry, "create")
    if problem.code in _PARTNER and subject.link is None:
        subject.problem, subject.decided = None, True
        subject.steps.append(event)
    elif problem.code in _END and subject.link is not None:
        if look.job.across(problem.side).side not in subject.records:
            _refuse(subject, problem, "resolution-stale", "Nothing is left to create a partner for.")
            return
        free_survivor(look, page, subject, look.job.place(problem.side), event)
        subject.decided = True
    else:
        _refuse(subject, problem, "resolution-invalid", f"Nothing can be created for {problem.code}.")


def _ignore(look: Look, subject: Subject, entry: Parked) -> None:
    """Leave a record alone for good."""
    event = _told(entry, "ignore")
    why = f"closed by {entry.resolved_by}"
    if subject.link is None:
        close_single(look, subject, event, why)
        leave(subject, why)
        return
    if entry.code == "renumbered":
        _take_new_number(look, subject, entry, event)
    close_link(subject, event, why)


def _take_new_number(look: Look, subject: Subject, entry: Parked, event: dict[str, object]) -> None:
    """A renumbered record that is ignored is left out under its new number too."""
    place, keys = look.job.place(str(told(entry).get("side"))), named_keys(entry)
    if len(keys) == 1 and keys[0] not in look.links_at(place, keys):
        subject.keys[place.side] = key_of(keys[0])
        subject.repairs.append(Repair(event, {f"{place.end}_key": keys[0]}))


def _known_as(look: Look, page: list[Subject], subject: Subject, key: tuple[str, ...], entry: Parked) -> None:
    """A person knows a new record as a linked one under another number: its link follows, as for a birth mark."""
    side = next(iter(subject.records))
    place, text = look.job.place(side), key_text(key)
    owner = look.links_at(place, [text]).get(text)
    record = subject.records[side]
    if owner is None or owner.state != OPEN or look.fresh(place, [key]):
        message = f"{show_key(key)} is not a linked record that is gone on {side}."
        subject.problem = Problem("resolution-stale", message, value=show_key(key), side=side)
        return
    event = _told(entry, "link", side=side, to=show_key(record.key)) | {"event": "renumbered"}
    event["from"] = show_key(key)
    subject.keys.pop(side)
    subject.records.pop(side)
    become(look, page, subject, owner)
    subject.keys[side], subject.records[side], subject.problem = record.key, record, None
    changes = {f"{place.end}_key": key_text(record.key), f"{place.end}_birth": record.birth}
    moved = ((side, text, key_text(record.key)),)
    subject.repairs.append(Repair(event, changes, moved=moved, vacant=((side, text),)))
