"""The action `parked`: list, show and retry what waits for a person. Resolving comes with another release."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, cast

import orjson
from sqlalchemy import Connection

from gp365.app.actions.look_outputs import ParkedList, ParkedOut, RetryOut
from gp365.app.actions.outputs import Shown
from gp365.app.actions.scope import flows_of
from gp365.app.actions.values import shown_deep
from gp365.app.project import Project
from gp365.model.errors import CATALOGUE, Misconfigured
from gp365.model.values import key_of, show_key
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
) -> ParkedList:
    """List open entries, of a pair, flow and cause where given."""
    found = _open(project, pair, flow, code)
    return ParkedList(
        total=len(found),
        by_code=dict(Counter(entry.code for entry in found)),
        entries=[parked_out(project, entry) for entry in found[:limit]],
    )


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

    A write that was refused is sent once more, though nothing has changed. The folder is locked meanwhile.
    """
    with project.locked():
        found = [entry for entry in _open(project, pair, flow, code) if not ids or entry.id in ids]
        for id in ids:
            if id not in {entry.id for entry in found}:
                raise Misconfigured("parked-unknown", f"There is no open parked entry {id}.", value=str(id))
        with project.store.write() as conn:
            for entry in found:
                _raise_key(project, conn, entry)
    return RetryOut(len(found), [entry.id for entry in found])


def _raise_key(project: Project, conn: Connection, entry: Parked) -> None:
    if _is_refusal(entry):
        parked.end(conn, entry.pair, entry.flow, [(entry.subject, entry.field)])
    for side, key in zip(_sides(project, entry), (entry.left_key, entry.right_key), strict=True):
        if key is not None:
            work.enqueue(conn, entry.pair, entry.flow, [(side, key, "retry")])
            return


def _open(project: Project, pair: str | None, flow: str | None, code: str | None) -> list[Parked]:
    wanted = set(flows_of(project, pair, flow))
    found: list[Parked] = []
    last = 0
    with project.store.read() as conn:
        while page := parked.list_open(conn, pair, flow, after_id=last, limit=PAGE):
            found += page
            last = page[-1].id
    return [one for one in found if (one.pair, one.flow) in wanted and code in (None, one.code)]


def _sides(project: Project, entry: Parked) -> tuple[str, str]:
    """Name the left and right side of an entry's pair: the columns of the pair in their order."""
    left, right = project.settings.pairs[entry.pair].sides
    return left, right


def _is_refusal(entry: Parked) -> bool:
    return "sent" in orjson.loads(entry.shown or b"{}")


def parked_out(project: Project, entry: Parked) -> ParkedOut:
    """Show an entry: both values, the candidates and the evidence that it was parked on."""
    sides = _sides(project, entry)
    keys = zip(sides, (entry.left_key, entry.right_key), strict=True)
    told = cast("Mapping[str, Any]", shown_deep(orjson.loads(entry.shown or b"{}")))
    return ParkedOut(
        id=entry.id,
        pair=entry.pair,
        flow=entry.flow,
        subject=entry.subject,
        kind="rejected" if "sent" in told else "parked",
        field=entry.field,
        code=entry.code,
        message=entry.message,
        fix=entry.fix or (CATALOGUE[entry.code].fix if entry.code in CATALOGUE else ""),
        keys={side: show_key(key_of(key)) for side, key in keys if key is not None},
        made_at=entry.made_at,
        seen_at=entry.seen_at,
        run=entry.run,
        state=entry.state,
        values=_values(sides, told),
        candidates=list(told.get("candidates") or ()),
        evidence=_evidence(told),
        resolved_by=entry.resolved_by,
    )


def _values(sides: tuple[str, str], told: Mapping[str, Any]) -> dict[str, Shown]:
    """Give both values of a parked field by side; of a group, a list in the order of its fields."""
    if "left" not in told:
        return {}
    return {side: _alone(told.get(half)) for side, half in zip(sides, ("left", "right"), strict=True)}


def _alone(values: Any) -> Shown:
    listed = cast("list[Any]", values or [None])
    return listed[0] if len(listed) == 1 else listed


def _evidence(told: Mapping[str, Any]) -> dict[str, Shown]:
    found = {
        name: value for name, value in told.items() if name not in ("left", "right", "candidates", "sent")
    }
    return {name: value for name, value in found.items() if value not in ("", [], None)}
