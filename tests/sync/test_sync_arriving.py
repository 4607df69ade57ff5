"""Records that somebody told us of are worked at once, read by key, beside whatever run is under way."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from typing import Any

import pytest

from gp365.connectors.memory import MemoryConnector
from gp365.store import lease as leases
from gp365.store import runs, work
from gp365.sync.arriving import HANDED, Arriving
from gp365.sync.cycle import sync
from gp365.sync.equation import Report
from gp365.sync.points import no_probe
from sync.engine_world import FLOW, World, account, make_world, written


def told(world: World, *records: tuple[str, str]) -> None:
    """Tell of records, as the service does when a webhook comes."""
    with world.store.write() as conn:
        work.enqueue(conn, "test", "customers", [(*one, work.HINT) for one in records])


def work_told(world: World, arriving: Arriving | None = None) -> tuple[Report, Arriving]:
    """Work what was told, under a lease of its own."""
    with world.store.write() as conn:
        lease = leases.take(conn, "worker/prompt", "told", 600.0)
    given = arriving or Arriving()
    own = replace(world, gp=beside(world.gp), sales=beside(world.sales), probe=no_probe)
    job = own.job(lease=lease)
    try:
        return sync(job, kind=runs.HINT, arriving=given), given
    finally:
        job.scratch.close()  # type: ignore[attr-defined]
        world.release(lease)


def beside(connector: MemoryConnector) -> MemoryConnector:
    """Make a second connector of a system: runs that go on at once have one each, with counts of its own."""
    other = copy(connector)
    made = MemoryConnector(connector.name, None)
    other._counts, other._lists = made._counts, {}
    return other


def linked(world: World, number: int = 3) -> None:
    """Bring firms into step that stand on both sides."""
    for place in range(number):
        world.gp_put(f"FIRM{place}", Name=f"Firm {place}", Zip=f"6060{place}", Phone="1")
        world.sales_put(
            f"a{place}", name=f"Firm {place}", number=f"FIRM{place}", zip=f"6060{place}", phone="1", type=3
        )
    world.sync()
    assert written(world.sync()) == 0


def once(world: World, point: str, act: Callable[[], Any]) -> None:
    """Act once, when the engine next reaches a named point."""
    reached: list[str] = []

    def probe(name: str) -> None:
        if name == point and not reached:
            reached.append(name)
            act()

    world.probe = probe


def test_what_was_told_goes_across_and_no_feed_is_read(world: World) -> None:
    linked(world)
    cursors = world.store.read
    with cursors() as conn:
        before = runs.cursor_get(conn, "test", "customers", "sales")
    world.sales_put("a1", phone="555")
    world.sales_put("a2", phone="777")
    told(world, ("sales", "a1"))
    report, _ = work_told(world)
    assert world.customers()["FIRM1"]["Phone"] == "555"
    assert world.customers()["FIRM2"]["Phone"] == "1"
    assert report.balanced and report.considered == 1 and report.sides["gp"].updated == 1
    with cursors() as conn:
        assert runs.cursor_get(conn, "test", "customers", "sales") == before
    after = world.sync()
    assert after.balanced and after.sides["gp"].updated == 1
    assert world.customers()["FIRM2"]["Phone"] == "777"
    assert world.chain_holds()


def test_a_new_account_that_was_told_is_left_to_a_run_that_sees_whether_gp_has_it_since(world: World) -> None:
    linked(world)
    world.sales_put("new", name="New Firm", zip="11111", type=3)
    world.gp_put("MINE", Name="New Firm", Zip="11111")  # by a person, a moment ago
    told(world, ("sales", "new"))
    report, arriving = work_told(world)
    assert report.balanced and written(report) == 0 and arriving.handed == [("sales", "new")]
    assert world.sync().balanced
    assert [row["Name"] for row in world.customers().values()].count("New Firm") == 1
    assert ("MINE", "new") in {(link.left_key, link.right_key) for link in world.links()}


def test_our_own_write_that_comes_back_as_a_hint_changes_nothing(world: World) -> None:
    linked(world)
    world.gp_put("FIRM0", Phone="999")
    world.sync()
    told(world, ("sales", "a0"), ("gp", "FIRM0"))
    report, _ = work_told(world)
    assert report.balanced and written(report) == 0 and report.considered == 1
    with world.store.read() as conn:
        assert work.pending(conn, "test", "customers", world.clock()) == 0


def test_a_linked_record_that_is_not_to_be_found_is_left_to_the_next_round(world: World) -> None:
    linked(world)
    world.sales.person_delete("account", ("a1",))
    told(world, ("sales", "a1"))
    report, arriving = work_told(world)
    assert arriving.handed == [("sales", "a1")] and report.considered == 0 and report.balanced
    with world.store.read() as conn:
        rows = work.candidates(conn, "test", "customers", world.clock(), 10)
    assert [(row.key, row.reason) for row in rows] == [("a1", HANDED)]
    assert world.sync().balanced


def test_a_record_that_stands_as_before_our_last_write_is_left_to_the_next_round(world: World) -> None:
    linked(world)
    world.sales_put("a1", phone="555")
    world.sync()
    assert world.customers()["FIRM1"]["Phone"] == "555"
    world.gp_put("FIRM1", Phone="1")  # a person took it back, or GP was restored: one record does not tell
    told(world, ("gp", "FIRM1"))
    report, arriving = work_told(world)
    assert written(report) == 0 and arriving.handed == [("gp", "FIRM1")]


def test_a_record_of_another_company_is_nobodys_business(world: World, tmp_path: Any) -> None:
    flow = {**FLOW, "sides": {**FLOW["sides"], "sales": {**FLOW["sides"]["sales"], "company": "terms"}}}
    flow["fields"] = {name: row for name, row in FLOW["fields"].items() if name != "terms"}
    other = make_world(tmp_path / "other", sales=account())
    other.flow = flow
    other.sales_put("x1", name="Elsewhere", terms="ONE", type=3)
    told(other, ("sales", "x1"))
    report, arriving = work_told(other)
    assert report.considered == 0 and not arriving.handed and not other.customers()
    with other.store.read() as conn:
        assert work.pending(conn, "test", "customers", other.clock()) == 0
    told(other, ("sales", "x1"))
    assert written(other.sync()) == 0 and not other.customers()


@pytest.mark.parametrize("point", ["observed", "claimed", "recorded"])
def test_an_edit_that_goes_across_while_a_run_is_under_way_is_not_taken_back_by_it(
    world: World, point: str
) -> None:
    linked(world, 4)
    world.page = 1
    for place in range(4):
        world.gp_put(f"FIRM{place}", Street=f"{place} Main")

    def edit() -> None:
        world.sales_put("a3", phone="555")
        told(world, ("sales", "a3"))
        report, _ = work_told(world)
        assert report.balanced

    once(world, point, edit)
    report = world.sync(full=True)
    assert report.balanced
    last = world.sync()
    assert last.balanced
    assert world.customers()["FIRM3"]["Phone"] == "555"
    assert world.accounts()["Firm 3"]["phone"] == "555"
    assert world.accounts()["Firm 3"]["street"] == "3 Main"
    assert written(world.sync()) == 0 and not world.parked() and world.chain_holds()


def test_a_run_that_ends_a_record_between_our_reading_and_our_claim_is_noticed(world: World) -> None:
    linked(world)
    world.sales_put("a1", phone="555")
    told(world, ("sales", "a1"))
    get, seen = world.sales.get, list[str]()

    def reading(*args: Any, **named: Any) -> Any:
        found = get(*args, **named)
        if not seen:
            seen.append("")
            world.gp_put("FIRM1", Street="9 New")
            assert world.sync().balanced  # reads and writes what we have in hand
            world.sales_put("a1", phone="556")
            told(world, ("sales", "a1"))
        return found

    world.sales.get = reading  # type: ignore[method-assign]
    report, _ = work_told(world)
    assert report.balanced
    world.sales.get = get  # type: ignore[method-assign]
    assert world.sync().balanced
    assert world.customers()["FIRM1"]["Phone"] == "556" == world.accounts()["Firm 1"]["phone"]
    assert world.accounts()["Firm 1"]["street"] == "9 New" == world.customers()["FIRM1"]["Street"]
    assert written(world.sync()) == 0 and world.chain_holds()


def test_a_conflict_that_was_told_is_parked_as_by_any_run(world: World) -> None:
    linked(world)
    world.gp_put("FIRM1", Phone="2")
    world.sales_put("a1", phone="3")
    told(world, ("sales", "a1"))
    report, _ = work_told(world)
    assert report.balanced and report.dispositions["parked"] == 1
    assert [entry.field for entry in world.parked()] == ["phone"]


def test_a_run_of_hints_is_no_reason_to_call_the_first_run_done(world: World) -> None:
    world.sales_put("n1", name="First", zip="1", type=3)
    told(world, ("sales", "n1"))
    work_told(world)
    with world.store.read() as conn:
        assert not runs.completed(conn, "test", "customers")
        assert runs.latest(conn, "test", "customers") is None


def test_what_was_read_before_an_edit_went_across_does_not_take_it_back(world: World) -> None:
    linked(world)
    changes, seen = world.gp.changes, list[str]()

    def reading(*args: Any, **named: Any) -> Any:
        pages = list(changes(*args, **named))
        if not seen:
            seen.append("")
            world.sales_put("a1", phone="555")
            told(world, ("sales", "a1"))
            report, _ = work_told(world)
            assert report.sides["gp"].updated == 1
        return iter(pages)  # as they stood before

    world.gp.changes = reading  # type: ignore[method-assign]
    assert world.sync(full=True).balanced
    world.gp.changes = changes  # type: ignore[method-assign]
    assert world.customers()["FIRM1"]["Phone"] == "555" == world.accounts()["Firm 1"]["phone"]
    assert written(world.sync()) == 0 and not world.parked() and world.chain_holds()


def test_what_comes_while_a_run_is_at_work_is_taken_up_by_it(world: World) -> None:
    linked(world)
    for place in range(2):
        world.sales_put(f"a{place}", phone="555")
    coming = [("sales", "a1")]

    def fetch() -> bool:
        told(world, *coming)
        coming.clear()
        return True

    told(world, ("sales", "a0"))
    report, arriving = work_told(world, Arriving(fetch=fetch))
    assert report.balanced and report.considered == 2 and written(report) == 2 and arriving.taken == 2
    assert {world.customers()[f"FIRM{place}"]["Phone"] for place in range(2)} == {"555"}


def test_a_record_that_comes_twice_ends_the_run_so_that_the_next_one_sees_it(world: World) -> None:
    linked(world)
    world.sales_put("a0", phone="555")
    told(world, ("sales", "a0"))
    asked = list[str]()

    def fetch() -> bool:
        asked.append("")
        if len(asked) == 2:  # while the first edit is on its way
            world.sales_put("a0", phone="777")
            told(world, ("sales", "a0"))
        return True

    _, arriving = work_told(world, Arriving(fetch=fetch))
    assert arriving.shut
    report, _ = work_told(world)
    assert report.balanced and world.customers()["FIRM0"]["Phone"] == "777"
    assert written(world.sync()) == 0 and world.chain_holds()


def test_a_run_gives_way_to_other_flows_after_its_share(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gp365.sync.arriving.SHARE_S", -1.0)
    linked(world)
    world.sales_put("a0", phone="555")
    told(world, ("sales", "a0"))
    report, arriving = work_told(world, Arriving(fetch=lambda: False))
    assert report.balanced and report.considered == 0 and arriving.shut
    assert work_told(world)[0].considered == 1
