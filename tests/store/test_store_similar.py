"""Cards and blocks: kept per scope, found by block, replaced and dropped with everything that follows from them."""

from __future__ import annotations

from collections.abc import Sequence

from gp365.store import similar
from gp365.store.engine import Store
from gp365.store.similar import Scope

GP, SALES = Scope("p", "customers", "gp"), Scope("p", "customers", "sales")


def words(body: str) -> Sequence[str]:
    return body.split()


def found(store: Store, scope: Scope, block: str) -> set[str]:
    with store.read() as conn:
        numbers = [card for _, _, held in similar.members(conn, [scope.number(block)], 60) for card in held]
        return {key for key, _ in similar.cards(conn, numbers).values()}


def put(store: Store, scope: Scope, *rows: tuple[str, str]) -> None:
    with store.write() as conn:
        similar.put_cards(conn, scope, rows, words)


def test_cards_are_found_by_their_blocks_in_their_own_scope(store: Store) -> None:
    put(store, GP, ("C1", "lakeside dental"), ("C2", "harper dental"))
    put(store, SALES, ("a1", "lakeside"))
    assert found(store, GP, "dental") == {"C1", "C2"}
    assert found(store, GP, "lakeside") == {"C1"} and found(store, SALES, "lakeside") == {"a1"}
    assert found(store, GP, "nobody") == set()


def test_a_changed_card_leaves_its_old_blocks(store: Store) -> None:
    put(store, GP, ("C1", "lakeside dental"))
    put(store, GP, ("C1", "harper dental"))
    assert found(store, GP, "lakeside") == set()
    assert found(store, GP, "harper") == found(store, GP, "dental") == {"C1"}


def test_the_same_card_twice_is_one(store: Store) -> None:
    put(store, GP, ("C1", "lakeside dental"), ("C2", "zeta"))
    put(store, GP, ("C1", "lakeside dental"))
    with store.read() as conn:
        blocks = [GP.number(word) for word in ("lakeside", "dental", "zeta", "none")]
        assert sorted(similar.sizes(conn, blocks).values()) == [1, 1, 1]


def test_a_dropped_card_is_found_no_more(store: Store) -> None:
    put(store, GP, ("C1", "lakeside dental"), ("C2", "dental"))
    with store.write() as conn:
        similar.drop_cards(conn, GP, ["C1", "unknown"], words)
    assert found(store, GP, "dental") == {"C2"} and found(store, GP, "lakeside") == set()


def test_clearing_a_side_leaves_the_other_one(store: Store) -> None:
    put(store, GP, ("C1", "dental"))
    put(store, SALES, ("a1", "dental"))
    with store.write() as conn:
        similar.clear(conn, GP)
    assert found(store, GP, "dental") == set() and found(store, SALES, "dental") == {"a1"}


def test_a_side_is_complete_once_a_full_reading_has_said_so(store: Store) -> None:
    with store.write() as conn:
        assert similar.filled(conn, GP) == ""
        similar.mark_filled(conn, GP, "v1")
    with store.read() as conn:
        assert similar.filled(conn, GP) == "v1" and similar.filled(conn, SALES) == ""


def test_thousands_of_blocks_are_asked_for_at_once(store: Store) -> None:
    put(store, GP, *((f"C{number}", f"word{number} all") for number in range(3000)))
    with store.read() as conn:
        sizes = similar.sizes(conn, [GP.number(f"word{number}") for number in range(3000)])
        assert len(sizes) == 3000 and set(sizes.values()) == {1}
        assert similar.sizes(conn, [GP.number("all")]) == {GP.number("all"): 3000}
        assert similar.members(conn, [GP.number("all")], 60) == [(GP.number("all"), 3000, [])]
