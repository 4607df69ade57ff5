"""Reads the JSON body of a create or update: declared columns, lookups by @odata.bind, nothing else."""

from __future__ import annotations

from typing import Any

from . import refusal
from .address import Segment, relative, split_path
from .organisation import TARGET_SUFFIX, Organisation
from .schema import LOOKUP_TYPES, Column, Table
from .store import Row
from .values import stored

BIND = "@odata.bind"


def read_payload(org: Organisation, table: Table, body: dict[str, Any], *, creating: bool) -> Row:
    """Give the stored values of a body by wire name; None clears a column.

    Raises 400 0x80048d19 for undeclared properties and for bind names in the wrong case, as Microsoft's own client notes
    in its change log, and the refusals of `values.stored`.
    """
    row: Row = {}
    for name, value in body.items():
        if name.endswith(BIND):
            _bind(org, table, name.removesuffix(BIND), value, row, creating)
        elif "@" in name:
            _annotation(table, name, body)
        else:
            _property(org, table, name, value, row, creating)
    return row


def _property(org: Organisation, table: Table, name: str, value: Any, row: Row, creating: bool) -> None:
    column = table.wire.get(name)
    if column is not None and column.type in LOOKUP_TYPES:
        raise refusal.bad_request(
            "CRM do not support direct update of Entity Reference properties, Use Navigation properties instead."
        )
    if column is not None:
        if _writable(org, table, column, creating):
            row[name] = stored(table.name, column, value)
        return
    if name not in table.navigation:
        if name in org.schema.collections(table.name):
            raise refusal.not_modelled(f"creating related rows through '{name}'")
        raise refusal.undeclared(table.name, name)
    if value is not None:
        raise refusal.not_modelled(f"creating a related row through '{name}'")
    _clear(org, table, table.navigation[name][0], row, creating)


def _writable(org: Organisation, table: Table, column: Column, creating: bool) -> bool:
    if column.for_create if creating else column.for_update:
        return True
    # The id of the row may stand in the body of an update; it is the same row or it is ignored.
    if column.name == table.id_column or org.rules.read_only == "ignored":
        return False
    raise refusal.read_only(table.name, column.name)


def _annotation(table: Table, name: str, body: dict[str, Any]) -> None:
    owner = name.partition("@")[0]
    if owner and owner not in body and owner not in table.wire and owner not in table.navigation:
        raise refusal.undeclared_annotation(table.name, owner)


def _bind(org: Organisation, table: Table, name: str, value: Any, row: Row, creating: bool) -> None:
    entry = table.navigation.get(name)
    if entry is None:
        raise refusal.undeclared_annotation(table.name, name)
    column, targets = entry
    if value is None:
        _clear(org, table, column, row, creating)
        return
    if not isinstance(value, str):
        raise refusal.bad_payload(table.name, f"The value of '{name}{BIND}' is not a reference.")
    if not _writable(org, table, column, creating):
        return
    target, row_id = resolve(org, value)
    if target.name not in targets:
        raise refusal.bad_payload(table.name, f"The type of '{value}' does not fit the property '{name}'.")
    point(row, column, target.name, row_id)


def _clear(org: Organisation, table: Table, column: Column, row: Row, creating: bool) -> None:
    if _writable(org, table, column, creating):
        point(row, column, None, None)


def point(row: Row, column: Column, target: str | None, row_id: str | None) -> None:
    """Set or clear a lookup; a lookup with several targets also keeps which table it points at."""
    row[column.wire] = row_id
    if len(column.targets) > 1:
        row[column.wire + TARGET_SUFFIX] = target


def resolve(org: Organisation, reference: str) -> tuple[Table, str]:
    """Give the table and id that a reference names, by id or by alternate key; raises 404 where there is no row."""
    segments = split_path(relative(reference))
    if len(segments) != 1:
        raise refusal.bad_request(f"The reference '{reference}' does not name one row.")
    table = org.table_of_set(segments[0].name)
    if table is None:
        raise refusal.no_such_segment(segments[0].name)
    row_id = find_row(org, table, segments[0])
    if row_id is None or org.store.find(table.name, row_id) is None:
        raise refusal.not_found(table.name, row_id) if row_id else refusal.not_found_by_key(table.name)
    return table, row_id


def find_row(org: Organisation, table: Table, segment: Segment) -> str | None:
    """Give the id that a key segment means: the id itself, or that of the row with these alternate key values."""
    if segment.id is not None:
        return segment.id
    keys = segment.key or {}
    if list(keys) == [table.id_column] and isinstance(keys[table.id_column], str):
        return str(keys[table.id_column]).lower()
    return find_by_values(org, table, key_values(org, table, keys))


def key_values(org: Organisation, table: Table, keys: dict[str, Any]) -> Row:
    """Give the values of a key segment by wire name; raises 400 where they are no active alternate key."""
    org.store.settle_keys(table)
    wires = {table.columns[c].wire if c in table.columns else c for c in keys}
    for key in table.keys.values():
        if {table.columns[c].wire for c in key.columns} == wires and org.store.usable(key):
            return {
                table.columns[c].wire: stored(
                    table.name, table.columns[c], keys.get(c, keys.get(table.columns[c].wire))
                )
                if table.columns[c].type not in LOOKUP_TYPES
                else keys.get(table.columns[c].wire, keys.get(c))
                for c in key.columns
            }
    raise refusal.bad_key(table.name)


def find_by_values(org: Organisation, table: Table, values: Row) -> str | None:
    """Give the id of the row with these alternate key values."""
    for key in table.keys.values():
        wires = [table.columns[c].wire for c in key.columns]
        if set(wires) == set(values) and org.store.usable(key):
            return org.store.find_by_key(table, key, tuple(values[w] for w in wires))
    raise refusal.bad_key(table.name)
