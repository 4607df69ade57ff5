"""Keeping links: making and updating them in bulk, and everything that follows when a new one appears."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from gp365.model.plan import Pair
from gp365.model.values import key_text
from gp365.store import former, links, parked, work
from gp365.store.former import Former
from gp365.store.links import Link, NewLink
from gp365.sync.agreed import pack_pairs
from gp365.sync.events.look import end_birth, end_key
from gp365.sync.job import Job, link_subject
from gp365.sync.subject import Subject


@dataclass(slots=True)
class Draft:
    """A link as it shall be: agreed pairs under a flow version, birth marks and prints by side (b"" is not quiet).

    `created` names the sides where we made the record.
    """

    subject: Subject
    pairs: Mapping[str, Pair]
    digest: str
    births: Mapping[str, str] = field(default_factory=dict[str, str])
    prints: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    made_by: str = "match"
    created: frozenset[str] = frozenset()


def keep_links(conn: Connection, job: Job, run: str, drafts: Sequence[Draft]) -> None:
    """Insert or update links, and put them on their subjects; a new link wakes who waits for either of its ends."""
    fresh = [draft for draft in drafts if draft.subject.link is None]
    old = [draft for draft in drafts if draft.subject.link is not None]
    new = [_new(job, run, draft) for draft in fresh]
    ids = links.insert(conn, new)
    names = NewLink.__dataclass_fields__
    for draft, made, number in zip(fresh, new, ids, strict=True):
        draft.subject.link = Link(id=number, **{name: getattr(made, name) for name in names})
    changed = [_changed(job, draft) for draft in old]
    same = [_same_births(draft, link) for draft, link in zip(old, changed, strict=True)]
    links.agree(conn, [link for link, alike in zip(changed, same, strict=True) if alike])
    links.update(conn, [link for link, alike in zip(changed, same, strict=True) if not alike])
    others = [one for one, alike in zip(zip(old, changed, strict=True), same, strict=True) if not alike]
    _remember_births(conn, job, [(draft.subject.link, link) for draft, link in others])
    for draft, link in zip(old, changed, strict=True):
        draft.subject.link = link
    _follow(conn, job, fresh)


def _new(job: Job, run: str, draft: Draft) -> NewLink:
    left, right = (key_text(draft.subject.keys[place.side]) for place in job.places)
    return NewLink(
        pair=job.pair,
        flow=job.flow.name,
        left_key=left,
        right_key=right,
        left_birth=draft.births.get(job.left.side, ""),
        right_birth=draft.births.get(job.right.side, ""),
        left_print=draft.prints.get(job.left.side, b""),
        right_print=draft.prints.get(job.right.side, b""),
        agreed=pack_pairs(draft.pairs),
        agreed_digest=draft.digest,
        made_by=draft.made_by,
        run=run,
    )


def _birth(draft: Draft, side: str, known: str) -> str:
    """A link keeps the birth marks that it was made with, but for a record that we have made anew."""
    now = draft.births.get(side, "")
    return now if side in draft.created or draft.subject.recreate == side else known or now


def _remember_births(conn: Connection, job: Job, changes: Sequence[tuple[Link | None, Link]]) -> None:
    """Note the birth marks of records that were made anew: a further restore may bring the first ones back."""
    for place in job.places:
        left = [
            Former(key, before.id, mark)
            for before, after in changes
            if before is not None
            and (key := end_key(before, place)) is not None
            and (mark := end_birth(before, place))
            and mark != end_birth(after, place)
        ]
        former.put(conn, job.pair, job.flow.name, place.end, left)


def _same_births(draft: Draft, after: Link) -> bool:
    """Tell whether nothing of a link changes but what is agreed: most of them, and the indexes need not be touched."""
    before = draft.subject.link
    assert before is not None
    return (before.left_birth, before.right_birth) == (after.left_birth, after.right_birth)


def _changed(job: Job, draft: Draft) -> Link:
    link = draft.subject.link
    assert link is not None
    left, right = job.left.side, job.right.side
    return Link(
        link.id,
        link.pair,
        link.flow,
        link.left_key,
        link.right_key,
        left_birth=_birth(draft, left, link.left_birth),
        right_birth=_birth(draft, right, link.right_birth),
        left_print=draft.prints.get(left, b""),
        right_print=draft.prints.get(right, b""),
        left_version=link.left_version,
        right_version=link.right_version,
        agreed=pack_pairs(draft.pairs),
        agreed_digest=draft.digest,
        state=link.state,
        made_by=link.made_by,
        run=link.run,
        shared_key=link.shared_key,
    )


def _follow(conn: Connection, job: Job, fresh: Sequence[Draft]) -> None:
    """Wake who waited for these records, hand created ones to the flows that read them too, move parked entries."""
    if not fresh:
        return
    ends = [(place.side, key_text(draft.subject.keys[place.side])) for draft in fresh for place in job.places]
    work.wake(conn, job.pair, job.flow.name, ends)
    for dependent in job.dependents:
        place = job.place(dependent.side)
        made = [draft for draft in fresh if place.side in draft.created]
        rows = [(place.side, key_text(draft.subject.keys[place.side]), "linked") for draft in made]
        if dependent.entity == place.entity.name:
            work.enqueue(conn, job.pair, dependent.flow, rows)
    names = {
        draft.subject.id: link_subject(draft.subject.link.id)
        for draft in fresh
        if draft.subject.link is not None
    }
    parked.become_links(conn, job.pair, job.flow.name, names)
    for draft in fresh:
        draft.subject.claimed_as = names[draft.subject.id]
