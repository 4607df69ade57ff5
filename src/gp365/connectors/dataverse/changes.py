"""What changed since a cursor: one tracked table, or for accounts with joined fields also contacts and opportunities.

The joined tables are read before the accounts, so that what changes meanwhile is seen again by the next poll, never lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from gp365.connectors.dataverse.describe import CONTACT_PREFIX, HAS_OPPORTUNITY
from gp365.connectors.dataverse.feed import FeedPage, Mark, everything, since
from gp365.connectors.dataverse.organisation import Organisation
from gp365.connectors.dataverse.reading import (
    CUSTOMER,
    Query,
    get,
    keep_customers,
    opportunity_of,
)
from gp365.connectors.dataverse.selection import CONTACT_LOOKUP, CONTACT_VALUE, Selection, selection
from gp365.model.contract import Scratch, ScratchTable
from gp365.model.record import Change, ChangePage, Record
from gp365.model.values import Value, pack, unpack
from gp365.wire.odata import DeltaExpired

Marks = dict[str, Mark]


def changes(
    org: Organisation, scratch: Scratch, entity: str, fields: Sequence[str], cursor: str | None
) -> Iterator[ChangePage]:
    """Give pages of changes; everything, marked full, without a cursor, with one for other fields, or an expired one."""
    feed = Feed(org, scratch, entity, fields)
    marks = _marks(cursor, feed.query.asked.digest, feed.tables)
    if marks is not None:
        try:
            yield from feed.since(marks)
        except DeltaExpired:
            pass
        else:
            return
    yield from feed.everything()


def _marks(cursor: str | None, digest: str, tables: Sequence[str]) -> Marks | None:
    if not cursor:
        return None
    try:
        held = cast("Mapping[str, Any]", json.loads(cursor))
        marks = cast("Marks", held["marks"])
        known = held["fields"] == digest and set(marks) == set(tables)
    except (ValueError, KeyError, TypeError):
        return None
    return marks if known else None


class Feed:
    """One pass over the tracked tables behind an entity."""

    def __init__(self, org: Organisation, scratch: Scratch, entity: str, fields: Sequence[str]) -> None:
        self.org = org
        self.entity = entity
        self.fields = tuple(fields)
        self.query = Query(org, entity, fields)
        self._scratch = scratch
        self._tracked = self._selections()
        self._marks: Marks = {}

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that are tracked, the entity's own last."""
        return tuple(self._tracked)

    def _selections(self) -> dict[str, Selection]:
        chosen: dict[str, Selection] = {}
        if self.query.contact is not None:
            chosen["contact"] = self.query.contact
        if self.query.asked.opportunity:
            chosen["opportunity"] = selection(self.org.table("opportunity"), ("customerid",))
        return chosen | {self.entity: self.query.selection}

    # everything

    def everything(self) -> Iterator[ChangePage]:
        """Give every record; joined values come from one pass over each joined table, kept in scratch tables."""
        contacts = self._all_contacts() if "contact" in self._tracked else None
        prospects = self._all_prospects() if "opportunity" in self._tracked else None
        for page in self._pass(self.entity, everything(self.org, self._tracked[self.entity])):
            yield self._page(page, self._from_scratch(page, contacts, prospects), full=True)

    def _all_contacts(self) -> ScratchTable:
        chosen = self._tracked["contact"]
        kept = self._scratch.table(f"{self.org.name}.contact")
        kept.clear()
        for page in self._pass("contact", everything(self.org, chosen)):
            kept.put([(chosen.id_of(row), "", pack(chosen.values(row))) for row in page.rows])
        return kept

    def _all_prospects(self) -> ScratchTable:
        kept = self._scratch.table(f"{self.org.name}.has_opportunity")
        kept.clear()
        for page in self._pass("opportunity", everything(self.org, self._tracked["opportunity"])):
            keep_customers(kept, page.rows)
        return kept

    def _from_scratch(
        self, page: FeedPage, contacts: ScratchTable | None, prospects: ScratchTable | None
    ) -> list[dict[str, Value]]:
        more: list[dict[str, Value]] = [{} for _ in page.rows]
        if contacts is not None:
            packed = contacts.get(sorted(_contact_ids(page.rows)))
            known = {id_: unpack(values) for id_, values in packed.items()}
            self._join_contacts(page.rows, more, known)
        if prospects is not None:
            held = prospects.get([self._id(row) for row in page.rows])
            self._join_prospects(page.rows, more, set(held))
        return more

    # what changed

    def since(self, marks: Marks) -> Iterator[ChangePage]:
        """Give the accounts of changed contacts and opportunities first, then the entity's own changes."""
        contacts: dict[str, dict[str, Value]] = {}
        touched: list[str] = []
        if "contact" in self._tracked:
            chosen = self._tracked["contact"]
            for page in self._pass("contact", since(self.org, chosen, marks["contact"])):
                contacts |= {chosen.id_of(row): chosen.values(row) for row in page.rows}
        if "opportunity" in self._tracked:
            for page in self._pass(
                "opportunity", since(self.org, self._tracked["opportunity"], marks["opportunity"])
            ):
                touched += [str(row[CUSTOMER]).lower() for row in page.rows if row.get(CUSTOMER)]
        yield from self._accounts_of(list(contacts), touched)
        for page in self._pass(self.entity, since(self.org, self._tracked[self.entity], marks[self.entity])):
            yield self._page(page, self._from_reads(page, contacts), full=False)

    def _accounts_of(self, contacts: Sequence[str], accounts: Sequence[str]) -> Iterator[ChangePage]:
        step = self.org.sizes.keys_per_read
        lookup = self.query.table.columns.get(CONTACT_LOOKUP)
        for at in range(0, len(contacts), step):
            assert lookup is not None
            yield _changed(self.query.where(lookup, contacts[at : at + step]))
        wanted = list(dict.fromkeys(accounts))
        for at in range(0, len(wanted), step):
            keys = [(id_,) for id_ in wanted[at : at + step]]
            read = get(self.org, self.entity, keys, self.fields).values()
            yield _changed(record for record in read if not record.hidden)

    def _from_reads(self, page: FeedPage, contacts: dict[str, dict[str, Value]]) -> list[dict[str, Value]]:
        more: list[dict[str, Value]] = [{} for _ in page.rows]
        if "contact" in self._tracked:
            missing = sorted(_contact_ids(page.rows) - contacts.keys())
            read = get(self.org, "contact", [(id_,) for id_ in missing], self.query.asked.contact)
            contacts |= {key[0]: dict(record.values) for key, record in read.items()}
            self._join_contacts(page.rows, more, contacts)
        if "opportunity" in self._tracked:
            known = opportunity_of(self.org, [self._id(row) for row in page.rows])
            self._join_prospects(page.rows, more, known)
        return more

    # both

    def _pass(self, table: str, pages: Iterator[FeedPage]) -> Iterator[FeedPage]:
        for page in pages:
            if page.mark is not None:
                self._marks[table] = page.mark
            yield page

    def _page(self, page: FeedPage, more: list[dict[str, Value]], *, full: bool) -> ChangePage:
        self.org.principals.meet(page.rows)
        found = [
            Change((self._id(row),), self.query.selection.record(row, joined))
            for row, joined in zip(page.rows, more, strict=True)
        ]
        gone = [Change((id_,), deleted=True) for id_ in page.deleted]
        return ChangePage((*found, *gone), self._cursor() if page.mark is not None else None, full)

    def _cursor(self) -> str:
        held = {"fields": self.query.asked.digest, "marks": {name: self._marks[name] for name in self.tables}}
        return json.dumps(held, separators=(",", ":"))

    def _id(self, row: Mapping[str, Any]) -> str:
        return self.query.selection.id_of(row)

    def _join_contacts(
        self,
        rows: Sequence[Mapping[str, Any]],
        more: Sequence[dict[str, Value]],
        contacts: Mapping[str, Mapping[str, Value]],
    ) -> None:
        names = tuple(self._tracked["contact"].readers)
        nobody: Mapping[str, Value] = dict.fromkeys(names)
        for row, values in zip(rows, more, strict=True):
            id_ = str(row.get(CONTACT_VALUE) or "").lower()
            # A contact that we may not read is absent; only an account without one has empty values.
            contact = contacts.get(id_, {}) if id_ else nobody
            values |= {CONTACT_PREFIX + name: contact[name] for name in names if name in contact}

    def _join_prospects(
        self, rows: Sequence[Mapping[str, Any]], more: Sequence[dict[str, Value]], known: set[str]
    ) -> None:
        for row, values in zip(rows, more, strict=True):
            values[HAS_OPPORTUNITY] = self._id(row) in known


def _contact_ids(rows: Sequence[Mapping[str, Any]]) -> set[str]:
    return {str(row[CONTACT_VALUE]).lower() for row in rows if row.get(CONTACT_VALUE)}


def _changed(records: Iterable[Record]) -> ChangePage:
    return ChangePage(tuple(Change(record.key, record) for record in records))
