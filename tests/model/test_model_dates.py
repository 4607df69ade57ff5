"""Days, moments and clocks: GP's plain days against the three kinds of dates of Dataverse, in every time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gp365.model.converters import Codec, ConvertContext, codec
from gp365.model.entity import FieldDescription, FieldType
from gp365.model.errors import Misconfigured
from gp365.model.fit import Limits, Unfit, fit
from gp365.model.values import Value

ALL = settings(max_examples=400, deadline=None, derandomize=True)
T = FieldType
DAY = FieldDescription("day", T.DATE)
MOMENT = FieldDescription("moment", T.DATETIME)
CLOCK = FieldDescription("clock", T.DATETIME, zoned=False)
ZONES = sorted(available_timezones() - {"localtime"})
DAYS = st.dates(date(1753, 1, 2), date(9999, 12, 29))
LEFT_OUT = {"Pacific/Apia": date(2011, 12, 30), "Pacific/Kiritimati": date(1994, 12, 31)}


def day_codec(field: FieldDescription) -> Codec:
    return codec("day", "sales", (field.type,), (field,))


def in_zone(zone: str) -> ConvertContext:
    return ConvertContext(zone)


def sent(field: FieldDescription, day: date, zone: str) -> Value:
    return day_codec(field).write(day, in_zone(zone))[0]


def there(field: FieldDescription, raw: Value, zone: str) -> Value:
    return day_codec(field).read((raw,), in_zone(zone))


def left_out(day: date, zone: str) -> bool:
    """Tell whether no moment of the zone falls on the day."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    moments = [noon + timedelta(minutes=15 * step) for step in range(-4 * 28, 4 * 28)]
    return all(one.astimezone(ZoneInfo(zone)).date() != day for one in moments)


def changes_of(zone: str, year: int) -> list[date]:
    """Give the days of a year on which the zone's offset changes, with the days around them."""
    held = ZoneInfo(zone)
    found: set[date] = set()
    for number in range(366):
        moment = datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=number)
        if moment.astimezone(held).utcoffset() != (moment + timedelta(days=1)).astimezone(held).utcoffset():
            found.update(moment.date() + timedelta(days=step) for step in (-1, 0, 1, 2))
    return sorted(found)


@pytest.mark.parametrize("field", [DAY, MOMENT, CLOCK], ids=lambda field: field.name)
@ALL
@given(day=DAYS, zone=st.sampled_from(ZONES))
@example(day=date(2017, 10, 15), zone="America/Sao_Paulo")  # the clock goes from 23:59 to 01:00
@example(day=date(2022, 3, 27), zone="Asia/Beirut")
@example(day=date(2011, 12, 30), zone="Pacific/Apia")  # no such day
@example(day=date(1994, 12, 31), zone="Pacific/Kiritimati")
@example(day=date(1867, 10, 18), zone="America/Juneau")  # a day that came twice
@example(day=date(1919, 3, 31), zone="America/Toronto")  # from 23:30 to 00:30
@example(day=date(2006, 10, 29), zone="America/St_Johns")  # back over midnight, at 00:01
@example(day=date(2026, 11, 1), zone="Etc/GMT-14")
@example(day=date(2026, 11, 1), zone="Etc/GMT+12")
def test_a_day_of_gp_comes_back_as_the_same_day_from_every_kind_of_date_column(
    field: FieldDescription, day: date, zone: str
) -> None:
    try:
        assert there(field, sent(field, day, zone), zone) == day
    except Unfit as unfit:
        assert unfit.code == "out-of-range"
        assert field is MOMENT
        assert left_out(day, zone)


def test_every_day_around_a_change_of_the_clocks_comes_back_in_every_zone_of_the_world() -> None:
    lost: set[tuple[str, date]] = set()
    for zone in ZONES:
        for day in (*changes_of(zone, 2011), *changes_of(zone, 2026)):
            try:
                assert there(MOMENT, sent(MOMENT, day, zone), zone) == day, (zone, day)
            except Unfit:
                lost.add((zone, day))
    assert {day for _, day in lost} == {date(2011, 12, 30)}
    assert all(left_out(day, zone) for zone, day in lost)


@ALL
@given(day=DAYS, zone=st.sampled_from(ZONES))
def test_a_user_in_the_companys_zone_sees_the_day_that_stands_in_gp(day: date, zone: str) -> None:
    try:
        moment = sent(MOMENT, day, zone)
    except Unfit:
        return
    assert isinstance(moment, datetime)
    assert moment.tzinfo is UTC and moment.microsecond == 0
    assert moment.astimezone(ZoneInfo(zone)).date() == day


@ALL
@given(day=DAYS, zone=st.sampled_from(ZONES), at=st.timedeltas(timedelta(0), timedelta(hours=23, minutes=59)))
def test_any_time_of_the_companys_day_is_that_day(day: date, zone: str, at: timedelta) -> None:
    wall = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)) + at
    moment = wall.astimezone(UTC)
    if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != wall.replace(tzinfo=None):
        return  # the clock never showed this
    assert there(MOMENT, moment, zone) == day


