"""Acceptance, row 23, at the connector: periods are closed by series; orders pass, invoices park or go into the next batch.

No flow writes documents yet: a site's own connector is asked, as a flow will ask it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from e2e_channels import over
from e2e_site import GP, Site, site

from gp365.app.connecting import connect
from gp365.app.project import open_project
from gp365.connectors.gp import GpConnector
from gp365.connectors.gp.documents import with_rows
from gp365.model.errors import Misconfigured
from gp365.model.record import Op, Outcome, Status, Write

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


SATURDAY_NIGHT = datetime(2026, 11, 1, 4, 40, tzinfo=UTC)
"""When the rep submits: 23:40 on Saturday in Chicago, whose clocks change at 02:00."""
ORDER, INVOICE = ("2", "STDORD"), ("3", "STDINV")


def submit(at: Site, kind: tuple[str, str], batch: str, day: date) -> Outcome:
    """Let the site's connector draw a number and write a document of one line."""
    with open_project(at.folder) as project:
        gp = connect(project, "gp")
        assert isinstance(gp, GpConnector)
        try:
            key = gp.draw("sales_document", {"DocumentType": int(kind[0]), "DocumentID": kind[1]})
            own = {
                "DocumentID": kind[1],
                "DocumentDate": day,
                "BatchNumber": batch,
                "CustomerNumber": "AARONFIT0001",
            }
            sold = {
                "ItemNumber": "128 SDRAM",
                "Quantity": Decimal(1),
                "OriginatingUnitPrice": Decimal("45.00"),
            }
            [ended] = gp.write("sales_document", [Write(Op.CREATE, key, with_rows(own, Lines=[sold]))])
        finally:
            gp.close()
    return ended


def held(at: Site, ended: Outcome) -> Mapping[str, Any]:
    """Give the document's row as it lies in GP, {} where there is none."""
    found = [row for row in at.rows(GP, "SOP10100") if str(row["SOPNUMBE"]).strip() == ended.key[1]]
    return found[0] if found else {}


def test_row_23_an_order_of_the_closed_month_passes_and_an_invoice_goes_where_the_policy_says(
    there: Site,
) -> None:
    day = SATURDAY_NIGHT.astimezone(ZoneInfo("America/Chicago")).date()
    assert day == date(2026, 10, 31)
    over("sql", there)
    there.door(GP, "POST", "/period", {"year": 2026, "period": 10, "series": "sales"})
    try:
        order = submit(there, ORDER, "2026-10", day)
        assert (order.status, order.error) == (Status.DONE, None)
        assert str(held(there, order)["DOCDATE"]).startswith("2026-10-31")
        parked = submit(there, INVOICE, "2026-10", day)
        assert parked.status is Status.REJECTED and parked.error is not None
        assert parked.error.code == "period-closed" and held(there, parked) == {}
        for word in ("Fabrikam, Inc. (TWO)", "period 10 of 2026", "series Sales", "2026-10-31"):
            assert word in parked.error.message
        opened = submit(there, INVOICE, "2026-11", date(2026, 11, 1))
        assert opened.status is Status.DONE
        over("sql", there, posting_date="batch")
        moved = submit(there, INVOICE, "2026-11", day)
        assert (moved.status, moved.error) == (Status.DONE, None)
        row = held(there, moved)
        assert str(row["DOCDATE"]).startswith("2026-10-31") and str(row["GLPOSTDT"]).startswith("2026-11-01")
    finally:
        there.door(GP, "POST", "/period", {"year": 2026, "period": 10, "series": "sales", "closed": False})
