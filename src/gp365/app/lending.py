"""The store as the lender of places: what a gate borrows, so that all processes of the store keep a system's setting."""

from __future__ import annotations

import os
from collections.abc import Callable
from socket import gethostname
from threading import Lock
from uuid import uuid4

from gp365.store import lanes
from gp365.store.engine import Store
from gp365.wire.calls import Priority
from gp365.wire.lender import WISH_S, Asked, Lent, Look, Wish

TTL_S = 8.0
"""How long a place stays with a process that says nothing more; it prolongs every two seconds."""


class StoreLender:
    """Lend the places that the rows of `system` stand for. It has a connection of its own: a page's writes take long."""

    def __init__(self, system: str, open_: Callable[[], Store], *, ttl_s: float = TTL_S) -> None:
        self.ttl_s = ttl_s
        self.holder = f"{gethostname()}:{os.getpid()}:{uuid4().hex[:12]}"
        self._system, self._open = system, open_
        self._lock = Lock()
        self._store: Store | None = None

    def exchange(self, asked: Asked) -> Lent:
        """Give back, prolong and take, and leave a wish where less was taken than wanted."""
        with self._opened().write() as conn:
            done = lanes.exchange(
                conn,
                self._system,
                self.holder,
                places=asked.places,
                give=asked.give,
                keep=asked.keep,
                want=asked.want,
                rank=int(asked.priority),
                ttl_s=self.ttl_s,
                wish_s=WISH_S,
            )
        return Lent(done.taken, done.kept)

    def look(self, places: int, priority: Priority) -> Look:
        """Look without changing anything."""
        with self._opened().read() as conn:
            seen = lanes.look(conn, self._system, self.holder, places=places, rank=int(priority))
        wishes = tuple(Wish(Priority(one.rank), one.wanted, one.held) for one in seen.wishes)
        return Look(seen.free, wishes, seen.turn)

    def close(self) -> None:
        """Let go of the connection; the next call makes a new one."""
        with self._lock:
            store, self._store = self._store, None
        if store is not None:
            store.close()

    def _opened(self) -> Store:
        with self._lock:
            if self._store is None:
                self._store = lanes.hasten(self._open())
            return self._store
