"""Comparing linked pairs by value, a page of links at a time; what differs goes on to be explained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gp365.model.record import Record
from gp365.model.values import key_of
from gp365.store.links import Link
from gp365.sync.job import Job, link_subject
from gp365.sync.plan import Facts
from gp365.sync.plan.rows import Seen
from gp365.sync.reconcile.columns import Column, amount_of, currency_of
from gp365.sync.reconcile.found import Amount
from gp365.sync.reconcile.hashes import text_of
from gp365.sync.references import gather_references
from gp365.sync.subject import Subject


@dataclass(frozen=True, slots=True)
class Linked:
    """An open link with both records as they were read; None where one is not there."""

    link: Link
    left: Record | None
    right: Record | None

    @property
    def identity(self) -> str:
        """Name the pair by its keys, for the hash totals."""
        return f"{self.link.left_key}\x1e{self.link.right_key}"

    def subject(self, job: Job) -> Subject:
        """Give the pair as the engine's subject."""
        subject = Subject(link_subject(self.link.id), link=self.link)
        ends = ((self.link.left_key, self.left), (self.link.right_key, self.right))
        for place, (key, record) in zip(job.places, ends, strict=True):
            if key is not None:
                subject.keys[place.side] = key_of(key)
            if record is not None:
                subject.records[place.side] = record
        return subject


class Unlike(NamedTuple):
    """A field that two records hold differently, as both sides were seen."""

    column: Column
    left: Seen
    right: Seen


@dataclass(slots=True)
class Compared:
    """A pair that was compared.

    `unlike` are the fields that differ, `unread` those that one side does not show; `amounts` what the pair adds to the
    control totals; `left` and `right` are its values as the hash totals take them.
    """

    pair: Linked
    unlike: list[Unlike] = field(default_factory=list[Unlike])
    unread: list[str] = field(default_factory=list[str])
    amounts: dict[str, tuple[Amount | None, Amount | None]] = field(
        default_factory=dict[str, tuple[Amount | None, Amount | None]]
    )
    left: str = ""
    right: str = ""

    @property
    def out_of_step(self) -> bool:
        """Tell whether a field differs that the flow keeps in step."""
        return any(one.column.kept for one in self.unlike)


def references_of(job: Job, pairs: Sequence[Linked]) -> Facts:
    """Look up where the records stand that these pairs refer to; nothing is asked where the flow has no references."""
    if not any(row.row.ref for row in job.compiled.rows):
        return Facts(company=job.company)
    subjects = [pair.subject(job) for pair in pairs]
    with job.store.read() as conn:
        refs, keys = gather_references(job, conn, subjects)
    return Facts(refs=refs, ref_keys=keys, company=job.company)


def compare(job: Job, columns: Sequence[Column], pair: Linked, facts: Facts) -> Compared:
    """Compare two linked records, field by field on fitted values; both must be there."""
    left, right = pair.left, pair.right
    assert left is not None and right is not None
    found = Compared(pair)
    lefts: list[str] = []
    rights: list[str] = []
    for column in columns:
        if column.plain is not None and _nothing(column.plain, left, right):
            continue
        one, other = column.left(left, facts), column.right(right, facts)
        if one is None or other is None:
            if one is not other:
                found.unread.append(column.name)
            continue
        money = _money(job, column, found, one, other) if column.in_currency else ("", "")
        if column.summed:
            _sum(job, column, found, one, other)
        if not _alike(one, other, money):
            found.unlike.append(Unlike(column, one, other))
        if column.kept:
            _write(lefts, column, text_of(one, "l", money[0]))
            _write(rights, column, text_of(other, "r", money[1]))
    found.left, found.right = "\x1e".join(lefts), "\x1e".join(rights)
    return found


def _nothing(wires: tuple[str, str], left: Record, right: Record) -> bool:
    return left.values.get(wires[0], "") is None and right.values.get(wires[1], "") is None


def _write(texts: list[str], column: Column, text: str) -> None:
    """Write a value for the hash totals; an empty one as nothing."""
    if text:
        texts.append(f"{column.name}={text}")


def _alike(one: Seen, other: Seen, money: tuple[str, str]) -> bool:
    if one.bad is not None or other.bad is not None or one.fitted != other.fitted:
        return False
    return one.fitted is None or money[0].casefold() == money[1].casefold()


def _money(job: Job, column: Column, found: Compared, one: Seen, other: Seen) -> tuple[str, str]:
    """Give the currencies of two amounts; an empty one has none."""
    left, right = found.pair.left, found.pair.right
    assert left is not None and right is not None
    sides = (job.left.side, job.right.side)
    return (
        currency_of(job.compiled, column.row, sides[0], left) if one.fitted is not None else "",
        currency_of(job.compiled, column.row, sides[1], right) if other.fitted is not None else "",
    )


def _sum(job: Job, column: Column, found: Compared, one: Seen, other: Seen) -> None:
    left, right = found.pair.left, found.pair.right
    assert left is not None and right is not None
    amounts = (
        amount_of(job.compiled, column.row, job.left.side, left, one),
        amount_of(job.compiled, column.row, job.right.side, right, other),
    )
    if amounts != (None, None):
        found.amounts[column.name] = amounts


def values_of(columns: Sequence[Column], record: Record, facts: Facts, *, left: bool) -> str:
    """Give what one record holds as the hash totals take it, where its partner is not there."""
    parts: list[str] = []
    for column in columns:
        seen = (column.left if left else column.right)(record, facts)
        if column.kept and seen is not None:
            _write(parts, column, text_of(seen, "l" if left else "r"))
    return "\x1e".join(parts)


def keys_of(pair: Linked) -> tuple[str, str]:
    """Give both keys of a pair as texts; "" for an end that the link does not have."""
    return pair.link.left_key or "", pair.link.right_key or ""


__all__ = ["Compared", "Linked", "Unlike", "compare", "keys_of", "references_of", "values_of"]
