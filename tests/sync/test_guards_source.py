"""An empty or shrunken source, and fields that can no longer be read: nothing is made of what is not shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gp365.model.entity import Feed
from gp365.store import guards, ledger
from sync.engine_world import FLOW, World, account, make_world, written

ASK: dict[str, Any] = {**FLOW, "guards": {"gone": {"count": 3, "percent": 5}}}


def firms(world: World, number: int, first: int = 0) -> None:
    for one in range(first, first + number):
        world.gp_put(f"FIRM{one:04d}", Name=f"Firm {one}", Zip=f"{one:05d}", Street="1 Main", Phone="5550000")


def release(world: World, actor: str = "ann@desk") -> None:
    with world.store.write() as conn:
        for guard in guards.standing(conn, "test", "customers"):
            guards.release(conn, guard.id, actor, guard.shown)


def standing(world: World) -> list[tuple[str, str, str]]:
    with world.store.read() as conn:
        return [(one.code, one.side, one.state) for one in guards.standing(conn, "test", "customers")]


def delete(world: World, numbers: range) -> None:
    for one in numbers:
        world.gp.person_delete("customer", (f"FIRM{one:04d}",))


def delete_accounts(world: World, names: range) -> None:
    accounts = world.accounts()
    for one in names:
        world.sales.person_delete("account", (accounts[f"Firm {one}"]["id"],))


def test_a_list_that_is_suddenly_empty_stops_the_flow_and_nothing_is_planned(world: World) -> None:
    firms(world, 3)
    world.sync()
    before = (world.accounts(), len(world.links()))
    delete(world, range(3))
    for _ in range(2):
        report = world.sync()
        assert report.stopped is not None and report.stopped.code == "source-shrunk"
        assert (report.considered, report.balanced, report.clean) == (0, True, False)
        assert [(one.side, one.operation, one.planned) for one in report.guards] == [("gp", "gone", 3)]
    assert not world.parked() and (world.accounts(), len(world.links())) == before
    assert standing(world) == [("source-shrunk", "gp", "open")]


def test_one_missing_record_of_a_flow_with_one_link_is_an_event(world: World) -> None:
    firms(world, 1)
    world.sync()
    delete(world, range(1))
    assert world.sync().stopped is None and [one.code for one in world.parked()] == ["target-gone"]


def test_more_missing_records_than_the_guard_allows_stop_the_flow(world: World) -> None:
    world.flow = ASK
    firms(world, 12)
    world.sync()
    delete(world, range(4))
    report = world.sync()
    assert report.stopped is not None and report.stopped.code == "source-shrunk" and not world.parked()


def test_as_many_as_the_guard_allows_are_events_of_their_own(world: World) -> None:
    world.flow = ASK
    firms(world, 12)
    world.sync()
    delete(world, range(3))
    assert world.sync().stopped is None and len(world.parked()) == 3


def test_records_that_vanish_a_few_at_a_time_are_counted_together(world: World) -> None:
    world.flow = ASK
    firms(world, 12)
    world.sync()
    delete(world, range(2))
    assert world.sync().stopped is None
    world.clock.advance(600)
    delete(world, range(2, 4))
    assert world.sync().stopped is not None and len(world.parked()) == 2
    world.clock.advance(86_400)
    assert world.sync().stopped is None and len(world.parked()) == 4


def test_what_is_known_to_be_gone_stops_nothing_later(world: World) -> None:
    world.flow = ASK
    firms(world, 12)
    world.sync()
    for one in range(0, 9, 3):
        delete(world, range(one, one + 3))
        world.clock.advance(86_401)
        assert world.sync().stopped is None
    assert len(world.parked()) == 9


def test_the_flow_goes_on_by_itself_when_the_records_are_back(world: World) -> None:
    world.flow = ASK
    firms(world, 12)
    world.sync()
    backup = world.gp.snapshot()
    delete(world, range(6))
    world.sync()
    world.gp.restore(backup)
    world.gp.system.seq += 100
    report = world.sync()
    assert report.stopped is None and report.clean and not world.parked() and written(report) == 0
    assert not standing(world)


def test_a_person_says_that_they_are_really_gone_and_each_is_an_event(world: World) -> None:
    world.flow = ASK
    firms(world, 12)
    world.sync()
    delete(world, range(6))
    world.sync()
    release(world)
    report = world.sync()
    assert report.stopped is None and report.balanced
    assert [one.code for one in world.parked()] == ["target-gone"] * 6
    assert not standing(world) and world.sync().stopped is None


def test_a_release_is_good_for_what_was_shown_and_not_for_more(world: World) -> None:
    world.flow = ASK
    firms(world, 30)
    world.sync()
    delete(world, range(5))
    world.sync()
    release(world)
    delete(world, range(5, 20))
    report = world.sync()
    assert report.stopped is not None and not world.parked()


def test_deletions_that_a_feed_reports_in_mass_stop_the_flow_and_are_not_lost(world: World) -> None:
    world.flow = ASK
    firms(world, 12)
    world.sync()
    world.sync()
    delete_accounts(world, range(5))
    assert world.sync().stopped is not None and world.sync().stopped is not None
    assert not world.parked()
    release(world)
    assert world.sync().stopped is None
    assert [one.code for one in world.parked()] == ["target-gone"] * 5


def test_edits_that_come_with_mass_deletions_are_carried_once_they_are_let_go(world: World) -> None:
    world.flow = ASK
    firms(world, 12)
    world.sync()
    world.sync()
    world.sales_put(world.accounts()["Firm 11"]["id"], phone="5551111")
    delete_accounts(world, range(5))
    world.sync()
    assert world.customers()["FIRM0011"]["Phone"] == "5550000"
    release(world)
    world.sync()
    assert world.customers()["FIRM0011"]["Phone"] == "5551111"


def test_a_side_that_lists_everything_may_be_either(world: World, tmp_path: Any) -> None:
    made = make_world(tmp_path / "listed", sales=account(feed=Feed.NONE))
    made.flow = ASK
    firms(made, 12)
    made.sync()
    delete_accounts(made, range(12))
    report = made.sync()
    assert report.stopped is not None and report.stopped.system == "sales"
    made.store.close()


def test_a_field_that_can_no_longer_be_read_clears_nothing_and_is_named(world: World) -> None:
    firms(world, 3)
    world.sync()
    entity = world.sales.system.entities["account"]
    secured = {**entity.fields, "phone": replace(entity.fields["phone"], readable=False)}
    world.sales.system.entities["account"] = replace(entity, fields=secured)
    world.gp_put("FIRM0001", Street="7 Oak")
    world.sales_put(world.accounts()["Firm 2"]["id"], street="8 Elm")
    report = world.sync()
    assert report.balanced and {row["Phone"] for row in world.customers().values()} == {"5550000"}
    assert {row["phone"] for row in world.accounts().values()} == {"5550000"}
    assert world.customers()["FIRM0002"]["Street"] == "8 Elm"
    assert world.accounts()["Firm 1"]["street"] == "7 Oak"
    with world.store.read() as conn:
        told = [str(ledger.decode(row)) for row in ledger.rows(conn, report.run)]
    assert any("phone" in one and "absent, never empty" in one for one in told)
    world.sales.system.entities["account"] = entity
    assert world.sync(full=True).balanced
    assert {row["Phone"] for row in world.customers().values()} == {"5550000"}
