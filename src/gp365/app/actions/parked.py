"""The action `parked`: list, show and retry what waits for a person; deciding is in `resolve`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson
from sqlalchemy import Connection

from gp365.app.actions.look_outputs import ParkedList, ParkedOut, RetryOut
from gp365.app.actions.parked_shown import parked_out, sides_of
from gp365.app.actions.resolve_csv import CsvWriter
from gp365.app.actions.scope import flows_of
from gp365.app.project import Project
from gp365.model.errors import Misconfigured
from gp365.store import parked, work
from gp365.store.parked import Parked

PAGE = 1000


def parked_list(
    project: Project,
    *,
    pair: str | None = None,
    flow: str | None = None,
    code: str | None = None,
    limit: int = 100,
    csv: Path | None = None,
) -> ParkedList:
    """List open entries, of a pair, flow and cause where given; with `csv` write all of them to a file to decide in."""
    shown: list[ParkedOut] = []
    by_code: dict[str, int] = {}
    decided = 0
    sides = list(dict.fromkeys(side for one in project.settings.pairs.values() for side in one.sides))
    with CsvWriter(csv, sides) as out:
        for entry in open_entries(project, pair, flow, code):
            by_code[entry.code] = by_code.get(entry.code, 0) + 1
            decided += entry.resolution is not None
            if csv is not None or len(shown) < limit:
                told = parked_out(project, entry)
                out.put(entry, told)
                shown += [told] if len(shown) < limit else []
    return ParkedList(sum(by_code.values()), by_code, decided, shown, str(csv) if csv else None)


def parked_show(project: Project, id: int) -> ParkedOut:
    """Show one entry, open or ended; Misconfigured("parked-unknown")."""
    with project.store.read() as conn:
        entry = parked.show(conn, id)
    if entry is None:
        raise Misconfigured("parked-unknown", f"There is no parked entry {id}.", value=str(id))
    return parked_out(project, entry)


def parked_retry(
    project: Project,
    *,
    ids: Sequence[int] = (),
    code: str | None = None,
    pair: str | None = None,
    flow: str | None = None,
) -> RetryOut:
    """Have entries looked at afresh by the next sync: those named, or all (of a pair, flow and cause).

    A write that was refused, or that the loop breaker holds, is sent once more, though nothing has changed. What a guard
    holds stays held (`sync --approve` lets it go). The folder is locked meanwhile.
    """
    with project.locked():
        found = [one for one in open_entries(project, pair, flow, code) if not ids or one.id in ids]
        for id in ids:
            if id not in {entry.id for entry in found}:
                raise Misconfigured("parked-unknown", f"There is no open parked entry {id}.", value=str(id))
        with project.store.write() as conn:
            for entry in found:
                if _is_refusal(entry):
                    parked.end(conn, entry.pair, entry.flow, [(entry.subject, entry.field)])
                if entry.code == "loop":
                    parked.resolve(conn, entry.id, {"retry": True}, project.actor)
                raise_key(project, conn, entry, "retry")
    return RetryOut(len(found), [entry.id for entry in found])


def open_entries(
    project: Project, pair: str | None = None, flow: str | None = None, code: str | None = None
) -> Iterator[Parked]:
    """Give the open entries, oldest first, a page in memory at a time."""
    wanted = set(flows_of(project, pair, flow))
    last = 0
    while True:
        with project.store.read() as conn:
            page = parked.list_open(conn, pair, flow, after_id=last, limit=PAGE)
        if not page:
            return
        last = page[-1].id
        yield from (one for one in page if (one.pair, one.flow) in wanted and code in (None, one.code))


def raise_key(project: Project, conn: Connection, entry: Parked, reason: str) -> None:
    """Queue an entry's record, so that the next sync looks at it."""
    for side, key in zip(sides_of(project, entry), (entry.left_key, entry.right_key), strict=True):
        if key is not None:
            work.enqueue(conn, entry.pair, entry.flow, [(side, key, reason)])
            return


def _is_refusal(entry: Parked) -> bool:
    return "sent" in orjson.loads(entry.shown or b"{}")
