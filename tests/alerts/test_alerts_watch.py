"""What is told of what is broken: once when it breaks, once when it mends, whatever happens in between."""

from __future__ import annotations

from datetime import timedelta

from alerts.alert_desk import Desk, firms, ran, report
from gp365.app.service.standing import Fault, GuardStanding, HookStanding, SystemStanding
from gp365.model.values import unpack
from gp365.store.alerts import MENDED, open_alerts, past_alerts, waiting_notices

DOWN = SystemStanding("gp", "gp", "open", Fault("unreachable", "Nobody answers at Contoso."))
WELL = SystemStanding("gp", "gp")


def test_a_system_that_is_down_is_told_once_when_it_breaks_and_once_when_it_is_back(desk: Desk) -> None:
    desk.look(firms(), systems=(DOWN,))
    assert desk.channel.titles == []
    for _ in range(20):
        desk.after(30, firms(), systems=(DOWN,))
    assert desk.channel.titles == ["gp365: system-down gp"]
    for _ in range(20):
        desk.after(30, firms(), systems=(WELL,))
    assert desk.channel.titles == ["gp365: system-down gp", "gp365: mended: system-down gp"]
    with desk.project.store.read() as conn:
        assert open_alerts(conn) == []
        [past] = past_alerts(conn, desk.began)
    assert past.state == MENDED


def test_what_breaks_again_after_it_was_mended_is_told_again(desk: Desk) -> None:
    for systems in [(DOWN,), (DOWN,), (WELL,), (WELL,), (DOWN,), (DOWN,)]:
        desk.after(301, firms(), systems=systems)
    assert [title.split(": ", 1)[1] for title in desk.channel.titles] == [
        "system-down gp",
        "mended: system-down gp",
        "system-down gp",
    ]


def test_a_system_that_comes_and_goes_every_half_minute_for_an_hour_is_told_once(desk: Desk) -> None:
    for turn in range(120):
        desk.after(30, firms(), systems=((DOWN, WELL)[turn % 2],))
    assert desk.channel.titles == ["gp365: system-down gp"]


def test_a_moment_of_trouble_is_never_told(desk: Desk) -> None:
    desk.look(firms(), systems=(DOWN,))
    for _ in range(30):
        desk.after(20, firms(), systems=(WELL,))
    assert desk.channel.got == []
    with desk.project.store.read() as conn:
        assert open_alerts(conn) == past_alerts(conn, desk.began) == []


def test_a_restart_neither_tells_it_again_nor_calls_it_mended_before_it_was_looked_at(desk: Desk) -> None:
    desk.look(firms(), systems=(DOWN,))
    desk.after(61, firms(), systems=(DOWN,))
    desk.clock.forward(7200)
    desk.restart()
    desk.look(firms(), systems=(WELL,))
    desk.after(60, firms(), systems=(DOWN,))
    desk.after(600, firms(), systems=(DOWN,))
    assert desk.channel.titles == ["gp365: system-down gp"]


def test_an_alert_that_could_not_be_sent_before_the_process_died_is_sent_by_the_next_one(desk: Desk) -> None:
    desk.channel.broken = True
    desk.look(firms(), systems=(DOWN,))
    desk.after(61, firms(), systems=(DOWN,))
    assert desk.channel.got == []
    desk.restart()
    desk.channel.broken = False
    desk.after(120, firms(), systems=(DOWN,))
    assert desk.channel.titles == ["gp365: system-down gp"]


def test_a_channel_that_fails_is_tried_less_and_less_often_and_gives_up_after_the_setting(desk: Desk) -> None:
    desk.restart("keep_h = 12.0")
    desk.channel.broken = True
    desk.look(firms(), systems=(DOWN,))
    for _ in range(150):
        desk.after(300, firms(), systems=(DOWN,))
    tried = desk.channel.tried
    assert 10 < tried < 30
    desk.channel.broken = False
    desk.after(3700, firms(), systems=(DOWN,))
    assert (desk.channel.tried, desk.channel.got) == (tried, [])


def test_a_channel_that_fails_is_told_over_another_one_and_not_over_itself(desk: Desk) -> None:
    desk.restart('[alerts.channels.other]\naddress = {env = "NOT_THERE"}\nkinds = ["broken"]\n')
    desk.channel.broken = True
    for _ in range(10):
        desk.after(301, firms(), systems=(DOWN,))
    with desk.project.store.read() as conn:
        waiting = {(one.channel, str(unpack(one.shown)["title"])) for one in waiting_notices(conn)}
    assert waiting == {
        ("desk", "gp365: system-down gp"),
        ("other", "gp365: system-down gp"),
        ("desk", "gp365: channel-failing other"),
        ("other", "gp365: channel-failing desk"),
    }


