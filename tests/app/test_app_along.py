"""A field that is written along with others: where the check refuses it, and what people are told of it."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from app.actions_desk import Desk, make_desk, written
from app.app_folder import Folder, make_folder
from app.test_app_check import findings, only
from gp365.app.actions.explain import explain
from gp365.app.actions.flows import flows_show
from gp365.app.actions.history import history
from gp365.app.actions.plan import plan
from gp365.app.actions.reconcile import reconcile
from gp365.app.actions.replay import Asked, replay
from gp365.app.actions.sync import sync
from gp365.app.actions.whatif import whatif
from gp365.cli.show_explain import show_explain

CONTACT = "contact: {gp: Contact, sales: person, owner: sales"
ALONG = f"{CONTACT}, along: true"
WHY = "changed on sales alone: it is written along with other fields, and none is written on gp"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return make_folder(tmp_path / "project")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Ann Bell stands on both sides; Sales names Bob since, and nothing else has moved."""
    desk = make_desk(tmp_path / "project")
    desk.folder.flow(CONTACT, ALONG)
    desk.act(sync)
    desk.sales("a2", person="Bob Ray")
    assert written(desk.act(sync)) == 0
    return desk


def test_a_row_with_one_owner_may_go_along(folder: Folder) -> None:
    assert findings(folder, CONTACT, ALONG) == []


def test_a_row_without_an_owner_may_not(folder: Folder) -> None:
    found = only(folder, "  name: {gp: Name, sales: name, owner: ask}", NAME.replace("OWNER", "owner: ask, "))
    assert (found.code, found.row, found.value) == ("flow-invalid", "name", "ask")
    assert found.message == (
        "name is written along with other fields, which needs one owner: its owner is ask."
    )
    assert found.fix == "Write `owner: gp or sales`, or leave along out."
    assert (
        only(folder, "  name: {gp: Name, sales: name, owner: ask}", NAME.replace("OWNER", "")).row == "name"
    )


NAME = "  name: {gp: Name, sales: name, OWNERalong: true}"


def test_the_pairs_own_word_on_the_owner_is_looked_at(folder: Folder) -> None:
    folder.settings(
        'flows = ["firms"]\n', 'flows = ["firms"]\n\n[pairs.main.owners]\n"firms.name" = "latest"\n'
    )
    found = only(folder, "  name: {gp: Name, sales: name, owner: ask}", NAME.replace("OWNER", "owner: gp, "))
    assert found.message.endswith("which needs one owner: its owner is latest.")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("number: {gp: Number, sales: number, create_only: true, owner: gp, along: true}", "create_only"),
        ("seen: {gp: Name, sales: seen, read_only: true, owner: gp, along: true}", "read_only"),
        ("kind: {sales: kind, on_create: '3', along: true}", "on_create"),
        ("kind: {sales: kind, constant: 3, along: true}", "constant"),
    ],
)
def test_a_row_that_is_never_written_later_has_nothing_to_go_with(
    folder: Folder, row: str, said: str
) -> None:
    name = row.partition(":")[0]
    old = {
        "number": "number: {gp: Number, sales: number, create_only: true}",
        "kind": 'kind: {sales: kind, on_create: "3"}',
    }.get(name, "  contact:")
    found = only(folder, old, row if name != "seen" else f"  {row}\n  contact:")
    assert found.message == f"{name} is written along with other fields, and {said} says that it is not."


def test_a_row_of_a_group_that_decides_as_one_may_not(folder: Folder) -> None:
    group = "  both: {group: true, owner: gp, fields: {limit: {gp: Limit, sales: limit, along: true}}}\n  contact:"
    found = only(folder, "  contact:", group)
    assert found.row == "both.limit" and "decides as one value with its group" in found.message
    assert findings(folder, "  contact:", group.replace("group: true, ", "")) == []


def test_it_is_a_word_of_a_row_and_not_of_a_group(folder: Folder) -> None:
    group = "  both: {along: true, owner: gp, fields: {limit: {gp: Limit, sales: limit}}}\n  contact:"
    found = only(folder, "  contact:", group)
    assert (found.row, found.message) == ("both", "both is a group, and along is a word of a row.")


def test_a_flag_that_an_event_writes_may_not(folder: Folder) -> None:
    row = "  kind2: {gp: Country, sales: mail, owner: gp, along: true}\n  contact:"
    folder.flow("  contact:", row)
    text = (folder.path / "flows/firms.yaml").read_text()
    folder.write("flows/firms.yaml", f"{text}events: {{hold: kind2}}\n")
    with folder.assembly() as assembly:
        found = [one.message for flow in assembly.flows("main") for one in flow.findings]
        assembly.project.close()
    assert found == ["kind2 is what an event writes (events), so that it cannot be left when it moves."]


def test_the_flow_shows_the_word(desk: Desk) -> None:
    (row,) = [one for one in desk.act(flows_show, "firms").rows if one.name == "contact"]
    assert "along" in row.notes


def test_an_explanation_says_why_it_was_left(desk: Desk) -> None:
    found = desk.act(explain, "sales", "account", "a2", "contact")
    (told,) = found.explanations
    assert told.fields[0].along == WHY
    assert told.fields[0].now == {"gp": "Ann Bell", "sales": "Bob Ray"}
    console = Console(file=io.StringIO(), width=200)
    show_explain(console, found)
    assert f"left: {WHY}" in console.file.getvalue()  # type: ignore[attr-defined]


def test_an_explanation_says_nothing_of_the_kind_where_both_agree(desk: Desk) -> None:
    desk.sales("a2", person="Ann Bell")
    (told,) = desk.act(explain, "sales", "account", "a2", "contact").explanations
    assert told.fields[0].along == ""


def test_the_history_counts_the_look_without_a_row_of_its_own(desk: Desk) -> None:
    desk.sales("a2", person="Cleo Day")
    desk.act(sync)
    told = [one.summary for one in desk.act(history, rows=True).rows]
    said = "nothing moved but contact, which is written along with other fields only (links: 1)"
    assert told.count(said) == 1


def test_plan_and_replay_write_nothing(desk: Desk) -> None:
    desk.sales("a2", person="Cleo Day")
    (flow,) = desk.act(plan).flows
    assert (flow.updated, flow.records, flow.fields["along"]) == ({}, [], 1)
    done = desk.act(replay, Asked(record=("sales", "account", "a2")), apply=True)
    assert done.exit_code == 0 and written(done) == 0
    assert desk.customers()["LAKESIDE0001"]["Contact"] == "Ann Bell"


def test_a_reconciliation_names_it_as_explained(desk: Desk) -> None:
    done = desk.act(reconcile)
    (flow,) = done.flows
    assert flow.report.verdict == "explained" and done.exit_code == 0
    found = {one.field: str(one.reason.why) for line in flow.differences for one in line.fields}
    assert found == {"number": "create_only", "contact": "along"}


def test_under_another_owner_the_recorded_changes_come_out_as_ever(desk: Desk) -> None:
    desk.sales("a2", person="Cleo Day", name="Lakeside Dental Care")
    desk.act(sync)
    assert desk.customers()["LAKESIDE0001"]["Contact"] == "Cleo Day"
    (flow,) = desk.act(whatif, ("contact=ask",), datetime(2000, 1, 1, tzinfo=UTC)).flows
    (field,) = flow.fields
    assert field.looked and not field.not_replayed
