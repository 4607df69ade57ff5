"""The benchmark of reading over SQL in short: that it reads every customer once, page by page. No time is asserted."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.gp_sql import gp_sql


def test_customers_are_read_in_pages_each_once() -> None:
    found = gp_sql(2_600)
    assert found["rows"] == 2_600
    # The first page of a trial, six pages, and what every new connection is told first.
    assert found["statements"] in (8, 9)
    assert found["fields"] > 40
