"""Count the requests that really went out, for the figures of a run."""

from __future__ import annotations

from collections import Counter
from threading import Lock


class Tally:
    """Count requests by method, and apart from them the legs of authentication handshakes."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._methods: Counter[str] = Counter()
        self._legs = 0

    def count(self, method: str) -> None:
        """Count one request; a repeated attempt counts again."""
        with self._lock:
            self._methods[method] += 1

    def count_leg(self) -> None:
        """Count one request that only carried a step of a handshake."""
        with self._lock:
            self._legs += 1

    @property
    def by_method(self) -> dict[str, int]:
        """Return the requests by method."""
        with self._lock:
            return dict(self._methods)

    @property
    def total(self) -> int:
        """Return all requests without handshake legs."""
        with self._lock:
            return sum(self._methods.values())

    @property
    def handshake_legs(self) -> int:
        """Return the requests that only carried a step of a handshake."""
        with self._lock:
            return self._legs
