"""Records that are gone: what the flow's policy does, what a person may decide, and what comes back by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gp365.model.entity import Feed
from gp365.model.errors import Rejected
from gp365.sync.points import no_probe
from sync.engine_world import FLOW, World, customer, written
from sync.events_world import (
    codes,
    decide,
    decide_on,
    ends,
    entry,
    events_told,
    events_world,
    in_turns,
    link_of,
    linked_firms,
    remove,
    rename,
    with_events,
)
from sync.test_events_renumbered import Killed, kill_at


@pytest.fixture
def firms(tmp_path: Path) -> Iterator[World]:
    made = events_world(tmp_path)
    yield made
    made.store.close()


def settled(world: World) -> None:
    report = world.sync()
    assert written(report) == 0 and report.balanced and report.clean, report
    assert world.chain_holds()


def account_row(world: World, key: str) -> dict[str, object]:
    return dict(world.sales.rows("account")[(key,)])


def test_a_gone_customer_is_shown_with_who_is_most_like_its_account(firms: World) -> None:
    world = firms
    (account,) = linked_firms(world, "AARONFIT0001").values()
    remove(world, "AARONFIT0001")
    world.gp_put("OTHER", Name="Firm AARONFIT0001", Zip="10000")
    world.sync()
    shown = next(one for one in world.parked() if one.code == "target-gone")
    assert b'"OTHER"' in shown.shown and shown.right_key == account
    settled(world)


def test_a_gone_customer_is_shown_with_those_that_are_merely_like_its_account(firms: World) -> None:
    world = firms
    world.flow = {**FLOW, "match": [*FLOW["match"], {"similar": {"name": 0.8, "address.zip": 0.8}}]}
    world.gp_put("AARONFIT0001", Name="Aaron Electrical", Zip="60603")
    world.sync()
    remove(world, "AARONFIT0001")
    world.gp_put("AARON2", Name="Aron Electrical", Zip="60603")
    world.sync()
    shown = next(one for one in world.parked() if one.code == "target-gone")
    assert b'"AARON2"' in shown.shown and b"similar" in (shown.about or b"")
    settled(world)


def test_a_record_that_a_role_filter_hides_is_not_taken_for_a_gone_one(firms: World) -> None:
    world = firms
    world.flow = with_events(gone="ignore")
    held = linked_firms(world, "AARONFIT0001", "STAYS1")
    world.gp.person_hide("customer", ("AARONFIT0001",))
    world.sales_put(held["AARONFIT0001"], phone="5")
    assert world.sync().balanced and not ends(world, "closed") and len(ends(world)) == 2
    world.gp.person_hide("customer", ("AARONFIT0001",), hidden=False)
    world.sync()
    assert world.customers()["AARONFIT0001"]["Phone"] == "5" and not world.parked()
    settled(world)


def test_an_account_is_linked_with_the_customer_that_a_person_names(firms: World) -> None:
    world = firms
    (account,) = linked_firms(world, "AARONFIT0001").values()
    remove(world, "AARONFIT0001")
    world.sync()
    world.gp_put("ANEW", Name="Made anew", Zip="9", Phone="123")
    decide(world, "target-gone", link="ANEW")
    report = world.sync()
    assert report.balanced and ends(world) == {("ANEW", account)} and not world.parked()
    assert account_row(world, account)["phone"] == "123", "what never agreed is decided as at first contact"
    assert link_of(world, left="ANEW").made_by == "linked by controller"
    told = [one for one in events_told(world) if one.get("decision") == "link"]
    assert told and told[0]["by"] == "controller"
    settled(world)


def test_a_person_has_a_new_customer_made_for_an_account_whose_customer_is_gone(firms: World) -> None:
    world = firms
    (account,) = linked_firms(world, "AARONFIT0001").values()
    remove(world, "AARONFIT0001")
    world.sync()
    decide(world, "target-gone", create=True)
    report = world.sync()
    assert report.balanced and report.dispositions["created"] == 1 and not world.parked()
    (number,) = world.customers()
    assert ends(world) == {(number, account)} and ends(world, "closed") == {(None, None)}
    settled(world)


def test_a_gone_account_is_made_anew_and_its_customer_keeps_its_number(firms: World) -> None:
    world = firms
    (account,) = linked_firms(world, "AARONFIT0001").values()
    world.sales.person_delete("account", (account,))
    world.sync()
    decide(world, "target-gone", create=True)
    assert world.sync().balanced and not world.parked()
    assert list(world.customers()) == ["AARONFIT0001"] and len(world.accounts()) == 1
    settled(world)


def test_a_gone_partner_that_a_person_ignores_is_never_made_again(firms: World) -> None:
    world = firms
    (account,) = linked_firms(world, "AARONFIT0001").values()
    remove(world, "AARONFIT0001")
    world.sync()
    decide(world, "target-gone", ignore=True)
    report = world.sync()
    assert report.dispositions["filtered"] == 1 and not world.parked() and report.balanced
    world.sales_put(account, phone="999")
    report = world.sync()
    assert report.dispositions["filtered"] == 1 and not world.customers() and report.balanced
    settled(world)


def test_a_record_that_came_back_goes_on_as_if_nothing_had_been(firms: World) -> None:
    world = firms
    linked_firms(world, "AARONFIT0001")
    backup = world.gp.snapshot()
    remove(world, "AARONFIT0001")
    world.sync()
    assert codes(world) == ["target-gone"]
    world.gp.restore(backup)
    world.gp_put("AARONFIT0001", Phone="7")
    world.gp_put("OTHER", Name="Somebody else", Zip="5")
    world.sync()
    assert not world.parked() and world.accounts()["Firm AARONFIT0001"]["phone"] == "7"
    settled(world)


def test_a_link_whose_records_are_both_gone_is_closed(firms: World) -> None:
    world = firms
    (account,) = linked_firms(world, "AARONFIT0001").values()
    linked_firms(world, "STAYS1")
    remove(world, "AARONFIT0001")
    world.sales.person_delete("account", (account,))
    report = world.sync()
    assert report.balanced and not world.parked()
    assert ends(world, "closed") == {("AARONFIT0001", account)}
    settled(world)


def test_a_gone_partner_closes_the_link_by_itself_where_the_flow_says_ignore(firms: World) -> None:
    world = firms
    world.flow = with_events(gone="ignore")
    held = linked_firms(world, "AARONFIT0001", "STAYS1")
    remove(world, "AARONFIT0001")
    report = world.sync()
    assert report.balanced and not world.parked()
    assert ends(world, "closed") == {("AARONFIT0001", held["AARONFIT0001"])}
    assert [one["policy"] for one in events_told(world) if one["event"] == "gone"] == ["ignore"]
    settled(world)


def test_the_record_that_is_left_is_put_on_hold_where_the_flow_says_so(firms: World) -> None:
    world = firms
    world.flow = with_events(gone="hold")
    held = linked_firms(world, "AARONFIT0001", "STAYS1")
    remove(world, "AARONFIT0001")
    report = world.sync()
    assert report.balanced and report.dispositions["updated"] == 1 and not world.parked()
    assert account_row(world, held["AARONFIT0001"])["hold"] is True
    assert ends(world, "closed") == {("AARONFIT0001", held["AARONFIT0001"])}
    settled(world)


def test_a_record_that_is_on_hold_already_is_not_written(firms: World) -> None:
    world = firms
    world.flow = with_events(gone="hold")
    (account,) = linked_firms(world, "AARONFIT0001").values()
    world.gp_put("AARONFIT0001", Hold=True)
    world.sync()
    remove(world, "AARONFIT0001")
    report = world.sync()
    assert written(report) == 0 and report.balanced and not world.parked()
    assert ends(world, "closed") == {("AARONFIT0001", account)}
    settled(world)


def test_a_hold_that_is_refused_is_parked_and_the_link_stays(firms: World) -> None:
    world = firms
    world.flow = with_events(gone="hold")
    (account,) = linked_firms(world, "AARONFIT0001").values()
    world.sales.faults.refuse("account", (account,), Rejected("rejected", "Closed period."))
    remove(world, "AARONFIT0001")
    report = world.sync()
    assert report.dispositions["rejected"] == 1 and report.balanced and codes(world) == ["rejected"]
    sent = world.sales.tally().write_requests
    world.sync()
    assert world.sales.tally().write_requests == sent and ends(world) == {("AARONFIT0001", account)}
    world.sales.faults.accept("account", (account,))
    decide(world, "rejected", retry=True)
    world.sync()
    assert account_row(world, account)["hold"] is True and not world.parked()
    assert ends(world, "closed") == {("AARONFIT0001", account)}
    settled(world)


@pytest.mark.parametrize("feed", [Feed.NONE, Feed.DELTA, Feed.MODIFIED])
@pytest.mark.parametrize("policy", ["ignore", "hold"])
def test_no_policy_takes_a_renumbered_customer_for_a_gone_one(
    tmp_path: Path, feed: Feed, policy: str
) -> None:
    world = events_world(tmp_path, customer(feed=feed))
    world.flow = with_events(gone=policy)
    (account,) = linked_firms(world, "AARONFIT0001").values()
    world.gp.faults.between_pages = None
    world.sales_put(account, phone="5")

    def meanwhile(*_: object) -> None:
        world.gp.faults.before_write = None
        rename(world, "AARONFIT0001", "AARON9")

    world.gp.faults.before_write = meanwhile
    assert world.sync().balanced
    assert not ends(world, "closed") and account_row(world, account)["hold"] is not True
    world.sync()
    assert ends(world) == {("AARON9", account)} and world.customers()["AARON9"]["Phone"] == "5"
    assert not world.parked()
    settled(world)
    world.store.close()


def test_a_combined_customer_leaves_its_account_as_a_further_one_of_the_survivor(firms: World) -> None:
    world = firms
    held = linked_firms(world, "AAA1", "BBB1")
    remove(world, "AAA1")  # GP's combiner leaves no trace of it
    world.sync()
    decide(world, "target-gone", link="BBB1")
    report = world.sync()
    assert report.balanced and not world.parked()
    assert ends(world) == {("BBB1", held["BBB1"])} and ends(world, "shared") == {(None, held["AAA1"])}
    assert link_of(world, right=held["AAA1"]).shared_key == "BBB1"
    world.sales_put(held["AAA1"], phone="77")
    report = world.sync()
    assert report.dispositions["filtered"] == 1 and world.customers()["BBB1"]["Phone"] == "1"
    settled(world)


def test_a_link_whose_other_end_is_gone_too_is_repaired_by_the_record_that_a_person_names(
    firms: World,
) -> None:
    world = firms
    held = linked_firms(world, "AAA1", "BBB1")
    remove(world, "AAA1")
    world.sales.person_delete("account", (held["BBB1"],))
    world.sync()
    assert codes(world) == ["target-gone", "target-gone"]
    mine = next(one for one in world.parked() if one.right_key == held["AAA1"])
    decide_on(world, mine, link="BBB1")
    report = world.sync()
    assert report.balanced and not world.parked() and ends(world) == {("BBB1", held["AAA1"])}
    assert len(world.customers()) == len(world.accounts()) == 1
    settled(world)


def test_a_reused_number_is_linked_anew_when_a_person_says_it_is_the_same_firm(firms: World) -> None:
    world = firms
    (account,) = linked_firms(world, "AARONFIT0001").values()
    remove(world, "AARONFIT0001")
    world.gp_put("AARONFIT0001", Name="Aaron Fitz again", Zip="2", Phone="5")
    world.sync()
    decide(world, "key-reused", link="AARONFIT0001")
    report = world.sync()
    assert report.balanced and not world.parked() and ends(world) == {("AARONFIT0001", account)}
    assert account_row(world, account)["name"] == "Aaron Fitz again"
    settled(world)


def test_a_reused_number_becomes_a_firm_of_its_own_when_a_person_has_a_new_customer_made(
    firms: World,
) -> None:
    world = firms
    (account,) = linked_firms(world, "AARONFIT0001").values()
    remove(world, "AARONFIT0001")
    world.gp_put("AARONFIT0001", Name="Zeta Foods", Zip="99999")
    world.sync()
    decide(world, "key-reused", create=True)
    report = world.sync()
    assert report.balanced and not world.parked(), codes(world)
    zeta = world.accounts()["Zeta Foods"]["id"]
    assert link_of(world, right=zeta).left_key == "AARONFIT0001"
    assert link_of(world, right=account).left_key not in (None, "AARONFIT0001")
    assert len(world.customers()) == len(world.accounts()) == 2
    settled(world)


def test_a_decision_for_a_record_that_is_gone_by_now_is_refused_and_asked_anew(firms: World) -> None:
    world = firms
    (account,) = linked_firms(world, "AARONFIT0001").values()
    remove(world, "AARONFIT0001")
    world.sync()
    decide(world, "target-gone", link="NOBODY")
    assert world.sync().balanced
    assert codes(world) == ["resolution-stale"] and ends(world) == {("AARONFIT0001", account)}
    world.sync()
    assert codes(world) == ["target-gone"] and entry(world).resolution is None


def test_a_decision_on_what_shows_otherwise_by_now_is_not_carried_out(firms: World) -> None:
    world = firms
    linked_firms(world, "AARONFIT0001")
    remove(world, "AARONFIT0001")
    world.sync()
    decide(world, "target-gone", create=True)
    world.gp_put("BACK", Name="Firm AARONFIT0001", Zip="10000")  # a candidate that the person has not seen
    world.sync()
    fresh = next(one for one in world.parked() if one.code == "target-gone")
    assert fresh.resolution is None and b"BACK" in fresh.shown
    assert set(world.customers()) == {"BACK"}


@pytest.mark.parametrize("point", ["claimed", "repaired", "intent", "sent", "recorded"])
@pytest.mark.parametrize("answer", [{"create": True}, {"link": "BBB1"}, {"link": "ANEW"}, {"ignore": True}])
def test_a_decision_that_is_interrupted_anywhere_is_carried_out_once(
    firms: World, point: str, answer: dict[str, object]
) -> None:
    world = firms
    held = linked_firms(world, "AAA1", "BBB1")
    remove(world, "AAA1")
    world.sync()
    world.gp_put("ANEW", Name="Made anew", Zip="9")
    decide(world, "target-gone", **answer)
    world.probe = kill_at(point)
    try:
        world.sync()
    except Killed:
        pass
    world.probe = no_probe
    world.clock.advance(3600)
    report = in_turns(world)
    assert report.balanced and not world.parked(), (codes(world), report)
    mine = link_of(world, right=held["AAA1"])
    wanted = {"create": ("open", "FIRM"), "ignore": ("closed", "AAA1")}.get(next(iter(answer)))
    if "link" in answer:
        wanted = ("shared", None) if answer["link"] == "BBB1" else ("open", "ANEW")
    assert wanted is not None
    shown = mine.left_key[:4] if "create" in answer and mine.left_key else mine.left_key
    assert (mine.state, shown) == wanted
    assert len(world.customers()) == (3 if "create" in answer else 2)
    settled(world)
