"""Plans of many pairs, to a file as `gp365 plan --out` writes it: linked pairs with one edit each, and records to create.

The links are laid into the store as a first sync leaves them (see `million.py`).
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from bench.measure import peak_mb, timed, within
from bench.million import open_prepared, prepare
from bench.wide import Wide, make_wide, pages_of
from gp365.sync.cycle import sync
from gp365.sync.planfile import write_plan
from gp365.sync.preview import preview

LIMIT_S = 60.0


def plan(size: int) -> dict[str, Any]:
    """Plan `size` customers that are to be created, and as many linked ones that were edited; return both figures."""
    return {
        "pairs": size,
        "limit_s": LIMIT_S,
        "to_create": _created(size),
        "edited": _edited(size),
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
