"""Answers reads of definitions: EntityDefinitions with attributes, keys and relationships, and RetrieveMetadataChanges."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

from . import refusal
from .address import Alias, Segment
from .exchange import Answer, Request, json_answer
from .expression import Any as AnyOf
from .expression import Compare, In, Literal, Logic, Node, Not, Path, parse_filter
from .metadata_json import (
    BASE_PROPERTIES,
    CRM,
    METADATA_TYPES,
    Json,
    column_json,
    key_json,
    option_set_json,
    relationship_json,
    table_json,
)
from .organisation import Organisation
from .query import Expansion, Query
from .schema import Column, Relationship, Table

OPTION_SET_TYPES = frozenset({"Picklist", "State", "Status", "Boolean"})
KINDS = frozenset(
    {*(name for name, _ in METADATA_TYPES.values()), "AttributeMetadata", "EnumAttributeMetadata"}
)
COLLECTIONS = frozenset(
    {"Attributes", "Keys", "OneToManyRelationships", "ManyToOneRelationships", "ManyToManyRelationships"}
)


@dataclass(frozen=True)
class Item:
    """A definition with the collections that $expand may add."""

    json: Json
    expand: dict[str, Callable[[Expansion], Any]]
    cast: bool = True


# --- finding ---------------------------------------------------------------------------------------------------------


def find_table(org: Organisation, segment: Segment) -> Table:
    """Give the table of `EntityDefinitions(id)` or `EntityDefinitions(LogicalName='x')`; raises 404."""
    name = (segment.key or {}).get("LogicalName")
    for table in org.schema.tables.values():
        if table.id == segment.id or (name is not None and table.name == name):
            return table
    raise refusal.Refusal(404, "0x80060888", f"Could not find an entity with name {name or segment.id}.")


def find_column(table: Table, segment: Segment) -> Column:
    """Give the column of `Attributes(id)` or `Attributes(LogicalName='x')`; raises 404."""
    name = (segment.key or {}).get("LogicalName")
    for column in table.columns.values():
        if column.id == segment.id or (name is not None and column.name == name):
            return column
    raise refusal.Refusal(
        404, "0x80044153", f"Could not find an attribute with name {name or segment.id} on {table.name}."
    )


def find_relationship(org: Organisation, segment: Segment) -> Relationship:
    """Give the relationship of `RelationshipDefinitions(id)` or `(SchemaName='x')`; raises 404."""
    name = (segment.key or {}).get("SchemaName")
    for relationship in org.schema.relationships.values():
        if relationship.id == segment.id or (name is not None and relationship.schema_name == name):
            return relationship
    raise refusal.Refusal(404, "0x80040217", f"Could not find a relationship with name {name or segment.id}.")


# --- items -----------------------------------------------------------------------------------------------------------


def _table_item(org: Organisation, table: Table) -> Item:
    def many(make: Callable[[], list[Item]]) -> Callable[[Expansion], Any]:
        return lambda wish: [_project(i, wish.select, wish.expand) for i in _filtered(make(), wish.filter)]

    return Item(
        table_json(table),
        {name: many(lambda name=name: _collection(org, table, name)) for name in COLLECTIONS},
    )


def _collection(org: Organisation, table: Table, name: str) -> list[Item]:
    if name == "Attributes":
        return [_column_item(table, c, cast=False) for c in table.columns.values()]
    if name == "Keys":
        org.store.settle_keys(table)
        return [Item(key_json(org, table, k), {}) for k in table.keys.values()]
    sides = {"OneToManyRelationships": "referenced", "ManyToOneRelationships": "referencing"}
    if name not in sides:
        return []
    found = [r for r in org.schema.relationships.values() if getattr(r, sides[name]) == table.name]
    return [Item(relationship_json(org, r), {}) for r in found]


def _column_item(table: Table, column: Column, *, cast: bool) -> Item:
    expand: dict[str, Callable[[Expansion], Any]] = {}
    if cast and column.type in OPTION_SET_TYPES:
        expand["OptionSet"] = lambda wish: _project(Item(option_set_json(table, column), {}), wish.select, ())
        expand["GlobalOptionSet"] = lambda wish: None
    return Item(column_json(table, column), expand, cast)


# --- answering -------------------------------------------------------------------------------------------------------


def read_tables(org: Organisation, request: Request, query: Query) -> Answer:
    """Answer EntityDefinitions with $select, $filter and $expand."""
    items = [_table_item(org, t) for t in org.schema.tables.values()]
    return _many(request, "EntityDefinitions", items, query)


def read_table(org: Organisation, request: Request, path: list[Segment], query: Query) -> Answer:
    """Answer EntityDefinitions(…) and everything below it."""
    table = find_table(org, path[0])
    if len(path) == 1:
        return _one(request, "EntityDefinitions", _table_item(org, table), query)
    name = path[1].name
    if name == "Attributes":
        return _read_attributes(request, table, path[1:], query)
    if name not in COLLECTIONS:
        raise refusal.not_modelled(f"'{name}' of EntityDefinitions")
    items = _collection(org, table, name)
    if not path[1].called:
        return _many(request, f"EntityDefinitions('{table.name}')/{name}", items, query)
    wanted = {path[1].id, *(path[1].key or {}).values()} - {None}
    for item in items:
        if wanted & {item.json["MetadataId"], item.json.get("LogicalName"), item.json.get("SchemaName")}:
            return _one(request, name, item, query)
    raise refusal.Refusal(404, "0x80040217", f"There is no such item in {name} of {table.name}.")


def _read_attributes(request: Request, table: Table, path: list[Segment], query: Query) -> Answer:
    where = f"EntityDefinitions('{table.name}')/Attributes"
    cast = path[1].name if len(path) > 1 else None
    if not path[0].called:
        columns = [c for c in table.columns.values() if cast is None or _is(c, cast)]
        return _many(request, where, [_column_item(table, c, cast=cast is not None) for c in columns], query)
    column = find_column(table, path[0])
    if cast == "OptionSet" or (len(path) > 2 and path[2].name == "OptionSet"):
        return _one(request, f"{where}/OptionSet", Item(option_set_json(table, column), {}), query)
    if len(path) > 2:
        raise refusal.not_modelled(f"'{path[2].name}' below an attribute")
    if cast is not None and not _is(column, cast):
        raise refusal.Refusal(
            404,
            "0x80040217",
            f"The attribute '{column.name}' of '{table.name}' is no {cast.removeprefix(CRM)}.",
        )
    return _one(request, where, _column_item(table, column, cast=cast is not None), query)


def _is(column: Column, cast: str) -> bool:
    kind = cast.removeprefix(CRM)
    if not cast.startswith(CRM) or kind not in KINDS:
        raise refusal.no_such_segment(cast)
    if kind == "EnumAttributeMetadata":
        return column.type in {"Picklist", "State", "Status"}
    return kind == "AttributeMetadata" or METADATA_TYPES[column.type][0] == kind


def read_relationships(org: Organisation, request: Request, path: list[Segment], query: Query) -> Answer:
    """Answer RelationshipDefinitions, all or one."""
    cast = path[1].name.removeprefix(CRM) if len(path) > 1 else "OneToManyRelationshipMetadata"
    if path[0].called:
        item = Item(relationship_json(org, find_relationship(org, path[0])), {})
        return _one(request, "RelationshipDefinitions", item, query)
    # Relationships between many and many are not modelled, so a cast to them finds none.
    found = org.schema.relationships.values() if cast == "OneToManyRelationshipMetadata" else ()
    items = [Item(relationship_json(org, r), {}) for r in found]
    return _many(request, "RelationshipDefinitions", items, query)


def _one(request: Request, where: str, item: Item, query: Query) -> Answer:
    body = {"@odata.context": f"{request.root}$metadata#{where}/$entity"}
    body.update(_project(item, query.select, query.expand))
    return json_answer(body)


def _many(request: Request, where: str, items: list[Item], query: Query) -> Answer:
    if query.orderby or query.skiptoken or query.deltatoken:
        raise refusal.not_modelled("sorting and paging of definitions")
    found = [i for i in items if query.filter is None or _holds(query.filter, i.json)][: query.top]
    body: Json = {"@odata.context": f"{request.root}$metadata#{where}"}
    if query.count:
        body["@odata.count"] = len(found)
    body["value"] = [_project(i, query.select, query.expand) for i in found]
    return json_answer(body, rows=len(found))


def _filtered(items: list[Item], text: str | None) -> list[Item]:
    node = parse_filter(text, {}) if text else None
    return [i for i in items if node is None or _holds(node, i.json)]


def _project(item: Item, select: tuple[str, ...] | None, expand: Iterable[Expansion]) -> Json:
    source = item.json
    if select is None:
        out = dict(source)
    else:
        _check_select(item, select)
        wanted = {*select, "@odata.type", "MetadataId"}
        out = {name: value for name, value in source.items() if name in wanted}
    for wish in expand:
        if wish.name not in item.expand:
            raise _no_property(wish.name)
        out[wish.name] = item.expand[wish.name](wish)
    return out


def _check_select(item: Item, select: tuple[str, ...]) -> None:
    base = "AttributeType" in item.json and not item.cast
    for name in select:
        if (base and name not in BASE_PROPERTIES) or (name not in item.json and name not in BASE_PROPERTIES):
            raise _no_property(name)


def _no_property(name: str) -> refusal.Refusal:
    return refusal.bad_request(f"Could not find a property named '{name}' on the type of this definition.")


# --- $filter over definitions ----------------------------------------------------------------------------------------


def _holds(node: Node, item: Json) -> bool:
    if isinstance(node, Logic):
        parts = (_holds(p, item) for p in node.parts)
        return all(parts) if node.word == "and" else any(parts)
    if isinstance(node, Not):
        return not _holds(node.part, item)
    if isinstance(node, Path):
        return bool(_at(item, node))
    if isinstance(node, Compare):
        return _compares(node, item)
    if isinstance(node, In | AnyOf):
        raise refusal.not_modelled("In() and any() over definitions")
    raise refusal.not_modelled(f"{node.function}() over definitions")


def _compares(node: Compare, item: Json) -> bool:
    left, right = (o.value if isinstance(o, Literal) else _at(item, o) for o in (node.left, node.right))
    if node.operator not in {"eq", "ne"}:
        raise refusal.not_modelled(f"'{node.operator}' over definitions")
    return (left == right) == (node.operator == "eq")


def _at(item: Json, path: Path) -> Any:
    here: Any = item
    for part in path.parts:
        if not isinstance(here, dict) or part not in here:
            raise _no_property(part)
        here = here[part]  # pyright: ignore[reportUnknownVariableType]
    return here  # pyright: ignore[reportUnknownVariableType]


# --- RetrieveMetadataChanges -----------------------------------------------------------------------------------------


def metadata_changes(org: Organisation, request: Request, segment: Segment, query: Query) -> Answer:
    """Answer RetrieveMetadataChanges for Equals conditions on names, the form that Microsoft's Python client sends."""
    argument = (segment.key or {}).get("Query")
    text = query.aliases.get(argument.name, "") if isinstance(argument, Alias) else str(argument)
    try:
        wish = json.loads(text)
    except ValueError as error:
        raise refusal.invalid(f"The parameter Query is not valid: {error}") from error
    found = [t for t in org.schema.tables.values() if _meets(wish, table_json(t))]
    body = {
        "@odata.context": f"{request.root}$metadata#{CRM}RetrieveMetadataChangesResponse",
        "ServerVersionStamp": f"{org.store.version}!{org.stamp()}",
        "DeletedMetadata": None,
        "EntityMetadata": [_changed_table(t, wish) for t in found],
    }
    return json_answer(body, rows=len(found))


