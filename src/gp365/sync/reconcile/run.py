"""The reconciliation of one flow: read, compare, explain, and prove by control totals and hash totals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from secrets import token_hex
from typing import Any

from gp365.model.errors import Bug
from gp365.model.values import key_text, pack
from gp365.store import ledger
from gp365.store.ledger import Entry
from gp365.sync.job import Job
from gp365.sync.reconcile.found import Missing, Single, Why
from gp365.sync.reconcile.linked import compare_links
from gp365.sync.reconcile.matched import Matched, doubled, match
from gp365.sync.reconcile.reading import Reading, read_side
from gp365.sync.reconcile.result import Reconciliation
from gp365.sync.reconcile.singles import classify
from gp365.sync.reconcile.work import Work, add_alone, begin, miss
from gp365.sync.seldom import collecting_seldom

KIND = "reconcile"
_JOINED = (Why.CHANGED, Why.DRIFT, Why.PARKED, Why.CONFLICT, Why.IN_FLIGHT, Why.WAITING)


def reconcile(job: Job, *, sample: int = 0, seed: str = "") -> Reconciliation:
    """Read both sides in full and compare them; nothing is written, to neither system nor to the store.

    `sample` pairs are drawn by chance (`seed`; fresh by default) and told with all their values. Raises the connectors'
    errors, and Bug where two ways to the same figure disagree.
    """
    with collecting_seldom():
        return _reconcile(job, sample, seed or token_hex(8))


def _reconcile(job: Job, sample: int, seed: str) -> Reconciliation:
    began = job.clock()
    readings = (read_side(job, job.left), read_side(job, job.right))
    epochs = {place.side: place.connector.epoch() for place in job.places}
    work = begin(job, readings, sample, seed)
    compare_links(work)
    matched = match(job, readings)
    for reading in readings:
        _classify(work, reading, matched)
    for missing in doubled(matched):
        miss(work, [missing])
    _cross_check(work)
    past, columns = work.past, tuple(one.name for one in work.columns)
    drawn = [one for _, _, one in sorted(work.drawn, key=lambda held: held[:2], reverse=True)]
    return Reconciliation(
        job,
        began,
        job.clock(),
        readings,
        past.last,
        past.clean,
        epochs,
        columns,
        work.counts,
        work.totals.closed(),
        work.blocks,
        work.differences,
        work.missing,
        work.singles,
        drawn,
        work.seed,
    )


def _classify(work: Work, reading: Reading, matched: Matched) -> None:
    """Say of every record without an open link why it has none."""
    place = reading.place
    for keys in reading.single_pages():
        records = reading.seen.get(keys)
        names = [key_text(key) for key in records]
        found = classify(work.job, work.past, place, records, matched.of(place.side, names))
        for record in records.values():
            add_alone(work, place, record)
        matched.note(found)
        counted = work.counts.singles.setdefault(place.side, {})
        for one in found:
            work.counts.reason(counted, one.reason)
        work.singles.extend(found)
        if place.end == "left":
            miss(work, _unlinked(work.job, found, matched.partners(place.side, names)))
        job = work.job
        job.progress(f"without partner on {place.side}", len(work.singles), 0)


def _unlinked(job: Job, found: Sequence[Single], partners: Mapping[str, str]) -> list[Missing]:
    return [
        Missing("unlinked", "", job.left.side, (one.key, partners[one.key]), one.name, one.reason)
        for one in found
        if one.key in partners and one.reason.why in _JOINED
    ]


def _cross_check(work: Work) -> None:
    """Compare the hash totals with the comparison of the fields: two ways to the same figure."""
    if set(work.blocks.unequal) != work.blocks.differing:
        odd = sorted(set(work.blocks.unequal) ^ work.blocks.differing)
        message = "Hash totals and field comparison do not agree."
        raise Bug("bug", message, field="blocks", value=", ".join(str(one) for one in odd))


def note(found: Reconciliation, digest: str, figures: Mapping[str, Any]) -> None:
    """Keep that this reconciliation was made: one row of the ledger with the digest of its report and its figures."""
    job = found.job
    payload = pack({"report": digest, **figures})
    entry = Entry(KIND, "", "", 0, found.verdict, job.flow.digest, payload)
    with job.store.write() as conn:
        ledger.append(conn, job.chain, [entry], actor=job.actor, at=job.clock())


__all__ = ["Reconciliation", "note", "reconcile"]
