"""Changes alternate keys, relationships and options; only for callers that may customize.

Sources: define-alternate-keys-entity.md, create-update-entity-relationships-using-web-api.md, the option actions.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

from . import refusal
from .address import Segment
from .customizing import check_unused
from .exchange import Answer, Request, json_answer, no_content
from .metadata_parse import Json, kind_of, named, text_of
from .metadata_read import find_relationship, find_table
from .metadata_rights import check_solution, join_solution, leave_solutions, made, may_customize
from .metadata_write import drop_column
from .organisation import Organisation
from .schema import Column, Key, Option, Relationship, Table

KEY_LIMIT, KEY_COLUMN_LIMIT, KEY_BYTES = 10, 16, 900
KEY_TYPES = frozenset({"Decimal", "Integer", "String", "DateTime", "Lookup", "Customer", "Owner", "Picklist"})


# --- keys ------------------------------------------------------------------------------------------------------------


def create_key(org: Organisation, request: Request, table_segment: Segment) -> Answer:
    """Define an alternate key; its index is built later, until then it is Pending."""
    may_customize(request, "prvCreateEntityKey")
    check_solution(org, request)
    table, body = find_table(org, table_segment), request.json()
    name, columns = named(body), tuple(str(c).lower() for c in body.get("KeyAttributes") or ())
    _check_key(table, name, columns)
    key = Key(
        name=name.lower(),
        schema_name=name,
        label=text_of(body.get("DisplayName"), name),
        columns=columns,
        id=str(uuid.uuid4()),
        active_at=org.now() + timedelta(seconds=org.rules.key_delay_s),
    )
    table.keys[key.name] = key
    join_solution(org, request, "key", key.id)
    return made(request, key.id)


def _check_key(table: Table, name: str, columns: tuple[str, ...]) -> None:
    if name.lower() in table.keys or any(set(k.columns) == set(columns) for k in table.keys.values()):
        raise refusal.Refusal(
            400, "0x80060896", f"The entity key {name} or one with the same columns already exists."
        )
    if len(table.keys) >= KEY_LIMIT:
        raise refusal.invalid(f"An entity can have no more than {KEY_LIMIT} keys.")
    if not 0 < len(columns) <= KEY_COLUMN_LIMIT:
        raise refusal.invalid(f"A key has between 1 and {KEY_COLUMN_LIMIT} columns.")
    size = 0
    for column_name in columns:
        column = table.columns.get(column_name)
        if column is None:
            raise refusal.invalid(f"The attribute '{column_name}' does not exist on '{table.name}'.")
        if column.type not in KEY_TYPES or column.secured:
            raise refusal.invalid(f"The attribute '{column_name}' cannot be part of a key.")
        size += 2 * (column.max_length or 0) if column.type == "String" else 16
    if size > KEY_BYTES:
        raise refusal.invalid(f"The columns of a key hold no more than {KEY_BYTES} bytes.")


def _key(table: Table, segment: Segment) -> Key:
    name = (segment.key or {}).get("LogicalName")
    for key in table.keys.values():
        if key.id == segment.id or key.name == name:
            return key
    raise refusal.Refusal(404, "0x80040217", f"There is no such key on {table.name}.")


def delete_key(org: Organisation, request: Request, table_segment: Segment, segment: Segment) -> Answer:
    """Drop an alternate key."""
    may_customize(request, "prvDeleteEntityKey")
    table = find_table(org, table_segment)
    key = _key(table, segment)
    del table.keys[key.name]
    org.store.forget_key(table.name, key.name)
    leave_solutions(org, key.id)
    return no_content()


def reactivate_key(org: Organisation, request: Request) -> Answer:
    """Run ReactivateEntityKey: build the index of a failed key again, after the doubled rows were repaired."""
    may_customize(request, "prvWriteEntityKey")
    body = request.json()
    table = org.schema.tables.get(str(body.get("EntityLogicalName", "")))
    key = (table.keys if table else {}).get(str(body.get("EntityKeyLogicalName", "")))
    if table is None or key is None:
        raise refusal.invalid("There is no such entity key.")
    again = org.now() + timedelta(seconds=org.rules.key_delay_s)
    table.keys[key.name] = replace(key, failed=False, active_at=again)
    return no_content()


# --- relationships ---------------------------------------------------------------------------------------------------


def create_relationship(org: Organisation, request: Request) -> Answer:
    """Create a one-to-many relationship with its lookup column."""
    may_customize(request, "prvCreateRelationship")
    check_solution(org, request)
    body = request.json()
    if kind_of(body) != "OneToManyRelationshipMetadata":
        raise refusal.not_modelled(f"creating a relationship as '{body.get('@odata.type')}'")
    relationship, column = _relationship_of(org, body)
    table = org.schema.tables[relationship.referencing]
    if column.name in table.columns:
        raise refusal.Refusal(
            400,
            "0x80047013",
            f"An attribute with the specified name {column.name} already exists on {table.name}.",
        )
    table.columns[column.name] = column
    table.reindex()
    org.schema.relationships[relationship.schema_name] = relationship
    join_solution(org, request, "relationship", relationship.id)
    return made(request, relationship.id)


def _relationship_of(org: Organisation, body: Json) -> tuple[Relationship, Column]:
    name = named(body)
    if any(n.lower() == name.lower() for n in org.schema.relationships):
        raise refusal.Refusal(
            400, "0x80047007", f"A relationship with the specified name {name} already exists."
        )
    referenced, referencing = str(body.get("ReferencedEntity")), str(body.get("ReferencingEntity"))
    for table in (referenced, referencing):
        if table not in org.schema.tables:
            raise refusal.invalid(f"The entity '{table}' of the relationship does not exist.")
    column = _lookup_of(body, referenced)
    cascade = cast(Json, body.get("CascadeConfiguration") or {})
    relationship = Relationship(
        id=str(uuid.uuid4()),
        schema_name=name,
        referenced=referenced,
        referencing=referencing,
        column=column.name,
        navigation=column.navigation[referenced],
        collection=str(body.get("ReferencedEntityNavigationPropertyName") or name),
        on_delete=str(cascade.get("Delete", "RemoveLink")),
        on_assign=str(cascade.get("Assign", "NoCascade")),
        on_merge=str(cascade.get("Merge", "NoCascade")),
        custom=True,
    )
    return relationship, column


def _lookup_of(body: Json, referenced: str) -> Column:
    """Read the lookup of a new relationship; its navigation property is its schema name, with that spelling of letters."""
    lookup = cast(Json, body.get("Lookup") or {})
    schema_name = named(lookup)
    navigation = str(body.get("ReferencingEntityNavigationPropertyName") or schema_name)
    return Column(
        name=schema_name.lower(),
        type="Lookup",
        schema_name=schema_name,
        label=text_of(lookup.get("DisplayName"), schema_name),
        id=str(uuid.uuid4()),
        required=_required(lookup),
        targets=(referenced,),
        navigation={referenced: navigation},
        custom=True,
    )


def _required(body: Json) -> str:
    level = cast(Json, body.get("RequiredLevel") or {})
    return str(level.get("Value") or "None")


def update_relationship(org: Organisation, request: Request, segment: Segment) -> Answer:
    """Replace the definition of a relationship: what a deletion, assignment or merge does can change."""
    may_customize(request, "prvWriteRelationship")
    relationship, body = find_relationship(org, segment), request.json()
    cascade = cast(Json, body.get("CascadeConfiguration") or {})
    changed = replace(
        relationship,
        on_delete=str(cascade.get("Delete", relationship.on_delete)),
        on_assign=str(cascade.get("Assign", relationship.on_assign)),
        on_merge=str(cascade.get("Merge", relationship.on_merge)),
    )
    org.schema.relationships[relationship.schema_name] = changed
    return no_content()


def delete_relationship(org: Organisation, request: Request, segment: Segment) -> Answer:
    """Delete a custom relationship with its lookup column."""
    may_customize(request, "prvDeleteRelationship")
    relationship = find_relationship(org, segment)
    if not relationship.custom:
        raise refusal.tied_by_component(relationship.schema_name)
    table = org.schema.tables[relationship.referencing]
    check_unused(org, table, relationship.column)
    check_unused(org, table, relationship=relationship.schema_name)
    drop_column(org, table, table.columns[relationship.column])
    org.schema.relationships.pop(relationship.schema_name, None)
    leave_solutions(org, relationship.id)
    return no_content()


# --- options ---------------------------------------------------------------------------------------------------------


def insert_option(org: Organisation, request: Request) -> Answer:
    """Run InsertOptionValue: add an option to a local choice; without a value the next free one is taken."""
    may_customize(request, "prvWriteAttribute")
    check_solution(org, request)
    table, column, body = _choice(org, request)
    value = body.get("Value")
    if value is None:
        value = max((o.value for o in column.options), default=0) + 1
    if column.option(value) is not None:
        raise refusal.Refusal(400, "0x80048403", f"The option value {value} already exists.")
    option = Option(int(value), text_of(body.get("Label")))
    _set_options(table, column, (*column.options, option))
    where = f"{request.root}$metadata#Microsoft.Dynamics.CRM.InsertOptionValueResponse"
    return json_answer({"@odata.context": where, "NewOptionValue": option.value})


def update_option(org: Organisation, request: Request) -> Answer:
    """Run UpdateOptionValue: give an option another label."""
    may_customize(request, "prvWriteAttribute")
    table, column, body = _choice(org, request)
    _known_option(column, body.get("Value"))
    renamed = tuple(
        replace(o, label=text_of(body.get("Label"), o.label)) if o.value == body["Value"] else o
        for o in column.options
    )
    _set_options(table, column, renamed)
    return no_content()


def delete_option(org: Organisation, request: Request) -> Answer:
    """Run DeleteOptionValue; rows that hold the value keep it."""
    may_customize(request, "prvWriteAttribute")
    table, column, body = _choice(org, request)
    _known_option(column, body.get("Value"))
    _set_options(table, column, tuple(o for o in column.options if o.value != body["Value"]))
    return no_content()


def _choice(org: Organisation, request: Request) -> tuple[Table, Column, dict[str, Any]]:
    body = request.json()
    if body.get("OptionSetName"):
        raise refusal.not_modelled("global option sets")
    table = org.schema.tables.get(str(body.get("EntityLogicalName", "")))
    column = table.columns.get(str(body.get("AttributeLogicalName", ""))) if table else None
    if table is None or column is None or column.type != "Picklist":
        raise refusal.invalid("EntityLogicalName and AttributeLogicalName have to name a choice column.")
    return table, column, body


def _known_option(column: Column, value: object) -> None:
    if column.option(value) is None:
        raise refusal.invalid(f"The option value {value} does not exist on '{column.name}'.")


def _set_options(table: Table, column: Column, options: tuple[Option, ...]) -> None:
    table.columns[column.name] = replace(column, options=options)
    table.reindex()
