"""Acceptance, row 23, at the connector: a period is open or closed by series, and the one channel that shows it says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pytest
from e2e_channels import over
from e2e_site import GP, Site, site

from gp365.app.connecting import connect
from gp365.app.project import open_project
from gp365.model.errors import Misconfigured

WAYS = ("sql",)
FIELDS = (
    "Series",
    "OriginDescription",
    "FirstDay",
    "LastDay",
    "Closed",
    "ClosedSeries1",
    "ClosedSeries2",
    "ClosedSeries4",
)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("periods") / "site", provisioned=False) as made:
        yield made


def october(at: Site) -> list[Mapping[str, Any]]:
    """Give what the connector tells of the period that 31 October 2026 lies in."""
    with open_project(at.folder) as project:
        gp = connect(project, "gp")
        try:
            found: list[Mapping[str, Any]] = [
                record.values for page in gp.scan("fiscal_period", FIELDS) for record in page
            ]
        finally:
            gp.close()
    last = date(2026, 10, 31)
    return [row for row in found if row["FirstDay"] and row["FirstDay"] <= last <= row["LastDay"]]


@pytest.mark.parametrize("way", WAYS)
def test_row_23_october_closed_for_sales_alone_is_open_for_ledger_and_inventory(
    there: Site, way: str
) -> None:
    over(way, there)
    before = october(there)
    (whole,) = [row for row in before if row["Series"] == 0]
    assert not any(whole[f"ClosedSeries{number}"] for number in (1, 2, 4))
    there.door(GP, "POST", "/period", {"year": 2026, "period": 10, "series": "sales"})
    (whole,) = [row for row in october(there) if row["Series"] == 0]
    assert (whole["ClosedSeries1"], whole["ClosedSeries2"], whole["ClosedSeries4"]) == (False, True, False)
    closed = {row["Series"] for row in october(there) if row["Closed"]}
    assert closed == {3}
    there.door(GP, "POST", "/period", {"year": 2026, "period": 10, "series": "sales", "closed": False})
    assert october(there) == before


@pytest.mark.parametrize("way", ["rest", "soap"])
def test_a_site_without_sql_server_is_told_that_it_has_no_periods(there: Site, way: str) -> None:
    over(way, there)
    with pytest.raises(Misconfigured, match="serves no fiscal_period"):
        october(there)
