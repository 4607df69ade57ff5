"""Doctor on a GP site with one channel or several: the matrix, what flows lack, versions and add-ons, as people see it."""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gp365.app.actions.doctor import Doctor, doctor
from gp365.app.actions.doctor_gp import report
from gp365.app.actions.simulators import Simulators, simulators
from gp365.app.assembly import Assembly, assemble
from gp365.app.project import open_project
from gp365.app.settings import GpSystem
from gp365.cli.output import console
from gp365.cli.show_doctor import show_doctor
from gp365.connectors.gp import GpConnector
from gp365.model.contract import Finding, Level

FLOW = """\
format: 1
flow: {flow}
title: For the test
sides:
  gp: {{entity: {entity}}}
  sales: {{entity: account}}
first_contact: gp
match: [{{same: [name]}}]
fields:
  name: {{gp: {field}, sales: name, owner: gp}}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    with simulators(tmp_path_factory.mktemp("site")) as started:
        yield started


@contextmanager
def project(
    site: Simulators, path: Path, *, rest: bool = True, sql: str | None = None, more: str = ""
) -> Generator[Assembly]:
    """Make a project whose GP system has these channels; `more` are lines of [systems.gp]."""
    text = (site.folder / "gp365.toml").read_text("utf-8").partition("\n")[2]
    begin, end = text.index("# The same company over"), text.index("[systems.sales]")
    given = site.description["gp"]["sql"]
    table = f"""[systems.gp.sql]
driver = "{given["driver"]}"
server = "{given["server"]}"
user = "{given["user"]}"
password = {{file = "secrets/sql-password"}}
{sql}

