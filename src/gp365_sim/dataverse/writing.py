"""Answers writes of one row: POST, PATCH with its upsert rules, DELETE, single columns and references."""

from __future__ import annotations

from typing import Any

from . import refusal
from .address import Segment
from .exchange import Answer, Request, json_answer, no_content
from .metadata_rights import COMPONENTS, check_solution, join_solution, leave_solutions
from .organisation import Organisation
from .payload import find_by_values, find_row, key_values, point, read_payload, resolve
from .query import Query, parse_pairs
from .reading import context, view_of
from .records import create, delete, update
from .render import etag, renderer
from .schema import Table
from .store import Row


def post(org: Organisation, request: Request, table: Table, query: Query) -> Answer:
    """Create a row: 204 with OData-EntityId, or 201 with the row where a representation is preferred."""
    body = request.json()
    values = read_payload(org, table, body, creating=True)
    if table.name in COMPONENTS:
        check_solution(org, request)
    row = create(org, request.caller, table, values, check_duplicates=wants_duplicate_check(request))
    if table.name in COMPONENTS:
        join_solution(org, request, table.name, row[table.id_column])
    if request.prefer.representation:
        return representation(org, request, table, row, query, 201)
    return no_content(*entity_id(request, f"{table.set_name}({row[table.id_column]})"), rows=1)


def wants_duplicate_check(request: Request) -> bool:
    """Duplicate rules are off for the API unless this header says so (optional-parameters.md)."""
    return request.headers.get("mscrm.suppressduplicatedetection", "").lower() == "false"


def patch(org: Organisation, request: Request, table: Table, segment: Segment, query: Query) -> Answer:
    """Update or upsert a row, by id or by alternate key, under If-Match and If-None-Match.

    Without If-Match a missing row is created (use-upsert-insert-update-record.md). The answer names the row as the URL did:
    a keyed upsert does not tell the id.
    """
    by_id = segment.id is not None
    keys: Row = {} if by_id else key_values_of(org, table, segment)
    row_id = segment.id if by_id else _id_of(org, table, segment, keys)
    old = org.store.find(table.name, row_id) if row_id else None
    _check_conditions(request, table, segment, old)
    body = request.json()
    if old is None:
        row = _create_under(org, request, table, body, keys, row_id)
    else:
        values = read_payload(org, table, body, creating=False)
        row = update(org, request.caller, table, old, {k: v for k, v in values.items() if k not in keys})
    if request.prefer.representation:
        return representation(org, request, table, row, query, 201 if old is None else 200)
    return no_content(*entity_id(request, _named(table, segment, row)), rows=1)


def key_values_of(org: Organisation, table: Table, segment: Segment) -> Row:
    """Give the alternate key values of a segment; a key that names the id column is no alternate key."""
    keys = segment.key or {}
    return {} if list(keys) == [table.id_column] else key_values(org, table, keys)


def _id_of(org: Organisation, table: Table, segment: Segment, keys: Row) -> str | None:
    return find_by_values(org, table, keys) if keys else find_row(org, table, segment)


def _create_under(
    org: Organisation, request: Request, table: Table, body: dict[str, Any], keys: Row, row_id: str | None
) -> Row:
    values = read_payload(org, table, body, creating=True)
    # Key values are copied from the URL, but a value in the body wins even if it differs (same page).
    full = {**keys, **{k: v for k, v in values.items() if v is not None or k not in keys}}
    if row_id is not None:
        full[table.id_column] = row_id
    return create(org, request.caller, table, full, check_duplicates=wants_duplicate_check(request))


def _named(table: Table, segment: Segment, row: Row) -> str:
    if segment.id is not None or not segment.key:
        return f"{table.set_name}({row[table.id_column]})"
    return f"{table.set_name}({','.join(f'{k}={_written(v)}' for k, v in segment.key.items())})"


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)


def _check_conditions(request: Request, table: Table, segment: Segment, old: Row | None) -> None:
    wanted = request.headers.get("if-match", "").strip()
    if wanted and old is None:
        raise (
            refusal.not_found(table.name, segment.id) if segment.id else refusal.not_found_by_key(table.name)
        )
    if wanted and wanted != "*" and old is not None and etag(old) != wanted:
        raise refusal.stale()
    if request.headers.get("if-none-match", "").strip() == "*" and old is not None:
        raise refusal.already_there()


def representation(
    org: Organisation, request: Request, table: Table, row: Row, query: Query, status: int
) -> Answer:
    """Answer the row as it now is, with its ETag (create-entity-web-api.md: OData-EntityId is not sent then)."""
    body = {"@odata.context": context(request, table, query, "/$entity")}
    body.update(renderer(org, table, view_of(request), query.select, query.expand)(row))
    headers = (("Preference-Applied", "return=representation"), ("ETag", etag(row)))
    return json_answer(body, *headers, status=status, rows=1)


