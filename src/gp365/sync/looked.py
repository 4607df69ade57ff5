"""What the service has looked at: records that a list shows as not in step in every look, though nothing happens to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from gp365.model.entity import Feed
from gp365.model.record import Record
from gp365.model.values import fingerprinting, key_text
from gp365.store import links
from gp365.store.links import Print

if TYPE_CHECKING:
    from gp365.sync.job import Job, Place

REMEMBERED = timedelta(days=1)
Seen = dict[tuple[str, str], tuple[bytes, Print | None]]


@dataclass(slots=True)
class Looked:
    """What the last look of a service saw of the records that it worked because a list showed them as not in step.

    A side without a feed lists everything in each look, and a record that is parked, or filtered out, is never in step: so
    it would be worked by every look, with the same end. While neither it nor its link has changed since the last look,
    nothing is made of it, for a day at most. In memory alone, and forgotten when a look does not come to its end.
    """

    mark: tuple[str, ...] = ()
    since: datetime | None = None
    before: Seen = field(default_factory=Seen)
    now: Seen = field(default_factory=Seen)
    settled: bool = False

    def begin(self, job: Job, *, anew: bool = False) -> None:
        """Begin a look; `anew`: everything is worked, whatever was seen before."""
        mark, at = (job.flow.digest, job.lookups_digest, job.entities_digest), job.clock()
        young = self.since is not None and at - self.since < REMEMBERED
        lasts = self.settled and mark == self.mark and young and not anew
        self.before, self.now = self.now if lasts else {}, {}
        self.since, self.mark, self.settled = self.since if lasts else at, mark, False

    def settle(self) -> None:
        """Note that a look came to its end."""
        self.settled = True

    def fresh(self, conn: Connection, job: Job, place: Place, records: Sequence[Record]) -> Sequence[Record]:
        """Leave out the records that are as they were in the last look, and remember all."""
        if place.entity.feed is not Feed.NONE or not records:
            return records
        print_of = fingerprinting(place.fields, job.flow.digest)
        keys = [key_text(record.key) for record in records]
        held = links.prints(conn, job.pair, job.flow.name, place.end, keys)
        found: list[Record] = []
        for key, record in zip(keys, records, strict=True):
            name, seen = (place.side, key), (print_of(record.values), held.get(key))
            if self.before.get(name) != seen:
                found.append(record)
            self.now[name] = seen
        return found
