"""A reconciliation at work: what has been read, counted, added up and found so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gp365.model.record import Record
from gp365.sync.job import Job, Place
from gp365.sync.plan import Facts
from gp365.sync.plan.rows import CompiledRow, see
from gp365.sync.reconcile.columns import Column, amount_of, columns_of, currency_at_first, one_sided_sums
from gp365.sync.reconcile.ends import Ends
from gp365.sync.reconcile.found import (
    Difference,
    Listing,
    Missing,
    Sampled,
    Single,
    difference_of,
    missing_of,
    single_of,
)
from gp365.sync.reconcile.hashes import Blocks
from gp365.sync.reconcile.known import Past, past_of
from gp365.sync.reconcile.reading import Reading
from gp365.sync.reconcile.result import Counts
from gp365.sync.reconcile.totals import Totals


@dataclass(slots=True)
class Work:
    """A reconciliation at work."""

    job: Job
    past: Past
    columns: list[Column]
    readings: tuple[Reading, Reading]
    ends: Ends
    counts: Counts
    totals: Totals
    blocks: Blocks
    differences: Listing[Difference]
    missing: Listing[Missing]
    singles: Listing[Single]
    alone: list[tuple[str, CompiledRow]]
    wanted: int
    seed: str
    drawn: list[tuple[int, str, Sampled]] = field(default_factory=list[tuple[int, str, Sampled]])


def begin(job: Job, readings: tuple[Reading, Reading], sample: int, seed: str) -> Work:
    """Begin with nothing found, over what was read of both sides."""

    def table(name: str) -> Any:
        return job.scratch.table(f"{job.chain}/reconcile/found/{name}")

    past, totals, columns = past_of(job), Totals(), columns_of(job.compiled)
    for column in columns:
        if column.summed:
            totals.begin(column.name, currency_at_first(job.compiled, column.row))
    return Work(
        job,
        past,
        columns,
        readings,
        Ends(job, past, readings, {}),
        Counts(),
        totals,
        Blocks(),
        Listing(table("differences"), difference_of),
        Listing(table("missing"), missing_of),
        Listing(table("singles"), single_of),
        one_sided_sums(job.compiled),
        sample,
        seed,
    )


def add_alone(work: Work, place: Place, record: Record) -> None:
    """Add a record without its partner to the totals of all records."""
    left, nothing = place.end == "left", Facts()
    for column in work.columns:
        seen = (column.left if left else column.right)(record, nothing) if column.summed else None
        if seen is not None:
            amount = amount_of(work.job.compiled, column.row, place.side, record, seen)
            work.totals.read(column.name, amount, left=left)
    add_one_sided(work, place, record)


def add_one_sided(work: Work, place: Place, record: Record) -> None:
    """Add the money fields that one side alone has to the totals of all records."""
    for side, row in work.alone:
        if side == place.side:
            seen = see(work.job.compiled, row, side, record, Facts())
            amount = amount_of(work.job.compiled, row, side, record, seen)
            work.totals.read(row.row.name, amount, left=place.end == "left")


def miss(work: Work, missing: list[Missing]) -> None:
    """Count and list what is missing, unlinked or doubled."""
    for one in missing:
        work.counts.reason(work.counts.missing.setdefault(one.kind, {}), one.reason)
    work.missing.extend(missing)
