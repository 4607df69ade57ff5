"""Runs a command of gp365 and, in the end, prints the peak memory of this process (KiB) on stderr.

Not resource.getrusage: its peak outlives exec, so that a child of a large process seems large (Linux, exec.c). VmHWM
belongs to the program alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

import psutil

from gp365.cli import main


def peak_kib() -> int:
    """Return the largest resident size that this process has had."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1])
    return int(getattr(psutil.Process().memory_info(), "peak_wset", 0)) // 1024


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stderr.write(f"\n{peak_kib()}\n")
    sys.exit(code)
