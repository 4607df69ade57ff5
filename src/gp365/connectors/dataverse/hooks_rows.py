"""The rows by which Dataverse keeps a webhook, and how they are asked for: endpoint, steps, messages, failed jobs.

Sources: the table references of serviceendpoint, sdkmessageprocessingstep and asyncoperation, and register-web-hook. The
form of `authvalue` for headers and query pairs is that of public projects; no page of Microsoft's shows it: assumed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from xml.sax.saxutils import quoteattr

from gp365.connectors.dataverse.api import WebApi
from gp365.connectors.dataverse.values import moment
from gp365.wire.redact import redact

Form = Literal["key", "query", "header"]
PREFIX = "gp365 "
ENDPOINTS = "serviceendpoints"
STEPS = "sdkmessageprocessingsteps"
AUTH_TYPES: Mapping[Form, int] = {"key": 4, "header": 5, "query": 6}
ENABLED = 0
MESSAGES = ("Create", "Update", "Delete", "Merge")
_WEBHOOK, _JSON, _NORMAL = 8, 2, 1
_AFTER, _ASYNCHRONOUS = 40, 1
_FAILED = 31
_WORDS = 300
_ANY = {"If-Match": "*"}

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Failure:
    """The last job of a step that failed: when, and in Dataverse's words."""

    at: datetime | None
    words: str


@dataclass(frozen=True, slots=True)
class Offered:
    """The ids of messages by name, and of the filter of each (message, table) that Dataverse offers."""

    messages: Mapping[str, str]
    filters: Mapping[tuple[str, str], str]


def auth_value(form: Form, field: str, secret: str) -> str:
    """Return what the endpoint brings: the plain key, or a setting for a header or query pair."""
    if form == "key":
        return secret
    return f"<settings><setting name={quoteattr(field)} value={quoteattr(secret)} /></settings>"


def endpoints_named(api: WebApi, name: str) -> list[Row]:
    """Return the webhooks of this name, the oldest first."""
    chosen = "serviceendpointid,name,url,authtype,contract,messageformat"
    where = f"contract eq {_WEBHOOK} and name eq '{name}'"
    return _rows(api, ENDPOINTS, {"$select": chosen, "$filter": where, "$orderby": "createdon"})


def endpoint_body(name: str, url: str, form: Form) -> dict[str, Any]:
    """Return what an endpoint holds, its secret aside."""
    return {
        "name": name,
        "url": url,
        "contract": _WEBHOOK,
        "authtype": AUTH_TYPES[form],
        "messageformat": _JSON,
    }


def make_endpoint(api: WebApi, body: Mapping[str, Any], secret: str) -> None:
    """Make an endpoint."""
    api.post(ENDPOINTS, {**body, "connectionmode": _NORMAL, "authvalue": secret})


def change_endpoint(api: WebApi, row: Row, body: Mapping[str, Any], secret: str) -> None:
    """Set an endpoint right, its secret too: that can be written and never read."""
    api.patch(f"{ENDPOINTS}({endpoint_id(row)})", {**body, "authvalue": secret}, _ANY)


def endpoint_id(row: Row) -> str:
    """Return the id of an endpoint."""
    return str(row["serviceendpointid"]).lower()


def steps_of(api: WebApi, endpoint: str) -> list[Row]:
    """Return every step that posts to an endpoint, ours and others."""
    chosen = (
        "sdkmessageprocessingstepid,name,stage,mode,filteringattributes,statecode,"
        "_sdkmessageid_value,_sdkmessagefilterid_value"
    )
    where = f"_eventhandler_value eq {endpoint}"
    return _rows(api, STEPS, {"$select": chosen, "$filter": where, "$orderby": "createdon"})


def step_id(row: Row) -> str:
    """Return the id of a step."""
    return str(row["sdkmessageprocessingstepid"]).lower()


def columns_of(row: Row) -> frozenset[str]:
    """Return the filtering attributes of a step; none means every column."""
    return frozenset(
        name for part in str(row.get("filteringattributes") or "").split(",") if (name := part.strip())
    )


def ours(columns: Sequence[str]) -> dict[str, Any]:
    """Return how a step of ours runs: after the operation, asynchronously, on these columns."""
    return {
        "stage": _AFTER,
        "mode": _ASYNCHRONOUS,
        "filteringattributes": ",".join(columns) if columns else None,
    }


