"""Replay: which records an earlier run, a time or a parked cause means, what was written to them then, and its flow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from gp365.model.errors import Misconfigured
from gp365.model.expressions import Expressions
from gp365.model.flow import compile_flow, file_of
from gp365.model.plan import SubjectPlan
from gp365.model.record import Op
from gp365.model.values import Value, key_text, unpack
from gp365.store import intents, ledger, links, parked, retention
from gp365.store.intents import Intent
from gp365.store.ledger import LedgerRow
from gp365.store.links import Link
from gp365.sync.envelope import unseal
from gp365.sync.job import Job, Place, fields_of
from gp365.sync.kept import digests_of, kept
from gp365.sync.plan import compile_rows

Names = Mapping[tuple[str, str], str]
"""Records (side, key text), each with the digest of the flow under which it was last worked ("": not known)."""


@dataclass(frozen=True, slots=True)
class Then:
    """A write of then: what its target held and what was sent, by wire field. `erased`: that is not known any more."""

    run: str
    op: str
    before: Mapping[str, Value]
    sent: Mapping[str, Value]
    erased: bool = False


def of_run(conn: Connection, job: Job, run: str) -> Names:
    """Name the records that a run looked at one by one; not the links that nothing happened to."""
    rows = (row for row in ledger.rows(conn, run) if row.kind == ledger.OUTCOME and row.subject)
    return _named(conn, job, rows)


def of_time(conn: Connection, job: Job, since: datetime, until: datetime | None = None) -> Names:
    """Name the records that runs looked at one by one within a time."""
    rows = ledger.outcomes_since(conn, job.pair, job.flow.name, since)
    return _named(conn, job, (row for row in rows if until is None or row.at <= until))


def of_cause(conn: Connection, job: Job, code: str) -> Names:
    """Name the records that are parked for a cause."""
    found: dict[tuple[str, str], str] = {}
    last = 0
    while entries := parked.list_open(conn, job.pair, job.flow.name, after_id=last):
        last = entries[-1].id
        for entry in entries:
            keys = zip(job.places, (entry.left_key, entry.right_key), strict=True)
            name = next(((place.side, key) for place, key in keys if key is not None), None)
            if entry.code == code and name is not None:
                found[name] = ""
    return found


def of_record(conn: Connection, job: Job, place: Place, key: str) -> Names:
    """Name a record by its key; people need not type it in its own case where it is linked."""
    found = links.by_keys(conn, job.pair, job.flow.name, place.end, {key, key.upper(), key.lower()})
    spelt = next(iter(found), key)
    names = [f"{place.side}:{spelt}", *(f"L{link.id}" for link in found.values())]
    rows = [row for name in names for row in ledger.for_subject(conn, job.pair, job.flow.name, name, 1)]
    last = max(rows, key=lambda row: row.id, default=None)
    return {(place.side, spelt): last.flow_digest if last else ""}


def _named(conn: Connection, job: Job, rows: Iterable[LedgerRow]) -> Names:
    """Name each subject by one record: a link, and what has become a link since, by its left end where it has one."""
    digests = {row.subject: row.flow_digest for row in rows if row.subjects > 0}
    found: dict[tuple[str, str], str] = {}
    numbers = {int(name[1:]): digest for name, digest in digests.items() if _is_link(name)}
    for number, link in links.by_ids(conn, numbers).items():
        found[_end_of(job, link)] = numbers[number]
    for place in job.places:
        start = f"{place.side}:"
        alone = {name.removeprefix(start): name for name in digests if name.startswith(start)}
        linked = links.by_keys(conn, job.pair, job.flow.name, place.end, alone) if alone else {}
        for key, name in alone.items():
            record = _end_of(job, linked[key]) if key in linked else (place.side, key)
            found.setdefault(record, digests[name])
    return found


def _end_of(job: Job, link: Link) -> tuple[str, str]:
    if link.left_key is not None:
        return job.left.side, link.left_key
    return job.right.side, link.right_key or ""


def _is_link(name: str) -> bool:
    return name[:1] == "L" and name[1:].isdigit()


def as_recorded(conn: Connection, job: Job, digest: str) -> Job | None:
    """Return the job with the flow and lookups of a recorded version, and what the sides serve today; None if not kept.

    The lookups are those with which the version was first run.
    """
    held = kept(conn, digest, *digests_of(conn, digest))
    if held is None:
        return None
    try:
        file, sides = file_of(held.flow)
        flow = compile_flow(file, sides)
        context = replace(job.compiled.context, lookups=held.lookups)
        compiled = compile_rows(flow, job.left.entity, job.right.entity, context)
    except (ValueError, KeyError, Misconfigured):
        return None
    left, right = (replace(place, fields=fields_of(flow, place.side, place.entity)) for place in job.places)
    expressions = Expressions(held.lookups, flow.options)
    return replace(job, compiled=compiled, left=left, right=right, expressions=expressions, watch=None)


def written_then(
    conn: Connection, job: Job, plans: Sequence[SubjectPlan], run: str = ""
) -> dict[tuple[str, str], Then]:
    """Find the last write to each record of these plans, or that of one run, by (side, key text)."""
    found: dict[tuple[str, str], Then] = {}
    for place in job.places:
        keys = {key_text(key) for plan in plans for side, key in _keys(job, plan) if side == place.side}
        for intent in intents.done_on(conn, place.system, place.entity.name, keys):
            if (intent.pair, intent.flow) == (job.pair, job.flow.name) and run in ("", intent.run):
                found[place.side, intent.key] = _then(intent)
    return found


def _keys(job: Job, plan: SubjectPlan) -> Iterator[tuple[str, tuple[str, ...]]]:
    for place, record in zip(job.places, (plan.left, plan.right), strict=True):
        if record is not None:
            yield place.side, record.key
    for write in plan.writes:
        if write.op is Op.CREATE and write.key:
            yield write.side, write.key


def _then(intent: Intent) -> Then:
    sent = unseal(intent.values).values
    return Then(intent.run, intent.op, unpack(intent.before), sent, retention.is_erased(intent))
