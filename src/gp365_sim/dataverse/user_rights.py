"""Answers what a user may do: the functions RetrieveUserPrivileges and RetrievePrincipalAttributePrivileges of systemuser.

Sources: the Web API references of both functions and of their types RolePrivilege and AttributePrivilege. Of privileges
only Read is modelled: of the whole organisation, or of parts of it where rows are hidden from the user.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gp365_sim.identity.tokens import Caller

from . import refusal
from .access import attribute_privileges, sight_of
from .exchange import Answer, Request, json_answer
from .expression import CRM
from .metadata_json import read_privilege
from .organisation import Organisation
from .platform import PERSON


def user_function(org: Organisation, request: Request, user_id: str, name: str) -> Answer:
    """Answer a function that is bound to a user; only those two are modelled, for the caller and for people."""
    function = _FUNCTIONS.get(name.removeprefix(CRM))
    if function is None or request.method != "GET":
        raise refusal.not_modelled(f"'{name}'")
    member, rows = function(org, _user(org, request, user_id))
    where = f"{request.root}$metadata#{name}Response"
    return json_answer({"@odata.context": where, member: rows})


def _user(org: Organisation, request: Request, user_id: str) -> Caller:
    if user_id == request.caller.user_id:
        return request.caller
    if "applicationid" in org.store.get("systemuser", user_id):
        raise refusal.not_modelled("the privileges of another application user")
    return PERSON


def _privileges(org: Organisation, user: Caller) -> tuple[str, list[dict[str, Any]]]:
    sight = sight_of(org, user)
    rows = [
        {
            "PrivilegeId": read_privilege(table)["PrivilegeId"],
            "PrivilegeName": read_privilege(table)["Name"],
            "Depth": "Global" if sight.keep(table) is None else "Local",
            "BusinessUnitId": org.business_unit,
        }
        for table in org.schema.tables.values()
    ]
    return "RolePrivileges", rows


def _attributes(org: Organisation, user: Caller) -> tuple[str, list[dict[str, Any]]]:
    return "AttributePrivileges", attribute_privileges(org, user.roles)


_FUNCTIONS: dict[str, Callable[[Organisation, Caller], tuple[str, list[dict[str, Any]]]]] = {
    "RetrieveUserPrivileges": _privileges,
    "RetrievePrincipalAttributePrivileges": _attributes,
}