def runs_as_ours(row: Row) -> bool:
    """Tell whether a step runs after the operation, and asynchronously."""
    return (row.get("stage"), row.get("mode")) == (_AFTER, _ASYNCHRONOUS)


def make_step(
    api: WebApi, name: str, endpoint: str, message: str, table_filter: str, body: Mapping[str, Any]
) -> None:
    """Make a step; jobs that succeeded are removed by Dataverse, those that failed stay to be looked at."""
    bound = {
        "eventhandler_serviceendpoint@odata.bind": f"/{ENDPOINTS}({endpoint})",
        "sdkmessageid@odata.bind": f"/sdkmessages({message})",
        "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({table_filter})",
    }
    fixed = {"name": name, "rank": 1, "supporteddeployment": 0, "asyncautodelete": True}
    given = {column: value for column, value in body.items() if value is not None}
    api.post(STEPS, {**fixed, **given, **bound})


def change_step(api: WebApi, row: Row, body: Mapping[str, Any]) -> None:
    """Change a step."""
    api.patch(f"{STEPS}({step_id(row)})", body, _ANY)


def enable_step(api: WebApi, row: Row) -> None:
    """Let a step run again."""
    api.patch(f"{STEPS}({step_id(row)})", {"statecode": ENABLED, "statuscode": 1}, _ANY)


def offered(api: WebApi, tables: Iterable[str]) -> Offered:
    """Ask which of the messages each table offers."""
    names = " or ".join(f"name eq '{name}'" for name in MESSAGES)
    rows = _rows(api, "sdkmessages", {"$select": "sdkmessageid,name", "$filter": names})
    messages = {str(row["name"]): str(row["sdkmessageid"]).lower() for row in rows}
    named = {id_: name for name, id_ in messages.items()}
    asked = " or ".join(f"primaryobjecttypecode eq '{table}'" for table in sorted(tables))
    kinds = " or ".join(f"_sdkmessageid_value eq {id_}" for id_ in messages.values())
    if not asked or not kinds:
        return Offered(messages, {})
    chosen = "sdkmessagefilterid,primaryobjecttypecode,_sdkmessageid_value"
    found = _rows(api, "sdkmessagefilters", {"$select": chosen, "$filter": f"({asked}) and ({kinds})"})
    filters = {
        (named[str(row["_sdkmessageid_value"]).lower()], str(row["primaryobjecttypecode"])): str(
            row["sdkmessagefilterid"]
        ).lower()
        for row in found
    }
    return Offered(messages, filters)


def last_failure(api: WebApi, step: str) -> Failure | None:
    """Return the last job of a step that failed, None if none did."""
    params = {
        "$select": "message,friendlymessage,completedon",
        "$filter": f"statuscode eq {_FAILED} and _owningextensionid_value eq {step}",
        "$orderby": "completedon desc",
        "$top": "1",
    }
    for row in api.get("asyncoperations", params)["value"]:
        return _failure(row)
    return None


def failed_since(api: WebApi, steps: Collection[str], since: datetime) -> dict[str, Failure]:
    """Return of each of these steps (ids) the last job that failed since a moment: one request for all of them."""
    if not steps:
        return {}
    mine = " or ".join(f"_owningextensionid_value eq {step}" for step in sorted(steps))
    params = {
        "$select": "message,friendlymessage,completedon,_owningextensionid_value",
        "$filter": f"statuscode eq {_FAILED} and completedon ge {since:%Y-%m-%dT%H:%M:%SZ} and ({mine})",
        "$orderby": "completedon desc",
        "$top": "50",
    }
    found: dict[str, Failure] = {}
    for row in api.get("asyncoperations", params)["value"]:
        found.setdefault(str(row["_owningextensionid_value"]).lower(), _failure(row))
    return found


def _failure(row: Row) -> Failure:
    words = " ".join(str(row.get("friendlymessage") or row.get("message") or "").split())
    ended = row.get("completedon")
    return Failure(moment(ended) if ended else None, redact(words)[:_WORDS])


def _rows(api: WebApi, path: str, params: Mapping[str, str]) -> list[Row]:
    return [row for page in api.pages(path, params, page_rows=5000) for row in page.rows]
