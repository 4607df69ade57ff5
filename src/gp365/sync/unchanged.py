"""Unchanged: the links that nothing happened to are counted thousands at a time."""

from __future__ import annotations

from collections.abc import Iterator

from gp365.model.values import pack
from gp365.store import ledger, links, work
from gp365.store.ledger import Entry
from gp365.sync.equation import Tallies
from gp365.sync.job import Job, link_subject
from gp365.sync.observe import Observation
from gp365.sync.subject import Disposition

QUIET_CHUNK = 5000


def record_quiet(job: Job, run: str, observation: Observation, tallies: Tallies) -> None:
    """Count the links that nothing happened to: one ledger row for thousands of them."""
    numbers: list[int] = []
    for number in quiet_links(job, observation):
        numbers.append(number)
        if len(numbers) == QUIET_CHUNK:
            _chunk(job, run, numbers, tallies)
            numbers = []
    if numbers:
        _chunk(job, run, numbers, tallies)


def quiet_links(job: Job, observation: Observation) -> Iterator[int]:
    """Give the links that nothing happened to, and of which nothing waits in the queue."""
    ends = {place.end: place.side for place in job.places}
    with job.store.read() as conn:
        waiting = links.with_work(conn, job.pair, job.flow.name, ends)  # type: ignore[arg-type]
    return (number for number in observation.unchanged() if number not in waiting)


def _chunk(job: Job, run: str, numbers: list[int], tallies: Tallies) -> None:
    payload = pack({"links": [numbers[0], numbers[-1]], "count": len(numbers)})
    entry = Entry(ledger.OUTCOME, run, "", len(numbers), str(Disposition.UNCHANGED), job.flow.digest, payload)
    with job.store.write(job.lease) as conn:
        work.mark_quiet(conn, run, [link_subject(number) for number in numbers])
        ledger.append(conn, job.chain, [entry], actor=job.actor, at=job.clock())
    tallies.quiet(len(numbers))
