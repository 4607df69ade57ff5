"""Changes tables and columns; only for callers that may customize.

Sources: create-update-entity-definitions-using-web-api.md and its page on columns. A definition is updated
by PUT of the whole of it, never by PATCH.
"""

from __future__ import annotations

import uuid
from typing import cast

from . import refusal
from .address import Segment
from .customizing import check_unused, forget_table
from .exchange import Answer, Request, no_content
from .first_forms import add_main_form
from .metadata_parse import (
    Json,
    changed_column,
    companions,
    kind_of,
    named,
    new_column,
    system_columns,
    text_of,
)
from .metadata_read import find_column, find_table
from .metadata_rights import check_solution, join_solution, leave_solutions, made, may_customize
from .organisation import Organisation
from .platform import allow_bulk
from .schema import Column, Table

# --- tables ----------------------------------------------------------------------------------------------------------


def create_table(org: Organisation, request: Request) -> Answer:
    """Create a table from an EntityMetadata with its primary name column and others."""
    may_customize(request, "prvCreateEntity")
    check_solution(org, request)
    table = _add_table(org, request.json())
    join_solution(org, request, "table", table.id)
    return made(request, table.id)


def create_tables(org: Organisation, request: Request) -> Answer:
    """Run the action CreateEntities: several tables at once, all or none."""
    may_customize(request, "prvCreateEntity")
    check_solution(org, request)
    bodies = cast(list[Json], request.json().get("Entities") or [])
    for body in bodies:
        _table_of(org, body)
    for body in bodies:
        table = _add_table(org, body)
        join_solution(org, request, "table", table.id)
    return no_content()


def _add_table(org: Organisation, body: Json) -> Table:
    table = _table_of(org, body)
    org.schema.add(table)
    org.store.rows.setdefault(table.name, {})
    allow_bulk(org, table.name)
    owner = ("ownerid",) if "ownerid" in table.columns else ()
    add_main_form(org, table, (table.name_column or table.id_column, *owner))
    return table


def _table_of(org: Organisation, body: Json) -> Table:
    schema_name = named(body)
    name = schema_name.lower()
    if name in org.schema.tables:
        raise refusal.Refusal(
            400, "0x80044363", f"An entity with the specified name {schema_name} already exists."
        )
    user_owned = body.get("OwnershipType", "UserOwned") == "UserOwned"
    columns = {c.name: c for c in system_columns(name, schema_name, user_owned=user_owned)}
    attributes = cast(list[Json], body.get("Attributes") or [])
    primary = [a for a in attributes if a.get("IsPrimaryName")]
    if len(primary) != 1 or kind_of(primary[0]) != "StringAttributeMetadata":
        raise refusal.invalid("A new entity needs exactly one StringAttributeMetadata with IsPrimaryName.")
    table = Table(
        name=name,
        schema_name=schema_name,
        set_name=_plural(name),
        id_column=f"{name}id",
        name_column=named(primary[0]).lower(),
        id=str(uuid.uuid4()),
        type_code=10_000 + len(org.schema.tables),
        label=text_of(body.get("DisplayName"), schema_name),
        collection_label=text_of(body.get("DisplayCollectionName"), schema_name),
        ownership="UserOwned" if user_owned else "OrganizationOwned",
        custom=True,
        tracked=bool(body.get("ChangeTrackingEnabled", False)),
        columns=columns,
        extra={k: body[k] for k in ("HasNotes", "HasActivities", "Description") if k in body},
    )
    for attribute in attributes:
        _take_column(table, new_column(attribute))
    return table


def _plural(name: str) -> str:
    if name.endswith("y") and name[-2:-1] not in set("aeiou"):
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("s", "x", "z", "ch", "sh")) else f"{name}s"


def update_table(org: Organisation, request: Request, segment: Segment) -> Answer:
    """Replace the definition of a table; change tracking can be switched on, never off."""
    may_customize(request, "prvWriteEntity")
    table, body = find_table(org, segment), request.json()
    if str(body.get("SchemaName", "")).lower() != table.name:
        raise refusal.invalid(
            "PUT replaces the whole definition: 'SchemaName' has to be the one of the entity."
        )
    tracked = body.get("ChangeTrackingEnabled", table.tracked)
    if tracked and not table.can_be_tracked:
        raise refusal.invalid(f"Change tracking cannot be enabled for entity '{table.name}'.")
    if table.tracked and not tracked:
        raise refusal.invalid(
            f"Change tracking of entity '{table.name}' cannot be switched off once it is on."
        )
    table.tracked = bool(tracked)
    table.label = text_of(body.get("DisplayName"), table.label)
    table.collection_label = text_of(body.get("DisplayCollectionName"), table.collection_label)
    table.extra.update({k: body[k] for k in ("HasNotes", "HasActivities", "Description") if k in body})
    return no_content()


