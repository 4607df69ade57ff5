"""Whether a record is inactive, between GP's flag and Dataverse's state."""

from __future__ import annotations

import pytest

from gp365.model.converters import ConvertContext, codec
from gp365.model.entity import FieldType
from gp365.model.fit import Unfit

CONTEXT = ConvertContext()
FLAG = codec("inactive", "gp", (FieldType.BOOLEAN,))
STATE = codec("inactive", "sales", (FieldType.OPTION,))


@pytest.mark.parametrize(("flag", "state"), [(False, 0), (True, 1)])
def test_inactive_in_gp_is_state_1_in_sales(flag: bool, state: int) -> None:
    assert FLAG.read((flag,), CONTEXT) == STATE.read((state,), CONTEXT)
    assert FLAG.write(flag, CONTEXT) == (flag,)
    assert STATE.write(flag, CONTEXT) == (state,)
    assert FLAG.kind == STATE.kind


def test_a_state_that_is_neither_is_named() -> None:
    with pytest.raises(Unfit) as caught:
        STATE.read((2,), CONTEXT)
    assert caught.value.code == "option-unknown" and "2" in caught.value.message
