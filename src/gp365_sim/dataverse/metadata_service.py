"""Takes a change of definitions to the function that does it."""

from __future__ import annotations

from collections.abc import Callable

from . import refusal
from .address import Segment
from .exchange import Answer, Request, no_content
from .expression import CRM
from .metadata_parts import (
    create_key,
    create_relationship,
    delete_key,
    delete_option,
    delete_relationship,
    insert_option,
    reactivate_key,
    update_option,
    update_relationship,
)
from .metadata_rights import may_customize
from .metadata_write import (
    create_column,
    create_table,
    create_tables,
    delete_column,
    delete_table,
    update_column,
    update_table,
)
from .organisation import Organisation
from .publishing import publish, published_tables


def _publish(org: Organisation, request: Request) -> Answer:
    """Publish views and forms of the named tables; the simulator shows every other definition at once."""
    may_customize(request, "prvPublishCustomization")
    publish(org, published_tables(str(request.json().get("ParameterXml") or "")))
    return no_content()


def _publish_all(org: Organisation, request: Request) -> Answer:
    may_customize(request, "prvPublishCustomization")
    publish(org, None)
    return no_content()


METADATA_ACTIONS: dict[str, Callable[[Organisation, Request], Answer]] = {
    "CreateEntities": create_tables,
    "PublishXml": _publish,
    "PublishAllXml": _publish_all,
    "InsertOptionValue": insert_option,
    "UpdateOptionValue": update_option,
    "DeleteOptionValue": delete_option,
    "ReactivateEntityKey": reactivate_key,
}


def write_metadata(org: Organisation, request: Request, path: list[Segment]) -> Answer:
    """Change definitions; the cast at the end of a path (`/Microsoft.Dynamics.CRM.…`) says nothing new."""
    path = [s for s in path if not s.name.startswith(CRM)]
    name = path[0].name
    if request.method == "PATCH":
        raise refusal.Refusal(
            405, "0x80060888", "Definitions are replaced by PUT; PATCH is not supported for them."
        )
    if name in METADATA_ACTIONS:
        if request.method != "POST":
            raise refusal.Refusal(405, "0x80060888", f"The action '{name}' is called by POST.")
        return METADATA_ACTIONS[name](org, request)
    if name == "RelationshipDefinitions":
        return _relationship(org, request, path)
    if len(path) > 1:
        return _below_table(org, request, path)
    if request.method == "POST" and not path[0].called:
        return create_table(org, request)
    if request.method == "PUT" and path[0].called:
        return update_table(org, request, path[0])
    if request.method == "DELETE" and path[0].called:
        return delete_table(org, request, path[0])
    raise _unknown(request)


def _relationship(org: Organisation, request: Request, path: list[Segment]) -> Answer:
    if request.method == "POST" and not path[0].called:
        return create_relationship(org, request)
    if request.method == "PUT" and path[0].called:
        return update_relationship(org, request, path[0])
    if request.method == "DELETE" and path[0].called:
        return delete_relationship(org, request, path[0])
    raise _unknown(request)


def _below_table(org: Organisation, request: Request, path: list[Segment]) -> Answer:
    table, part, method = path[0], path[1], request.method
    if part.name == "Attributes" and len(path) == 2:
        if method == "POST" and not part.called:
            return create_column(org, request, table)
        if method == "PUT" and part.called:
            return update_column(org, request, table, part)
        if method == "DELETE" and part.called:
            return delete_column(org, request, table, part)
    if part.name == "Keys" and len(path) == 2:
        if method == "POST" and not part.called:
            return create_key(org, request, table)
        if method == "DELETE" and part.called:
            return delete_key(org, request, table, part)
    raise _unknown(request)


def _unknown(request: Request) -> refusal.Refusal:
    return refusal.not_modelled(f"{request.method} on '{request.path}'")
