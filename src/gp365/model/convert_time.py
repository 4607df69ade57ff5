"""Days and moments: a day is the company's, a moment is UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, tzinfo
from zoneinfo import ZoneInfo

from gp365.model.entity import FieldType
from gp365.model.fit import Unfit
from gp365.model.values import Value, show


def read_day(raw: Value, time_zone: str) -> Value:
    """Return the day; of a moment, the day that it falls on in the company's time zone."""
    if raw is None or (isinstance(raw, date) and not isinstance(raw, datetime)):
        return raw
    return _local(_moment(raw), time_zone).date()


def write_day(value: Value, kind: FieldType, time_zone: str) -> Value:
    """Return the day, or for a field that holds moments the first moment of it in the company's time zone.

    Where the clock skips midnight, as when summer time begins in some countries, the day begins an hour later.
    """
    if value is None:
        return None
    if not isinstance(value, date) or isinstance(value, datetime):
        raise Unfit("bad-value", f"{show(value)!r} is no day.")
    if kind is not FieldType.DATETIME:
        return value
    try:
        return datetime.combine(value, time(), ZoneInfo(time_zone)).astimezone(UTC)
    except OverflowError:
        raise Unfit("out-of-range", f"{value} is at the end of the calendar.") from None


def read_moment(raw: Value) -> Value:
    """Return the moment in UTC."""
    return None if raw is None else _moment(raw)


def write_moment(value: Value) -> Value:
    """Return the moment in UTC."""
    return None if value is None else _moment(value)


def _moment(raw: Value) -> datetime:
    if not isinstance(raw, datetime) or raw.tzinfo is None:
        raise Unfit("bad-value", f"{show(raw)!r} is no moment with a time zone.")
    return _shifted(raw, UTC)


def _local(moment: datetime, time_zone: str) -> datetime:
    return _shifted(moment, ZoneInfo(time_zone))


def _shifted(moment: datetime, zone: tzinfo) -> datetime:
    try:
        return moment.astimezone(zone)
    except OverflowError:
        raise Unfit("out-of-range", f"{moment} is at the end of the calendar.") from None
