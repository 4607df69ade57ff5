"""Fiscal calendars: what asks when a period was closed and around its end, and for what it asks once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gp365.app.service import triggers
from gp365.app.service.fiscal import Calendar, Period, calendar_of, closings, window
from gp365.app.service.pace import Pace, paced
from gp365.app.service.triggers import Around, Rule, Triggers
from service.service_cycles import CHICAGO, MONTHS, NOON, TODAY, started, weeks

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


def test_a_closing_while_a_schedule_reads_a_flow_whole_has_it_read_whole_once_more() -> None:
    state, _ = seen(seen(started(fiscal("sales")))[0], OCTOBER)
    state, under, asked = triggers.settled(state, {}, {FIRMS}, {FIRMS}, set())
    assert asked == []
    state, under, asked = triggers.settled(state, under, {FIRMS}, set(), set())
    assert len(asked) == 1 and state.held["fiscal end main"].left == ("firms",)
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
