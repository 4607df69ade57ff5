"""Finding what is to be taken back: the writes of a run or on a record, grouped by the subject that they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from gp365.model.record import Op
from gp365.store import intents, links
from gp365.store.intents import Head
from gp365.store.links import Link
from gp365.sync.job import Job, Place, link_subject

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Task:
    """One subject of an undo: its link (None: there is none any more), and the writes to take back, newest first.

    `unlink`: the link itself was made by the run and shall be closed; `creates`: one of the writes created a record;
    `reopens`: the run took the record back that it had created, and its link was closed by it.
    """

    name: str
    link: int | None
    heads: tuple[Head, ...] = ()
    unlink: bool = False
    reopens: bool = False

    @property
    def creates(self) -> tuple[Head, ...]:
        """Return the writes that created a record."""
        return tuple(head for head in self.heads if head.op == str(Op.CREATE))


def tasks_of(conn: Connection, job: Job, heads: Sequence[Head]) -> list[Task]:
    """Group writes of a job's flow by subject; those on one link are one subject, whatever they were called then."""
    numbers = _links_of(conn, job, heads)
    grouped: dict[str, list[Head]] = {}
    for head in heads:
        number = numbers.get(head.id)
        grouped.setdefault(link_subject(number) if number else head.subject, []).append(head)
    return [Task(name, numbers.get(held[0].id), tuple(held)) for name, held in grouped.items()]


def _links_of(conn: Connection, job: Job, heads: Sequence[Head]) -> dict[str, int]:
    """Find the link of each write: by the name of its subject, else by the record that it went to, else by its source."""
    named = {head.id: int(head.subject[1:]) for head in heads if _is_link(head.subject)}
    there = links.by_ids(conn, set(named.values()))
    found = {name: number for name, number in named.items() if number in there}
    for by_target in (True, False):
        rest = [head for head in heads if head.id not in found]
        for place in job.places:
            keys = {
                (head.key if by_target else head.source_key): head
                for head in rest
                if (head.side if by_target else head.source_side) == place.side
            }
            linked = links.by_keys(conn, job.pair, job.flow.name, place.end, [key for key in keys if key])
            for head in rest:
                side, key = (head.side, head.key) if by_target else (head.source_side, head.source_key)
                if side == place.side and key in linked:
                    found.setdefault(head.id, linked[key].id)
    return found


def _is_link(subject: str) -> bool:
    return subject.startswith("L") and subject[1:].isdigit()


def with_links(tasks: Sequence[Task], made: Iterable[int]) -> list[Task]:
    """Add the links themselves: those that the run made are closed too."""
    by_name = {task.name: task for task in tasks}
    for number in made:
        name = link_subject(number)
        by_name[name] = replace(by_name.get(name, Task(name, number)), unlink=True)
    return list(by_name.values())


def reopened(tasks: Sequence[Task], closed: Iterable[int]) -> list[Task]:
    """Add the links that an undo closed: taking that undo back opens them again."""
    by_name = {task.name: task for task in tasks}
    for number in closed:
        name = link_subject(number)
        by_name[name] = replace(by_name.get(name, Task(name, number)), reopens=True)
    return list(by_name.values())


def links_made(conn: Connection, job: Job, run: str) -> list[int]:
    """Name the open links that a run made by matching, without creating a record."""
    return [
        link.id
        for page in links.scan(conn, job.pair, job.flow.name, _PAGE)
        for link in page
        if link.run == run and link.state == links.OPEN and link.made_by != "create"
    ]


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands on a created record: writes that created it there, and reasons why it cannot be taken out of use."""

    creates: tuple[tuple[Job, Head], ...] = ()
    why: str = ""


def standing_on(
    conn: Connection,
    jobs: Sequence[Job],
    job: Job,
    link: Link,
    side: str,
    closing: Iterable[tuple[str, int]] = (),
) -> Standing:
    """Say what stands on the record of a link on a side: cards in later flows, other links, other companies.

    `closing` are links (flow, number) that the same undo closes. What another flow created on it for the same source, or
    from it, goes first; what stands on it and we did not create keeps it in use.
    """
    ours, done = job.place(side), set(closing)
    key = link.left_key if ours.end == "left" else link.right_key
    source = job.across(side)
    other = link.left_key if source.end == "left" else link.right_key
    if key is None:
        return Standing()
    if links.sharing(conn, job.pair, job.flow.name, ours.end, [key]):
        return Standing(why="Another record of this pair shares it.")
    for pair in job.sharing.get(side, ()):
        held = links.by_keys(conn, pair, job.flow.name, ours.end, [key]).get(key)
        if held is not None and held.state == links.OPEN:
            return Standing(why=f"It is linked in the pair {pair} too.")
    creates: list[tuple[Job, Head]] = []
    for one in _after(jobs, job):
        refers = any(row.ref == job.flow.name and side in row.wires for row in one.flow.rows)
        beside = _child(conn, one, one.across(side), source, other) if refers else None
        followed = _child(conn, one, one.place(side), ours, key)
        for child, at in ((beside, side), (followed, one.across(side).side)):
            if child is None or (one.flow.name, child.id) in done:
                continue
            made = _create_of(conn, one, child, at)
            if made is not None:
                creates.append((one, made))
            elif child is beside:
                return Standing(why=f"A record of {one.flow.name} stands on it that gp365 did not create.")
    return Standing(tuple(creates))


def _after(jobs: Sequence[Job], job: Job) -> list[Job]:
    """Give the flows of the same pair that run after this one: what they make may rest on what this one makes."""
    same = [one for one in jobs if one.pair == job.pair]
    names = [one.flow.name for one in same]
    return same[names.index(job.flow.name) + 1 :] if job.flow.name in names else []


def _child(conn: Connection, job: Job, at: Place, where: Place, key: str | None) -> Link | None:
    """Find the open link that another flow has of a record, if it reads that record at all."""
    if key is None or (at.system, at.entity.name) != (where.system, where.entity.name):
        return None
    link = links.by_keys(conn, job.pair, job.flow.name, at.end, [key]).get(key)
    return link if link is not None and link.state == links.OPEN else None


def _create_of(conn: Connection, job: Job, link: Link, side: str) -> Head | None:
    place = job.place(side)
    key = link.left_key if place.end == "left" else link.right_key
    if key is None or link.made_by != "create":
        return None
    heads = intents.heads_on(conn, place.system, place.entity.name, [key])
    mine = [one for one in heads if (one.pair, one.flow) == (job.pair, job.flow.name)]
    return next((one for one in mine if one.op == str(Op.CREATE)), None)
