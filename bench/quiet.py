"""A cycle in which nothing changed, over both simulators: nothing is written, and of Dynamics only deltas are asked.

GP's Service Based Architecture has no feed of changes: its lists are read whole in every cycle, one of each kind. What
was asked is counted by the simulators (`/_sim/requests`), not by us.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "e2e"))

from e2e_counts import asked, lists_of_gp
from e2e_site import SALES, Answer, Site, site


def quiet(customers: int) -> dict[str, Any]:
    """Load `customers` generated customers, read the echoes of that, then measure a cycle without changes."""
    with (
        tempfile.TemporaryDirectory(prefix="gp365-bench-") as folder,
        site(Path(folder) / "site", customers=customers, accounts=0, patience_s=60 + customers / 500) as made,
    ):
        first, first_s = _timed(made)
        echo, echo_s = _timed(made)
        made.mark()
        done, seconds = _timed(made)
        found = _counted(made, done)
    ended = first.code == echo.code == done.code == 0
    return {
        "customers": customers,
        "seconds_of_the_first_load": round(first_s, 1),
        "seconds_of_the_cycle_that_reads_its_echoes": round(echo_s, 1),
        "seconds": round(seconds, 1),
        **found,
        "holds": ended
        and found["written"] == found["write_requests"] == found["other_reads_of_dynamics"] == 0,
    }


def _timed(at: Site) -> tuple[Answer, float]:
    began = perf_counter()
    return at.in_child("sync"), perf_counter() - began


def _counted(at: Site, done: Answer) -> dict[str, Any]:
    deltas, others = asked(at)
    posted = [str(one["path"]) for one in at.requests(SALES) if one["method"] != "GET"]
    posted = [path for path in posted if "/api/data/" in path]
    batches = sum(path.endswith("$batch") for path in posted)  # tables are described in batches
    return {
        "written": done.written,
        "write_requests": done.write_requests + len(posted) - batches,
        "batches_that_describe_tables": batches,
        "delta_requests": deltas,
        "other_reads_of_dynamics": others,
        "lists_of_gp": dict(lists_of_gp(at)),
        "considered": done.total("considered"),
        "peak_mb": round(done.cost["peak_kib"] / 1024),
    }
