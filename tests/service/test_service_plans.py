"""When the service looks, waits and tries again, under a clock of the test's own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from gp365.app.service.calendar import QuietWindow, next_fire, quiet_until
from gp365.app.service.circuit import CLOSED, Backoff, Circuit, failed, retried
from gp365.app.service.due import Planned, next_round, runs_at
from gp365.app.service.pace import Look, Pace, first_look, next_look
from gp365.model.errors import Retry, Unauthorised

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CHICAGO = ZoneInfo("America/Chicago")
PACE = Pace(10, 120)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def never_quiet(pair: str) -> None:
    del pair


# pace


def test_a_flow_that_finds_nothing_is_looked_at_ever_more_seldom_but_never_more_seldom_than_set() -> None:
    look, at, waits = first_look(PACE, NOW), NOW, []
    for _ in range(12):
        look = next_look(look, PACE, at, changed=False, chance=0.5)
        waits.append((look.next_at - at).total_seconds())
        at = look.next_at
    assert waits == sorted(waits)
    assert waits[0] == 15
    assert waits[-1] == 120


def test_a_change_makes_a_flow_fast_again() -> None:
    slow = Look(NOW, 120)
    assert next_look(slow, PACE, NOW, changed=True, chance=0.5).next_at == after(10)


def test_chance_spreads_the_looks_by_a_tenth_to_either_side() -> None:
    waits = {next_look(Look(NOW, 120), PACE, NOW, changed=False, chance=c).next_at for c in (0, 0.5, 1)}
    assert waits == {after(108), after(120), after(132)}


# circuits

BACKOFF = Backoff(5, 60)
DOWN = Retry("unreachable", "No answer.", system="gp")


def test_a_system_that_is_down_is_tried_again_after_a_growing_while_until_it_is_back() -> None:
    circuit, at, waits = CLOSED, NOW, []
    for _ in range(6):
        circuit = failed(circuit, DOWN, at, BACKOFF, chance=0.5)
        assert circuit.next_try is not None
        waits.append((circuit.next_try - at).total_seconds())
        at = circuit.next_try
    assert waits == [5, 10, 20, 40, 60, 60]
    assert circuit.fault is not None
    assert circuit.fault.since == NOW


def test_a_system_says_itself_how_long_to_leave_it_alone() -> None:
    busy = Retry("throttled", "Too many requests.", after_s=90.0, system="sales")
    assert failed(CLOSED, busy, NOW, BACKOFF, chance=0.5).next_try == after(90)


def test_a_system_that_refuses_our_password_is_left_alone_until_somebody_does_something() -> None:
    refused = failed(CLOSED, Unauthorised("password", "401", system="gp"), NOW, BACKOFF, chance=0.5, mark="m")
    assert (refused.state(after(10**9)), refused.unauthorised, refused.mark) == ("open", True, "m")
    assert retried(refused, NOW).state(NOW) == "half-open"


def test_a_circuit_is_open_until_its_wait_is_over_and_then_half_open() -> None:
    circuit = failed(CLOSED, DOWN, NOW, BACKOFF, chance=0.5)
    assert [CLOSED.state(NOW), circuit.state(after(4)), circuit.state(after(5))] == [
        "closed",
        "open",
        "half-open",
    ]


# what is due


def plan(pair: str, flow: str, at: float, *systems: str, urgent: bool = False, every: float = 10) -> Planned:
    return Planned(pair, flow, systems or ("gp", "sales"), Look(after(at), every), urgent)


def chosen(plans: list[Planned], circuits: Mapping[str, Circuit] | None = None, now: float = 0):
    found = next_round(plans, circuits or {}, never_quiet, after(now))
    return None if found is None else (found.pair, *found.flows)


def test_nothing_runs_before_it_is_due() -> None:
    assert chosen([plan("a", "customers", 5)]) is None
    assert chosen([plan("a", "customers", 5)], now=5) == ("a", "customers")


def test_a_webhook_comes_before_a_poll_that_has_waited_longer() -> None:
    plans = [plan("a", "customers", -60), plan("b", "customers", 0, urgent=True)]
    assert chosen(plans) == ("b", "customers")


def test_flows_that_are_nearly_due_go_along_with_those_that_are() -> None:
    plans = [plan("a", "cards", 0, every=100), plan("a", "customers", 20, every=100), plan("a", "notes", 60)]
    assert chosen(plans) == ("a", "cards", "customers")


def test_a_system_that_is_down_pauses_its_own_pairs_only() -> None:
    down = {"gp1": failed(CLOSED, DOWN, NOW, BACKOFF, chance=0.5)}
    plans = [plan("one", "customers", -9, "gp1", "sales"), plan("two", "customers", 0, "gp2", "sales")]
    assert chosen(plans, down) == ("two", "customers")
    assert chosen(plans[:1], down, now=4) is None
    assert runs_at(plans[0], down, never_quiet) == after(5)


def test_only_one_flow_tries_whether_a_system_is_back() -> None:
    down = {"gp": failed(CLOSED, DOWN, NOW, BACKOFF, chance=0.5)}
    plans = [plan("a", "cards", -9), plan("a", "customers", -9)]
    assert chosen(plans, down, now=5) == ("a", "cards")
    assert chosen(plans, {}, now=5) == ("a", "cards", "customers")


def test_nothing_is_written_in_a_quiet_window_and_everything_right_after_it() -> None:
    plans = [plan("a", "customers", -60, urgent=True)]
    ends = after(3600)
    assert next_round(plans, {}, lambda pair: ends, NOW) is None
    assert runs_at(plans[0], {}, lambda pair: ends) == ends


# the calendar in company time


def local(*parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=CHICAGO, fold=fold)  # type: ignore[arg-type, misc]


def fires(cron: str, at: datetime, number: int) -> list[str]:
    found: list[str] = []
    for _ in range(number):
        at = next_fire(cron, CHICAGO, at)
        found.append(at.astimezone(CHICAGO).strftime("%m-%d %H:%M"))
    return found


def test_a_schedule_keeps_to_the_company_s_clock_when_it_changes() -> None:
    assert fires("0 6 * * *", local(2026, 10, 30, 12), 3) == ["10-31 06:00", "11-01 06:00", "11-02 06:00"]
    assert next_fire("0 6 * * *", CHICAGO, local(2026, 11, 1, 0)) == datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def test_an_hour_that_comes_twice_runs_a_daily_schedule_once() -> None:
    # 1 November 2026: 01:30 comes twice in Chicago.
    assert fires("30 1 * * *", local(2026, 11, 1, 0), 2) == ["11-01 01:30", "11-02 01:30"]
    first = next_fire("30 1 * * *", CHICAGO, local(2026, 11, 1, 0))
    again = next_fire("30 1 * * *", CHICAGO, local(2026, 11, 1, 1, 10, fold=1))
    assert first == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    assert again == datetime(2026, 11, 2, 7, 30, tzinfo=UTC)


def test_an_hour_that_is_left_out_does_not_leave_a_daily_schedule_out() -> None:
    # 8 March 2026: 02:30 does not exist in Chicago.
    assert fires("30 2 * * *", local(2026, 3, 7, 12), 2) == ["03-08 03:30", "03-09 02:30"]


NIGHT = QuietWindow(time(22), time(5), frozenset(range(5)))
SATURDAY = QuietWindow(time(5), time(5), frozenset({5}))


@pytest.mark.parametrize(
    ("at", "ends"),
    [
        (local(2026, 11, 23, 21, 59), None),
        (local(2026, 11, 23, 22, 0), local(2026, 11, 24, 5)),
        (local(2026, 11, 24, 4, 59), local(2026, 11, 24, 5)),
        (local(2026, 11, 28, 2), local(2026, 11, 28, 5)),  # Friday's night lasts into Saturday
        (local(2026, 11, 29, 2), None),  # no window begins on Saturday evening
    ],
)
def test_a_quiet_window_ends_at_its_hour_of_the_next_day(at: datetime, ends: datetime | None) -> None:
    assert quiet_until([NIGHT], CHICAGO, at, "any") == ends


def test_windows_that_follow_each_other_are_one() -> None:
    assert quiet_until([NIGHT, SATURDAY], CHICAGO, local(2026, 11, 27, 23), "any") == local(2026, 11, 29, 5)


def test_a_window_can_be_for_some_pairs_only() -> None:
    mine = QuietWindow(time(0), time(23, 59), frozenset(range(7)), frozenset({"north"}))
    assert quiet_until([mine], CHICAGO, NOW, "south") is None
    assert quiet_until([mine], CHICAGO, NOW, "north") is not None
