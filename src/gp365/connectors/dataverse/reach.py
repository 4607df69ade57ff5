"""What lies within our account's reach: records that exist but may not be read, and how deep Read goes per table.

A query leaves out what its caller may not read, so that absence from one proves nothing; a request for the very record
answers 404 where it does not exist and 403 where it does (Web API: compose-http-requests-handle-errors page).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gp365.connectors.dataverse.api import Refused
from gp365.connectors.dataverse.metadata import Table
from gp365.connectors.dataverse.organisation import Organisation
from gp365.connectors.dataverse.refusals import failure
from gp365.model.contract import Finding, Level
from gp365.model.errors import Unauthorised
from gp365.wire.batch import Part
from gp365.wire.odata import service_error

DEPTHS = ("Basic", "Local", "Deep", "Global")
"""PrivilegeDepth, from own records to those of the whole organisation."""


def out_of_reach(org: Organisation, table: Table, ids: Sequence[str]) -> tuple[list[str], list[str]]:
    """Ask for each record that a query did not give; return those that are hidden, and those that came meanwhile."""
    hidden: list[str] = []
    here: list[str] = []
    for id_, status in _statuses(org, table, ids):
        if status == 403:
            hidden.append(id_)
        elif status != 404:
            here.append(id_)
    return hidden, here


def _statuses(org: Organisation, table: Table, ids: Sequence[str]) -> Iterator[tuple[str, int]]:
    size = org.sizes.batch_parts
    for at in range(0, len(ids), size):
        some = ids[at : at + size]
        parts = [
            Part("GET", f"{org.api.root}{table.set_name}({id_})?$select={table.id_column}") for id_ in some
        ]
        for id_, answer in zip(some, org.api.ask_batch(parts), strict=True):
            if not answer.ok and answer.status not in (403, 404):
                raise failure(service_error(answer.status, answer.body), org.name)
            yield id_, answer.status


def depth_findings(org: Organisation, table: Table) -> list[Finding]:
    """Say how deep our roles let us read a table; less than the organisation hides records without a word."""
    try:
        depth = read_depth(org, table)
    except (Refused, Unauthorised):
        return [Finding(table.name, Level.NOTE, "How much of it our roles let us see cannot be told.")]
    facts: dict[str, object] = {"read_depth": depth}
    if depth == DEPTHS[-1]:
        return [Finding(table.name, Level.OK, "All records of the organisation can be seen.", facts=facts)]
    plural = table.set_name
    return [
        Finding(
            table.name,
            Level.WARNING,
            f"Only part of the {plural} is visible (our own roles read at depth {depth or 'none'}): records out of sight "
            "are not deleted ones, and change tracking needs Read on the whole organisation.",
            "Give the application user's role Read at organisation level on this table.",
            "right-missing",
            facts,
        )
    ]


def read_depth(org: Organisation, table: Table) -> str:
    """Return the deepest Read of our roles on a table, "" for none (RetrieveUserPrivileges, RolePrivilege.Depth)."""
    wanted = _read_privilege(org, table)
    found = [_rank(one.get("Depth")) for one in org.privileges() if _same(one.get("PrivilegeId"), wanted)]
    return DEPTHS[max(found)] if found else ""


def _read_privilege(org: Organisation, table: Table) -> str:
    told = org.api.get(f"EntityDefinitions(LogicalName='{table.name}')", {"$select": "Privileges"})
    rows: Sequence[Mapping[str, Any]] = told.get("Privileges") or ()
    return next((str(row.get("PrivilegeId")) for row in rows if row.get("PrivilegeType") == "Read"), "")


def _rank(depth: object) -> int:
    # The Web API writes an enum by name; a number is taken too.
    return DEPTHS.index(str(depth)) if str(depth) in DEPTHS else int(depth) if isinstance(depth, int) else 0


def _same(one: object, other: str) -> bool:
    return bool(other) and str(one).lower() == other.lower()
