"""Merged accounts and shared links: the link goes along, or the customer becomes a further card of the survivor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.engine_world import World, written
from sync.events_world import (
    CARD_FLOW,
    codes,
    decide,
    decide_on,
    ends,
    events_told,
    events_world,
    in_turns,
    link_of,
    linked_firms,
    merge,
    remove,
    rename,
    with_cards,
    with_events,
)


@pytest.fixture
def firms(tmp_path: Path) -> Iterator[World]:
    made = events_world(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def cards(tmp_path: Path) -> Iterator[World]:
    made = with_cards(events_world(tmp_path))
    yield made
    made.store.close()


def settled(world: World) -> None:
    report = world.sync()
    assert written(report) == 0 and report.balanced and report.clean, report
    assert world.chain_holds()


def sync_both(world: World) -> None:
    assert world.sync().balanced
    assert world.sync(CARD_FLOW).balanced


def test_a_link_goes_along_to_the_account_into_which_its_own_was_merged(firms: World) -> None:
    world = firms
    (account,) = linked_firms(world, "AAA1").values()
    world.sales_put("a9", name="Survivor", zip="5", type=8, phone="777", contact="Ann")
    world.sync()
    merge(world, account, "a9")
    report = world.sync()
    assert report.balanced and not world.parked() and ends(world) == {("AAA1", "a9")}
    held = dict(world.sales.rows("account")[("a9",)])
    assert (held["name"], held["phone"]) == ("Firm AAA1", "0"), "gp wins at first contact"
    assert (held["zip"], held["street"]) == ("10000", None), "an address is one value"
    assert world.customers()["AAA1"]["Contact"] == "Ann", "what GP had empty is filled"
    told = [one for one in events_told(world) if one["event"] == "merged"]
    assert [(one["from"], one["to"]) for one in told] == [(account, "a9")]
    settled(world)


def test_a_merged_account_without_a_link_is_left_out(firms: World) -> None:
    world = firms
    world.sales_put("a1", name="Twin", zip="1", type=3)
    world.sales_put("a2", name="Twin again", zip="2", type=3)
    merge(world, "a1", "a2")
    report = world.sync()
    assert report.dispositions["filtered"] == 1 and report.balanced
    assert [row["Name"] for row in world.customers().values()] == ["Twin again"]
    settled(world)


def test_two_linked_accounts_are_merged_and_the_customer_becomes_a_further_card(firms: World) -> None:
    world = firms
    held = linked_firms(world, "AAA1", "BBB1")
    merge(world, held["AAA1"], held["BBB1"])
    report = world.sync()
    assert report.balanced and not world.parked() and written(report) == 0
    assert ends(world) == {("BBB1", held["BBB1"])} and ends(world, "shared") == {("AAA1", None)}
    assert link_of(world, left="AAA1").shared_key == held["BBB1"]
    world.gp_put("AAA1", Phone="55")
    report = world.sync()
    assert report.dispositions["filtered"] == 1 and written(report) == 0
    assert len(world.accounts()) == len(world.customers()) == 2
    settled(world)


@pytest.mark.parametrize("order", [("a1", "a2"), ("a2", "a1")])
def test_a_chain_of_merges_ends_at_its_last_survivor(firms: World, order: tuple[str, str]) -> None:
    world = firms
    held = linked_firms(world, "AAA1", "BBB1")
    world.sales_put("end", name="The last", zip="5", type=8)
    steps = {"a1": (held["AAA1"], held["BBB1"]), "a2": (held["BBB1"], "end")}
    for step in order:
        merge(world, *steps[step])
    report = world.sync()
    assert report.balanced and not world.parked()
    assert len(ends(world)) == 1 and len(ends(world, "shared")) == 1
    ((primary, account),) = ends(world)
    ((other, _),) = ends(world, "shared")
    assert account == "end" and {primary, other} == {"AAA1", "BBB1"}
    assert link_of(world, left=other).shared_key == "end"
    settled(world)


def test_further_cards_go_along_when_their_account_is_merged(firms: World) -> None:
    world = firms
    held = linked_firms(world, "AAA1", "BBB1", "CCC1")
    merge(world, held["AAA1"], held["BBB1"])
    world.sync()
    merge(world, held["BBB1"], held["CCC1"])
    assert world.sync().balanced
    assert ends(world) == {("CCC1", held["CCC1"])}
    assert {link_of(world, left=one).shared_key for one in ("AAA1", "BBB1")} == {held["CCC1"]}
    settled(world)


def unmerge(world: World, *accounts: str) -> None:
    """What restoring an environment does: the accounts stand alone as before."""
    for account in accounts:
        world.sales_put(account, master=None)


def test_a_link_comes_back_to_its_account_when_that_stands_alone_again(firms: World) -> None:
    world = firms
    (account,) = linked_firms(world, "AAA1").values()
    world.sales_put("a9", name="Survivor", zip="5", type=8)
    merge(world, account, "a9")
    world.sync()
    assert ends(world) == {("AAA1", "a9")}
    unmerge(world, account)
    assert in_turns(world).balanced
    assert ends(world) == {("AAA1", account)}
    assert world.sales.rows("account")[(account,)]["name"] == "Firm AAA1"
    told = [one for one in events_told(world) if one["event"] == "unmerged"]
    assert [(one["from"], one["to"]) for one in told] == [("a9", account)]
    merge(world, account, "a9")
    world.sync()
    assert ends(world) == {("AAA1", "a9")}


def test_a_further_card_is_a_firm_of_its_own_again_when_its_account_stands_alone(firms: World) -> None:
    world = firms
    held = linked_firms(world, "AAA1", "BBB1", "CCC1")
    merge(world, held["AAA1"], held["BBB1"])
    world.sync()
    merge(world, held["BBB1"], held["CCC1"])
    world.sync()
    assert ends(world) == {("CCC1", held["CCC1"])}
    unmerge(world, held["AAA1"], held["BBB1"])
    assert in_turns(world).balanced
    assert ends(world) == set(held.items()) and not world.parked()
    assert len(world.accounts()) == len(world.customers()) == 3
    settled(world)


def test_whether_a_link_comes_back_to_an_account_is_asked_where_merges_are_asked(firms: World) -> None:
    world = firms
    world.flow = with_events(merged="ask")
    (account,) = linked_firms(world, "AAA1").values()
    world.sales_put("a9", name="Survivor", zip="5", type=8)
    merge(world, account, "a9")
    world.sync()
    decide(world, "merged", link="a9")
    world.sync()
    assert ends(world) == {("AAA1", "a9")}
    unmerge(world, account)
    world.sync()
    (asked,) = [one for one in world.parked() if one.code == "merged"]
    assert ends(world) == {("AAA1", "a9")}
    decide_on(world, asked, link=account)
    world.sync()
    assert ends(world) == {("AAA1", account)}


def test_an_account_that_was_merged_into_one_that_is_gone_waits_for_a_person(firms: World) -> None:
    world = firms
    (account,) = linked_firms(world, "AAA1").values()
    world.sales_put("a9", name="Survivor", zip="5", type=8)
    merge(world, account, "a9")
    world.sales.person_delete("account", ("a9",))
    assert world.sync().balanced
    assert codes(world) == ["merged"] and ends(world) == {("AAA1", account)}
    settled(world)
    decide(world, "merged", create=True)
    assert world.sync().balanced and not world.parked()
    (made,) = [right for left, right in ends(world) if left == "AAA1"]
    assert made not in (account, "a9") and made is not None
    settled(world)


@pytest.mark.parametrize("answer", ["follow", "ignore", "elsewhere"])
def test_a_person_decides_about_a_merge_where_the_flow_says_so(firms: World, answer: str) -> None:
    world = firms
    world.flow = with_events(merged="ask")
    (account,) = linked_firms(world, "AAA1").values()
    world.sales_put("a9", name="Survivor", zip="5", type=8)
    world.sales_put("a8", name="Somebody", zip="6", type=8)
    merge(world, account, "a9")
    world.sync()
    assert codes(world) == ["merged"] and ends(world) == {("AAA1", account)}
    settled(world)
    given = {"follow": {"link": "a9"}, "elsewhere": {"link": "a8"}, "ignore": {"ignore": True}}[answer]
    decide(world, "merged", **given)
    assert world.sync().balanced and not world.parked()
    if answer == "ignore":
        assert ends(world, "closed") == {("AAA1", account)} and not ends(world)
    else:
        assert ends(world) == {("AAA1", given["link"])}
    settled(world)


def test_a_customer_that_is_gone_and_whose_account_was_merged_closes_its_link(firms: World) -> None:
    world = firms
    held = linked_firms(world, "AAA1", "BBB1")
    remove(world, "AAA1")
    merge(world, held["AAA1"], held["BBB1"])
    report = world.sync()
    assert report.balanced and not world.parked()
    assert ends(world) == {("BBB1", held["BBB1"])} and ends(world, "closed") == {("AAA1", held["AAA1"])}
    settled(world)


def test_a_further_account_that_is_merged_into_the_first_one_is_closed_quietly(firms: World) -> None:
    world = firms
    held = linked_firms(world, "AAA1", "BBB1")
    remove(world, "AAA1")
    world.sync()
    decide(world, "target-gone", link="BBB1")
    world.sync()
    assert ends(world, "shared") == {(None, held["AAA1"])}
    merge(world, held["AAA1"], held["BBB1"])
    assert world.sync().balanced and not world.parked()
    assert ends(world, "closed") == {(None, held["AAA1"])} and ends(world) == {("BBB1", held["BBB1"])}
    settled(world)


def test_a_merge_while_a_write_to_the_merged_account_is_open_waits_until_it_is_settled(firms: World) -> None:
    world = firms
    (account,) = linked_firms(world, "AAA1").values()
    world.sales_put("a9", name="Survivor", zip="5", type=8)
    world.sync()
    world.gp_put("AAA1", Phone="55")
    world.sales.faults.lose_replies(1)
    world.sync()
    merge(world, account, "a9")
    world.clock.advance(3600)
    assert world.sync().balanced and not world.parked()
    assert ends(world) == {("AAA1", "a9")}
    assert world.sales.rows("account")[("a9",)]["phone"] == "55"
    settled(world)


def test_a_person_makes_a_second_customer_a_further_card_of_a_linked_account(firms: World) -> None:
    world = firms
    (account,) = linked_firms(world, "AAA1").values()
    world.gp_put("AAA2", Name="Firm AAA1", Zip="10000", Phone="other")
    world.sync()
    assert codes(world) == ["candidates"]
    decide(world, "candidates", link=account)
    report = world.sync()
    assert report.balanced and not world.parked() and written(report) == 0
    assert ends(world, "shared") == {("AAA2", None)} and link_of(world, left="AAA2").shared_key == account
    settled(world)
    rename(world, "AAA2", "AAA7")
    assert world.sync().balanced and ends(world, "shared") == {("AAA7", None)}
    settled(world)


def test_a_second_card_stands_on_the_account_of_the_first_one_and_is_not_primary(cards: World) -> None:
    world = cards
    (account,) = linked_firms(world, "AAA1").values()
    world.sync(CARD_FLOW)
    world.gp_put("AAA2", Name="Firm AAA1", Zip="10000")
    world.sync()
    decide(world, "candidates", link=account)
    sync_both(world)
    rows = {row["number"]: row for row in world.sales.rows("card").values()}
    assert {number: row["account"] for number, row in rows.items()} == {"AAA1": account, "AAA2": account}
    assert {number: row["primary"] for number, row in rows.items()} == {"AAA1": True, "AAA2": False}
    assert written(world.sync(CARD_FLOW)) == 0


def test_cards_follow_their_customers_new_number_and_are_not_made_twice(cards: World) -> None:
    world = cards
    (account,) = linked_firms(world, "AAA1").values()
    world.sync(CARD_FLOW)
    rename(world, "AAA1", "NEW1")
    sync_both(world)
    (row,) = world.sales.rows("card").values()
    assert (row["number"], row["account"]) == ("NEW1", account)
    assert written(world.sync()) == written(world.sync(CARD_FLOW)) == 0 and not world.parked()


def test_cards_move_to_the_account_into_which_theirs_was_merged(cards: World) -> None:
    world = cards
    held = linked_firms(world, "AAA1", "BBB1")
    world.sync(CARD_FLOW)
    merge(world, held["AAA1"], held["BBB1"])
    sync_both(world)
    rows = {row["number"]: row["account"] for row in world.sales.rows("card").values()}
    assert rows == {"AAA1": held["BBB1"], "BBB1": held["BBB1"]}
    assert written(world.sync(CARD_FLOW)) == 0 and not world.parked()


def test_further_cards_stay_what_they_are_when_the_first_customer_is_gone(cards: World) -> None:
    world = cards
    (account,) = linked_firms(world, "AAA1").values()
    world.gp_put("AAA2", Name="Firm AAA1", Zip="10000")
    world.sync()
    decide(world, "candidates", link=account)
    sync_both(world)
    remove(world, "AAA1")
    sync_both(world)
    assert ends(world, "shared") == {("AAA2", None)} and len(world.accounts()) == 1
    first = next(one for one in world.parked() if one.flow == "customers")
    decide_on(world, first, ignore=True)
    sync_both(world)
    assert ends(world, "shared") == {("AAA2", None)} and len(world.accounts()) == 1
