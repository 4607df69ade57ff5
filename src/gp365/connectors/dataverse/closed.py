"""Changing rows that are closed: an invoice that is paid or canceled is made active, changed, and closed again.

The connector of Microsoft between Business Central and Sales goes the same way (microsoft/BCApps). Each step is guarded
by the version that the one before has left. Where a step fails or a process ends between them, the row stays active: the
flow that keeps its state closes it.

A closed invoice's lines are closed with it. Lines that were refused while their invoice is closed are sent once more with
the invoice open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from gp365.connectors.dataverse.api import Refused, TooLate
from gp365.connectors.dataverse.metadata import Table
from gp365.connectors.dataverse.organisation import Organisation
from gp365.connectors.dataverse.parts import send_parts
from gp365.connectors.dataverse.reading import get
from gp365.connectors.dataverse.rows import Row, chunks, earliest, not_in_time
from gp365.connectors.dataverse.values import STATUS, loads
from gp365.model.errors import Gp365Error, Retry
from gp365.model.record import Op, Record, Status
from gp365.wire.calls import CallFailed

CLOSING = frozenset({"invoice"})
LINES = {"invoicedetail": ("invoice", "invoiceid")}
"""Tables of lines, with the table that closes them and the lookup to it."""
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
    guards = {row.id: row.version for row in closed}
    versions = _send(org, table, guards, dict.fromkeys(guards, _active(table)), earliest(closed))
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
    versions = _send(org, table, {row.id: row.version for row in done}, states, earliest(done))
    for row in done:
        assert row.outcome is not None
        if row.outcome.status is Status.DONE and row.id in versions:
            row.end(Status.DONE, version=versions[row.id], birth=row.outcome.birth, stored=row.outcome.stored)


def lines_again(org: Organisation, table: Table, rows: Sequence[Row]) -> None:
    """Send lines once more that Dataverse refused while what they belong to was closed: it is opened, and closed again."""
    if table.name not in LINES:
        return
    refused = [row for row in rows if row.outcome is not None and isinstance(row.outcome.error, Refused)]
    if not refused:
        return
    name, lookup = LINES[table.name]
    heads = org.table(name)
    try:
        belongs = _heads(org, table, lookup, refused)
        closed = _closed(org, heads, belongs.values())
        guards = {id: record.version for id, record in closed.items()}
        bodies = dict.fromkeys(guards, _active(heads))
        versions = _send(org, heads, guards, bodies, earliest(refused))
    except Gp365Error:  # only asked so far: what was refused stays refused
        return
    going = [row for row in refused if belongs.get(row.id) in versions]
    held = [row.outcome for row in going]
    for row in going:
        row.outcome = None
    size = org.api.pace.rows(table.set_name, org.sizes.batch_parts)
    try:
        for some in chunks(not_in_time(going, org.now()), size):
            send_parts(org, table, some)
    except Gp365Error:
        for row, outcome in zip(going, held, strict=True):
            row.outcome = row.outcome or outcome
    _shut(org, heads, {id: closed[id] for id in versions}, earliest(going))


def _heads(org: Organisation, table: Table, lookup: str, rows: Sequence[Row]) -> dict[str, str]:
    """Say what lines belong to: new ones by what was to be written, the others by what stands."""
    stand = [(row.id,) for row in rows if row.write.op is Op.UPDATE]
    found = get(org, table.name, stand, (lookup,), who=False) if stand else {}
    values = {row.id: row.write.values for row in rows} | {key[0]: one.values for key, one in found.items()}
    return {id: str(head).lower() for id, held in values.items() if (head := held.get(lookup))}


def _closed(org: Organisation, table: Table, ids: Iterable[str]) -> dict[str, Record]:
    keys = [(id,) for id in dict.fromkeys(ids)]
    found = get(org, table.name, keys, _NAMES, who=False) if keys else {}
    return {key[0]: one for key, one in found.items() if one.values.get(STATE) not in (ACTIVE, None)}


def _shut(org: Organisation, table: Table, before: Mapping[str, Record], until: datetime | None) -> None:
    """Give what was opened for its lines the state that it had, by the version that the lines have left."""
    try:
        now = get(org, table.name, [(id,) for id in before], _NAMES, who=False) if before else {}
    except Gp365Error:
        return
    guards = {key[0]: one.version for key, one in now.items() if one.values.get(STATE) == ACTIVE}
    states = {id: {name: before[id].values.get(name) for name in _NAMES} for id in guards}
    if guards:
        _send(org, table, guards, states, until)


def _active(table: Table) -> dict[str, Any]:
    status = table.columns[STATE].statuses.get(ACTIVE)
    return {STATE: ACTIVE, **({} if status is None else {STATUS: status})}


def _send(
    org: Organisation, table: Table, guards: Mapping[str, str], bodies: States, until: datetime | None
) -> Mapping[str, str]:
    """Write states, guarded by versions, and return the versions that came of it; what was refused is not among them."""
    parts = [
        org.api.part(
            "PATCH", f"{table.set_name}({id})", {"$select": STATE}, {"If-Match": version}, bodies[id]
        )
        for id, version in guards.items()
    ]
    try:
        answers = org.api.write_batch(parts, kind=table.set_name, until=until) if parts else ()
    except (Refused, TooLate, CallFailed):
        return {}
    ended = zip(guards, answers, strict=True)
    return {id: str(loads(one.body)["@odata.etag"]) for id, one in ended if one and one.ok and one.body}
