"""Being asked to end: Ctrl-C, SIGTERM, and Ctrl-Break on Windows; and what is said meanwhile."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable


def say(text: str) -> None:
    """Tell the person at the console, beside the command's answer."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


class stopped_by:  # noqa: N801  a word of the with statement
    """Call something when the process is asked to end."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act
        self._before: dict[int, object] = {}

    def __enter__(self) -> None:
        for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
            number = getattr(signal, name, None)
            if number is not None:
                self._before[number] = signal.signal(number, self._called)

    def _called(self, number: int, frame: object) -> None:
        del number, frame
        self._act()

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]
