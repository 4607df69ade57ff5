"""Group commit: one thread writes what waits in one transaction, and only then those who wait are answered."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gp365.store.hints import Hint

Keep = Callable[[Sequence[Hint]], None]
MOST_WAITING = 5000
MOST_AT_ONCE = 1000
PATIENCE_S = 20.0  # Dataverse waits 60 s for an answer (use-webhooks page)


class Busy(Exception):
    """The store does not take hints now; whoever sent them shall try again."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    hints: Sequence[Hint]
    loop: asyncio.AbstractEventLoop
    kept: asyncio.Future[None]


class Keeping:
    """The thread that keeps hints; it begins with the first one. `keep` blocks until they are durable, or raises."""

    def __init__(self, keep: Keep, *, patience_s: float = PATIENCE_S) -> None:
        self._keep = keep
        self._patience_s = patience_s
        self._waiting: list[_Waiting] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopping = False
        self.commits = 0

    async def put(self, hints: Sequence[Hint]) -> None:
        """Wait until the hints are durable. Raise Busy if the store fails, too many wait, it takes too long, or we stop."""
        loop = asyncio.get_running_loop()
        kept: asyncio.Future[None] = loop.create_future()
        self._enter(_Waiting(hints, loop, kept))
        try:
            await asyncio.wait_for(kept, self._patience_s)
        except TimeoutError:
            raise Busy("The store takes too long.") from None

    def stop(self, timeout_s: float = 10.0) -> bool:
        """Take nothing more, keep what waits, and tell whether that was done in time."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(timeout_s)
        return thread is None or not thread.is_alive()

    def _enter(self, one: _Waiting) -> None:
        with self._changed:
            if self._stopping:
                raise Busy("The service is stopping.")
            if len(self._waiting) >= MOST_WAITING:
                raise Busy("Too many wait for the store.")
            self._waiting.append(one)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="gp365-door", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _work(self) -> None:
        while batch := self._next():
            failed = self._write([hint for one in batch for hint in one.hints])
            _answer(batch, failed)

    def _next(self) -> list[_Waiting]:
        with self._changed:
            while not self._waiting and not self._stopping:
                self._changed.wait()
            batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            return batch

    def _write(self, hints: Sequence[Hint]) -> str:
        """Keep hints; return why they could not be kept, "" if they were."""
        try:
            self._keep(hints)
        except Exception as error:  # noqa: BLE001  whatever it is, the senders must hear that nothing was kept
            return f"The store did not take it: {type(error).__name__}."
        self.commits += 1
        return ""


def _answer(batch: Sequence[_Waiting], failed: str) -> None:
    """Tell all who wait, with one call into each loop."""
    for loop in {one.loop for one in batch}:
        mine = [one.kept for one in batch if one.loop is loop]
        try:
            loop.call_soon_threadsafe(_settle, mine, failed)
        except RuntimeError:
            continue  # that loop is closed: nobody waits there any more


def _settle(waiting: Sequence[asyncio.Future[None]], failed: str) -> None:
    for kept in waiting:
        if kept.done():
            continue
        if failed:
            kept.set_exception(Busy(failed))
        else:
            kept.set_result(None)
