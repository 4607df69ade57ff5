"""Lanes that work on what waits, beside the requests that are served."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

from .hooks_wire import Lines

_IDLE_S = 20.0
T = TypeVar("T")


class Lanes(Generic[T]):
    """So many lanes work on what waits; they open when something comes and close when nothing has come for a while.

    What is put together is worked one after the other. Everything runs in tasks of the event loop that `put` is called
    in: whoever cancels them (as the end of a server does) closes the connections too.
    """

    def __init__(
        self,
        most: int,
        ca_files: Iterable[Path],
        work: Callable[[Lines, T], Awaitable[None]],
    ) -> None:
        self.waiting: deque[list[T]] = deque()
        self._most, self._ca_files, self._work = most, tuple(ca_files), work
        self._running: asyncio.Task[None] | None = None
        self._more = asyncio.Event()
        self._open = 0

    @cached_property
    def trusted(self) -> ssl.SSLContext:
        """The authorities that endpoints may have their certificates from."""
        context = ssl.create_default_context()
        for file in self._ca_files:
            context.load_verify_locations(file)
        return context

    def put(self, chain: list[T]) -> None:
        """Queue work that one lane does one after the other."""
        self.waiting.append(chain)
        if self._running is None or self._running.done():
            self._more, self._open = asyncio.Event(), 0
            self._running = asyncio.get_running_loop().create_task(self._run(), name="webhooks")
        self._more.set()

    async def _run(self) -> None:
        lines = Lines(self.trusted)
        try:
            async with asyncio.TaskGroup() as group:
                while await self._called():
                    for _ in range(min(self._most - self._open, len(self.waiting))):
                        self._open += 1
                        group.create_task(self._lane(lines))
                self._running = None
        finally:
            lines.close()

    async def _called(self) -> bool:
        """Wait until there is more to do; False when nothing came for a while and nothing is under way."""
        while True:
            try:
                async with asyncio.timeout(_IDLE_S):
                    await self._more.wait()
            except TimeoutError:
                if not self.waiting and not self._open:
                    return False
                continue
            self._more.clear()
            return True

    async def _lane(self, lines: Lines) -> None:
        try:
            while self.waiting:
                for each in self.waiting.popleft():
                    await self._work(lines, each)
        finally:
            self._open -= 1
