"""Run benchmarks by name: `python -m bench [NAME…]`, see --help; without names, all of them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

from bench.busy_door import busy_door
from bench.documents import FULL as FULL_DOCUMENTS
from bench.documents import SCALED as SCALED_DOCUMENTS
from bench.documents import documents
from bench.door import door
from bench.engine import engine
from bench.gp_sql import gp_sql
from bench.idle import idle
from bench.lanes import lanes
from bench.latency import Setting, latency
from bench.load import FULL, SCALED, load
from bench.matching import matching
from bench.million import million
from bench.plan import plan
from bench.quiet import quiet
from bench.reconcile import reconcile
from bench.workers import workers


def main() -> int:
    """Print one JSON document with every figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        choices=(
            "engine",
            "plan",
            "million",
            "matching",
            "reconcile",
            "quiet",
            "load",
            "documents",
            "lanes",
            "gp-sql",
            "door",
            "busy-door",
            "latency",
            "idle",
            "workers",
            [],
        ),
        help="which benchmarks",
    )
    parser.add_argument("--records", type=int, default=100_000, help="pairs of the engine's benchmark")
    parser.add_argument(
        "--size", type=int, default=100_000, help="customers, and accounts, to be matched or reconciled"
    )
    parser.add_argument(
        "--million", type=int, default=1_000_000, help="pairs to be compared in little memory"
    )
    parser.add_argument(
        "--full",
        action="store_true",
        help="first load of 70,000 customers, or 200,000 documents, under limits of full size",
    )
    parser.add_argument("--seconds", type=float, help="time of latency (120) and idle (300)")
    given = parser.parse_args()
    chosen: dict[str, Callable[[], dict[str, Any]]] = {
        "engine": lambda: {"engine": engine(given.records)},
        "plan": lambda: {"plan": plan(given.size)},
        "million": lambda: {"million": million(given.million)},
        "matching": lambda: {"matching": matching(given.size)},
        "reconcile": lambda: {"reconcile": reconcile(given.size)},
        "quiet": lambda: {"quiet": quiet(given.size)},
        "load": lambda: {"load": load(FULL if given.full else SCALED)},
        "documents": lambda: {"documents": documents(FULL_DOCUMENTS if given.full else SCALED_DOCUMENTS)},
        "lanes": lambda: {"lanes": lanes()},
        "gp-sql": lambda: {"gp_sql": gp_sql()},
        "door": lambda: {"door": door()},
        "busy-door": lambda: {"busy_door": busy_door()},
        "latency": lambda: {"latency": latency(Setting(seconds=given.seconds or 120.0))},
        "idle": lambda: {"idle": idle(given.seconds or 300.0)},
        "workers": lambda: {"workers": workers()},
    }
    found: dict[str, Any] = {}
    for name, run in chosen.items():
        if not given.names or name in given.names:
            found |= run()
    print(json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
