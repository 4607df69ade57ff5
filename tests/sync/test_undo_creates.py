"""Undo of created records: nothing is deleted; the record goes out of use, its link is closed, nothing is made again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gp365.model.errors import Rejected
from gp365.store import links
from sync.engine_world import FLOW, World, written
from sync.events_world import CARD_FLOW, with_cards
from sync.undo_world import (
    STATE,
    entities,
    gp_entity,
    last_run,
    link_states,
    quiet,
    sales_entity,
    shown_undo,
    undo,
    undo_world,
)

AARON = "AARONFIT0001"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = undo_world(tmp_path)
    yield made
    made.store.close()


def created_in_gp(world: World) -> str:
    """A rep's account becomes a customer; gives the run."""
    world.sales_put("a1", name="Lakeside Dental", street="2 Lake", zip="53202", phone="1", type=3)
    assert world.sync().dispositions["created"] == 1
    return last_run(world)


def created_in_sales(world: World) -> str:
    world.gp_put(AARON, Name="Aaron Fitz", Street="1 Main", Zip="60603")
    assert world.sync().dispositions["created"] == 1
    return last_run(world)


def customer_of(world: World) -> dict[str, Any]:
    (row,) = world.customers().values()
    return row


def test_a_created_customer_is_put_on_hold_and_made_inactive_and_never_made_again(world: World) -> None:
    run = created_in_gp(world)
    told = undo(world, run)
    row = customer_of(world)
    assert (row["Hold"], row["Inactive"], row["Name"]) == (True, True, "Lakeside Dental")
    assert not told.refused and link_states(world) == ["closed"]
    report = quiet(world)
    assert report.dispositions["filtered"] >= 1 and link_states(world) == ["closed"]
    world.sales_put("a1", phone="2", street="3 Lake")
    report = quiet(world)
    assert len(world.customers()) == 1 and customer_of(world)["Phone"] == "1"
    assert report.dispositions["filtered"] == 1 and not world.parked()


def test_a_created_account_is_deactivated_and_never_made_again(world: World) -> None:
    undo(world, created_in_sales(world))
    (row,) = world.accounts().values()
    assert row["state"] == 1 and link_states(world) == ["closed"]
    assert quiet(world).dispositions["filtered"] >= 1
    world.gp_put(AARON, Street="9 Pine")
    quiet(world)
    assert len(world.accounts()) == 1 and len(world.customers()) == 1


def test_a_new_record_of_the_same_name_is_not_joined_to_one_that_was_taken_back(world: World) -> None:
    undo(world, created_in_sales(world))
    world.gp_put("SECOND", Name="Somebody Else", Zip="1")
    assert world.sync().dispositions["created"] == 1
    assert sorted(link_states(world)) == ["closed", "open"]


def test_what_people_have_written_into_a_created_record_is_shown_and_stays(world: World) -> None:
    run = created_in_gp(world)
    world.gp_put(next(iter(world.customers())), Phone="777")
    told = shown_undo(world, run)
    assert told.subjects[0].notes == ["phone was changed since it was created: it holds '777'."]
    undo(world, run)
    assert customer_of(world)["Phone"] == "777" and customer_of(world)["Inactive"] is True
    quiet(world)


def test_an_undone_create_comes_back_by_the_undo_of_the_undo(world: World) -> None:
    first = undo(world, created_in_gp(world))
    world.sales_put("a1", street="5 Elm")
    quiet(world)
    second = undo(world, first.run)
    row = customer_of(world)
    assert not second.refused and (bool(row["Hold"]), bool(row["Inactive"])) == (False, False)
    assert link_states(world) == ["open"]
    world.sync()
    assert customer_of(world)["Street"] == "5 Elm", "what was edited meanwhile is carried over"
    quiet(world)


def test_a_customer_that_was_created_and_edited_by_later_runs_still_goes_out_of_use(world: World) -> None:
    run = created_in_gp(world)
    world.sales_put("a1", phone="2")
    world.sync()
    undo(world, run)
    assert customer_of(world)["Inactive"] is True and customer_of(world)["Phone"] == "2"
    quiet(world)


def test_an_undone_create_that_is_asked_for_again_finds_all_done(world: World) -> None:
    run = created_in_gp(world)
    undo(world, run)
    again = undo(world, run)
    assert not again.refused and not again.back
    assert again.reports[0].dispositions["unchanged"] == 1
    quiet(world)


def test_a_system_that_refuses_to_take_a_customer_out_of_use_keeps_its_link(world: World) -> None:
    run = created_in_gp(world)
    key = (next(iter(world.customers())),)
    world.gp.faults.refuse("customer", key, Rejected("rejected", "Customer has open documents."))
    told = undo(world, run)
    assert told.reports[0].dispositions["rejected"] == 1 and link_states(world) == ["open"]
    quiet(world)
    world.gp.faults.accept("customer", key)
    undo(world, run)
    assert customer_of(world)["Inactive"] is True and link_states(world) == ["closed"]
    quiet(world)


