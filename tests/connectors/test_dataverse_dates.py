"""The three kinds of date columns of an organisation: how they describe themselves, and what goes in and comes out."""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from connectors.dataverse_place import Place, changed, guid, place
from connectors.date_columns import date_column
from gp365.connectors.dataverse.metadata import Column
from gp365.connectors.dataverse.values import json_value
from gp365.model.entity import FieldType
from gp365.model.errors import Rejected
from gp365.model.record import Status
from gp365.model.values import Value

KINDS = {
    "DayOnly": ("DateOnly", "DateOnly"),
    "UserDay": ("DateOnly", "UserLocal"),
    "UserTime": ("DateAndTime", "UserLocal"),
    "WallDay": ("DateOnly", "TimeZoneIndependent"),
    "WallTime": ("DateAndTime", "TimeZoneIndependent"),
}
NAMES = [f"gp365_{name.lower()}" for name in KINDS]
LATE = datetime(2026, 11, 1, 4, 40, tzinfo=UTC)


@pytest.fixture
def sales(tmp_path: Path) -> Generator[Place]:
    with place(tmp_path) as made:
        for name, (form, behavior) in KINDS.items():
            made.privileged.post(
                "EntityDefinitions(LogicalName='account')/Attributes", date_column(name, form, behavior)
            )
        yield made


def test_a_column_says_whether_it_holds_days_moments_or_clocks(sales: Place) -> None:
    fields = sales.connector.entity("account").fields
    assert {name: (fields[name].type, fields[name].zoned) for name in NAMES} == {
        "gp365_dayonly": (FieldType.DATE, True),
        "gp365_userday": (FieldType.DATETIME, True),
        "gp365_usertime": (FieldType.DATETIME, True),
        "gp365_wallday": (FieldType.DATETIME, False),
        "gp365_walltime": (FieldType.DATETIME, False),
    }
    assert fields["createdon"].zoned


def test_what_was_written_to_a_date_column_comes_back_by_key_and_by_the_feed(sales: Place) -> None:
    values: dict[str, Value] = dict.fromkeys(NAMES, LATE) | {"gp365_dayonly": date(2026, 10, 31)}
    [made] = sales.create("account", (guid(1), {"name": "Late & Sons", **values}))
    assert made.status is Status.DONE
    stored = sales.row("accounts", guid(1))
    assert stored is not None
    assert {name: stored[name] for name in NAMES} == {
        **dict.fromkeys(NAMES, "2026-11-01T04:40:00Z"),
        "gp365_dayonly": "2026-10-31",
    }
    assert dict(sales.read("account", guid(1), NAMES).values) == values
    records, _, _ = changed(sales.connector.changes("account", NAMES, None))
    held = records[(guid(1),)]
    assert held is not None
    assert dict(held.values) == values


def test_a_date_before_1753_is_refused_before_it_is_sent(sales: Place) -> None:
    sales.account(2)
    record = sales.read("account", guid(2), NAMES)
    before = sales.seen()
    for name, value in (
        ("gp365_dayonly", date(1752, 12, 31)),
        ("gp365_usertime", datetime(1752, 12, 31, 23, tzinfo=UTC)),
    ):
        [outcome] = sales.update("account", (record, {name: value}))
        assert outcome.status is Status.REJECTED
        assert outcome.error is not None
        assert (outcome.error.code, outcome.error.field) == ("out-of-range", name)
    assert sales.requests(before) == []


def test_a_moment_without_a_time_zone_is_no_moment() -> None:
    with pytest.raises(Rejected) as caught:
        json_value(Column("at", "DateTime"), datetime(2026, 11, 1, 4, 40, tzinfo=UTC).replace(tzinfo=None))
    assert caught.value.code == "bad-value"


def test_money_of_the_records_currency_is_trusted_with_two_decimals_only(sales: Place) -> None:
    sales.provision()
    assert sales.connector.entity("account").fields["creditlimit"].decimals == 2
    assert sales.connector.entity("gp365_customer").fields["gp365_creditlimit"].decimals == 4
