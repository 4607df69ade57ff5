"""Undo of edits: what a run wrote goes back, what changed since stays, and the next sync leaves it all alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gp365.model.entity import Strength
from gp365.store import intents
from sync.engine_world import World, written
from sync.undo_world import (
    gp_entity,
    last_run,
    quiet,
    sales_entity,
    shown_undo,
    the_link,
    undo,
    undo_steps,
    undo_world,
)

AARON = "AARONFIT0001"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = undo_world(tmp_path)
    in_step(made)
    yield made
    made.store.close()


def in_step(world: World) -> None:
    world.gp_put(AARON, Name="Aaron Fitz", Street="1 Main", Zip="60603", Phone="111", Terms="NET 30")
    world.sync()


def acc(world: World) -> dict[str, object]:
    (row,) = world.accounts().values()
    return row


def gp_edit(world: World, **values: object) -> str:
    """Edit the customer, sync, and give the run that carried it over."""
    world.gp_put(AARON, **values)
    assert written(world.sync()) == 1
    return last_run(world)


STRENGTHS = [Strength.VERSIONED, Strength.COMPARED, Strength.REREAD, Strength.WHOLE]


@pytest.mark.parametrize("strength", STRENGTHS)
def test_a_run_is_taken_back_and_the_next_sync_writes_nothing(tmp_path: Path, strength: Strength) -> None:
    world = undo_world(tmp_path, gp_entity(strength=strength), sales_entity(strength=strength))
    in_step(world)
    run = gp_edit(world, Street="7 Oak", Phone="222", Terms="NET 60")
    told = undo(world, run)
    assert acc(world)["street"] == "1 Main" and acc(world)["phone"] == "111"
    assert acc(world)["terms"] == "NET 30" and not told.refused
    assert world.customers()[AARON]["Street"] == "7 Oak", "the source stays as it is"
    report = quiet(world)
    assert report.fields["held"] >= 3
    assert acc(world)["street"] == "1 Main" and acc(world)["terms"] == "NET 30"
    quiet(world)
    world.store.close()


def test_an_undo_is_shown_first_with_what_will_differ_and_nothing_is_written(world: World) -> None:
    run = gp_edit(world, Street="7 Oak")
    told = shown_undo(world, run)
    assert told.back == {"address.street": ("1 Main",)}
    assert told.differs == {"address.street": "gp holds '7 Oak'"}
    assert acc(world)["street"] == "7 Oak" and last_run(world) == run


def test_after_an_undo_an_edit_on_either_side_is_an_edit_like_any_other(world: World) -> None:
    undo(world, gp_edit(world, Street="7 Oak", Phone="222"))
    quiet(world)
    world.gp_put(AARON, Street="8 Elm")
    world.sync()
    assert acc(world)["street"] == "8 Elm" and acc(world)["phone"] == "111"
    world.sales_put(str(acc(world)["id"]), phone="333")
    world.sync()
    assert world.customers()[AARON]["Phone"] == "333" and not world.parked()
    quiet(world)


def test_an_edit_that_waits_to_be_carried_over_is_not_lost_by_an_undo(world: World) -> None:
    run = gp_edit(world, Street="7 Oak")
    world.gp_put(AARON, Phone="999")
    world.sales_put(str(acc(world)["id"]), contact="Bob")
    undo(world, run)
    assert acc(world)["street"] == "1 Main"
    world.sync()
    assert acc(world)["phone"] == "999" and world.customers()[AARON]["Contact"] == "Bob"
    assert acc(world)["street"] == "1 Main"
    quiet(world)


def test_what_a_person_changed_since_stays_and_the_rest_goes_back(world: World) -> None:
    run = gp_edit(world, Phone="222", Terms="NET 60")
    world.sales_put(str(acc(world)["id"]), phone="444")
    told = undo(world, run)
    assert acc(world)["phone"] == "444" and acc(world)["terms"] == "NET 30"
    assert told.codes == {"changed-since"} and "'444'" in told.refused[0]
    assert told.reports[0].dispositions["parked"] == 1 and not world.parked()
    world.sync()
    assert world.customers()[AARON]["Phone"] == "444", "the person's edit is carried over as ever"


def test_what_a_later_run_wrote_stays_and_that_run_is_named(world: World) -> None:
    run = gp_edit(world, Phone="222")
    later = gp_edit(world, Phone="333")
    told = undo(world, run)
    assert acc(world)["phone"] == "333" and later in told.refused[0]
    undo(world, later)
    assert acc(world)["phone"] == "222"
    quiet(world)


def test_a_group_of_which_a_part_was_changed_since_stays_whole(world: World) -> None:
    run = gp_edit(world, Street="7 Oak", Phone="222")
    world.sales_put(str(acc(world)["id"]), zip="99999")
    told = undo(world, run)
    assert (acc(world)["street"], acc(world)["zip"], acc(world)["phone"]) == ("7 Oak", "99999", "111")
    assert told.codes == {"changed-since"}


def test_an_edit_of_the_tail_that_was_never_sent_is_not_overwritten(world: World) -> None:
    run = gp_edit(world, Name="A name of twenty ch.")
    world.sales_put(str(acc(world)["id"]), name="A name of twenty ch. and its tail")
    told = undo(world, run)
    assert acc(world)["name"] == "A name of twenty ch. and its tail" and told.codes == {"changed-since"}


def test_an_undo_of_an_undo_restores_what_the_run_had_written(world: World) -> None:
    run = gp_edit(world, Street="7 Oak", Phone="222")
    first = undo(world, run)
    quiet(world)
    second = undo(world, first.run)
    assert acc(world)["street"] == "7 Oak" and acc(world)["phone"] == "222" and not second.refused
    quiet(world)


def test_an_undo_that_is_asked_for_twice_finds_all_back_already(world: World) -> None:
    run = gp_edit(world, Street="7 Oak")
    undo(world, run)
    again = undo(world, run)
    assert not again.refused and not again.back
    assert again.reports[0].dispositions["unchanged"] == 1 and acc(world)["street"] == "1 Main"
    quiet(world)


def test_a_run_that_wrote_both_systems_goes_back_on_both(world: World) -> None:
    world.gp_put(AARON, Street="7 Oak")
    world.sales_put(str(acc(world)["id"]), phone="555")
    assert written(world.sync()) == 2
    undo(world)
    assert acc(world)["street"] == "1 Main" and world.customers()[AARON]["Phone"] == "111"
    assert acc(world)["phone"] == "555" and world.customers()[AARON]["Street"] == "7 Oak"
    quiet(world)


def test_the_last_writes_of_one_record_go_back_alone(world: World) -> None:
    world.gp_put("OTHER", Name="Other", Street="2 Main", Zip="1")
    world.sync()
    world.gp_put("OTHER", Street="9 Pine")
    world.gp_put(AARON, Street="7 Oak")
    world.sync()
    key = str(world.accounts()["Aaron Fitz"]["id"])
    undo(world, record=("sales", key))
    assert world.accounts()["Aaron Fitz"]["street"] == "1 Main"
    assert world.accounts()["Other"]["street"] == "9 Pine"
    quiet(world)


def test_the_writes_of_a_record_since_a_moment_go_back_through_all_of_them(world: World) -> None:
    moment = world.clock()
    gp_edit(world, Street="7 Oak")
    gp_edit(world, Street="8 Elm", Phone="222")
    undo(world, record=("sales", str(acc(world)["id"])), since=moment)
    assert (acc(world)["street"], acc(world)["phone"]) == ("1 Main", "111")
    quiet(world)


def test_a_record_that_is_gone_or_hidden_is_refused_and_the_others_go_back(world: World) -> None:
    for number in ("GONE", "HIDDEN"):
        world.gp_put(number, Name=number, Street="2 Main", Zip="1")
    world.sync()
    for number in (AARON, "GONE", "HIDDEN"):
        world.gp_put(number, Street="7 Oak")
    world.sync()
    ids = {name: str(row["id"]) for name, row in world.accounts().items()}
    world.sales.person_delete("account", (ids["GONE"],))
    world.sales.person_hide("account", (ids["HIDDEN"],))
    told = undo(world)
    assert sorted(told.refused) == [
        "It is not to be found on sales any more.",
        "Our account may not read it on sales.",
    ]
    assert world.accounts()["Aaron Fitz"]["street"] == "1 Main"


def test_a_conflict_that_stands_on_another_field_is_still_parked_after_an_undo(world: World) -> None:
    run = gp_edit(world, Street="7 Oak")
    world.gp_put(AARON, Phone="1")
    world.sales_put(str(acc(world)["id"]), phone="2")
    world.sync()
    (before,) = world.parked()
    undo(world, run)
    (after,) = world.parked()
    assert before.id == after.id and acc(world)["street"] == "1 Main"
    world.sync()
    assert [one.id for one in world.parked()] == [before.id]


def test_the_ledger_says_who_took_back_what_and_that_no_guard_looked_at_it(world: World) -> None:
    run = gp_edit(world, Street="7 Oak")
    told = undo(world, run)
    (step,) = undo_steps(world, told.run)
    assert step["runs"] == [run] and step["of"] == "update"
    assert world.chain_holds()
    with world.store.read() as conn:
        (write,) = [
            one
            for one in intents.done_on(conn, "sales", "account", [str(acc(world)["id"])])
            if one.run == told.run
        ]
    assert write.op == "update" and write.state == "done"


def test_what_is_not_as_it_was_shown_is_not_taken_back(world: World) -> None:
    run = gp_edit(world, Street="7 Oak", Phone="222")
    shown = shown_undo(world, run).digests
    world.sales_put(str(acc(world)["id"]), phone="444")
    told = undo(world, run, shown=shown)
    assert told.codes >= {"plan-stale"} and acc(world)["street"] == "7 Oak"
    fresh = shown_undo(world, run).digests
    undo(world, run, shown=fresh)
    assert acc(world)["street"] == "1 Main" and acc(world)["phone"] == "444"


def test_a_persons_edit_between_our_reading_and_our_write_is_not_lost(world: World) -> None:
    run = gp_edit(world, Street="7 Oak", Phone="222")
    key = str(acc(world)["id"])
    world.sales.faults.before_write = lambda *_: (
        setattr(world.sales.faults, "before_write", None),
        world.sales_put(key, phone="777"),
    )
    told = undo(world, run)
    assert acc(world)["phone"] == "777" and acc(world)["street"] == "1 Main"
    assert told.codes == {"changed-since"} and the_link(world).state == "open"
