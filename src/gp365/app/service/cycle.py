"""The days and moments of the sales cycle: quarter ends and forecast days, in company time. Pure."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from gp365.app.service.calendar import to_utc
from gp365.app.service.fiscal import MONTHS, Calendar
from gp365.app.settings_alerts import WEEK
from gp365.app.settings_triggers import LAST

AHEAD_MONTHS = 25
"""How far the next moment is looked for: every rule has one within a year, if its calendar goes so far."""
_QUARTER = 3


@dataclass(frozen=True, slots=True)
class MonthDay:
    """The `number`th (-1: the last) `what` of a month: day, working day, or a weekday as in mon."""

    number: int
    what: str


@dataclass(frozen=True, slots=True)
class QuarterEnd:
    """So many days before to so many days after the last day of a quarter.

    `first_month` begins the year of quarters by months; 0: quarters of the company's fiscal calendar.
    """

    first_month: int
    before: int = 0
    after: int = 0


@dataclass(frozen=True, slots=True)
class Cycle:
    """On which days, at which times of them, in which zone."""

    zone: ZoneInfo
    times: tuple[time, ...]
    month_days: tuple[MonthDay, ...] = ()
    quarter: QuarterEnd | None = None
    working: frozenset[int] = frozenset(range(5))
    holidays: frozenset[date] = frozenset()

    @property
    def by_periods(self) -> bool:
        """Tell whether its quarters are those of a fiscal calendar."""
        return self.quarter is not None and self.quarter.first_month == 0


def next_moment(cycle: Cycle, calendar: Calendar, after: datetime) -> datetime | None:
    """Return the first moment after `after`, in UTC; None if the calendar knows none.

    A time that the clocks leave out comes as much later as they jump; one that they repeat comes once, the first time.
    """
    month = after.astimezone(cycle.zone).date() - timedelta(days=1)
    for _ in range(AHEAD_MONTHS):
        found = [at for at in _moments(cycle, calendar, month) if at > after]
        if found:
            return min(found)
        month = _following(month)
    return None


def last_moment(cycle: Cycle, calendar: Calendar, after: datetime, until: datetime) -> datetime | None:
    """Return the newest moment after `after` and not after `until`, in UTC; None if there is none."""
    first = after.astimezone(cycle.zone).date() - timedelta(days=1)
    month = until.astimezone(cycle.zone).date()
    while (month.year, month.month) >= (first.year, first.month):
        found = [at for at in _moments(cycle, calendar, month) if after < at <= until]
        if found:
            return max(found)
        month = month.replace(day=1) - timedelta(days=1)
    return None


def days_in(cycle: Cycle, calendar: Calendar, month: date) -> frozenset[date]:
    """Give the days of a month (named by any day of it) on which the cycle runs."""
    days = _days(month)
    found = {day for rule in cycle.month_days if (day := _month_day(cycle, rule, days)) is not None}
    quarter = cycle.quarter
    if quarter is not None:
        for end in _quarter_ends(quarter, calendar, month):
            first, last = end - timedelta(days=quarter.before), end + timedelta(days=quarter.after)
            found |= {day for day in days if first <= day <= last}
    return frozenset(found)


def _moments(cycle: Cycle, calendar: Calendar, month: date) -> Iterator[datetime]:
    for day in days_in(cycle, calendar, month):
        for at in cycle.times:
            yield to_utc(datetime.combine(day, at), cycle.zone).astimezone(UTC)


def _month_day(cycle: Cycle, rule: MonthDay, days: list[date]) -> date | None:
    if rule.what == "working day":
        mine = [day for day in days if day.weekday() in cycle.working and day not in cycle.holidays]
    elif rule.what == "day":
        mine = days
    else:
        mine = [day for day in days if WEEK[day.weekday()] == rule.what]
    if rule.number == LAST:
        return mine[-1] if mine else None
    return mine[rule.number - 1] if rule.number <= len(mine) else None


def _quarter_ends(quarter: QuarterEnd, calendar: Calendar, month: date) -> Iterator[date]:
    """Give the ends of quarters that are near enough to a month to reach into it."""
    if quarter.first_month == 0:
        near = timedelta(days=quarter.before + quarter.after + 31)
        yield from (end for end in calendar.quarter_ends() if abs(end - month) <= near)
        return
    for ahead in (-2, -1, 0, 1, 2):
        at = month.year * MONTHS + month.month - 1 + ahead
        year, number = divmod(at, MONTHS)
        if (number + 1 - quarter.first_month) % _QUARTER == _QUARTER - 1:
            yield date(year, number + 1, monthrange(year, number + 1)[1])


def _days(month: date) -> list[date]:
    length = monthrange(month.year, month.month)[1]
    return [date(month.year, month.month, day) for day in range(1, length + 1)]


def _following(month: date) -> date:
    return month.replace(day=1) + timedelta(days=monthrange(month.year, month.month)[1])
