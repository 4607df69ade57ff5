"""Send: hand a page's writes to the connectors. No database; every write gets exactly one outcome."""

from __future__ import annotations

from collections.abc import Sequence

from gp365.model.errors import Gp365Error, Retry
from gp365.model.record import Op, Outcome, Status, Write
from gp365.model.values import Values
from gp365.sync.decide import target_key
from gp365.sync.job import Job, Place, mapped
from gp365.sync.subject import Sent, Subject


def send(job: Job, subjects: Sequence[Subject]) -> Gp365Error | None:
    """Send the open writes of a page, one side after the other; return what stopped a whole call, if anything."""
    stopped: Gp365Error | None = None
    for place in job.places:
        sends = [(subject, sent) for subject in subjects for sent in subject.sends if _open_on(sent, place)]
        if not sends:
            continue
        outcomes, error = _write(place, [_write_of(job, subject, sent) for subject, sent in sends])
        stopped = stopped or error
        for (_, sent), outcome in zip(sends, outcomes, strict=True):
            sent.outcome = outcome
    return stopped


def _open_on(sent: Sent, place: Place) -> bool:
    return sent.intent.side == place.side and sent.outcome is None


def _write_of(job: Job, subject: Subject, sent: Sent) -> Write:
    intent = sent.intent
    assert job.lease is not None
    record = subject.records.get(intent.side)
    return Write(
        op=Op(intent.op),
        key=target_key(sent),
        values=sent.envelope.values,
        version=intent.version,
        birth=record.birth if record else "",
        expected=_planned_on(job, subject, intent.side),
        reference=intent.reference,
        send_by=intent.send_by,
        may_send=job.lease.holds,
    )


def _planned_on(job: Job, subject: Subject, side: str) -> Values:
    """Give what the flow reads of the record that a write was planned on: what its intent keeps as the before-image."""
    assert subject.plan is not None
    record = subject.plan.left if side == job.left.side else subject.plan.right
    return {} if record is None else mapped(job.place(side), record.values)


def _write(place: Place, writes: list[Write]) -> tuple[Sequence[Outcome], Gp365Error | None]:
    """Call the connector; what stops a whole call is an outcome of each of its writes as well."""
    try:
        return place.connector.write(place.entity.name, writes), None
    except Retry as error:
        status = Status.UNKNOWN if getattr(error, "maybe_sent", False) else Status.RETRY
        return [Outcome(status, error=error, after_s=error.after_s) for _ in writes], error
    except Gp365Error as error:
        return [Outcome(Status.RETRY, error=error) for _ in writes], error