def test_an_entity_without_words_for_it_is_refused(tmp_path: Path) -> None:
    world = undo_world(tmp_path, gp=replace(gp_entity(), retired={}))
    run = created_in_gp(world)
    told = undo(world, run)
    assert told.codes == {"not-undoable"} and link_states(world) == ["open"]
    assert written(world.sync()) == 0
    world.store.close()


def with_states(world: World) -> World:
    """Accounts and cards, both of which can be deactivated, and the two flows that fill them."""
    with_cards(world)
    card = world.sales.entity("card")
    card = replace(card, fields={**card.fields, "state": STATE}, retired={"state": 1})
    entities(world, gp_entity(), {"account": sales_entity(), "card": card})
    return world


def both(world: World) -> None:
    world.sync(FLOW)
    world.sync(CARD_FLOW)


def cards(world: World) -> list[dict[str, Any]]:
    return [dict(row) for row in world.sales.rows("card").values()]


def card_links(world: World) -> list[str]:
    with world.store.read() as conn:
        return [one.state for page in links.scan(conn, "test", "cards", 100) for one in page]


def test_the_card_of_a_created_account_goes_before_it(world: World) -> None:
    with_states(world)
    world.gp_put(AARON, Name="Aaron Fitz", Zip="60603")
    both(world)
    run = last_run(world)
    told = undo(world, run, flows=[FLOW, CARD_FLOW])
    assert [report.flow for report in told.reports] == ["cards", "customers"] and not told.refused
    (account,) = world.accounts().values()
    (card,) = cards(world)
    assert (account["state"], card["state"]) == (1, 1)
    assert link_states(world) == ["closed"] and card_links(world) == ["closed"]
    for flow in (FLOW, CARD_FLOW):
        assert written(world.sync(flow)) == 0
    assert len(world.accounts()) == 1 and len(cards(world)) == 1 and not world.parked()


def test_an_account_stays_in_use_while_a_card_stands_on_it_that_we_did_not_create(world: World) -> None:
    with_states(world)
    world.gp_put(AARON, Name="Aaron Fitz", Zip="60603")
    world.sync(FLOW)
    run = last_run(world)
    (account,) = world.accounts().values()
    world.sales.person_put("card", ("c1",), {"number": AARON, "name": "Aaron", "account": account["id"]})
    world.sync(CARD_FLOW)
    assert card_links(world) == ["open"]
    told = undo(world, run, flows=[FLOW, CARD_FLOW])
    assert told.codes == {"in-use"} and link_states(world) == ["open"]
    assert world.accounts()["Aaron Fitz"].get("state") in (None, 0)


def test_records_that_one_run_created_are_each_judged_by_what_stands_on_them(world: World) -> None:
    with_states(world)
    for number, name in ((AARON, "Aaron Fitz"), ("BAKER0001", "Baker & Sons"), ("CEDAR0001", "Cedar Mill")):
        world.gp_put(number, Name=name, Zip="60603")
    world.sync(FLOW)
    run, ids = last_run(world), {row["name"]: row["id"] for row in world.accounts().values()}
    world.sales.person_put("card", ("c1",), {"number": AARON, "name": "Aaron", "account": ids["Aaron Fitz"]})
    world.sync(CARD_FLOW)
    told = undo(world, run, flows=[FLOW, CARD_FLOW])
    assert len(told.refused) == 1 and "that gp365 did not create" in told.refused[0]
    states = {name: row.get("state") or 0 for name, row in world.accounts().items()}
    assert states == {"Aaron Fitz": 0, "Baker & Sons": 1, "Cedar Mill": 1}
    assert sorted(card["state"] or 0 for card in cards(world)) == [0, 1, 1]


def test_links_that_a_run_made_by_matching_are_closed_only_when_asked_for(world: World) -> None:
    world.gp_put(AARON, Name="Aaron Fitz", Zip="60603", Phone="1")
    world.sales_put("a1", name="Aaron Fitz", zip="60603", phone="2", type=3)
    assert world.sync().dispositions["created"] == 0
    run = last_run(world)
    undo(world, run)
    assert world.accounts()["Aaron Fitz"]["phone"] == "2" and link_states(world) == ["open"]
    quiet(world)
    told = undo(world, run, with_made=True)
    assert link_states(world) == ["closed"] and not told.refused
    quiet(world)
    undo(world, told.run)
    assert link_states(world) == ["open"]
    quiet(world)
