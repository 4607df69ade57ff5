"""The message Merge: one of two rows goes on, the other ends, and what hung on the other hangs on the first.

Sources: merge-entity-using-web-api.md and the reference of the action; the refusals of the web service error codes page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from gp365_sim.identity.tokens import Caller

from . import refusal
from .access import sight_of
from .exchange import Answer, Request, no_content
from .hooks_events import Merged, note
from .organisation import TARGET_SUFFIX, Organisation
from .payload import point, read_payload
from .records import stamp_changed, update
from .schema import MERGEABLE, Table
from .store import Row
from .values import as_guid

_TYPE = "Microsoft.Dynamics.CRM."
PARENTS = {"account": "_parentaccountid_value", "contact": "_parentcustomerid_value"}
INACTIVE = {"statecode": 1, "statuscode": 2}


@dataclass(frozen=True)
class Merging:
    """Which rows become one: `master` goes on, `subordinate` ends; `content` is written to the master."""

    table: Table
    master: str
    subordinate: str
    content: Row
    check_parents: bool = False


def merge(org: Organisation, request: Request) -> Answer:
    """Answer POST /Merge; 204 without a body."""
    body = request.json()
    table, master = _entity(org, body, "Target")
    other, subordinate = _entity(org, body, "Subordinate")
    if other is not table:
        raise refusal.invalid("Target and Subordinate have to be of the same type.")
    content = cast(dict[str, Any], body.get("UpdateContent") or {})
    values = read_payload(
        org, table, {k: v for k, v in content.items() if k != table.id_column}, creating=False
    )
    order = Merging(table, master, subordinate, values, bool(body.get("PerformParentingChecks", False)))
    merge_rows(org, request.caller, order)
    return no_content(rows=2)


def _entity(org: Organisation, body: dict[str, Any], name: str) -> tuple[Table, str]:
    """Read one of the two references; their type cannot be guessed, so `@odata.type` is required (same page)."""
    given = cast(dict[str, Any], body.get(name) or {})
    kind = str(given.get("@odata.type", "")).lstrip("#").removeprefix(_TYPE)
    table = org.schema.tables.get(kind)
    if table is None:
        raise refusal.bad_payload("", f"The parameter '{name}' needs an '@odata.type' that names its table.")
    row_id = as_guid(str(given.get(table.id_column, "")))
    if row_id is None:
        raise refusal.invalid(f"The parameter '{name}' needs the key '{table.id_column}'.")
    return table, row_id


def merge_rows(org: Organisation, caller: Caller, order: Merging) -> None:
    """Merge two rows: related rows move to the master, the content is written, the subordinate is deactivated.

    Columns of the subordinate do not flow over by themselves: the caller names them as content, as the sample of the
    message does with an address (what the page calls useful data is taken to be the related rows; assumed). Rows are
    moved by the relationships whose Merge cascades. Both rows get a new version, so both come in a delta.
    """
    table = order.table
    _check(org, caller, order)
    with org.store.atomic():
        before = org.store.get(table.name, order.master)
        _move_related(org, caller, order)
        old = org.store.get(table.name, order.subordinate)
        ended = {**old, **INACTIVE}
        ended["merged"] = True
        ended["_masterid_value"] = order.master
        stamp_changed(org, caller, table, ended)
        org.store.replace(table, ended)
        merged = Merged(order.subordinate, order.content, order.check_parents)
        note(org, caller, "Update", table, old, ended, (*INACTIVE, "merged", "_masterid_value"), merged)
        row = update(org, caller, table, org.store.get(table.name, order.master), order.content)
        note(org, caller, "Merge", table, before, row, (), merged)


def _check(org: Organisation, caller: Caller, order: Merging) -> None:
    table = order.table
    if table.name not in MERGEABLE:
        raise refusal.invalid(f"This type: {table.name} is not supported with merge operation")
    if order.master == order.subordinate:
        raise refusal.merge_of_one()
    master = org.store.get(table.name, order.master)
    subordinate = org.store.get(table.name, order.subordinate)
    sight = sight_of(org, caller)
    if not (sight.reaches(table, master) and sight.reaches(table, subordinate)):
        raise refusal.merge_denied()
    for word, row in (("master", master), ("sub", subordinate)):
        if row.get("statecode", 0) != 0:
            raise refusal.merge_of_inactive(word, table.name, row[table.id_column])
    parent = PARENTS.get(table.name, "")
    if _is_below(org, table, master, order.subordinate, parent):
        raise refusal.merge_in_a_ring()
    if order.check_parents and parent:
        _check_parents(master.get(parent), subordinate.get(parent))


def _is_below(org: Organisation, table: Table, row: Row, above: str, parent: str) -> bool:
    seen = set[str]()
    found: Row | None = row
    while found is not None and (next_id := found.get(parent)) is not None and next_id not in seen:
        if next_id == above:
            return True
        seen.add(next_id)
        found = org.store.find(table.name, next_id)
    return False


def _check_parents(master: object, subordinate: object) -> None:
    if subordinate is not None and master is None:
        raise refusal.merge_loses_parent()
    if subordinate is not None and master != subordinate:
        raise refusal.merge_of_other_parents()


def _move_related(org: Organisation, caller: Caller, order: Merging) -> None:
    moving = {
        (r.referencing, r.column) for r in org.schema.pointing_at(order.table.name) if r.on_merge == "Cascade"
    }
    for name, row_id, wire in org.store.pointing_at(order.subordinate):
        table = org.schema.tables[name]
        column = table.wire[wire]
        row = org.store.find(name, row_id)
        if row is None or (name, column.name) not in moving or row_id == order.master:
            continue
        if row.get(wire + TARGET_SUFFIX, order.table.name) != order.table.name:
            continue
        moved = dict(row)
        point(moved, column, order.table.name, order.master)
        stamp_changed(org, caller, table, moved)
        org.store.replace(table, moved)
        note(org, caller, "Update", table, row, moved, (wire,))
