"""Lists without pages are asked for in windows that cover every id once, whatever the ids are and however long it gets."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gp365.connectors.gp.soap.windows import Bound, Windows
from gp365.wire.calls import CallFailed

IDS = st.lists(
    st.text(alphabet="#$ %-.0159ABMZ_", min_size=1, max_size=8).map(str.rstrip).filter(bool), unique=True
)


def _ask(
    ids: list[str], found: list[str], longest: int, asked: list[tuple[Bound, Bound]]
) -> Callable[..., int]:
    """Answer as the service does; an answer that is too long breaks off half-way."""

    def ask(low: Bound, high: Bound) -> int:
        asked.append((low, high))
        rows = [each for each in ids if (low is None or each >= low) and (high is None or each <= high)]
        if len(rows) > longest:
            found.extend(rows[:longest])
            raise CallFailed("answer-cut", "too long", maybe_sent=True)
        found.extend(rows)
        return len(rows)

    return ask


@settings(deadline=None, max_examples=150)
@given(IDS, st.integers(10, 60))
def test_every_id_is_in_a_window(ids: list[str], target: int) -> None:
    windows, asked = Windows(target), list[tuple[Bound, Bound]]()
    for _ in range(3):
        found: list[str] = []
        windows.walk("list", _ask(ids, found, 10**9, asked))
        assert set(found) == set(ids)


def test_an_answer_that_is_too_long_is_asked_for_in_parts() -> None:
    ids = [f"A{number:05d}" for number in range(5_000)] + ["B1"]
    windows, asked, found = Windows(100), list[tuple[Bound, Bound]](), list[str]()
    windows.walk("list", _ask(ids, found, 300, asked))
    assert set(found) == set(ids)
    first = len(asked)
    again: list[str] = []
    windows.walk("list", _ask(ids, again, 300, asked))
    assert set(again) == set(ids) and len(again) < len(ids) + 100
    assert len(asked) - first < first


def test_a_short_list_costs_few_requests_and_one_the_next_time() -> None:
    windows, asked = Windows(1_000), list[tuple[Bound, Bound]]()
    windows.walk("list", _ask(["A1", "Z9"], [], 10**9, asked))
    assert len(asked) <= 6
    asked.clear()
    windows.walk("list", _ask(["A1", "Z9"], [], 10**9, asked))
    assert asked == [(None, None)]


def test_a_window_that_cannot_be_parted_any_more_is_an_error() -> None:
    asked: list[tuple[Bound, Bound]] = []
    with pytest.raises(CallFailed):
        Windows(100).walk("list", _ask(["A1"] * 500, [], 300, asked))
    assert len(asked) < 300


def test_a_server_that_is_not_there_is_asked_once() -> None:
    asked: list[Bound] = []

    def ask(low: Bound, high: Bound) -> int:
        asked.append(high)
        raise CallFailed("unreachable", "nobody there", maybe_sent=False)

    with pytest.raises(CallFailed):
        Windows(100).walk("list", ask)
    assert len(asked) == 1
