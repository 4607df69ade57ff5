"""Looks of the service that find nothing leave nothing behind but their count; everything else is written as always."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gp365.store import ledger, links, parked, runs, tables, work
from gp365.store.ledger import LedgerRow
from gp365.store.runs import Run
from gp365.sync.cycle import sync
from gp365.sync.equation import Report
from gp365.sync.looked import Looked
from sync.engine_world import FLOW, World, written

HOUR = 3600.0


def in_step(world: World) -> None:
    """Bring two firms into step, and look once more: a system shows what we wrote ourselves in the look after it."""
    world.gp_put("AARONFIT0001", Name="Aaron Fitz", Zip="60603", Street="1 Main")
    world.sales_put("a1", name="Lakeside Dental", street="2 Lake", zip="53202", type=3)
    look(world)
    look(world)


def look(world: World, *, full: bool = False, remember: Looked | None = None) -> Report:
    """Look as the service does."""
    lease = world.take_lease()
    job = world.job(lease=lease)
    job.fold_s, job.looked = HOUR, remember
    try:
        world.gp.begin_run()
        world.sales.begin_run()
        return sync(job, full=full)
    finally:
        job.scratch.close()  # type: ignore[attr-defined]
        world.release(lease)


def kept(world: World) -> tuple[list[Run], list[LedgerRow]]:
    with world.store.read() as conn:
        return runs.list_runs(conn, limit=10_000), ledger.history(conn, limit=100_000)


def test_hours_of_polls_that_find_nothing_leave_a_row_for_each_hour(world: World) -> None:
    in_step(world)
    before, rows_before = kept(world)
    for _ in range(4 * 12):
        world.clock.advance(300)
        report = look(world)
        assert report.balanced and report.clean and report.considered == 2
    after, rows = kept(world)
    assert len(after) - len(before) == 4
    assert len(rows) - len(rows_before) == 8
    assert sum(int(one.counts.get("looks", 0)) for one in after) == 4 * 12
    assert world.chain_holds()


def test_the_newest_quiet_look_says_how_old_our_knowledge_is(world: World) -> None:
    in_step(world)
    for _ in range(3):
        world.clock.advance(120)
        look(world)
    with world.store.read() as conn:
        last = runs.latest(conn, "test", "customers", state="done")
    assert last is not None and last.begun_at == world.clock()
    assert last.counts["looks"] == 3 and last.state == "done" and last.clean


def test_a_change_between_quiet_looks_has_a_run_and_rows_of_its_own(world: World) -> None:
    in_step(world)
    world.clock.advance(120)
    look(world)
    world.clock.advance(120)
    world.gp_put("AARONFIT0001", Street="9 Oak")
    report = look(world)
    assert written(report) == 1
    world.clock.advance(120)
    look(world)
    found, _ = kept(world)
    assert [one.counts.get("looks", 0) for one in found] == [1, 0, 1, 0, 0]
    with world.store.read() as conn:
        assert ledger.dispositions(conn, report.run)["updated"] == 1


def test_what_a_person_runs_is_written_as_always(world: World) -> None:
    in_step(world)
    before, _ = kept(world)
    for _ in range(3):
        world.clock.advance(60)
        world.sync()
        look(world)
        look(world, full=True)
    found, rows = kept(world)
    assert len(found) - len(before) == 9
    assert sum(row.kind == "run" for row in rows) == len(found)


def in_conflict(world: World, remember: Looked) -> str:
    """Change both sides of one street, and look; return the account's key."""
    world.gp_put("AARONFIT0001", Street="7 Oak")
    account = str(world.accounts()["Aaron Fitz"]["id"])
    world.sales_put(account, street="8 Elm")
    assert look(world, remember=remember).dispositions["parked"] == 1
    return account


