"""Contributions: kept per record, moved with it, counted while its link is open, known when every company was read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gp365.store import contributions, links, runs
from gp365.store.contributions import Given, Rolled, Source
from gp365.store.engine import Store
from gp365.store.links import NewLink

ROLLED = Rolled("cards.limits", "account", "sales", ("ca", "us"), "cards", "customers", "left")


def given(pair: str, source: str, shared: str, amount: str | None = "10", currency: str = "USD") -> Given:
    return Given(shared, "cards.limits", "account", "sales", source, pair, currency, amount)


def link(store: Store, pair: str, flow: str, left: str, right: str | None, **more: str) -> None:
    with store.write() as conn:
        links.insert(conn, [NewLink(pair, flow, left, right, **more)])


def keep(store: Store, *all_given: Given) -> None:
    with store.write() as conn:
        contributions.keep(conn, all_given)


def held(store: Store, *keys: str) -> dict[str, set[str]]:
    with store.read() as conn:
        found = contributions.given_to(conn, ROLLED, keys)
    return {key: {f"{one.pair}/{one.key}" for one in sources} for key, sources in found.items()}


def test_a_contribution_counts_while_the_link_of_its_record_is_open(store: Store) -> None:
    for pair, source in (("us", "A"), ("us", "B"), ("ca", "C")):
        link(store, pair, "cards", source, f"card-{source}")
    keep(store, given("us", "A", "x"), given("us", "B", "x"), given("ca", "C", "x"), given("us", "D", "x"))
    assert held(store, "x", "y") == {"x": {"us/A", "us/B", "ca/C"}}  # nobody has linked D
    with store.write() as conn:
        [closed] = links.by_keys(conn, "us", "cards", "left", ["B"]).values()
        links.update(conn, [replace(closed, state="closed")])
    assert held(store, "x") == {"x": {"us/A", "ca/C"}}


def test_a_contribution_moves_with_its_record_and_another_companys_stays(store: Store) -> None:
    for pair in ("us", "ca"):
        link(store, pair, "cards", "A", "card-A")
    keep(store, given("us", "A", "x"), given("ca", "A", "x"))
    keep(store, given("us", "A", "y"))
    assert held(store, "x", "y") == {"x": {"ca/A"}, "y": {"us/A"}}
    with store.write() as conn:
        contributions.withdraw(conn, [given("ca", "A", "")])
    assert held(store, "x", "y") == {"y": {"us/A"}}


def test_a_contribution_that_is_kept_again_takes_the_place_of_the_last(store: Store) -> None:
    link(store, "us", "cards", "A", "card-A")
    for amount in ("10", None, "unlimited"):
        keep(store, given("us", "A", "x", amount))
        with store.read() as conn:
            [[one]] = [list(of.values()) for of in contributions.given_to(conn, ROLLED, ["x"]).values()]
        assert one.amount == amount


def test_contributions_of_other_systems_roll_ups_and_pairs_are_not_mixed_in(store: Store) -> None:
    for pair in ("us", "ca", "mx"):
        link(store, pair, "cards", "A", "card-A")
    mine = given("us", "A", "x")
    keep(store, mine, replace(mine, system="other"), replace(mine, rollup="cards.balances"))
    keep(store, replace(mine, entity="contact"), replace(mine, pair="mx"))
    assert held(store, "x") == {"x": {"us/A"}}


def test_who_is_linked_with_a_shared_record_alone_or_as_a_further_one_is_found(store: Store) -> None:
    link(store, "us", "customers", "A", "x")
    link(store, "us", "customers", "B", None, state="shared", shared_key="x")  # type: ignore[arg-type]
    link(store, "ca", "customers", "C", "x")
    link(store, "ca", "customers", "D", "y", state="closed")
    link(store, "us", "cards", "A", "x")
    with store.read() as conn:
        assert contributions.linked_to(conn, ROLLED, ["x", "y"]) == {
            "x": {Source("us", "A"), Source("ca", "C")}
        }
        assert contributions.sharing(conn, ROLLED) == {"x": {Source("us", "B")}}


@pytest.mark.parametrize("state", ["stopped", "unbalanced", "interrupted", "running"])
def test_sums_are_known_only_when_every_pair_has_completed_a_run(store: Store, state: str) -> None:
    def run(pair: str, ended: str, flow: str = "cards") -> bool:
        with store.write() as conn:
            name = runs.begin(conn, pair, flow)
            if ended != "running":
                runs.end(conn, name, ended)
            return contributions.complete(conn, ROLLED)

    assert not run("us", "done")
    assert not run("ca", state)
    assert not run("ca", "done", "customers")
    assert run("ca", "done")
    assert run("ca", state)


def test_shared_records_are_linked_with_their_sums_once_by_each_pair(store: Store) -> None:
    keep(store, *(given("us", f"A{number}", f"x{number:04}") for number in range(1200)))
    with store.write() as conn:
        assert contributions.link_new(conn, ROLLED, "us") == 1200
        assert contributions.link_new(conn, ROLLED, "us") == 0
        contributions.keep(conn, [given("mx", "Z", "z")])
        assert (
            contributions.link_new(conn, ROLLED, "us") == 1
        )  # what a pair of former days gave is taken back
        assert contributions.link_new(conn, ROLLED, "ca") == 1201
        first = contributions.linked_sums(conn, ROLLED, "us", 0, 700)
        rest = contributions.linked_sums(conn, ROLLED, "us", first[-1][0], 700)
    assert len(first) == 700
    assert [key for _, key in (*first, *rest)] == [*(f"x{number:04}" for number in range(1200)), "z"]


def test_reading_what_is_contributed_to_few_records_does_not_go_through_all_links(store: Store) -> None:
    def steps(beginning: int, many: int) -> int:
        """Count the steps that the database takes for ten records after so many more were linked."""
        names = [f"A{number:05}" for number in range(beginning, beginning + many)]
        with store.write() as conn:
            links.insert(conn, [NewLink("us", "cards", name, f"card-{name}") for name in names])
            links.insert(conn, [NewLink("us", "customers", name, f"x-{name}") for name in names])
            contributions.keep(conn, [given("us", name, f"x-{name}") for name in names])
        with store.read() as conn:
            driver = conn.connection.driver_connection
            if conn.dialect.name != "sqlite" or driver is None:
                return 0
            taken: list[int] = []
            driver.set_progress_handler(lambda: taken.append(1), 10)
            keys = [f"x-A{number:05}" for number in range(10)]
            assert len(contributions.given_to(conn, ROLLED, keys)) == 10
            assert len(contributions.linked_to(conn, ROLLED, keys)) == 10
            driver.set_progress_handler(None, 0)
            return len(taken)

    few = steps(0, 100)
    assert steps(100, 2000) <= 2 * few
