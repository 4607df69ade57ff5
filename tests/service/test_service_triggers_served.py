"""Fiscal calendar and sales cycle in a running service: closings, restarts, missed runs, more looks, faulty calendars."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from app.actions_desk import Desk
from gp365.app.alerts.conditions import Facts, conditions
from gp365.app.service import plans
from gp365.app.service.due import Round
from gp365.app.service.rounds import RoundDone
from gp365.app.service.triggering import Triggering
from gp365.app.settings_alerts import AlertSettings
from gp365.connectors.memory import MemoryConnector
from gp365.model.errors import Gp365Error, Retry, Unauthorised
from gp365.web.status_page import status_page
from service.service_desk import Served, command, until
from service.service_periods import (
    MovedClock,
    close_sales,
    log_of,
    occasions,
    running,
    standing_of,
    with_periods,
)

AFTER_CLOSE = '[service.fiscal.end]\nlook_s = 1.0\nafter_close = {series = ["sales"]}\n'
FORECAST = (
    '[service.cycle.forecast]\nforecast_days = ["15", "last working day"]\nat = ["06:00"]\nfull = true\n'
)
RULE = "fiscal end main"


def settled(at: Served, name: str = RULE) -> bool:
    """Tell whether a rule waits for nothing more, and neither does anything else."""
    return not standing_of(at.service, name).left and at.service.is_quiet()


def calendar_seen(at: Served) -> None:
    """Wait until the calendar was looked at once more."""
    now = datetime.now(UTC)
    until(lambda: (standing_of(at.service, RULE).seen_at or now) > now)


def arrived(desk: Desk, name: str) -> bool:
    return any(row["name"] == name for row in desk.accounts().values())


def test_a_period_that_is_closed_has_both_sides_read_whole_once_and_again_when_it_is_closed_again(
    tmp_path: Path,
) -> None:
    desk = with_periods(tmp_path, AFTER_CLOSE)
    close_sales(desk, 9)
    with running(desk) as at:
        until(lambda: settled(at))
        desk.gp("AARONFIT0001", Name="Aaron Fitz Electric")
        close_sales(desk, 10)
        until(lambda: arrived(desk, "Aaron Fitz Electric"))  # polls are an hour apart
        until(lambda: settled(at))
        calendar_seen(at)
        assert occasions(desk) == ["2026/10 sales"]
        close_sales(desk, 10, closed=False)
        calendar_seen(at)
        close_sales(desk, 10)
        until(lambda: occasions(desk) == ["2026/10 sales"] * 2)
        until(lambda: settled(at))


def test_what_was_closed_while_the_service_was_down_counts_when_it_is_back_and_only_then(
    tmp_path: Path,
) -> None:
    desk = with_periods(tmp_path, AFTER_CLOSE)
    with running(desk) as at:
        until(lambda: settled(at))
    close_sales(desk, 10)
    close_sales(desk, 11)
    for _ in range(2):
        with running(desk) as at:
            until(lambda: occasions(desk) == ["2026/10 sales", "2026/11 sales"])
            until(lambda: settled(at))
    (told,) = log_of(desk, "trigger")
    assert told["full"] is True


def test_a_closing_is_kept_over_a_restart_until_both_sides_were_read_whole(tmp_path: Path) -> None:
    quiet = '[[service.quiet]]\nfrom = "00:00"\nto = "00:00"\n'
    desk = with_periods(tmp_path, AFTER_CLOSE)
    with running(desk) as at:
        until(lambda: settled(at))
    settings = (tmp_path / "gp365.toml").read_text("utf-8")
    desk.folder.write("gp365.toml", settings + quiet)
    with running(desk) as at:
        close_sales(desk, 10)
        until(lambda: standing_of(at.service, RULE).left == ("firms",))
        assert standing_of(at.service, RULE).why == ("2026/10 sales",)
    desk.folder.write("gp365.toml", settings)
    with running(desk) as at:
        until(lambda: settled(at))
    assert occasions(desk) == ["2026/10 sales"]


def chicago(text: str) -> datetime:
    """Read a moment of November 2026 in Chicago."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC) + timedelta(hours=6)


def test_a_forecast_day_asks_at_its_hour_in_company_time(tmp_path: Path) -> None:
    desk, clock = with_periods(tmp_path, FORECAST), MovedClock()
    clock.set(chicago("2026-11-15 05:00"))
    with running(desk, clock) as at:
        until(at.service.is_quiet)
        desk.gp("AARONFIT0001", Name="Aaron Fitz Electric")
        assert standing_of(at.service, "cycle forecast main").next_at == chicago("2026-11-15 06:00")
        clock.set(chicago("2026-11-15 06:00:01"))
        until(lambda: occasions(desk) == ["2026-11-15 06:00"])
        until(lambda: arrived(desk, "Aaron Fitz Electric"))
        until(lambda: settled(at, "cycle forecast main"))
        assert standing_of(at.service, "cycle forecast main").next_at == chicago("2026-11-30 06:00")


