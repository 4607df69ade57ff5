"""What our own store knows about subjects: open writes, queued work, parked entries, waits, and what the ledger held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from gp365.model.entity import Feed
from gp365.model.plan import Half, Verdict
from gp365.model.record import Record
from gp365.model.values import key_of, key_text, show_key, unpack_deep
from gp365.store import intents, ledger, links, parked, runs, work
from gp365.store.intents import Intent
from gp365.store.parked import Parked
from gp365.store.runs import Run
from gp365.store.waits import Wait, waits_of
from gp365.sync.job import Job, Place, single_subject
from gp365.sync.reconcile.found import Reason, Why
from gp365.sync.subject import Subject

SKEW = timedelta(minutes=5)
"""How far the clocks of a system and ours may be apart."""
_KINDS = ("sync", "apply")


@dataclass(frozen=True, slots=True)
class Past:
    """The last run of the flow, the last one that ended clean, and the links that have a row in the queue."""

    last: Run | None
    clean: Run | None
    queued: frozenset[int]

    def may_be_since(self, place: Place, record: Record) -> bool:
        """Tell whether a change that no run has seen may have come after the last clean run.

        A system that is listed whole in every run has no other; with a feed, the record's own stamp says it.
        """
        if self.clean is None or record.stamp is None or place.entity.feed is Feed.NONE:
            return True
        grain = timedelta(seconds=place.entity.feed_granularity_s)
        return record.stamp + grain + SKEW >= self.clean.begun_at


def past_of(job: Job) -> Past:
    """Read what has been before: the last runs, and the work that is queued."""
    with job.store.read() as conn:
        every = [one for one in runs.list_runs(conn, job.pair, job.flow.name) if one.kind in _KINDS]
        ends = {place.end: place.side for place in job.places}
        queued = links.with_work(conn, job.pair, job.flow.name, ends)  # type: ignore[arg-type]
    clean = next((one for one in every if one.state == "done" and one.clean), None)
    return Past(every[0] if every else None, clean, frozenset(queued))


@dataclass(slots=True)
class Known:
    """What the store knows of a page of subjects, by their names."""

    parked: Mapping[str, Sequence[Parked]]
    intents: dict[str, list[Intent]] = field(default_factory=dict[str, list[Intent]])
    waits: dict[str, list[Wait]] = field(default_factory=dict[str, list[Wait]])
    queued: set[str] = field(default_factory=set[str])

    def entry(self, subject: str, *fields: str) -> Parked | None:
        """Find the open entry of a subject on one of these fields ("": on the whole record)."""
        return next((one for one in self.parked.get(subject, ()) if one.field in fields), None)

    def at_work(self, subject: str) -> Reason | None:
        """Say what is under way for a subject."""
        for one in self.intents.get(subject, ()):
            text = f"a write to {one.side} {show_key(key_of(one.key))} is open: its answer is still to come"
            return Reason(Why.IN_FLIGHT, text, "unsettled")
        return Reason(Why.IN_FLIGHT, "queued: the next sync looks at it") if subject in self.queued else None


def known_of(job: Job, past: Past, subjects: Sequence[Subject]) -> Known:
    """Read what the store knows of these subjects, in one query of each kind."""
    by_record = {(side, key_text(key)): one.id for one in subjects for side, key in one.keys.items()}
    keys: dict[str, list[str]] = {}
    for side, key in by_record:
        keys.setdefault(side, []).append(key)
    with job.store.read() as conn:
        held = parked.open_for(conn, job.pair, job.flow.name, [one.id for one in subjects])
        known = Known(held)
        for intent in intents.open_for(conn, job.pair, job.flow.name, keys):
            for name in {by_record.get((intent.side, intent.key)), by_record.get(_source(intent))} - {None}:
                known.intents.setdefault(str(name), []).append(intent)
        for wait in waits_of(conn, job.pair, job.flow.name, by_record):
            known.waits.setdefault(by_record[wait.side, wait.key], []).append(wait)
        singles = [one for one in by_record if not by_record[one].startswith("L")]
        for row in work.rows_of(conn, job.pair, job.flow.name, singles):
            known.queued.add(by_record[row.side, row.key])
    known.queued |= {one.id for one in subjects if one.link is not None and one.link.id in past.queued}
    return known


def _source(intent: Intent) -> tuple[str, str]:
    return intent.source_side, intent.source_key


def of_entry(entry: Parked) -> Reason:
    """Give a parked entry as a reason."""
    conflict = entry.code in ("conflict", "first-contact")
    return Reason(Why.CONFLICT if conflict else Why.PARKED, entry.message, entry.code, entry.id)


@dataclass(frozen=True, slots=True)
class Settled:
    """A row of the ledger that says that a difference was left as it is; `erased`: it can no longer be read."""

    row: int
    text: str
    erased: bool = False


def settled(
    conn: Connection, job: Job, subject: Subject, name: str, left: Half | None, right: Half | None
) -> Settled | None:
    """Find the row of the ledger that held this field with the very values that stand there now.

    A pair that was linked by a match was told of, in that run, under the name of the record that it was found by.
    """
    erased: Settled | None = None
    names = [subject.id, *(single_subject(side, key_text(key)) for side, key in subject.keys.items())]
    rows = (row for one in names for row in ledger.for_subject(conn, job.pair, job.flow.name, one))
    for row in rows:
        if row.payload is None:
            if row.payload_hash is not None:
                erased = erased or Settled(row.id, "held; the row of the ledger was erased", erased=True)
            continue
        payload: dict[str, Any] = unpack_deep(row.payload)
        steps: list[dict[str, Any]] = list(payload.get("steps") or ())
        undone = any("undo" in step for step in steps)
        told: list[dict[str, Any]] = [
            one for step in steps for one in step.get("fields") or () if one.get("field") == name
        ]
        for one in told:
            if _holds(one, left, right) or (undone and _took_back(job, one, left, right)):
                why = "an undo left it so" if undone else str(one.get("why") or "")
                return Settled(row.id, why or "a difference that was settled")
    return erased


def _holds(told: Mapping[str, Any], left: Half | None, right: Half | None) -> bool:
    """Tell whether a field in the ledger was held by the rule with these raw values."""
    same = _half(told.get("left")) == left and _half(told.get("right")) == right
    return same and told.get("verdict") == str(Verdict.HELD)


def _took_back(job: Job, told: Mapping[str, Any], left: Half | None, right: Half | None) -> bool:
    """Tell whether an undo wrote a field so that both sides hold what they hold now: that is then agreed."""
    target, new = told.get("target"), _half(told.get("new"))
    if target == job.left.side:
        return (new, _half(told.get("right"))) == (left, right)
    return target == job.right.side and (_half(told.get("left")), new) == (left, right)


def _half(held: Any) -> Half | None:
    return None if held is None else tuple(held)
