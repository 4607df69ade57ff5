"""Connections to one company, one for each place of a gate at most; one that was lost is replaced."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Lock

from gp365.connectors.gp.sql.port import Row, SqlConnection, SqlFailed
from gp365.connectors.gp.sql.text import Statement
from gp365.wire.calls import Priority
from gp365.wire.gate import Gate, Place

ATTEMPTS = 3
"""A question that a deadlock, a lock or a lost connection kept unanswered is asked so often; it changes nothing."""


class Pool:
    """Lend connections; made when they are wanted, each together with a place of the gate.

    `asked` is called with every statement.
    """

    def __init__(
        self,
        open_: Callable[[], SqlConnection],
        gate: Gate,
        priority: Priority = Priority.BULK,
        asked: Callable[[], None] = lambda: None,
    ) -> None:
        self._open = open_
        self._gate, self._priority, self._note = gate, priority, asked
        self._guard = Lock()
        self._idle: list[SqlConnection] = []
        self._closed = False
        self.asked = 0
        self.called = 0

    @contextmanager
    def lane(self, *, new: bool = False) -> Generator[Lane]:
        """Lend a connection while the block runs; with `new` one that was not used before. CallFailed as Gate.place."""
        with self._gate.place(self._priority) as place:
            place.begin()
            connection = self._take(new=new)
            try:
                yield Lane(self, connection, place)
            except SqlFailed as failed:
                if failed.lost:
                    connection.close()
                else:
                    self._give(connection)
                raise
            except BaseException:
                self._give(connection)
                raise
            self._give(connection)

    def rows(self, statement: Statement, *, new: bool = False) -> list[Row]:
        """Ask a question on any connection, again where a moment later may be better; SqlFailed."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self.lane(new=new or attempt > 1) as lane:
                    return lane.rows(statement)
            except SqlFailed as failed:
                if not failed.passing or attempt == ATTEMPTS:
                    raise
        return []

    def count(self, *, call: bool) -> None:
        """Count a statement; `call` one that may write."""
        with self._guard:
            self.asked += 1
            self.called += call
        self._note()

    def close(self) -> None:
        """Close every idle connection; lent ones when they come back."""
        with self._guard:
            self._closed, idle, self._idle = True, self._idle, []
        for connection in idle:
            connection.close()
        self._gate.close()

    def _take(self, *, new: bool) -> SqlConnection:
        with self._guard:
            self._closed = False
            found = self._idle.pop() if self._idle else None
        if found is not None and new:
            found.close()
            found = None
        return found if found is not None else self._open()

    def _give(self, connection: SqlConnection) -> None:
        with self._guard:
            keep = not self._closed and not connection.broken
            if keep:
                self._idle.append(connection)
        if not keep:
            connection.close()


class Lane:
    """A lent connection."""

    def __init__(self, pool: Pool, connection: SqlConnection, place: Place) -> None:
        self._pool = pool
        self._connection = connection
        self._place = place

    def rows(self, statement: Statement, *, call: bool = False) -> list[Row]:
        """Run a statement and return its rows; `call` marks a procedure's batch, whose last result set is ours."""
        self._place.begin()
        self._pool.count(call=call)
        try:
            pages = self._connection.query(statement.text, statement.values, last=call)
            return [row for page in pages for row in page]
        finally:
            self._place.end()

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Hold a transaction while the block runs."""
        with self._connection.transaction():
            yield
