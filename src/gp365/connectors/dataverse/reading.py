"""Reading a table: every row, every key, many rows by key or by another column, with an account's joined fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from gp365.connectors.dataverse.describe import CONTACT_PREFIX, HAS_OPPORTUNITY
from gp365.connectors.dataverse.metadata import LOOKUPS, Column, Table
from gp365.connectors.dataverse.narrow import filtered
from gp365.connectors.dataverse.organisation import Organisation
from gp365.connectors.dataverse.reach import out_of_reach
from gp365.connectors.dataverse.selection import (
    CONTACT_LOOKUP,
    Asked,
    Selection,
    asked,
    joined_contact,
    selection,
)
from gp365.connectors.dataverse.values import NUMBERS, is_guid
from gp365.model.contract import Scratch, ScratchTable
from gp365.model.errors import Misconfigured
from gp365.model.record import Record
from gp365.model.values import Key, Value
from gp365.wire.literals import Value as Literal
from gp365.wire.literals import any_of, filters, in_list

Row = Mapping[str, Any]
CUSTOMER = "_customerid_value"


def scan(org: Organisation, scratch: Scratch, entity: str, fields: Sequence[str]) -> Iterator[list[Record]]:
    """Give every record in pages; the primary contact comes with its account by one $expand."""
    query = Query(org, entity, fields)
    prospects = with_opportunity(org, scratch) if query.asked.opportunity else None
    params = filtered(query.table, query.params())
    for page in org.api.pages(query.table.set_name, params, page_rows=org.sizes.page_rows):
        org.principals.meet(page.rows)
        ids = [query.selection.id_of(row) for row in page.rows]
        known = set(prospects.get(ids)) if prospects is not None else set[str]()
        yield [query.record(row, query.selection.id_of(row) in known) for row in page.rows]


def census(org: Organisation, entity: str) -> Iterator[list[tuple[Key, str]]]:
    """Give every key with its birth mark, in pages."""
    chosen = selection(org.table(entity), ())  # who changed it is of no interest here
    params = filtered(chosen.table, {"$select": chosen.select})
    for page in org.api.pages(chosen.table.set_name, params, page_rows=org.sizes.page_rows):
        yield [((chosen.id_of(row),), chosen.birth(row)) for row in page.rows]


def get(
    org: Organisation, entity: str, keys: Sequence[Key], fields: Sequence[str], *, who: bool = True
) -> dict[Key, Record]:
    """Read records by key, about one request per 200; a key that is no GUID is no record.

    With `who` those who changed them are known by name. What does not come is asked for by itself, about one request
    per 100: a record out of our reach is hidden, not gone.
    """
    query = Query(org, entity, fields, who=who)
    ids = list(dict.fromkeys(key[0].lower() for key in keys if len(key) == 1 and is_guid(key[0].lower())))
    found = _by_id(query, ids)
    missing = [id_ for id_ in ids if (id_,) not in found]
    if missing:
        hidden, here = out_of_reach(org, query.table, missing)
        found |= {(id_,): Record((id_,), {}) for id_ in hidden}
        found |= _by_id(query, here) if here else {}
    return {key: found[same] for key in keys if (same := (key[0].lower(),)) in found}


def _by_id(query: Query, ids: Sequence[str]) -> dict[Key, Record]:
    column = query.table.columns[query.table.id_column]
    return {record.key: record for record in query.where(column, ids)}


def find(
    org: Organisation, entity: str, field: str, values: Sequence[Value], fields: Sequence[str]
) -> list[Record]:
    """Read the records whose field has one of the values; the database compares without case and trailing blanks."""
    query = Query(org, entity, fields)
    if entity == "account" and field.startswith(CONTACT_PREFIX):
        contacts = find(org, "contact", field.removeprefix(CONTACT_PREFIX), values, ())
        lookup = query.table.columns[CONTACT_LOOKUP]
        return list(query.where(lookup, [record.key[0] for record in contacts]))
    column = query.table.columns.get(field)
    if column is None:
        raise Misconfigured("flow-field", f"Dataverse's table {entity} has no column {field}", field=field)
    return list(query.where(column, list(dict.fromkeys(values))))


class Query:
    """A query of one table for the fields asked for, joined ones included."""

    def __init__(self, org: Organisation, entity: str, fields: Sequence[str], *, who: bool = True) -> None:
        self.org = org
        self.who = who
        self.table = org.table(entity)
        self.asked: Asked = asked(entity, fields)
        also = (CONTACT_LOOKUP,) if self.asked.contact else ()
        self.selection: Selection = selection(self.table, self.asked.own, org.principals.names, also)
        self.contact = selection(org.table("contact"), self.asked.contact) if self.asked.contact else None

    def params(self) -> dict[str, str]:
        """Return $select, and $expand where the contact's columns are asked for."""
        params = {"$select": self.selection.select}
        if self.contact is not None:
            params["$expand"] = f"{CONTACT_LOOKUP}($select={self.contact.select})"
        return params

    def record(self, row: Row, opportunity: bool) -> Record:
        """Return a row of the query as a record."""
        more: dict[str, Value] = {}
        if self.contact is not None:
            more |= joined_contact(self.contact, row, row.get(CONTACT_LOOKUP))
        if self.asked.opportunity:
            more[HAS_OPPORTUNITY] = opportunity
        return self.selection.record(row, more)

    def where(self, column: Column, values: Sequence[Value]) -> Iterator[Record]:
        """Give the records whose column has one of the values, as many values per request as the URL takes."""
        for filter_ in conditions(self.org, column, values):
            rows = list(self.rows({**self.params(), "$filter": filter_}))
            if self.who:
                self.org.principals.meet(rows)
            ids = [self.selection.id_of(row) for row in rows]
            known = opportunity_of(self.org, ids) if self.asked.opportunity else set[str]()
            for row, id_ in zip(rows, ids, strict=True):
                yield self.record(row, id_ in known)

    def rows(self, params: Mapping[str, str]) -> Iterator[Row]:
        """Give the rows of a query."""
        for page in self.org.api.pages(self.table.set_name, params, page_rows=self.org.sizes.page_rows):
            yield from page.rows


