"""A process of its own for one measured client: `python -m bench.load_child gp365 ARGUMENTS…` or `NAME JOB`.

It prints the document of the client on stdout; its seconds, processor time, peak memory and exit code end stderr.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from bench.measure import peak_mb
from gp365.cli import main as gp365


def main() -> int:
    """Run the client that the first argument names."""
    name, *rest = sys.argv[1:]
    began = time.monotonic()
    code = gp365(rest) if name == "gp365" else _other(name, Path(rest[0]))
    sys.stdout.flush()
    wall_s = round(time.monotonic() - began, 2)
    cost = {"wall_s": wall_s, "cpu_s": round(time.process_time(), 2), "peak_mb": peak_mb(), "code": code}
    sys.stderr.write(f"\n{json.dumps(cost)}\n")
    return code


def _other(name: str, job: Path) -> int:
    from bench.load_clients import CLIENTS  # their libraries are no cost of ours

    return CLIENTS[name](job)


if __name__ == "__main__":
    sys.exit(main())
