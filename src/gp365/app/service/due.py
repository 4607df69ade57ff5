"""What is due: from looks, circuits and quiet windows to the next round. Pure, so that years can be tried in a second."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gp365.app.service.circuit import CLOSED, Circuit
from gp365.app.service.pace import Look

ALONG = 0.25
"""Part of its interval by which a flow is looked at early, so as to share a round."""
Flow = tuple[str, str]
"""Pair and flow."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A flow of a pair, the systems that it needs, and when it is looked at next. `urgent`: a person or a webhook waits."""

    pair: str
    flow: str
    systems: tuple[str, ...]
    look: Look
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Round:
    """The flows of one pair that are run together, in the order of the pair."""

    pair: str
    flows: tuple[str, ...]
    urgent: bool = False


def next_round(
    plans: Sequence[Planned],
    circuits: Mapping[str, Circuit],
    quiet: Callable[[str], datetime | None],
    now: datetime,
) -> Round | None:
    """Choose the pair that is run now: urgent before what is only due, then the longest due; None if nothing is.

    Flows of the pair that are nearly due go along: they read the same lists, which a round reads once. Through a circuit
    that is half open only one flow goes: it tells whether the system is back.
    """
    times = [(one, runs_at(one, circuits, quiet)) for one in plans]
    due = [one for one, at in times if at is not None and at <= now]
    if not due:
        return None
    first = min(due, key=lambda one: (not one.urgent, one.look.next_at))
    mine = [one for one, at in times if one.pair == first.pair and at is not None and at <= now + _along(one)]
    probing = [one for one in mine if _half_open(one, circuits, now)]
    if probing:
        closed = [one for one in mine if one not in probing]
        mine = closed or probing[:1]
    return Round(first.pair, tuple(one.flow for one in mine), any(one.urgent for one in mine))


def runs_at(
    plan: Planned, circuits: Mapping[str, Circuit], quiet: Callable[[str], datetime | None]
) -> datetime | None:
    """Say when a flow can run at the earliest; None while a system refuses us."""
    at = plan.look.next_at
    for system in plan.systems:
        circuit = circuits.get(system, CLOSED)
        if circuit.fault is not None:
            if circuit.next_try is None:
                return None
            # Of a system that is down the end of its wait counts, whatever was planned before.
            at = max(at, circuit.next_try)
    ends = quiet(plan.pair)
    return max(at, ends) if ends is not None else at


def _along(plan: Planned) -> timedelta:
    return timedelta(seconds=plan.look.interval_s * ALONG)


def _half_open(plan: Planned, circuits: Mapping[str, Circuit], now: datetime) -> bool:
    return any(circuits.get(system, CLOSED).state(now) == "half-open" for system in plan.systems)
