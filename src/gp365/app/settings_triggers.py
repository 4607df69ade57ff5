"""Settings of what runs by GP's fiscal calendar and by the sales cycle, and of calendars that no system serves."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from gp365.app.settings_alerts import WEEK, Weekday
from gp365.app.settings_base import Strict

Series = Literal["financial", "sales", "purchasing", "inventory", "payroll", "project"]
SERIES: tuple[Series, ...] = ("financial", "sales", "purchasing", "inventory", "payroll", "project")
"""The series of GP's periods, in the order of their columns in GP's setup (the order is assumed)."""
LAST = -1
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_DAY = re.compile(
    r"(?:(\d{1,2})(?:st|nd|rd|th)?|(first)|(last))(?: (day|working day|mon|tue|wed|thu|fri|sat|sun))?"
)
_MOST = {"day": 31, "working day": 23}
_MOST_OF_A_WEEKDAY = 5


def day_rule(text: str) -> tuple[int, str]:
    """Read a day of a month: which one (-1 is the last) of what (day, working day, mon …); ValueError for other words."""
    found = _DAY.fullmatch(text.strip().lower())
    if found is not None:
        number = LAST if found[3] else int(found[1] or 1)
        what = found[4] or ("day" if found[1] else "")
        if what and (number == LAST or 1 <= number <= _MOST.get(what, _MOST_OF_A_WEEKDAY)):
            return number, what
    raise ValueError(
        "is no day of a month; write one as in 15, last day, 2nd tue, last fri, 3rd working day, last working day"
    )


def _day(text: str) -> str:
    day_rule(text)
    return text


def _time(text: str) -> str:
    if not _TIME.fullmatch(text):
        raise ValueError("is no time of day; write one as in 06:00")
    return text


class PeriodSettings(Strict):
    """A fiscal period."""

    year: int = Field(ge=1900, le=2999, description="the fiscal year's name")
    period: int = Field(ge=1, le=366, description="its number in the year")
    first: date = Field(description="its first day")
    last: date = Field(description="its last day")

    @model_validator(mode="after")
    def _ordered(self) -> PeriodSettings:
        if self.first > self.last:
            raise ValueError("has a last day before its first")
        return self


class CalendarSettings(Strict):
    """A company's fiscal calendar, kept by hand where GP does not serve it (only SQL Server does)."""

    first_month: int = Field(
        default=0,
        ge=0,
        le=12,
        description="every period is a month, and the year, named after the one in which it ends, begins with this month; "
        "0: the periods are given",
    )
    periods: list[PeriodSettings] = Field(default=[], description="the periods, where they are no months")
    closed_until: dict[Series, date] = Field(
        default={},
        description="by series: every period that ends by this day is closed; moved on by hand when accounting closes one",
    )

    @model_validator(mode="after")
    def _whole(self) -> CalendarSettings:
        if bool(self.first_month) == bool(self.periods):
            raise ValueError("needs either first_month or periods")
        if len({(one.year, one.period) for one in self.periods}) < len(self.periods):
            raise ValueError("names a period of a year twice")
        return self


class AroundSettings(Strict):
    """More looks around the end of a period: the longest wait between two is shorter."""

    days_before: int = Field(default=2, ge=0, le=60, description="days before a period's last day")
    days_after: int = Field(default=5, ge=0, le=60, description="days after it")
    every_s: float = Field(
        default=30.0, ge=1, le=86_400, description="longest seconds between looks on these days"
    )


class AfterCloseSettings(Strict):
    """One run when a period was closed."""

    series: list[Series] = Field(min_length=1, description="the series whose closing counts")
    full: bool = Field(default=True, description="read both sides whole instead of what changed")


class FiscalSettings(Strict):
    """What runs by a company's fiscal calendar; see docs/serve.md."""

    pair: str = Field(default="", description="the pair; empty: all, each by its own company's calendar")
    flows: list[str] = Field(default=[], description="flows or groups of flows; empty: all of the pair")
    calendar: str = Field(
        default="", description="a [calendars.NAME]; empty: GP's own, which SQL Server serves"
    )
    look_s: float = Field(
        default=600.0,
        ge=1,
        le=86_400,
        description="seconds between looks at the calendar: one question each",
    )
    around_period_end: AroundSettings | None = Field(
        default=None, description="more looks around the end of every period"
    )
    after_close: AfterCloseSettings | None = Field(
        default=None, description="one run for every closing of a period"
    )

    @model_validator(mode="after")
    def _something(self) -> FiscalSettings:
        if self.around_period_end is None and self.after_close is None:
            raise ValueError("needs around_period_end or after_close, or both")
        return self


class QuarterEndSettings(Strict):
    """The days around the end of a quarter."""

    by: Literal["months", "periods"] = Field(
        default="months",
        description="months: quarters of three months; periods: the company's own, a quarter of its year's periods each",
    )
    first_month: int = Field(
        default=1, ge=1, le=12, description="month with which the year begins, for quarters by months"
    )
    days_before: int = Field(default=0, ge=0, le=31, description="days before the quarter's last day")
    days_after: int = Field(default=0, ge=0, le=31, description="days after it")


class CycleSettings(Strict):
    """Runs by the sales cycle; see docs/serve.md."""

    pair: str = Field(default="", description="the pair; empty: all")
    flows: list[str] = Field(default=[], description="flows or groups of flows; empty: all of the pair")
    at: list[Annotated[str, AfterValidator(_time)]] = Field(
        min_length=1, description="times of these days, in company time, as in 06:00"
    )
    full: bool = Field(default=False, description="read both sides whole instead of what changed")
    quarter_end: QuarterEndSettings | None = Field(default=None, description="on days around a quarter's end")
    forecast_days: list[Annotated[str, AfterValidator(_day)]] = Field(
        default=[],
        description="days of every month, as in 15, last day, 2nd tue, last fri, 3rd working day, last working day; one "
        "that a month does not have is left out",
    )
    working_days: list[Weekday] = Field(
        default=list(WEEK[:5]), min_length=1, description="the working days of a week"
    )
    holidays: list[date] = Field(default=[], description="days that are no working days")
    calendar: str = Field(
        default="",
        description="a [calendars.NAME] for quarters by periods; empty: GP's own, which SQL Server serves",
    )
    make_up_h: float = Field(
        default=24.0,
        ge=1,
        le=8784,
        description="a run that was missed while the service was down is made up for, once, if it is so many hours old at "
        "most",
    )

    @model_validator(mode="after")
    def _something(self) -> CycleSettings:
        if self.quarter_end is None and not self.forecast_days:
            raise ValueError("needs quarter_end or forecast_days, or both")
        return self
