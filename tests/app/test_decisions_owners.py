"""A site names the owner of a field in its settings, and everything that asks for owners knows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.actions_desk import Desk, make_desk
from gp365.app.actions.doctor import doctor
from gp365.app.actions.explain import explain
from gp365.app.actions.flows import flows_show
from gp365.app.actions.parked import parked_list
from gp365.app.actions.sync import sync
from gp365.app.assembly import assemble
from gp365.model.errors import Misconfigured

FLOWS = 'flows = ["firms"]'


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(tmp_path / "project")


def owners(desk: Desk, text: str) -> None:
    desk.folder.settings(FLOWS, f"{FLOWS}\n\n[pairs.main.owners]\n{text}\n")


def both_rename(desk: Desk) -> None:
    desk.gp("CONTOSO0001", Name="Contoso West")
    desk.sales("a1", name="Contoso East")


def test_a_site_that_owns_a_field_has_no_conflict_about_it(desk: Desk) -> None:
    desk.act(sync)
    owners(desk, '"firms.name" = "sales"')
    both_rename(desk)
    assert desk.act(sync).exit_code == 0
    assert desk.act(parked_list).total == 0
    assert desk.customers()["CONTOSO0001"]["Name"] == "Contoso East"
    (told,) = desk.act(explain, "gp", "customer", "CONTOSO0001", "name").explanations
    assert told.fields[0].owner == "sales"
    assert told.fields[0].decisions[0].overruled


def test_a_dotted_name_needs_no_quotes(desk: Desk) -> None:
    owners(desk, 'firms.name = "gp"')
    desk.act(sync)
    both_rename(desk)
    assert desk.act(sync).exit_code == 0
    assert desk.accounts()["a1"]["name"] == "Contoso West"


def test_another_owner_is_another_version_of_the_flow_and_keeps_what_was_agreed(desk: Desk) -> None:
    before = desk.act(sync).runs[0]
    owners(desk, '"firms.name" = "gp"')
    with desk.open() as project, assemble(project) as assembly:
        now = assembly.jobs("main")[0].flow.digest
    desk.folder.settings()
    with desk.open() as project, assemble(project) as assembly:
        then = assembly.jobs("main")[0].flow.digest
    assert now != then
    owners(desk, '"firms.name" = "gp"')
    after = desk.act(sync).runs[0]
    assert (before.flow, after.created, after.updated, after.parked) == ("firms", 0, 0, 0)


def test_the_flow_and_the_doctor_name_the_owner_of_the_site(desk: Desk) -> None:
    owners(desk, '"firms.name" = "gp"')
    with desk.open() as project:
        (row,) = [one for one in flows_show(project, "firms").rows if one.name == "name"]
        with assemble(project) as assembly:
            texts = [one.text for one in doctor(assembly).findings]
    assert (row.owner, row.owners) == ("ask", {"main": "gp"})
    assert "name belongs to gp here, by gp365.toml; the flow says ask." in texts


@pytest.mark.parametrize(
    ("text", "field", "fix"),
    [
        ('"firms.nmae" = "gp"', "pairs.main.owners.firms.nmae", "Did you mean firms.name?"),
        ('firms.name = "gpp"', "pairs.main.owners.firms.name", "Write one of gp, sales, ask, latest."),
        ('"other.number" = "gp"', "pairs.main.owners.other.number", "Write FLOW.FIELD;"),
    ],
)
def test_an_owner_that_means_nothing_is_refused_with_its_line(
    desk: Desk, text: str, field: str, fix: str
) -> None:
    owners(desk, text)
    line = (desk.path / "gp365.toml").read_text("utf-8").splitlines().index(text) + 1
    with pytest.raises(Misconfigured) as refused:
        desk.act(sync)
    assert refused.value.code == "settings-invalid"
    assert f"gp365.toml, line {line}:" in refused.value.message
    assert refused.value.field == field
    assert refused.value.fix.startswith(fix)
