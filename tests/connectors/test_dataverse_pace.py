"""How many rows go into one request: as many as may, or as few as keep a request from taking long."""

from __future__ import annotations

from pathlib import Path

import pytest
from dataverse_place import Place, guid, place

from gp365.connectors.dataverse.pace import Pace
from gp365.model.record import Status


def test_requests_that_are_not_long_stay_as_large_as_they_may_be() -> None:
    pace = Pace()
    assert pace.rows("accounts", 100) == 100
    pace.took("accounts", 100, 2.4)
    assert pace.rows("accounts", 100) == 100


def test_a_request_that_takes_long_is_cut_to_about_a_second() -> None:
    pace = Pace()
    pace.took("accounts", 100, 5.0)
    assert pace.rows("accounts", 100) == 23
    assert pace.rows("cards", 100) == 100
    for _ in range(20):
        pace.took("accounts", 23, 0.3)
    assert pace.rows("accounts", 100) == 100


@pytest.mark.parametrize(
    ("rows", "seconds", "expected"), [(100, 500.0, 10), (9, 500.0, 100), (100, 0.0, 100)]
)
def test_a_request_holds_ten_rows_at_least_and_a_short_one_says_nothing_about_rows(
    rows: int, seconds: float, expected: int
) -> None:
    pace = Pace()
    pace.took("accounts", rows, seconds)
    assert pace.rows("accounts", 100) == expected
    assert pace.rows("accounts", 5) == 5


def test_updates_of_a_slow_table_go_in_more_and_smaller_batches(tmp_path: Path) -> None:
    with place(tmp_path) as sales:
        made = [(guid(number), {"name": f"Firm {number}"}) for number in range(1, 61)]
        assert {one.status for one in sales.create("account", *made)} == {Status.DONE}
        assert requests_of_an_update(sales, "(555) 555-0001") == 1
        sales.connector.api.pace.took("accounts", 60, 600.0)
        assert requests_of_an_update(sales, "(555) 555-0002") == 6


def requests_of_an_update(sales: Place, phone: str) -> int:
    planned = [
        (sales.read("account", guid(number), ["telephone1"]), {"telephone1": phone})
        for number in range(1, 61)
    ]
    before = sales.seen()
    assert {one.status for one in sales.update("account", *planned)} == {Status.DONE}
    return sum(path.endswith("$batch") for method, path in sales.requests(before) if method == "POST")
