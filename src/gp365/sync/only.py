"""A run of chosen records alone (replay): what is due besides stays in the queue."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection

from gp365.store import work
from gp365.store.work import WorkRow

REASON = "replay"


class Chosen:
    """The chosen records (side, key) of a run, taken a page at a time, and once more for what was woken meanwhile."""

    def __init__(self, records: Sequence[tuple[str, str]]) -> None:
        self.records = list(dict.fromkeys(records))
        self._left = deque(self.records)
        self._again = True

    def enqueue(self, conn: Connection, pair: str, flow: str) -> None:
        """Ask for all of them to be looked at."""
        work.enqueue(conn, pair, flow, [(side, key, REASON) for side, key in self.records])

    def due(
        self,
        conn: Connection,
        pair: str,
        flow: str,
        now: datetime,
        passed: Collection[tuple[str, str]],
        page: int,
    ) -> list[WorkRow]:
        """Read the next of their rows that are due and that this run does not leave to the next."""
        while self._left or self._again:
            if not self._left:
                self._left, self._again = deque(self.records), False
            names = [self._left.popleft() for _ in range(min(page, len(self._left)))]
            found = [
                row
                for row in work.rows_of(conn, pair, flow, [name for name in names if name not in passed])
                if row.due_at is None or row.due_at <= now
            ]
            if found:
                return found
        return []
