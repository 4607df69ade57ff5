"""What stands on created records: cards in later flows, other links, other companies. Asked for a page of them at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from gp365.model.record import Op
from gp365.store import intents, links
from gp365.store.intents import Head
from gp365.store.links import Link
from gp365.sync.job import Job, Place


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands on a created record: writes that created it there, and reasons why it cannot be taken out of use."""

    creates: tuple[tuple[Job, Head], ...] = ()
    why: str = ""


_Child = tuple[Link, Head | None]


@dataclass(frozen=True, slots=True)
class _Later:
    """What a later flow has of the created records, by their keys: made for their sources `beside` them, or from them.

    Each is a link of that flow, with the write that created its record, None if none of ours did.
    """

    job: Job
    beside: Mapping[str, _Child]
    followed: Mapping[str, _Child]


@dataclass(slots=True)
class _Page:
    """The created records of a side under their keys, with the keys of their sources, and what the store knows of them."""

    sources: Mapping[str, str | None]
    shared: set[str | None] = field(default_factory=set[str | None])
    elsewhere: dict[str, str] = field(default_factory=dict[str, str])
    later: list[_Later] = field(default_factory=list[_Later])


def standing_on(
    conn: Connection,
    jobs: Sequence[Job],
    job: Job,
    side: str,
    created: Iterable[Link],
    closing: Iterable[tuple[str, int]] = (),
) -> dict[int, Standing]:
    """Say, by link, what stands on the records that were created on a side.

    `closing` are links (flow, number) that the same undo closes. What another flow created on it for the same source, or
    from it, goes first; what stands on it and we did not create keeps it in use.
    """
    ours, source, done = job.place(side), job.across(side), set(closing)
    keyed = {link.id: (_key(link, ours), _key(link, source)) for link in created}
    page = _Page({key: other for key, other in keyed.values() if key is not None})
    _look_around(conn, job, ours, page)
    page.later = [_later(conn, one, job, side, page.sources) for one in _after(jobs, job)]
    return {
        number: Standing() if key is None else _standing(page, key, done)
        for number, (key, _) in keyed.items()
    }


def _key(link: Link, place: Place) -> str | None:
    return link.left_key if place.end == "left" else link.right_key


def _look_around(conn: Connection, job: Job, ours: Place, page: _Page) -> None:
    """Find other links of the records: of this pair, and of pairs that share the side."""
    sharing = links.sharing(conn, job.pair, job.flow.name, ours.end, page.sources)
    page.shared = {link.shared_key for link in sharing}
    for pair in job.sharing.get(ours.side, ()):
        for key, held in links.by_keys(conn, pair, job.flow.name, ours.end, page.sources).items():
            if held.state == links.OPEN:
                page.elsewhere.setdefault(key, pair)


def _after(jobs: Sequence[Job], job: Job) -> list[Job]:
    """Give the flows of the same pair that run after this one: what they make may rest on what this one makes."""
    same = [one for one in jobs if one.pair == job.pair]
    names = [one.flow.name for one in same]
    return same[names.index(job.flow.name) + 1 :] if job.flow.name in names else []


def _later(conn: Connection, one: Job, job: Job, side: str, sources: Mapping[str, str | None]) -> _Later:
    """Find what a later flow has of the records and, where it refers to them, of their sources."""
    ours, source = job.place(side), job.across(side)
    refers = any(row.ref == job.flow.name and side in row.wires for row in one.flow.rows)
    others = {other: key for key, other in sources.items() if other is not None} if refers else {}
    held = _children(conn, one, one.across(side), source, others, side)
    beside = {others[other]: child for other, child in held.items()}
    followed = _children(conn, one, one.place(side), ours, sources, one.across(side).side)
    return _Later(one, beside, followed)


def _children(
    conn: Connection, job: Job, at: Place, where: Place, keys: Collection[str], side: str
) -> dict[str, _Child]:
    """Find the open links that another flow has of records, if it reads these at all, with their creates on `side`."""
    if not keys or (at.system, at.entity.name) != (where.system, where.entity.name):
        return {}
    found = links.by_keys(conn, job.pair, job.flow.name, at.end, keys)
    opened = {key: link for key, link in found.items() if link.state == links.OPEN}
    made = _creates_of(conn, job, opened.values(), side)
    return {key: (link, made.get(link.id)) for key, link in opened.items()}


def _creates_of(conn: Connection, job: Job, made: Iterable[Link], side: str) -> dict[int, Head]:
    """Find, by link, the newest write that created its record on a side, where one of ours did."""
    place = job.place(side)
    keys = {
        key: link.id for link in made if link.made_by == "create" and (key := _key(link, place)) is not None
    }
    found: dict[int, Head] = {}
    for head in intents.heads_on(conn, place.system, place.entity.name, keys):
        if (head.pair, head.flow, head.op) == (job.pair, job.flow.name, str(Op.CREATE)):
            found.setdefault(keys[head.key], head)
    return found


def _standing(page: _Page, key: str, done: set[tuple[str, int]]) -> Standing:
    if key in page.shared:
        return Standing(why="Another record of this pair shares it.")
    if key in page.elsewhere:
        return Standing(why=f"It is linked in the pair {page.elsewhere[key]} too.")
    creates: list[tuple[Job, Head]] = []
    for later in page.later:
        for children in (later.beside, later.followed):
            child, made = children.get(key, (None, None))
            if child is None or (later.job.flow.name, child.id) in done:
                continue
            if made is not None:
                creates.append((later.job, made))
            elif children is later.beside:
                return Standing(
                    why=f"A record of {later.job.flow.name} stands on it that gp365 did not create."
                )
    return Standing(tuple(creates))
