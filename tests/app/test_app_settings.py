"""gp365.toml: what is wrong is said with line, setting, value and fix; no secret is ever shown."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from string import Template

import pytest

from app.app_folder import Folder
from gp365.app.actions.init import Answers, init
from gp365.app.project import open_project, project_folder
from gp365.app.settings import GpSystem
from gp365.app.settings_file import parse_settings
from gp365.model.errors import Misconfigured

CANARY = "CANARY-7f3a9c"


def simulated() -> str:
    """The settings that the simulators write, with addresses."""
    text = files("gp365_sim").joinpath("gp365.toml.template").read_text("utf-8")
    names = {"gp_url": "https://127.0.0.1:1/GPService", "sales_url": "https://127.0.0.1:2"}
    names |= {"sql_server": "127.0.0.1:3", "sql_user": "gp365", "soap_url": "http://127.0.0.1:4/x"}
    ids = {"tenant_id": "t", "client_id": "c", "provision_client_id": "p"}
    return Template(text).substitute(names | ids)


def refusal(old: str, new: str) -> Misconfigured:
    text = simulated()
    assert old in text
    with pytest.raises(Misconfigured) as caught:
        parse_settings(text.replace(old, new, 1))
    return caught.value


def line_of(text: str) -> int:
    return simulated().splitlines().index(text) + 1


def test_the_settings_that_the_simulators_write_are_settings() -> None:
    settings = parse_settings(simulated())
    gp = settings.systems["gp"]
    assert isinstance(gp, GpSystem)
    assert (gp.company, gp.lanes, gp.spacing_ms) == ("Fabrikam, Inc.", 2, 0)
    assert settings.pairs["fabrikam"].sides == {"gp": "gp", "sales": "sales"}


def test_a_folder_without_settings_says_how_to_get_some(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as caught:
        open_project(tmp_path)
    assert caught.value.code == "settings-missing"
    assert "gp365 init" in caught.value.fix


def test_damaged_toml_is_named_with_its_line_and_without_its_text() -> None:
    error = refusal('password = {file = "secrets/gp-password"}', f"password = {CANARY}")
    assert error.code == "settings-invalid"
    assert "line 12" in error.message
    assert CANARY not in str(error) + repr(error.as_dict())


def test_an_unknown_setting_is_refused_with_the_nearest_known_one() -> None:
    error = refusal("lanes = 2", "lane = 2")
    assert (error.code, error.field, error.fix) == (
        "settings-invalid",
        "systems.gp.lane",
        "Did you mean lanes?",
    )
    assert f"line {line_of('lanes = 2')}" in error.message


def test_an_unknown_table_is_refused() -> None:
    assert refusal("[pairs.fabrikam]", "[pair.fabrikam]").fix == "Did you mean pairs?"


@pytest.mark.parametrize(
    ("old", "new", "field", "value"),
    [
        ("lanes = 2", "lanes = 9", "systems.gp.lanes", "9"),
        ("lanes = 2", 'lanes = "2"', "systems.gp.lanes", "2"),
        ('interid = "TWO"', 'interid = "TOOLONG"', "systems.gp.interid", "TOOLONG"),
        ('interid = "TWO"', 'interid = "1WO"', "systems.gp.interid", "1WO"),
        ("https://127.0.0.1:1/GPService", "http://gp/GPService", "systems.gp.url", "http://gp/GPService"),
        ('"America/Chicago"', '"Mars/Olympus"', "systems.gp.time_zone", "Mars/Olympus"),
        ("schema = 1", "schema = 2", "schema", "2"),
        ('kind = "gp"', 'kind = "great_plains"', "systems.gp.kind", "great_plains"),
        ('kind = "gp"', 'kind = "business_central"', "systems.gp.kind", "business_central"),
    ],
)
def test_a_wrong_value_is_named_with_its_line(old: str, new: str, field: str, value: str) -> None:
    error = refusal(old, new)
    assert (error.code, error.field, error.value) == ("settings-invalid", field, value)
    wrong = simulated().replace(old, new, 1).splitlines()
    number = int(re.search(r"line (\d+)", error.message)[1])  # type: ignore[index]
    assert new in wrong[number - 1] or "kind" in wrong[number] or "kind" in wrong[number - 1]


def test_a_missing_setting_is_named() -> None:
    error = refusal('company = "Fabrikam, Inc."\n', "")
    assert error.field == "systems.gp.company"
    assert "is missing" in error.message


@pytest.mark.parametrize(
    ("old", "field"),
    [
        ('{file = "secrets/gp-password"}', "systems.gp.password"),
        ('{file = "secrets/sales-client-secret"}', "systems.sales.client_secret"),
        ('{file = "secrets/provision-client-secret"}', "systems.sales.provision.client_secret"),
    ],
)
def test_a_secret_in_plain_text_is_refused_and_not_repeated(old: str, field: str) -> None:
    error = refusal(old, f'"{CANARY}"')
    assert (error.code, error.field) == ("secret-plain", field)
    text = simulated().replace(old, f'"{CANARY}"', 1).splitlines()
    line = next(number for number, line in enumerate(text, 1) if CANARY in line)
    assert f"line {line}" in error.message
    assert CANARY not in str(error) + repr(error.as_dict())


def test_a_secret_names_one_place_only() -> None:
    error = refusal('{file = "secrets/gp-password"}', '{file = "a", env = "B"}')
    assert "exactly one" in error.message


def test_a_password_in_the_address_of_the_store_is_refused() -> None:
    error = refusal(
        "[pairs.fabrikam]", f'[store]\nurl = "postgresql://me:{CANARY}@host/db"\n[pairs.fabrikam]'
    )
    assert "password" in error.message
    assert CANARY not in str(error) + repr(error.as_dict())


def test_a_pair_names_systems_that_there_are() -> None:
    error = refusal('gp = "gp"', 'gp = "gpp"')
    assert (error.code, error.field, error.value) == ("system-unknown", "pairs.fabrikam.gp", "gpp")


def test_a_pair_joins_two_places() -> None:
    assert "exactly two" in refusal('sales = "sales"\n', "").message


def test_a_column_takes_only_a_system_that_it_is_made_for() -> None:
    assert "column gp is not made for" in refusal('gp = "gp"', 'gp = "sales"').message


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "gp365.toml").write_bytes(b"\xef\xbb\xbf" + simulated().encode())
    assert open_project(tmp_path).settings.pairs


def test_the_folder_is_the_one_given_then_the_variable_then_the_present_one(tmp_path: Path) -> None:
    variable = {"GP365_DIR": str(tmp_path / "b")}
    assert project_folder(tmp_path / "a", variable) == (tmp_path / "a").resolve()
    assert project_folder(None, variable) == (tmp_path / "b").resolve()
    assert project_folder(None, {}) == Path.cwd()


def test_init_writes_settings_that_can_be_read_whatever_the_names(tmp_path: Path) -> None:
    odd = 'Bär & "Söhne" \\ Co.'
    made = init(tmp_path / "new", Answers(gp_company=odd, pair="main-1"))
    project = open_project(tmp_path / "new")
    gp = project.settings.systems["gp"]
    assert isinstance(gp, GpSystem)
    assert gp.company == odd
    assert "main-1" in project.settings.pairs
    assert "gp365.toml" in made.written
    assert ".gp365/" in (tmp_path / "new" / ".gitignore").read_text("utf-8")


def test_init_asks_what_it_is_not_told(tmp_path: Path) -> None:
    asked: list[str] = []

    def ask(question: str, default: str) -> str:
        asked.append(question)
        return default

    init(tmp_path, Answers(gp_company="Known"), ask=ask)
    assert "Company database (INTERID)" in asked
    assert not any("shows its name" in question for question in asked)


def test_init_never_overwrites_settings(folder: Folder) -> None:
    before = (folder.path / "gp365.toml").read_bytes()
    with pytest.raises(Misconfigured, match="not overwritten"):
        init(folder.path, Answers())
    assert (folder.path / "gp365.toml").read_bytes() == before
