"""The project's log, .gp365/logs: a JSON object per line, every text redacted before it is written.

Every line has `at`, `level` and `what`; where they are known `run`, `pair`, `flow` and `key`, so that one run or one
record can be picked out of it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Literal, cast

from gp365.wire.calls import LogLine
from gp365.wire.redact import redact

NAME = "gp365.log"
LIMIT_BYTES = 20_000_000
KEPT = 5
Level = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class About:
    """What lines are about; what is empty does not stand in them."""

    run: str = ""
    pair: str = ""
    flow: str = ""
    key: str = ""

    def shown(self) -> dict[str, str]:
        """Return what is known, by name."""
        return {name: text for name in About.__slots__ if (text := getattr(self, name))}


NOTHING = About()


class LogFile:
    """One log file that is begun anew when it has grown to its limit; the last few are kept. Any thread may write."""

    def __init__(self, folder: Path, *, limit_bytes: int = LIMIT_BYTES, kept: int = KEPT) -> None:
        self.path = folder / NAME
        self._limit_bytes, self._kept = limit_bytes, kept
        self._turn_at = limit_bytes
        self._lock = threading.Lock()
        self._file: IO[str] | None = None

    def call(self, line: LogLine) -> None:
        """Write down one request to a system."""
        shown = {name: getattr(line, name) for name in LogLine.__slots__ if name != "at"}
        self._write(line.at, "call", "warning" if line.failure else "info", shown)

    def note(self, what: str, level: Level | None = None, about: About = NOTHING, **facts: Any) -> None:
        """Write down anything else: a command, a run, an error with its traceback (level error where none is given)."""
        chosen = level or ("error" if what == "error" else "info")
        self._write(datetime.now(UTC), what, chosen, about.shown() | facts)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _write(self, at: datetime, what: str, level: str, facts: Mapping[str, Any]) -> None:
        text = line_of({"at": at.isoformat(), "level": level, "what": what, **facts})
        with self._lock:
            file = self._open()
            file.write(text + "\n")
            file.flush()

    def _open(self) -> IO[str]:
        if self._file is not None and self._file.tell() > self._turn_at:
            self._file.close()
            self._file = None
            # Windows lets nobody rename a file that another process has open: then this one grows a little further.
            with suppress(OSError):
                self._turn()
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("a", encoding="utf-8", errors="backslashreplace", newline="\n")
            held = self._file.tell()
            self._turn_at = self._limit_bytes if held <= self._limit_bytes else held + self._limit_bytes // 10
        return self._file

    def _turn(self) -> None:
        for number in range(self._kept - 1, 0, -1):
            older = self.path.with_name(f"{NAME}.{number}")
            if older.exists():
                older.replace(self.path.with_name(f"{NAME}.{number + 1}"))
        self.path.replace(self.path.with_name(f"{NAME}.1"))


def line_of(facts: Mapping[str, Any]) -> str:
    """Write facts as one line of JSON without secrets.

    Texts are masked one by one, and then the whole line, where a name beside a value may show that it is one; a mask that
    would break the JSON makes the line a text.
    """
    text = json.dumps(_masked(facts), default=lambda value: redact(str(value)), ensure_ascii=False)
    masked = redact(text)
    if masked == text:
        return text
    try:
        json.loads(masked)
    except ValueError:
        first = {name: facts[name] for name in ("at", "level", "what") if name in facts}
        return json.dumps(first | {"text": masked}, ensure_ascii=False)
    return masked


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        named = cast("Mapping[Any, Any]", value)
        return {redact(str(name)): _masked(held) for name, held in named.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(one) for one in cast("list[Any]", value)]
    return value