def conditions(org: Organisation, column: Column, values: Sequence[Value]) -> Iterator[str]:
    """Give the filters for a column with one of the values, each short enough for a URL."""
    if any(value is None for value in values):
        yield f"{column.wire} eq null"
    literals = [literal for value in values if (literal := _literal(column, value)) is not None]
    listed = column.type in ("String", "Memo", "Uniqueidentifier")
    name = column.name if listed else column.wire
    for _, text in filters(
        literals,
        lambda some: in_list(name, some) if listed else any_of(name, some),
        room=org.sizes.url_chars,
        most=org.sizes.keys_per_read,
    ):
        yield text


def _literal(column: Column, value: Value) -> Literal:
    """Return the value as a filter holds it, None for one that the column can never have."""
    if column.type in LOOKUPS:
        return UUID(value) if isinstance(value, str) and is_guid(value.lower()) else None
    if column.type == "Uniqueidentifier":
        return value.lower() if isinstance(value, str) and is_guid(value.lower()) else None
    if column.type in ("String", "Memo"):
        return value.rstrip() if isinstance(value, str) and value.strip() else None
    if isinstance(value, str):
        return None
    return value if column.type not in NUMBERS or not isinstance(value, bool) else None


def opportunity_of(org: Organisation, accounts: Sequence[str]) -> set[str]:
    """Return which of the accounts have at least one opportunity."""
    table = org.table("opportunity")
    column = Column("customerid", "Customer")
    found: set[str] = set()
    for filter_ in conditions(org, column, accounts):
        params = {"$select": CUSTOMER, "$filter": filter_}
        for page in org.api.pages(table.set_name, params, page_rows=org.sizes.page_rows):
            found |= {str(row[CUSTOMER]).lower() for row in page.rows}
    return found


def with_opportunity(org: Organisation, scratch: Scratch) -> ScratchTable:
    """Pass once over the opportunities and return the accounts that have one, in a scratch table."""
    table: Table = org.table("opportunity")
    kept = scratch.table(f"{org.name}.has_opportunity")
    kept.clear()
    for page in org.api.pages(table.set_name, {"$select": CUSTOMER}, page_rows=org.sizes.page_rows):
        keep_customers(kept, page.rows)
    return kept


def keep_customers(kept: ScratchTable, rows: Iterable[Row]) -> None:
    """Note the customers of a page of opportunities."""
    customers = {str(row[CUSTOMER]).lower() for row in rows if row.get(CUSTOMER)}
    kept.put([(customer, "", b"") for customer in sorted(customers)])
