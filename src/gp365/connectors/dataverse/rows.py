"""One write as a row on its way: where it stands in the caller's order, what is sent of it, and how it can end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gp365.connectors.dataverse.describe import REFERENCE_COLUMN
from gp365.connectors.dataverse.metadata import Table
from gp365.connectors.dataverse.principals import OWNER, Owner
from gp365.connectors.dataverse.values import is_guid, payload
from gp365.model.errors import Gp365Error, Rejected, Retry
from gp365.model.record import Op, Outcome, Record, Status, Write
from gp365.model.values import Value, Values, show_key
from gp365.wire.calls import CallFailed


@dataclass(slots=True)
class Row:
    """A write, its id, the body that is sent, the version that guards it, and its outcome once there is one.

    `resolved` are values as the database will show them where the plan named them otherwise: an owner by name.
    """

    place: int
    write: Write
    id: str = ""
    body: dict[str, Any] = field(default_factory=dict[str, Any])
    resolved: dict[str, Value] = field(default_factory=dict[str, Value])
    version: str = ""
    birth: str = ""
    window_ms: float | None = None
    outcome: Outcome | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that are written."""
        return tuple(self.write.values)

    @property
    def known(self) -> tuple[str, ...]:
        """The fields that a fresh read must answer with: those planned on and those written."""
        return tuple(dict.fromkeys((*self.write.expected, *self.write.values)))

    def end(
        self,
        status: Status,
        *,
        version: str = "",
        birth: str = "",
        stored: Values | None = None,
        record: Record | None = None,
        error: Gp365Error | None = None,
        after_s: float | None = None,
    ) -> None:
        """Note the outcome; with a record, it answers under that record's key."""
        key = record.key if record is not None else (self.id,) if self.id else self.write.key
        self.outcome = Outcome(
            status,
            key=key,
            version=record.version if record is not None else version,
            birth=record.birth if record is not None else birth,
            stored={**self.resolved, **(stored or {})} if status is Status.DONE else {},
            record=record,
            error=error,
            after_s=after_s,
            window_ms=self.window_ms,
        )

    def refuse(self, error: Gp365Error) -> None:
        """End as rejected; the error learns which record it is about."""
        error.record = error.record or show_key(self.write.key)
        self.end(Status.REJECTED, error=error)

    def later(self, error: Retry) -> None:
        """End as certainly not done."""
        self.end(Status.RETRY, error=error, after_s=error.after_s)


def row_of(
    place: int, write: Write, table: Table, sets: Callable[[str], str], owner: Callable[[Value], Owner]
) -> Row:
    """Return the row of a write; what cannot be sent is rejected at once."""
    row = Row(place, write, version=write.version, birth=write.birth)
    try:
        row.id = _id_of(write)
        row.body = _body_of(row, table, sets, owner)
    except Rejected as rejected:
        row.refuse(rejected)
    return row


def _id_of(write: Write) -> str:
    id_ = write.key[0].lower() if len(write.key) == 1 else ""
    if not is_guid(id_):
        raise Rejected(
            "bad-value", f"{show_key(write.key) or 'an empty key'} is not the id of a Dataverse record"
        )
    return id_


def _body_of(
    row: Row, table: Table, sets: Callable[[str], str], owner: Callable[[Value], Owner]
) -> dict[str, Any]:
    write = row.write

    def owned_by(value: Value) -> str:
        found = owner(value)
        row.resolved[OWNER] = found.id
        return found.path

    if write.op is Op.ACT:
        raise Rejected("not-served", f"Dataverse is not asked for the action {write.action} here")
    values = {name: value for name, value in write.values.items() if name != table.id_column}
    body = payload(table.columns, values, sets, owned_by)
    if write.reference and REFERENCE_COLUMN in table.columns:
        body[REFERENCE_COLUMN] = write.reference
    return body


def out_of_sight() -> Rejected:
    """Return the refusal of a write to a record that we may not read."""
    return Rejected(
        "right-missing",
        "The record exists, but our role does not let us see it",
        fix="Give the application user's role Read and Write at organisation level on this table.",
    )


def open_rows(rows: Iterable[Row]) -> list[Row]:
    """Return the rows that have not ended."""
    return [row for row in rows if row.outcome is None]


def chunks(rows: Sequence[Row], size: int) -> list[list[Row]]:
    """Cut rows into chunks."""
    return [list(rows[at : at + size]) for at in range(0, len(rows), size)]


def not_in_time(rows: Sequence[Row], now: datetime) -> list[Row]:
    """End the rows whose moment has passed and return the others."""
    for row in rows:
        if not row.write.in_time(now):
            row.later(Retry("busy", "The time in which this write may be sent has passed"))
    return open_rows(rows)


def earliest(rows: Sequence[Row]) -> datetime | None:
    """Return the first moment after which one of the rows may no longer be sent."""
    moments = [row.write.send_by for row in rows if row.write.send_by is not None]
    return min(moments) if moments else None


def lost(rows: Sequence[Row], failed: CallFailed) -> None:
    """End the rows of a call without an answer: unknown where it may have been done, else to be tried again."""
    for row in rows:
        if failed.maybe_sent:
            row.end(Status.UNKNOWN, error=failed, after_s=failed.after_s)
        else:
            row.later(failed)
