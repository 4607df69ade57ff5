"""Days, moments and clocks: a day is the company's, a moment is UTC, a clock is what stands on a wall, in no zone.

Dataverse keeps three kinds of dates (Configure the behavior and format of the date and time column): DateOnly is a day;
UserLocal is a moment, whatever its format, shown to each user in that user's zone; TimeZoneIndependent is what somebody
typed, sent with a Z that means nothing. A day goes into a moment as midnight in the company's zone, into a clock as
midnight on the clock.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, tzinfo
from zoneinfo import ZoneInfo

from gp365.model.entity import FieldType
from gp365.model.fit import FIRST_DAY, LAST_DAY, Unfit
from gp365.model.values import Value, show

FIRST_MOMENT = datetime.combine(FIRST_DAY, time(), UTC)
LAST_MOMENT = datetime.combine(LAST_DAY, time(23, 59, 59), UTC)


def read_day(raw: Value, time_zone: str, *, zoned: bool = True) -> Value:
    """Return the day; of a moment, the day that it falls on in the company's time zone; of a clock, the day it shows."""
    if raw is None or _is_day(raw):
        return raw
    moment = _moment(raw)
    return (_shifted(moment, ZoneInfo(time_zone)) if zoned else moment).date()


def write_day(value: Value, kind: FieldType, time_zone: str, *, zoned: bool = True) -> Value:
    """Return the day; for a field that holds moments its midnight in the company's time zone, for a clock midnight.

    Where the clock skips midnight, as when summer time begins in some countries, it is the same moment an hour later by
    the clock. A day that the zone left out (Samoa went from 29 to 31 December 2011) is Unfit("out-of-range"), for its
    midnight is another day's; so is a day that begins before or after what Dataverse can hold.
    """
    if value is None:
        return None
    if not _is_day(value):
        raise Unfit("bad-value", f"{show(value)!r} is no day.")
    assert isinstance(value, date)
    if kind is not FieldType.DATETIME:
        return value
    midnight = datetime.combine(value, time(), UTC)
    return _in_range(value, _midnight(value, time_zone) if zoned else midnight)


def read_moment(raw: Value) -> Value:
    """Return the moment in UTC, or the clock as it stands."""
    return None if raw is None else _moment(raw)


def write_moment(value: Value) -> Value:
    """Return the moment in UTC, or the clock as it stands."""
    return None if value is None else _moment(value)


def _is_day(value: Value) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _midnight(day: date, time_zone: str) -> datetime:
    try:
        moment = datetime.combine(day, time(), ZoneInfo(time_zone)).astimezone(UTC)
    except OverflowError:
        raise Unfit("out-of-range", f"{day} is at the end of the calendar.") from None
    if _shifted(moment, ZoneInfo(time_zone)).date() != day:
        raise Unfit("out-of-range", f"The time zone {time_zone} left out {day}.")
    return moment


def _in_range(day: date, moment: datetime) -> datetime:
    """Refuse a moment that Dataverse cannot hold, though the day may be one: midnight of 1753-01-01 in Tokyo is in 1752."""
    if not FIRST_MOMENT <= moment <= LAST_MOMENT:
        raise Unfit("out-of-range", f"{day} begins outside {show(FIRST_MOMENT)} to {show(LAST_MOMENT)}.")
    return moment


def _moment(raw: Value) -> datetime:
    if not isinstance(raw, datetime) or raw.tzinfo is None:
        raise Unfit("bad-value", f"{show(raw)!r} is no moment with a time zone.")
    return _shifted(raw, UTC)


def _shifted(moment: datetime, zone: tzinfo) -> datetime:
    try:
        return moment.astimezone(zone)
    except OverflowError:
        raise Unfit("out-of-range", f"{moment} is at the end of the calendar.") from None
