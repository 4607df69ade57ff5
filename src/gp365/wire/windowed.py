"""What calls have taken in a sliding window: each counted in full at one moment, or all along.

Plain state with the time handed in.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque

_OLD = 1000


class Along:
    """How many calls ran at each moment, and so how long they ran together between two moments."""

    def __init__(self) -> None:
        self._at = [float("-inf")]
        self._done_s = [0.0]
        self._running = [0]

    def change(self, now: float, running: int, oldest: float) -> None:
        """Note how many run from now on; what was before `oldest` may be forgotten."""
        self._done_s.append(self._until(now))
        self._at.append(now)
        self._running.append(running)
        old = bisect_right(self._at, oldest) - 1
        if old > _OLD:
            del self._at[:old], self._done_s[:old], self._running[:old]

    def between(self, begin: float, end: float) -> float:
        """Return how long calls ran together from one moment to another."""
        return self._until(end) - self._until(begin)

    def running(self, at: float) -> int:
        """Return how many ran at a moment."""
        return self._running[bisect_right(self._at, at) - 1]

    def next_change(self, after: float) -> float | None:
        """Return when their number changed next."""
        number = bisect_right(self._at, after)
        return self._at[number] if number < len(self._at) else None

    def _until(self, at: float) -> float:
        number = bisect_right(self._at, at) - 1
        running = self._running[number]
        return self._done_s[number] + (running * (at - self._at[number]) if running else 0.0)


class Counted:
    """What calls of a window have taken together, each counted in full at one moment."""

    def __init__(self) -> None:
        self._order: deque[tuple[float, int]] = deque()
        self._seconds: dict[int, float] = {}
        self.seconds = 0.0

    @property
    def oldest(self) -> float | None:
        """Return the moment of the oldest call."""
        return self._order[0][0] if self._order else None

    def add(self, call: int, at: float, seconds: float = 0.0) -> None:
        """Count a call at a moment; moments come in order."""
        self._order.append((at, call))
        self._seconds[call] = seconds
        self.seconds += seconds

    def amend(self, call: int, seconds: float) -> None:
        """Say how long a call took, if it is still counted."""
        if call in self._seconds:
            self.seconds += seconds - self._seconds[call]
            self._seconds[call] = seconds

    def forget(self, until: float) -> None:
        """Leave out what was counted until then."""
        while self._order and self._order[0][0] <= until:
            self.seconds -= self._seconds.pop(self._order.popleft()[1])
        if not self._order:
            self.seconds = 0.0
