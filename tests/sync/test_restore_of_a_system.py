"""A system restored from a backup: the pair stops before anything is planned, and a person lets the way back go."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gp365.connectors.memory import MemoryConnector
from gp365.model.entity import Feed, Strength
from gp365.model.values import pack, unpack_deep
from gp365.store import guards, ledger, parked
from gp365.sync.preview import preview
from sync.engine_world import World, account, customer, make_world, written


def approve(world: World, mode: str = "recover", actor: str = "ann@desk") -> None:
    with world.store.write() as conn:
        for guard in guards.standing(conn, "test", "customers"):
            guards.release(conn, guard.id, actor, pack({**unpack_deep(guard.shown), "mode": mode}))


def standing(world: World) -> list[tuple[str, str, str]]:
    with world.store.read() as conn:
        return [(one.code, one.side, one.state) for one in guards.standing(conn, "test", "customers")]


def firms(world: World, number: int, first: int = 0) -> None:
    for one in range(first, first + number):
        world.gp_put(f"FIRM{one:04d}", Name=f"Firm {one}", Zip=f"{one:05d}", Street="1 Main", Phone="5550000")


def account_of(world: World, one: int) -> str:
    return world.accounts()[f"Firm {one}"]["id"]


def alike(world: World) -> bool:
    """Every customer and its account hold the same."""
    customers = {row["Name"]: row for row in world.customers().values()}
    accounts = world.accounts()
    names = (("Street", "street"), ("Phone", "phone"), ("Zip", "zip"), ("Limit", "limit"))
    return customers.keys() == accounts.keys() and all(
        customers[name][one] == accounts[name][other] for name in customers for one, other in names
    )


def rows(world: World) -> tuple[Any, Any]:
    """Both sides, but for our mark and what is written on create only: a record that is made anew has them."""
    return tuple(
        {
            key: {name: value for name, value in row.items() if name not in ("Mark", "number")}
            for key, row in one
        }
        for one in (world.customers().items(), world.accounts().items())
    )  # type: ignore[return-value]


@pytest.fixture(params=["gp", "sales"])
def side(request: pytest.FixtureRequest) -> str:
    return request.param


def system(world: World, side: str) -> MemoryConnector:
    return world.gp if side == "gp" else world.sales


def busy_days(world: World, side: str) -> Any:
    """Two days of work with a backup of one side in between; returns it."""
    firms(world, 8)
    world.sync()
    for one in range(2):
        world.sales_put(account_of(world, one), phone=f"555100{one}")
    world.sync()
    backup = system(world, side).snapshot()
    world.clock.advance(86_400)
    for one in range(4):  # edited on either side, carried to the other
        world.sales_put(account_of(world, one), street=f"{one} Elm")
        world.gp_put(f"FIRM{one + 4:04d}", Street=f"{one} Oak", Limit=Decimal("2500.00"))
    firms(world, 2, first=20)  # made in GP, created in Sales
    world.sales_put("made-in-sales", name="Lakeside Dental", street="2 Lake", zip="53202", type=3)
    world.sync()
    assert alike(world)
    return backup


def test_a_restored_system_stops_the_pair_before_anything_is_planned(world: World, side: str) -> None:
    backup = busy_days(world, side)
    system(world, side).restore(backup)
    before = (world.customers(), world.accounts())
    for _ in range(2):
        report = world.sync()
        assert report.stopped is not None and report.stopped.code == "restored"
        assert report.considered == 0 and report.balanced and not report.clean
    assert (world.customers(), world.accounts()) == before and not world.parked()
    assert standing(world) == [("restored", side, "open")]


def test_the_way_back_brings_both_sides_into_step_and_doubles_nothing(world: World, side: str) -> None:
    backup = busy_days(world, side)
    wanted, linked = rows(world), len(world.links())
    system(world, side).restore(backup)
    world.sync()
    approve(world)
    report = world.sync()
    assert report.stopped is None and report.balanced and report.recovered == (side,)
    assert rows(world) == wanted and len(world.links()) == linked
    assert not world.parked() and not standing(world)
    assert written(world.sync()) == 0 and written(world.sync(full=True)) == 0


def test_the_plan_shows_the_way_back_and_writes_nothing(world: World, side: str) -> None:
    backup = busy_days(world, side)
    system(world, side).restore(backup)
    for _ in range(2):
        before = (world.customers(), world.accounts())
        job = world.job()
        shown, plans = preview(job)
        writes = [write for plan in plans for write in plan.writes]
        job.scratch.close()  # type: ignore[attr-defined]
        assert shown.recovery == (side,)
        assert {write.side for write in writes} == {side} and len(writes) > 8
        assert (world.customers(), world.accounts()) == before
        world.sync()


def test_the_ledger_says_who_let_the_way_back_go(world: World) -> None:
    backup = busy_days(world, "gp")
    world.gp.restore(backup)
    world.sync()
    approve(world)
    report = world.sync()
    with world.store.read() as conn:
        told = [ledger.decode(row) for row in ledger.rows(conn, report.run)]
    assert told[-1]["recovered"] == {"sides": ["gp"], "approved_by": "ann@desk"}


def test_edits_after_the_restore_on_the_side_that_stands_go_across(world: World, side: str) -> None:
    backup = busy_days(world, side)
    system(world, side).restore(backup)
    if side == "gp":
        world.sales_put(account_of(world, 0), street="99 New", phone="5559999")
    else:
        world.gp_put("FIRM0000", Street="99 New", Phone="5559999")
    world.sync()
    approve(world)
    assert world.sync().balanced
    assert world.accounts()["Firm 0"]["street"] == world.customers()["FIRM0000"]["Street"] == "99 New"
    assert not world.parked() and alike(world) and written(world.sync()) == 0


def test_a_value_that_was_never_seen_is_a_persons_and_waits_for_a_decision(world: World, side: str) -> None:
    backup = busy_days(world, side)
    system(world, side).restore(backup)
    if side == "gp":
        world.gp_put("FIRM0001", Street="77 Unseen")
    else:
        world.sales_put(account_of(world, 1), street="77 Unseen")
    world.sync()
    approve(world)
    world.sync()
    (entry,) = world.parked()
    assert (entry.code, entry.field) == ("after-restore", "address")
    for _ in range(2):
        report = world.sync(full=True)
        assert written(report) == 0 and len(world.parked()) == 1
    streets = {world.accounts()["Firm 1"]["street"], world.customers()["FIRM0001"]["Street"]}
    assert streets == {"77 Unseen", "1 Elm"}


def test_a_person_decides_about_a_value_that_was_never_seen(world: World) -> None:
    backup = busy_days(world, "gp")
    world.gp.restore(backup)
    world.gp_put("FIRM0001", Street="77 Unseen")
    world.sync()
    approve(world)
    world.sync()
    (entry,) = world.parked()
    with world.store.write() as conn:
        parked.resolve(conn, entry.id, {"take": "gp"}, "ann@desk")
    world.sync()
    assert world.accounts()["Firm 1"]["street"] == "77 Unseen" and alike(world) and not world.parked()


def test_what_was_gone_before_the_restore_stays_an_event(world: World) -> None:
    firms(world, 8)
    world.sync()
    world.gp.person_delete("customer", ("FIRM0007",))
    world.sync()
    backup = world.gp.snapshot()
    world.clock.advance(3600)
    world.sales_put(account_of(world, 0), street="9 Elm")
    world.sync()
    world.gp.restore(backup)
    world.sync()
    approve(world)
    assert world.sync().balanced
    assert "FIRM0007" not in world.customers() and [one.code for one in world.parked()] == ["target-gone"]
    assert world.customers()["FIRM0000"]["Street"] == "9 Elm"


def test_a_number_from_before_a_renumbering_is_not_made_a_second_time(world: World) -> None:
    firms(world, 8)
    world.sync()
    backup = world.gp.snapshot()
    world.clock.advance(3600)
    world.gp.person_rename("customer", ("FIRM0003",), ("RENAMED0003",))
    world.sync()
    world.sync()
    world.gp.restore(backup)
    world.sync()
    approve(world)
    world.sync()
    world.sync()
    assert sum(row["Name"] == "Firm 3" for row in world.customers().values()) == 1
    assert len(world.accounts()) == 8 and len(world.links()) == 8


def test_a_way_back_that_breaks_off_is_gone_to_its_end_by_the_next_sync(world: World) -> None:
    world.page = 3
    backup = busy_days(world, "gp")
    wanted = rows(world)
    world.gp.restore(backup)
    world.sync()
    approve(world)
    times: list[int] = []

    def fail(point: str) -> None:
        times.append(point == "intent")
        if sum(times) == 2:
            raise KeyboardInterrupt

    world.probe = fail
    with pytest.raises(KeyboardInterrupt):
        world.sync()
    assert rows(world) != wanted
    world.probe = lambda _: None
    world.clock.advance(3600)
    world.sync()
    assert rows(world) == wanted and not world.parked() and not standing(world)


def test_a_person_may_say_that_nothing_was_restored(world: World) -> None:
    """What then stands there is taken for people's edits, and what is missing for deletions."""
    backup = busy_days(world, "gp")
    world.gp.restore(backup)
    world.sync()
    approve(world, "as-is")
    report = world.sync()
    assert report.stopped is None and report.recovered == () and not standing(world)
    assert world.accounts()["Firm 0"]["street"] == "1 Main"
    assert world.sync().stopped is None


