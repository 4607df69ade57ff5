"""Taking away what provisioning made, in the reverse order; what people use is refused or left, and said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from gp365.connectors.dataverse.api import Refused
from gp365.connectors.dataverse.forms import quick_view_id
from gp365.connectors.dataverse.option_sets import OPTION_SETS, Choice, option_id
from gp365.connectors.dataverse.own import Blueprint, OwnColumn, OwnKey, OwnLookup, OwnTable
from gp365.connectors.dataverse.own_files import everything
from gp365.connectors.dataverse.site import Site
from gp365.connectors.dataverse.steps import publish
from gp365.connectors.dataverse.steps_roles import role_id
from gp365.connectors.dataverse.steps_views import FORMS, VIEWS, unplace
from gp365.connectors.dataverse.terms import is_ours
from gp365.connectors.dataverse.views import view_id
from gp365.model.errors import Conflict

Line = tuple[str, str, str, str]


def take_away(site: Site, *, force: bool) -> list[Line]:
    """Remove lookups, keys, columns, tables, unused options, solution and publisher; give a line of each.

    A line is id, title, state and detail. A table goes only when no lookup of another one points at it, hence all
    lookups to tables of ours first.
    """
    all_ours = everything()
    own = {table.name for table in all_ours.tables}
    if not force:
        for table in all_ours.tables:
            _refuse_while_used(site, table)
    return [
        *_looks(site, all_ours),
        *(
            _gone(
                f"lookup:{one.referencing}.{one.name}",
                f"Lookup {one.referencing}.{one.name}",
                partial(_lookup, site, one),
            )
            for one in all_ours.lookups
            if one.referencing not in own or (one.referenced in own and one.referenced != one.referencing)
        ),
        *(
            _gone(f"key:{one.table}.{one.name}", f"Key {one.table}.{one.name}", partial(_key, site, one))
            for one in all_ours.keys
            if one.table not in own
        ),
        *(
            _gone(
                f"column:{one.table}.{one.name}",
                f"Column {one.table}.{one.name}",
                partial(_column, site, one),
            )
            for one in all_ours.columns
            if one.table not in own
        ),
        *(
            _gone(f"table:{one.name}", f"Table {one.name}", partial(_table, site, one))
            for one in reversed(all_ours.tables)
        ),
        *_options(site, force=force),
        _gone("solution", "Solution gp365", lambda: _row(site, "solutions", "solutionid", site.solution())),
        _gone(
            "publisher", "Publisher gp365", lambda: _row(site, "publishers", "publisherid", site.publisher())
        ),
    ]


def _looks(site: Site, parts: Blueprint) -> list[Line]:
    """Take away what shows our tables and columns: they cannot go while a form or view needs them."""
    lines: list[Line] = []
    changed: list[str] = []
    own = [table.name for table in parts.tables if site.table(table.name) is not None]
    for table in (*parts.placed, *own):
        for form in unplace(site, table):
            lines.append(
                (f"place:{table}.{form}", f"Our section on the form '{form}' of {table}", "removed", "")
            )
            changed.append(table)
    if changed:
        publish(site, changed)
    for quick in parts.quick_views:
        title = f"Quick view form '{quick.name}' of {quick.table}"
        deleted = partial(_deleted, site, FORMS, "formid", quick_view_id(quick))
        lines.append(_gone(f"quick-view:{quick.table}.{quick.name}", title, deleted))
    for view in parts.views:
        title = f"View '{view.name}' of {view.table}"
        deleted = partial(_deleted, site, VIEWS, "savedqueryid", view_id(view))
        lines.append(_gone(f"view:{view.table}.{view.name}", title, deleted))
    for name in parts.roles:
        deleted = partial(_deleted, site, "roles", "roleid", role_id(name))
        lines.append(_gone(f"role:{name}", f"Security role '{name}'", deleted))
    return lines


def _deleted(site: Site, set_name: str, key: str, id_: str) -> bool:
    filter_ = f"{key} eq {id_}"
    drafted = set_name in (FORMS, VIEWS)
    stands = (
        site.drafts(set_name, key, filter_)
        if drafted
        else site.rows(f"{set_name}?$select={key}&$filter={filter_}")
    )
    if stands:
        site.api.delete(f"{set_name}({id_})")
    return bool(stands)


def _refuse_while_used(site: Site, own: OwnTable) -> None:
    table = site.table(own.name)
    if table is not None and site.rows(f"{table.set_name}?$select={table.id_column}&$top=1"):
        raise Conflict(
            "conflict",
            f"Dataverse still holds {own.labels} in {own.name}: removing the table deletes them",
            fix="Run it again with --force if they may go; GP itself is not touched.",
        )


def _gone(id_: str, title: str, act: Callable[[], bool]) -> Line:
    removed = act()
    return id_, title, "removed" if removed else "absent", ""


def _lookup(site: Site, lookup: OwnLookup) -> bool:
    table = site.table(lookup.referencing)
    if table is None or lookup.name not in table.columns:
        return False
    site.api.delete(f"RelationshipDefinitions(SchemaName='{lookup.relationship}')")
    site.forget()
    return True


def _key(site: Site, key: OwnKey) -> bool:
    table = site.table(key.table)
    if table is None or key.name not in {each.name for each in table.keys}:
        return False
    site.api.delete(f"EntityDefinitions(LogicalName='{key.table}')/Keys(LogicalName='{key.name}')")
    site.forget(key.table)
    return True


def _column(site: Site, column: OwnColumn) -> bool:
    table = site.table(column.table)
    if table is None or column.name not in table.columns:
        return False
    site.api.delete(
        f"EntityDefinitions(LogicalName='{column.table}')/Attributes(LogicalName='{column.name}')"
    )
    site.forget(column.table)
    return True


def _table(site: Site, table: OwnTable) -> bool:
    if site.table(table.name) is None:
        return False
    site.api.delete(f"EntityDefinitions(LogicalName='{table.name}')")
    site.forget()
    return True


def _row(site: Site, set_name: str, id_column: str, row: Mapping[str, Any] | None) -> bool:
    if row is None:
        return False
    site.api.delete(f"{set_name}({row[id_column]})")
    return True


def _options(site: Site, *, force: bool) -> list[Line]:
    return [
        _option(site, choice, value, force=force)
        for chosen in OPTION_SETS.values()
        for choice in chosen.choices
        for value in choice.options(site) or {}
        if is_ours(value)
    ]


def _option(site: Site, choice: Choice, value: int, *, force: bool) -> Line:
    title, id_ = f"Option {value} of {choice.name}", option_id("option", choice, value)
    table = site.table(choice.table)
    assert table is not None
    rows = f"{table.set_name}?$select={table.id_column}&$filter={choice.column} eq {value}&$top=1"
    if site.rows(rows) and not force:
        return id_, title, "kept", f"{table.set_name} still carry it"
    body = {"EntityLogicalName": choice.table, "AttributeLogicalName": choice.column, "Value": value}
    try:
        site.api.post("DeleteOptionValue", body)
    except Refused as refused:
        return id_, title, "kept", refused.message
    return id_, title, "removed", ""
