"""Earlier records are planned again: shown beside what was written then, and written only when asked to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.actions_desk import Desk, make_desk, written
from gp365.app.actions.history import history
from gp365.app.actions.ledger import ledger_verify
from gp365.app.actions.ledger_erase import ledger_erase
from gp365.app.actions.replay import NOT_KEPT, Asked, replay
from gp365.app.actions.replay_outputs import ReplayedColumn, ReplayOut
from gp365.app.actions.sync import sync
from gp365.model.errors import Misconfigured
from gp365.store import intents
from gp365.store.engine import utc_now

EVER = datetime(2000, 1, 1, tzinfo=UTC)
CONTOSO = Asked(record=("gp", "customer", "contoso0001"))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = make_desk(tmp_path / "project")
    desk.act(sync)
    return desk


def last_run(desk: Desk) -> str:
    return desk.act(history).runs[0].run


def touched(done: ReplayOut) -> int:
    return written(done)


def open_work(desk: Desk) -> int:
    with desk.open() as project, project.store.read() as conn:
        return conn.exec_driver_sql("select count(*) from work").scalar_one()


def state(desk: Desk) -> tuple[object, ...]:
    with desk.open() as project, project.store.read() as conn:
        counted = [
            conn.exec_driver_sql(f"select count(*) from {table}").scalar_one()
            for table in ("ledger", "intent", "run", "work", "parked", "link", "match_key", "cursor")
        ]
    return *counted, desk.customers(), desk.accounts()


def test_what_is_in_step_is_replayed_without_a_write(desk: Desk) -> None:
    before = desk.customers(), desk.accounts()
    for asked in (CONTOSO, Asked(run=last_run(desk)), Asked(since=EVER)):
        tried = desk.act(replay, asked)
        assert [flow.writes for flow in tried.flows] == [0]
        done = desk.act(replay, asked, apply=True)
        (run,) = done.runs
        assert (touched(done), run.balanced, run.clean, done.exit_code) == (0, True, True, 0)
        assert run.considered == run.unchanged + run.filtered == tried.flows[0].records_asked
    assert (desk.customers(), desk.accounts()) == before


def test_a_trial_shows_now_beside_then_and_changes_nothing(desk: Desk) -> None:
    desk.sales("a1", name="Contoso East")
    desk.act(sync)
    desk.gp("CONTOSO0001", Name="Contoso, Ltd.")
    before = state(desk)
    (flow,) = desk.act(replay, CONTOSO).flows
    assert state(desk) == before
    (record,) = flow.records
    assert (flow.today, flow.writes, record.plan.outcome, record.same) == (True, 1, "updated", False)
    (to_sales,) = [one for one in record.writes if one.side == "sales"]
    assert (to_sales.op, to_sales.then_op) == ("update", "update")
    assert to_sales.columns["name"] == ReplayedColumn(
        held="CONTOSO LTD", sent="Contoso, Ltd.", now="Contoso East", would="Contoso, Ltd.", differs=False
    )
    (to_gp,) = [one for one in record.writes if one.side == "gp"]
    assert (to_gp.op, to_gp.columns["Name"].sent, to_gp.columns["Name"].would) == ("", "Contoso East", None)


def test_only_the_chosen_records_are_written_and_the_others_stay_in_the_queue(desk: Desk) -> None:
    desk.gp("CONTOSO0001", Name="Contoso West")
    desk.gp("AARONFIT0001", Name="Aaron West")
    done = desk.act(replay, CONTOSO, apply=True)
    assert touched(done) == 1
    assert {row["name"] for row in desk.accounts().values()} >= {"Contoso West", "Aaron Fitz"}
    assert open_work(desk) > 0
    assert written(desk.act(sync)) == 1
    assert {row["name"] for row in desk.accounts().values()} >= {"Contoso West", "Aaron West"}
    assert desk.act(history).runs[1].kind == "replay"
    assert desk.act(ledger_verify).ok


def test_an_edit_that_came_with_the_replay_is_not_lost_to_the_feed(desk: Desk) -> None:
    """The feed of Sales shows a change once: what the replay read of others must be kept for the next sync."""
    desk.sales("a1", name="Contoso East")
    aaron = desk.account_named("Aaron Fitz")["name"]
    assert touched(desk.act(replay, Asked(record=("gp", "customer", "AARONFIT0001")), apply=True)) == 0
    assert written(desk.act(sync)) == 1
    assert desk.customers()["CONTOSO0001"]["Name"] == "Contoso East"
    assert desk.account_named(aaron)


def test_a_run_is_replayed_with_exactly_its_records(desk: Desk) -> None:
    first = last_run(desk)
    desk.gp("CONTOSO0001", Name="Contoso West")
    desk.act(sync)
    second = last_run(desk)
    desk.gp("CONTOSO0001", Name="Contoso South")
    desk.gp("AARONFIT0001", Name="Aaron West")
    (one,) = desk.act(replay, Asked(run=second)).flows
    (both,) = desk.act(replay, Asked(run=first)).flows
    assert (one.records_asked, one.writes) == (2, 1)  # and one that it looked at after its create
    assert (both.records_asked, both.writes) == (4, 2)
    (contoso,) = [record for record in one.records if record.plan.keys["gp"] == "CONTOSO0001"]
    assert contoso.writes[0].then_run == second


def test_a_time_is_replayed(desk: Desk) -> None:
    assert desk.act(replay, Asked(since=utc_now() + timedelta(hours=1))).flows == []
    assert desk.act(replay, Asked(since=EVER, until=EVER + timedelta(days=1))).flows == []
    (flow,) = desk.act(replay, Asked(since=EVER, until=utc_now() + timedelta(hours=1))).flows
    assert flow.records_asked == 4


def test_what_was_parked_for_a_cause_is_replayed_once_its_cause_is_gone(desk: Desk) -> None:
    desk.gp("CONTOSO0001", Name="Contoso West")
    desk.sales("a1", name="Contoso East")
    desk.act(sync)
    assert desk.act(replay, Asked(cause="too-long")).flows == []
    assert desk.act(replay, Asked(cause="conflict")).exit_code == 1
    desk.folder.flow("name: {gp: Name, sales: name, owner: ask}", "name: {gp: Name, sales: name, owner: gp}")
    (flow,) = desk.act(replay, Asked(cause="conflict")).flows
    assert (flow.records_asked, flow.writes) == (1, 1)
    done = desk.act(replay, Asked(cause="conflict"), apply=True)
    assert (touched(done), done.exit_code) == (1, 0)
    assert desk.account_named("Contoso West")


def test_the_recorded_flow_gives_what_it_gave_and_todays_gives_what_it_gives(desk: Desk) -> None:
    desk.gp("CONTOSO0001", Name="Contoso West")
    desk.act(sync)
    run = last_run(desk)
    desk.gp("CONTOSO0001", Name="Contoso South")
    desk.folder.flow(
        "name: {gp: Name, sales: name, owner: ask}", "name: {gp: Name, sales: name, owner: sales}"
    )
    (today,) = desk.act(replay, Asked(run=run)).flows
    (then,) = desk.act(replay, Asked(run=run), recorded=True).flows
    assert (today.today, then.today) == (True, False)
    (plan,) = [one.plan for one in then.records]
    assert [(one.side, one.op) for one in plan.writes] == [("sales", "update")]
    (plan,) = [one.plan for one in today.records]
    assert [(one.side, one.op) for one in plan.writes] == [("gp", "update")]


def test_a_version_that_is_not_kept_is_said_to_be_missing(desk: Desk) -> None:
    run = last_run(desk)
    with desk.open() as project, project.store.write() as conn:
        conn.exec_driver_sql("delete from input")
    found = desk.act(replay, Asked(run=run), recorded=True)
    assert [flow.why for flow in found.flows] == [NOT_KEPT]
    assert found.exit_code == 1


def test_what_was_erased_is_replayed_all_the_same_and_says_so(desk: Desk) -> None:
    run = last_run(desk)
    desk.act(ledger_erase, older_than=0, even_undo=True)
    desk.gp("CONTOSO0001", Name="Contoso West")
    (flow,) = desk.act(replay, Asked(run=run)).flows
    assert (flow.records_asked, flow.writes) == (4, 1)
    assert all(write.erased for one in flow.records for write in one.writes)


def test_a_replay_that_is_killed_between_intent_and_call_is_settled_like_any_run(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.gp("CONTOSO0001", Name="Contoso West")

    class Killed(BaseException):
        pass

    def stop(name: str) -> None:
        if name == "intent":
            raise Killed

    monkeypatch.setattr("gp365.app.actions.replay.probe_of", lambda: stop)
    with pytest.raises(Killed):
        desk.act(replay, CONTOSO, apply=True)
    with desk.open() as project, project.store.read() as conn:
        assert len(intents.open_of_flow(conn, "main", "firms")) == 1
    desk.act(sync)
    assert desk.account_named("Contoso West")
    assert written(desk.act(sync)) == 0


@pytest.mark.parametrize(
    ("asked", "more", "code"),
    [
        (Asked(), {}, "usage"),
        (Asked(run="x", cause="conflict"), {}, "usage"),
        (Asked(cause="conflict", until=EVER), {}, "usage"),
        (CONTOSO, {"recorded": True, "apply": True}, "usage"),
        (Asked(run="20260101-000000-none"), {}, "run-unknown"),
        (Asked(record=("gp", "vendor", "X")), {}, "entity-unknown"),
    ],
)
def test_what_means_nothing_is_refused(desk: Desk, asked: Asked, more: dict[str, bool], code: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        desk.act(replay, asked, **more)
    assert refused.value.code == code
