"""Carrying repairs out: a page's links take their new ends in one commit, after all their intents are settled.

Links may pass keys to one another (two customers that swapped their numbers), so every end is let go before one is taken
up. A repair that is not possible yet, because another worker is at the link in its way, is tried again by the next run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from gp365.model.values import key_text
from gp365.store import former, links, parked, reservations, work
from gp365.store.former import Former
from gp365.store.links import Link, NewLink
from gp365.sync.indexing import drop_from_index
from gp365.sync.job import Job, Place, link_subject, single_subject
from gp365.sync.subject import Disposition, Subject

_IDENTITY = ("left_key", "right_key", "left_birth", "right_birth", "state", "shared_key")


def carry_out(job: Job, run: str, subjects: Sequence[Subject]) -> None:
    """Carry out the repairs of claimed subjects that nothing is under way for; who cannot be repaired is retried."""
    ready = [one for one in subjects if one.repairs and one.ended is None]
    if ready:
        with job.store.write(job.lease) as conn:
            _commit(conn, job, run, ready)
        job.probe("repaired")
    for subject in subjects:
        if subject.behind is not None and not subject.behind.repaired and subject.ended is None:
            subject.ended = Disposition.RETRYING


def foresee(subjects: Sequence[Subject]) -> None:
    """Let a plan, which keeps nothing, see links as their repairs would leave them."""
    for subject in subjects:
        for repair in subject.repairs:
            subject.steps.append(dict(repair.event))
        if any(repair.freed for repair in subject.repairs):
            subject.link = None
        else:
            subject.link = subject.standing
        subject.repairs, subject.repaired = [], True


def _commit(conn: Connection, job: Job, run: str, ready: Sequence[Subject]) -> None:
    held = links.by_ids(conn, [link.id for one in ready for link in _links(one)])
    sound = [one for one in ready if all(_same(link, held.get(link.id)) for link in _links(one))]
    possible = _possible(conn, job, sound)
    for subject in ready:
        if subject not in possible:
            subject.ended = Disposition.RETRYING
    links.replace_ends(conn, [after for one in possible for after in _after(one)])
    _make(conn, job, run, possible)
    _follow(conn, job, possible)
    for subject in possible:
        _settle_down(job, conn, subject)


def _links(subject: Subject) -> list[Link]:
    own = [subject.link] if subject.link is not None else []
    return own + [link for repair in subject.repairs for link, _ in repair.others]


def _same(link: Link, now: Link | None) -> bool:
    """Tell whether a link is still as it was when the event was recognised."""
    return now is not None and all(getattr(link, name) == getattr(now, name) for name in _IDENTITY)


def _after(subject: Subject) -> list[Link]:
    own = [subject.standing] if subject.standing is not None else []
    others = [replace(link, **changes) for repair in subject.repairs for link, changes in repair.others]
    return own + others


def _possible(conn: Connection, job: Job, subjects: list[Subject]) -> list[Subject]:
    """Leave out the repairs whose new ends are held by a link that stays as it is."""
    while True:
        after = {link.id: link for one in subjects for link in _after(one)}
        taken: set[tuple[str, str]] = set()
        kept = [one for one in subjects if _fits(conn, job, one, after, taken)]
        if len(kept) == len(subjects):
            return kept
        subjects = kept


def _fits(
    conn: Connection, job: Job, subject: Subject, after: dict[int, Link], taken: set[tuple[str, str]]
) -> bool:
    for place in job.places:
        for number, key in _ends_on(subject, place):
            if (place.end, key) in taken:
                return False
            owner = links.by_keys(conn, job.pair, job.flow.name, place.end, [key]).get(key)
            if owner is not None and owner.id != number and _end(after.get(owner.id, owner), place) == key:
                return False
            taken.add((place.end, key))
    return True


def _ends_on(subject: Subject, place: Place) -> Iterable[tuple[int, str]]:
    """Give the ends on a side that a subject's links will have, each with its link's number (0: a new one)."""
    found = [(link.id, _end(link, place)) for link in _after(subject)]
    found += [(0, one.changes.get(f"{place.end}_key")) for one in subject.repairs if one.made]
    return [(number, key) for number, key in found if key is not None]


def _end(link: Link, place: Place) -> str | None:
    return link.left_key if place.end == "left" else link.right_key


def _make(conn: Connection, job: Job, run: str, subjects: Sequence[Subject]) -> None:
    """Make the links of records that had none: shared or closed ones."""
    wanted = [(one, repair) for one in subjects for repair in one.repairs if repair.made]
    ids = links.insert(conn, [_new(job, run, repair.changes) for _, repair in wanted])
    for subject, number in zip([one for one, _ in wanted], ids, strict=True):
        subject.link = links.by_ids(conn, [number])[number]
        subject.absorbed.append(subject.id)


def _new(job: Job, run: str, changes: Mapping[str, Any]) -> NewLink:
    return replace(NewLink(job.pair, job.flow.name, None, None, run=run), **changes)


def _follow(conn: Connection, job: Job, subjects: Sequence[Subject]) -> None:
    """Let everything that hangs on keys which were left or taken go along: promises, matching keys, shares, waiters."""
    repairs = [repair for one in subjects for repair in one.repairs]
    for place in job.places:
        vacant = [key for one in repairs for side, key in one.vacant if side == place.side]
        reservations.drop(conn, place.system, place.entity.name, vacant)
        drop_from_index(conn, job, place, vacant)
        moved = {old: new for one in repairs for side, old, new in one.moved if side == place.side and old}
        links.move_shared(conn, job.pair, job.flow.name, place.end, moved)
        _remember_ends(conn, job, subjects, place)
    came = [(side, new) for one in repairs for side, _, new in one.moved]
    work.wake(conn, job.pair, job.flow.name, came)
    for subject in subjects:
        if any(repair.moved for repair in subject.repairs):
            _tell_dependents(conn, job, subject)


def _remember_ends(conn: Connection, job: Job, subjects: Sequence[Subject], place: Place) -> None:
    """Note which links merges took ends from, and forget those that are there again."""
    mine = [(one.link.id, repair) for one in subjects if one.link is not None for repair in one.repairs]
    left = [
        Former(key, number, birth)
        for number, repair in mine
        for side, key, birth in repair.merged
        if side == place.side
    ]
    back = [(key, number) for number, repair in mine for side, key in repair.back if side == place.side]
    former.drop(conn, job.pair, job.flow.name, place.end, back)
    former.put(conn, job.pair, job.flow.name, place.end, left)


def _tell_dependents(conn: Connection, job: Job, subject: Subject) -> None:
    """Hand the records to the flows that read them too: what refers to them may have to be written anew."""
    for dependent in job.dependents:
        place = job.place(dependent.side)
        if dependent.entity == place.entity.name and place.side in subject.keys:
            row = (place.side, key_text(subject.keys[place.side]), "linked")
            work.enqueue(conn, job.pair, dependent.flow, [row])


def _settle_down(job: Job, conn: Connection, subject: Subject) -> None:
    """Put the repaired link on its subject, and what was parked under its other names with it."""
    freed = any(repair.freed for repair in subject.repairs)
    made = any(repair.made for repair in subject.repairs)
    before, after = subject.link, subject.link if made else subject.standing
    subject.steps += [dict(repair.event) for repair in subject.repairs]
    subject.repairs, subject.repaired, subject.link = [], True, after
    if freed and before is not None:
        side, key = next(iter(subject.keys.items()))
        subject.claimed_as = subject.claimed_as or subject.id
        subject.absorbed.append(link_subject(before.id))
        subject.id, subject.link = single_subject(side, key_text(key)), None
    name = link_subject(subject.link.id) if subject.link is not None else subject.id
    ends = [key_text(subject.keys[one.side]) if one.side in subject.keys else None for one in job.places]
    if subject.absorbed:
        parked.become_links(conn, job.pair, job.flow.name, dict.fromkeys(subject.absorbed, name))
    parked.rekey(conn, job.pair, job.flow.name, name, ends[0], ends[1])
