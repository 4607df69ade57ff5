"""CreateMultiple, UpdateMultiple, UpsertMultiple and BulkDelete.

Source: bulk-operations.md and the UpsertMultiple reference. On standard tables a bulk message is all or nothing and does
not say which row failed.
"""

from __future__ import annotations

import uuid
from typing import Any, cast

from gp365_sim.identity.tokens import Caller

from . import refusal
from .address import relative, split_path
from .bulk_messages import MESSAGES
from .exchange import Answer, Request, json_answer, no_content
from .organisation import Organisation
from .payload import find_by_values, read_payload
from .records import create, delete, update
from .schema import Table
from .store import Row
from .values import as_guid
from .writing import key_values_of

_TYPE = "Microsoft.Dynamics.CRM."


def run_bulk(org: Organisation, request: Request, table: Table, message: str) -> Answer:
    """Run one bulk message on a table that has it."""
    if message == "DeleteMultiple":
        raise refusal.Refusal(501, "0x80040800", "DeleteMultiple has not yet been implemented.")
    if message not in MESSAGES or not available(org, table, message):
        raise refusal.no_such_segment(f"{_TYPE}{message}")
    targets = _targets(table, request.json())
    with org.store.atomic():
        if message == "CreateMultiple":
            return _create(org, request, table, targets)
        if message == "UpdateMultiple":
            return _update(org, request.caller, table, targets)
        return _upsert(org, request.caller, table, targets)


def available(org: Organisation, table: Table, message: str) -> bool:
    """Tell whether a table has a message, as sdkmessagefilters lists it."""
    filters = org.store.rows["sdkmessagefilter"].values()
    name = f"{message}:{table.name}"
    return any(row["name"] == name for row in filters)


def _targets(table: Table, body: dict[str, Any]) -> list[dict[str, Any]]:
    targets = body.get("Targets")
    if not isinstance(targets, list) or not targets:
        raise refusal.invalid("The required field 'Targets' is missing.")
    for target in targets:  # pyright: ignore[reportUnknownVariableType]
        kind = str(target.get("@odata.type", "")).lstrip("#") if isinstance(target, dict) else ""  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        if kind != f"{_TYPE}{table.name}":
            raise refusal.bad_payload(
                table.name,
                "A type annotation '@odata.type' with the type of the table is required on every item of 'Targets'.",
            )
    return targets  # pyright: ignore[reportUnknownVariableType]


def _create(org: Organisation, request: Request, table: Table, targets: list[dict[str, Any]]) -> Answer:
    ids: list[str] = []
    for target in targets:
        values = read_payload(org, table, target, creating=True)
        ids.append(create(org, request.caller, table, values)[table.id_column])
    where = f"{request.root}$metadata#{_TYPE}CreateMultipleResponse"
    return json_answer({"@odata.context": where, "Ids": ids}, rows=len(ids))


def _update(org: Organisation, caller: Caller, table: Table, targets: list[dict[str, Any]]) -> Answer:
    for target in targets:
        row_id = as_guid(str(target.get(table.id_column, "")))
        if row_id is None:
            raise refusal.invalid(f"The primary key '{table.id_column}' is required on every target.")
        old = org.store.get(table.name, row_id)
        update(org, caller, table, old, read_payload(org, table, target, creating=False))
    return no_content(rows=len(targets))


def _upsert(org: Organisation, caller: Caller, table: Table, targets: list[dict[str, Any]]) -> Answer:
    for target in targets:
        _upsert_one(org, caller, table, target)
    return no_content(rows=len(targets))


def _upsert_one(org: Organisation, caller: Caller, table: Table, target: dict[str, Any]) -> None:
    keys, row_id = _identity(org, table, target)
    old = org.store.find(table.name, row_id) if row_id else None
    if old is not None:
        values = read_payload(org, table, target, creating=False)
        update(org, caller, table, old, {k: v for k, v in values.items() if k not in keys})
        return
    values = read_payload(org, table, target, creating=True)
    doubled = sorted(set(values) & set(keys))
    if doubled:
        # Recorded in the change log of Microsoft's Python client, 0.1.0b5.
        raise refusal.invalid(
            f"The key columns {', '.join(doubled)} stand both in '@odata.id' and in the target."
        )
    row: Row = {**values, **keys}
    if row_id is not None:
        row[table.id_column] = row_id
    create(org, caller, table, row)


def _identity(org: Organisation, table: Table, target: dict[str, Any]) -> tuple[Row, str | None]:
    """Give the alternate key values and the id that a target means."""
    reference = target.get("@odata.id")
    if not isinstance(reference, str):
        return {}, as_guid(str(target.get(table.id_column, "")))
    segments = split_path(relative(reference))
    if len(segments) != 1 or segments[0].name != table.set_name:
        raise refusal.bad_request(f"The reference '{reference}' does not name a row of '{table.set_name}'.")
    if segments[0].id is not None:
        return {}, segments[0].id
    keys = key_values_of(org, table, segments[0])
    return keys, find_by_values(org, table, keys)


# --- BulkDelete ------------------------------------------------------------------------------------------------------


def bulk_delete(org: Organisation, request: Request) -> Answer:
    """Delete the rows of QueryExpressions; here the job is done before its id is answered."""
    body = request.json()
    found: list[tuple[Table, str]] = []
    for query in cast(list[dict[str, Any]], body.get("QuerySet") or []):
        found += _matching(org, query)
    with org.store.atomic():
        for table, row_id in found:
            if org.store.find(table.name, row_id) is not None:
                delete(org, request.caller, table, row_id)
    job = _job(org, str(body.get("JobName", "Bulk delete")))
    where = f"{request.root}$metadata#{_TYPE}BulkDeleteResponse"
    return json_answer({"@odata.context": where, "JobId": job}, rows=len(found))


def _matching(org: Organisation, query: dict[str, Any]) -> list[tuple[Table, str]]:
    table = org.schema.tables.get(str(query.get("EntityName", "")))
    if table is None:
        raise refusal.invalid(f"The entity '{query.get('EntityName')}' does not exist.")
    criteria: dict[str, Any] = query.get("Criteria") or {}
    conditions: list[dict[str, Any]] = criteria.get("Conditions") or []
    if len(conditions) != 1 or criteria.get("Filters") or query.get("LinkEntities"):
        raise refusal.not_modelled("a BulkDelete query other than one In or Equal condition")
    condition = conditions[0]
    if condition.get("Operator") not in {"In", "Equal"}:
        raise refusal.not_modelled(f"the condition operator '{condition.get('Operator')}' in BulkDelete")
    raw: list[Any] = condition.get("Values") or []
    wanted = {str(v.get("Value", "")).lower() if isinstance(v, dict) else str(v).lower() for v in raw}  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    name = str(condition.get("AttributeName"))
    if name not in table.columns:
        raise refusal.invalid(f"'{table.name}' entity doesn't contain attribute with Name = '{name}'.")
    wire = table.columns[name].wire
    rows = org.store.rows[table.name].items()
    if wire == table.id_column:
        return [(table, i) for i in wanted if i in org.store.rows[table.name]]
    return [(table, i) for i, row in rows if str(row.get(wire, "")).lower() in wanted]


def _job(org: Organisation, name: str) -> str:
    table, now = org.schema.tables["asyncoperation"], org.stamp()
    job_id = str(uuid.uuid4())
    row: Row = {
        "asyncoperationid": job_id,
        "name": name[:256],
        "operationtype": 13,
        "statecode": 3,
        "statuscode": 30,
        "createdon": now,
        "completedon": now,
    }
    org.store.insert(table, row)
    return job_id
