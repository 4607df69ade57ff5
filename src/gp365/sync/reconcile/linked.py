"""The linked pairs of a reconciliation: compared page by page, explained, counted and added up."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from heapq import heappush, heappushpop
from typing import Any

from gp365.store import links
from gp365.store.links import Link
from gp365.sync.plan import Facts
from gp365.sync.reconcile.columns import Column
from gp365.sync.reconcile.compare import Compared, Linked, compare, keys_of, references_of, values_of
from gp365.sync.reconcile.explain import explain, name_of
from gp365.sync.reconcile.found import Difference, Sampled, Why
from gp365.sync.reconcile.work import Work, add_alone, add_one_sided, miss

_PAGE = 500
_LOOKED_AGAIN = (Why.DRIFT, Why.CHANGED)


def compare_links(work: Work) -> None:
    """Compare every open link, a page in memory at a time."""
    job = work.job
    last = 0
    while True:
        with job.store.read() as conn:
            page = next(links.scan(conn, job.pair, job.flow.name, _PAGE, after=last), None)
        if page is None:
            return
        last = page[-1].id
        _compare_page(work, [link for link in page if link.state == links.OPEN])
        job.progress("compared", work.counts.linked, 0)


def _compare_page(work: Work, found: Sequence[Link]) -> None:
    pairs, missing = work.ends.join(found)
    facts = references_of(work.job, pairs)
    whole = [pair for pair in pairs if pair.left is not None and pair.right is not None]
    compared = [compare(work.job, work.columns, pair, facts) for pair in whole]
    compared, differences = _explained(work, compared)
    for one in compared:
        _count_pair(work, one, facts)
    for pair in pairs:
        if pair.left is None or pair.right is None:
            _count_broken(work, pair, facts)
    for difference in differences:
        for one in difference.fields:
            work.counts.reason(work.counts.fields, one.reason)
            by_reason = work.counts.columns.setdefault(one.field, {})
            by_reason[str(one.reason.why)] = by_reason.get(str(one.reason.why), 0) + 1
            work.totals.explain(one)
    work.differences.extend(differences)
    miss(work, missing)


def _explained(work: Work, compared: list[Compared]) -> tuple[list[Compared], list[Difference]]:
    """Explain what differs. What nothing explains is read once more: somebody may have been at work while we read."""
    unlike = [one for one in compared if one.unlike]
    differences = explain(work.job, work.past, unlike)
    doubtful = {
        told.subject for told in differences if any(one.reason.why in _LOOKED_AGAIN for one in told.fields)
    }
    if not doubtful:
        return compared, differences
    chosen = [one.pair for one in unlike if f"L{one.pair.link.id}" in doubtful]
    fresh = work.ends.again(chosen)
    facts = references_of(work.job, fresh)
    again = {pair.link.id: compare(work.job, work.columns, pair, facts) for pair in fresh}
    compared = [again.get(one.pair.link.id, one) for one in compared]
    return compared, explain(work.job, work.past, [one for one in compared if one.unlike])


def _count_pair(work: Work, one: Compared, facts: Facts) -> None:
    counts, pair = work.counts, one.pair
    counts.linked += 1
    counts.differing += bool(one.unlike)
    counts.equal += not one.unlike
    for name in one.unread:
        counts.unread[name] = counts.unread.get(name, 0) + 1
    for name, (left, right) in one.amounts.items():
        work.totals.linked(name, left, right)
        work.totals.read(name, left, left=True)
        work.totals.read(name, right, left=False)
    for place, record in zip(work.job.places, (pair.left, pair.right), strict=True):
        if record is not None:
            add_one_sided(work, place, record)
    block = work.blocks.add(pair.identity, one.left, one.right)
    if one.out_of_step:
        work.blocks.differing.add(block)
    if work.wanted:
        _draw(work, pair, facts)


def _count_broken(work: Work, pair: Linked, facts: Facts) -> None:
    """Count a link of which one record or both are not there."""
    work.counts.linked += 1
    work.counts.incomplete += 1
    texts: list[str | None] = []
    for place, record in zip(work.job.places, (pair.left, pair.right), strict=True):
        left = place.end == "left"
        texts.append(None if record is None else values_of(work.columns, record, facts, left=left))
        if record is not None:
            add_alone(work, place, record)
    block = work.blocks.add(pair.identity, texts[0], texts[1])
    if texts != [None, None]:
        work.blocks.differing.add(block)


def _draw(work: Work, pair: Linked, facts: Facts) -> None:
    """Keep the pairs with the smallest hash under the seed: as if drawn by chance, and the same for who draws again."""
    assert pair.left is not None and pair.right is not None
    text = f"{work.seed}\x1d{pair.identity}".encode()
    rank = -int.from_bytes(blake2b(text, digest_size=8).digest(), "big")
    if len(work.drawn) == work.wanted and rank <= work.drawn[0][0]:
        return
    fields = tuple((one.name, *_raw(one, pair, facts)) for one in work.columns if not one.masked)
    name = name_of(work.job, pair.left, pair.right)
    sampled = Sampled(f"L{pair.link.id}", *keys_of(pair), name, fields)
    put = heappush if len(work.drawn) < work.wanted else heappushpop
    put(work.drawn, (rank, sampled.subject, sampled))


def _raw(column: Column, pair: Linked, facts: Facts) -> tuple[Any, Any]:
    assert pair.left is not None and pair.right is not None
    left, right = column.left(pair.left, facts), column.right(pair.right, facts)
    return (left.raw if left is not None else None, right.raw if right is not None else None)
