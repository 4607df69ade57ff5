"""Runs a command of gp365 and, in the end, prints on stderr what it cost: peak memory in KiB, commits of its store.

Not resource.getrusage: its peak outlives exec, so that a child of a large process seems large (Linux, exec.c). VmHWM
belongs to the program alone.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import psutil

from gp365.cli import main
from gp365.store.engine import Store

OPENED: list[Store] = []
_init = Store.__init__


def _noted(store: Store, *given: Any, **named: Any) -> None:
    _init(store, *given, **named)
    OPENED.append(store)


def peak_kib() -> int:
    """Return the largest resident size that this process has had."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1])
    return int(getattr(psutil.Process().memory_info(), "peak_wset", 0)) // 1024


if __name__ == "__main__":
    Store.__init__ = _noted  # type: ignore[method-assign]
    code = main(sys.argv[1:])
    cost = {"peak_kib": peak_kib(), "commits": sum(store.commits for store in OPENED)}
    sys.stderr.write(f"\n{json.dumps(cost)}\n")
    sys.exit(code)
