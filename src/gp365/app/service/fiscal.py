"""A company's fiscal calendar: its periods, what is closed in them, its quarters. Pure; from GP's rows or the settings."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from gp365.app.settings_triggers import SERIES, CalendarSettings
from gp365.connectors.gp.periods import period_of
from gp365.model.values import Values

MONTHS = 12
QUARTERS = 4


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A period from its first to its last day, and the series that are closed in it."""

    first: date
    last: date
    year: int
    number: int
    closed: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """Name the period."""
        return f"{self.year}/{self.number}"


@dataclass(frozen=True, slots=True)
class Calendar:
    """Periods in the order of their days."""

    periods: tuple[Period, ...] = ()

    def quarter_ends(self) -> tuple[date, ...]:
        """Give the last days of quarters: of a year's periods, a quarter each (of 13 the last one has four)."""
        years: dict[int, list[Period]] = {}
        for period in self.periods:
            years.setdefault(period.year, []).append(period)
        ends: set[date] = set()
        for mine in years.values():
            mine.sort(key=lambda period: period.number)
            counts = (len(mine) * part // QUARTERS for part in range(1, QUARTERS + 1))
            ends |= {mine[count - 1].last for count in counts if count}
        return tuple(sorted(ends))


@dataclass(frozen=True, slots=True)
class Days:
    """Days from the first to the last."""

    first: date
    last: date


def calendar_of(periods: Iterable[Period]) -> Calendar:
    """Put periods in order."""
    return Calendar(tuple(sorted(periods)))


def of_rows(rows: Iterable[Values]) -> Calendar:
    """Read the calendar from GP's rows of periods."""
    found: dict[tuple[int, int], Period] = {}
    for row in filter(None, map(period_of, rows)):
        closed = frozenset(name for name, is_closed in zip(SERIES, row.closed, strict=True) if is_closed)
        found[(row.year, row.number)] = Period(row.first, row.last, row.year, row.number, closed)
    return calendar_of(found.values())


def of_settings(given: CalendarSettings, today: date) -> Calendar:
    """Make the calendar that the settings give: their periods, or the months from a year ago to two years on."""
    if given.periods:
        days = [(one.first, one.last, one.year, one.period) for one in given.periods]
    else:
        days = [
            _month(given.first_month, today.year + ahead, number)
            for ahead in range(-1, 3)
            for number in range(1, MONTHS + 1)
        ]
    return calendar_of(
        Period(first, last, year, number, _closed(given, last)) for first, last, year, number in days
    )


def window(calendar: Calendar, day: date, before: int, after: int) -> Days | None:
    """Return the days around the ends of periods that a day lies in, or that come next; windows that touch are one."""
    reach, since = timedelta(days=after), day - timedelta(days=after)
    found: Days | None = None
    for end in sorted(one.last for one in calendar.periods if one.last >= since):
        first, last = end - timedelta(days=before), end + reach
        if found is not None and first > found.last + timedelta(days=1):
            break
        found = Days(first, last) if found is None else Days(found.first, last)
    return found


def closings(
    before: Calendar | None, after: Calendar, series: Collection[str], since: Mapping[str, date]
) -> tuple[str, ...]:
    """Name what was closed between two looks, as in "2026/10 sales".

    `since` says from when a series is watched; one that is not in it counts from the next look on. A period that nobody saw
    open counts if it ends later than that.
    """
    known = {} if before is None else {period.key: period.closed for period in before.periods}
    found: list[str] = []
    for period in after.periods:
        for name in SERIES:
            if name not in series or name not in since or name not in period.closed:
                continue
            was = known.get(period.key)
            if name not in was if was is not None else period.last >= since[name]:
                found.append(f"{period.key} {name}")
    return tuple(found)


def to_plain(calendar: Calendar) -> list[Any]:
    """Turn a calendar into plain JSON."""
    return [
        [one.year, one.number, one.first.isoformat(), one.last.isoformat(), sorted(one.closed)]
        for one in calendar.periods
    ]


def from_plain(told: Sequence[Any]) -> Calendar:
    """Undo `to_plain`."""
    return calendar_of(
        Period(date.fromisoformat(first), date.fromisoformat(last), year, number, frozenset(closed))
        for year, number, first, last, closed in told
    )


def _month(first_month: int, year: int, number: int) -> tuple[date, date, int, int]:
    """Give the days of a month that is a period of the fiscal year that ends in this year."""
    begin = year if first_month == 1 else year - 1
    at = first_month - 1 + number - 1
    on, month = begin + at // MONTHS, at % MONTHS + 1
    return date(on, month, 1), date(on, month, monthrange(on, month)[1]), year, number


def _closed(given: CalendarSettings, last: date) -> frozenset[str]:
    return frozenset(name for name, until in given.closed_until.items() if last <= until)
