"""Match keys: what records match by, per rule, replaced when it changes."""

from __future__ import annotations

from gp365.store import match
from gp365.store.engine import Store


def test_keys_are_found_by_value_on_both_sides_and_in_their_own_flow(store: Store) -> None:
    with store.write() as conn:
        match.put_keys(
            conn, "p", "customers", "gp", [(1, "C2", "lakeside"), (1, "C1", "lakeside"), (2, "C1", "x")]
        )
        match.put_keys(conn, "p", "customers", "sales", [(1, "a1", "lakeside")])
        match.put_keys(conn, "p", "other", "gp", [(1, "C9", "lakeside")])
    with store.read() as conn:
        found = match.find(conn, "p", "customers", ["lakeside", "nobody", "Müller's \\ \" {,}"])
        assert found == [
            ("gp", 1, "lakeside", "C1"),
            ("gp", 1, "lakeside", "C2"),
            ("sales", 1, "lakeside", "a1"),
        ]
        assert match.find(conn, "p", "customers", []) == []


def test_a_value_that_changed_is_found_as_it_is_now(store: Store) -> None:
    odd = "Müller's \x1e \" {,} NULL"
    with store.write() as conn:
        match.put_keys(conn, "p", "f", "gp", [(1, "C1", "old")])
        match.put_keys(conn, "p", "f", "gp", [(1, "C1", odd)])
    with store.read() as conn:
        assert match.find(conn, "p", "f", ["old", odd]) == [("gp", 1, odd, "C1")]
    with store.write() as conn:
        match.drop_keys(conn, "p", "f", "gp", ["C1"])
        assert match.find(conn, "p", "f", [odd]) == []
