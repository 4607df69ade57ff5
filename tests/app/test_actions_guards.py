"""Guards as the person at the desk meets them: exit code 5, what is held, and letting it go by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.actions_desk import Desk, make_desk, written
from gp365.app.actions.apply import apply
from gp365.app.actions.history import history
from gp365.app.actions.parked import parked_list, parked_retry
from gp365.app.actions.plan import plan
from gp365.app.actions.status import status
from gp365.app.actions.sync import sync
from gp365.model.errors import Misconfigured
from gp365.store import parked
from gp365.store.parked import NewParked

GUARDS = """\
guards:
  creates: {count: 3, percent: 0}
  updates: {count: 4, percent: 0}
  gone: {count: 3, percent: 0}
fields:
"""
SECOND = """\
format: 1
flow: limits
title: Credit limits follow
sides:
  gp: {entity: customer, update: true}
  sales: {entity: account, update: true, when: "kind === 3"}
first_contact: gp
after: [firms]
match:
  - same: [number, name]
fields:
  number: {gp: Number, sales: number, create_only: true}
  kind: {sales: kind}
  name: {gp: Name, sales: name, owner: gp}
  limit: {gp: Limit, sales: limit, owner: gp}
"""


def firms(desk: Desk, number: int, first: int = 0) -> None:
    for one in range(first, first + number):
        desk.gp(f"FIRM{one:04d}", Name=f"Firm {one}", Country="USA", Class="USA-MEDIUM")


def rename(desk: Desk, number: int, word: str) -> None:
    for one in range(number):
        desk.gp(f"FIRM{one:04d}", Name=f"{word} {one}")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Ten firms that are in step, in a flow with small limits."""
    made = make_desk(tmp_path / "project")
    made.folder.flow("fields:\n", GUARDS)
    firms(made, 10)
    assert made.act(sync).exit_code == 0
    return made


def test_a_mass_change_ends_with_exit_code_5_and_says_what_is_held(desk: Desk) -> None:
    rename(desk, 6, "Renamed")
    done = desk.act(sync)
    assert done.exit_code == 5 and written(done) == 0
    (guard,) = done.runs[0].guards
    assert (guard.flow, guard.side, guard.operation) == ("firms", "sales", "updates")
    assert (guard.planned, guard.held, guard.limit, guard.window) == (6, 6, 4, 0)
    assert desk.act(sync).exit_code == 5
    assert desk.act(parked_list).by_code == {"mass-change": 6}


def test_the_plan_says_beforehand_what_a_guard_would_hold(desk: Desk) -> None:
    rename(desk, 6, "Renamed")
    (planned,) = desk.act(plan).flows
    assert [(one.side, one.operation, one.planned) for one in planned.guards] == [("sales", "updates", 6)]
    assert planned.updated == {"sales": 6}


def test_a_named_person_lets_it_go(desk: Desk) -> None:
    rename(desk, 6, "Renamed")
    desk.act(sync)
    done = desk.act(sync, approve=True)
    assert done.exit_code == 0 and written(done) == 6 and not done.runs[0].guards
    assert desk.account_named("Renamed 5")
    lines = [line for line in desk.act(history, rows=True, limit=50).rows if line.kind == "approval"]
    assert [line.actor for line in lines] == ["ann@desk"]


def test_a_retry_does_not_let_go_what_a_guard_holds(desk: Desk) -> None:
    rename(desk, 6, "Renamed")
    desk.act(sync)
    desk.act(parked_retry)
    done = desk.act(sync)
    assert done.exit_code == 5 and written(done) == 0


def test_an_approved_plan_is_done_whatever_the_guards_say(desk: Desk) -> None:
    rename(desk, 6, "Renamed")
    desk.act(sync)
    file = desk.path / "plans" / "all.jsonl"
    desk.act(plan, out=file)
    done = desk.act(apply, [file])
    assert done.exit_code == 0 and written(done) == 6
    assert desk.act(sync).exit_code == 0 and not desk.act(parked_list).entries


def test_what_an_approved_plan_left_out_stays_held(desk: Desk) -> None:
    rename(desk, 6, "Renamed")
    desk.act(sync)
    file = desk.path / "plans" / "all.jsonl"
    desk.act(plan, out=file)
    desk.gp("FIRM0000", Name="Renamed again")
    assert desk.act(apply, [file]).exit_code == 5
    done = desk.act(sync)
    assert done.exit_code == 5 and written(done) == 0
    assert desk.act(parked_list).by_code == {"mass-change": 1}


