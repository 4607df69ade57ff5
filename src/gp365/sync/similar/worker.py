"""A second process that keeps and searches the cards of a large plan: comparing names is work for a core of its own."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from sqlalchemy import Engine

from gp365.store import similar
from gp365.store.similar import Scope
from gp365.sync.similar.judge import Hit
from gp365.sync.similar.keeping import keep_cards
from gp365.sync.similar.search import Search, Source
from gp365.sync.similar.shape import Shape

_AHEAD = 8
# What the second process has: one file, one shape, a search for each side.
_engine: Engine | None = None
_shape: Shape | None = None
_searches: dict[Scope, Search] = {}


class Worker:
    """The door to the second process. What is put is done before what is asked after it."""

    def __init__(self, path: str, shape: Shape) -> None:
        # Spawned, as everywhere on Windows: a forked child would share our connections and locks.
        self._pool = ProcessPoolExecutor(1, get_context("spawn"), _open, (path, shape))
        self._under_way: deque[Future[None]] = deque()

    def put(self, scope: Scope, rows: Sequence[tuple[str, str]]) -> None:
        """Keep cards; waits when too many are on their way."""
        self._under_way.append(self._pool.submit(_put, scope, list(rows)))
        while len(self._under_way) > _AHEAD:
            self._under_way.popleft().result()

    def ask(self, scope: Scope, bodies: Sequence[str]) -> Future[list[list[Hit]]]:
        """Search for cards that are like these."""
        while self._under_way and self._under_way[0].done():
            self._under_way.popleft().result()
        return self._pool.submit(_ask, scope, list(bodies))

    def close(self) -> None:
        """End the process."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _open(path: str, shape: Shape) -> None:
    global _engine, _shape
    _engine, _shape = similar.open_file(Path(path)), shape
    gc.set_threshold(100_000)  # as in `seldom`


def _put(scope: Scope, rows: list[tuple[str, str]]) -> None:
    assert _engine is not None and _shape is not None
    with _engine.begin() as conn:
        keep_cards(conn, scope, rows, _shape)


def _ask(scope: Scope, bodies: list[str]) -> list[list[Hit]]:
    assert _engine is not None and _shape is not None
    search = _searches.setdefault(scope, Search(_shape, scope))
    with _engine.begin() as conn:
        return search.ask([Source(conn, stored=False)], bodies)
