"""Pace: when a flow is looked at next. Fast after a change, ever more seldom while nothing happens, never in step."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

GROWTH = 1.5
JITTER = 0.1
F = TypeVar("F", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Pace:
    """The bounds of the interval between two looks, in seconds."""

    shortest_s: float
    longest_s: float


@dataclass(frozen=True, slots=True)
class Look:
    """When a flow is looked at next, and the interval that led there."""

    next_at: datetime
    interval_s: float


def first_look(pace: Pace, now: datetime) -> Look:
    """Look at once."""
    return Look(now, pace.shortest_s)


def next_look(look: Look, pace: Pace, now: datetime, *, changed: bool, chance: float) -> Look:
    """Plan the look after the one that ends now; `chance` from 0 to 1 spreads it by a tenth to either side."""
    grown = pace.shortest_s if changed else look.interval_s * GROWTH
    interval = min(max(grown, pace.shortest_s), pace.longest_s)
    spread = interval * (1 + JITTER * (2 * chance - 1))
    return Look(now + timedelta(seconds=spread), interval)


def sooner(look: Look, at: datetime) -> Look:
    """Look at a moment, if that is earlier than what is planned; the interval stays."""
    return replace(look, next_at=min(look.next_at, at))


def postponed(look: Look, at: datetime) -> Look:
    """Look at a moment, if that is later than what is planned."""
    return replace(look, next_at=max(look.next_at, at))


@dataclass(frozen=True, slots=True)
class Paced:
    """Paces that were made shorter: as they were given, and as they are now."""

    given: Pace
    now: Pace


def paced(
    paces: Mapping[F, Pace], held: Mapping[F, Paced], most: Mapping[F, float]
) -> tuple[Mapping[F, Pace], Mapping[F, Paced]]:
    """Shorten the paces of these flows to these longest waits, and give those of others back that were shortened before.

    A pace that somebody else has changed meanwhile is taken as given.
    """
    wanted, mine = dict(paces), dict[F, Paced]()
    for flow, pace in paces.items():
        was = held.get(flow)
        given = was.given if was is not None and was.now == pace else pace
        if flow in most:
            wanted[flow] = Pace(min(given.shortest_s, most[flow]), min(given.longest_s, most[flow]))
            mine[flow] = Paced(given, wanted[flow])
        else:
            wanted[flow] = given
    return wanted, mine
