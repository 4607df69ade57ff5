"""What came of an undo's page: states of intents, agreed pairs, links closed and opened, and what the ledger is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from gp365.model.plan import Pair
from gp365.model.record import Record, Status
from gp365.store import ledger
from gp365.store.links import CLOSED, OPEN, Link
from gp365.sync.job import Job, Place
from gp365.sync.linking import Draft, keep_links
from gp365.sync.subject import Sent
from gp365.sync.undo.plan import CLOSE, Undoing

_STATES = {
    Status.DONE: "done",
    Status.REJECTED: "rejected",
    Status.MOVED: "moved",
    Status.EXISTS: "exists",
    Status.GONE: "gone",
    Status.RETRY: "not-sent",
}


def states_of(page: Sequence[Undoing]) -> list[tuple[str, str, float | None]]:
    """Give the end of every intent that has one; an answer that was lost leaves its intent open."""
    return [
        (sent.intent.id, _STATES[sent.outcome.status], sent.outcome.window_ms)
        for one in page
        for sent in one.subject.sends
        if sent.outcome is not None and sent.outcome.status in _STATES
    ]


def link_after(one: Undoing) -> Link:
    """Close or open the link of a subject; how it was is kept with it."""
    link = one.subject.link
    assert link is not None
    one.before = one.before or link
    state = CLOSED if one.change == CLOSE else OPEN
    one.subject.link = replace(link, state=state, left_print=b"", right_print=b"")
    return one.subject.link


def links_before(page: Sequence[Undoing]) -> list[Link]:
    """Give back the links of subjects whose record could not be written after all."""
    back: list[Link] = []
    for one in page:
        link = one.subject.link
        if one.before is None or link is None or _succeeded(one):
            continue
        one.subject.link, one.change = replace(link, state=one.before.state), ""
        back.append(one.subject.link)
        one.before = None
    return back


def _succeeded(one: Undoing) -> bool:
    """Tell whether everything planned was done; what was lost may have been, and its link stays as it was meant."""
    subject = one.subject
    if subject.open_intents:
        return True
    stopped = subject.problem is not None or one.plan.problem is not None
    return not stopped and all(_is_done(sent) for sent in subject.sends) and _sent_all(one)


def _sent_all(one: Undoing) -> bool:
    return len(one.subject.sends) == len(one.plan.writes)


def _is_done(sent: Sent) -> bool:
    return sent.outcome is not None and sent.outcome.status is Status.DONE


def drafts_of(conn: Connection, job: Job, run: str, page: Sequence[Undoing]) -> None:
    """Keep what is agreed now: the value that went back, beside what its partner holds.

    The links' prints are dropped: what changed besides is for the next sync to see.
    """
    drafts: list[Draft] = []
    for one in page:
        done = [sent for sent in one.subject.sends if _is_done(sent)]
        if not done or one.subject.link is None:
            continue
        pairs: dict[str, Pair] = dict(one.facts.pairs)
        for sent in done:
            pairs.update(_stored(job, sent))
        drafts.append(Draft(one.subject, pairs, job.flow.digest, made_by=one.subject.link.made_by))
    keep_links(conn, job, run, drafts)


def _stored(job: Job, sent: Sent) -> dict[str, Pair]:
    """Give the pairs of a done write; where the call returned what was stored, that is what is agreed."""
    pairs = dict(sent.envelope.pairs)
    assert sent.outcome is not None
    for name, (left, right) in sent.envelope.pairs.items():
        row = job.compiled.by_name.get(name)
        half = row.half(sent.intent.side, sent.outcome.stored) if row else None
        if half is not None:
            pairs[name] = (half, right) if sent.intent.side == job.left.side else (left, half)
    return pairs


def written_of_page(job: Job, page: Sequence[Undoing]) -> list[tuple[Place, Record]]:
    """Give the records that were written, as they stand now, for who looks for partners."""
    found: list[tuple[Place, Record]] = []
    for one in page:
        for sent in one.subject.sends:
            place = job.place(sent.intent.side)
            held = one.subject.records.get(place.side)
            if held is not None and _is_done(sent) and sent.outcome is not None:
                values = {**held.values, **sent.envelope.values, **sent.outcome.stored}
                kept = {name: value for name, value in values.items() if name in place.fields}
                found.append((place, held._replace(values=kept)))
    return found


def tell(one: Undoing) -> None:
    """Write down for the ledger what was taken back, and what became of the link."""
    told: dict[str, Any] = {"of": one.kind, "runs": sorted({head.run for head in one.task.heads})}
    if one.subject.link is not None and one.before is not None:
        told["closed" if one.change == CLOSE else "opened"] = one.subject.link.id
    if one.notes:
        told["notes"] = list(one.notes)
    one.subject.steps.append({"undo": told})


def closed_by(conn: Connection, run: str) -> list[int]:
    """Name the links that an undo closed, as the ledger tells it."""
    found: list[int] = []
    for row in ledger.rows(conn, run):
        body: Mapping[str, Any] = ledger.decode(row) or {}
        steps: Iterable[Mapping[str, Any]] = body.get("steps") or ()
        found += [int(step["undo"]["closed"]) for step in steps if "closed" in step.get("undo", {})]
    return found


__all__ = [
    "closed_by",
    "drafts_of",
    "link_after",
    "links_before",
    "states_of",
    "tell",
    "written_of_page",
]
