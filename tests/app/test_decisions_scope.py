"""A linked record that left its side's condition: a person says once that it stays in step."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.actions_desk import make_desk
from app.app_folder import FLOW
from gp365.app.actions.parked import parked_list
from gp365.app.actions.resolve import Given, resolve
from gp365.app.actions.sync import sync
from gp365.model.errors import Misconfigured


def test_a_person_keeps_a_linked_record_that_left_the_condition_and_is_not_asked_again(
    tmp_path: Path,
) -> None:
    desk = make_desk(tmp_path / "project")
    desk.act(sync)
    flow = tmp_path / "project" / "flows" / "firms.yaml"
    flow.write_text(FLOW + "events: {left_scope: ask}\n", "utf-8")
    desk.act(sync)
    desk.sales("a1", kind=8)
    desk.act(sync)
    (entry,) = desk.act(parked_list).entries
    assert (entry.code, entry.field) == ("left-scope", "(scope)")
    assert [one.command for one in entry.choices] == [f"gp365 parked resolve {entry.id} --ignore"]
    with pytest.raises(Misconfigured) as refused:
        desk.act(resolve, entry.id, Given(take="gp"))
    assert refused.value.code == "resolution-invalid"
    desk.act(resolve, entry.id, Given(ignore=True))
    desk.act(sync)
    desk.gp("CONTOSO0001", Name="Contoso West")
    desk.act(sync)
    assert desk.accounts()["a1"]["name"] == "Contoso West"
    assert desk.act(parked_list).total == 0
