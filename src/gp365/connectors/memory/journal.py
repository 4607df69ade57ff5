"""The file of a memory system: a JSON line per commit, shared by processes, whole after a kill at any moment.

A line is handed to the operating system at once, so a killed process loses nothing that it had committed, and
flushed to the disk at the end of the turn. Half a last line is a writer's death; the next to come cuts it off.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from filelock import FileLock

from gp365.model.values import pack


class Journal:
    """One file of commits; every process keeps its own place in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(f"{path}.lock", thread_local=False)
        self._file = path.open("ab+", buffering=0)
        self._place = 0
        self._dirty = False

    @contextmanager
    def turn(self) -> Generator[None]:
        """Keep other processes out; flush to the disk at the end what was added."""
        with self._lock:
            try:
                yield
            finally:
                if self._dirty:
                    os.fsync(self._file.fileno())
                    self._dirty = False

    def news(self) -> list[dict[str, Any]]:
        """Return the lines that others have added since the last look; to be called in a turn."""
        size = os.fstat(self._file.fileno()).st_size
        if size == self._place:
            return []
        self._file.seek(self._place)
        added = self._file.read(size - self._place) or b""
        whole = added.rfind(b"\n") + 1
        if whole < len(added):
            self._file.truncate(self._place + whole)
        self._place += whole
        return [orjson.loads(line) for line in added[:whole].splitlines()]

    def add(self, line: dict[str, Any]) -> None:
        """Commit one line; to be called in a turn, after `news`."""
        packed = pack(line) + b"\n"
        written = 0
        while written < len(packed):
            written += self._file.write(packed[written:]) or 0
        self._place += len(packed)
        self._dirty = True

    def close(self) -> None:
        """Close the file."""
        self._file.close()