def test_another_system_in_the_place_of_ours_stops_the_pair(world: World) -> None:
    """A live company copied over the test company: the same numbers, another identity."""
    firms(world, 5)
    world.sync()
    world.gp.system.identity = "another"
    report = world.sync()
    assert report.stopped is not None and report.stopped.code == "restored"
    assert "another" in report.stopped.message


# without an epoch: what the records themselves tell


@pytest.fixture
def mute(tmp_path: Path) -> Iterator[World]:
    """Systems that say nothing about how far they have come; GP is listed whole, Sales has a feed."""
    made = make_world(tmp_path / "mute", gp=customer(Strength.REREAD), sales=account(feed=Feed.NONE))
    for connector in (made.gp, made.sales):
        connector.epoch = lambda: ""  # type: ignore[method-assign]
    yield made
    made.store.close()


def test_many_fields_back_at_what_our_own_writes_found_stop_the_pair(mute: World) -> None:
    firms(mute, 10)
    mute.sync()
    backup = mute.gp.snapshot()
    mute.clock.advance(3600)
    for one in range(6):
        mute.sales_put(account_of(mute, one), street=f"{one} Elm")
    mute.sync()
    mute.gp.restore(backup)
    report = mute.sync()
    assert report.stopped is not None and report.stopped.code == "restored" and report.considered == 0
    approve(mute)
    assert mute.sync().recovered == ("gp",)
    assert mute.customers()["FIRM0003"]["Street"] == "3 Elm" and alike(mute) and written(mute.sync()) == 0


