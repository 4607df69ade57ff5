"""Spans of positions: which rows of a chain are meant, kept as pairs of first and last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Span = tuple[int, int]


def joined(spans: Iterable[Sequence[int]]) -> list[Span]:
    """Sort spans and join those that touch or overlap."""
    found: list[Span] = []
    for first, last in sorted((int(one[0]), int(one[1])) for one in spans):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def spans_of(positions: Iterable[int]) -> list[Span]:
    """Write positions as spans."""
    return joined((position, position) for position in positions)


def first_outside(spans: Iterable[Span], cover: Sequence[Span]) -> int | None:
    """Return the first position of `spans` that is not covered; both are sorted and joined. None if all are."""
    at = 0
    for first, last in spans:
        while at < len(cover) and cover[at][1] < first:
            at += 1
        if at == len(cover) or cover[at][0] > first:
            return first
        if cover[at][1] < last:
            return cover[at][1] + 1
    return None