def _changed_table(table: Table, wish: Json) -> Json:
    out = _named(table_json(table), wish)
    if "Attributes" in _names(wish) or not _names(wish):
        inner: Json = wish.get("AttributeQuery") or {}
        columns = [column_json(table, c) for c in table.columns.values()]
        out["Attributes"] = [_named(c, inner) for c in columns if _meets(inner, c)]
    return out


def _names(wish: Json) -> list[str]:
    properties = cast(Json, wish.get("Properties") or {})
    return cast(list[str], properties.get("PropertyNames") or [])


def _named(item: Json, wish: Json) -> Json:
    names = {*_names(wish), "@odata.type", "MetadataId", "LogicalName"}
    return {k: v for k, v in item.items() if k in names or not _names(wish)}


def _meets(wish: Json, item: Json) -> bool:
    criteria = cast(Json, wish.get("Criteria") or {})
    conditions = cast(list[Json], criteria.get("Conditions") or [])
    for condition in conditions:
        if condition.get("ConditionOperator") != "Equals":
            raise refusal.not_modelled(f"the metadata condition '{condition.get('ConditionOperator')}'")
        value = condition.get("Value")
        wanted = cast(Json, value).get("Value") if isinstance(value, dict) else value
        if item.get(str(condition.get("PropertyName"))) != wanted:
            return False
    return True
