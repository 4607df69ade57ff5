"""Writes as parts of one `$batch`: each part guarded by itself, each with an answer that becomes an outcome.

Updates carry If-Match, so that they cannot create and lose no edit; creates carry If-None-Match, so that they cannot update
(conditional operations page). Both answer with what was stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gp365.connectors.dataverse.api import Refused, TooLate
from gp365.connectors.dataverse.describe import own, serves
from gp365.connectors.dataverse.metadata import Table
from gp365.connectors.dataverse.organisation import Organisation
from gp365.connectors.dataverse.reading import Query, get
from gp365.connectors.dataverse.refusals import Fate, fate_of, missing_privilege
from gp365.connectors.dataverse.rows import Row, earliest, lost, out_of_sight
from gp365.connectors.dataverse.selection import Selection, selection
from gp365.connectors.dataverse.values import loads
from gp365.model.errors import Retry, Unauthorised
from gp365.model.record import Op, Record, Status
from gp365.wire.batch import Part, PartAnswer
from gp365.wire.calls import CallFailed
from gp365.wire.literals import literal
from gp365.wire.odata import ServiceError, service_error
from gp365.wire.retries import retry_after_s


def send_parts(org: Organisation, table: Table, rows: Sequence[Row]) -> None:
    """Send rows as one batch and end each; raise Unauthorised where our role lacks a privilege for all of them."""
    if not rows:
        return
    chosen = [_selection(table, row) for row in rows]
    parts = [_part(org, table, row, one) for row, one in zip(rows, chosen, strict=True)]
    try:
        answers = org.api.write_batch(parts, kind=table.set_name, until=earliest(rows))
    except Refused as refused:
        _isolate(org, table, rows, refused)
        return
    except TooLate as late:
        for row in rows:
            row.later(late)
        return
    except CallFailed as failed:
        lost(rows, failed)
        return
    _stop_without_right(org, table, rows, answers)
    for row, one, answer in zip(rows, chosen, answers, strict=True):
        _end(org, table, row, one, answer)
    _tell_moved(org, table, [row for row in rows if row.outcome and row.outcome.status in _TOLD])


DETECT_DUPLICATES = "MSCRM.SuppressDuplicateDetection"
_TOLD = frozenset({Status.MOVED, Status.EXISTS})


def _isolate(org: Organisation, table: Table, rows: Sequence[Row], refused: Refused) -> None:
    """Halve a batch that was refused as a whole until the row that spoils it stands alone."""
    if len(rows) == 1:
        rows[0].refuse(refused)
        return
    half = len(rows) // 2
    send_parts(org, table, rows[:half])
    send_parts(org, table, rows[half:])


def _selection(table: Table, row: Row) -> Selection:
    return selection(table, (name for name in row.names if name in table.columns))


def _part(org: Organisation, table: Table, row: Row, chosen: Selection) -> Part:
    guard = {"If-None-Match": "*"} if row.write.op is Op.CREATE else {"If-Match": row.version or "*"}
    if row.write.op is Op.CREATE and org.api.settings.duplicate_rules and not own(table):
        guard[DETECT_DUPLICATES] = "false"  # suppress it: false (optional-parameters page)
    path = f"{table.set_name}({row.id})"
    return org.api.part("PATCH", path, {"$select": chosen.select}, guard, row.body)


def _stop_without_right(
    org: Organisation, table: Table, rows: Sequence[Row], answers: Sequence[PartAnswer | None]
) -> None:
    """Raise Unauthorised where every part was refused for the same missing privilege: it is not about a record.

    A record out of our reach is refused in the same words, so that the records themselves are looked at first.
    """
    missing = {missing_privilege(_error(answer)) for answer in answers if answer is not None}
    if len(missing) == 1 and (privilege := missing.pop()) and not _any_hidden(org, table, rows):
        raise Unauthorised(
            "right-missing",
            f"The application user lacks {privilege}",
            system=org.name,
            fix=f"Give its security role {privilege}.",
        )


def _any_hidden(org: Organisation, table: Table, rows: Sequence[Row]) -> bool:
    updated = [(row.id,) for row in rows if row.write.op is Op.UPDATE]
    return (
        any(record.hidden for record in get(org, table.name, updated, (), who=False).values())
        if updated
        else False
    )


def _error(answer: PartAnswer) -> ServiceError:
    return service_error(answer.status, answer.body) if not answer.ok else ServiceError(answer.status, "", "")


def _end(org: Organisation, table: Table, row: Row, chosen: Selection, answer: PartAnswer | None) -> None:
    if answer is None:
        row.later(Retry("busy", "The batch ended before this write"))
        return
    if answer.ok:
        org.acknowledge(table.name, row.write.op, 1)
        _done(row, chosen, answer)
        return
    error = _error(answer)
    fate = fate_of(error)
    refused = Refused(error, org.name)
    if fate is Fate.STALE:
        row.end(Status.MOVED)
    elif fate is Fate.EXISTS and row.write.op is Op.CREATE:
        row.end(Status.EXISTS, error=refused)
    elif fate is Fate.GONE and row.write.op is Op.UPDATE and _is_itself(row, error):
        row.end(Status.GONE)
    elif fate is Fate.LATER:
        after = retry_after_s(answer.headers.get("retry-after"), org.now())
        row.later(Retry("busy", refused.message, after_s=after, system=org.name))
    else:
        row.refuse(refused)


def _is_itself(row: Row, error: ServiceError) -> bool:
    # A lookup to a record that is gone is a 404 as well; it names the other record's id.
    return row.id in error.message.lower() or not any(name.endswith("@odata.bind") for name in row.body)


def _done(row: Row, chosen: Selection, answer: PartAnswer) -> None:
    if not answer.body:
        row.end(Status.DONE, version=answer.headers.get("etag"), birth=row.birth)
        return
    record = chosen.record(loads(answer.body))
    stored = {name: value for name, value in record.values.items() if name in row.write.values}
    row.end(Status.DONE, version=record.version, birth=record.birth, stored=stored)


def _tell_moved(org: Organisation, table: Table, rows: Sequence[Row]) -> None:
    """Read once what the records are now that met another version, or stood in the way of a create."""
    if not rows:
        return
    names = tuple(dict.fromkeys(name for row in rows for name in row.known if serves(table, name)))
    found = get(org, table.name, [(row.id,) for row in rows], names)
    for row in rows:
        assert row.outcome is not None
        record = found.get((row.id,)) or _by_alternate_key(org, table, row, names)
        status, error = row.outcome.status, row.outcome.error
        if status is Status.EXISTS and (record is None or record.hidden):
            row.refuse(out_of_sight())
        elif record is not None:
            row.end(status, record=record, error=error)
        elif status is Status.MOVED:
            row.end(Status.GONE)


def _by_alternate_key(org: Organisation, table: Table, row: Row, names: tuple[str, ...]) -> Record | None:
    """Return the record that carries the same alternate key as a create or update that was refused for it."""
    query = Query(org, table.name, names)
    for key in table.keys:
        values: Mapping[str, object] = {name: row.write.values.get(name) for name in key.columns}
        if any(not isinstance(value, str) for value in values.values()):
            continue
        filter_ = " and ".join(f"{name} eq {literal(str(value))}" for name, value in values.items())
        for found in query.rows({**query.params(), "$filter": filter_}):
            return query.record(found, opportunity=False)
    return None
