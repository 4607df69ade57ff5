"""Writes the body of a webhook: a RemoteExecutionContext as .NET's DataContractJsonSerializer does.

Source: the sample of use-webhooks.md (shape, headers, cut above 256 KB, `\\/`-escaped text, `/Date(ms)/`, lists of key and
value) and understand-the-data-context.md; the form of a choice is recorded from a real organisation (wiki mscrmrocks,
opportunity won). Assumed: the form of money, Target of Delete and of Merge as a reference, the columns of Target beside
those that were sent, and that properties which are removed are absent.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from .exchange import dumps
from .hooks_events import STEPS, Event, Merged
from .organisation import TARGET_SUFFIX, Organisation
from .schema import LOOKUP_TYPES, OPTION_TYPES, Column, Table
from .store import Row

LIMIT_BYTES = 256 * 1024
CUT = ("ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages")
_XRM = "http://schemas.microsoft.com/xrm/2011/Contracts"
# The platform writes these by itself, so an Update's Target has them beside what was sent.
_OWN = ("modifiedon", "_modifiedby_value")


@dataclass(frozen=True, slots=True)
class Image:
    """A picture of the row that a step asked for: `columns` are logical names, none for all."""

    alias: str
    columns: tuple[str, ...]
    before: bool
    after: bool


@dataclass(frozen=True, slots=True)
class Occasion:
    """One event as one step tells it; `operation` is the id of its system job."""

    event: Event
    step: str
    operation: str
    images: tuple[Image, ...] = ()
    tag_in_parent: bool = False


def headers_and_body(org: Organisation, occasion: Occasion) -> tuple[dict[str, str], bytes]:
    """Give the headers and the body of a delivery; a body above 256 KB is cut and marked."""
    event = occasion.event
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "x-ms-dynamics-organization": urlsplit(org.urls[0]).netloc if org.urls else "org.crm.dynamics.com",
        "x-ms-dynamics-entity-name": event.table.name,
        "x-ms-dynamics-request-name": event.message,
        "x-ms-correlation-request-id": event.correlation,
    }
    whole = context(org, occasion)
    body = _written(whole)
    if len(body) > LIMIT_BYTES:
        headers["x-ms-dynamics-msg-size-exceeded"] = "true"
        body = _written({name: value for name, value in whole.items() if name not in CUT})
    return headers, body


def _written(value: dict[str, Any]) -> bytes:
    # Outside of texts JSON has no slash.
    return dumps(value).replace(b"/", b"\\/")


def context(org: Organisation, occasion: Occasion) -> dict[str, Any]:
    """Give the execution context of an asynchronous step with the one of the operation itself as its parent."""
    event = occasion.event
    tag = [{"key": "tag", "value": event.tag}] if event.tag else []
    changed = {"key": "ChangedEntityTypes", "value": [_pair(event.table.name, event.message)]}
    in_parent = tag if occasion.tag_in_parent else []
    message = "Merge" if event.merged is not None else event.message
    parent = {**_context(org, occasion, 30, [*in_parent, changed]), "MessageName": message}
    own = _context(org, occasion, 40, [] if occasion.tag_in_parent else tag)
    own["ParentContext"] = parent
    own["PreEntityImages"] = _images(event.table, occasion.images, event.old, before=True)
    own["PostEntityImages"] = _images(event.table, occasion.images, event.new, before=False)
    return own


def _context(
    org: Organisation, occasion: Occasion, stage: int, shared: list[dict[str, Any]]
) -> dict[str, Any]:
    event = occasion.event
    return {
        "BusinessUnitId": org.business_unit,
        "CorrelationId": event.correlation,
        "Depth": 1,
        "InitiatingUserId": event.user,
        "InputParameters": _input(event),
        "IsExecutingOffline": False,
        "IsInTransaction": False,
        "IsOfflinePlayback": False,
        "IsolationMode": 1,
        "MessageName": event.message,
        "Mode": 1,
        "OperationCreatedOn": f"/Date({_milliseconds(event.at)}+0000)/",
        "OperationId": occasion.operation,
        "OrganizationId": org.id,
        "OrganizationName": "org",
        "OutputParameters": [{"key": "id", "value": event.id}] if event.message == "Create" else [],
        "OwningExtension": _named(STEPS, occasion.step),
        "ParentContext": None,
        "PostEntityImages": [],
        "PreEntityImages": [],
        "PrimaryEntityId": event.id,
        "PrimaryEntityName": event.table.name,
        "RequestId": None,
        "SecondaryEntityName": "none",
        "SharedVariables": shared,
        "Stage": stage,
        "UserId": event.user,
    }


def _input(event: Event) -> list[dict[str, Any]]:
    table, row = event.table, event.new
    if event.message == "Delete" or row is None:
        return [{"key": "Target", "value": reference(table.name, event.id)}]
    if event.message == "Merge" and event.merged is not None:
        return _merge(table, event.id, event.merged)
    named = row.keys() if event.message == "Create" else [*event.sent, *_OWN, table.id_column]
    return [{"key": "Target", "value": _typed("Entity", _entity(table, event.id, row, dict.fromkeys(named)))}]


def _merge(table: Table, master: str, merged: Merged) -> list[dict[str, Any]]:
    content = _entity(table, master, merged.content, merged.content)
    return [
        {"key": "Target", "value": reference(table.name, master)},
        {"key": "SubordinateId", "value": merged.subordinate},
        {"key": "UpdateContent", "value": _typed("Entity", content)},
        {"key": "PerformParentingChecks", "value": merged.check_parents},
    ]


def _images(
    table: Table, images: tuple[Image, ...], row: Row | None, *, before: bool
) -> list[dict[str, Any]]:
    wanted = [i for i in images if (i.before if before else i.after)]
    if row is None:
        return []
    return [
        {"key": i.alias, "value": _entity(table, row[table.id_column], row, _wires(table, i.columns, row))}
        for i in wanted
    ]


def _wires(table: Table, columns: tuple[str, ...], row: Row) -> Iterable[str]:
    """Give the wire names of an image; columns without a value are not in it."""
    if not columns:
        return row.keys()
    wires = (table.columns[name].wire for name in (*columns, table.id_column))
    return dict.fromkeys(wire for wire in wires if wire in row)


# --- values ----------------------------------------------------------------------------------------------------------


def _entity(table: Table, row_id: str, row: Row, wires: Iterable[str]) -> dict[str, Any]:
    attributes = [
        {"key": table.wire[wire].name, "value": _value(table.wire[wire], row)}
        for wire in wires
        if wire in table.wire and wire != "versionnumber"
    ]
    return {
        "Attributes": attributes,
        "EntityState": None,
        "FormattedValues": [],
        "Id": row_id,
        "KeyAttributes": [],
        "LogicalName": table.name,
        "RelatedEntities": [],
        "RowVersion": None,
    }


def _value(column: Column, row: Row) -> Any:
    value = row.get(column.wire)
    if value is None:
        return None
    if column.type in LOOKUP_TYPES:
        return reference(str(row.get(column.wire + TARGET_SUFFIX) or column.targets[0]), value)
    if column.type in OPTION_TYPES:
        return _typed("OptionSetValue", {"Value": value})
    if column.type == "Money":
        return _typed("Money", {"Value": value})
    if column.type == "DateTime":
        return f"/Date({_milliseconds(datetime.fromisoformat(value))})/"
    return value


def reference(table: str, row_id: str) -> dict[str, Any]:
    """Give an EntityReference; the name of the row is not told."""
    return _typed("EntityReference", _named(table, row_id))


def _named(table: str, row_id: str) -> dict[str, Any]:
    return {"Id": row_id, "KeyAttributes": [], "LogicalName": table, "Name": None, "RowVersion": None}


def _typed(name: str, values: dict[str, Any]) -> dict[str, Any]:
    return {"__type": f"{name}:{_XRM}", **values}


def _pair(key: str, value: str) -> dict[str, str]:
    return {"__type": "KeyValuePairOfstringstring:#System.Collections.Generic", "key": key, "value": value}


def _milliseconds(moment: datetime) -> int:
    return calendar.timegm(moment.utctimetuple()) * 1000
