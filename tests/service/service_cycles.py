"""Cycles of the sales year for tests: drawn by chance, and worked out day by day, by another way than the code does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from gp365.app.service import triggers
from gp365.app.service.cycle import Cycle, MonthDay, QuarterEnd, days_in
from gp365.app.service.fiscal import Period, calendar_of, of_settings
from gp365.app.service.triggers import Rule, Triggers
from gp365.app.settings_triggers import CalendarSettings, day_rule

CHICAGO = ZoneInfo("America/Chicago")
ZONES = st.sampled_from(
    [
        ZoneInfo(name)
        for name in ("UTC", "America/Chicago", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata")
    ]
)
TODAY = date(2026, 11, 23)
MONTHS = of_settings(CalendarSettings(first_month=1), TODAY)
NOON = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


def cycle(*days: str, at: Iterable[str] = ("06:00",), zone: ZoneInfo = CHICAGO, **named: object) -> Cycle:
    rules = tuple(MonthDay(*day_rule(text)) for text in days)
    return replace(Cycle(zone, tuple(time.fromisoformat(one) for one in at), rules), **named)  # type: ignore[arg-type]


def weeks(year: int, *lengths: int) -> list[Period]:
    """Make a year of periods that last so many weeks."""
    found, first = list[Period](), date(year, 1, 3)
    for number, length in enumerate(lengths, 1):
        last = first + timedelta(weeks=length, days=-1)
        found.append(Period(first, last, year, number))
        first = last + timedelta(days=1)
    return found


DAYS = st.lists(
    st.sampled_from(["1", "15", "31", "last day", "2nd tue", "last fri", "last working day"]), max_size=3
)
QUARTER = st.one_of(
    st.none(), st.builds(QuarterEnd, st.integers(0, 12), st.integers(0, 20), st.integers(0, 20))
)
TIMES = st.lists(st.times(), min_size=1, max_size=3)
MOMENTS = st.integers(0, 940 * 24 * 60).map(
    lambda minutes: datetime(2025, 3, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
CALENDAR = calendar_of([*weeks(2025, *[4] * 13), *weeks(2026, *[4] * 13), *weeks(2027, *[4] * 13)])


@st.composite
def cycles(draw: st.DrawFn) -> Cycle:
    days, quarter = draw(DAYS), draw(QUARTER)
    made = cycle(*(days or (["15"] if quarter is None else [])), zone=draw(ZONES))
    return replace(made, times=tuple(draw(TIMES)), quarter=quarter)


def every(made: Cycle, after: datetime, until: datetime) -> list[datetime]:
    """Work out every moment day by day, by another way than the code does."""
    found = set[datetime]()
    day = after.astimezone(made.zone).date() - timedelta(days=2)
    while day <= until.astimezone(made.zone).date() + timedelta(days=2):
        if day in days_in(made, CALENDAR, day):
            found |= {
                datetime.combine(day, at, made.zone).replace(fold=0).astimezone(UTC) for at in made.times
            }
        day += timedelta(days=1)
    return sorted(at for at in found if after < at <= until)


def started(*rules: Rule, now: datetime = NOON, kept: Triggers | None = None) -> Triggers:
    before = kept or Triggers()
    return triggers.begin(rules, before.held, before.calendars, now)
