"""Recorded changes are replayed under another owner; nothing is asked of any system, nothing is written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.actions_desk import Desk, make_desk
from gp365.app.actions.parked import parked_list
from gp365.app.actions.resolve import Given, resolve
from gp365.app.actions.sync import sync
from gp365.app.actions.whatif import WhatifField, WhatifFlow, whatif
from gp365.model.errors import Misconfigured

EVER = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = make_desk(tmp_path / "project")
    desk.act(sync)
    return desk


def asked(desk: Desk, *owners: str, since: datetime = EVER) -> WhatifFlow:
    (flow,) = desk.act(whatif, owners, since).flows
    return flow


def conflict(desk: Desk) -> None:
    desk.gp("CONTOSO0001", Name="Contoso West")
    desk.sales("a1", name="Contoso East")
    desk.act(sync)


def figures(field: WhatifField) -> tuple[int, int, int, int]:
    return field.looked, field.same, field.different, sum(field.not_replayed.values())


def test_a_conflict_would_have_been_decided_by_the_owner(desk: Desk) -> None:
    conflict(desk)
    desk.act(sync)
    flow = asked(desk, "name=gp")
    (change,) = [one for one in flow.changes if one.then.verdict == "conflict"]
    assert change.values == {"gp": ["Contoso West"], "sales": ["Contoso East"]}
    assert change.keys == {"gp": "CONTOSO0001", "sales": "a1"}
    assert change.now.verdict == "write"
    assert change.now.written == {"sales": {"name": "Contoso West"}}
    assert change.now.why == "gp owns it"
    assert [one.owner for one in flow.fields] == ["ask"]


def test_an_edit_of_the_other_side_would_have_been_overruled(desk: Desk) -> None:
    desk.sales("a1", name="Contoso East")
    desk.act(sync)
    flow = asked(desk, "firms.name=gp")
    (change,) = [one for one in flow.changes if one.then.why == "changed on sales"]
    assert change.then.written == {"gp": {"name": "Contoso East"}}
    assert change.now.written == {"sales": {"name": "Contoso, Ltd."}}


def test_a_person_would_not_have_been_asked(desk: Desk) -> None:
    conflict(desk)
    (entry,) = desk.act(parked_list).entries
    desk.act(resolve, entry.id, Given(take="sales"), now=True)
    flow = asked(desk, "name=gp")
    (change,) = [one for one in flow.changes if one.then.why == "decided by ann@desk"]
    assert change.now.written == {"sales": {"name": "Contoso West"}}


def test_the_owner_of_today_changes_nothing(desk: Desk) -> None:
    conflict(desk)
    (field,) = asked(desk, "name=ask").fields
    looked, same, different, _ = figures(field)
    assert (looked > 0, same > 0, different) == (True, True, 0)


def test_only_what_was_recorded_since_then_is_replayed(desk: Desk) -> None:
    conflict(desk)
    later = datetime.now(UTC) + timedelta(hours=1)
    (field,) = asked(desk, "name=gp", since=later).fields
    assert figures(field) == (0, 0, 0, 0)


def test_what_cannot_be_replayed_is_said_and_not_guessed(desk: Desk) -> None:
    conflict(desk)
    with desk.open() as project, project.store.write() as conn:
        conn.exec_driver_sql("delete from input")
    (field,) = asked(desk, "name=gp").fields
    assert field.different == field.same == 0
    assert sum(field.not_replayed.values()) == field.looked > 0


def test_a_change_is_replayed_with_the_flow_that_it_was_planned_with(desk: Desk) -> None:
    conflict(desk)
    desk.folder.flow("contact: {gp: Contact, sales: person, owner: sales, may_clear: false}", "")
    (field,) = asked(desk, "name=gp").fields
    assert (field.different, field.not_replayed) == (1, {})


def test_several_owners_are_asked_at_once_and_counted_apart(desk: Desk) -> None:
    desk.gp("CONTOSO0001", Country="Canada")
    desk.sales("a1", name="Contoso East")
    desk.act(sync)
    flow = asked(desk, "name=gp", "country=sales")
    assert {one.field: one.different for one in flow.fields} == {"name": 1, "country": 1}


def test_nothing_is_written_and_no_system_is_asked(desk: Desk) -> None:
    conflict(desk)
    files = [file for file in desk.path.rglob("*") if file.is_file() and "logs" not in file.parts]
    before = {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in files if file.suffix == ".db"}
    for side in ("gp", "sales"):
        (desk.path / f"{side}.db").rename(desk.path / f"{side}.away")
    asked(desk, "name=gp")
    for side in ("gp", "sales"):
        assert not (desk.path / f"{side}.db").exists()
        (desk.path / f"{side}.away").rename(desk.path / f"{side}.db")
    assert {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in before} == before


@pytest.mark.parametrize(
    ("owner", "code"),
    [("nmae=gp", "flow-field"), ("name=fno", "usage"), ("name", "usage"), ("class=gp", "flow-field")],
)
def test_an_owner_that_means_nothing_is_refused(desk: Desk, owner: str, code: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        asked(desk, owner)
    assert refused.value.code == code
    assert refused.value.fix