def test_a_few_values_that_people_set_back_are_edits(mute: World) -> None:
    firms(mute, 10)
    mute.sync()
    for one in range(6):
        mute.sales_put(account_of(mute, one), street=f"{one} Elm")
    mute.sync()
    for one in range(3):
        mute.gp_put(f"FIRM{one:04d}", Street="1 Main")
    report = mute.sync()
    assert report.stopped is None and mute.accounts()["Firm 0"]["street"] == "1 Main"


def test_the_newest_records_that_we_made_all_missing_stop_the_pair(mute: World) -> None:
    firms(mute, 10)
    mute.sync()
    backup = mute.sales.snapshot()
    mute.clock.advance(3600)
    firms(mute, 5, first=20)
    mute.sync()
    wanted = mute.accounts()
    mute.sales.restore(backup)
    report = mute.sync()
    assert report.stopped is not None and report.stopped.code == "restored"
    approve(mute)
    assert mute.sync().balanced
    assert mute.accounts() == wanted and not mute.parked() and written(mute.sync()) == 0


def test_single_records_that_we_made_and_people_deleted_are_events(mute: World) -> None:
    firms(mute, 10)
    mute.sync()
    for one in (1, 4, 7):
        mute.sales.person_delete("account", (account_of(mute, one),))
    report = mute.sync()
    assert report.stopped is None and [one.code for one in mute.parked()] == ["target-gone"] * 3


def test_a_hint_alone_is_not_believed(world: World) -> None:
    """The newest customer was deleted: the highest number falls, and nothing else speaks for a restore."""
    firms(world, 6)
    world.gp.epoch = lambda: f"TWO/~first:~{len(world.customers())}"  # type: ignore[method-assign]
    world.sync()
    world.gp.person_delete("customer", ("FIRM0005",))
    assert world.sync().stopped is None and [one.code for one in world.parked()] == ["target-gone"]


def test_a_hint_is_believed_where_a_record_speaks_for_it(world: World) -> None:
    world.gp.epoch = lambda: f"TWO/~first:~{world.gp.system.seq}"  # type: ignore[method-assign]
    firms(world, 6)
    world.sync()
    backup = world.gp.snapshot()
    world.clock.advance(3600)
    world.sales_put(account_of(world, 0), street="9 Elm")
    world.sync()
    world.gp.restore(backup)
    report = world.sync()
    assert report.stopped is not None and report.stopped.code == "restored"


