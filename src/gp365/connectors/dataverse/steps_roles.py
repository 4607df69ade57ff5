"""The steps that make a security role of ours: Read, for the whole organisation, on the tables that name it.

Nobody holds a role of ours until an administrator gives it to somebody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from gp365.connectors.dataverse.own import OwnTable
from gp365.connectors.dataverse.site import IN_SOLUTION, Site
from gp365.connectors.dataverse.views import own_id
from gp365.connectors.dataverse.work import MAKE, PRESENT, Looked, Work

GLOBAL = "Global"


def role_id(name: str) -> str:
    """Return the id of a role of ours."""
    return own_id("role", name)


def role_work(name: str, tables: Sequence[OwnTable]) -> Work:
    """Make a role and let it read its tables; what an administrator has added to it stays."""
    title = f"Security role '{name}': reads {', '.join(table.name for table in tables)}"
    return Work(f"role:{name}", title, partial(_look_role, name, tables), partial(_make_role, name, tables))


def role_stands(site: Site, name: str) -> bool:
    """Say whether a role of ours stands."""
    return any(row["roleid"].lower() == role_id(name) for row in _of_name(site, name))


def _of_name(site: Site, name: str) -> list[Mapping[str, Any]]:
    # Every business unit has a copy of the role with an id of its own (role table reference: parentrootroleid).
    text = name.replace("'", "''")
    return site.rows(
        f"roles?$select=roleid,name&$filter=(name eq '{text}' or roleid eq {role_id(name)})"
        " and _parentroleid_value eq null"
    )


def _look_role(name: str, tables: Sequence[OwnTable], site: Site) -> Looked:
    if not role_stands(site, name):
        return ("differs", "a role of this name exists that is not ours") if _of_name(site, name) else MAKE
    lacking = [table.name for table, _ in _lacking(site, name, tables)]
    return ("make", f"it does not read {', '.join(lacking)} yet") if lacking else PRESENT


def _lacking(site: Site, name: str, tables: Sequence[OwnTable]) -> list[tuple[OwnTable, str]]:
    """Give the tables that the role does not read yet, each with its privilege ("" where it does not stand)."""
    told = site.api.get(f"RetrieveRolePrivilegesRole(RoleId={role_id(name)})")
    held = {
        str(one.get("PrivilegeId")).lower()
        for one in told.get("RolePrivileges") or ()
        if one.get("Depth") in (GLOBAL, 3)
    }
    wanted = [(table, _read_privilege(site, table)) for table in tables]
    return [(table, privilege) for table, privilege in wanted if privilege.lower() not in held]


def _read_privilege(site: Site, table: OwnTable) -> str:
    if site.table(table.name) is None:
        return ""
    told = site.api.get(f"EntityDefinitions(LogicalName='{table.name}')", {"$select": "Privileges"})
    rows: Sequence[Mapping[str, Any]] = told.get("Privileges") or ()
    return next((str(row["PrivilegeId"]) for row in rows if row.get("PrivilegeType") == "Read"), "")


def _make_role(name: str, tables: Sequence[OwnTable], site: Site) -> None:
    if not role_stands(site, name):
        body = {
            "roleid": role_id(name),
            "name": name,
            "businessunitid@odata.bind": f"/businessunits({site.root_unit()})",
        }
        site.write(lambda: site.api.post("roles", body, IN_SOLUTION), lambda: role_stands(site, name))
    if lacking := _lacking(site, name, tables):
        given = [{"PrivilegeId": privilege, "Depth": GLOBAL} for _, privilege in lacking]
        path = f"roles({role_id(name)})/Microsoft.Dynamics.CRM.AddPrivilegesRole"
        site.write(
            lambda: site.api.post(path, {"Privileges": given}), lambda: not _lacking(site, name, tables)
        )
