"""GP's plain dates in whatever form a service writes them: the server's own day, 1900-01-01 for none, 1753 the first."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gp365.connectors.gp.values import Unreadable, check_values, read_value, sent
from gp365.model.entity import FieldDescription, FieldType
from gp365.model.values import Value

DAY = FieldDescription("CreditCardExpirationDate", FieldType.DATE)
ALL = settings(max_examples=200, deadline=None, derandomize=True)
DAYS = st.dates(date(1753, 1, 1)).filter(lambda day: day != date(1900, 1, 1))


@ALL
@given(DAYS)
def test_a_day_that_is_sent_comes_back_as_that_day(day: date) -> None:
    assert sent(DAY, day) == f"{day.isoformat()}T00:00:00"
    assert read_value(DAY, sent(DAY, day)) == day


def test_no_day_is_gps_first_of_january_1900_both_ways() -> None:
    assert sent(DAY, None) == "1900-01-01T00:00:00"
    assert read_value(DAY, "1900-01-01T00:00:00") is None
    assert read_value(DAY, "") is None
    assert read_value(DAY, None) is None


def test_a_day_before_1900_is_a_day_and_not_an_empty_one() -> None:
    assert read_value(DAY, "1899-12-31T00:00:00") == date(1899, 12, 31)


@ALL
@given(day=DAYS, hours=st.integers(-12, 14), half=st.sampled_from([0, 30, 45]))
def test_a_day_of_a_server_anywhere_is_that_servers_day(day: date, hours: int, half: int) -> None:
    offset = timedelta(hours=abs(hours), minutes=half)
    ahead = -offset if hours < 0 else offset
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    milliseconds = (datetime(day.year, day.month, day.day, tzinfo=UTC) - epoch - ahead) // timedelta(
        milliseconds=1
    )
    sign = "-" if hours < 0 else "+"
    assert read_value(DAY, f"/Date({milliseconds}{sign}{abs(hours):02}{half:02})/") == day


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-10-31T00:00:00", date(2026, 10, 31)),
        ("2026-10-31", date(2026, 10, 31)),
        ("2026-10-31T00:00:00Z", date(2026, 10, 31)),
        ("2026-10-31T00:00:00+11:00", date(2026, 10, 31)),
        ("/Date(1793404800000)/", date(2026, 10, 31)),
        ("/Date(1793365200000+1100)/", date(2026, 10, 31)),  # midnight in Sydney
        ("/Date(1793422800000-0500)/", date(2026, 10, 31)),  # midnight in Chicago
    ],
)
def test_every_spelling_of_a_day_is_read(text: str, day: date) -> None:
    assert read_value(DAY, text) == day


@pytest.mark.parametrize("text", ["31.10.2026", "2026-13-01T00:00:00", "/Date(x)/", "soon"])
def test_what_is_no_day_is_unreadable_and_not_empty(text: str) -> None:
    with pytest.raises(Unreadable):
        read_value(DAY, text)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (date(1752, 12, 31), "out-of-range"),
        (datetime(2026, 10, 31, 23, 40, tzinfo=UTC), "bad-value"),
        ("2026-10-31", "bad-value"),
        (date(1753, 1, 1), ""),
        (date(2026, 10, 31), ""),
        (None, ""),
    ],
)
def test_what_gp_cannot_hold_is_refused_before_it_is_sent(value: Value, code: str) -> None:
    refused = check_values({DAY.name: DAY}, {DAY.name: value}, "update", "AARONFIT0001")
    assert (refused.code if refused else "") == code