def test_each_thing_that_can_be_wrong_is_told_with_what_to_do(desk: Desk) -> None:
    bad = firms(
        lag_s=None,
        parked=100,
        unkept=2,
        balanced=False,
        stopped=Fault("flow-invalid", "customers.yaml, line 3"),
        guards=(GuardStanding("too-many", "gp", "40 creates", desk.began),),
    )
    other = SystemStanding("sales", "dataverse", unauthorised=True, requests_today=9_000, allowance=10_000)
    for _ in range(2):
        desk.after(
            61, bad, systems=(DOWN, other), hooks=(HookStanding("sales", "account update", "disabled"),)
        )
    told = {title.split()[1]: body for title, body in desk.channel.got}
    assert set(told) == {
        "system-down",
        "system-unauthorised",
        "allowance",
        "guard-stopped",
        "flow-stopped",
        "unbalanced",
        "unkept",
        "parked",
        "hook-disabled",
    }
    assert all("What to do: " in body for body in told.values())
    assert "100 records of firms of main wait" in told["parked"]
    assert "9000 requests were sent to sales" in told["allowance"]


def test_lag_is_told_against_the_objective_of_the_flow_and_not_while_its_system_is_down(desk: Desk) -> None:
    desk.restart("[alerts.objectives.firms]\nlag_s = 600.0\n")
    late = firms(lag_s=601.0)
    desk.look(late, systems=(DOWN,))
    desk.after(61, late, systems=(DOWN,))
    assert desk.channel.titles == ["gp365: system-down gp"]
    for _ in range(2):
        desk.after(61, late, systems=(WELL,))
    assert desk.channel.titles == ["gp365: system-down gp", "gp365: lag firms of main"]


def test_no_notice_holds_the_words_of_an_error_unless_the_setting_allows_it(desk: Desk) -> None:
    for _ in range(2):
        desk.after(61, firms(), systems=(DOWN,))
    assert "Contoso" not in str(desk.channel.got)
    desk.restart("details = true")
    for _ in range(2):
        desk.after(61, firms(), systems=(DOWN, SystemStanding("sales", "", "open", DOWN.fault)))
    assert "Nobody answers at Contoso." in desk.channel.got[-1][1]


def test_a_day_without_rows_is_told_where_this_weekday_had_many(desk: Desk) -> None:
    for week in range(3):
        desk.look(firms(), ran=ran(report(f"r{week}", considered=80, unchanged=80)))
        desk.after(86_400, firms(), ran=ran(report("idle", considered=1)))
        desk.clock.forward(6 * 86_400)
    desk.look(firms(), ran=ran(report("nothing")))
    assert desk.channel.got == []
    desk.after(86_400, firms(), ran=ran(report("nothing")))
    desk.after(61, firms())
    assert desk.channel.titles == ["gp365: zero-rows firms of main"]


def test_the_digest_is_sent_once_a_day_at_the_companys_time_and_says_what_happened(desk: Desk) -> None:
    desk.restart('digest_at = "07:00"\ntime_zone = "America/Chicago"')
    desk.look(firms(), ran=ran(report(considered=3, created=2, unchanged=1)))  # 02:00 in Chicago
    desk.after(4 * 3600 + 3599, firms(parked=4))
    assert desk.channel.got == []
    for _ in range(5):
        desk.after(60, firms(parked=4))
    desk.restart()
    desk.look(firms(parked=4))
    assert desk.channel.titles == ["gp365: 2026-11-22: nothing is broken, 4 for a person to decide"]
    assert "4 records wait for a person" in desk.channel.got[0][1]
    desk.after(86_400, firms(), systems=(DOWN,))
    assert desk.channel.titles[1:] == ["gp365: 2026-11-23: all is well"]
    assert "main firms: 2 created, 1 unchanged" in desk.channel.got[1][1]


def test_a_success_notice_with_totals_is_sent_on_choice_only(desk: Desk) -> None:
    wrote, idle = ran(report("r1", considered=3, created=2, unchanged=1)), ran(report("r2"))
    desk.look(firms(), ran=wrote)
    assert desk.channel.got == []
    desk.restart('success = "changed"')
    desk.look(firms(), ran=wrote)
    desk.after(60, firms(), ran=idle)
    assert desk.channel.titles == ["gp365: 1 run ended well, 2 records written"]
    assert "main firms: 2 created, 1 unchanged" in desk.channel.got[0][1]


def test_requests_of_the_day_are_counted_against_the_allowance_across_restarts(desk: Desk) -> None:
    desk.restart("allowances = {gp = 100}")
    desk.look(firms(), systems=(WELL,), ran=ran(report(requests=50)))
    desk.restart()
    desk.look(firms(), systems=(WELL,), ran=ran(report("r2", requests=30)))
    desk.after(61, firms(), systems=(WELL,))
    assert desk.channel.titles == ["gp365: allowance gp"]


def test_a_secret_that_expires_within_the_days_of_the_setting_is_told(desk: Desk) -> None:
    desk.restart("expires = {sales-secret = 2026-12-10, far = 2027-12-10}")
    for _ in range(2):
        desk.after(61, firms())
    assert desk.channel.titles == ["gp365: expiry sales-secret"]
    assert "Sales-secret: 18 days are left" in desk.channel.got[0][1]


def test_the_store_hears_nothing_while_all_is_well(desk: Desk) -> None:
    desk.look(firms())
    before = (desk.folder / ".gp365" / "gp365.db-wal").read_bytes()
    for _ in range(50):
        desk.clock.at += timedelta(seconds=10)
        desk.look(firms())
    assert (desk.folder / ".gp365" / "gp365.db-wal").read_bytes() == before
