"""A first load under Dataverse's service protection limits, in short: nothing is lost, and next to nothing is refused.

The simulated Dataverse lets every request take the execution time that it counts, as a real one does; its windows are
scaled down. How fast it goes is a benchmark's matter: `python -m bench load`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from e2e_site import SALES, Answer, Site, site

CUSTOMERS = 400
EXTRA = (
    "--dataverse-waited",
    *("--dataverse-window", "6", "--dataverse-requests", "120", "--dataverse-seconds", "24"),
    *("--dataverse-written-row-seconds", "0.004", "--dataverse-row-seconds", "0.0001"),
    *("--dataverse-request-seconds", "0.004"),
)
LIMITS = """
[systems.sales.limits]
window_s = 6
requests = 120
execution_s = 24
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Answer]]:
    folder: Path = tmp_path_factory.mktemp("limits") / "site"
    with site(folder, extra=EXTRA, customers=CUSTOMERS, accounts=0) as made:
        with (folder / "gp365.toml").open("a", encoding="utf-8") as file:
            file.write(LIMITS)
        made.mark()
        yield made, made.sync()


def answers(at: Site) -> list[dict[str, Any]]:
    return [one for one in at.requests(SALES) if one["path"].startswith("/api/data/")]


def test_a_first_load_under_service_limits_loses_nobody_and_doubles_nobody(
    loaded: tuple[Site, Answer],
) -> None:
    at, done = loaded
    assert done.code == 0
    assert done.balanced
    cards = at.rows(SALES, "gp365_customers")
    assert len(at.rows(SALES, "accounts")) == len(cards) == CUSTOMERS
    assert len({row["gp365_numberkey"] for row in cards}) == CUSTOMERS
    assert len({row["_gp365_accountid_value"] for row in cards}) == CUSTOMERS


def test_a_first_load_is_hardly_ever_refused(loaded: tuple[Site, Answer]) -> None:
    """At this size one percent is less than one request."""
    at, _ = loaded
    statuses = [one["status"] for one in answers(at)]
    assert statuses.count(429) == 0
    assert {status for status in statuses if status >= 400} == set()


def test_a_first_load_never_runs_more_at_once_than_the_server_recommends(
    loaded: tuple[Site, Answer],
) -> None:
    at, _ = loaded
    told = at.door(SALES, "GET", "/limits")
    assert told["total"]["most_at_once"] <= told["limits"]["dop_hint"]
