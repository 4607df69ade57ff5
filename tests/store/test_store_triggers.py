"""What rules of the calendar keep: of two that write, one is refused and reads anew."""

from __future__ import annotations

from gp365.store import triggers
from gp365.store.engine import Store
from gp365.store.triggers import Kept


def test_what_was_kept_is_read_again_and_raised_with_every_change(store: Store) -> None:
    with store.write() as conn:
        first = triggers.put(conn, Kept("rule a", b"one"))
        assert first is not None and first.number == 1
        second = triggers.put(conn, Kept("rule a", b"two" * 1000, first.number))
    with store.read() as conn:
        assert triggers.read(conn) == {"rule a": second}


def test_of_two_that_write_the_second_is_refused(store: Store) -> None:
    with store.write() as conn:
        kept = triggers.put(conn, Kept("rule a", b"one"))
        assert kept is not None
        assert triggers.put(conn, Kept("rule a", b"other")) is None
        assert triggers.put(conn, Kept("rule a", b"two", kept.number)) is not None
        assert triggers.put(conn, Kept("rule a", b"other", kept.number)) is None
        assert triggers.read(conn)["rule a"].body == b"two"


def test_what_no_rule_needs_any_more_is_dropped(store: Store) -> None:
    with store.write() as conn:
        for name in ("rule a", "rule b", "calendar gp/TWO"):
            triggers.put(conn, Kept(name, b"x"))
        assert triggers.forget_others(conn, {"rule a"}) == 2
        assert set(triggers.read(conn)) == {"rule a"}
        assert triggers.forget_others(conn, set()) == 1
