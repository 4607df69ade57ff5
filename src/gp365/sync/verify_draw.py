"""Drawing the writes that are read back at the end of the run, in the commit that records them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b

from sqlalchemy import Connection

from gp365.model.record import Op, Status
from gp365.model.values import key_text, pack, unpack
from gp365.store import verifications
from gp365.store.verifications import Drawn, Verification
from gp365.sync.decide import target_key
from gp365.sync.job import Job, Place, link_subject
from gp365.sync.subject import Sent, Subject

_WHOLE = 2.0**64


def lot(intent: str) -> float:
    """Draw an intent's lot, from 0 to below 1: the same whenever it is worked out."""
    return int.from_bytes(blake2b(intent.encode(), digest_size=8).digest(), "big") / _WHOLE


def draw_writes(conn: Connection, job: Job, run: str, subjects: Sequence[Subject]) -> None:
    """Draw from the writes that were acknowledged; at least one per run and side, the lowest lot of its first page.

    Not of runs of hints, which write a record or two each: of them the share alone is drawn.

    What is written to a record that waits to be read back, or that did not stand, is always drawn: what is expected
    of the record stays one thing.
    """
    for place in job.places:
        done = [
            (one, sent)
            for one in subjects
            for sent in one.sends
            if sent.intent.side == place.side and _told(sent)
        ]
        if done:
            _draw(conn, job, run, place, done)


def _told(sent: Sent) -> bool:
    """Tell whether a reply said that values were written; what it complained of itself is in the ledger already."""
    outcome = sent.outcome
    return (
        outcome is not None
        and outcome.status is Status.DONE
        and outcome.error is None
        and sent.intent.op in (Op.CREATE, Op.UPDATE)
        and bool(sent.envelope.values)
    )


def _draw(conn: Connection, job: Job, run: str, place: Place, done: Sequence[tuple[Subject, Sent]]) -> None:
    keys = [_key(sent) for _, sent in done]
    held = verifications.on(conn, job.pair, job.flow.name, place.system, place.entity.name, keys)
    chosen = [
        (subject, sent, held.get(key))
        for (subject, sent), key in zip(done, keys, strict=True)
        if key in held or (job.verify_share and lot(sent.intent.id) < job.verify_share)
    ]
    if not chosen and job.verify_share > 0 and job.verify_least:
        if verifications.drawn_for(conn, job.pair, job.flow.name, place.side, run):
            return
        subject, sent = min(done, key=lambda one: lot(one[1].intent.id))
        chosen = [(subject, sent, None)]
    drawn = [_drawn(job, run, place, *one) for one in chosen]
    verifications.put(conn, drawn, instead_of=[one.number for _, _, one in chosen if one is not None])


def _key(sent: Sent) -> str:
    assert sent.outcome is not None
    return key_text(sent.outcome.key or target_key(sent))


def _drawn(
    job: Job, run: str, place: Place, subject: Subject, sent: Sent, before: Verification | None
) -> Drawn:
    """Say what a write shall have left: what was sent, or what the reply gave as stored."""
    outcome, described = sent.outcome, place.entity.fields
    assert outcome is not None
    values = dict(sent.envelope.values)
    values.update({name: value for name, value in outcome.stored.items() if name in values})
    expected = {
        name: value
        for name, value in values.items()
        if name not in place.entity.key and name in described and described[name].readable
    }
    made = Drawn(
        key=_key(sent),
        entity=place.entity.name,
        system=place.system,
        flow=job.flow.name,
        pair=job.pair,
        side=place.side,
        intent=sent.intent.id,
        run=run,
        subject=link_subject(subject.link.id) if subject.link is not None else subject.id,
        expected=pack(expected),
        version=outcome.version or (outcome.record.version if outcome.record is not None else ""),
        birth=outcome.birth or (outcome.record.birth if outcome.record is not None else ""),
        done_at=job.clock(),
    )
    return made if before is None else replace(made, expected=pack({**unpack(before.expected), **expected}))
