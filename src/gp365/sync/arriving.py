"""A run over records as they arrive: those that somebody told us of, read by key and worked at once, beside other runs.

It reads no feed, moves no cursor and looks for nothing that is missing. What one record alone does not tell is handed to a
run that reads what changed: a record without a link (its partner may have been made a moment ago), a linked one that is
not to be found, and any that looks as if its system had been restored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

from gp365.model.record import Record
from gp365.model.values import Key, key_of, key_text
from gp365.store import links, work
from gp365.store.work import WorkRow
from gp365.sync.bitmap import Bitmap
from gp365.sync.guards.signs import Signs, look_at
from gp365.sync.job import Job, Place, is_ours
from gp365.sync.observe import Observation, take_known
from gp365.sync.seen import Seen

HANDED = "told"
"""The reason of a row that a round is to look at, because somebody told us of its record."""
FEW, PAGE = 1, 20
SOON_S = 0.5
WAIT_S = 0.05
SHARE_S = 2.0
"""How long a run takes up what arrives while the records of other flows wait."""


def _alone() -> bool:
    return True


@dataclass(slots=True)
class Arriving:
    """What a run of hints takes up, and what it has `handed` to the next round, as (side, key).

    No row is taken up after `most` of them: a run shall end some day. A `page` of them is what is read and planned soon:
    all of a page wait for its last one, and over a slow channel each takes half a second to be read. `fetch` makes rows of
    what has arrived meanwhile, and tells whether no other flow waits. A record that comes a second time is the next run's:
    then, too, no more is taken up (`shut`).
    """

    most: int = 5000
    handed: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    taken: int = 0
    page: int = FEW
    began: float = 0.0
    fetch: Callable[[], bool] = _alone
    shut: bool = False
    since: float = field(default_factory=monotonic)

    def due(self, job: Job, passed: set[tuple[str, str]]) -> list[WorkRow]:
        """Read the next rows that are due, at work nowhere, and not left to another run."""
        if self.shut or self.taken >= self.most:
            return []
        if not self.fetch() and monotonic() - self.since > SHARE_S:
            self.shut = True
            return []
        now: datetime = job.clock()
        with job.store.read() as conn:
            rows = work.arrived(conn, job.pair, job.flow.name, now, self.page + len(passed))
        found = [row for row in rows if (row.side, row.key) not in passed][: self.page]
        self.taken += len(found)
        self.began = monotonic()
        return found

    def planned(self, records: int) -> None:
        """Say that records were read and planned since `due`: the next page is as large as a moment allows."""
        each_s = (monotonic() - self.began) / max(1, records)
        self.page = max(FEW, min(PAGE, 2 * self.page, int(SOON_S / max(each_s, 1e-6))))


def observe_nothing(job: Job) -> Observation:
    """Give what a run has in hand that has read no feed."""
    sides = [place.side for place in job.places]
    observation = Observation({side: Seen(job.scratch, f"{job.chain}/arrived/{side}") for side in sides})
    observation.full, observation.assuming = dict.fromkeys(sides, False), True
    observation.met = {side: Bitmap() for side in sides}
    return observation


def take_in(job: Job, observation: Observation, arriving: Arriving, rows: Sequence[WorkRow]) -> list[WorkRow]:
    """Read the records of these rows afresh; return the rows that can be worked by them, and hand the others over."""
    kept: list[WorkRow] = []
    for place in job.places:
        mine = {key_of(row.key): row for row in rows if row.side == place.side}
        if mine:
            chosen = _take_side(job, place, observation, arriving, mine)
            kept += [row for key, row in mine.items() if key in chosen]
    return kept


def _take_side(
    job: Job, place: Place, observation: Observation, arriving: Arriving, mine: dict[Key, WorkRow]
) -> set[Key]:
    found = dict(place.connector.get(place.entity.name, list(mine), place.fields, fresh=True))
    strangers = [mine[key] for key, record in found.items() if not is_ours(job, place, record)]
    records = [record for record in found.values() if is_ours(job, place, record)]
    take_known(job, place, records, observation)
    doubtful = _doubtful(job, place, observation, records)
    clear = {record.key for record in records} - doubtful
    ours = [row for key, row in mine.items() if key not in clear and row not in strangers]
    arriving.handed += [(row.side, row.key) for row in ours]
    if strangers or ours:
        with job.store.write(job.lease) as conn:
            work.drop(conn, job.pair, job.flow.name, strangers)
            work.enqueue(conn, job.pair, job.flow.name, [(row.side, row.key, HANDED) for row in ours])
    return clear


def _doubtful(job: Job, place: Place, observation: Observation, records: Sequence[Record]) -> set[Key]:
    """Name the records that are for a run over all changes: those without a link, or all if any of them looks restored."""
    signs = Signs()
    look_at(job, observation, place, [record.key for record in records], signs)
    if signs.any:
        return {record.key for record in records}
    with job.store.read() as conn:
        keys = {record.key: key_text(record.key) for record in records}
        linked = links.prints(conn, job.pair, job.flow.name, place.end, keys.values())
    return {key for key, text in keys.items() if text not in linked}
