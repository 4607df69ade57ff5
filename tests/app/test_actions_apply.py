"""Plans as files: what they say is done, and nothing that is not as they say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.actions_desk import Desk, make_desk, written
from gp365.app.actions.apply import apply
from gp365.app.actions.plan import plan
from gp365.app.actions.sync import sync
from gp365.model.errors import Misconfigured


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(tmp_path / "project")


@pytest.fixture
def file(desk: Desk) -> Path:
    return desk.path / "plans" / "first.jsonl"


def test_a_plan_writes_nothing_and_says_what_a_sync_then_does(desk: Desk) -> None:
    before = (desk.customers(), desk.accounts())
    (planned,) = desk.act(plan).flows
    assert (desk.customers(), desk.accounts()) == before
    (done,) = desk.act(sync).runs
    for side, one in done.sides.items():
        assert planned.created.get(side, 0) == one.created
        assert planned.updated.get(side, 0) == one.updated
    assert planned.considered == done.considered


def test_a_plan_tells_old_and_new_and_why_of_every_field(desk: Desk) -> None:
    (planned,) = desk.act(plan, limit=None).flows
    (record,) = [one for one in planned.records if one.keys.get("gp") == "CONTOSO0001"]
    (name,) = [one for one in record.fields if one.field == "name"]
    assert (name.side, name.old, name.new) == ("sales", "CONTOSO LTD", "Contoso, Ltd.")
    assert name.why == "first contact: gp wins"
    assert name.overruled
    assert planned.first_contact == {"gp": 1}
    assert len(planned.records) == planned.to_show


def test_a_plan_shows_no_more_records_than_asked_but_counts_all(desk: Desk) -> None:
    (planned,) = desk.act(plan, limit=1).flows
    assert len(planned.records) == 1
    assert planned.to_show == 3


def test_applying_a_plan_leaves_the_same_rows_as_a_bare_sync(desk: Desk, file: Path, tmp_path: Path) -> None:
    other = desk.copy(tmp_path / "other")
    desk.act(plan, out=file)
    done = desk.act(apply, [file])
    assert done.exit_code == 0
    assert not done.moved
    assert other.act(sync).exit_code == 0
    assert desk.customers() == other.customers()
    assert desk.accounts() == other.accounts()
    assert written(desk.act(sync)) == 0


def test_a_record_that_moved_since_the_plan_is_left_alone_and_named(desk: Desk, file: Path) -> None:
    desk.act(plan, out=file)
    desk.sales("a1", name="Contoso Limited")
    done = desk.act(apply, [file])
    assert done.exit_code == 5
    (moved,) = done.moved
    assert moved.keys == {"gp": "CONTOSO0001", "sales": "a1"}
    assert "changed on sales" in moved.why
    assert desk.accounts()["a1"]["name"] == "Contoso Limited"
    assert desk.account_named("Aaron Fitz")
    assert "LAKESIDE0001" in desk.customers()


def test_a_record_that_came_after_the_plan_is_not_written(desk: Desk, file: Path) -> None:
    desk.act(plan, out=file)
    desk.gp("FOURTHCO0001", Name="Fourth Coffee", Country="USA")
    done = desk.act(apply, [file])
    assert done.exit_code == 5
    assert [one.keys for one in done.moved] == [{"gp": "FOURTHCO0001"}]
    assert "Fourth Coffee" not in {row["name"] for row in desk.accounts().values()}


def test_a_record_of_the_plan_that_is_gone_is_named(desk: Desk, file: Path) -> None:
    desk.act(plan, out=file)
    system = desk.person("gp")
    system.person_delete("customer", ("AARONFIT0001",))
    system.close()
    done = desk.act(apply, [file])
    assert done.exit_code == 5
    assert [one.keys for one in done.moved] == [{"gp": "AARONFIT0001"}]


def test_a_plan_of_another_flow_version_is_refused_before_anything_is_written(desk: Desk, file: Path) -> None:
    desk.act(plan, out=file)
    desk.folder.flow("name: {gp: Name, sales: name, owner: ask}", "name: {gp: Name, sales: name, owner: gp}")
    before = desk.accounts()
    with pytest.raises(Misconfigured) as refused:
        desk.act(apply, [file])
    assert refused.value.code == "plan-stale"
    assert desk.accounts() == before


def test_a_plan_that_was_edited_by_hand_is_refused(desk: Desk, file: Path) -> None:
    desk.act(plan, out=file)
    file.write_bytes(file.read_bytes().replace(b"Contoso, Ltd.", b"Contoso, Inc."))
    with pytest.raises(Misconfigured, match="edited by hand") as refused:
        desk.act(apply, [file])
    assert refused.value.code == "plan-invalid"


def test_a_plan_that_does_not_exist_is_refused(desk: Desk, file: Path) -> None:
    with pytest.raises(Misconfigured) as refused:
        desk.act(apply, [file])
    assert refused.value.code == "plan-invalid"


def test_a_plan_file_is_lines_of_json_with_a_header(desk: Desk, file: Path) -> None:
    desk.act(plan, out=file)
    header, *lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert header["flow"] == "firms"
    assert header["actor"] == "ann@desk"
    assert header["subjects"] == len(lines) == 4
