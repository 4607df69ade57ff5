"""GP's plain dates against the three kinds of date columns of Dataverse, through both connectors and simulators."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from e2e_site import GP, Site, site

from connectors.date_columns import date_column
from gp365.app.assembly import assemble
from gp365.app.project import open_project
from gp365.connectors.dataverse import DataverseConnector
from gp365.connectors.dataverse.provision import provisioning_api

CHICAGO = ZoneInfo("America/Chicago")
COLUMNS = {
    "FirstDay": ("DateOnly", "DateOnly"),
    "FirstMoment": ("DateOnly", "UserLocal"),
    "FirstClock": ("DateAndTime", "TimeZoneIndependent"),
    "Expiry": ("DateAndTime", "UserLocal"),
}
FLOW = """\
flow: customers
fields:
  first_day: {gp: FirstInvoiceDate, sales: gp365_firstday, owner: gp}
  first_moment: {gp: FirstInvoiceDate, sales: gp365_firstmoment, owner: gp, convert: day}
  first_clock: {gp: FirstInvoiceDate, sales: gp365_firstclock, owner: gp, convert: day}
  expiry: {gp: CreditCardExpirationDate, sales: gp365_expiry, owner: ask, convert: day, may_clear: true}
"""


@pytest.fixture(scope="module")
def dated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Both worlds with four date columns on accounts, in step; the company is in Chicago."""
    with site(tmp_path_factory.mktemp("dates") / "site") as made:
        assert 'time_zone = "America/Chicago"' in (made.folder / "gp365.toml").read_text("utf-8")
        add_columns(made.folder)
        (made.folder / "flows").mkdir(exist_ok=True)
        (made.folder / "flows" / "customers.yaml").write_text(FLOW, "utf-8")
        assert made.sync().balanced
        yield made


def add_columns(folder: Path) -> None:
    with open_project(folder) as project, assemble(project) as assembly:
        connector = assembly.connector("sales")
        assert isinstance(connector, DataverseConnector)
        api = provisioning_api(connector.settings)
        for name, (form, behavior) in COLUMNS.items():
            path = "EntityDefinitions(LogicalName='account')/Attributes"
            api.post(path, date_column(name, form, behavior))
        api.close()


def shown_in_chicago(text: str) -> str:
    """What a user whose time zone is the company's sees of a moment."""
    return str(datetime.fromisoformat(text).astimezone(CHICAGO))[:16]


@pytest.mark.parametrize(
    ("number", "day"),
    [
        ("AARONFIT0001", "2026-10-31"),
        ("ADAMPARK0001", "2026-11-01"),  # the clocks change
        ("BLUEYOND0001", "2026-03-08"),
        ("PLAZAONE0001", "1753-01-01"),
    ],
)
def test_a_day_of_gp_stands_as_that_day_in_every_kind_of_column(dated: Site, number: str, day: str) -> None:
    dated.put(GP, "RM00101", number, FRSTINDT=day)
    assert dated.sync().balanced
    account = dated.account_of(number)
    assert account["gp365_firstday"] == day
    assert shown_in_chicago(account["gp365_firstmoment"]) == f"{day} 00:00"
    assert account["gp365_firstclock"] == f"{day}T00:00:00Z"
    assert dated.sync().written == 0


def test_what_sales_types_late_in_the_evening_is_the_companys_day_in_gp(dated: Site) -> None:
    dated.edit_account_of("AARONFIT0001", gp365_expiry="2026-11-01T04:40:00Z")
    assert dated.sync().balanced
    assert dated.customer("AARONFIT0001")["CCRDXPDT"] == "2026-10-31"
    assert dated.account_of("AARONFIT0001")["gp365_expiry"] == "2026-11-01T04:40:00Z"
    assert dated.sync().written == 0
    dated.put(GP, "RM00101", "AARONFIT0001", CCRDXPDT="2026-11-30")
    assert dated.sync().balanced
    assert shown_in_chicago(dated.account_of("AARONFIT0001")["gp365_expiry"]) == "2026-11-30 00:00"


def test_an_empty_date_of_gp_empties_the_column_and_comes_back(dated: Site) -> None:
    dated.edit_account_of("BLUEYOND0001", gp365_expiry="2027-01-31T06:00:00Z")
    assert dated.sync().balanced
    assert dated.customer("BLUEYOND0001")["CCRDXPDT"] == "2027-01-31"
    dated.put(GP, "RM00101", "BLUEYOND0001", CCRDXPDT="1900-01-01")
    assert dated.sync().balanced
    assert dated.account_of("BLUEYOND0001").get("gp365_expiry") is None
    dated.put(GP, "RM00101", "BLUEYOND0001", CCRDXPDT="2027-02-28")
    assert dated.sync().balanced
    dated.edit_account_of("BLUEYOND0001", gp365_expiry=None)
    assert dated.sync().balanced
    assert dated.customer("BLUEYOND0001")["CCRDXPDT"] == "1900-01-01"
    assert dated.sync().written == 0
