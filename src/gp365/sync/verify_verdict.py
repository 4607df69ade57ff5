"""Verdicts: does what stands in a record agree with what was acknowledged, and if not, whose doing is it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
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
    found = differing(entity, told.expected, record)
    if not found:
        return Verdict.AGREED
    return Verdict.CHANGED if _changed_since(entity, told, record, found) else Verdict.MISMATCH


def _changed_since(
    entity: EntityDescription, told: Acknowledged, record: Record, found: Mapping[str, tuple[Value, Value]]
) -> bool:
    """Tell whether there was a later change than ours: by version, else by stamp, by other fields, or by what stands."""
    if record.version and (told.version or told.planned_on):
        return record.version != (told.version or told.planned_on)
    if _later(entity, record.stamp, told.done_at):
        return True
    if not any(
        _not_kept(entity.fields.get(name), told.before.get(name), *pair) for name, pair in found.items()
    ):
        return True
    return any(
        name in record.values and not same(entity.fields.get(name), value, record.values[name])
        for name, value in told.before.items()
        if name not in told.expected
    )


def _not_kept(described: FieldDescription | None, before: Value, sent: Value, stands: Value) -> bool:
    """Tell whether a value is what a lost or mangled write leaves: the former one, nothing, or a form of what was sent.

    Any other value is somebody's: in a system without versions nothing else tells the two apart.
    """
    if _empty(stands) or same(described, before, stands):
        return True
    return isinstance(sent, str) and isinstance(stands, str) and _mangled(sent, stands)


def _mangled(sent: str, stands: str) -> bool:
    """Tell whether a text is another, cut, in other letters, or with marks in place of some (`?` of a code page)."""
    one, other = sent.strip().casefold(), stands.strip().casefold()
    if one.startswith(other) or other.startswith(one):
        return True
    return len(one) == len(other) and all(a == b or b == "?" for a, b in zip(one, other, strict=True))


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
