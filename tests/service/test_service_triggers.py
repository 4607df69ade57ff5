"""Fiscal calendars and the sales cycle, over years, in every kind of zone: what asks, when, and for what it asks once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gp365.app.service import triggers
from gp365.app.service.cycle import Cycle, MonthDay, QuarterEnd, days_in, last_moment, next_moment
from gp365.app.service.fiscal import Calendar, Period, calendar_of, closings, of_settings, window
from gp365.app.service.pace import Pace, paced
from gp365.app.service.triggers import Around, Rule, Triggers
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


def weeks(year: int, *lengths: int) -> list[Period]:
    """Make a year of periods that last so many weeks."""
    found, first = list[Period](), date(year, 1, 3)
    for number, length in enumerate(lengths, 1):
        last = first + timedelta(weeks=length, days=-1)
        found.append(Period(first, last, year, number))
        first = last + timedelta(days=1)
    return found


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


def started(*rules: Rule, now: datetime = NOON, kept: Triggers | None = None) -> Triggers:
    before = kept or Triggers()
    return triggers.begin(rules, before.held, before.calendars, now)


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


# closings


def closed(calendar: Calendar, *closings: tuple[str, str]) -> Calendar:
    """Close series of periods, and no others."""
    return Calendar(
        tuple(
            replace(one, closed=frozenset(name for key, name in closings if key == one.key))
            for one in calendar.periods
        )
    )


OCTOBER, SEPTEMBER = ("2026/10", "sales"), ("2026/9", "sales")


def fiscal(
    *series: str, full: bool = True, around: Around | None = None, flows: Sequence[str] = ("firms",)
) -> Rule:
    return Rule(
        "fiscal end main",
        "main",
        tuple(flows),
        CHICAGO,
        "f",
        calendar="gp/TWO",
        full=full,
        around=around,
        series=frozenset(series),
    )


def seen(
    state: Triggers, *now_closed: tuple[str, str], months: Calendar = MONTHS
) -> tuple[Triggers, list[str]]:
    state, fired = triggers.looked(state, "gp/TWO", closed(months, *now_closed), NOON)
    return state, [occasion for one in fired for occasion in one.occasions]


def test_what_was_closed_before_the_first_look_is_no_event_and_what_is_closed_later_is_one() -> None:
    state, events = seen(started(fiscal("sales")), SEPTEMBER)
    assert events == []
    state, events = seen(state, SEPTEMBER, OCTOBER, ("2026/10", "financial"))
    assert events == ["2026/10 sales"]
    assert seen(state, SEPTEMBER, OCTOBER)[1] == []


def test_a_period_that_was_opened_and_closed_again_counts_again() -> None:
    state, _ = seen(started(fiscal("sales")))
    state, first = seen(state, OCTOBER)
    state, opened = seen(state)
    state, again = seen(state, OCTOBER)
    assert (first, opened, again) == (["2026/10 sales"], [], ["2026/10 sales"])


def test_a_restart_neither_repeats_nor_forgets_a_closing() -> None:
    state, _ = seen(started(fiscal("sales")), SEPTEMBER)
    restarted = started(fiscal("sales"), kept=state)
    restarted, events = seen(restarted, SEPTEMBER, OCTOBER)
    assert events == ["2026/10 sales"]
    again = started(fiscal("sales"), kept=restarted)
    assert again.held["fiscal end main"].left == ("firms",)
    assert seen(again, SEPTEMBER, OCTOBER)[1] == []


def test_a_series_that_is_watched_from_now_on_counts_from_its_own_first_look() -> None:
    state, _ = seen(started(fiscal("sales")))
    more = started(fiscal("sales", "inventory"), kept=state)
    more, events = seen(more, ("2026/10", "inventory"), OCTOBER)
    assert events == ["2026/10 sales"]
    assert seen(more, ("2026/10", "inventory"), ("2026/11", "inventory"), OCTOBER)[1] == ["2026/11 inventory"]


def test_a_year_that_was_set_up_and_closed_unseen_counts_and_one_of_long_ago_does_not() -> None:
    state, _ = seen(
        started(fiscal("sales")), months=calendar_of([Period(date(2026, 1, 1), date(2026, 12, 31), 2026, 1)])
    )
    past, coming = (Period(date(y, 1, 1), date(y, 12, 31), y, 1) for y in (2019, 2027))
    more = calendar_of([*state.calendars["gp/TWO"].periods, past, coming])
    assert seen(state, ("2019/1", "sales"), ("2027/1", "sales"), months=more)[1] == ["2027/1 sales"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["2026/9", "2026/10", "2026/11"]),
            st.sampled_from(["sales", "financial"]),
            st.booleans(),
        ),
        max_size=30,
    )
)
def test_each_closing_is_told_exactly_once_whatever_is_opened_and_closed_and_restarted(
    edits: list[tuple[str, str, bool]],
) -> None:
    mine = fiscal("sales", "financial")
    state, _ = seen(started(mine))
    now_closed, told, expected = set[tuple[str, str]](), list[str](), list[str]()
    for key, series, is_closed in edits:
        if is_closed and (key, series) not in now_closed:
            expected.append(f"{key} {series}")
        (now_closed.add if is_closed else now_closed.discard)((key, series))
        state, events = seen(started(mine, kept=state), *now_closed)
        told += events
    assert told == expected


def test_nothing_is_told_of_a_calendar_that_was_never_seen_before() -> None:
    assert closings(None, closed(MONTHS, OCTOBER), {"sales"}, {}) == ()


# reading whole, once


FIRMS = ("main", "firms")


def test_a_flow_is_planned_to_be_read_whole_until_it_was_and_then_no_more() -> None:
    state, _ = seen(started(fiscal("sales")))
    state, _ = seen(state, OCTOBER)
    state, under, asked = triggers.settled(state, {}, {FIRMS}, set(), set())
    assert [(one.pair, one.flow, one.full) for one in asked] == [(*FIRMS, True)]
    at_once, _, asked = triggers.settled(state, under, {FIRMS}, set(), set())
    assert asked == [] and at_once.held["fiscal end main"].left == ()  # it was read before anybody looked
    state, under, asked = triggers.settled(state, under, {FIRMS}, {FIRMS}, set())
    assert asked == []
    restarted, _, asked = triggers.settled(started(fiscal("sales"), kept=state), {}, {FIRMS}, set(), set())
    assert len(asked) == 1 and restarted.held["fiscal end main"].why == ("2026/10 sales",)
    state, under, asked = triggers.settled(state, under, {FIRMS}, set(), set())
    assert asked == [] and state.held["fiscal end main"].left == ()
    assert triggers.settled(state, under, {FIRMS}, set(), set())[2] == []


def test_a_flow_that_was_stopped_while_it_was_read_whole_is_asked_for_again_when_it_is_no_more() -> None:
    state, _ = seen(seen(started(fiscal("sales")))[0], OCTOBER)
    state, under, _ = triggers.settled(state, {}, {FIRMS}, set(), set())
    state, under, _ = triggers.settled(state, under, {FIRMS}, {FIRMS}, set())
    state, under, asked = triggers.settled(state, under, {FIRMS}, set(), {FIRMS})
    assert asked == [] and state.held["fiscal end main"].left == ("firms",)
    assert len(triggers.settled(state, under, {FIRMS}, set(), set())[2]) == 1


def test_a_closing_while_a_flow_is_read_whole_for_another_has_it_read_whole_once_more() -> None:
    state, _ = seen(started(fiscal("sales")))
    state, _ = seen(state, SEPTEMBER)
    state, under, _ = triggers.settled(state, {}, {FIRMS}, set(), set())
    state, under, _ = triggers.settled(state, under, {FIRMS}, {FIRMS}, set())
    state, fired = triggers.looked(state, "gp/TWO", closed(MONTHS, SEPTEMBER, OCTOBER), NOON)
    state, under, asked = triggers.settled(state, triggers.on_top(under, fired), {FIRMS}, {FIRMS}, set())
    assert asked == []
    state, under, asked = triggers.settled(state, under, {FIRMS}, set(), set())
    assert len(asked) == 1
    state, under, _ = triggers.settled(state, under, {FIRMS}, {FIRMS}, set())
    assert triggers.settled(state, under, {FIRMS}, set(), set())[0].held["fiscal end main"].left == ()


# more looks around the end of a period


@pytest.mark.parametrize(
    ("at", "shorter"),
    [
        ("2026-11-28 05:59", False),  # 23:59 on the 27th in Chicago
        ("2026-11-28 06:00", True),
        ("2026-12-04 05:59", True),
        ("2026-12-04 06:00", False),
        ("2026-12-29 06:00", True),
    ],
)
def test_waits_are_shorter_on_the_companys_days_around_the_end_of_a_period(at: str, shorter: bool) -> None:
    state, _ = seen(started(fiscal(around=Around(2, 3, 30))))
    now = datetime.fromisoformat(f"{at}+00:00")
    assert triggers.limits(state, now) == ({FIRMS: 30} if shorter else {})


def test_windows_that_touch_are_told_as_one() -> None:
    found = window(calendar_of(weeks(2027, *[1] * 10)), date(2027, 1, 10), 3, 3)
    assert found is not None and (found.first, found.last) == (date(2027, 1, 6), date(2027, 3, 16))
    assert window(Calendar(), TODAY, 3, 3) is None


def test_paces_are_given_back_when_the_days_are_over_and_another_ones_change_stays() -> None:
    given_, other = Pace(10, 120), ("main", "cards")
    paces, held = paced({FIRMS: given_, other: given_}, {}, {FIRMS: 30})
    assert paces == {FIRMS: Pace(10, 30), other: given_}
    assert paced(paces, held, {FIRMS: 5})[0][FIRMS] == Pace(5, 5)
    assert paced(paces, held, {})[0] == {FIRMS: given_, other: given_}
    elsewhere = {FIRMS: Pace(1, 20), other: given_}
    assert paced(elsewhere, held, {})[0] == elsewhere