def entity_id(request: Request, resource: str) -> tuple[tuple[str, str], ...]:
    """Give OData-EntityId; a part of a batch carries Location too."""
    url = f"{request.root}{resource}"
    header = (("OData-EntityId", url),)
    return (*header, ("Location", url)) if request.in_batch else header


def remove(org: Organisation, request: Request, table: Table, segment: Segment) -> Answer:
    """Delete a row, only in the version of If-Match where one is given."""
    row_id = existing(org, table, segment)
    _check_conditions(request, table, segment, org.store.get(table.name, row_id))
    delete(org, request.caller, table, row_id)
    if table.name in COMPONENTS:
        leave_solutions(org, row_id)
    return no_content(rows=1)


def existing(org: Organisation, table: Table, segment: Segment) -> str:
    """Give the id of the row that a segment names; raises 404 where there is none."""
    row_id = find_row(org, table, segment)
    if row_id is None:
        raise refusal.not_found_by_key(table.name)
    org.store.get(table.name, row_id)
    return row_id


# --- single columns --------------------------------------------------------------------------------------------------


def put_property(org: Organisation, request: Request, table: Table, row_id: str, name: str) -> Answer:
    """Write one column from `{"value": …}`."""
    if name not in table.wire:
        raise refusal.no_such_segment(name)
    return _write(org, request, table, row_id, {name: request.json().get("value")})


def delete_property(org: Organisation, request: Request, table: Table, row_id: str, name: str) -> Answer:
    """Clear one column; a lookup cannot be cleared that way (update-delete-entities-using-web-api.md)."""
    if name not in table.wire or name in table.navigation:
        raise refusal.no_such_segment(name)
    return _write(org, request, table, row_id, {name: None})


def _write(org: Organisation, request: Request, table: Table, row_id: str, body: dict[str, Any]) -> Answer:
    old = org.store.get(table.name, row_id)
    _check_conditions(request, table, Segment("", id=row_id), old)
    values = read_payload(org, table, body, creating=False)
    update(org, request.caller, table, old, values)
    return no_content(rows=1)


# --- references ------------------------------------------------------------------------------------------------------


def put_reference(org: Organisation, request: Request, table: Table, row_id: str, name: str) -> Answer:
    """Point a single-valued navigation property at another row; the row that holds the lookup gets a new version."""
    if name not in table.navigation:
        raise refusal.no_such_segment(name)
    return _write(org, request, table, row_id, {f"{name}@odata.bind": request.json().get("@odata.id")})


def clear_reference(org: Organisation, request: Request, table: Table, row_id: str, name: str) -> Answer:
    """Clear a single-valued navigation property."""
    return _write(org, request, table, row_id, {f"{name}@odata.bind": None})


def add_to_collection(org: Organisation, request: Request, table: Table, row_id: str, name: str) -> Answer:
    """Associate a row with this one: the lookup on the other row is set."""
    other, wire_column, relationship = _member_side(org, table, name)
    found, other_id = resolve(org, str(request.json().get("@odata.id", "")))
    if found.name != other.name:
        raise refusal.bad_payload(table.name, f"A row of '{found.name}' does not belong in '{name}'.")
    values: Row = {}
    point(values, other.columns[relationship], table.name, org.store.get(table.name, row_id)[table.id_column])
    update(org, request.caller, other, org.store.get(other.name, other_id), values)
    return no_content(rows=1) if wire_column else no_content()


def remove_from_collection(
    org: Organisation, request: Request, table: Table, row_id: str, segment: Segment
) -> Answer:
    """Take a row out of a collection, named by key or by `$id`."""
    other, wire, column = _member_side(org, table, segment.name)
    reference = dict(parse_pairs(request.query)).get("$id", "")
    other_id = segment.id or resolve(org, reference)[1]
    row = org.store.get(other.name, other_id)
    if row.get(wire) != row_id:
        raise refusal.not_found(other.name, other_id)
    values: Row = {}
    point(values, other.columns[column], None, None)
    update(org, request.caller, other, row, values)
    return no_content(rows=1)


def _member_side(org: Organisation, table: Table, name: str) -> tuple[Table, str, str]:
    relationship = org.schema.collections(table.name).get(name)
    if relationship is None:
        raise refusal.no_such_segment(name)
    other = org.schema.tables[relationship.referencing]
    return other, other.columns[relationship.column].wire, relationship.column
