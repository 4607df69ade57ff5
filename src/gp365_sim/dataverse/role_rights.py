"""What a security role holds: AddPrivilegesRole, RetrieveRolePrivilegesRole (references of both). Only Read is modelled."""

from __future__ import annotations

from typing import Any, cast

from . import refusal
from .customizing import PRIVILEGES, ROLE, check_customizer
from .exchange import Answer, Request, json_answer, no_content
from .expression import CRM
from .metadata_json import read_privilege
from .organisation import Organisation
from .values import as_guid

DEPTHS = ("Basic", "Local", "Deep", "Global")


def role_action(org: Organisation, request: Request, role_id: str, name: str) -> Answer:
    """Run AddPrivilegesRole; of privileges only Read is modelled."""
    if name.removeprefix(CRM) != "AddPrivilegesRole" or request.method != "POST":
        raise refusal.not_modelled(f"{request.method} of '{name}' on a role")
    table = org.schema.tables[ROLE]
    check_customizer(request.caller, table, "Write")
    row = org.store.get(ROLE, role_id)
    given = request.json().get("Privileges")
    if not isinstance(given, list) or not given:
        raise refusal.invalid("The parameter 'Privileges' is a list of privileges.")
    held = dict(row.get(PRIVILEGES) or {})
    for one in cast(list[dict[str, Any]], given):
        privilege, depth = _privilege(org, one)
        held[privilege] = depth
    org.store.replace(table, {**row, PRIVILEGES: held})
    return no_content()


def _privilege(org: Organisation, given: dict[str, Any]) -> tuple[str, str]:
    wanted = as_guid(str(given.get("PrivilegeId")))
    table = next((t for t in org.schema.tables.values() if read_privilege(t)["PrivilegeId"] == wanted), None)
    if table is None:
        raise refusal.not_modelled(f"the privilege {given.get('PrivilegeId')}; Read of a table is")
    depth = given.get("Depth")
    text = str(depth) if depth in DEPTHS else DEPTHS[int(str(depth))] if str(depth) in "0123" else ""
    if not text or (table.ownership != "UserOwned" and text != "Global"):
        raise refusal.invalid(f"The depth {depth} is not one of the privilege's.")
    return str(wanted), text


def role_privileges(org: Organisation, request: Request, role_id: object) -> Answer:
    """Answer RetrieveRolePrivilegesRole."""
    row = org.store.get(ROLE, str(role_id or "").lower())
    names = {read_privilege(t)["PrivilegeId"]: read_privilege(t)["Name"] for t in org.schema.tables.values()}
    rows = [
        {
            "Depth": depth,
            "PrivilegeId": privilege,
            "BusinessUnitId": row["_businessunitid_value"],
            "PrivilegeName": names.get(privilege),
        }
        for privilege, depth in cast(dict[str, str], row.get(PRIVILEGES) or {}).items()
        if privilege in names
    ]
    where = f"{request.root}$metadata#{CRM}RetrieveRolePrivilegesRoleResponse"
    return json_answer({"@odata.context": where, "RolePrivileges": rows})