def test_a_loop_is_let_go_by_retry_and_by_approval(desk: Desk) -> None:
    for act in (lambda: desk.act(parked_retry, code="loop"), lambda: desk.act(sync, approve=True)):
        with desk.open() as project, project.store.write() as conn:
            parked.put(conn, [NewParked("main", "firms", "L99", "name", "loop", "Again.", left_key="NOBODY")])
            (entry,) = parked.list_open(conn, "main", "firms")
        act()
        with desk.open() as project, project.store.write() as conn:
            found = parked.show(conn, entry.id)
            assert found is not None and found.resolution is not None and found.resolved_by == "ann@desk"
            parked.end(conn, "main", "firms", [("L99", "name")])


def two_flows(desk: Desk) -> None:
    desk.folder.write("flows/limits.yaml", SECOND)
    desk.folder.settings('flows = ["firms"]', 'flows = ["firms", "limits"]')
    assert desk.act(sync).exit_code == 0


def test_a_list_that_is_suddenly_empty_stops_every_flow_of_the_pair(desk: Desk) -> None:
    two_flows(desk)
    system = desk.person("gp")
    for (number,) in list(system.rows("customer")):
        system.person_delete("customer", (number,))
    system.close()
    before = desk.accounts()
    done = desk.act(sync)
    assert done.exit_code == 5 and written(done) == 0 and desk.accounts() == before
    assert [run.stopped.code for run in done.runs if run.stopped] == ["source-shrunk"]
    assert [(one.flow, one.error.code) for one in done.skipped] == [("limits", "source-shrunk")]
    assert desk.act(sync).exit_code == 5
    told = [guard for flow in desk.act(status).flows for guard in flow.guards]
    assert {(one.code, one.side, one.state, one.whole_pair) for one in told} == {
        ("source-shrunk", "gp", "open", False)
    }


def test_a_restored_system_is_brought_back_flow_by_flow(desk: Desk) -> None:
    two_flows(desk)
    system = desk.person("sales")
    backup = system.snapshot()
    rename(desk, 3, "Later")
    desk.gp("FIRM0009", Limit=1000)
    firms(desk, 2, first=30)
    assert desk.act(sync).exit_code == 0
    wanted = desk.accounts()
    system = desk.person("sales")
    system.restore(backup)
    system.close()
    stopped = desk.act(sync)
    assert stopped.exit_code == 5 and stopped.skipped[0].flow == "limits"
    assert [[one.code for one in flow.guards if one.whole_pair] for flow in desk.act(status).flows] == [
        ["restored"],
        ["restored"],
    ]
    assert "--approve" in stopped.skipped[0].error.fix
    planned = desk.act(plan)
    assert [flow.recovery for flow in planned.flows] == [["sales"], ["sales"]]
    first = desk.act(sync, flow="firms", approve=True)
    assert first.runs[0].recovered == ["sales"]
    done = desk.act(sync)
    assert [run.recovered for run in done.runs] == [[], ["sales"]]
    assert not [guard for flow in desk.act(status).flows for guard in flow.guards]
    assert desk.accounts() == wanted and done.exit_code == 0
    assert written(desk.act(sync)) == 0


def test_a_recovery_plan_may_be_applied_and_the_next_sync_ends_it(desk: Desk) -> None:
    system = desk.person("sales")
    backup = system.snapshot()
    rename(desk, 3, "Later")
    desk.act(sync)
    wanted = desk.accounts()
    system = desk.person("sales")
    system.restore(backup)
    system.close()
    desk.act(sync)
    file = desk.path / "plans" / "back.jsonl"
    desk.act(plan, out=file)
    assert desk.act(apply, [file]).exit_code == 0
    assert desk.accounts() == wanted
    assert desk.act(sync).runs[0].recovered == ["sales"]
    assert desk.act(sync).runs[0].recovered == []


def test_an_ordinary_plan_is_not_applied_to_a_restored_system(desk: Desk) -> None:
    system = desk.person("sales")
    backup = system.snapshot()
    rename(desk, 3, "Later")
    desk.act(sync)
    desk.gp("FIRM0009", Name="Much later")
    file = desk.path / "plans" / "all.jsonl"
    desk.act(plan, out=file)
    system = desk.person("sales")
    system.restore(backup)
    system.close()
    before = desk.accounts()
    assert desk.act(apply, [file]).exit_code == 5
    assert desk.accounts() == before


def test_a_person_may_say_that_nothing_was_restored(desk: Desk) -> None:
    system = desk.person("sales")
    backup = system.snapshot()
    rename(desk, 3, "Later")
    desk.act(sync)
    system = desk.person("sales")
    system.restore(backup)
    system.close()
    desk.act(sync)
    done = desk.act(sync, approve=True, not_restored=True)
    assert done.runs[0].stopped is None and done.runs[0].recovered == []
    assert {row["Name"] for row in desk.customers().values()} >= {"Firm 0", "Firm 1", "Firm 2"}
    with pytest.raises(Misconfigured):
        desk.act(sync, not_restored=True)
