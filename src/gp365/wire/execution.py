"""Our own account of the execution time that calls have used in a sliding window, and when another one may start.

Plain state with the time handed in. Source of the limit: Service protection API limits (1,200 s in 300 s per web server).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from gp365.wire.calls import Priority
from gp365.wire.windowed import Along, Counted

_BULK_SHARE, _HAIR = 0.995, 0.001
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
    """How much time calls may take together in any `window_s`.

    A call takes at least as long as the server works for it, and it is not documented whether that counts for the moment
    of its start, for that of its end, or all along: each is counted here. By starts, a new call and those that run have
    room for their usual length (or for as long as they run already); by ends and all along, nothing is used up when a call
    starts. So the server does not refuse it, however it counts, and what leaves the window is used again at once.

    Microsoft tells what is left for debugging alone (`x-ms-ratelimit-time-remaining-xrm-requests`): where that is less
    than we think, somebody else uses the rest. It makes us slower, never faster.

    Some organisations grant more. That is found out patiently: after a whole window at the limit without a 429 it is
    taken to be a quarter higher. A 429 takes that back and doubles the patience.
    """

    def __init__(self, granted_s: float = 1200.0, window_s: float = 300.0) -> None:
        self.granted_s = granted_s
        self._base_s = granted_s
        self._window_s = window_s
        self._started, self._ended, self._along = Counted(), Counted(), Along()
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
        return self._ours_s(now) + self._elsewhere.still(now, self._window_s)

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
        ahead_s, edge = self._window_s * _AHEAD, now - self._window_s
        used_s = self._along.between(edge + ahead_s, now) + self._elsewhere.still(now, self._window_s)
        return max(1, min(most, ceil((self.granted_s - used_s) / ahead_s - _SMOOTH)))

    def moves_in_s(self, now: float) -> float | None:
        """Return the seconds until a call leaves the window, None where none is in it."""
        edge = now - self._window_s
        at = (self._started.oldest, self._ended.oldest, self._along.next_change(edge))
        return min((one - edge for one in at if one is not None), default=None)

    def begin(self, now: float, call: int, *, reads: bool = False) -> None:
        """Note that a call starts."""
        self._running[call] = (now, self._usual_s[reads], reads)
        self._started.add(call, now)
        self._along.change(now, len(self._running), now - self._window_s)
        if self.spent_s(now) < _FULL * self.granted_s:
            self._full_since = None

    def end(self, now: float, call: int, *, refused: bool = False) -> None:
        """Note that a call is over; the length of a refused one says nothing about others."""
        began, _, reads = self._running.pop(call)
        took_s = max(0.0, now - began)
        self._started.amend(call, took_s)
        self._ended.add(call, now, took_s)
        self._along.change(now, len(self._running), now - self._window_s)
        if not refused:
            new = _NEW if self._measured[reads] else 1.0
            self._usual_s[reads] += new * (took_s - self._usual_s[reads])
            self._measured[reads] = True

    def left(self, now: float, seconds: float) -> None:
        """Take how much of its window the server says is left: what neither is left nor ours is somebody else's."""
        self._most_left_s = max(self._most_left_s, seconds)
        self._left = (now, seconds)
        others = self._most_left_s - seconds - self._ours_s(now)
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

    def _ours_s(self, now: float) -> float:
        return max(self._counts_s(now))

    def _counts_s(self, now: float) -> tuple[float, float, float]:
        """Return what our calls hold of the window: counted at their starts, at their ends, and all along."""
        self._started.forget(now - self._window_s)
        self._ended.forget(now - self._window_s)
        running = sum(max(now - began, usual) for began, usual, _ in self._running.values())
        along = self._along.between(now - self._window_s, now)
        return self._started.seconds + running, self._ended.seconds, along

    def _over_s(self, now: float, priority: Priority, reads: bool) -> float:
        """Return how much too much there would be with one more call."""
        cap = self.granted_s * (_BULK_SHARE if priority is Priority.BULK else 1.0)
        by_start, by_end, along = self._counts_s(now)
        others = self._elsewhere.still(now, self._window_s)
        if max(by_start, by_end, along) + others <= 0:
            return 0.0
        hair_s = _HAIR * self.granted_s  # a server refuses at the limit, not only beyond it
        return max(by_start + self._usual_s[reads], by_end + hair_s, along + hair_s) + others - cap

    def _freed_s(self, now: float, over: float) -> float | None:
        leaving = self._along.running(now - self._window_s)
        waits = [max(self._window_s / 3000, over / leaving)] if leaving else []
        if (moves := self.moves_in_s(now)) is not None:
            waits.append(moves)
        if self._elsewhere.still(now, self._window_s) > 0:
            waits.append(self._elsewhere.freed_after_s(over, now, self._window_s))
        return max(self._window_s / 30_000, min(waits)) if waits else None

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
