"""Plans of many pairs, to a file as `gp365 plan --out` writes it: linked pairs with one edit each, and records to create."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from bench.measure import peak_mb, timed, within
from bench.wide import Wide, make_wide, pages_of
from gp365.store import links
from gp365.sync.cycle import sync
from gp365.sync.planfile import write_plan
from gp365.sync.preview import preview

LIMIT_S = 60.0


def plan(size: int) -> dict[str, Any]:
    """Plan `size` customers that are to be created, then as many linked ones that were edited; return both figures."""
    with tempfile.TemporaryDirectory(prefix="gp365-bench-") as folder:
        gp = list(pages_of(range(size)))
        world = make_wide(Path(folder), lambda: gp)
        created = _planned(world)
        sync(world.job)
        with world.store.read() as conn:
            pages = links.scan(conn, "bench", "customers", 5000)
            ids = {str(link.left_key): str(link.right_key) for page in pages for link in page}
        sales = list(pages_of(range(size), key=ids.__getitem__))
        world.sales.pages = lambda: sales
        sync(world.job, full=True)
        world.sales.hold()
        edited = list(pages_of(range(size), edit=" Jr"))
        world.gp.pages = lambda: edited
        updated = _planned(world)
        world.close()
    return {
        "pairs": size,
        "limit_s": LIMIT_S,
        "to_create": created,
        "edited": updated,
        "peak_mb": round(peak_mb()),
    }


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
