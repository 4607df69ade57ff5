"""Which failures are tried again within seconds, how long we wait, and when we give up.

A call that may have been processed is repeated only if the caller said that a second processing does no harm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import count
from typing import TypeVar

from gp365.wire.calls import Call, CallFailed, Headers
from gp365.wire.clock import Clock

T = TypeVar("T")
READS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Retries:
    """Bound the repeats of one call: attempts in all, seconds in all, the first and the longest pause."""

    attempts: int = 8
    seconds: float = 600.0
    first_pause_s: float = 0.5
    longest_pause_s: float = 60.0


def retry_after_s(value: str, now: datetime) -> float | None:
    """Return the seconds that a Retry-After field asks for (a number or an HTTP date, RFC 9110 §10.2.3), or None."""
    text = value.strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = _until(text, now)
    if seconds is None or seconds != seconds or seconds == float("inf"):
        return None
    return max(0.0, seconds)


def _until(text: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - now).total_seconds()


def failure_of(
    call: Call, status: int, headers: Headers, now: datetime, system: str, excerpt: str = ""
) -> CallFailed | None:
    """Return the failure that a status means, or None where the status is an answer for the caller.

    429, 408 and a 503 with Retry-After say that the request was turned away unprocessed (RFC 6585 §4, RFC 9110
    §15.5.9 and §15.6.4). A bare 502, 503 or 504 may come from a gateway that lost the answer. A 500 is repeated only for
    reads: Dynamics GP may have committed before it failed, so that a write's 500 goes to the caller.
    """
    after = retry_after_s(headers.get("retry-after"), now)
    said = f": {excerpt}" if excerpt else ""
    if status == 429:
        text = "asks us to wait" + (f" {after:g} s" if after is not None else "")
        return CallFailed(
            "throttled",
            f"The system {text} (HTTP 429){said}",
            maybe_sent=False,
            status=status,
            after_s=after,
            system=system,
        )
    busy = status in (408, 502, 503, 504) or (status == 500 and call.method in READS)
    if not busy:
        return None
    turned_away = status == 408 or (status == 503 and after is not None)
    return CallFailed(
        "busy",
        f"The system is busy or down (HTTP {status}){said}",
        maybe_sent=not turned_away,
        status=status,
        after_s=after,
        system=system,
    )


def pause_s(
    retries: Retries, call: Call, failure: CallFailed, attempt: int, spent_s: float, chance: float
) -> float | None:
    """Return how long to wait before the next attempt, or None to give up. `attempt` counts from 1."""
    if failure.maybe_sent and not call.idempotent:
        return None
    if attempt >= retries.attempts:
        return None
    if failure.after_s is not None:
        pause = failure.after_s + chance * min(1.0, failure.after_s / 10)
    else:
        ceiling = min(retries.longest_pause_s, retries.first_pause_s * 2.0 ** (attempt - 1))
        pause = ceiling / 2 + chance * ceiling / 2
    return pause if spent_s + pause <= retries.seconds else None


def persist(
    call: Call,
    attempt: Callable[[int, bool], T],
    retries: Retries,
    clock: Clock,
    gave_pause: Callable[[CallFailed, int, float | None], None],
) -> T:
    """Run `attempt(number, repeated)` until it answers or the retries are spent; then raise its last CallFailed.

    What is raised has `maybe_sent` True if any of the attempts may have been processed.
    """
    started = clock.now()
    maybe_sent = False
    for number in count(1):
        try:
            return attempt(number, maybe_sent)
        except CallFailed as failure:
            maybe_sent = maybe_sent or failure.maybe_sent
            pause = pause_s(retries, call, failure, number, clock.now() - started, clock.random())
            gave_pause(failure, number, pause)
            if pause is None:
                failure.maybe_sent = maybe_sent
                raise
        clock.sleep(pause)
    raise AssertionError  # count() has no end