def test_a_hint_is_believed_where_an_edit_that_went_across_is_undone(world: World) -> None:
    """Nothing was written to GP by us since the backup; its people's edits went to Sales."""
    world.gp.epoch = lambda: f"TWO/~first:~{world.gp.system.seq}"  # type: ignore[method-assign]
    firms(world, 6)
    world.sync()
    backup = world.gp.snapshot()
    world.clock.advance(3600)
    world.gp_put("FIRM0000", Street="9 Elm")
    world.sync()
    world.gp.restore(backup)
    assert world.sync().stopped is not None
    approve(world)
    world.sync()
    assert world.customers()["FIRM0000"]["Street"] == "9 Elm" and alike(world)


def test_a_hint_is_believed_where_the_newest_customers_are_missing(world: World) -> None:
    world.gp.epoch = lambda: f"TWO/~first:~{world.gp.system.seq}"  # type: ignore[method-assign]
    firms(world, 6)
    world.sync()
    backup = world.gp.snapshot()
    world.clock.advance(3600)
    firms(world, 2, first=20)
    world.sync()
    world.gp.restore(backup)
    assert world.sync().stopped is not None
    approve(world)
    assert world.sync().balanced
    assert {"FIRM0020", "FIRM0021"} <= world.customers().keys() and alike(world) and not world.parked()


def test_edits_of_a_whole_day_undone_at_once_stop_the_pair_without_any_epoch(mute: World) -> None:
    firms(mute, 20)
    mute.sync()
    backup = mute.gp.snapshot()
    mute.clock.advance(3600)
    for one in range(12):
        mute.gp_put(f"FIRM{one:04d}", Street=f"{one} Oak")
    mute.sync()
    mute.gp.restore(backup)
    report = mute.sync()
    assert report.stopped is not None and report.stopped.code == "restored"
    assert mute.accounts()["Firm 3"]["street"] == "3 Oak"


def test_a_customer_who_was_entered_again_after_the_restore_is_not_made_a_second_time(world: World) -> None:
    firms(world, 8)
    world.sync()
    backup = world.gp.snapshot()
    world.clock.advance(86_400)
    firms(world, 4, first=20)
    world.sync()
    world.gp.restore(backup)
    firms(world, 1, first=30)  # both get the birth mark of another one who is gone
    world.gp_put("AGAIN0020", Name="Firm 20", Zip="00020", Street="1 Main", Phone="5550000")
    assert world.sync().stopped is not None
    approve(world)
    report = world.sync()
    names = [row["Name"] for row in world.customers().values()]
    assert report.balanced and sorted(names) == sorted({*names})
    assert {"Firm 20", "Firm 21", "Firm 22", "Firm 23", "Firm 30"} <= {*names}
    assert world.customers()["AGAIN0020"]["Name"] == "Firm 20"
    with world.store.read() as conn:
        entries = {entry.code: entry for entry in parked.list_open(conn)}
    assert set(entries) == {"target-gone", "candidates", "renumbered"}  # Firm 30 waits beside the event
    assert [one["key"] for one in unpack_deep(entries["target-gone"].about)["evidence"]] == ["AGAIN0020"]


def test_a_customer_whom_a_second_restore_brings_back_as_it_was_before_is_not_made_a_second_time(
    world: World,
) -> None:
    firms(world, 8)
    before_all = world.gp.snapshot()
    firms(world, 1, first=20)
    world.sync()
    as_entered = world.gp.snapshot()
    world.clock.advance(86_400)
    world.gp.person_rename("customer", ("FIRM0020",), ("NEW0020",))
    world.sales_put(account_of(world, 20), name="Renamed 20", zip="99999", phone="5559999", street="9 New")
    world.sync()
    world.gp.restore(before_all)
    firms(world, 1, first=30)
    assert world.sync().stopped is not None
    approve(world)
    assert world.sync().balanced and "NEW0020" in world.customers()  # made anew, with another birth mark
    world.clock.advance(86_400)
    world.gp.restore(as_entered)
    assert world.sync().stopped is not None
    approve(world)
    report = world.sync()
    accounts = [row["name"] for row in world.accounts().values()]
    assert report.balanced and "Firm 20" not in accounts and accounts.count("Renamed 20") == 1
    assert {"FIRM0020", "NEW0020"} & world.customers().keys() == {"FIRM0020"}
    account = world.accounts()["Renamed 20"]["id"]
    assert [link.left_key for link in world.links() if link.right_key == account] == ["FIRM0020"]