@ALL
@given(day=DAYS, zone=st.sampled_from(ZONES), at=st.times())
def test_a_clock_in_no_time_zone_is_never_shifted(day: date, zone: str, at: object) -> None:
    shown = datetime.combine(day, at, UTC).replace(microsecond=0)  # type: ignore[arg-type]
    assert there(CLOCK, shown, zone) == day
    assert sent(CLOCK, day, zone) == datetime(day.year, day.month, day.day, tzinfo=UTC)
    side = codec("", "sales", (T.DATETIME,), (CLOCK,))
    assert side.kind == "clock"
    assert side.write(side.read((shown,), in_zone(zone)), in_zone(zone)) == (shown,)


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        # A rep in Chicago submits on 31 October 2026 at 23:40; the clocks change at 02:00 that night.
        ("America/Chicago", "2026-11-01T04:40:00+00:00", date(2026, 10, 31)),
        ("America/Chicago", "2026-11-01T04:59:59+00:00", date(2026, 10, 31)),
        ("America/Chicago", "2026-11-01T05:00:00+00:00", date(2026, 11, 1)),
        ("America/Chicago", "2026-11-01T06:59:59+00:00", date(2026, 11, 1)),  # 01:59:59, the first time
        ("America/Chicago", "2026-11-01T07:00:00+00:00", date(2026, 11, 1)),  # 01:00, the second time
        ("America/Chicago", "2026-11-02T05:59:59+00:00", date(2026, 11, 1)),  # the day has 25 hours
        ("America/Chicago", "2026-11-02T06:00:00+00:00", date(2026, 11, 2)),
        ("America/New_York", "2026-11-01T04:40:00+00:00", date(2026, 11, 1)),
        ("UTC", "2026-11-01T04:40:00+00:00", date(2026, 11, 1)),
        ("Pacific/Kiritimati", "2026-10-31T10:00:00+00:00", date(2026, 11, 1)),
        ("Etc/GMT+12", "2026-11-01T11:59:59+00:00", date(2026, 10, 31)),
    ],
)
def test_an_order_late_in_the_evening_belongs_to_the_companys_own_day(
    zone: str, moment: str, day: date
) -> None:
    assert there(MOMENT, datetime.fromisoformat(moment), zone) == day


@pytest.mark.parametrize(
    ("day", "moment"),
    [
        (date(2026, 10, 31), "2026-10-31T05:00:00+00:00"),
        (date(2026, 11, 1), "2026-11-01T05:00:00+00:00"),
        (date(2026, 11, 2), "2026-11-02T06:00:00+00:00"),
        (date(2026, 3, 8), "2026-03-08T06:00:00+00:00"),
        (date(2026, 3, 9), "2026-03-09T05:00:00+00:00"),
    ],
)
def test_a_day_of_the_company_begins_at_its_own_midnight(day: date, moment: str) -> None:
    assert sent(MOMENT, day, "America/Chicago") == datetime.fromisoformat(moment)


@pytest.mark.parametrize("field", [DAY, MOMENT, CLOCK], ids=lambda field: field.name)
def test_gps_empty_date_is_empty_in_dataverse_and_comes_back_empty(field: FieldDescription) -> None:
    held = fit(date(1900, 1, 1), Limits()).value
    assert held is None
    assert day_codec(field).write(held, in_zone("America/Chicago")) == (None,)
    assert there(field, None, "America/Chicago") is None


@pytest.mark.parametrize("day", [date(1752, 12, 31), date(1, 1, 1), date(9999, 12, 31)])
def test_a_day_that_one_of_the_systems_cannot_hold_is_parked_and_not_moved(day: date) -> None:
    for value in (day, datetime(day.year, day.month, day.day, tzinfo=UTC)):
        with pytest.raises(Unfit) as caught:
            fit(value, Limits())
        assert caught.value.code == "out-of-range"
        assert str(day.year) in caught.value.message


def test_the_first_day_of_sql_server_begins_too_early_for_dataverse_east_of_greenwich() -> None:
    first = date(1753, 1, 1)
    assert sent(MOMENT, first, "UTC") == datetime(1753, 1, 1, tzinfo=UTC)
    assert sent(CLOCK, first, "Asia/Tokyo") == datetime(1753, 1, 1, tzinfo=UTC)
    with pytest.raises(Unfit) as caught:
        sent(MOMENT, first, "Asia/Tokyo")
    assert caught.value.code == "out-of-range"
    assert "1753-01-01" in caught.value.message


def test_a_clock_is_never_compared_with_a_moment() -> None:
    assert (
        codec("", "sales", (T.DATETIME,), (CLOCK,)).kind != codec("", "sales", (T.DATETIME,), (MOMENT,)).kind
    )
    for name, field in (("moment", CLOCK), ("clock", MOMENT)):
        with pytest.raises(Misconfigured) as caught:
            codec(name, "sales", (T.DATETIME,), (field,))
        assert "day" in caught.value.fix