"""
    text = text[:begin] + (table if sql is not None else "") + text[end:]
    url = f'url = "{site.description["gp"]["url"]}"'
    text = text.replace(url, "\n".join([url if rest else "", more]))
    for file in [*(site.folder / "secrets").iterdir(), site.folder / "ca.pem"]:
        text = text.replace(f'"{file.relative_to(site.folder).as_posix()}"', f'"{file.as_posix()}"')
    path.mkdir(exist_ok=True)
    (path / "gp365.toml").write_text(text, "utf-8")
    with open_project(path, actor="tester") as opened, assemble(opened) as made:
        yield made


def own_flow(path: Path, flow: str, entity: str, field: str) -> None:
    (path / "flows").mkdir(parents=True)
    (path / "flows" / f"{flow}.yaml").write_text(FLOW.format(flow=flow, entity=entity, field=field), "utf-8")


def text_of(found: Doctor) -> str:
    stream = io.StringIO()
    show_doctor(console(stream), found)
    return stream.getvalue()


def test_over_rest_alone_doctor_says_what_the_flows_lack_and_what_would_help(
    site: Simulators, tmp_path: Path
) -> None:
    with project(site, tmp_path) as assembly:
        found = doctor(assembly)
    lines = {line.entity: line for line in found.matrix}
    assert {(way.way, way.reads) for line in lines.values() for way in line.ways} == {("rest", "proved")}
    assert lines["customer"].flows == ("fabrikam/customers", "fabrikam/customer_cards")
    [lack] = found.lacking
    assert (lack.flow, lack.needs, lack.row, lack.stops) == (
        "customers",
        "BillTo.Email",
        "contact_email",
        False,
    )
    assert lack.others[0] == "sql" and "gp365-role.sql" in lack.fix
    channels = {one.way: one for one in found.channels}
    assert channels["rest"].set_up and not channels["sql"].set_up
    assert "gl_balance" in channels["sql"].adds_reading and channels["sql"].fix


def test_over_two_channels_the_table_shows_both_and_which_is_chosen(site: Simulators, tmp_path: Path) -> None:
    with project(site, tmp_path, sql="") as assembly:
        found = doctor(assembly)
    lines = {line.entity: line for line in found.matrix}
    assert [way.way for way in lines["customer"].ways] == ["sql", "rest"]
    assert (lines["customer"].read, lines["customer"].read_why) == ("sql", "order")
    assert lines["gl_balance"].read_why == "only" and found.lacking == ()
    assert {one.name: one.state for one in found.add_ons}["National accounts"] == "in use"
    text = text_of(found)
    assert max(len(line) for line in text.splitlines()) <= 120
    assert "read, write (order)" in text and "fabrikam/customers" in text
    assert text.count("credit limit types 0 No Credit") == 1


def test_sql_that_is_only_read_beside_rest_says_how_customers_can_be_written(
    site: Simulators, tmp_path: Path
) -> None:
    with project(site, tmp_path, sql="read_only = true") as assembly:
        found = doctor(assembly)
        verbs = {lack.needs: lack for lack in found.lacking if lack.flow == "customers"}
        assert set(verbs) == {"create", "update"}
        assert 'write = "rest" in [systems.gp.channels.customer]' in verbs["create"].fix
    with project(
        site, tmp_path / "2", sql='read_only = true\n[systems.gp.channels.customer]\nwrite = "rest"'
    ) as assembly:
        again = doctor(assembly)
        line = next(line for line in again.matrix if line.entity == "customer")
        assert (line.read, line.write, line.write_why) == ("sql", "rest", "settings")
        assert not [lack for lack in again.lacking if lack.needs in ("create", "update")]


def test_a_flow_on_an_entity_that_no_channel_has_names_the_channel_to_enable(
    site: Simulators, tmp_path: Path
) -> None:
    own_flow(tmp_path, "balances", "gl_balance", "AccountNumber")
    with project(site, tmp_path) as assembly:
        assembly.project.settings.pairs["fabrikam"].flows.append("balances")
        lacks = [lack for lack in doctor(assembly).lacking if lack.flow == "balances"]
    assert lacks[0].needs == "reading" and lacks[0].stops and lacks[0].others == ("sql",)
    assert "SQL Server would serve it" in lacks[0].fix


def test_a_flow_of_prices_is_refused_where_extended_pricing_is_in_use(
    site: Simulators, tmp_path: Path
) -> None:
    own_flow(tmp_path, "prices", "price_list", "ItemNumber")
    with project(site, tmp_path, rest=False, sql="") as assembly:
        assembly.project.settings.pairs["fabrikam"].flows.append("prices")
        given, connector = assembly.project.settings.systems["gp"], assembly.connector("gp")
        assert isinstance(given, GpSystem) and isinstance(connector, GpConnector)
        used = Finding("Extended Pricing", Level.NOTE, "in use", facts={"table": "IV10400", "assumed": True})
        found = report(assembly, "gp", given, connector, [*connector.check(), used])
    [error] = [one for one in found.findings if one.subject == "Extended Pricing"]
    assert error.level is Level.ERROR and "fabrikam/prices" in error.text


def test_a_version_before_2015_has_no_rest(site: Simulators, tmp_path: Path) -> None:
    with project(site, tmp_path, more='version = "2013"') as assembly:
        found = doctor(assembly)
    [error] = [one for one in found.findings if one.subject == "version" and one.level == "error"]
    assert error.code == "not-served" and found.exit_code == 2
    with project(site, tmp_path / "2", rest=False, sql="", more='version = "2013"') as assembly:
        without = doctor(assembly)
    rest = next(one for one in without.channels if one.way == "rest")
    assert rest.adds_reading == () and "2015" in rest.fix
    assert not [one for one in without.findings if one.subject == "version" and one.level == "error"]


def test_the_version_of_the_settings_tells_how_long_it_is_supported(site: Simulators, tmp_path: Path) -> None:
    with project(site, tmp_path, more='version = "2015"') as assembly:
        found = doctor(assembly)
    [version] = found.versions
    assert (version.version, version.told_by, version.supported) == ("2015", "settings", False)
    assert "NOT SUPPORTED any more: support until 2025-04-08" in text_of(found)
    assert any("2025-04-08" in one.text for one in found.findings if one.subject == "version")


def test_a_channel_that_is_down_is_told_and_the_other_still_shown(site: Simulators, tmp_path: Path) -> None:
    with project(site, tmp_path, sql=""):
        pass
    text = (tmp_path / "gp365.toml").read_text("utf-8")
    server = text[text.index('server = "') :].split('"')[1]
    (tmp_path / "gp365.toml").write_text(text.replace(server, "127.0.0.1:1"), "utf-8")
    with open_project(tmp_path, actor="tester") as opened, assemble(opened) as made:
        found = doctor(made)
    line = next(line for line in found.matrix if line.entity == "customer")
    assert {way.way: way.reads for way in line.ways} == {"sql": "down", "rest": "proved"}
    assert found.exit_code == 3
