"""Takes a request to the part that answers it; whatever is not modelled is refused loudly."""

from __future__ import annotations

from collections.abc import Callable

from . import refusal
from .address import Segment, check_key_text, split_path
from .batch import run_batch
from .bulk import bulk_delete, run_bulk
from .customizing import FORM, ROLE, VIEW
from .exchange import Answer, Request, json_answer, refused
from .expression import CRM
from .merging import merge
from .metadata_read import (
    metadata_changes,
    read_relationships,
    read_table,
    read_tables,
)
from .metadata_service import METADATA_ACTIONS, write_metadata
from .organisation import Organisation
from .publishing import as_published
from .query import Query, parse_pairs, parse_query
from .reading import count, read_many, read_one, read_property
from .role_rights import role_action, role_privileges
from .schema import Table
from .tracking import changes, count_changes, first_read
from .user_rights import user_function
from .writing import (
    add_to_collection,
    clear_reference,
    delete_property,
    existing,
    patch,
    post,
    put_property,
    put_reference,
    remove,
    remove_from_collection,
)

URL_LIMIT, BATCH_URL_LIMIT = 32 * 1024, 64 * 1024


def run(org: Organisation, request: Request) -> Answer:
    """Answer one request; a refusal becomes its error envelope, and nothing of the request stays."""
    outer, org.tag = org.tag, _tag(request)
    try:
        with org.store.atomic():
            return _route(org, request)
    except refusal.Refusal as no:
        return refused(request, no)
    finally:
        org.tag = outer


def _tag(request: Request) -> str:
    """Give the optional parameter `tag`; every part of a batch has its own (optional-parameters.md)."""
    return dict(parse_pairs(request.query)).get("tag", "") if "tag" in request.query else ""


def _route(org: Organisation, request: Request) -> Answer:
    if len(request.path) + len(request.query) > (BATCH_URL_LIMIT if request.in_batch else URL_LIMIT):
        raise refusal.Refusal(414, "", "The request URL is too long.")
    if request.path == "$batch" and request.method == "POST":
        return run_batch(org, request, lambda part: run(org, part))
    path = split_path(request.path)
    if not path:
        raise refusal.not_modelled("the service document")
    name = path[0].name
    if name in {"EntityDefinitions", "RelationshipDefinitions"} or name in METADATA_ACTIONS:
        return _metadata(org, request, path)
    if name in _FUNCTIONS:
        return _function(org, request, path[0])
    table = org.table_of_set(name)
    if table is None:
        if name.startswith("$") or name in _KNOWN_ELSEWHERE:
            raise refusal.not_modelled(f"'{name}'")
        raise refusal.no_such_segment(name)
    if path[0].called:
        return _row(org, request, table, path)
    return _set(org, request, table, path)


def _metadata(org: Organisation, request: Request, path: list[Segment]) -> Answer:
    if request.method != "GET":
        return _shaped(lambda: write_metadata(org, request, path))
    query = parse_query(parse_pairs(request.query))
    if path[0].name == "RelationshipDefinitions":
        return read_relationships(org, request, path, query)
    if path[0].called:
        return read_table(org, request, path, query)
    return read_tables(org, request, query)


def _shaped(action: Callable[[], Answer]) -> Answer:
    """Refuse a payload whose JSON types are not those of a definition or query."""
    try:
        return action()
    except (AttributeError, TypeError, ValueError, ArithmeticError) as error:
        raise refusal.bad_payload("", f"The payload does not have the expected shape: {error}") from error


# --- functions -------------------------------------------------------------------------------------------------------

_ACTIONS: dict[str, Callable[[Organisation, Request], Answer]] = {"BulkDelete": bulk_delete, "Merge": merge}
_FUNCTIONS = frozenset(
    {
        "WhoAmI",
        "RetrieveCurrentOrganization",
        "RetrieveMetadataChanges",
        "RetrieveRolePrivilegesRole",
        *_ACTIONS,
    }
)
# fmt: off
_KNOWN_ELSEWHERE = frozenset(
    {
        "GlobalOptionSetDefinitions",
        "ManagedPropertyDefinitions",
        "RetrieveTotalRecordCount",
        "WinOpportunity",
        "LoseOpportunity",
        "CloseQuote",
        "WinQuote",
        "CancelSalesOrder",
        "FulfillSalesOrder",
        "ConvertSalesOrderToInvoice",
        "ImportSolution",
        "ExportSolution",
        "ImportSolutionAsync",
        "StageSolution",
        "InsertStatusValue",
        "OrderOption",
        "RetrieveVersion",
    }
)
# fmt: on


def _function(org: Organisation, request: Request, segment: Segment) -> Answer:
    action = _ACTIONS.get(segment.name)
    if action is not None and request.method == "POST":
        return _shaped(lambda: action(org, request))
    if request.method != "GET" or action is not None:
        raise _not_allowed(request)
    if segment.name == "RetrieveRolePrivilegesRole":
        return role_privileges(org, request, (segment.key or {}).get("RoleId"))
    if segment.name == "RetrieveMetadataChanges":
        return metadata_changes(org, request, segment, parse_query(parse_pairs(request.query)))
    if segment.name == "WhoAmI":
        body = {
            "@odata.context": f"{request.root}$metadata#{CRM}WhoAmIResponse",
            "BusinessUnitId": org.business_unit,
            "UserId": request.caller.user_id,
            "OrganizationId": org.id,
        }
        return json_answer(body)
    return json_answer(_organisation_detail(org, request))


