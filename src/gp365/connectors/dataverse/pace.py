"""How many rows of a write go into one request, by how long rows of its kind took before."""

from __future__ import annotations

from threading import Lock

_LONGEST_S, _AIM_S = 2.5, 1.2
_FEWEST = 10
"""Microsoft advises many small batches side by side, of about ten (Send parallel requests)."""
_NEW = 0.3


class Pace:
    """Seconds per row of each kind of write, so that requests take one to three seconds.

    A few long requests use up the window of execution time in jumps, and the last of them hold up the end of a run.
    Requests that are not long stay as large as they may be: what a request costs by itself is then shared by more rows.
    """

    def __init__(self) -> None:
        self._row_s: dict[str, float] = {}
        self._lock = Lock()

    def took(self, kind: str, rows: int, seconds: float) -> None:
        """Note how long a request with so many rows took."""
        if rows < _FEWEST:
            return  # what the request costs by itself would count as the rows'
        with self._lock:
            known = self._row_s.get(kind)
            row_s = seconds / rows
            self._row_s[kind] = row_s if known is None else known + _NEW * (row_s - known)

    def rows(self, kind: str, most: int) -> int:
        """Return how many rows go into the next request, at most so many."""
        with self._lock:
            row_s = self._row_s.get(kind, 0.0)
        if row_s * most <= _LONGEST_S:
            return most
        return min(most, max(_FEWEST, int(_AIM_S / row_s)))
