"""Time and chance as the wire sees them, in one value, so that no test has to sleep."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Condition


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _wait(condition: Condition, seconds: float | None) -> None:
    condition.wait(seconds)


@dataclass(frozen=True, slots=True)
class Clock:
    """Hold the functions for time and chance.

    `now` is monotonic seconds, `utc_now` an aware time, `random` a number in [0, 1), `wait` sleeps on a condition that
    the caller holds, at most so many seconds or (None) until it is notified.
    """

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random
    utc_now: Callable[[], datetime] = _utc_now
    wait: Callable[[Condition, float | None], None] = _wait