def test_a_parked_record_is_looked_at_again_once_an_hour_and_at_once_when_it_changes(world: World) -> None:
    in_step(world)
    remember = Looked()
    account = in_conflict(world, remember)
    before, _ = kept(world)
    looked = 0
    for _ in range(24):
        world.clock.advance(300)
        looked += look(world, remember=remember).dispositions["parked"]
    assert looked == 2
    after, _ = kept(world)
    assert len(after) - len(before) == 4
    world.clock.advance(120)
    world.sales_put(account, street="7 Oak")
    look(world, remember=remember)
    assert world.parked() == []


def test_a_decision_on_a_parked_record_is_carried_out_by_the_next_look(world: World) -> None:
    in_step(world)
    remember = Looked()
    in_conflict(world, remember)
    world.clock.advance(60)
    look(world, remember=remember)
    [entry] = world.parked()
    with world.store.write() as conn:
        assert parked.resolve(conn, entry.id, {"take": "sales"}, "anna")
    world.clock.advance(60)
    look(world, remember=remember)
    assert world.customers()["AARONFIT0001"]["Street"] == "8 Elm"
    assert world.parked() == []


def test_a_look_that_reads_everything_works_what_is_parked_and_what_was_seen_before(world: World) -> None:
    in_step(world)
    remember = Looked()
    in_conflict(world, remember)
    world.clock.advance(60)
    look(world, remember=remember)
    world.clock.advance(60)
    assert look(world, remember=remember, full=True).dispositions["parked"] == 1


def test_a_record_that_a_condition_leaves_out_of_a_list_is_worked_once_and_again_when_it_changes(
    world: World,
) -> None:
    world.flow = {
        **FLOW,
        "sides": {**FLOW["sides"], "gp": {**FLOW["sides"]["gp"], "when": "terms !== 'NONE'"}},
    }
    in_step(world)
    remember = Looked()
    world.gp_put("NOBODY000001", Name="Nobody", Terms="NONE")
    worked = []
    for _ in range(4):
        world.clock.advance(60)
        worked.append(look(world, remember=remember).dispositions["filtered"])
    assert worked == [1, 0, 0, 0]
    world.gp_put("NOBODY000001", Terms="NET 30")
    world.clock.advance(60)
    assert look(world, remember=remember).dispositions["created"] == 1


def test_a_list_that_was_not_worked_to_its_end_is_worked_whole_by_the_next_look(world: World) -> None:
    in_step(world)
    remember = Looked()
    in_conflict(world, remember)
    world.clock.advance(60)
    world.sales.faults.down(50)
    assert look(world, remember=remember).stopped is not None
    world.sales.faults.down(0)
    assert look(world, remember=remember).dispositions["parked"] == 1


def test_a_record_that_waits_until_later_leaves_quiet_looks_not_clean(world: World) -> None:
    in_step(world)
    [link] = [one for one in world.links() if one.left_key.startswith("AARON")]
    with world.store.write() as conn:
        work.enqueue(conn, "test", "customers", [("gp", link.left_key, "later")])
        conn.execute(tables.work.update().values(due_at=world.clock() + timedelta(hours=5)))
    for _ in range(3):
        world.clock.advance(60)
        report = look(world)
        assert not report.clean and report.balanced and report.considered == 1
    found, _ = kept(world)
    assert [(one.counts.get("looks", 0), one.clean) for one in found[:2]] == [(3, False), (0, True)]


def test_a_look_that_is_killed_leaves_its_run_and_the_next_one_goes_on(world: World) -> None:
    in_step(world)
    world.clock.advance(60)
    look(world)

    def die(point: str) -> None:
        if point == "closed":
            raise KeyboardInterrupt

    world.clock.advance(60)
    world.probe = die
    with pytest.raises(KeyboardInterrupt):
        look(world)
    world.probe = lambda point: None
    world.clock.advance(60)
    report = look(world)
    assert report.balanced and report.clean
    with world.store.read() as conn:
        assert links.count(conn, "test", "customers", links.OPEN) == 2
