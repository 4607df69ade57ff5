"""Finding what is to be taken back: the writes of a run or on a record, grouped by the subject that they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from gp365.model.record import Op
from gp365.store import links
from gp365.store.intents import Head
from gp365.sync.job import Job, link_subject

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
