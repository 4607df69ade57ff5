"""A process that syncs, as a command does, over a world in files, and holds still at a named point until it is killed.

Arguments: folder, write strength, seconds since the world's beginning, point (or "-"), how often it is passed first.
It writes "held" into the folder's marker at the point, or the report's figures when it reaches its end.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import Any

from gp365.app.actions.running import TURNS
from gp365.model.entity import Strength
from laws.kill_world import file_world, shut
from sync.engine_world import World, written


def hold(marker: Path) -> None:
    marker.write_text("held")
    threading.Event().wait()


def stop_at(world: World, point: str, passes: int, marker: Path) -> None:
    """Hold at an engine's point, or at `SYSTEM committed` (the reply is lost) or `SYSTEM before` a write."""
    left = [passes]

    def reached(*_: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            hold(marker)

    system, _, moment = point.partition(" ")
    if not moment:
        world.probe = lambda name: reached() if name == point else None
        return
    faults = (world.gp if system == "gp" else world.sales).faults
    if moment == "committed":
        faults.after_commit = reached
    else:
        faults.before_write = reached


def main(folder: Path, strength: str, late_s: str, point: str, passes: str) -> None:
    world = file_world(folder, Strength(strength), late_s=float(late_s))
    marker = folder / "marker"
    if point != "-":
        stop_at(world, point, int(passes), marker)
    reports = [world.sync()]
    while reports[-1].dispositions["retrying"] and len(reports) < TURNS:
        reports.append(world.sync())
    figures = {
        "balanced": all(report.balanced for report in reports),
        "clean": reports[-1].clean,
        "written": sum(written(report) for report in reports),
    }
    marker.write_text(json.dumps(figures))
    shut(world)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
