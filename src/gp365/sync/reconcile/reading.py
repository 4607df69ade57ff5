"""Reading a side in full: its records go to disk, with what they are found by and whether they are linked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from gp365.model.contract import ScratchTable
from gp365.model.record import Record
from gp365.model.values import Key, key_of, key_text
from gp365.store import links
from gp365.sync.job import Job, Place, drawn_id, reference_of
from gp365.sync.norms import REFERENCE_RULE, norming
from gp365.sync.seen import Norms, Seen

CHUNK = 1000
BETWEEN = "\x1d"
LINKED, ALONE = b"L", b""


@dataclass(frozen=True, slots=True)
class Reading:
    """One side as it was read: records, the keys of those without an open link, and what all of them are found by.

    `norms` holds rows (rule, norm, key) in that order; see `mark_rule`. `began` and `ended` say when it was read.
    """

    place: Place
    seen: Seen
    singles: ScratchTable
    norms: ScratchTable
    began: datetime
    ended: datetime
    count: int
    linked: int

    def single_pages(self) -> Iterator[list[Key]]:
        """Give the keys of the records without an open link, in pages."""
        for page in self.singles.keys(CHUNK):
            yield [key_of(key) for key in page]


def read_side(job: Job, place: Place) -> Reading:
    """Read every record of a side. What is in memory is a page."""
    tables = [
        job.scratch.table(f"{job.chain}/reconcile/{place.side}/{name}") for name in ("singles", "norms")
    ]
    for table in tables:
        table.clear()
    seen = Seen(job.scratch, f"{job.chain}/reconcile/{place.side}")
    began, count, linked, norms_of = job.clock(), 0, 0, norming(job, place)
    records = (one for page in place.connector.scan(place.entity.name, place.fields) for one in page)
    for chunk in _chunks(_ours(job, place, records)):
        seen.put(chunk)
        held = _open(job, place, chunk)
        tables[0].put([(key_text(one.key), "", b"") for one in chunk if key_text(one.key) not in held])
        tables[1].put([row for one in chunk for row in _rows(job, place, one, held, norms_of)])
        count += len(chunk)
        linked += len(held)
        job.progress(f"read {place.side}", count, 0)
    return Reading(place, seen, tables[0], tables[1], began, job.clock(), seen.count(), linked)


def _ours(job: Job, place: Place, records: Iterable[Record]) -> Iterator[Record]:
    """Leave out the records of other companies that share a table with ours."""
    company = job.flow.side(place.side).company
    return (one for one in records if not company or one.values.get(company) == job.company)


def _chunks(records: Iterator[Record]) -> Iterator[list[Record]]:
    while chunk := list(islice(records, CHUNK)):
        yield list({one.key: one for one in chunk}.values())


def _open(job: Job, place: Place, records: Sequence[Record]) -> set[str]:
    with job.store.read() as conn:
        keys = [key_text(one.key) for one in records]
        held = links.prints(conn, job.pair, job.flow.name, place.end, keys)
    return {key for key, one in held.items() if one.state == links.OPEN}


def mark_rule(side: str) -> str:
    """Name the rule of our marks: what stands in the records of a side, and what singles across would have there."""
    return f"{REFERENCE_RULE}{side}"


def _rows(
    job: Job, place: Place, record: Record, held: set[str], norms_of: Callable[[Record], Norms]
) -> Iterator[tuple[str, str, bytes]]:
    key = key_text(record.key)
    linked = LINKED if key in held else ALONE
    for rule, norm in norms_of(record):
        name = mark_rule(place.side) if rule == REFERENCE_RULE else str(rule)
        yield (BETWEEN.join((name, norm, key)), "", linked)
    if linked == ALONE:
        across = job.across(place.side)
        yield (BETWEEN.join((mark_rule(across.side), _mark(job, record, place, across), key)), "", linked)


def _mark(job: Job, record: Record, place: Place, across: Place) -> str:
    """Give the mark that a record which we made across for this one would have."""
    if across.entity.reference_field:
        return reference_of(job.pair, job.flow.name, place.side, record)
    return key_text(drawn_id(job.pair, job.flow.name, place.side, record))
