"""The steps that make tables, columns, lookups and alternate keys of ours, and switch change tracking on."""

from __future__ import annotations

from functools import partial
from typing import Any

from gp365.connectors.dataverse import blueprint as ours
from gp365.connectors.dataverse.own import OwnColumn, OwnKey, OwnLookup, OwnTable
from gp365.connectors.dataverse.site import FRESH, IN_SOLUTION, Site
from gp365.connectors.dataverse.work import MAKE, PRESENT, Looked, Work

# tables


def table_work(table: OwnTable) -> Work:
    """Make a table with its name column; an existing one that somebody else owns cannot be put right."""
    owned = "users" if table.ownership == "user" else "the organisation"
    title = f"Table {table.name}, owned by {owned}"
    return Work(f"table:{table.name}", title, partial(_look_table, table), partial(_make_table, table))


def _look_table(table: OwnTable, site: Site) -> Looked:
    found = site.table(table.name)
    if found is None:
        return MAKE
    if found.ownership and found.ownership != table.ownership_type:
        return "differs", f"its ownership is {found.ownership}, which cannot be changed"
    return PRESENT


def _make_table(table: OwnTable, site: Site) -> None:
    body = ours.table_body(table, site.language())
    site.write(
        lambda: site.api.post("EntityDefinitions", body, IN_SOLUTION),
        lambda: site.table(table.name) is not None,
        table.name,
    )


# columns


def column_work(column: OwnColumn) -> Work:
    """Make a column; one of another type, or with less room, is left alone."""
    title = (
        f"Column {column.table}.{column.name} ({column.type}{f' {column.length}' if column.length else ''})"
    )
    id_ = f"column:{column.table}.{column.name}"
    return Work(id_, title, partial(_look_column, column), partial(_make_column, column))


def _look_column(column: OwnColumn, site: Site) -> Looked:
    table = site.table(column.table)
    found = table.columns.get(column.name) if table else None
    if found is None:
        return MAKE
    if found.type != column.type:
        return "differs", f"it is of type {found.type}"
    if column.length and (found.length or 0) < column.length:
        return "differs", f"it holds {found.length} characters, {column.length} are needed"
    if column.type == "DateTime" and not found.day:
        return "differs", "it holds moments, days are needed"
    if column.type in ("Money", "Decimal") and (found.precision or 0) < ours.decimals(column):
        return "differs", f"it keeps {found.precision} decimals, {ours.decimals(column)} are needed"
    lacking = [str(value) for value, _ in column.options if value not in found.options]
    return ("differs", f"it lacks the options {', '.join(lacking)}") if lacking else PRESENT


def _make_column(column: OwnColumn, site: Site) -> None:
    body = ours.column_body(column, site.language())
    path = f"EntityDefinitions(LogicalName='{column.table}')/Attributes"
    site.write(
        lambda: site.api.post(path, body, IN_SOLUTION),
        lambda: _look_column(column, site)[0] != "make",
        column.table,
    )


# lookups


def lookup_work(lookup: OwnLookup) -> Work:
    """Make a lookup with its relationship."""
    title = f"Lookup {lookup.referencing}.{lookup.name} to {lookup.referenced}"
    id_ = f"lookup:{lookup.referencing}.{lookup.name}"
    return Work(id_, title, partial(_look_lookup, lookup), partial(_make_lookup, lookup))


def _look_lookup(lookup: OwnLookup, site: Site) -> Looked:
    table = site.table(lookup.referencing)
    found = table.columns.get(lookup.name) if table else None
    if found is None:
        return MAKE
    if lookup.referenced in found.navigation:
        return PRESENT
    return "differs", f"it points at {', '.join(found.navigation) or 'nothing'}"


def _make_lookup(lookup: OwnLookup, site: Site) -> None:
    body = ours.lookup_body(lookup, site.language())
    site.write(
        lambda: site.api.post("RelationshipDefinitions", body, IN_SOLUTION),
        lambda: _look_lookup(lookup, site)[0] != "make",
        lookup.referencing,
        lookup.referenced,
    )


# keys


def key_work(key: OwnKey) -> Work:
    """Make an alternate key; its index is built later."""
    title = f"Key {key.name} of {key.table}: {' + '.join(key.columns)}"
    return Work(f"key:{key.name}", title, partial(_look_key, key), partial(_make_key, key))


def active_work(key: OwnKey) -> Work:
    """Wait until a key can be used."""
    title = f"Wait until the key {key.name} is active"
    return Work(f"key-active:{key.name}", title, partial(_look_active, key), partial(_await_key, key))


def _key_status(key: OwnKey, site: Site) -> str:
    table = site.table(key.table)
    return next((one.status for one in (table.keys if table else ()) if one.name == key.name), "")


def _look_key(key: OwnKey, site: Site) -> Looked:
    table = site.table(key.table)
    for one in table.keys if table else ():
        if one.name == key.name:
            same = set(one.columns) == set(key.columns)
            return PRESENT if same else ("differs", f"its columns are {', '.join(one.columns)}")
    return MAKE


def _make_key(key: OwnKey, site: Site) -> None:
    path = f"EntityDefinitions(LogicalName='{key.table}')/Keys"
    body = ours.key_body(key, site.language())
    site.write(
        lambda: site.api.post(path, body, IN_SOLUTION), lambda: bool(_key_status(key, site)), key.table
    )


def _look_active(key: OwnKey, site: Site) -> Looked:
    status = _key_status(key, site)
    if status == "Active":
        return PRESENT
    if status == "Failed":
        return "differs", "building its index failed: two rows carry the same values"
    return "wait", f"its index is {status or 'not begun'}"


def _await_key(key: OwnKey, site: Site) -> None:
    for pause in (0.1, 0.2, 0.4, 1.0, 2.0, 5.0, *([10.0] * 30)):
        site.forget(key.table)
        if _look_active(key, site)[0] != "wait":
            return
        site.sleep(pause)


# change tracking


def tracking_work(name: str) -> Work:
    """Switch change tracking of a table on; it cannot be switched off again (use-change-tracking page)."""
    title = f"Change tracking of {name}"
    return Work(f"tracking:{name}", title, partial(_look_tracking, name), partial(_make_tracking, name))


def _look_tracking(name: str, site: Site) -> Looked:
    table = site.table(name)
    if table is not None and table.tracked:
        return PRESENT
    return "make", "it cannot be switched off again"


def _make_tracking(name: str, site: Site) -> None:
    # A definition is updated by sending all of it back (create-update-entity-definitions page).
    path = f"EntityDefinitions(LogicalName='{name}')"
    whole: dict[str, Any] = dict(site.api.get(path, headers=FRESH))
    body = {key: value for key, value in whole.items() if not key.startswith("@odata.c")}
    body["ChangeTrackingEnabled"] = True
    site.write(
        lambda: site.api.put(path, body, {"MSCRM.MergeLabels": "true"}),
        lambda: _look_tracking(name, site)[0] == "present",
        name,
    )
