"""Verdicts: does what stands in a record agree with what was acknowledged, and if not, whose doing is it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from gp365.model.entity import EntityDescription, FieldDescription, FieldType
from gp365.model.fit import Unfit, fit, limits
from gp365.model.record import Record
from gp365.model.values import Value, Values

SKEW = timedelta(minutes=5)
"""Clocks that differ by more than this cannot log in by Kerberos (RFC 4120 calls five minutes typical)."""


class Verdict(StrEnum):
    """How a write was found when it was read back."""

    AGREED = "agreed"
    CHANGED = "changed-since"  # somebody wrote the record after us: the next look decides what that means
    MISMATCH = "mismatch"  # the write was acknowledged, and its value is not there
    UNKNOWN = "cannot-tell"  # the record is gone, hidden or another one: a matter of identity


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What the reply to a write let expect: the values as they shall stand, version and birth mark as far as it told.

    `planned_on` is the version that the write was planned on, `before` what the record held then.
    """

    expected: Values
    version: str = ""
    birth: str = ""
    planned_on: str = ""
    before: Values = field(default_factory=dict[str, Value])
    done_at: datetime | None = None


def differing(
    entity: EntityDescription, expected: Values, record: Record | None
) -> dict[str, tuple[Value, Value]]:
    """Return the fields that do not stand as expected, as (expected, found); what does not come is not compared."""
    return {
        name: (value, record.values[name])
        for name, value in expected.items()
        if record is not None
        and name in record.values
        and not same(entity.fields.get(name), value, record.values[name])
    }


def judge(entity: EntityDescription, told: Acknowledged, record: Record | None) -> Verdict:
    """Say how a write stands, by the record as it was read back."""
    if record is None or record.hidden:
        return Verdict.UNKNOWN
    if told.birth and record.birth and told.birth != record.birth:
        return Verdict.UNKNOWN
    if not differing(entity, told.expected, record):
        return Verdict.AGREED
    return Verdict.CHANGED if _changed_since(entity, told, record) else Verdict.MISMATCH


def _changed_since(entity: EntityDescription, told: Acknowledged, record: Record) -> bool:
    """Tell whether the system shows a later change than ours: by version, else by stamp, else by other fields."""
    if record.version and (told.version or told.planned_on):
        return record.version != (told.version or told.planned_on)
    if _later(entity, record.stamp, told.done_at):
        return True
    return any(
        name in record.values and not same(entity.fields.get(name), value, record.values[name])
        for name, value in told.before.items()
        if name not in told.expected
    )


def _later(entity: EntityDescription, stamp: datetime | None, done_at: datetime | None) -> bool:
    fine = entity.feed_granularity_s < SKEW.total_seconds()
    return fine and stamp is not None and done_at is not None and stamp > done_at + SKEW


def same(described: FieldDescription | None, one: Value, other: Value) -> bool:
    """Tell whether two values are one to the system: padding, case and empty values as its field keeps them."""
    if one == other:
        return True
    one, other = _held(described, one), _held(described, other)
    if one == other or (_empty(one) and _empty(other)):
        return True
    if isinstance(one, datetime) and isinstance(other, datetime):
        return one.replace(microsecond=0) == other.replace(microsecond=0)
    return False


def _held(described: FieldDescription | None, value: Value) -> Value:
    """Give a value as the field holds it: trimmed, composed, in capitals or rounded, as it is described."""
    if described is None:
        return value.strip() if isinstance(value, str) else value
    try:
        kept = fit(value, limits(described, None)).value
    except Unfit:
        kept = value
    if isinstance(kept, str) and described.type is FieldType.REFERENCE:
        return kept.casefold()
    return kept


def _empty(value: Value) -> bool:
    """A system without nulls keeps nothing as blank, zero or no (GP: every column is NOT NULL)."""
    return value is None or value == "" or value == 0
