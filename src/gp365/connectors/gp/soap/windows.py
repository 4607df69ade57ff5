"""Lists without pages, asked for in windows: ranges of ids that grow while answers are short and are parted when not.

A boundary need not be an id: any text divides the ids in two, by whatever order the server sorts them. Ranges are closed
at both ends, so that a record on a boundary comes twice. What was learned is kept as long as the process lives.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from gp365.connectors.gp.soap.faults import Faulted
from gp365.wire.calls import CallFailed

SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DEEPEST = 6
_FIRST_STEP = 2
_TOO_BIG = frozenset({"answer-cut", "timeout", "timed-out", "busy", "answer-unreadable"})
"""Failures that a shorter answer may not have."""

Bound = str | None
Ask = Callable[[Bound, Bound], int]
"""Ask for the records from a bound to a bound, None for an open end, and tell how many came."""


class Windows:
    """Walk over a list window by window; `target` rows are wanted in each."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._lock = Lock()
        self._learned: dict[str, list[tuple[Bound, int]]] = {}

    def walk(self, name: str, ask: Ask) -> int:
        """Ask for the whole list, in the order of its windows, and return how many rows came.

        A failure that a shorter answer may not have parts the window, until it cannot be parted any more.
        """
        with self._lock:
            learned = self._learned.get(name)
        ends: list[Bound] = [end for end, _ in learned] if learned else [*SIGNS, None]
        step = 1 if learned else _FIRST_STEP
        done: list[tuple[Bound, int]] = []
        low: Bound = None
        while ends:
            taken = min(step, len(ends))
            high = ends[taken - 1]
            try:
                count = ask(low, high)
            except (CallFailed, Faulted) as failure:
                if not _too_big(failure):
                    raise
                parts = [] if taken > 1 else inner(low, high)
                if taken == 1 and not parts:
                    raise
                ends[:0] = parts
                step = max(1, taken // 2)
                continue
            del ends[:taken]
            done.append((high, count))
            low = high
            step = self._step(step, count)
        with self._lock:
            self._learned[name] = self._merged(done)
        return sum(count for _, count in done)

    def _step(self, step: int, count: int) -> int:
        if count * 2 < self._target:
            return step * 2
        return max(1, step // 2) if count > self._target else step

    def _merged(self, windows: list[tuple[Bound, int]]) -> list[tuple[Bound, int]]:
        """Join neighbours that are short together, and part what was long, for the next time."""
        merged: list[tuple[Bound, int]] = []
        low: Bound = None
        for high, count in windows:
            if count > 2 * self._target:
                parts = inner(low, high)
                merged += [(part, count // (len(parts) + 1)) for part in parts]
                count //= len(parts) + 1
                merged.append((high, count))
            elif merged and merged[-1][1] + count <= self._target:
                merged[-1] = (high, merged[-1][1] + count)
            else:
                merged.append((high, count))
            low = high
        return merged


def inner(low: Bound, high: Bound) -> list[str]:
    """Return boundaries between two, none where the window cannot be parted: neighbours first, then longer ones."""
    start = low or ""
    found = {
        start[:length] + sign
        for length in range(len(start))
        for sign in SIGNS
        if sign > start[length] and _below(start[:length] + sign, high)
    }
    if not found and len(start) < _DEEPEST:
        found = {start + sign for sign in SIGNS if _below(start + sign, high)}
    return sorted(found)


def _below(bound: str, high: Bound) -> bool:
    return high is None or bound < high


def _too_big(failure: CallFailed | Faulted) -> bool:
    return failure.failed if isinstance(failure, Faulted) else failure.code in _TOO_BIG
