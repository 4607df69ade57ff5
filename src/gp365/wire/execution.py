"""Our own account of the execution time that calls have used in a sliding window, and when another one may start.

Plain state with the time handed in. Source of the limit: Service protection API limits (1,200 s in 300 s per web server).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import ceil

from gp365.wire.calls import Priority

_BULK_SHARE = 0.995
"""Bulk leaves the rest to people: their calls are short, and the window frees itself all the time."""
_FULL = 0.9
_STEP = 0.25
_LONGEST_PATIENCE = 16
_AHEAD, _SMOOTH = 0.15, 0.1
_NEW = 0.2
_FIRST_CALL_S = 1.0
_REFUSED = ("0x80072321", "-2147015903")


def names_execution_time(said: str) -> bool:
    """Say whether the text of a 429 names the limit of execution time (Service protection API limits)."""
    return any(code in said for code in _REFUSED)


@dataclass(slots=True)
class _Elsewhere:
    """Time of the window that others use, as measured at a moment; it is taken to leave the window evenly."""

    at: float = 0.0
    seconds: float = 0.0

    def still(self, now: float, window_s: float) -> float:
        """Return how much of it is still in the window."""
        return self.seconds * max(0.0, 1.0 - (now - self.at) / window_s)

    def freed_after_s(self, over: float, now: float, window_s: float) -> float:
        """Return the seconds until so much of it has left, or all of it."""
        return max(0.0, min(self.at + window_s - now, over * window_s / self.seconds))


class ExecutionTime:
    """How much time calls may take together in any `window_s`; a call's time is counted in full until its end + window.

    A call takes at least as long as the server works for it, and the server may count it at its start or at its end: what
    is counted here is never less than what the server counts. A running call counts for the usual length of a call, or
    for as long as it runs. Microsoft tells what is left for debugging alone
    (`x-ms-ratelimit-time-remaining-xrm-requests`): where that is less than we think, somebody else uses the rest. It
    makes us slower, never faster.

    Some organisations grant more. That is found out patiently: after a whole window at the limit without a 429 it is
    taken to be a quarter higher. A 429 takes that back and doubles the patience.
    """

    def __init__(self, granted_s: float = 1200.0, window_s: float = 300.0) -> None:
        self.granted_s = granted_s
        self._base_s = granted_s
        self._window_s = window_s
        self._ended: deque[tuple[float, float]] = deque()
        self._soon: deque[tuple[float, float]] = deque()
        """Those that leave the window next; older than the others."""
        self._ended_s = 0.0
        self._soon_s = 0.0
        self._running: dict[int, tuple[float, float, bool]] = {}
        self._usual_s = {False: _FIRST_CALL_S, True: _FIRST_CALL_S}
        self._measured = {False: False, True: False}
        self._elsewhere = _Elsewhere()
        self._most_left_s = granted_s
        self._left: tuple[float, float] | None = None
        self._full_since: float | None = None
        self._patience = 1
        self._hoped = False

    def spent_s(self, now: float) -> float:
        """Return what the window holds: calls that ended, that run, and what others use."""
        running = sum(max(now - began, usual) for began, usual, _ in self._running.values())
        return self._past_s(now) + running

    def delay_s(self, now: float, priority: Priority, *, reads: bool = False) -> float | None:
        """Return the seconds until a call may start, 0.0 for at once, None where only the end of a call tells."""
        over = self._over_s(now, priority, reads)
        if over > 0 and self._grows(now):
            over = self._over_s(now, priority, reads)
        return 0.0 if over <= 0 else self._freed_s(now, over)

    def places(self, now: float, most: int) -> int:
        """Return how many calls may run at once, so that what is left and what becomes free lasts for a while.

        A full window is used faster than it frees itself, but what is left of it ever more slowly: all that ran in a
        crowd would leave in a crowd, and nobody could start anything for long before. Where all is used up, this is as
        many as the window frees itself for.
        """
        ahead_s = self._window_s * _AHEAD
        room = self.granted_s - self._past_s(now) + self._soon_s
        return max(1, min(most, ceil(room / ahead_s - _SMOOTH)))

    def moves_in_s(self, now: float) -> float | None:
        """Return the seconds until a call leaves the window, None where none is in it."""
        self._slide(now)
        oldest = self._soon or self._ended
        return oldest[0][0] + self._window_s - now if oldest else None

    def begin(self, now: float, call: int, *, reads: bool = False) -> None:
        """Note that a call starts."""
        self._running[call] = (now, self._usual_s[reads], reads)
        if self.spent_s(now) < _FULL * self.granted_s:
            self._full_since = None

    def end(self, now: float, call: int, *, refused: bool = False) -> None:
        """Note that a call is over; the length of a refused one says nothing about others."""
        began, _, reads = self._running.pop(call)
        took_s = max(0.0, now - began)
        self._ended.append((now, took_s))
        self._ended_s += took_s
        if not refused:
            new = _NEW if self._measured[reads] else 1.0
            self._usual_s[reads] += new * (took_s - self._usual_s[reads])
            self._measured[reads] = True

    def left(self, now: float, seconds: float) -> None:
        """Take how much of its window the server says is left: what neither is left nor ours is somebody else's."""
        self._most_left_s = max(self._most_left_s, seconds)
        self._left = (now, seconds)
        self._slide(now)
        running = sum(now - began for began, _, _ in self._running.values())
        others = self._most_left_s - seconds - self._ended_s - running
        self._elsewhere = _Elsewhere(now, max(0.0, others))

    def explains(self, now: float) -> bool:
        """Say whether the window is so full that a 429 is no surprise."""
        return self.spent_s(now) >= _FULL * self.granted_s

    def refused(self, now: float) -> None:
        """Take a 429 for execution time: what we hoped for is not granted, or others use what we have not."""
        self._full_since = None
        if self._hoped:
            self._hoped = False
            self._patience = min(_LONGEST_PATIENCE, 2 * self._patience)
        self.granted_s = min(self.granted_s, self._base_s)
        missing = max(0.0, self.granted_s - self.spent_s(now))
        if missing > (1.0 - _FULL) * self.granted_s:
            self.granted_s = max(self._base_s * _STEP, self.granted_s - missing / 2)
            missing = max(0.0, self.granted_s - self.spent_s(now))
        self._elsewhere = _Elsewhere(now, self._elsewhere.still(now, self._window_s) + missing)

    def _past_s(self, now: float) -> float:
        self._slide(now)
        return self._ended_s + self._elsewhere.still(now, self._window_s)

    def _over_s(self, now: float, priority: Priority, reads: bool) -> float:
        """Return how much too much there would be with one more call."""
        share = _BULK_SHARE if priority is Priority.BULK else 1.0
        spent = self.spent_s(now)
        return 0.0 if spent <= 0 else spent + self._usual_s[reads] - share * self.granted_s

    def _freed_s(self, now: float, over: float) -> float | None:
        waits = [wait] if (wait := self.moves_in_s(now)) is not None else []
        if self._elsewhere.still(now, self._window_s) > 0:
            waits.append(self._elsewhere.freed_after_s(over, now, self._window_s))
        return max(0.001, min(waits)) if waits else None

    def _grows(self, now: float) -> bool:
        """Raise what is taken to be granted after a whole window at the limit, unless the server says that less is left."""
        if self._full_since is None:
            self._full_since = now
        if now - self._full_since < self._patience * self._window_s:
            return False
        self._full_since = now
        step = _STEP * self._base_s
        if self._left is not None and now - self._left[0] < self._window_s and self._left[1] < step:
            return False
        self.granted_s += step
        self._hoped = True
        return True

    def _slide(self, now: float) -> None:
        while self._ended and self._ended[0][0] <= now - self._window_s * (1.0 - _AHEAD):
            self._soon.append(self._ended.popleft())
            self._soon_s += self._soon[-1][1]
        while self._soon and self._soon[0][0] <= now - self._window_s:
            left = self._soon.popleft()[1]
            self._soon_s -= left
            self._ended_s -= left
        if not self._soon:
            self._soon_s = 0.0
            if not self._ended:
                self._ended_s = 0.0
