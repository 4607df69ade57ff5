"""Roll-ups: what several companies grant to one account, per currency, right whichever pair ran last."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gp365.store import intents
from sync.rollups_world import ROLLUP, Companies, companies, shut, wrote


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Companies]:
    made = companies(tmp_path / "world")
    yield made
    shut(made)


def two_companies(world: Companies) -> None:
    """One firm that is a customer of both companies, and one of each company alone."""
    world.account("a1", "Contoso")
    world.account("a2", "Lakeside")
    world.account("a3", "Maple Leaf")
    world.account("a9", "Nobody's customer")
    world.customer("us", "CONTOSO1", "Contoso", "50000")
    world.customer("us", "LAKESIDE", "Lakeside", "1234.56")
    world.customer("ca", "CONT-CA", "Contoso", "10000")
    world.customer("ca", "MAPLE", "Maple Leaf", "700")


@pytest.mark.parametrize("order", [("us", "ca"), ("ca", "us")])
def test_a_roll_up_of_two_companies_is_right_whichever_pair_ran_last(
    world: Companies, order: tuple[str, str]
) -> None:
    two_companies(world)
    world.sync(order[0])
    assert [world.limits(key) for key in ("a1", "a2", "a3")] == [None, None, None]
    reports = world.sync(order[1])
    assert all(report.balanced and report.clean for report in reports)
    assert world.limits("a1") == "CAD 10,000.00; USD 50,000.00"
    assert world.limits("a2") == "USD 1,234.56"
    assert world.limits("a3") == "CAD 700.00"
    assert world.limits("a9") is None
    assert wrote(world.sync(order[0])) == 0
    assert wrote(world.sync(order[1])) == 0
    assert wrote(world.both()) == 0
    assert world.chain_holds()


def test_a_changed_limit_of_one_company_changes_only_its_currency(world: Companies) -> None:
    two_companies(world)
    world.both()
    world.customer("ca", "CONT-CA", "Contoso", "12500.5")
    reports = world.sync("ca")
    assert wrote(reports) == 2  # the card and the account
    assert world.limits("a1") == "CAD 12,500.50; USD 50,000.00"
    assert wrote(world.both()) == 0


def test_what_is_unlimited_makes_no_number_and_no_credit_is_nothing(world: Companies) -> None:
    two_companies(world)
    world.customer("us", "CONTOSO2", "Contoso", "unlimited", Zip="60602")
    world.customer("us", "LAKESIDE", "Lakeside", None)
    world.both()
    assert world.limits("a1") == "CAD 10,000.00; USD 50,000.00"
    assert world.limits("a2") == "USD 0.00"
    world.customer("us", "CONTOSO1", "Contoso", "unlimited")
    world.sync("us")
    assert world.limits("a1") == "CAD 10,000.00; USD unlimited"


def test_amounts_keep_every_decimal_that_gp_holds(world: Companies) -> None:
    two_companies(world)
    world.customer("us", "LAKESIDE", "Lakeside", "0.1234")
    world.both()
    assert world.limits("a2") == "USD 0.1234"


def test_a_company_that_was_never_read_keeps_every_sum_unwritten(world: Companies) -> None:
    two_companies(world)
    for _ in range(2):
        reports = world.sync("us")
        assert all(report.balanced for report in reports)
    assert world.limits("a1") is None
    assert world.limits("a2") is None


def test_a_company_that_is_taken_out_of_the_settings_counts_no_more(world: Companies) -> None:
    two_companies(world)
    world.both()
    world.pairs = ("us",)
    world.sync("us")
    assert world.limits("a1") == "USD 50,000.00"
    assert world.limits("a3") is None


def test_a_customer_whose_card_is_not_written_yet_leaves_the_sum_as_it_was(world: Companies) -> None:
    two_companies(world)
    world.both()
    world.account("a4", "Late Firm", limits="someone's own words")
    world.customer("us", "LATE", "Late Firm", "10")
    cards = dict(world.flows)
    world.flows = {"customers": cards["customers"]}
    world.sync("us")  # the customer is linked, its card is not made yet
    world.flows = cards
    world.sync("ca")
    assert world.limits("a4") == "someone's own words"
    world.sync("us")
    assert world.limits("a4") == "USD 10.00"


def test_a_limit_that_cannot_be_told_leaves_the_sum_as_it_was(world: Companies) -> None:
    two_companies(world)
    world.both()
    world.odd_type("ca", "CONT-CA")
    world.sync("ca")
    world.customer("us", "CONTOSO1", "Contoso", "60000")
    assert all(report.balanced for report in world.both())
    assert world.limits("a1") == "CAD 10,000.00; USD 50,000.00"
    world.customer("ca", "CONT-CA", "Contoso", "5000")
    world.sync("ca")
    assert world.limits("a1") == "CAD 5,000.00; USD 60,000.00"


def test_a_card_that_moves_to_another_account_takes_its_limit_along(world: Companies) -> None:
    two_companies(world)
    world.both()
    world.account("a5", "Contoso West")
    world.relink("us", "CONTOSO1", "a5")
    world.sync("us")
    assert world.card("us", "CONTOSO1")[1]["account"] == "a5"
    assert world.limits("a1") == "CAD 10,000.00"
    assert world.limits("a5") == "USD 50,000.00"
    assert wrote(world.both()) == 0


def test_several_customers_of_one_company_on_one_account_are_added_up(world: Companies) -> None:
    two_companies(world)
    world.customer("us", "CONTOSO2", "Contoso Warehouse", "250.5")
    world.share("us", "CONTOSO2", "a1")
    world.both()
    assert world.card("us", "CONTOSO2")[1]["account"] == "a1"
    assert world.limits("a1") == "CAD 10,000.00; USD 50,250.50"
    assert wrote(world.both()) == 0


def test_a_closed_link_withdraws_what_its_customer_contributed(world: Companies) -> None:
    two_companies(world)
    world.both()
    world.close_link("ca", "CONT-CA")
    world.close_link("ca", "CONT-CA", "customers")
    world.sync("us")
    assert world.limits("a1") == "USD 50,000.00"
    world.close_link("us", "CONTOSO1")
    world.close_link("us", "CONTOSO1", "customers")
    world.sync("ca")
    assert world.limits("a1") is None
    assert wrote(world.both()) == 0


def test_what_a_person_writes_into_a_sum_is_overruled_by_a_full_reading_and_counted(world: Companies) -> None:
    two_companies(world)
    world.both()
    world.sync("us")
    world.account("a2", "Lakeside", limits="as much as you like")
    reports = world.sync("us", full=True)
    assert world.limits("a2") == "USD 1,234.56"
    [rolled] = [report for report in reports if report.flow == ROLLUP]
    assert rolled.fields["overruled"] == 1
    assert rolled.sides["sales"].updated == 1
    assert rolled.dispositions["updated"] == 1
    assert rolled.balanced and rolled.clean


def test_what_a_person_writes_into_a_sum_is_overruled_when_the_sum_changes(world: Companies) -> None:
    two_companies(world)
    world.both()
    world.account("a2", "Lakeside", limits="as much as you like")
    world.customer("us", "LAKESIDE", "Lakeside", "2")
    [*_, rolled] = world.sync("us")
    assert world.limits("a2") == "USD 2.00"
    assert rolled.fields["overruled"] == 1


def test_a_quiet_sync_asks_nothing_for_its_sums(world: Companies) -> None:
    two_companies(world)
    world.both()
    world.both()
    for pair in world.pairs:
        *others, rolled = world.sync(pair)
        assert rolled.flow == ROLLUP
        assert rolled.requests == {"gp365": 0, "sales": 0}
        assert sum(report.requests["sales"] for report in others) > 0


def test_a_roll_up_is_counted_like_any_flow_and_its_writes_can_be_found(world: Companies) -> None:
    two_companies(world)
    world.sync("us")
    [*_, rolled] = world.sync("ca")
    assert (rolled.flow, rolled.pair) == (ROLLUP, "ca")
    assert rolled.considered == 3
    assert rolled.dispositions["updated"] == 3
    with world.store.read() as conn:
        [intent] = intents.last_write(conn, "sales", "account", ["a1"]).values()
    assert (intent.pair, intent.flow, intent.op) == ("ca", ROLLUP, "update")
    assert intent.state == "done"


def test_an_account_that_is_gone_is_let_go_without_a_word(world: Companies) -> None:
    two_companies(world)
    world.both()
    world.close_link("us", "LAKESIDE")
    world.close_link("us", "LAKESIDE", "customers")
    world.sales.person_delete("account", ("a2",))
    world.both()
    assert [entry for pair in world.pairs for entry in world.parked(pair) if entry.flow == ROLLUP] == []
    assert wrote(world.both()) == 0