def test_a_forecast_day_that_was_missed_is_made_up_for_if_it_is_not_older_than_set(tmp_path: Path) -> None:
    desk, clock = with_periods(tmp_path, FORECAST), MovedClock()
    for now in ("2026-11-14 12:00", "2026-11-15 20:00", "2026-11-15 21:00", "2026-12-02 12:00"):
        clock.set(chicago(now))
        with running(desk, clock) as at:
            until(lambda at=at: settled(at, "cycle forecast main"))
    told = [(line["occasions"], line["made_up"]) for line in log_of(desk, "trigger")]
    assert told == [(["2026-11-15 06:00"], True), (["2026-11-30 06:00"], False)]


BY_HAND = """
[calendars.company]
first_month = 7
closed_until = {sales = 2026-09-30}
"""
AROUND = """
[service.fiscal.end]
calendar = "company"
look_s = 1.0
around_period_end = {days_before = 1, days_after = 1, every_s = 1.0}
after_close = {series = ["sales"], full = false}
"""


def test_around_the_end_of_a_period_flows_are_looked_at_more_often_by_a_calendar_kept_by_hand(
    tmp_path: Path,
) -> None:
    desk, clock = with_periods(tmp_path, AROUND, before=BY_HAND), MovedClock()
    clock.set(chicago("2026-11-28 12:00"))
    with running(desk, clock) as at:
        until(at.service.is_quiet)
        assert standing_of(at.service, RULE).next_at == chicago("2026-11-29 00:00")
        clock.set(chicago("2026-11-29 00:00:01"))
        for name in ("Aaron Fitz Electric", "Aaron Fitz"):
            desk.gp("AARONFIT0001", Name=name)
            assert until(lambda name=name: arrived(desk, name)) < 15
        assert standing_of(at.service, RULE).until == chicago("2026-12-02 00:00")


def test_a_period_that_is_closed_by_hand_in_the_settings_counts_once(tmp_path: Path) -> None:
    desk = with_periods(tmp_path, AROUND, before=BY_HAND)
    with running(desk) as at:
        until(at.service.is_quiet)
        text = (tmp_path / "gp365.toml").read_text("utf-8")
        desk.folder.write("gp365.toml", text.replace("sales = 2026-09-30", "sales = 2026-10-31"))
        until(lambda: occasions(desk) == ["2027/4 sales"])  # its year begins in July
        until(at.service.is_quiet)
    assert len(log_of(desk, "trigger")) == 1


def test_a_company_without_periods_is_told_and_polls_go_on(tmp_path: Path) -> None:
    desk = with_periods(tmp_path, AFTER_CLOSE)
    for month in range(1, 13):
        system = desk.person("gp")
        system.person_delete("fiscal_period", ("2026", str(month), "0", "1", "x"))
        system.close()
    with running(desk) as at:
        until(lambda: standing_of(at.service, RULE).fault is not None)
        fault = standing_of(at.service, RULE).fault
        assert fault is not None and fault.code == "period-missing"
        until(lambda: arrived(desk, "Aaron Fitz"))
    assert len([line for line in log_of(desk, "error") if line["error"]["code"] == "period-missing"]) == 1


def test_a_rule_for_a_flow_that_its_pair_does_not_run_is_told_and_polls_go_on(tmp_path: Path) -> None:
    desk = with_periods(tmp_path, FORECAST + 'flows = ["customers"]\n')
    with running(desk) as at:
        until(lambda: arrived(desk, "Aaron Fitz"))
        (rule,) = at.service.standing().triggers
        assert rule.fault is not None and rule.fault.code == "flow-unknown"
        (told_of,) = conditions(at.service.standing(), Facts(date(2026, 11, 23)), AlertSettings())
        assert told_of.sentence == "Every rule asks for nothing by the calendar (flow-unknown)."
    (told,) = log_of(desk, "error")
    assert told["error"]["code"] == "flow-unknown"
    assert told["error"]["field"] == "service.cycle.forecast.flows"
    assert "firms" in told["error"]["fix"]


def test_what_was_kept_of_a_rule_goes_with_it(tmp_path: Path) -> None:
    desk = with_periods(tmp_path, AFTER_CLOSE)
    with running(desk) as at:
        until(lambda: settled(at))
    text = (tmp_path / "gp365.toml").read_text("utf-8")
    desk.folder.write("gp365.toml", text.replace(AFTER_CLOSE, ""))
    with running(desk):
        pass
    close_sales(desk, 10)
    desk.folder.write("gp365.toml", text)
    with running(desk) as at:
        until(lambda: settled(at))
    assert occasions(desk) == []


