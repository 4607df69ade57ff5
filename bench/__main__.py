"""Run benchmarks: `python -m bench [engine] [matching] [reconcile] [--records N] [--size N]`; without names, all of them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

from bench.engine import first_load, no_change
from bench.matching import matching
from bench.reconcile import reconcile


def _engine(records: int) -> dict[str, Any]:
    return {"no_change": no_change(records), "first_load": first_load(records)}


def main() -> int:
    """Print one JSON document with every figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "names", nargs="*", choices=("engine", "matching", "reconcile", []), help="which benchmarks"
    )
    parser.add_argument("--records", type=int, default=10_000, help="records of the engine's benchmark")
    parser.add_argument(
        "--size", type=int, default=100_000, help="customers, and accounts, to be matched or reconciled"
    )
    given = parser.parse_args()
    chosen: dict[str, Callable[[], dict[str, Any]]] = {
        "engine": lambda: _engine(given.records),
        "matching": lambda: {"matching": matching(given.size)},
        "reconcile": lambda: {"reconcile": reconcile(given.size)},
    }
    found: dict[str, Any] = {}
    for name, run in chosen.items():
        if not given.names or name in given.names:
            found |= run()
    print(json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
