"""What doctor says of SQL Server: who answers, which rights there are and which lack, what the site has beside GP."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from gp_sql_place import SqlPlace, login_of, sql_place

from gp365.connectors.gp.sql.role import script
from gp365.connectors.gp.tables import NAMES
from gp365.connectors.gp.versions import pack_of, seen
from gp365.model.contract import Finding, Level
from gp365_sim.gp.app import Manner
from gp365_sim.gp.versions import VERSIONS, Version, set_version

ROLE = Path(__file__).resolve().parents[2] / "docs" / "sql" / "gp365-role.sql"


def _found(here: SqlPlace) -> dict[str, Finding]:
    return {finding.subject: finding for finding in here.connector.check()}


def test_a_member_of_dyngrp_is_told_that_it_has_more_rights_than_it_needs(tmp_path: Path) -> None:
    with sql_place(tmp_path) as here:
        found = _found(here)
        assert found["connection"].level is Level.OK and found["company"].level is Level.OK
        assert found["collation"].facts["code_page"] == 1252
        assert found["rights"].level is Level.NOTE and "DYNGRP" in found["rights"].text
        assert {name for name in NAMES if name != "company"} <= set(found)
        assert not [each for each in found.values() if each.level in (Level.ERROR, Level.WARNING)]
        assert "EXEC @" not in " ".join(here.asked())


@pytest.mark.parametrize("writer", [True, False])
def test_the_script_for_the_administrator_grants_what_is_needed_and_no_more(
    tmp_path: Path, writer: bool
) -> None:
    with sql_place(tmp_path, logins=(login_of(script(), writer=writer),), read_only=not writer) as here:
        found = _found(here)
        assert found["rights"].level is Level.OK
        assert not [each for each in found.values() if each.level in (Level.ERROR, Level.WARNING)]
        for entity in NAMES if writer else ("customer",):
            fields = list(here.connector.entity(entity).fields)
            cursor = list(here.connector.changes(entity, fields, None))[-1].cursor
            assert list(here.connector.changes(entity, fields, cursor))
        assert (
            here.create("LEAST1", {"CustomerName": "Least rights", "BillTo.City": "Elgin"}).error is None
            or not writer
        )
        assert (here.row("RM00101", "LEAST1") is not None) == writer


def test_a_reader_without_the_right_to_write_is_told_which_procedures_lack(tmp_path: Path) -> None:
    with sql_place(tmp_path, logins=(login_of(script(), writer=False),)) as here:
        found = _found(here)["customer"]
        assert found.level is Level.WARNING and found.code == "right-missing"
        assert "taUpdateCreateCustomerRcd" in found.text and "gp365-role.sql" in found.fix


def test_a_table_that_is_closed_is_named_with_the_entity_that_needs_it(tmp_path: Path) -> None:
    text = re.sub(r"GRANT SELECT ON \[dbo\]\.\[RM00103\].*\n", "", script())
    with sql_place(tmp_path, logins=(login_of(text, writer=True),)) as here:
        found = _found(here)
        assert found["receivables_summary"].level is Level.WARNING
        assert "RM00103" in found["receivables_summary"].text
        assert found["customer"].level is Level.OK


def test_a_company_that_is_not_the_one_of_the_settings_is_an_error(tmp_path: Path) -> None:
    with sql_place(tmp_path, company="Another Company") as here:
        found = _found(here)["company"]
        assert found.level is Level.ERROR and "Fabrikam" in found.text


def test_a_server_that_does_not_answer_is_one_finding(tmp_path: Path) -> None:
    with sql_place(tmp_path, server="127.0.0.1:1") as here:
        [found] = here.connector.check()
        assert (found.subject, found.level, found.code) == ("connection", Level.ERROR, "unreachable")


def test_the_script_in_the_documents_is_the_one_that_the_data_files_make() -> None:
    assert ROLE.read_text("utf-8") == script(), "run tools/write_sql.py"


@pytest.mark.parametrize(
    ("version", "told"),
    [("2013", "12.0"), ("2015", "14.0"), ("2016", "16.0"), ("2018", "18.0"), ("18.x", "18.3")],
)
def test_the_version_of_the_database_is_told_for_each_version_of_gp(
    tmp_path: Path, version: Version, told: str
) -> None:
    with sql_place(tmp_path, manner=Manner(version=version)) as here:
        found = _found(here)["version"]
        assert found.level is Level.OK and f"Dynamics GP {told}." in found.text
        facts = seen([found])
        pack = pack_of(facts.major, facts.minor)
        assert pack is not None and pack.name == version


def test_a_company_whose_upgrade_is_not_finished_is_a_warning(tmp_path: Path) -> None:
    with sql_place(tmp_path, manner=Manner(version="2018")) as here:
        set_version(here.system.system, "TWO", VERSIONS["18.x"], status=23)
        broken = _found(here)["version"]
        assert broken.level is Level.WARNING and "status 23" in broken.text
        set_version(here.system.system, "TWO", VERSIONS["18.x"])
        ahead = _found(here)["version"]
        assert ahead.level is Level.WARNING and "DYNAMICS is of 18.0.439" in ahead.text
        set_version(here.system.system, "DYNAMICS", VERSIONS["18.x"])
        assert _found(here)["version"].level is Level.OK


@pytest.mark.parametrize(
    ("said", "level"), [("USD", Level.OK), ("", Level.OK), ("usd", Level.OK), ("EUR", Level.ERROR)]
)
def test_another_functional_currency_than_gps_is_an_error(tmp_path: Path, said: str, level: Level) -> None:
    with sql_place(tmp_path, functional_currency=said) as here:
        finding = _found(here)["functional currency"]
        assert finding.level is level
        assert "Z-US$ (USD)" in finding.text
        if level is Level.ERROR:
            assert "EUR" in finding.text and 'functional_currency = "USD"' in finding.fix
