"""Contributing: what the records of a page give to the records that companies share, kept in the page's own commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from sqlalchemy import Connection

from gp365.model.flow_file import FUNCTIONAL, RollupFile
from gp365.model.record import Record, Status
from gp365.model.values import Value, decimal_text, key_text
from gp365.store import contributions
from gp365.store.contributions import Given
from gp365.sync.job import Job, Place
from gp365.sync.plan.facts import Facts
from gp365.sync.plan.rows import see_raw
from gp365.sync.subject import Disposition, Subject
from gp365.sync.sums import UNLIMITED

_UNSURE = (Disposition.UNSETTLED, Disposition.RETRYING)
_NOTHING = Facts()


def rollup_name(job: Job, name: str) -> str:
    """Name a roll-up of a flow: under this name its links, intents and ledger rows go."""
    return f"{job.flow.name}.{name}"


def keep_contributions(conn: Connection, job: Job, subjects: Sequence[Subject]) -> None:
    """Keep what each linked record contributes as it stands after this page; one that is stopped keeps its last."""
    for name, rollup in job.flow.rollups.items():
        known = [one for one in subjects if _is_known(job, one)]
        given = [_given(job, name, rollup, subject) for subject in known]
        contributions.withdraw(conn, [one for one in given if not one.shared_key])
        contributions.keep(conn, [one for one in given if one.shared_key])


def _is_known(job: Job, subject: Subject) -> bool:
    """Tell whether a subject is linked, and was read and decided in this page."""
    plan, link = subject.plan, subject.link
    if plan is None or link is None or link.state != "open" or subject.ended in _UNSURE:
        return False
    if subject.partial:
        return False
    stopped = subject.problem is not None or plan.problem is not None
    return not stopped and all(place.side in subject.keys for place in job.places)


def _given(job: Job, name: str, rollup: RollupFile, subject: Subject) -> Given:
    """Work out a contribution; its shared key is "" where the record names none."""
    source = job.across(rollup.side)
    values = {place.side: _after(place, subject) for place in job.places}
    through = job.flow.by_name[rollup.through].wires[rollup.side][0]
    currency = _currency(job, rollup, values)
    amount = _amount(job, rollup, values)
    return Given(
        shared_key=str(values[rollup.side].get(through) or ""),
        rollup=rollup_name(job, name),
        entity=rollup.entity,
        system=job.place(rollup.side).system,
        source_key=key_text(subject.keys[source.side]),
        pair=job.pair,
        currency=currency,
        amount=amount if currency else None,
    )


def _after(place: Place, subject: Subject) -> dict[str, Value]:
    """Say what a side holds after the page: as it was read, with what was written, and what was returned as stored."""
    plan = subject.plan
    assert plan is not None
    read: Record | None = plan.left if place.end == "left" else plan.right
    values: dict[str, Value] = dict(read.values) if read else {}
    for sent in subject.sends:
        if sent.intent.side == place.side and sent.outcome is not None and sent.outcome.status is Status.DONE:
            if sent.outcome.record is not None:
                values.update(sent.outcome.record.values)
            values.update(sent.envelope.values)
            values.update(sent.outcome.stored)
    return values


def _currency(job: Job, rollup: RollupFile, values: Mapping[str, Mapping[str, Value]]) -> str:
    """Return the ISO code of a contribution, "" while it cannot be told."""
    if rollup.currency == FUNCTIONAL:
        given = job.flow.options.get(FUNCTIONAL) or job.compiled.context.currency
    else:
        _, given = _canonical(job, rollup, rollup.currency, values)
    return str(given or "").strip().upper()


def _amount(job: Job, rollup: RollupFile, values: Mapping[str, Mapping[str, Value]]) -> str | None:
    """Return an amount as text, the word unlimited, or None while it cannot be told; nothing is zero."""
    bound = rollup.unlimited
    if bound is not None:
        known, held = _canonical(job, rollup, bound.row, values)
        if not known:
            return None
        if held == bound.value:
            return UNLIMITED
    known, amount = _canonical(job, rollup, rollup.sum, values)
    if not known or not isinstance(amount, Decimal | int | None):
        return None
    return decimal_text(Decimal(amount or 0))


def _canonical(
    job: Job, rollup: RollupFile, name: str, values: Mapping[str, Mapping[str, Value]]
) -> tuple[bool, Value]:
    """Read a canonical field of the contributing record, or, where only the shared side's has it, of that one."""
    row = job.compiled.row(name)
    source = job.across(rollup.side).side
    side = source if source in row.row.wires else rollup.side
    raw = row.half(side, values[side])
    if raw is None:
        return False, None
    seen = see_raw(job.compiled, row, side, raw, _NOTHING)
    return seen.bad is None, seen.canonical
