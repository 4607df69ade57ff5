"""Whether a record is inactive: a flag in GP (INACTIVE of RM00101), a state in Dataverse (0 Active, 1 Inactive).

Source of the states: the account table of the Dataverse table reference, column statecode.
"""

from __future__ import annotations

from gp365.model import convert_values
from gp365.model.entity import FieldType
from gp365.model.fit import Unfit
from gp365.model.values import Value, show

_STATES = {0: False, 1: True}
_SWITCH = {1: True, 2: False}


def read(raw: Value, kind: FieldType) -> Value:
    """Return true for an inactive record; Unfit("option-unknown") for a state that is neither active nor inactive."""
    if kind not in (FieldType.OPTION, FieldType.INTEGER):
        return convert_values.read_flag(raw)
    if raw is None:
        return None
    if not isinstance(raw, int) or int(raw) not in _STATES:
        raise Unfit("option-unknown", f"The state {show(raw)} is neither active (0) nor inactive (1).")
    return _STATES[int(raw)]


def write(value: Value, kind: FieldType) -> Value:
    """Return the flag or state of a canonical value."""
    return convert_values.write(value, kind)


def read_switch(raw: Value, kind: FieldType) -> Value:
    """Return what a choice of on (1) and off (2) says beside a flag; Unfit("option-unknown") for any other."""
    if kind not in (FieldType.OPTION, FieldType.INTEGER):
        return convert_values.read_flag(raw)
    if raw is None:
        return None
    if not isinstance(raw, int) or int(raw) not in _SWITCH:
        raise Unfit("option-unknown", f"The choice {show(raw)} is neither on (1) nor off (2).")
    return _SWITCH[int(raw)]


def write_switch(value: Value, kind: FieldType) -> Value:
    """Return the flag or the choice of a canonical value."""
    if value is None or kind not in (FieldType.OPTION, FieldType.INTEGER):
        return convert_values.write(value, kind)
    return 1 if value is True else 2
