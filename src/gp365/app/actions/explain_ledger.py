"""What the ledger holds of a record for `explain`: the rows under all its names, their decisions and events."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from sqlalchemy import Connection

from gp365.app.actions.explain_recompute import Recomputing
from gp365.app.actions.explain_view import View
from gp365.app.actions.history import summary
from gp365.app.actions.look_outputs import Decision, RecordEvent
from gp365.app.actions.outputs import Shown
from gp365.app.actions.values import shown_deep
from gp365.model.plan import Verdict
from gp365.store import ledger
from gp365.store.ledger import LedgerRow

ERASED = "what was decided was erased; when, by whom and how it ended is kept"


def rows_of_record(conn: Connection, view: View, subjects: Sequence[str]) -> list[LedgerRow]:
    """Read the ledger's rows about a record under all its names, newest first."""
    found = [row for name in subjects for row in ledger.for_subject(conn, view.pair, view.flow.name, name)]
    return sorted(found, key=lambda row: row.id, reverse=True)


def decisions_in(
    view: View, row: LedgerRow, wanted: Collection[str], again: Recomputing
) -> Iterator[Decision]:
    """Give what was decided of the wanted fields in one row of the ledger, recomputed where it was written."""
    payload = cast("Mapping[str, Any]", ledger.decode(row) or {})
    for step in reversed(payload.get("steps") or []):
        writes = {one["side"]: one for one in step.get("writes", ())}
        for told in step.get("fields", ()):
            if told["field"] in wanted:
                write = writes.get(str(told.get("target") or ""))
                made = _decision(view, row, told, str(write["outcome"]) if write else "")
                if write is not None and told["verdict"] == Verdict.WRITE:
                    made = replace(made, recomputed=again.explain(row, write, made.field))
                yield made


def _decision(view: View, row: LedgerRow, told: Mapping[str, Any], outcome: str) -> Decision:
    target = str(told.get("target") or "")
    values: dict[str, Shown] = {
        end.side: _alone(told.get(half)) for end, half in zip(view.ends, ("left", "right"), strict=True)
    }
    return Decision(
        at=row.at,
        run=row.run,
        actor=row.actor,
        flow_digest=row.flow_digest,
        field=str(told["field"]),
        verdict=str(told["verdict"]),
        why=str(told.get("why") or ""),
        owner=str(told.get("owner") or ""),
        winner=str(told.get("winner") or ""),
        side=target,
        before=values.get(target),
        after=_alone(told.get("new")) if target else None,
        values=values,
        outcome=outcome,
        overruled=bool(told.get("overruled")),
        cut=bool(told.get("cut")),
        code=str(told.get("code") or ""),
    )


def _alone(values: Any) -> Shown:
    if values is None:
        return None
    listed = cast("list[Any]", shown_deep(values))
    return listed[0] if len(listed) == 1 else listed


def event_of(row: LedgerRow) -> RecordEvent:
    """Tell a row of the ledger as an event in the record's life."""
    payload = cast("Mapping[str, Any]", ledger.decode(row) or {})
    return RecordEvent(
        at=row.at,
        run=row.run,
        actor=row.actor,
        flow_digest=row.flow_digest,
        disposition=row.disposition,
        what=summary(row, payload) if row.payload or not row.payload_hash else ERASED,
    )
