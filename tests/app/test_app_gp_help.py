"""Import-help: a saved page becomes lines of gp365.toml that read as they were meant, and nothing else changes."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gp365.app.actions.gp_help import HelpImported, import_help
from gp365.app.project import open_project
from gp365.app.settings_tables import with_tables
from gp365.model.errors import Misconfigured
from gp365_sim.gp.helppage import help_page

TOML = """\
# Ours.
schema = 1

[systems.gp]   # the company
kind = "gp"
url = "https://gp.example/GPService"
company = "Fabrikam, Inc."
interid = "TWO"

[systems.gp.resources.payment_terms]
path = "Sales/Terms"
modified_filter = "$filter=ModifiedDate ge {day}"

# What comes after stays.
[worker]
page = 100
"""
Import = Callable[..., HelpImported]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "gp365.toml").write_text(TOML, "utf-8", newline="\n")
    return tmp_path


@pytest.fixture
def imported(folder: Path) -> Import:
    def run(page: str | bytes, **given: Any) -> HelpImported:
        file = folder / "help.html"
        file.write_bytes(page if isinstance(page, bytes) else page.encode())
        with open_project(folder, actor="tester") as project:
            return import_help(project, file, **given)

    return run


def test_the_simulators_page_confirms_the_map_and_names_where_a_site_said_otherwise(imported: Import) -> None:
    found = imported(help_page("DefaultTenant"))
    lines = {each.entity: each for each in found.resources}
    assert not found.written and found.not_shown == () and found.others == ()
    assert not lines["customer"].differs and not lines["customer"].assumed
    assert lines["payment_terms"].differs == ("path: the map has Sales/Terms",)
    assert tomllib.loads(found.toml)["systems"]["gp"]["resources"]["customer"]["assumed"] is False


def test_written_lines_are_in_the_settings_and_everything_else_stays(folder: Path, imported: Import) -> None:
    before = tomllib.loads(TOML)
    assert imported(help_page("DefaultTenant"), write=True).written
    text = (folder / "gp365.toml").read_text("utf-8")
    after = tomllib.loads(text)
    terms = after["systems"]["gp"].pop("resources")["payment_terms"]
    before["systems"]["gp"].pop("resources")
    assert after == before
    assert terms["path"] == "Administration/PaymentTerms" and terms["modified_filter"].endswith("{day}")
    assert "# What comes after stays.\n[worker]" in text and "# the company" in text
    again = imported(help_page("DefaultTenant"), write=True)
    assert (folder / "gp365.toml").read_text("utf-8") == text
    assert all(not each.differs for each in again.resources)


def test_what_the_page_does_not_show_stays_assumed_and_unknown_resources_are_named(imported: Import) -> None:
    base = "/GPService/Tenants(T)/Companies({CompanyName})"
    found = imported(
        f"{base}/Sales/Customers\n"
        f"{base}/Sales/CustomerAddresses({{One}}) GET\n"
        f"{base}/Inventory/Items GET\n{base}/BusinessPartners/Sales/Pies GET POST\n"
    )
    lines = {each.entity: each for each in found.resources}
    assert lines["customer"].assumed and lines["customer"].shown == ("path",)
    assert lines["customer"].verbs == ("GET", "POST", "PATCH")
    assert lines["customer_address"].assumed and "1 parts" in lines["customer_address"].differs[0]
    assert lines["customer_address"].key == ("CustomerNumber", "AddressCode")
    assert set(found.not_shown) == {"customer_class", "payment_terms", "company"}
    others = {each.path: each for each in found.others}
    assert others["Inventory/Items"].entity == "item"
    assert others["BusinessPartners/Sales/Pies"].said == "unknown here"


def test_a_service_that_does_not_update_is_written_as_such(imported: Import) -> None:
    page = "GET POST /GPService/Tenants(T)/Companies({C})/Sales/Customers({CustomerNumber})"
    [line] = imported(page).resources
    assert line.verbs == ("GET", "POST") and line.differs == ("verbs: the map has GET, POST, PATCH",)


@pytest.mark.parametrize(
    "page",
    [b"", b"\x00\xff" * 500, b"<html><title>Sign in</title></html>", help_page("T").encode("utf-16-be")],
)
def test_what_is_no_help_page_is_refused_with_the_address_to_open(imported: Import, page: bytes) -> None:
    with pytest.raises(Misconfigured) as caught:
        imported(page)
    assert caught.value.code == "usage"
    assert "https://gp.example/GPService/Tenants(DefaultTenant)/help" in caught.value.fix


def test_a_page_in_another_encoding_is_read(imported: Import) -> None:
    page = "Größe\n" + help_page("DefaultTenant")
    assert len(imported(page.encode("utf-16")).resources) == 5
    assert len(imported(page.encode("cp1252")).resources) == 5


def test_a_file_or_a_system_that_is_not_there_is_told(folder: Path, imported: Import) -> None:
    with open_project(folder, actor="tester") as project, pytest.raises(Misconfigured) as caught:
        import_help(project, folder / "nowhere.html")
    assert caught.value.code == "usage" and caught.value.field == "FILE"
    with pytest.raises(Misconfigured) as caught:
        imported(help_page("T"), system="gp2")
    assert caught.value.code == "system-unknown" and "gp" in caught.value.fix


@pytest.mark.parametrize(
    "old",
    [
        '[systems.gp.resources]\npayment_terms = {path = "Sales/Terms"}',
        'resources = {payment_terms = {path = "Sales/Terms"}}',
        'resources.payment_terms.path = "Sales/Terms"',
    ],
)
def test_settings_that_are_written_otherwise_are_left_alone_and_the_lines_can_be_put_in_by_hand(
    folder: Path, imported: Import, old: str
) -> None:
    begin, end = TOML.index("[systems.gp.resources"), TOML.index("# What comes")
    text = TOML[:begin].rstrip() + f"\n{old}\n\n" + TOML[end:]
    (folder / "gp365.toml").write_text(text, "utf-8", newline="\n")
    with pytest.raises(Misconfigured) as caught:
        imported(help_page("DefaultTenant"), write=True)
    assert "yourself" in caught.value.fix
    assert (folder / "gp365.toml").read_text("utf-8") == text


def test_lines_end_as_they_did_on_windows(folder: Path, imported: Import) -> None:
    (folder / "gp365.toml").write_bytes(TOML.replace("\n", "\r\n").encode())
    imported(help_page("DefaultTenant"), write=True)
    raw = (folder / "gp365.toml").read_bytes()
    assert raw.count(b"\r\n") == raw.count(b"\n")


WORD = st.text(st.characters(codec="utf-8"), max_size=12)


@settings(max_examples=200, deadline=None)
@given(WORD, WORD, st.lists(WORD, max_size=3), st.booleans(), st.sampled_from(["\n", "\r\n"]))
def test_tables_are_put_in_as_they_are_or_refused(
    name: str, path: str, key: list[str], flag: bool, ending: str
) -> None:
    text = ('a = 1\n[systems."x y"]\nb = """\n[systems.gp]\n"""\n# end\n').replace("\n", ending)
    place = ("systems", name, "resources", "customer")
    try:
        result = with_tables(text, {place: {"path": path, "key": key, "assumed": flag}})
    except Misconfigured:
        return
    read = tomllib.loads(result)
    found = read["systems"][name]["resources"]["customer"]
    assert found == {"path": path, "key": key, "assumed": flag}
    assert read["a"] == 1 and "# end" in result
