"""Orders in a run: the records that they change, what ends them, and who looks at what they have changed (plan/order.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from gp365.model.flow_file import OrderFile
from gp365.model.plan import Problem, Verdict
from gp365.model.record import Record, Status
from gp365.model.values import key_of, key_text
from gp365.store import links, work
from gp365.store.links import CLOSED, OPEN, Link
from gp365.sync.events.joining import leave
from gp365.sync.job import Job, Place
from gp365.sync.plan.facts import RefState
from gp365.sync.references import ref_states
from gp365.sync.subject import Disposition, Subject, first

UNNAMED, WAITING = "order-unnamed", "waiting"
Named = dict[tuple[str, str], list[str]]


def name_targets(job: Job, singles: Sequence[Subject], named: Named) -> None:
    """Name the record of the other side that each order changes: (side, key) → keys there, the order's own id last.

    An order is linked once it was submitted. One whose card is not linked yet waits for it; one whose card is another
    company's is left out.
    """
    order = job.flow.order
    assert order is not None
    place, flow = job.place(order.side), job.flow.by_name[order.names].ref
    mine = [
        one
        for one in singles
        if order.side in one.records and _submitted(job, order, one.records[order.side])
    ]
    cards = {id(one): _card(job, order, one.records[order.side]) for one in mine}
    with job.store.read() as conn:
        found = links.by_keys(conn, job.pair, flow, place.end, {card for card in cards.values() if card})
        strange = {card for card in cards.values() if card and card not in found}
        states = ref_states(job, conn, flow, place, sorted(strange)) if strange else {}
    elsewhere = _elsewhere(job, place, order, strange) if strange else frozenset[str]()
    for subject in mine:
        card, key = cards[id(subject)], subject.records[order.side].key
        link = found.get(card)
        there = None if link is None else link.left_key if place.end == "right" else link.right_key
        if link is not None and link.state == OPEN and there is not None:
            named[order.side, key_text(key)] = [key_text((*key_of(there), *key))]
        elif card in elsewhere:
            leave(subject, "its card is another company's")
        else:
            subject.problem = _unnamed(order, flow, card, link, states.get(card))


def _submitted(job: Job, order: OrderFile, record: Record) -> bool:
    half = job.compiled.by_name[order.state].half(order.side, record.values)
    return half is not None and half[0] in (order.states.asked, order.states.approved)


def _card(job: Job, order: OrderFile, record: Record) -> str:
    half = job.compiled.by_name[order.names].half(order.side, record.values)
    return str(half[0]) if half and half[0] is not None else ""


def _elsewhere(job: Job, place: Place, order: OrderFile, cards: set[str]) -> frozenset[str]:
    """Give the cards that are another company's."""
    if not order.card.company:
        return frozenset()
    held = place.connector.get(
        order.card.entity, [key_of(card) for card in sorted(cards)], [order.card.company]
    )
    return frozenset(
        key_text(key)
        for key, one in held.items()
        if one.values.get(order.card.company) not in (None, job.company)
    )


def _unnamed(order: OrderFile, flow: str, card: str, link: Link | None, state: RefState | None) -> Problem:
    if not card:
        message = f"It does not say which record it is for ({order.names} is empty)."
        return Problem(UNNAMED, message, field=order.names, side=order.side)
    if link is not None or state is None or state.state != WAITING:
        how = (
            f"its link is {link.state}"
            if link is not None
            else state.state
            if state is not None
            else "unknown"
        )
        message = f"What it is for ({order.names}) is not in step in {flow}: {how}."
        return Problem(UNNAMED, message, field=order.names, side=order.side, value=card)
    return Problem(
        WAITING,
        f"{order.names} names {card}, which is not linked in {flow} yet.",
        field=order.names,
        side=order.side,
        value=card,
        verdict=Verdict.WAITING,
        waits_for=(flow, order.side, card),
    )


def refused_order(job: Job, subject: Subject) -> str:
    """Return what the other system said against an order's write in this run, "" if nothing."""
    order = job.flow.order
    assert order is not None
    status, error = subject.complaints.get(job.across(order.side).side, (None, None))
    return error.message if status is Status.REJECTED and error is not None else ""


def judge_order(subject: Subject) -> None:
    """Have an order planned once more after the step that was recorded; a refusal stays its disposition.

    What was written is read afresh: the order is told what stands there, not what we sent.
    """
    plan = subject.plan
    assert plan is not None and subject.ended is not None
    answered = all(
        sent.outcome is not None and sent.outcome.status in (Status.DONE, Status.REJECTED)
        for sent in subject.sends
    )
    if plan.again and answered:
        subject.again = True
        for sent in subject.sends:
            subject.records.pop(sent.intent.side, None)
    elif plan.ends and any(status is Status.REJECTED for status, _ in subject.complaints.values()):
        subject.ended = first(subject.ended, Disposition.REJECTED)


def ended_orders(subjects: Sequence[Subject]) -> list[Link]:
    """Close the links of orders that were told their end."""
    closed: list[Link] = []
    for subject in subjects:
        plan, link = subject.plan, subject.link
        if plan is None or not plan.ends or link is None or link.state != OPEN or subject.ended is not None:
            continue
        if all(sent.outcome is not None and sent.outcome.status is Status.DONE for sent in subject.sends):
            subject.link = replace(link, state=CLOSED)
            closed.append(subject.link)
    return closed


def wake_shown(conn: Connection, job: Job, subjects: Sequence[Subject]) -> None:
    """Have other flows look at once at the records that were changed through another look at them."""
    for dependent in job.dependents:
        place = job.place(dependent.side)
        if dependent.entity not in place.entity.shows:
            continue
        changed = {
            key_text(key_of(sent.intent.key)[:-1])
            for subject in subjects
            for sent in subject.sends
            if sent.intent.side == place.side
            and sent.outcome is not None
            and sent.outcome.status is Status.DONE
        }
        work.enqueue(
            conn, job.pair, dependent.flow, [(place.side, key, "changed") for key in sorted(changed)]
        )
