"""Changing rows that are closed: an invoice that is paid or canceled is made active, changed, and closed again.

The connector of Microsoft between Business Central and Sales goes the same way (microsoft/BCApps). Each step is guarded
by the version that the one before has left. Where a step fails or a process ends between them, the row stays active: the
flow that keeps its state closes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gp365.connectors.dataverse.api import Refused, TooLate
from gp365.connectors.dataverse.metadata import Table
from gp365.connectors.dataverse.organisation import Organisation
from gp365.connectors.dataverse.reading import get
from gp365.connectors.dataverse.rows import Row, earliest
from gp365.connectors.dataverse.values import STATUS, loads
from gp365.model.errors import Retry
from gp365.model.record import Status
from gp365.wire.calls import CallFailed

CLOSING = frozenset({"invoice"})
STATE = "statecode"
ACTIVE = 0
_NAMES = (STATE, STATUS)
States = Mapping[str, Mapping[str, Any]]


def opened(org: Organisation, table: Table, rows: Sequence[Row]) -> States:
    """Make those rows active that are closed and shall be changed in more than their state; return what they were."""
    asked = [row for row in rows if row.body.keys() - set(_NAMES)] if table.name in CLOSING else []
    if not asked:
        return {}
    found = get(org, table.name, [(row.id,) for row in asked], _NAMES, who=False)
    states: dict[str, Mapping[str, Any]] = {}
    for row in asked:
        record = found.get((row.id,))
        # Another version than the planned one: the guard of the write itself says so.
        if record is None or record.values.get(STATE) in (ACTIVE, None):
            continue
        if not row.version or record.version == row.version:
            row.version = record.version
            states[row.id] = {name: record.values.get(name) for name in _NAMES}
    closed = [row for row in asked if row.id in states]
    if not closed:
        return {}
    status = table.columns[STATE].statuses.get(ACTIVE)
    body: dict[str, Any] = {STATE: ACTIVE, **({} if status is None else {STATUS: status})}
    versions = _send(org, table, closed, dict.fromkeys(states, body))
    for row in closed:
        if row.id in versions:
            row.version = versions[row.id]
        else:
            row.later(Retry("busy", "The record is closed and could not be opened", system=org.name))
            del states[row.id]
    return states


def close_again(org: Organisation, table: Table, rows: Sequence[Row], states: States) -> None:
    """Give rows back the state that they had, unless the change was about it; what fails is left to the state's own flow."""
    done = [row for row in rows if row.id in states and row.outcome is not None and STATE not in row.body]
    for row in done:
        assert row.outcome is not None
        row.version = row.outcome.version if row.outcome.status is Status.DONE else row.version
    versions = _send(org, table, done, states)
    for row in done:
        assert row.outcome is not None
        if row.outcome.status is Status.DONE and row.id in versions:
            row.end(Status.DONE, version=versions[row.id], birth=row.outcome.birth, stored=row.outcome.stored)


def _send(org: Organisation, table: Table, rows: Sequence[Row], bodies: States) -> Mapping[str, str]:
    """Write states and return the versions that came of it; a row that was refused is not among them."""
    parts = [
        org.api.part(
            "PATCH",
            f"{table.set_name}({row.id})",
            {"$select": STATE},
            {"If-Match": row.version},
            bodies[row.id],
        )
        for row in rows
    ]
    try:
        answers = org.api.write_batch(parts, kind=table.set_name, until=earliest(rows)) if parts else ()
    except (Refused, TooLate, CallFailed):
        return {}
    ended = zip(rows, answers, strict=True)
    return {row.id: str(loads(one.body)["@odata.etag"]) for row, one in ended if one and one.ok and one.body}
