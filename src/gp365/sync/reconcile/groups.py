"""Records that are found by the same thing: both sides walked together in the order of rule and norm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import merge
from itertools import groupby

from gp365.sync.job import Job
from gp365.sync.norms import rules_of
from gp365.sync.reconcile.reading import BETWEEN, CHUNK, LINKED, Reading, mark_rule


@dataclass(frozen=True, slots=True)
class Member:
    """A record of a group: side, key, and whether it has an open link."""

    side: str
    key: str
    linked: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Records that agree in something. `fields` names it; `certain`: a mark or number, which only one record may have.

    `links`: agreeing in it makes two records partners. `side` is where a mark stands; "" for fields of both sides.
    """

    fields: str
    value: str
    certain: bool
    links: bool
    side: str
    members: tuple[Member, ...] = field(default_factory=tuple[Member, ...])

    def of(self, side: str) -> list[Member]:
        """Give the members of a side."""
        return [one for one in self.members if one.side == side]

    def alone(self, side: str) -> list[Member]:
        """Give the members of a side without an open link."""
        return [one for one in self.members if one.side == side and not one.linked]


@dataclass(frozen=True, slots=True)
class _Rule:
    fields: str
    certain: bool
    links: bool
    side: str = ""


def groups(job: Job, readings: tuple[Reading, Reading]) -> Iterator[Group]:
    """Give the groups that tell something: a record without partner beside another record, or one mark twice."""
    rules = _rules(job)
    rows = merge(*(_rows(one) for one in readings))
    for (_, rule, norm), members in groupby(rows, key=lambda row: row[:3]):
        found = [Member(side, key, linked) for *_, side, key, linked in members]
        if len(found) > 1:
            known = rules[rule]
            group = Group(known.fields, norm, known.certain, known.links, known.side, tuple(found))
            if known.certain or not all(one.linked for one in found):
                yield group


def _rules(job: Job) -> dict[str, _Rule]:
    rules = {
        str(number): _Rule(" and ".join(names), not links, links) for number, names, links in rules_of(job)
    }
    for place in job.places:
        rules[mark_rule(place.side)] = _Rule("our mark", True, True, place.side)
    return rules


def _rows(reading: Reading) -> Iterator[tuple[str, str, str, str, str, bool]]:
    """Give the rows of a side; first of each what the table has ordered them by."""
    for page in reading.norms.scan(CHUNK):
        for key, _, payload in page:
            rule, norm, record = key.split(BETWEEN, 2)
            order = f"{rule}{BETWEEN}{norm}{BETWEEN}"
            yield order, rule, norm, reading.place.side, record, payload == LINKED
