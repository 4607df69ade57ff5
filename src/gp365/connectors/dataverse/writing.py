"""Writing a page: creates by bulk message under our own ids, updates guarded by versions, every row with its own outcome.

A bulk message is all or nothing and does not say which row it refused (Microsoft's bulk operations page); its rows are
then sent again as one `$batch` that goes on after an error, where every part has an answer of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

from gp365.connectors.dataverse.api import Refused, bulk_path
from gp365.connectors.dataverse.closed import close_again, lines_again, opened
from gp365.connectors.dataverse.describe import own
from gp365.connectors.dataverse.metadata import Table
from gp365.connectors.dataverse.organisation import CREATE_MULTIPLE, UPDATE_MULTIPLE, Organisation
from gp365.connectors.dataverse.parts import send_parts
from gp365.connectors.dataverse.reading import get
from gp365.connectors.dataverse.rows import (
    Row,
    chunks,
    earliest,
    lost,
    not_in_time,
    open_rows,
    out_of_sight,
    row_of,
)
from gp365.model.errors import Gp365Error, Retry, Unauthorised
from gp365.model.record import Op, Outcome, Record, Status, Write
from gp365.wire.calls import CallFailed


def write(org: Organisation, entity: str, writes: Sequence[Write]) -> list[Outcome]:
    """Do the writes and return one outcome each, in order; raise only what concerns the whole system."""
    if not writes:
        return []
    try:
        table = org.table(entity)
        rows = [
            row_of(place, one, table, org.set_name, org.principals.owner) for place, one in enumerate(writes)
        ]
        jobs = _jobs(org, table, open_rows(rows))
    except Retry as busy:
        # Only questions were asked so far: nothing has been written.
        return [Outcome(Status.RETRY, key=one.key, error=busy, after_s=busy.after_s) for one in writes]
    if stopped := _run(org, jobs):
        _stop(rows, stopped[0])
    else:
        lines_again(org, table, rows)
    return [row.outcome or Outcome(Status.RETRY, key=row.write.key) for row in rows]


def _jobs(org: Organisation, table: Table, rows: Sequence[Row]) -> list[Callable[[], Gp365Error | None]]:
    creates = [row for row in rows if row.write.op is Op.CREATE]
    updates = [row for row in rows if row.write.op is Op.UPDATE]
    if len(creates) > 1:
        _creates_in_bulk(org, table)  # asked here, before several threads would ask it
    if len(updates) > 1 and own(table):
        org.has_bulk(table, UPDATE_MULTIPLE)
    change, size = (
        (_update_own, _bulk_rows(org, table, UPDATE_MULTIPLE, org.sizes.update_rows))
        if own(table)
        else (_update_versioned, _parts(org, table))
    )
    created = _bulk_rows(org, table, CREATE_MULTIPLE, org.sizes.create_rows)
    return [
        *(_job(_create, org, table, some) for some in chunks(creates, created)),
        *(_job(change, org, table, some) for some in chunks(updates, size)),
    ]


def _bulk_rows(org: Organisation, table: Table, message: str, most: int) -> int:
    return org.api.pace.rows(bulk_path(table.set_name, message), most)


def _parts(org: Organisation, table: Table) -> int:
    return org.api.pace.rows(table.set_name, org.sizes.batch_parts)


def _job(
    act: Callable[[Organisation, Table, list[Row]], None], org: Organisation, table: Table, rows: list[Row]
) -> Callable[[], Gp365Error | None]:
    def run() -> Gp365Error | None:
        # What is raised here came from a read, or from a write that was certainly not done.
        try:
            act(org, table, rows)
        except Retry as busy:
            for row in open_rows(rows):
                row.later(busy)
        except Gp365Error as stopped:
            return stopped
        return None

    return run


def _run(org: Organisation, jobs: Sequence[Callable[[], Gp365Error | None]]) -> list[Gp365Error]:
    """Run the jobs, several at a time, and return what stopped some of them."""
    if len(jobs) < 2:
        ended = [job() for job in jobs]
    else:
        with ThreadPoolExecutor(min(len(jobs), org.lanes()), "dataverse-write") as pool:
            ended = [done.result() for done in [pool.submit(job) for job in jobs]]
    return [stopped for stopped in ended if stopped is not None]


def _stop(rows: Sequence[Row], stopped: Gp365Error) -> None:
    """Raise what concerns the whole system, unless rows were written already: their outcomes must not be lost."""
    sent = (Status.DONE, Status.UNKNOWN)
    if not any(row.outcome is not None and row.outcome.status in sent for row in rows):
        raise stopped
    for row in open_rows(rows):
        row.end(Status.RETRY, error=stopped)


# creates


def _create(org: Organisation, table: Table, rows: list[Row]) -> None:
    """Create a chunk; a single row, and a chunk that was refused, goes as parts that cannot update."""
    waiting = not_in_time(rows, org.now())
    if len(waiting) > 1 and _creates_in_bulk(org, table):
        if _create_multiple(org, table, waiting):
            _read_back(org, table, waiting)
            return
        waiting = not_in_time(open_rows(waiting), org.now())
    for some in chunks(waiting, _parts(org, table)):
        send_parts(org, table, some)


def _creates_in_bulk(org: Organisation, table: Table) -> bool:
    # Whether duplicate rules judge the rows of a bulk message is not documented: single creates are judged.
    judged = org.api.settings.duplicate_rules and not own(table)
    return not judged and org.has_bulk(table, CREATE_MULTIPLE)


def _create_multiple(org: Organisation, table: Table, rows: list[Row]) -> bool:
    targets = [{"@odata.type": table.odata_type, table.id_column: row.id, **row.body} for row in rows]
    answer = _bulk(org, table, CREATE_MULTIPLE, targets, rows)
    if answer is None:
        return not open_rows(rows)
    ids = [str(id_).lower() for id_ in answer.get("Ids") or ()]
    org.acknowledge(table.name, Op.CREATE, len(ids))
    for row in rows:
        if row.id in ids:
            row.end(Status.DONE)
        else:
            row.end(
                Status.UNKNOWN, error=Retry("answer-unreadable", "The reply does not name the new record")
            )
    return True


def _bulk(
    org: Organisation, table: Table, message: str, targets: list[dict[str, Any]], rows: list[Row]
) -> dict[str, Any] | None:
    """Send a bulk message; None where nothing was done (rows stay open) or its answer was lost (rows end)."""
    try:
        return org.api.bulk(table.set_name, message, targets, until=earliest(rows))
    except CallFailed as failed:
        lost(rows, failed)
    except Refused as refused:
        # An internal error is an answer, but not one that says whether the transaction was rolled back.
        if refused.status == 500:
            lost(rows, CallFailed("busy", refused.message, maybe_sent=True, status=500, system=org.name))
    except Unauthorised:
        # One row's owner or parent may be the reason: the parts tell, and stop where all are refused alike.
        pass
    return None


# updates


def _update_versioned(org: Organisation, table: Table, rows: list[Row]) -> None:
    waiting = not_in_time(rows, org.now())
    if blind := [row for row in waiting if not row.version]:
        # Planned on a record whose version nobody knows: look again, and guard by the version just read.
        fresh = _fresh(org, table, blind)
        for row in blind:
            _compare(row, fresh.get(row.id))
    states = opened(org, table, open_rows(waiting))
    going = open_rows(waiting)
    send_parts(org, table, going)
    close_again(org, table, going, states)


def _update_own(org: Organisation, table: Table, rows: list[Row]) -> None:
    """Update rows that we alone write: read again, compare, then one bulk message, then one read-back."""
    waiting = not_in_time(rows, org.now())
    if not waiting:
        return
    fresh = _fresh(org, table, waiting)
    reread_at = monotonic()
    for row in waiting:
        _compare(row, fresh.get(row.id))
    waiting = open_rows(waiting)
    if len(waiting) > 1 and org.has_bulk(table, UPDATE_MULTIPLE):
        targets = [{"@odata.type": table.odata_type, table.id_column: row.id, **row.body} for row in waiting]
        if _bulk(org, table, UPDATE_MULTIPLE, targets, waiting) is not None:
            _updated(org, table, waiting, (monotonic() - reread_at) * 1000)
            return
    for some in chunks(not_in_time(open_rows(waiting), org.now()), _parts(org, table)):
        send_parts(org, table, some)


def _updated(org: Organisation, table: Table, rows: Sequence[Row], window_ms: float) -> None:
    org.acknowledge(table.name, Op.UPDATE, len(rows))
    for row in rows:
        row.window_ms = window_ms
        row.end(Status.DONE)
    _read_back(org, table, rows)


def _fresh(org: Organisation, table: Table, rows: Sequence[Row]) -> dict[str, Record]:
    names = _names(table, (name for row in rows for name in row.known))
    return {
        key[0]: record
        for key, record in get(org, table.name, [(row.id,) for row in rows], names, who=False).items()
    }


def _names(table: Table, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in dict.fromkeys(names) if name in table.columns)


def _compare(row: Row, fresh: Record | None) -> None:
    """End a row whose record is gone or is not what the plan was made on; else guard it by the version just read."""
    if fresh is None:
        row.end(Status.GONE)
        return
    if fresh.hidden:
        row.refuse(out_of_sight())
        return
    planned = row.write
    moved = any(
        name in fresh.values and fresh.values[name] != value for name, value in planned.expected.items()
    )
    if (planned.birth and planned.birth != fresh.birth) or moved or _another_version(planned, fresh):
        row.end(Status.MOVED, version=fresh.version, birth=fresh.birth, record=fresh)
        return
    row.version, row.birth = fresh.version, fresh.birth


def _another_version(planned: Write, fresh: Record) -> bool:
    return not planned.expected and bool(planned.version) and planned.version != fresh.version


def _read_back(org: Organisation, table: Table, rows: Sequence[Row]) -> None:
    """Complete done rows with version, birth mark and record; that a read fails does not undo a write."""
    done = [row for row in rows if row.outcome is not None and row.outcome.status is Status.DONE]
    if not done:
        return
    try:
        fresh = _fresh(org, table, done)
    except Gp365Error:
        return
    for row in done:
        if row.id in fresh:
            row.end(Status.DONE, record=fresh[row.id])
