"""The project's log, .gp365/logs: a JSON object per line, every text redacted before it is written."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from gp365.wire.calls import LogLine
from gp365.wire.redact import redact

NAME = "gp365.log"
LIMIT_BYTES = 20_000_000
KEPT = 5


class LogFile:
    """One log file that is begun anew when it has grown to its limit; the last few are kept. Any thread may write."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._lock = threading.Lock()
        self._file: IO[str] | None = None

    def call(self, line: LogLine) -> None:
        """Write down one request to a system."""
        shown = {name: getattr(line, name) for name in LogLine.__slots__ if name != "at"}
        self._write(line.at, "call", shown)

    def note(self, what: str, **facts: Any) -> None:
        """Write down anything else: a command, a run, an error with its traceback."""
        self._write(datetime.now(UTC), what, facts)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _write(self, at: datetime, what: str, facts: Mapping[str, Any]) -> None:
        text = json.dumps({"at": at.isoformat(), "what": what, **facts}, default=str, ensure_ascii=False)
        with self._lock:
            file = self._open()
            file.write(redact(text) + "\n")
            file.flush()

    def _open(self) -> IO[str]:
        if self._file is not None and self._file.tell() > LIMIT_BYTES:
            self._file.close()
            self._file = None
            self._turn()
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("a", encoding="utf-8", newline="\n")
        return self._file

    def _turn(self) -> None:
        for number in range(KEPT - 1, 0, -1):
            older = self.path.with_name(f"{NAME}.{number}")
            if older.exists():
                older.replace(self.path.with_name(f"{NAME}.{number + 1}"))
        self.path.replace(self.path.with_name(f"{NAME}.1"))