def test_status_and_the_page_say_when_each_rule_comes_next(tmp_path: Path) -> None:
    clock = MovedClock()
    clock.set(chicago("2026-11-15 20:00"))
    desk = with_periods(tmp_path, FORECAST + AROUND, before=BY_HAND)
    with running(desk, clock) as at:
        until(at.service.is_quiet)
        page = status_page(at.service.standing(), [], ZoneInfo("America/Chicago"))
        assert "cycle forecast main" in page and "2026-11-30 06:00:00" in page
        assert "fiscal end main" in page and "2026-11-29 00:00:00" in page
    rules = {one["rule"]: one for one in command(desk, "status", "--json").json["calendar"]}
    assert set(rules) == {"cycle forecast main", "fiscal end main"}
    assert "cycle forecast main" in command(desk, "status").out


def test_of_two_that_plan_at_the_same_time_only_one_asks_for_a_closing(tmp_path: Path) -> None:
    desk = with_periods(tmp_path, AFTER_CLOSE)
    gp = desk.person("gp")
    with desk.open() as one, desk.open() as other:
        both = [Triggering(project, lambda name: gp) for project in (one, other)]
        now, states = datetime.now(UTC), [plans.begin(project, datetime.now(UTC)) for project in (one, other)]
        for step in range(6):
            if step == 2:
                close_sales(desk, 10)
            at = now + timedelta(seconds=2 * step)
            states = [each.turn(state, at) for each, state in zip(both, states, strict=True)]
    gp.close()
    assert occasions(desk) == ["2026/10 sales"]


def test_a_round_that_began_before_its_flow_was_to_be_read_whole_leaves_it_so(tmp_path: Path) -> None:
    with with_periods(tmp_path, AFTER_CLOSE).open() as project:
        now = datetime.now(UTC)
        before = plans.take_asked(plans.begin(project, now), [plans.Asked("main", "firms", full=True)], now)
    round_, done = Round("main", ("firms",)), RoundDone("main", plans.nothing_ran())
    for whole, left in ((False, {("main", "firms")}), (True, set[tuple[str, str]]())):
        after = plans.after_round(before, round_, done, {}, now, lambda: 0.5, whole=whole)
        assert after.full == left


class Failing:
    """A connector whose questions fail as told, and are counted."""

    def __init__(self, connector: MemoryConnector) -> None:
        self._connector = connector
        self.error: Gp365Error | None = None
        self.asked = 0

    def find(self, *asked: Any) -> Any:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return self._connector.find(*asked)


def test_a_calendar_that_cannot_be_read_stops_no_flow_and_is_not_asked_for_again_with_a_refused_password(
    tmp_path: Path,
) -> None:
    desk = with_periods(tmp_path, AFTER_CLOSE)
    gp = Failing(desk.person("gp"))
    with desk.open() as project:
        rules = Triggering(project, lambda name: gp)  # type: ignore[arg-type]
        now = datetime.now(UTC)
        state = plans.begin(project, now)
        gp.error = Unauthorised("password", "The login failed.", system="gp")
        for step in range(5):
            state = rules.turn(state, now + timedelta(seconds=2 * step))
        (rule,) = rules.standing(now)
        assert gp.asked == 1 and state.circuits == {}
        assert rule.fault is not None and rule.fault.code == "password"
        settings = tmp_path / "gp365.toml"
        settings.write_text(settings.read_text("utf-8") + "\n# another secret\n", "utf-8")
        gp.error = None
        rules.turn(state, now + timedelta(seconds=60))
        assert gp.asked == 2 and rules.standing(now)[0].fault is None


def test_a_calendar_of_a_system_that_is_down_waits_for_it_and_is_looked_at_when_it_is_back(
    tmp_path: Path,
) -> None:
    desk = with_periods(tmp_path, AFTER_CLOSE.replace("1.0", "3600.0"))
    gp = Failing(desk.person("gp"))
    with desk.open() as project:
        rules = Triggering(project, lambda name: gp)  # type: ignore[arg-type]
        now = datetime.now(UTC)
        gp.error = Retry("unreachable", "No answer.", system="gp")
        well = rules.turn(plans.begin(project, now), now)
        assert rules.standing(now)[0].fault is not None
        down = plans.system_failed(well, project, "gp", gp.error, now, 0.5)
        rules.turn(down, now + timedelta(hours=2))
        assert gp.asked == 1 and rules.standing(now)[0].fault is None  # told as a system that is down
        gp.error = None
        rules.turn(well, now + timedelta(hours=2, seconds=1))
        assert gp.asked == 2 and rules.standing(now)[0].seen_at is not None
