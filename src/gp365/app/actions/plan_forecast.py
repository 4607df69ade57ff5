"""What a sync will ask for beyond what its plan shows: records that follow, second turns, sums, and reading back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil

from gp365.model.contract import Connector, Estimate
from gp365.model.entity import Feed
from gp365.sync.job import Job
from gp365.sync.preview import Preview
from gp365.sync.verify import PAGE


@dataclass(slots=True)
class Forecast:
    """What comes on top of a plan: `follow` records are created because other flows of the plan create their source.

    `requests` by system, `read_back` those of them that read back what was written; `seconds` at the settings' pace.
    """

    follow: int = 0
    requests: Counter[str] = field(default_factory=Counter[str])
    read_back: Counter[str] = field(default_factory=Counter[str])
    seconds: float = 0.0

    def add(self, system: str, cost: Estimate, more: int = 0) -> None:
        """Add what a connector says, and requests that it does not know of."""
        self.requests[system] += cost.requests + more
        self.seconds += cost.seconds


def foretold(job: Job, shown: Preview, waiting: int, others: Sequence[tuple[Job, Preview]]) -> Forecast:
    """Foretell what comes on top of a flow's plan; `waiting` records come back when another one has been made."""
    told = Forecast()
    written = Counter(shown.creates) + Counter(shown.updates)
    _follow(told, job, others, written)
    _second_turn(told, job, waiting)
    records = told.follow + sum(shown.creates.values())
    _sums(told, job, records)
    for place in job.places:
        _read_back(told, job, place.connector, place.system, place.entity.name, written[place.side])
    for rollup in job.flow.rollups.values():
        place = job.place(rollup.side)
        _read_back(told, job, place.connector, place.system, rollup.entity, records)
    return told


def _follow(told: Forecast, job: Job, others: Sequence[tuple[Job, Preview]], written: Counter[str]) -> None:
    """Count the records that this flow will create because another one creates their source, and their cost."""
    for place in job.places:
        across = job.across(place.side)
        made = sum(
            seen.creates.get(place.side, 0)
            for other, seen in others
            if other.pair == job.pair and other.place(place.side).entity.name == place.entity.name
        )
        if not made or not job.flow.side(across.side).create:
            continue
        told.add(
            across.system, across.connector.estimate(across.entity.name, reads=0, creates=made, updates=0)
        )
        told.follow += made
        written[across.side] += made


def _second_turn(told: Forecast, job: Job, waiting: int) -> None:
    """Foretell what it costs to come back to the records that wait for another one."""
    for place in job.places if waiting else ():
        feed = 0 if place.entity.feed is Feed.NONE else 1
        updates = waiting if place.end == "right" else 0
        cost = place.connector.estimate(place.entity.name, reads=0, creates=0, updates=updates)
        told.add(place.system, cost, feed)


def _sums(told: Forecast, job: Job, records: int) -> None:
    """Foretell what it costs to write the roll-ups that new records make up, each on a record of its own."""
    for rollup in job.flow.rollups.values() if records else ():
        place = job.place(rollup.side)
        cost = place.connector.estimate(rollup.entity, reads=0, creates=0, updates=records)
        told.add(place.system, cost, 1)


def _read_back(
    told: Forecast, job: Job, connector: Connector, system: str, entity: str, written: int
) -> None:
    """Foretell what it costs to read a share of the writes back, a page at a time; at least one per run and side."""
    if not written or not job.verify_share:
        return
    pages, rest = divmod(ceil(written * job.verify_share), PAGE)
    for count, times in ((PAGE, pages), (rest, 1 if rest else 0)):
        cost = (
            connector.estimate(entity, reads=0, creates=0, updates=0, aside=count)
            if times
            else Estimate(0, 0.0)
        )
        told.requests[system] += times * cost.requests
        told.read_back[system] += times * cost.requests
        told.seconds += times * cost.seconds
