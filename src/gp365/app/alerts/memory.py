"""The memory of alerts: told once when something breaks, once when it mends; what flaps is told once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from gp365.app.alerts.conditions import Condition
from gp365.model.values import pack, unpack_deep
from gp365.store.alerts import MENDED, PASSED, SEEN, TOLD, Alert
from gp365.wire.redact import redact


@dataclass(frozen=True, slots=True)
class Damping:
    """How long a thing must be broken before it is told, and well before it is told to be mended, in seconds."""

    confirm_s: float
    settle_s: float


@dataclass(slots=True)
class Folded:
    """What one look changed: the alerts that are open now, those that ended, and what is to be told."""

    open: list[Alert] = field(default_factory=list[Alert])
    ended: list[Alert] = field(default_factory=list[Alert])
    broken: list[Alert] = field(default_factory=list[Alert])
    mended: list[Alert] = field(default_factory=list[Alert])


def fold(
    known: Sequence[Alert], found: Iterable[Condition], at: datetime, began: datetime, damping: Damping
) -> Folded:
    """Lay what is broken now over what was known; pure.

    A moment of health does not end an alert, so that something that comes and goes is told once. Health counts from
    when the service `began` at the earliest: what it has not looked at yet is not well.
    """
    folded, there = Folded(), {one.key: one for one in known}
    for condition in found:
        alert = there.pop(condition.key, None) or Alert(condition.key, b"", at, at)
        alert = replace(alert, shown=shown_of(condition), seen_at=at)
        if alert.state == SEEN and at - alert.first_at >= timedelta(seconds=damping.confirm_s):
            alert = replace(alert, state=TOLD, told_at=at)
            folded.broken.append(alert)
        folded.open.append(alert)
    for alert in there.values():
        if at - max(alert.seen_at, began) < timedelta(seconds=damping.settle_s):
            folded.open.append(alert)
            continue
        ended = replace(alert, state=MENDED if alert.state == TOLD else PASSED, ended_at=at)
        folded.ended.append(ended)
        if ended.state == MENDED:
            folded.mended.append(ended)
    return folded


def shown_of(condition: Condition) -> bytes:
    """Pack what is shown of a condition, without secrets."""
    names = ("kind", "pair", "flow", "system", "about", "code", "message")
    texts = {name: redact(getattr(condition, name)) for name in names}
    return pack({**texts, "raised": condition.raised, "figures": dict(condition.figures)})


def condition_of(alert: Alert) -> Condition:
    """Give the condition of an alert as it was last seen."""
    return Condition(**unpack_deep(alert.shown))
