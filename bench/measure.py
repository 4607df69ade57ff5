"""What every benchmark measures with: one core, wall and processor time, memory of this process, and the judgement."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Took:
    """How long something took: on the wall, and of processor time in this process."""

    wall_s: float
    cpu_s: float


def timed(work: Callable[[], T]) -> tuple[T, Took]:
    """Do something and tell how long it took; garbage of before is collected first."""
    gc.collect()
    began, cpu = perf_counter(), process_time()
    done = work()
    return done, Took(perf_counter() - began, process_time() - cpu)


@contextmanager
def one_core() -> Generator[None]:
    """Keep this process on one core until the block ends, where the system lets us choose."""
    if sys.platform != "linux":
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def rates(records: int, engine: Took, bare: Took, limit: float) -> dict[str, Any]:
    """Set the engine beside its bare loop: records a second, and whether the share reaches the limit."""
    ratio = bare.wall_s / engine.wall_s
    return {
        "engine_per_s": round(records / engine.wall_s),
        "bare_per_s": round(records / bare.wall_s),
        "ratio": round(ratio, 3),
        "ratio_of_cpu": round(bare.cpu_s / engine.cpu_s, 3) if engine.cpu_s else 0.0,
        "limit": limit,
        "holds": ratio >= limit,
        "engine_s": round(engine.wall_s, 2),
        "engine_cpu_s": round(engine.cpu_s, 2),
    }


def within(seconds: float, limit_s: float) -> dict[str, Any]:
    """Say whether something was done in time."""
    return {"seconds": round(seconds, 1), "limit_s": limit_s, "holds": seconds <= limit_s}


def rss_mb() -> float:
    """Give the memory that this process holds now; 0 where the system does not tell."""
    return _status_mb("VmRSS")


def peak_mb() -> float:
    """Give the largest memory that this process has held so far; 0 where the system does not tell."""
    found = _status_mb("VmHWM")
    if found or sys.platform == "win32":
        return found
    import resource  # getrusage would tell of the process that started this one, too, where /proc does not

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024)


def _status_mb(name: str) -> float:
    status = Path("/proc/self/status")
    if not status.is_file():
        return 0.0
    line = next(line for line in status.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024
