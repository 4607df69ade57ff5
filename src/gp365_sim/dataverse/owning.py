"""Who a row belongs to: its user or team, their unit, and the children that a parental relationship hands on with it.

Sources: the owner columns of the table reference pages; security-concepts.md and
use-access-teams-owner-teams-collaborate-share-information.md (an owner team needs roles, an access team owns nothing);
configure-entity-relationship-cascading-behavior.md (Assign).
"""

from __future__ import annotations

from collections.abc import Iterator

from . import refusal
from .organisation import TARGET_SUFFIX, Organisation
from .schema import Table
from .store import Row

OWNER = "_ownerid_value"
OWNER_TARGET = OWNER + TARGET_SUFFIX
ACCESS_TEAM = 1


def settle_owner(org: Organisation, table: Table, row: Row) -> None:
    """Write the columns that follow from the owner: owning user, owning team, owning business unit.

    Raises 403 where the owner has no role with the right to read such a row, 400 where there is no owner.
    """
    owner, target = row.get(OWNER), row.get(OWNER_TARGET, "systemuser")
    if owner is None:
        raise refusal.no_owner()
    principal = org.store.get(target, owner)
    if owner in org.without_role or (target == "team" and principal.get("teamtype") == ACCESS_TEAM):
        raise refusal.owner_without_right(target, owner, table.name)
    for kind, column in (("systemuser", "owninguser"), ("team", "owningteam")):
        wire = f"_{column}_value"
        if column in table.columns and target == kind:
            row[wire] = owner
        else:
            row.pop(wire, None)
    if "owningbusinessunit" in table.columns:
        row["_owningbusinessunit_value"] = principal.get("_businessunitid_value", org.business_unit)


def belongings(org: Organisation, table: Table, row_id: str) -> Iterator[tuple[Table, Row]]:
    """Give the rows that go to a new owner with this one, nearest first: Assign cascades through them."""
    todo, seen = [(table, row_id)], {row_id}
    while todo:
        parent, parent_id = todo.pop(0)
        handed_on = {
            (r.referencing, org.schema.tables[r.referencing].columns[r.column].wire)
            for r in org.schema.pointing_at(parent.name)
            if r.on_assign == "Cascade"
        }
        for name, child_id, wire in org.store.pointing_at(parent_id):
            child = org.schema.tables[name]
            row = org.store.find(name, child_id)
            if (name, wire) not in handed_on or child_id in seen or row is None or OWNER not in child.wire:
                continue
            seen.add(child_id)
            todo.append((child, child_id))
            yield child, row
