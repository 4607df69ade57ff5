"""A flag on one side, on the other the day on which it was found raised: a GP record that is no more has no day itself.

Any day stands for a raised flag, so that the two sides agree however long ago it was; the day is the company's own when the
flag is written. Lowered and empty are the same here.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from gp365.model import convert_values
from gp365.model.entity import FieldType
from gp365.model.fit import Unfit
from gp365.model.values import Value

DAYS = (FieldType.DATE, FieldType.DATETIME)


def read(raw: Value, kind: FieldType) -> Value:
    """Return true for a raised flag and for any day; nothing for a lowered or empty one."""
    raised = raw is not None if kind in DAYS else convert_values.read_flag(raw)
    return True if raised else None


def write(value: Value, kind: FieldType, now: datetime, time_zone: str) -> Value:
    """Return today's day for a raised flag, or the flag itself where the field holds flags.

    Unfit("bad-value") for a field that holds moments.
    """
    if kind is FieldType.DATETIME:
        raise Unfit("bad-value", "A day is kept here, and the field holds moments.")
    if kind is not FieldType.DATE:
        return convert_values.write(bool(value), kind)
    return now.astimezone(ZoneInfo(time_zone)).date() if value else None
