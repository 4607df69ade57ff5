"""The sales cycle over years, in every kind of zone: on which days it asks, and once for each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gp365.app.service import triggers
from gp365.app.service.cycle import Cycle, QuarterEnd, days_in, last_moment, next_moment
from gp365.app.service.fiscal import Calendar, calendar_of
from gp365.app.service.triggers import Rule
from gp365.app.settings_triggers import day_rule
from service.service_cycles import (
    CALENDAR,
    CHICAGO,
    MOMENTS,
    MONTHS,
    NOON,
    cycle,
    cycles,
    every,
    started,
    weeks,
)


def in_month(made: Cycle, year: int, month: int, calendar: Calendar = MONTHS) -> list[int]:
    return sorted(day.day for day in days_in(made, calendar, date(year, month, 1)))


# days of a month


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("15", [15]),
        ("30th", [30]),
        ("31", []),
        ("last day", [30]),
        ("1st mon", [2]),
        ("first mon", [2]),
        ("2nd tue", [10]),
        ("5th mon", [30]),
        ("5th tue", []),
        ("last fri", [27]),
        ("first working day", [2]),
        ("3rd working day", [4]),
        ("last working day", [27]),
    ],
)
def test_a_forecast_day_of_november_is_the_one_that_its_words_say(text: str, days: list[int]) -> None:
    made = cycle(text, holidays=frozenset({date(2026, 11, 30)}))
    assert in_month(made, 2026, 11) == days


def test_working_days_are_those_of_the_site() -> None:
    sunday_to_thursday = frozenset({6, 0, 1, 2, 3})
    assert in_month(cycle("last working day", working=sunday_to_thursday), 2026, 10) == [29]


@pytest.mark.parametrize("text", ["32", "0", "6th mon", "last", "sometimes", "24th working day", "mon", "-1"])
def test_words_that_name_no_day_of_a_month_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="last working day"):
        day_rule(text)


# quarters


@pytest.mark.parametrize(
    ("first_month", "months"),
    [(1, [3, 6, 9, 12]), (2, [1, 4, 7, 10]), (7, [3, 6, 9, 12]), (12, [2, 5, 8, 11])],
)
def test_quarters_by_months_end_with_every_third_month_of_the_year(
    first_month: int, months: list[int]
) -> None:
    made = cycle(quarter=QuarterEnd(first_month))
    assert [month for month in range(1, 13) if in_month(made, 2027, month)] == months


def test_days_around_a_quarters_end_reach_into_the_next_month() -> None:
    made = cycle(quarter=QuarterEnd(1, before=2, after=1))
    assert in_month(made, 2026, 12) == [29, 30, 31]
    assert in_month(made, 2027, 1) == [1]
    assert in_month(made, 2026, 11) == []


def test_quarters_of_a_company_whose_year_has_13_periods_end_with_its_periods() -> None:
    year = calendar_of(weeks(2027, *[4] * 13))
    ends = [year.periods[number - 1].last for number in (3, 6, 9, 13)]
    assert year.quarter_ends() == tuple(ends)
    made = cycle(quarter=QuarterEnd(0))
    assert in_month(made, ends[1].year, ends[1].month, year) == [ends[1].day]


def test_quarters_of_445_weeks_end_with_every_third_period() -> None:
    year = calendar_of(weeks(2027, *[4, 4, 5] * 4))
    assert year.quarter_ends() == tuple(year.periods[number - 1].last for number in (3, 6, 9, 12))
    assert calendar_of(weeks(2027, 26, 26)).quarter_ends() == tuple(p.last for p in weeks(2027, 26, 26))


# moments


def test_a_time_that_the_clocks_leave_out_comes_an_hour_later_and_one_that_they_repeat_comes_once() -> None:
    spring = next_moment(cycle("14", at=["02:30"]), MONTHS, datetime(2027, 3, 1, tzinfo=UTC))
    assert spring is not None and spring.astimezone(CHICAGO).strftime("%d %H:%M") == "14 03:30"
    autumn = cycle("7", at=["01:30"])
    first = next_moment(autumn, MONTHS, datetime(2027, 11, 1, tzinfo=UTC))
    assert first == datetime(2027, 11, 7, 6, 30, tzinfo=UTC)
    after = next_moment(autumn, MONTHS, datetime(2027, 11, 7, 6, 30, tzinfo=UTC))
    assert after is not None and after.month == 12


@settings(max_examples=60, deadline=None)
@given(cycles(), MOMENTS, st.integers(1, 120))
def test_the_next_and_the_newest_moment_are_those_of_the_whole_list(
    made: Cycle, after: datetime, days: int
) -> None:
    until = after + timedelta(days=days)
    whole = every(made, after, until)
    coming = next_moment(made, CALENDAR, after)
    assert (coming if coming is not None and coming <= until else None) == (whole[0] if whole else None)
    assert last_moment(made, CALENDAR, after, until) == (whole[-1] if whole else None)


# the cycle as it asks


def rule(made: Cycle, *, full: bool = False, make_up_h: float = 24, mark: str = "a") -> Rule:
    make_up = timedelta(hours=make_up_h)
    return Rule(
        "cycle forecast main", "main", ("firms",), made.zone, mark, full=full, cycle=made, make_up=make_up
    )


@settings(max_examples=40, deadline=None)
@given(cycles(), MOMENTS, st.lists(st.floats(0.01, 40), min_size=1, max_size=40), st.randoms())
def test_every_moment_asks_once_whatever_the_pauses_and_restarts(
    made: Cycle, begin: datetime, hours: list[float], chance: object
) -> None:
    mine = replace(rule(made, make_up_h=1000), calendar="c")
    state = triggers.begin([mine], {}, {"c": CALENDAR}, begin)
    at = begin
    for step in hours:
        before, at = at, at + timedelta(hours=step)
        if chance.random() < 0.3:  # type: ignore[attr-defined]
            state = triggers.begin([mine], state.held, state.calendars, before)
        state, fired = triggers.due(state, at)
        whole = every(made, before, at)
        assert [one.late for one in fired] == ([False] if whole else [])
        if whole:
            assert fired[0].occasions == (f"{whole[-1].astimezone(made.zone):%Y-%m-%d %H:%M}",)
        assert triggers.due(state, at)[1] == []


def test_what_was_missed_while_the_service_was_down_is_made_up_for_once_if_it_is_not_too_old() -> None:
    mine = rule(cycle("24", "25", at=["06:00", "18:00"]), make_up_h=12)
    state = started(mine)
    later = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)  # 21:00 on the 25th in Chicago
    state, fired = triggers.due(started(mine, now=later, kept=state), later)
    assert [(one.occasions, one.late) for one in fired] == [(("2026-11-25 18:00",), False)]
    assert triggers.due(state, later)[1] == []
    too_late = started(mine, now=later, kept=started(mine))
    _, fired = triggers.due(too_late, later + timedelta(hours=12))
    assert [one.late for one in fired] == [True]
    assert triggers.looks_asked(fired) == []


def test_a_rule_that_is_new_or_was_changed_asks_for_nothing_of_before() -> None:
    state = started(rule(cycle("1")))
    changed = started(rule(cycle("22"), mark="b"), kept=state)
    assert triggers.due(changed, NOON)[1] == []


def test_a_clock_that_was_a_year_ahead_for_a_moment_costs_no_run_of_the_cycle() -> None:
    state = started(rule(cycle("24")))
    state, fired = triggers.due(state, NOON + timedelta(days=400))
    assert len(fired) == 1
    state, fired = triggers.due(state, NOON)
    assert fired == []
    state, fired = triggers.due(state, NOON + timedelta(days=1))
    assert fired[0].occasions == ("2026-11-24 06:00",)
    assert triggers.due(state, NOON + timedelta(hours=23, minutes=30))[1] == []


def test_years_of_a_quarter_hour_cost_less_than_a_second() -> None:
    mine = [rule(cycle("15", "last working day", quarter=QuarterEnd(1, 3, 2)))]
    state, asked, at = started(*mine), 0, NOON
    for _ in range(4 * 24 * 365):
        at += timedelta(minutes=15)
        state, fired = triggers.due(state, at)
        asked += len(fired)
    # Two days a month, six around each quarter's end, of which one or two are the same days.
    assert 12 * 2 < asked < 12 * 2 + 4 * 6
