"""Renumbered customers: the link follows the record, in whatever order the two systems and the feed tell of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gp365.model.entity import Feed, Strength
from gp365.store import reservations, work
from gp365.sync.points import Probe, no_probe
from gp365.sync.preview import outcome_of, preview
from sync.engine_world import World, customer, flow_with, written
from sync.events_world import (
    codes,
    decide,
    decide_on,
    ends,
    entry,
    events_told,
    events_world,
    link_of,
    linked_firms,
    remove,
    rename,
    swap,
    with_events,
)


@pytest.fixture(params=[Feed.NONE, Feed.DELTA, Feed.MODIFIED])
def any_feed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    made = events_world(tmp_path, customer(feed=request.param))
    yield made
    made.store.close()


@pytest.fixture
def firms(tmp_path: Path) -> Iterator[World]:
    made = events_world(tmp_path)
    yield made
    made.store.close()


def settled(world: World) -> None:
    """The next sync writes nothing, and nothing is doubled."""
    report = world.sync()
    assert written(report) == 0 and report.balanced and report.clean, report
    assert world.chain_holds()


def test_a_renumbered_customer_keeps_its_account(any_feed: World) -> None:
    world = any_feed
    (account,) = linked_firms(world, "AARONFIT0001").values()
    rename(world, "AARONFIT0001", "AARON9")
    report = world.sync()
    assert report.balanced and written(report) == 0 and not world.parked()
    assert ends(world) == {("AARON9", account)} and len(world.accounts()) == 1
    told = [one for one in events_told(world) if one["event"] == "renumbered"]
    assert [(one["from"], one["to"]) for one in told] == [("AARONFIT0001", "AARON9")]
    settled(world)


def test_what_was_agreed_before_a_renumbering_still_decides_who_changed_what(any_feed: World) -> None:
    world = any_feed
    (account,) = linked_firms(world, "AARONFIT0001").values()
    rename(world, "AARONFIT0001", "AARON9")
    world.sales_put(account, phone="999")
    world.gp_put("AARON9", Street="5 Elm")
    world.sync()
    assert world.customers()["AARON9"]["Phone"] == "999" and not world.parked()
    assert world.sales.rows("account")[(account,)]["street"] == "5 Elm"
    settled(world)


def test_the_account_is_edited_before_the_new_number_is_seen(tmp_path: Path) -> None:
    world = events_world(tmp_path, customer(feed=Feed.MODIFIED))
    (account,) = linked_firms(world, "AARONFIT0001").values()
    world.clock.advance(-10)
    rename(world, "AARONFIT0001", "AARON9")  # with a stamp that the feed does not show
    world.clock.advance(20)
    world.sales_put(account, phone="999")
    report = world.sync()
    assert report.balanced and not world.parked()
    assert ends(world) == {("AARON9", account)} and world.customers()["AARON9"]["Phone"] == "999"
    world.sync()
    settled(world)
    world.store.close()


def test_an_account_whose_customer_is_gone_is_parked_until_the_customer_shows_up_again(
    tmp_path: Path,
) -> None:
    world = events_world(tmp_path, customer(feed=Feed.DELTA, renamable=True))
    (account,) = linked_firms(world, "AARONFIT0001").values()
    backup = world.gp.snapshot()
    remove(world, "AARONFIT0001")
    world.sales_put(account, phone="999")
    world.sync()
    assert codes(world) == ["target-gone"]
    world.gp.restore(backup)
    rename(world, "AARONFIT0001", "AARON9")
    world.gp.expire_tokens()
    world.sync()
    assert not world.parked() and ends(world) == {("AARON9", account)}
    assert world.customers()["AARON9"]["Phone"] == "999" and len(world.accounts()) == 1
    world.store.close()


@pytest.mark.parametrize("page", [1, 200])
def test_two_customers_swap_their_numbers(any_feed: World, page: int) -> None:
    world = any_feed
    world.page = page
    held = linked_firms(world, "AAA1", "BBB1")
    swap(world, "AAA1", "BBB1")
    report = world.sync()
    assert report.balanced and not world.parked(), codes(world)
    assert ends(world) == {("BBB1", held["AAA1"]), ("AAA1", held["BBB1"])}
    assert world.sales.rows("account")[(held["AAA1"],)]["name"] == "Firm AAA1"
    settled(world)


@pytest.mark.parametrize("page", [1, 2, 200])
def test_numbers_are_passed_on_along_a_chain(any_feed: World, page: int) -> None:
    world = any_feed
    world.page = page
    held = linked_firms(world, "AAA1", "BBB1", "CCC1")
    rename(world, "CCC1", "DDD1")
    rename(world, "BBB1", "CCC1")
    rename(world, "AAA1", "BBB1")
    report = world.sync()
    assert report.balanced and not world.parked() and len(world.accounts()) == 3
    assert ends(world) == {("BBB1", held["AAA1"]), ("CCC1", held["BBB1"]), ("DDD1", held["CCC1"])}
    settled(world)


def test_a_new_firm_takes_the_number_that_a_renumbered_one_has_left(any_feed: World) -> None:
    world = any_feed
    (account,) = linked_firms(world, "AARONFIT0001").values()
    rename(world, "AARONFIT0001", "AARON9")
    world.gp_put("AARONFIT0001", Name="Zeta Foods", Zip="99999")
    assert world.sync().balanced and ends(world) == {("AARON9", account)}
    decide(world, "number-alone", create=True)  # Sales still shows the old number on the first firm's account
    world.sync()
    assert not world.parked(), codes(world)
    zeta = world.accounts()["Zeta Foods"]["id"]
    assert ends(world) == {("AARON9", account), ("AARONFIT0001", zeta)}
    settled(world)


def test_a_renumbered_customer_takes_the_number_of_one_that_is_gone(any_feed: World) -> None:
    world = any_feed
    held = linked_firms(world, "AAA1", "BBB1")
    remove(world, "BBB1")
    rename(world, "AAA1", "BBB1")
    report = world.sync()
    assert report.balanced and len(world.accounts()) == 2
    assert ends(world) == {("BBB1", held["AAA1"]), (None, held["BBB1"])}
    assert codes(world) == ["target-gone"]
    world.sales_put(held["BBB1"], phone="77")
    assert world.sync().balanced and codes(world) == ["target-gone"] and len(world.customers()) == 1
    settled(world)


def test_a_customer_with_a_closed_link_stays_left_out_under_its_new_number(any_feed: World) -> None:
    world = any_feed
    world.gp_put("AAA1", Name="Firm", Zip="1")
    world.sales_put("a1", name="Firm", zip="1", type=3)
    world.sales_put("a2", name="Firm", zip="1", type=3)
    world.sync()
    for one in world.parked():
        if one.left_key == "AAA1":
            decide_on(world, one, ignore=True)
    world.sync()
    rename(world, "AAA1", "AAA9")
    report = world.sync()
    assert ("AAA9", None) in ends(world, "closed") and report.balanced
    assert len(world.sales.rows("account")) == 2


def test_a_renumbered_customer_takes_the_number_of_one_whose_link_is_closed(any_feed: World) -> None:
    world = any_feed
    held = linked_firms(world, "BBB1")
    world.gp_put("AAA1", Name="Firm", Zip="1")
    for key in ("a8", "a9"):
        world.sales_put(key, name="Firm", zip="1", type=3)
    world.sync()
    decide_on(world, next(one for one in world.parked() if one.left_key == "AAA1"), ignore=True)
    world.sync()
    assert ("AAA1", None) in ends(world, "closed")
    remove(world, "AAA1")
    rename(world, "BBB1", "AAA1")
    report = world.sync()
    assert report.balanced and ("AAA1", held["BBB1"]) in ends(world)
    assert not ends(world, "closed") - {(None, None)}
    settled(world)


def test_a_person_is_asked_before_a_link_follows_where_the_flow_says_so(any_feed: World) -> None:
    world = any_feed
    world.flow = with_events(renumbered="ask")
    (account,) = linked_firms(world, "AARONFIT0001").values()
    rename(world, "AARONFIT0001", "AARON9")
    world.sync()
    first = entry(world, "renumbered")
    world.sync()
    assert entry(world, "renumbered").id == first.id and ends(world) == {("AARONFIT0001", account)}
    decide(world, "renumbered", link="AARON9")
    report = world.sync()
    assert report.balanced and not world.parked() and ends(world) == {("AARON9", account)}
    (told,) = [one for one in events_told(world) if one["event"] == "renumbered"]
    assert told["by"] == "controller"
    settled(world)


def test_a_renumbered_customer_that_a_person_ignores_is_left_alone_for_good(any_feed: World) -> None:
    world = any_feed
    world.flow = with_events(renumbered="ask")
    (account,) = linked_firms(world, "AARONFIT0001").values()
    rename(world, "AARONFIT0001", "AARON9")
    world.sync()
    decide(world, "renumbered", ignore=True)
    assert world.sync().balanced
    assert ends(world, "closed") == {("AARON9", account)} and not world.parked()
    world.gp_put("AARON9", Phone="5")
    world.sales_put(account, phone="6")
    world.sync()
    assert world.customers()["AARON9"]["Phone"] == "5" and not world.parked()
    settled(world)


@pytest.mark.parametrize("strength", list(Strength))
def test_a_customer_that_is_renamed_while_a_write_to_it_is_open_is_followed_once_that_is_settled(
    tmp_path: Path, strength: Strength
) -> None:
    world = events_world(tmp_path, customer(strength))
    (account,) = linked_firms(world, "AARONFIT0001").values()
    world.sales_put(account, phone="999")
    world.gp.faults.delay(1)
    unsure = world.sync().dispositions["unsettled"]
    assert unsure == (strength in (Strength.WHOLE, Strength.REREAD))
    rename(world, "AARONFIT0001", "AARON9")
    report = world.sync()
    assert report.balanced and len(world.accounts()) == 1
    if unsure:
        assert report.dispositions["unsettled"] == 1 and ends(world) == {("AARONFIT0001", account)}
    world.gp.land()
    world.clock.advance(3600)
    world.sync()
    assert ends(world) == {("AARON9", account)} and not world.parked()
    assert world.customers()["AARON9"]["Phone"] == "999" and len(world.customers()) == 1
    settled(world)
    world.store.close()


def test_a_write_that_had_landed_before_the_renaming_is_found_under_the_new_number(firms: World) -> None:
    world = firms
    (account,) = linked_firms(world, "AARONFIT0001").values()
    world.sales_put(account, phone="999")
    world.gp.faults.lose_replies(1)

    def meanwhile(*_: object) -> None:
        rename(world, "AARONFIT0001", "AARON9")

    world.gp.faults.after_commit = meanwhile
    report = world.sync()
    world.gp.faults.after_commit = None
    world.sync()
    assert report.balanced and ends(world) == {("AARON9", account)} and not world.parked()
    assert world.customers()["AARON9"]["Phone"] == "999"
    settled(world)


def one_mark(_: int) -> str:
    return "one note for all"


class Killed(BaseException):
    """The process dies."""


def kill_at(point: str) -> Probe:
    def probe(at: str) -> None:
        if at == point:
            raise Killed

    return probe


@pytest.mark.parametrize("point", ["claimed", "repaired", "intent", "sent", "recorded"])
def test_a_repair_that_is_interrupted_anywhere_is_finished_by_the_next_run(firms: World, point: str) -> None:
    world = firms
    held = linked_firms(world, "AAA1", "BBB1", "CCC1")
    swap(world, "AAA1", "BBB1")
    rename(world, "CCC1", "DDD1")
    world.gp_put("BBB1", Street="5 Elm")
    world.probe = kill_at(point)
    with pytest.raises(Killed):
        world.sync()
    world.probe = no_probe
    world.clock.advance(3600)
    report = world.sync()
    assert report.balanced and not world.parked()
    assert ends(world) == {("BBB1", held["AAA1"]), ("AAA1", held["BBB1"]), ("DDD1", held["CCC1"])}
    assert world.sales.rows("account")[(held["AAA1"],)]["street"] == "5 Elm"
    settled(world)


def test_a_number_that_was_promised_to_an_account_is_free_again_once_its_customer_has_another(
    firms: World,
) -> None:
    world = firms
    world.sales_put("a1", name="Lakeside Dental", zip="53202", type=3)
    world.sync()
    rename(world, "LAKESIDE0001", "LAKE9")
    world.sync()
    with world.store.read() as conn:
        assert not reservations.reserved_by(conn, "gp", "customer", ["LAKESIDE0001"])
    world.sales_put("a2", name="Lakeside Farms", zip="99999", type=3)
    world.sync()
    assert set(world.customers()) == {"LAKE9", "LAKESIDE0001"} and len(world.links()) == 2
    settled(world)


def test_children_find_their_parent_under_its_new_number(firms: World) -> None:
    world = firms
    world.flow = flow_with(parent={"gp": "Parent", "sales": "parent", "owner": "gp", "ref": "customers"})
    world.gp_put("PARENT1", Name="Parent", Zip="1")
    world.gp_put("CHILD1", Name="Child", Zip="2", Parent="PARENT1")
    world.sync()
    rename(world, "PARENT1", "PARENT9")
    world.gp_put("CHILD1", Parent="PARENT9")
    report = world.sync()
    assert report.balanced and not world.parked() and written(report) == 0
    settled(world)


def test_a_new_child_that_names_the_new_number_waits_for_nobody(firms: World) -> None:
    world = firms
    world.flow = flow_with(parent={"gp": "Parent", "sales": "parent", "owner": "gp", "ref": "customers"})
    world.page = 1
    world.gp_put("PARENT1", Name="Parent", Zip="1")
    world.sync()
    rename(world, "PARENT1", "PARENT9")
    world.gp_put("CHILD1", Name="Child", Zip="2", Parent="PARENT9")
    report = world.sync()
    accounts = world.accounts()
    assert accounts["Child"]["parent"] == accounts["Parent"]["id"] and report.balanced
    settled(world)


def test_two_records_with_one_birth_mark_are_not_taken_for_a_renumbering(tmp_path: Path) -> None:
    world = events_world(tmp_path)
    world.gp.system.birth = one_mark
    (account,) = linked_firms(world, "AARONFIT0001").values()
    world.gp_put("ZETA0001", Name="Zeta Foods", Zip="99999")
    assert world.sync().balanced
    assert ends(world) == {("AARONFIT0001", account)} and codes(world) == ["renumbered"]
    decide(world, "renumbered", create=True)
    assert world.sync().balanced and not world.parked() and len(world.accounts()) == 2
    settled(world)
    world.store.close()


def test_a_plan_shows_no_create_for_a_renumbered_customer_and_keeps_nothing(firms: World) -> None:
    world = firms
    (account,) = linked_firms(world, "AARONFIT0001").values()
    rename(world, "AARONFIT0001", "AARON9")
    world.sales_put(account, phone="999")
    job = world.job()
    world.gp.begin_run()
    _, plans = preview(job)
    shown = [(outcome_of(one), one.writes[0].key) for one in plans if one.writes]
    job.scratch.close()  # type: ignore[attr-defined]
    assert shown == [("updated", ("AARON9",))]
    assert link_of(world, right=account).left_key == "AARONFIT0001"


def test_a_customer_that_took_a_number_over_is_looked_at_once_the_card_of_its_old_owner_has_the_new_one(
    firms: World,
) -> None:
    world = firms
    number = {"gp": "Number", "sales": "number", "owner": "gp"}
    world.flow = {**flow_with(number=number), "match": [{"same": ["number"]}]}
    world.gp_put("AAA1", Name="First", Zip="1")
    world.sync()
    (card,) = world.accounts().values()
    rename(world, "AAA1", "BBB1")
    world.gp_put("AAA1", Name="Second", Zip="2")
    assert world.sync().balanced
    assert world.accounts()["First"]["number"] == "BBB1"
    with world.store.read() as conn:
        waits = work.pending(conn, "test", "customers", world.clock())
    assert waits or "Second" in world.accounts()
    assert world.sync().balanced
    assert world.accounts()["Second"]["number"] == "AAA1"
    assert world.accounts()["First"]["id"] == card["id"]
    settled(world)
