"""Links: unique on both ends, whoever comes first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from gp365.store import links, work
from gp365.store.engine import Store
from gp365.store.links import LinkTaken, NewLink

PLACE = ("fabrikam", "customers")


def _new(left: str | None, right: str | None, **more) -> NewLink:
    return NewLink(*PLACE, left, right, **more)


def _make(store: Store, *news: NewLink) -> list[int]:
    with store.write() as conn:
        return links.insert(conn, news)


def test_a_link_is_found_by_either_end_and_by_its_id_with_all_that_it_holds(store: Store) -> None:
    agreed = b'{"name":["Aaron Fitz","Aaron Fitz Electrical"]}' * 40
    made = _new("AARONFIT0001", "guid-1", left_birth="101.0", right_birth="guid-1", left_print=b"\x00" * 16)
    made = replace(made, right_print=b"\xff" * 16, agreed=agreed, agreed_digest="d", made_by="match", run="r")
    (number,) = _make(store, made)
    with store.read() as conn:
        link = links.by_keys(conn, *PLACE, "left", ["AARONFIT0001", "NOBODY"])["AARONFIT0001"]
        assert links.by_keys(conn, *PLACE, "right", ["guid-1"]) == {"guid-1": link}
        assert links.by_ids(conn, [number, 999]) == {number: link}
        assert links.by_keys(conn, "fabrikam", "vendors", "left", ["AARONFIT0001"]) == {}
    assert NewLink(**{name: getattr(link, name) for name in NewLink.__dataclass_fields__}) == made


def test_ids_come_back_in_the_order_of_the_links_also_in_thousands(store: Store) -> None:
    keys = [f"K{n:05d}" for n in range(2500)]
    ids = _make(store, *[_new(key, f"A{key}") for key in reversed(keys)])
    with store.read() as conn:
        found = links.by_keys(conn, *PLACE, "left", keys)
        assert [found[key].id for key in reversed(keys)] == ids
        scanned = [link.left_key for page in links.scan(conn, *PLACE, 400) for link in page]
    assert scanned == list(reversed(keys))


def test_a_record_that_is_linked_already_is_named_and_nothing_of_the_page_is_kept(store: Store) -> None:
    _make(store, _new("A", "1"))
    with store.write() as conn:
        with pytest.raises(LinkTaken) as refusal:
            links.insert(conn, [_new("B", "2"), _new("C", "1"), _new("D", "4")])
        assert refusal.value.ends == (("right", "1"),)
        assert refusal.value.code == "link-taken"
        assert links.count(conn, *PLACE, "open") == 1  # the transaction goes on
        links.insert(conn, [_new("B", "2")])
    with pytest.raises(LinkTaken) as doubled:
        _make(store, _new("X", "8"), _new("X", "9"))
    assert doubled.value.ends == (("left", "X"),)


def test_the_same_keys_may_be_linked_in_another_flow_and_in_another_pair(store: Store) -> None:
    _make(
        store,
        _new("A", "1"),
        NewLink("fabrikam", "cards", "A", "1"),
        NewLink("contoso", "customers", "A", "1"),
    )


def test_any_number_of_links_may_miss_an_end(store: Store) -> None:
    ids = _make(store, _new("A", None), _new("B", None), _new(None, "1"), _new(None, "2"))
    assert len(set(ids)) == 4


def test_a_link_is_replaced_whole_and_may_not_take_another_links_end(store: Store) -> None:
    first, second = _make(store, _new("A", "1"), _new("B", "2"))
    with store.write() as conn:
        held = links.by_ids(conn, [first, second])
        links.update(
            conn, [replace(held[first], left_key="A2", state="closed", agreed=b"new", left_print=b"p")]
        )
        changed = links.by_ids(conn, [first])[first]
        assert (changed.left_key, changed.state, changed.agreed) == ("A2", "closed", b"new")
        with pytest.raises(LinkTaken) as refusal:
            links.update(conn, [replace(held[second], right_key="1")])
        assert refusal.value.ends == (("right", "1"),)
        assert links.by_ids(conn, [second])[second] == held[second]


def test_a_race_for_one_record_leaves_one_link_and_tells_the_loser(
    store: Store, open_again: Callable[[], Store]
) -> None:
    stores = [store, open_again(), open_again(), open_again()]
    start = threading.Barrier(len(stores))
    won: list[int] = []
    lost: list[LinkTaken] = []

    def race(number: int, one: Store) -> None:
        start.wait()
        try:
            won.extend(_make(one, _new(f"OWN{number}", f"own{number}"), _new("SHARED", f"other{number}")))
        except LinkTaken as refusal:
            lost.append(refusal)

    threads = [threading.Thread(target=race, args=each) for each in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 2 and len(lost) == 3
    assert all(refusal.ends == (("left", "SHARED"),) for refusal in lost)
    with store.read() as conn:
        assert links.count(conn, *PLACE, "open") == 2


def test_the_quiet_test_sees_prints_without_the_agreed_pairs(store: Store) -> None:
    both = _new("A", "1", left_print=b"l" * 16, right_print=b"r" * 16, left_birth="note 7")
    first, second = _make(store, both, _new("B", "2", left_print=b"l" * 16, state="closed"))
    with store.read() as conn:
        left = links.prints(conn, *PLACE, "left", ["A", "B", "C"])
        right = links.prints(conn, *PLACE, "right", ["1", "2"])
    of_a, of_b = (
        (first, b"l" * 16, True, "open", "note 7", "A"),
        (second, b"l" * 16, False, "closed", "", "B"),
    )
    assert left == {"A": of_a, "B": of_b}
    assert right == {
        "1": (first, b"r" * 16, True, "open", "", "1"),
        "2": (second, b"", True, "closed", "", "2"),
    }


def test_links_with_something_in_the_queue_are_told_from_those_without(store: Store) -> None:
    ids = _make(store, _new("A", "1"), _new("B", "2"), _new("C", "3"))
    with store.write() as conn:
        work.enqueue(conn, *PLACE, [("gp", "A", "feed"), ("sales", "3", "feed"), ("sales", "B", "feed")])
        assert links.with_work(conn, *PLACE, {"left": "gp", "right": "sales"}) == {ids[0], ids[2]}
        pages = list(links.scan_keys(conn, *PLACE, "right", "open", page=2))
    assert pages == [[(ids[0], "1"), (ids[1], "2")], [(ids[2], "3")]]


def test_links_that_pass_their_keys_to_one_another_are_replaced_at_once(store: Store) -> None:
    first, second = _make(store, _new("A", "1"), _new("B", "2"))
    with store.write() as conn:
        held = links.by_ids(conn, [first, second])
        swapped = [replace(held[first], left_key="B"), replace(held[second], left_key="A")]
        links.replace_ends(conn, swapped)
    with store.read() as conn:
        after = links.by_ids(conn, [first, second])
    assert [(after[one].left_key, after[one].right_key) for one in (first, second)] == [
        ("B", "1"),
        ("A", "2"),
    ]


def test_links_that_share_records_follow_them_when_they_swap_their_keys(store: Store) -> None:
    shared = [_new(None, name, state="shared", shared_key=key) for name, key in (("1", "A"), ("2", "B"))]
    first, second, other = _make(store, *shared, _new("X", None, state="shared", shared_key="A"))
    with store.write() as conn:
        links.move_shared(conn, *PLACE, "left", {"A": "B", "B": "A"})
        after = links.by_ids(conn, [first, second, other])
    assert [after[one].shared_key for one in (first, second, other)] == ["B", "A", "A"]


def test_of_links_with_one_birth_mark_the_open_one_is_found(store: Store) -> None:
    closed, opened = _make(
        store, _new(None, "1", left_birth="7", state="closed"), _new("A", "2", left_birth="7")
    )
    with store.read() as conn:
        assert links.by_births(conn, *PLACE, "left", ["7"])["7"].id == opened != closed
