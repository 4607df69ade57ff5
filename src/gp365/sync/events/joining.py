"""Giving a link's end to another record: the repairs that merges and people's decisions have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gp365.model.record import Record
from gp365.model.values import key_of, key_text, show_key
from gp365.store.links import CLOSED, OPEN, SHARED, Link
from gp365.sync.events.kinds import Repair
from gp365.sync.events.look import Look, absorb, at, end_birth, end_key, subject_of
from gp365.sync.job import Place, merged_into, single_subject
from gp365.sync.reading import read_records
from gp365.sync.subject import Subject

Event = Mapping[str, object]


def take_end(
    look: Look,
    page: list[Subject],
    subject: Subject,
    place: Place,
    record: Record,
    event: Event,
    made_by: str,
) -> None:
    """Give an open link's end on a side to a record that no open link has; what both hold has never agreed."""
    link = subject.link
    assert link is not None
    key, old, merged = key_text(record.key), end_key(link, place), end_merged(link, place, event)
    others = let_go(look, place, key, link)
    absorb_at(page, subject, place, key)
    subject.keys[place.side], subject.records[place.side] = record.key, record
    subject.problem = None
    changes = {f"{place.end}_key": key, f"{place.end}_birth": record.birth, "made_by": made_by}
    moved = ((place.side, old or "", key),) if old != key else ()
    subject.repairs.append(Repair(event, changes, forget=True, others=others, moved=moved, merged=merged))


def end_merged(link: Link, place: Place, event: Event) -> tuple[tuple[str, str, str], ...]:
    """Give the end that a merge takes from a link, so that the link finds back when the merge is undone."""
    key = end_key(link, place)
    by_merge = "merged" in (event["event"], event.get("of"))
    return ((place.side, key, end_birth(link, place)),) if key and by_merge else ()


def share_end(subject: Subject, place: Place, key: str, event: Event) -> None:
    """Let a link share a record that is another link's end: its own end there is none any more."""
    link = subject.link
    assert link is not None
    old = end_key(link, place)
    subject.keys.pop(place.side, None)
    subject.records.pop(place.side, None)
    changes: dict[str, Any] = {f"{place.end}_key": None, f"{place.end}_birth": ""}
    changes |= {"state": SHARED, "shared_key": key}
    moved = ((place.side, old, key),) if old else ()
    merged = end_merged(link, place, event)
    subject.repairs.append(Repair(event, changes, forget=True, moved=moved, merged=merged))
    leave(subject, further(key))


def share_single(look: Look, subject: Subject, place: Place, key: str, event: Event) -> None:
    """Make a shared link of a record without one: on the side `place` it shares a record that is another link's end."""
    across = look.job.across(place.side)
    changes = _own_end(subject, across) | {
        "state": SHARED,
        "shared_key": key,
        "made_by": str(event.get("why")),
    }
    subject.repairs.append(Repair(event, changes, made=True))
    leave(subject, further(key))


def close_single(look: Look, subject: Subject, event: Event, made_by: str) -> None:
    """Make a closed link of a record without one: it blocks a create, and nothing is done for it any more."""
    side = next(iter(subject.keys))
    changes = _own_end(subject, look.job.place(side)) | {"state": CLOSED, "made_by": made_by}
    subject.repairs.append(Repair(event, changes, made=True))


def _own_end(subject: Subject, place: Place) -> dict[str, Any]:
    record = subject.records.get(place.side)
    birth = record.birth if record is not None else ""
    return {f"{place.end}_key": key_text(subject.keys[place.side]), f"{place.end}_birth": birth}


def close_link(subject: Subject, event: Event, why: str) -> None:
    """Close a link as it stands."""
    subject.repairs.append(Repair(event, {"state": CLOSED}))
    leave(subject, why)


def free_survivor(look: Look, page: list[Subject], subject: Subject, gone: Place, event: Event) -> None:
    """Close a link whose record on a side is gone, and let the record that is left go on without a link."""
    link, left = subject.link, look.job.across(gone.side)
    assert link is not None
    changes: dict[str, Any] = {"left_key": None, "right_key": None, "state": CLOSED, f"{left.end}_birth": ""}
    subject.keys.pop(gone.side, None)
    stranger = subject.records.pop(gone.side, None)
    subject.repairs.append(Repair(event, changes, freed=True))
    subject.problem = None
    if stranger is not None and not merged_into(gone, stranger):
        set_free(page, subject, gone, stranger)


def set_free(page: list[Subject], subject: Subject, place: Place, stranger: Record) -> None:
    """Begin a subject of its own for the record that stands at a key which a link leaves, with the rows of that key."""
    text = key_text(stranger.key)
    if any(one is not subject and at(one, place) == text for one in page):
        return
    rows = [row for row in subject.rows if (row.side, row.key) == (place.side, text)]
    subject.rows = [row for row in subject.rows if row not in rows]
    free = Subject(single_subject(place.side, text), rows=rows, behind=subject)
    free.keys[place.side], free.records[place.side] = stranger.key, stranger
    page.append(free)


def let_go(
    look: Look, place: Place, key: str, own: Link | None
) -> tuple[tuple[Link, Mapping[str, Any]], ...]:
    """Let a closed or shared link that has a record give it up."""
    owner = look.links_at(place, [key]).get(key)
    if owner is None or owner.state == OPEN or (own is not None and owner.id == own.id):
        return ()
    return ((owner, {f"{place.end}_key": None, f"{place.end}_birth": ""}),)


def absorb_at(page: list[Subject], subject: Subject, place: Place, key: str) -> None:
    """Take the place of the page's other subject that stands at a key."""
    for other in [one for one in page if one is not subject and at(one, place) == key]:
        absorb(subject, other)
        page.remove(other)


def stands(look: Look, link: Link, place: Place) -> bool:
    """Tell whether a link's record on a side is still there, under its key and with its birth mark."""
    text, birth = end_key(link, place), end_birth(link, place)
    if text is None:
        return False
    record = look.fresh(place, [key_of(text)]).get(key_of(text))
    return record is not None and (record.birth in ("", birth) or not birth)


def become(look: Look, page: list[Subject], subject: Subject, link: Link) -> None:
    """Let a subject go on as that of another link, whose rows in this page it takes along."""
    other = next((one for one in page if one.link is not None and one.link.id == link.id), None)
    if other is None:
        other = subject_of(look.job, link)
        read_records(look.job, look.observation, [other])
    else:
        page.remove(other)
    subject.absorbed.append(subject.id)
    absorb(subject, other)
    subject.absorbed.remove(other.id)
    subject.id, subject.link = other.id, link
    for side, key in other.keys.items():
        if side in other.records and side not in subject.records:
            subject.keys[side], subject.records[side] = key, other.records[side]


def leave(subject: Subject, why: str) -> None:
    """Leave a subject out of the flow from now on."""
    subject.left_out, subject.problem = why, None


def further(key: str) -> str:
    """Say of what a record is a further card."""
    return f"a further card of {show_key(key_of(key))}"
