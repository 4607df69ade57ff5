"""Tables that a site fills in: begun by provisioning with what the organisation has, and never taken away again."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from gp365.app.actions.choices import Table, choices
from gp365.app.actions.simulators import Simulators
from gp365.app.assembly import assemble
from gp365.app.connecting import dataverse_settings
from gp365.app.project import open_project
from gp365.app.settings import DataverseSystem
from gp365.connectors.dataverse.api import connect

CARLA = "51000000-0000-4000-8000-000000000004"


def tables(running: Simulators, folder: Path, options: str, **lookups: str) -> dict[str, Table]:
    """Give the tables of a project with these options, its own lookups beside it."""
    for path in (
        "ca.pem",
        "secrets/gp-password",
        "secrets/sales-client-secret",
        "secrets/provision-client-secret",
    ):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes((running.folder / path).read_bytes())
    text = (running.folder / "gp365.toml").read_text("utf-8")
    (folder / "gp365.toml").write_text(f"{text}\n[pairs.fabrikam.options]\n{options}\n", "utf-8")
    (folder / "lookups").mkdir(exist_ok=True)
    for name, body in lookups.items():
        (folder / "lookups" / f"{name}.csv").write_text(body, "utf-8")
    with open_project(folder, actor="tester") as project, assemble(project) as made:
        given = project.settings.systems["sales"]
        assert isinstance(given, DataverseSystem)
        settings = dataverse_settings(project, "sales", given)
        assert settings.provision is not None
        api = connect(settings, settings.provision)
        try:
            return {table.name: table for table in choices(made, "sales", api)}
        finally:
            api.close()


def test_without_options_no_table_is_asked_for(running: Simulators, tmp_path: Path) -> None:
    assert tables(running, tmp_path, "prospects = false") == {}


def test_every_territory_of_the_organisation_has_a_line_to_fill_in(
    running: Simulators, tmp_path: Path
) -> None:
    found = tables(running, tmp_path, 'route_by = "territory"\nterritory_by = "territory"')
    assert set(found) == {"company_by_territory", "territory_by_territory"}
    routes = found["company_by_territory"]
    assert routes.columns == ("sales", "company", "name")
    assert [line[1:] for line in routes.lines] == [("", f"TERRITORY {number}") for number in range(1, 7)]


def test_a_line_that_was_filled_in_is_kept_and_so_is_one_of_a_territory_that_is_gone(
    running: Simulators, tmp_path: Path
) -> None:
    first = tables(running, tmp_path, 'route_by = "territory"')["company_by_territory"]
    key = first.lines[2][0]
    mine = f"sales,company,name\n{key.upper()},TWO;CAN,mine\nffffffff-0000-4000-8000-000000000000,TWO,old\n"
    again = tables(running, tmp_path, 'route_by = "territory"', company_by_territory=mine)[
        "company_by_territory"
    ]
    assert (key, "TWO;CAN", "TERRITORY 3") in again.lines
    assert ("ffffffff-0000-4000-8000-000000000000", "TWO", "old") in again.lines
    assert len(again.lines) == 7


def test_a_currency_goes_to_the_company_that_keeps_its_books_in_it(
    running: Simulators, tmp_path: Path
) -> None:
    found = tables(running, tmp_path, 'route_by = "currency"')["company_by_currency"]
    assert {line[2]: line[1] for line in found.lines} == {"USD": "TWO", "CAD": "", "EUR": ""}


def test_the_name_of_a_team_becomes_its_id(running: Simulators, tmp_path: Path) -> None:
    mine = "gp,sales\nTERRITORY 1,East\nTERRITORY 3,midwest\nTERRITORY 6,Nobody\n"
    found = tables(running, tmp_path, 'owner_by = "territory"', team_by_territory=mine)["team_by_territory"]
    assert [(line[0], line[2]) for line in found.lines] == [
        ("TERRITORY 1", "East"),
        ("TERRITORY 3", "Midwest"),
        ("TERRITORY 6", ""),
    ]
    assert found.lines[0][1] == "7e000000-0000-4000-8000-000000000001"
    assert found.lines[2][1] == "Nobody"


@pytest.mark.parametrize("told", ["Carla Credit", "carla@Fabrikam.example ", CARLA])
def test_an_approver_of_credit_is_known_by_name_mail_address_or_id(
    running: Simulators, tmp_path: Path, told: str
) -> None:
    mine = f"approver,up_to,why\n{told},10000,since May\nNobody,5,\n*,100,all others\n"
    found = tables(running, tmp_path, "prospects = false", credit_approvers=mine)["credit_approvers"]
    assert found.columns == ("approver", "up_to", "why", "name")
    assert found.lines == (
        (CARLA, "10000", "since May", "Carla Credit"),
        ("Nobody", "5", "", ""),
        ("*", "100", "all others", ""),
    )


@pytest.mark.parametrize("name", ["company_by_territory", "team_by_territory", "required_by_class"])
def test_a_shipped_table_is_empty_until_a_site_fills_it(name: str) -> None:
    from importlib.resources import files

    text = files("gp365.flows").joinpath(f"lookups/{name}.csv").read_text("utf-8")
    assert len(list(csv.reader(text.splitlines()))) == 1
