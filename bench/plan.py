"""Plans of many pairs, to a file as `gp365 plan --out` writes it: linked pairs with one edit each, and records to create.

The links are laid into the store as a first sync leaves them (see `million.py`).
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import process_time
from typing import Any

from bench.measure import peak_mb, timed, within
from bench.million import open_prepared, prepare
from bench.wide import Wide, make_wide, pages_of
from gp365.sync.cycle import sync
from gp365.sync.guards import beginning
from gp365.sync.guards.limits import Mark
from gp365.sync.guards.watch import Watch
from gp365.sync.job import Job
from gp365.sync.observe import Observation
from gp365.sync.planfile import write_plan
from gp365.sync.preview import preview

LIMIT_S = 60.0
COUNTED_SHARE = 0.15
"""So many of the links are edited where the counting pass of the guards is measured: more than may be cleared (5 %) and
less than may be updated (20 %), so that everything is counted and then written."""


def plan(size: int) -> dict[str, Any]:
    """Plan `size` customers that are to be created, and as many linked ones that were edited; return both figures."""
    return {
        "pairs": size,
        "limit_s": LIMIT_S,
        "to_create": _created(size),
        "edited": _edited(size),
        "counting_pass_of_the_guards": _counting(size),
        "peak_mb_with_both_systems": round(peak_mb()),
    }


def _created(size: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="gp365-bench-") as folder:
        gp = list(pages_of(range(size)))
        world = make_wide(Path(folder), lambda: gp)
        found = _planned(world)
        world.close()
    return found


def _edited(size: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="gp365-bench-") as folder:
        prepare(Path(folder), size)
        world = open_prepared(Path(folder))
        sync(world.job, full=True)
        world.sales.hold()
        edited = list(pages_of(range(size), edit=" Jr"))
        world.gp.pages = lambda: edited
        found = _planned(world)
        world.close()
    return found


def _counting(size: int) -> dict[str, Any]:
    """Sync edits that the guards count before anything is written; return what the counting takes of the cycle."""
    edits = int(size * COUNTED_SHARE)
    with tempfile.TemporaryDirectory(prefix="gp365-bench-") as folder:
        prepare(Path(folder), size)
        first = open_prepared(Path(folder))
        sync(first.job, full=True)  # only a flow that has completed a run is guarded
        first.close()
        world = open_prepared(Path(folder))
        world.sales.hold()
        edited = [*pages_of(range(edits), edit=" Jr"), *pages_of(range(edits, size))]
        world.gp.pages = lambda: edited
        with _counted() as counting:
            report, took = timed(lambda: sync(world.job, full=True))
        world.close()
    return {
        "edited": edits,
        "updated": report.dispositions["updated"],
        "counted": sum(counting.counts),
        "counted_per_s": round(edits / counting.cpu_s) if counting.cpu_s else 0,
        "cpu_seconds": round(counting.cpu_s, 2),
        "cpu_seconds_of_the_cycle": round(took.cpu_s, 2),
        "share_of_the_cycle": round(counting.cpu_s / took.cpu_s, 3),
    }


@dataclass(slots=True)
class _Counting:
    """The counting passes of a run: what each has counted, and their processor time."""

    counts: list[int] = field(default_factory=list[int])
    cpu_s: float = 0.0


@contextmanager
def _counted() -> Generator[_Counting]:
    """Measure the counting passes of the guards while the block runs."""
    inner, counting = beginning.count_planned, _Counting()

    def measured(job: Job, watch: Watch, observation: Observation) -> Counter[Mark]:
        began = process_time()
        counts = inner(job, watch, observation)
        counting.cpu_s += process_time() - began
        counting.counts.append(sum(counts.values()))
        return counts

    beginning.count_planned = measured
    try:
        yield counting
    finally:
        beginning.count_planned = inner


def _planned(world: Wide) -> dict[str, Any]:
    def planned() -> tuple[int, int]:
        shown, plans = preview(world.job)
        write_plan(world.folder / "plan.jsonl", world.job, plans, at=world.job.clock())
        return sum(shown.creates.values()), sum(shown.updates.values())

    (creates, updates), took = timed(planned)
    return {
        **within(took.wall_s, LIMIT_S),
        "cpu_seconds": round(took.cpu_s, 1),
        "creates": creates,
        "updates": updates,
    }
