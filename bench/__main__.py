"""Run every benchmark: `python -m bench [--records N]`."""

from __future__ import annotations

import argparse
import json
import sys

from bench.engine import first_load, no_change


def main() -> int:
    """Print one JSON document with every figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=10_000)
    records = parser.parse_args().records
    print(json.dumps({"no_change": no_change(records), "first_load": first_load(records)}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
