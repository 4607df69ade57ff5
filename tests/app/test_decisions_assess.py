"""Before going live a person reads what the first sync would come to; nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.actions_desk import Desk, make_desk
from gp365.app.actions.assess import assess
from gp365.app.actions.assess_outputs import AssessFlow
from gp365.app.actions.plan import plan
from gp365.app.actions.sync import sync
from gp365.model.errors import Misconfigured


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = make_desk(tmp_path / "project")
    desk.gp("TWIN1", Name="Twin Sports", Country="USA", Contact="Ann")
    desk.gp("TWIN2", Name="Twin Sports, Inc.", Country="USA", Contact="Bob")
    desk.sales("s1", name="Lone Star", number="AARONFIT0001", country="Spain", kind=3)
    desk.sales("s2", name="Far Away", country="Atlantis", kind=3)
    desk.sales("s3", name="A company whose name is longer than GP holds", country="Spain", kind=3)
    return desk


def assessed(desk: Desk) -> AssessFlow:
    (flow,) = desk.act(assess).flows
    return flow


def classes(flow: AssessFlow) -> dict[str, int]:
    return {one.name: one.count for one in flow.classes}


def test_every_record_is_in_one_class_with_examples(desk: Desk) -> None:
    flow = assessed(desk)
    found = classes(flow)
    assert found["matched by: same number, name"] == 1
    assert found["only in gp: created in sales"] >= 2
    assert found["stops: number-alone"] == 2
    assert found["left out: the condition of sales leaves it out"] == 1
    planned = desk.act(plan, full=True)
    assert sum(found.values()) == planned.flows[0].considered
    (matched,) = [one for one in flow.classes if one.name.startswith("matched")]
    assert matched.samples[0].keys == {"gp": "CONTOSO0001", "sales": "a1"}
    assert matched.samples[0].name == "Contoso, Ltd."


def test_what_first_contact_overwrites_is_named_by_field(desk: Desk) -> None:
    (name,) = [one for one in assessed(desk).overwrites if one.field == "name"]
    assert (name.side, name.replaced) == ("sales", 1)
    assert (name.samples[0].old, name.samples[0].new) == ("CONTOSO LTD", "Contoso, Ltd.")


def test_values_that_are_cut_or_missing_in_a_lookup_are_counted(desk: Desk) -> None:
    flow = assessed(desk)
    cut = [one for one in flow.faults if one.code == "cut"]
    assert [(one.field, one.count) for one in cut] == [("name", 1)]
    assert any(one.count for one in flow.missing) or any(name.startswith("stops") for name in classes(flow))


def test_firms_that_stand_twice_in_one_system_are_found(desk: Desk) -> None:
    flow = desk.folder.path / "flows" / "firms.yaml"
    text = flow.read_text("utf-8")
    text = text.replace("contact: {gp: Contact, sales: person", "zip: {gp: Contact, sales: person")
    flow.write_text(text, "utf-8")
    desk.gp("TWIN2", Contact="Ann")
    (twins,) = assessed(desk).duplicates
    assert (twins.side, twins.fields, twins.groups, twins.records) == ("gp", ["name", "zip"], 1, 2)
    assert [one.keys["gp"] for one in twins.samples[0]] == ["TWIN1", "TWIN2"]


def test_an_assessment_writes_nothing_and_the_first_sync_does_what_it_says(desk: Desk) -> None:
    before = (desk.customers(), desk.accounts())
    flow = assessed(desk)
    assert (desk.customers(), desk.accounts()) == before
    with desk.open() as project, project.store.read() as conn:
        for table in ("link", "work", "ledger", "parked", "intent"):
            assert conn.exec_driver_sql(f"select count(*) from {table}").scalar_one() == 0
    run = desk.act(sync).runs[0]
    assert run.created == sum(flow.created.values())
    assert run.sides["sales"].created == flow.created["sales"]
    again = classes(assessed(desk))
    assert again["linked already"] == run.created + run.updated


def test_the_report_says_what_to_do_first(desk: Desk) -> None:
    file = desk.path / "reports" / "before.md"
    told = desk.act(assess, out=file)
    assert told.file == str(file)
    page = file.read_text("utf-8")
    assert page.startswith("# Assessment before the first sync")
    assert "CONTOSO LTD → Contoso, Ltd." in page
    assert any("a person must say who is who" in line for line in told.advice)
    with pytest.raises(Misconfigured):
        desk.act(assess, out=desk.path / "before.docx")
