"""Who may change definitions, and which solution a new definition joins."""

from __future__ import annotations

import uuid
from urllib.parse import unquote

from . import refusal
from .exchange import Answer, Request, no_content
from .organisation import Organisation
from .query import parse_pairs
from .store import Row

CUSTOMIZER_ROLE = "customizer"
# Component types of the solutioncomponent table.
COMPONENTS = {
    "table": 1,
    "column": 2,
    "relationship": 10,
    "key": 14,
    "role": 20,
    "savedquery": 26,
    "systemform": 60,
}


def may_customize(request: Request, privilege: str) -> None:
    """Refuse a caller without the role System Customizer."""
    if CUSTOMIZER_ROLE not in request.caller.roles:
        raise refusal.denied(request.caller.user_id, privilege)


def made(request: Request, definition_id: str) -> Answer:
    """Answer a new definition; OData-EntityId repeats the URL that was posted to, with the new id."""
    where = f"{unquote(request.path)}({definition_id})"
    return no_content(("OData-EntityId", f"{request.root}{where}"))


def join_solution(org: Organisation, request: Request, kind: str, definition_id: str) -> None:
    """Record a new component in the solution that the request names."""
    by_query = dict(parse_pairs(request.query)).get("SolutionUniqueName", "")
    name = request.headers.get("mscrm.solutionuniquename") or by_query
    if not name:
        return
    solution = _solution(org, name)
    row: Row = {
        "solutioncomponentid": str(uuid.uuid4()),
        "_solutionid_value": solution,
        "componenttype": COMPONENTS[kind],
        "objectid": definition_id,
        "createdon": org.stamp(),
    }
    org.store.insert(org.schema.tables["solutioncomponent"], row)


def _solution(org: Organisation, name: str) -> str:
    for row in org.store.rows["solution"].values():
        if row["uniquename"].lower() == name.lower():
            return row["solutionid"]
    raise refusal.invalid(f"The solution with unique name '{name}' does not exist.")


def check_solution(org: Organisation, request: Request) -> None:
    by_query = dict(parse_pairs(request.query)).get("SolutionUniqueName", "")
    name = request.headers.get("mscrm.solutionuniquename") or by_query
    if name:
        _solution(org, name)


def leave_solutions(org: Organisation, definition_id: str) -> None:
    table = org.schema.tables["solutioncomponent"]
    gone = [i for i, r in org.store.rows[table.name].items() if r["objectid"] == definition_id]
    for row_id in gone:
        org.store.remove(table, row_id)
