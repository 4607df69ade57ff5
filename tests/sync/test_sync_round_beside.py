"""Runs of a round share the lists that its first one read: what is worked beside it meanwhile is no edit and no restore."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from gp365.app.actions.running import Ran, run_flows
from gp365.connectors.memory import MemoryConnector
from gp365.model.record import ChangePage
from gp365.store import lease as leases
from gp365.store import runs, work
from gp365.sync.cycle import sync
from gp365.sync.equation import Report
from gp365.sync.job import Job
from gp365.sync.points import no_probe
from sync.engine_world import World
from sync.test_sync_arriving import beside, linked, told, work_told

FIRMS = 6


def list_once(connector: MemoryConnector) -> None:
    """Let every run see the list that the first one read, as over GP's REST service."""
    read, held = connector.changes, list[ChangePage]()

    def changes(entity: str, fields: Sequence[str], cursor: str | None) -> Iterator[ChangePage]:
        if not held:
            held.extend(read(entity, fields, cursor))
        yield from held

    connector.changes = changes  # type: ignore[method-assign]


def round_of(world: World, between: Callable[[], None], *, feed: bool = True) -> Ran:
    """Run a round whose flow is run twice, because something becomes due; act between the two. GP is listed once."""
    linked(world, FIRMS)
    lease = world.take_lease()
    job, acted = world.job(lease=lease), list[str]()

    def after(ran: Job, report: Report) -> None:
        del report
        if not acted:
            acted.append(ran.flow.name)
            world.clock.advance(1)
            between()
            world.clock.advance(1)
            with world.store.write() as conn:
                work.enqueue(conn, "test", "customers", [("sales", "a0", "person")])

    try:
        world.gp.begin_run()
        world.sales.begin_run()
        list_once(world.gp)
        if not feed:
            list_once(world.sales)
        return run_flows([job], lease, after=after)
    finally:
        for one in (world.gp, world.sales):
            vars(one).pop("changes", None)
        job.scratch.close()  # type: ignore[attr-defined]
        world.release(lease)


def calls(world: World) -> None:
    """A person in Sales gives every firm a new number; the service is told, and works it at once."""
    for place in range(FIRMS):
        world.sales_put(f"a{place}", phone=f"55{place}")
    told(world, *((("sales", f"a{place}")) for place in range(FIRMS)))
    report, _ = work_told(world)
    assert report.dispositions["updated"] == FIRMS


def test_what_was_written_beside_a_round_looks_like_no_restore_in_its_next_turn(world: World) -> None:
    ran = round_of(world, lambda: calls(world))
    assert [report.stopped for report, _ in ran.reports] == [None, None]


def test_an_edit_that_was_carried_over_beside_a_round_is_not_taken_back_by_its_next_turn(
    world: World,
) -> None:
    def one() -> None:
        world.sales_put("a1", phone="777")
        told(world, ("sales", "a1"))
        assert work_told(world)[0].dispositions["updated"] == 1

    ran = round_of(world, one)
    assert [report.stopped for report, _ in ran.reports] == [None, None]
    world.sync()
    assert world.customers()["FIRM1"]["Phone"] == "777"
    assert {one["id"]: one["phone"] for one in world.accounts().values()}["a1"] == "777"


def alone(world: World, *records: tuple[str, str]) -> Report:
    """Work new records with all that changed in hand, under a lease and with connectors of its own."""
    own = replace(world, gp=beside(world.gp), sales=beside(world.sales), probe=no_probe)
    vars(own.gp).pop("changes")
    with world.store.write() as conn:
        lease = leases.take(conn, "worker/prompt", "told", 600.0)
    job = own.job(lease=lease)
    try:
        return sync(job, kind=runs.HINT, only=records)
    finally:
        job.scratch.close()  # type: ignore[attr-defined]
        world.release(lease)


def test_customers_that_were_made_beside_a_round_are_not_missing_in_its_next_turn(world: World) -> None:
    names = [f"a{place}" for place in range(FIRMS, 3 * FIRMS)]

    def new() -> None:
        for name in names:
            world.sales_put(name, name=f"Firm {name}", zip="60699", phone="1", type=3)
        told(world, *(("sales", name) for name in names))
        assert alone(world, *(("sales", name) for name in names)).dispositions["created"] == len(names)

    ran = round_of(world, new)
    assert [report.stopped for report, _ in ran.reports] == [None, None]
    assert world.sync().balanced
    assert len(world.customers()) == 3 * FIRMS


@pytest.mark.parametrize("feed", [False, True])
def test_a_firm_that_people_enter_on_both_sides_during_a_round_stands_once_on_each(
    world: World, feed: bool
) -> None:
    def enter() -> None:
        world.gp_put("MINE", Name="New Firm", Zip="11111", Phone="1")
        world.sales_put("new", name="New Firm", zip="11111", phone="1", type=3)
        with world.store.write() as conn:
            work.enqueue(conn, "test", "customers", [("sales", "new", work.HINT)])

    ran = round_of(world, enter, feed=feed)
    assert all(report.balanced for report, _ in ran.reports)
    assert world.sync().balanced
    assert [row["Name"] for row in world.customers().values()].count("New Firm") == 1
    assert ("MINE", "new") in {(link.left_key, link.right_key) for link in world.links()}
