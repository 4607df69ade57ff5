"""Runs: the equation from three independent counts, work that is never lost, and workers that are late."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from gp365.model.errors import Retry
from gp365.store import lease as leases
from gp365.store import runs, work
from gp365.sync import cycle
from sync.engine_world import World, flow_with, written


def two_firms(world: World) -> None:
    world.gp_put("AARONFIT0001", Name="Aaron Fitz", Zip="60603", Street="1 Main")
    world.sales_put("a1", name="Lakeside Dental", street="2 Lake", zip="53202", type=3)


def act_at(world: World, point: str, act: Callable[[], None]) -> None:
    """Act once, when the engine reaches a named point."""
    done: list[str] = []

    def probe(reached: str) -> None:
        if reached == point and not done:
            done.append(reached)
            act()

    world.probe = probe


def sql(world: World, statement: str) -> None:
    with world.store.write() as conn:
        conn.execute(text(statement))


BREAKS = {
    "a claimed subject is added": "INSERT INTO run_subject SELECT id, 'stranger' FROM run WHERE state = 'running'",
    "a claimed subject is deleted": "DELETE FROM run_subject WHERE rowid IN (SELECT rowid FROM run_subject LIMIT 1)",
    "an outcome row is deleted": "DELETE FROM ledger WHERE kind = 'outcome' AND id = (SELECT max(id) FROM ledger)",
    "an outcome counts twice": "UPDATE ledger SET subjects = 2 WHERE kind = 'outcome'",
    "a done write is deleted": "DELETE FROM intent WHERE state = 'done' AND side = 'gp'",
    "a write is called done": "UPDATE intent SET state = 'done', side = 'sales' WHERE side = 'gp'",
}


@pytest.mark.parametrize("name", list(BREAKS))
def test_a_row_changed_behind_the_engines_back_unbalances_the_run(world: World, name: str) -> None:
    two_firms(world)
    statement = BREAKS[name].replace(
        "rowid IN (SELECT rowid FROM run_subject LIMIT 1)", "subject LIKE 'gp:%'"
    )
    act_at(world, "recorded", lambda: sql(world, statement))
    report = world.sync()
    assert not report.balanced and report.mismatches, name


def test_a_reply_that_nobody_acknowledged_unbalances_the_run(world: World) -> None:
    two_firms(world)
    held = world.gp.tally
    world.gp.tally = lambda: type(held())(held().requests, held().write_requests, {})  # type: ignore[method-assign]
    assert not world.sync().balanced


def test_the_equation_balances_when_a_target_is_gone_during_the_update(world: World) -> None:
    two_firms(world)
    world.sync()
    world.sales_put("a1", street="5 Elm")
    world.gp_put("AARONFIT0001", Street="7 Oak")
    world.gp.faults.before_write = lambda *_: (
        setattr(world.gp.faults, "before_write", None),
        world.gp.person_delete("customer", ("LAKESIDE0001",)),
    )
    report = world.sync()
    assert report.balanced and (report.dispositions["parked"], report.dispositions["updated"]) == (1, 1)


def test_one_field_written_and_one_in_conflict_counts_as_parked_and_as_written(world: World) -> None:
    two_firms(world)
    world.sync()
    world.sales_put("a1", street="5 Elm", phone="9")
    world.gp_put("LAKESIDE0001", Street="7 Oak")
    report = world.sync()
    assert report.balanced and report.dispositions["parked"] == 1 and report.fields["parked"] == 2
    assert report.sides["gp"].updated == 1 and world.customers()["LAKESIDE0001"]["Phone"] == "9"


def test_a_trigger_during_the_work_is_not_lost(world: World) -> None:
    two_firms(world)
    world.sync()
    world.sales_put("a1", street="5 Elm")

    def trigger() -> None:
        world.sales_put("a1", phone="99")
        with world.store.write() as conn:
            work.enqueue(conn, "test", "customers", [("sales", "a1", "webhook")])

    act_at(world, "sent", trigger)
    assert world.sync().balanced
    with world.store.read() as conn:
        assert work.pending(conn, "test", "customers", world.clock()) == 1
    world.probe = lambda _: None
    world.sync()
    assert world.customers()["LAKESIDE0001"]["Phone"] == "99"


def test_two_keys_of_one_link_are_worked_once(world: World) -> None:
    two_firms(world)
    world.sync()
    world.sales_put("a1", street="5 Elm")
    world.gp_put("LAKESIDE0001", Phone="9")
    report = world.sync()
    assert report.considered == 2 and report.dispositions["updated"] == 1 and report.balanced


def test_a_slow_old_worker_cannot_commit(world: World) -> None:
    two_firms(world)

    def take_over() -> None:
        world.clock.advance(3600)
        with world.store.write() as conn:
            leases.take(conn, "worker", "another", 600.0)

    act_at(world, "sent", take_over)
    lease = world.take_lease()
    with pytest.raises(leases.LeaseLost):
        world.gp.begin_run()
        world.sales.begin_run()
        cycle.sync(world.job(lease=lease))
    world.probe = lambda _: None
    world.clock.advance(3600)
    world.holder = "third"
    settled = world.sync()
    assert settled.balanced and len(world.customers()) == 2 and len(world.accounts()) == 2
    assert written(world.sync()) == 0


def test_the_echo_of_our_own_create_before_its_commit_is_not_a_new_account(world: World) -> None:
    two_firms(world)

    def echo() -> None:
        rows = [("sales", row["id"], "echo") for row in world.accounts().values()]
        with world.store.write() as conn:
            work.enqueue(conn, "test", "customers", rows)

    act_at(world, "sent", echo)
    assert world.sync().balanced
    world.probe = lambda _: None
    report = world.sync()
    assert (
        report.balanced
        and len(world.customers()) == 2
        and len(world.accounts()) == 2
        and written(report) == 0
    )


def test_a_system_that_is_down_stops_the_run_and_loses_nothing(world: World) -> None:
    two_firms(world)
    world.gp.faults.before_write = lambda *_: (
        setattr(world.gp.faults, "before_write", None),
        world.gp.faults.down(50),
    )
    report = world.sync()
    assert (report.balanced and not report.clean) or report.stopped is None
    world.gp.faults.down(0)
    for _ in range(2):
        report = world.sync()
    assert report.balanced and len(world.customers()) == 2 and len(world.accounts()) == 2
    assert written(world.sync()) == 0


def test_a_run_counts_what_it_left_unchanged(world: World) -> None:
    for number in range(30):
        world.gp_put(f"FIRM{number:04d}", Name=f"Firm {number}", Zip=str(number))
    assert world.sync().dispositions["created"] == 30
    report = world.sync()
    assert report.considered == 30 and report.dispositions["unchanged"] == 30 and report.balanced
    world.flow = flow_with(phone=None)
    report = world.sync()
    assert report.considered == 30 and report.dispositions["unchanged"] == 30 and written(report) == 0


def test_a_system_that_fails_while_the_next_page_is_gathered_leaves_the_page_under_way_recorded(
    world: World,
) -> None:
    for place in range(4):
        world.gp_put(f"FIRM{place}", Name=f"Firm {place}", Zip="1", Phone="1")
    world.sync()
    for place in range(4):
        world.gp_put(f"FIRM{place}", Phone="2")
    world.page = 1
    get, asked = world.sales.get, list[str]()

    def failing(*args: Any, **named: Any) -> Any:
        asked.append("")
        if len(asked) == 2:
            raise Retry("unreachable", "sales does not answer.", system="sales")
        return get(*args, **named)

    world.sales.get = failing  # type: ignore[method-assign]
    report = world.sync()
    assert report.balanced and report.stopped is not None and report.considered == 1
    world.sales.get = get  # type: ignore[method-assign]
    assert world.sync().balanced
    assert {row["phone"] for row in world.accounts().values()} == {"2"}
    assert written(world.sync()) == 0


def test_a_run_that_nobody_lived_to_end_is_called_interrupted_by_the_next(world: World) -> None:
    two_firms(world)
    with world.store.write() as conn:
        killed = runs.begin(conn, "test", "customers")
        told = runs.begin(conn, "test", "customers", kind=runs.HINT)
    assert world.sync().balanced
    with world.store.read() as conn:
        states = {one.id: one.state for one in runs.list_runs(conn, "test", "customers")}
    assert (states[killed], states[told]) == ("interrupted", "running")