def delete_table(org: Organisation, request: Request, segment: Segment) -> Answer:
    """Delete a custom table with its rows, unless a lookup of another table points at it."""
    may_customize(request, "prvDeleteEntity")
    table = find_table(org, segment)
    if not table.custom:
        raise refusal.tied_by_component(table.name)
    if any(r.referencing != table.name for r in org.schema.pointing_at(table.name)):
        raise refusal.tied_by_component(table.name)
    check_unused(org, table)
    forget_table(org, table)
    for row_id in list(org.store.rows[table.name]):
        org.store.remove(table, row_id)
    org.schema.remove(table)
    leave_solutions(org, table.id)
    return no_content()


# --- columns ---------------------------------------------------------------------------------------------------------


def _take_column(table: Table, column: Column) -> None:
    if column.name in table.columns:
        raise refusal.Refusal(
            400,
            "0x80047013",
            f"An attribute with the specified name {column.name} already exists on {table.name}.",
        )
    for new in (column, *companions(table, column)):
        table.columns[new.name] = new
    table.reindex()


def create_column(org: Organisation, request: Request, table_segment: Segment) -> Answer:
    """Add a column to a table."""
    may_customize(request, "prvCreateAttribute")
    check_solution(org, request)
    table = find_table(org, table_segment)
    body = request.json()
    if kind_of(body) == "LookupAttributeMetadata":
        raise refusal.invalid("A lookup is created with its relationship, by POST RelationshipDefinitions.")
    column = new_column(body)
    _take_column(table, column)
    for existing in table.columns.values():
        org.schema.relate(table, existing)
    join_solution(org, request, "column", column.id)
    return made(request, column.id)


def update_column(org: Organisation, request: Request, table_segment: Segment, segment: Segment) -> Answer:
    """Replace the definition of a column; its type cannot change."""
    may_customize(request, "prvWriteAttribute")
    table = find_table(org, table_segment)
    column, body = find_column(table, segment), request.json()
    if str(body.get("SchemaName", column.schema_name)).lower() != column.name:
        raise refusal.invalid(
            "PUT replaces the whole definition: 'SchemaName' has to be the one of the attribute."
        )
    new = changed_column(column, body)
    if new.max_length is not None and column.max_length is not None and new.max_length < column.max_length:
        _check_lengths(org, table, new)
    table.columns[column.name] = new
    table.reindex()
    return no_content()


def _check_lengths(org: Organisation, table: Table, column: Column) -> None:
    limit = column.max_length or 0
    if any(len(str(row.get(column.name) or "")) > limit for row in org.store.rows[table.name].values()):
        raise refusal.invalid(f"Values of '{column.name}' are longer than {limit}.")


def delete_column(org: Organisation, request: Request, table_segment: Segment, segment: Segment) -> Answer:
    """Delete a custom column with its values, unless a key needs it."""
    may_customize(request, "prvDeleteAttribute")
    table = find_table(org, table_segment)
    column = find_column(table, segment)
    if not column.custom or column.name == table.name_column:
        raise refusal.tied_by_component(column.name)
    check_unused(org, table, column.name)
    drop_column(org, table, column)
    return no_content()


def drop_column(org: Organisation, table: Table, column: Column) -> None:
    """Take a column out of a table, with its values, base amount and relationships; raises 400 where a key needs it."""
    if any(column.name in key.columns for key in table.keys.values()):
        raise refusal.tied_by_component(column.name)
    for name in (column.name, f"{column.name}_base"):
        gone = table.columns.get(name)
        if gone is None:
            continue
        org.store.forget_column(table, gone)
        del table.columns[name]
    table.reindex()
    kept = {
        n: r
        for n, r in org.schema.relationships.items()
        if (r.referencing, r.column) != (table.name, column.name)
    }
    org.schema.relationships = kept
    leave_solutions(org, column.id)