def _organisation_detail(org: Organisation, request: Request) -> dict[str, object]:
    return {
        "@odata.context": f"{request.root}$metadata#{CRM}RetrieveCurrentOrganizationResponse",
        "Detail": {
            "OrganizationId": org.id,
            "FriendlyName": org.name,
            "OrganizationVersion": "9.2.0.0",
            "EnvironmentId": org.id,
            "Geo": "NA",
            "UrlName": "org",
            "UniqueName": "org",
            "State": "Enabled",
            "Endpoints": {
                "Count": len(org.urls),
                "Keys": ["WebApplication"] * len(org.urls),
                "Values": org.urls,
            },
        },
    }


# --- sets ------------------------------------------------------------------------------------------------------------


def _set(org: Organisation, request: Request, table: Table, path: list[Segment]) -> Answer:
    if len(path) == 1:
        query = parse_query(parse_pairs(request.query))
        if request.method == "POST":
            return post(org, request, table, query)
        if request.method == "GET":
            with as_published(org, table):
                return _list(org, request, table, query)
        raise _not_allowed(request)
    if len(path) == 2 and path[1].name == "$count" and request.method == "GET":
        query = parse_query(parse_pairs(request.query))
        return (
            count_changes(org, request, table, query)
            if query.deltatoken
            else count(org, request, table, query)
        )
    if len(path) == 2 and path[1].name == f"{CRM}RetrieveUnpublishedMultiple" and request.method == "GET":
        if table.name not in {FORM, VIEW}:
            raise refusal.not_modelled(f"unpublished rows of '{table.name}'")
        return read_many(org, request, table, parse_query(parse_pairs(request.query)))
    if len(path) == 2 and path[1].name.startswith(CRM) and request.method == "POST":
        return run_bulk(org, request, table, path[1].name.removeprefix(CRM))
    raise refusal.not_modelled(f"{request.method} on '{request.path}'")


def _list(org: Organisation, request: Request, table: Table, query: Query) -> Answer:
    if query.deltatoken is not None:
        return changes(org, request, table, query)
    # The cookie of a tracked page says so itself; the Prefer header should be repeated, but need not be.
    if request.prefer.track_changes or 'istracking="True"' in (query.skiptoken or ""):
        return first_read(org, request, table, query)
    return read_many(org, request, table, query)


# --- rows ------------------------------------------------------------------------------------------------------------


def _row(org: Organisation, request: Request, table: Table, path: list[Segment]) -> Answer:
    check_key_text(path[0])
    query = parse_query([p for p in parse_pairs(request.query) if p[0] != "$id"])
    if len(path) == 1:
        return _whole_row(org, request, table, path[0], query)
    row_id = existing(org, table, path[0])
    if len(path) == 2 and table.name == ROLE and path[1].name.startswith(CRM):
        return role_action(org, request, row_id, path[1].name)
    if len(path) == 2 and table.name == "systemuser" and path[1].name.startswith(CRM):
        return user_function(org, request, row_id, path[1].name)
    if len(path) == 2:
        return _below_row(org, request, table, row_id, path[1].name, query)
    if len(path) == 3 and path[2].name == "$ref":
        return _reference(org, request, table, row_id, path[1])
    raise refusal.not_modelled(f"{request.method} on '{request.path}'")


def _whole_row(org: Organisation, request: Request, table: Table, segment: Segment, query: Query) -> Answer:
    if request.method == "PATCH":
        return patch(org, request, table, segment, query)
    if request.method == "DELETE":
        return remove(org, request, table, segment)
    if request.method == "GET":
        with as_published(org, table):
            return read_one(org, request, table, existing(org, table, segment), query)
    raise _not_allowed(request)


def _below_row(
    org: Organisation, request: Request, table: Table, row_id: str, name: str, query: Query
) -> Answer:
    if request.method == "PUT":
        return put_property(org, request, table, row_id, name)
    if request.method == "DELETE":
        return delete_property(org, request, table, row_id, name)
    if request.method != "GET":
        raise _not_allowed(request)
    if name in table.navigation or name in org.schema.collections(table.name):
        raise refusal.not_modelled(
            f"reading through the navigation property '{name}'; use $expand or $filter"
        )
    return read_property(org, request, table, row_id, name)


def _reference(org: Organisation, request: Request, table: Table, row_id: str, segment: Segment) -> Answer:
    if segment.name in table.navigation:
        if request.method == "PUT":
            return put_reference(org, request, table, row_id, segment.name)
        if request.method == "DELETE":
            return clear_reference(org, request, table, row_id, segment.name)
        raise refusal.not_modelled(f"{request.method} on a $ref")
    if request.method == "POST":
        return add_to_collection(org, request, table, row_id, segment.name)
    if request.method == "DELETE":
        return remove_from_collection(org, request, table, row_id, segment)
    raise refusal.not_modelled(f"{request.method} on a $ref")


def _not_allowed(request: Request) -> refusal.Refusal:
    return refusal.Refusal(
        405, "0x80060888", f"The http method '{request.method}' is not allowed on this resource."
    )
