"""Views, quick views, roles, and our sections on forms: on the site's only when asked for, gone without harm."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.dataverse_place import Place, place
from gp365.connectors.dataverse.forms import has_section, shows, with_section, without_sections
from gp365.connectors.dataverse.own import OwnTable
from gp365.connectors.dataverse.own_files import everything
from gp365.connectors.dataverse.provision import State, plan, remove
from gp365.connectors.dataverse.site import Site
from gp365.connectors.dataverse.steps_roles import role_work

FLOWS = ["receivables"]
BESIDE = ("account", "opportunity", "quote", "salesorder")
SECTION = '<section name="gp365_standing" id="{1}"><rows><row/></rows></section>'


@pytest.fixture
def sales(tmp_path: Path) -> Generator[Place]:
    with place(tmp_path, tracked=()) as made:
        yield made


def forms_of(sales: Place, table: str) -> dict[str, str]:
    """Give what people see: the published main forms of a table."""
    filter_ = f"objecttypecode eq '{table}' and type eq 2"
    rows = sales.privileged.get("systemforms", {"$select": "formid,formxml", "$filter": filter_})["value"]
    return {row["formid"]: row["formxml"] for row in rows}


def rows_of(sales: Place, set_name: str, filter_: str) -> list[Mapping[str, Any]]:
    return sales.privileged.get(set_name, {"$filter": filter_})["value"]


def test_views_and_the_quick_view_of_the_figures_are_made_and_published(sales: Place) -> None:
    sales.provision(flows=FLOWS)
    views = {
        row["name"]: row for row in rows_of(sales, "savedqueries", "returnedtypecode eq 'gp365_customer'")
    }
    assert set(views) == {"GP customer cards", "GP standing", "GP customers on hold"}
    held = views["GP customers on hold"]["fetchxml"]
    assert '<condition attribute="gp365_hold" operator="eq" value="1"/>' in held
    assert '<condition attribute="statecode" operator="eq" value="0"/>' in held
    assert '<order attribute="gp365_balance" descending="true"/>' in held
    [quick] = rows_of(sales, "systemforms", "type eq 6")
    assert (quick["objecttypecode"], quick["name"]) == ("account", "GP standing")
    for shown in ("gp365_balances", "gp365_overdues", "creditonhold", "gp365_account_gp365_customer"):
        assert shown in quick["formxml"]
    in_solution = {row["componenttype"] for row in sales.rows("solutioncomponents")}
    assert {1, 2, 10, 14, 26, 60} <= in_solution


def test_what_others_have_not_published_yet_on_forms_that_are_not_ours_stays_unpublished(
    sales: Place,
) -> None:
    [(form_id, xml)] = forms_of(sales, "quote").items()
    draft = {"formxml": xml.replace('description="Details"', 'description="Half done"')}
    sales.privileged.patch(f"systemforms({form_id})", draft, {"If-Match": "*"})
    sales.provision(flows=FLOWS)
    assert forms_of(sales, "quote") == {form_id: xml}


def test_forms_of_the_site_are_left_alone_and_the_plan_says_how_to_place_the_quick_view(sales: Place) -> None:
    before = {table: forms_of(sales, table) for table in BESIDE}
    done = sales.provision(flows=FLOWS)
    assert {table: forms_of(sales, table) for table in BESIDE} == before
    [said] = [note for note in done.notes if "--place-forms" in note]
    assert "opportunity (parentaccountid), quote (customerid), salesorder (customerid)" in said
    assert not [step for step in done.steps if step.id.startswith("place:")]


def test_a_section_placed_on_request_stands_beside_each_record_and_goes_without_a_trace(sales: Place) -> None:
    before = {table: forms_of(sales, table) for table in BESIDE}
    sales.provision(flows=FLOWS, place_forms=True)
    for table in BESIDE:
        for form_id, xml in forms_of(sales, table).items():
            assert has_section(xml) and without_sections(xml) == before[table][form_id]
    again = plan(sales.privileged, flows=FLOWS, place_forms=True)
    assert again.nothing_to_do and not [note for note in again.notes if "--place-forms" in note]
    assert plan(sales.privileged, flows=FLOWS).nothing_to_do
    gone = {step.id: step.state for step in remove(sales.privileged, sleep=sales.wait)}
    assert gone["quick-view:account.GP standing"] is State.REMOVED
    assert {table: forms_of(sales, table) for table in BESIDE} == before
    assert rows_of(sales, "savedqueries", "returnedtypecode eq 'gp365_customer'") == []
    again = remove(sales.privileged, sleep=sales.wait)
    assert {step.state for step in again} == {State.ABSENT}


def test_what_a_site_does_to_its_form_and_to_our_view_afterwards_stays(sales: Place) -> None:
    sales.provision(flows=FLOWS, place_forms=True)
    [(form_id, xml)] = forms_of(sales, "quote").items()
    edited = xml.replace('description="Details"', 'description="Détails"')
    sales.privileged.patch(f"systemforms({form_id})", {"formxml": edited}, {"If-Match": "*"})
    [view] = rows_of(sales, "savedqueries", "name eq 'GP customer cards'")
    sales.privileged.patch(
        f"savedqueries({view['savedqueryid']})", {"name": "Our customers"}, {"If-Match": "*"}
    )
    assert plan(sales.privileged, flows=FLOWS, place_forms=True).nothing_to_do
    remove(sales.privileged, sleep=sales.wait)
    [left] = forms_of(sales, "quote").values()
    assert left == without_sections(edited) and "Détails" in left


def test_a_form_without_the_lookup_gets_no_section(sales: Place) -> None:
    [(form_id, xml)] = forms_of(sales, "salesorder").items()
    bare = xml.replace('datafieldname="customerid"', 'datafieldname="description"')
    sales.privileged.patch(f"systemforms({form_id})", {"formxml": bare}, {"If-Match": "*"})
    sales.privileged.post("PublishAllXml", {})
    done = sales.provision(flows=FLOWS, place_forms=True)
    placed = [step.title for step in done.steps if step.id.startswith("place:")]
    assert len(placed) == 3 and not [title for title in placed if "salesorder" in title]
    assert forms_of(sales, "salesorder") == {form_id: bare}


def test_the_main_form_of_our_own_table_shows_all_its_columns_and_new_ones_when_a_flow_comes_later(
    sales: Place,
) -> None:
    sales.provision()
    [before] = forms_of(sales, "gp365_customer").values()
    assert has_section(before, "gp365_columns") and not has_section(before, "gp365_receivables")
    sales.provision(flows=FLOWS)
    [after] = forms_of(sales, "gp365_customer").values()
    for column in everything().of("gp365_customer").columns:
        assert after.count(f'datafieldname="{column.name}"') == 1, column.name
    assert 'datafieldname="gp365_accountid" disabled="true"' in after
    assert plan(sales.privileged, flows=FLOWS).nothing_to_do


def test_a_role_of_ours_reads_its_tables_and_nothing_else(sales: Place) -> None:
    sales.provision()
    tables = [table for table in everything().tables if table.name == "gp365_customer"]
    work = role_work("gp365 test reader", tables)
    site = Site(sales.privileged, sales.wait, lambda _: None)
    assert work.look(site)[0] == "make"
    work.make(site)
    assert work.look(site) == ("present", "")
    [role] = rows_of(sales, "roles", "name eq 'gp365 test reader'")
    held = sales.privileged.get(f"RetrieveRolePrivilegesRole(RoleId={role['roleid']})")["RolePrivileges"]
    assert [(one["PrivilegeName"], one["Depth"]) for one in held] == [("prvReadgp365_Customer", "Global")]
    seen = sales.seen()
    work.make(site)
    assert not [one for one in sales.requests(seen) if one[0] == "POST" and "$batch" not in one[1]]


def test_a_role_of_the_same_name_that_is_not_ours_is_said(sales: Place) -> None:
    sales.provision()
    unit = sales.system.org.business_unit
    body = {"name": "gp365 test reader", "businessunitid@odata.bind": f"/businessunits({unit})"}
    sales.privileged.post("roles", body)
    site = Site(sales.privileged, sales.wait, lambda _: None)
    table: OwnTable = everything().tables[0]
    assert role_work("gp365 test reader", [table]).look(site) == (
        "differs",
        "a role of this name exists that is not ours",
    )


def test_another_connector_on_the_tenant_is_named_with_what_is_left_alone(sales: Place) -> None:
    assert not [note for note in plan(sales.privileged).notes if "seems to be installed" in note]
    account = sales.system.org.schema.tables["account"]
    company = replace(account.columns["accountnumber"], name="msdyn_company", schema_name="msdyn_Company")
    account.columns["msdyn_company"] = company
    account.reindex()
    [said] = [note for note in plan(sales.privileged).notes if "seems to be installed" in note]
    assert "dual-write" in said and "touches none of its tables" in said


@pytest.mark.parametrize(
    ("form", "place"),
    [
        (
            "<form><tabs><tab><columns><column><sections>{}</sections></column></columns></tab></tabs></form>",
            True,
        ),
        (
            '<?xml version="1.0"?><form><!-- ü --><tabs><tab><sections>é{}</sections></tab></tabs></form>',
            True,
        ),
        (
            "<form><tabs><tab><sections>a</sections><sections><section name='x'/>{}</sections></tab>"
            "<tab><sections></sections></tab></tabs></form>",
            True,
        ),
        ("<form><tabs><tab><sections/></tab></tabs></form>", False),
        ("<form><tabs/></form>", False),
    ],
)
def test_a_form_is_cut_at_our_section_only(form: str, place: bool) -> None:
    empty = form.replace("{}", "")
    found = with_section(empty, SECTION)
    assert found == (form.replace("{}", SECTION) if place else None)
    assert not has_section(empty) and without_sections(empty) == empty
    if found is not None:
        assert has_section(found) and without_sections(found) == empty


def test_a_lookup_counts_as_shown_only_with_a_control_of_its_own() -> None:
    view = '<control id="q" classid="{5C5600E0-1D6E-4205-A272-BE80DA87FD42}" datafieldname="customerid"/>'
    assert not shows(f"<form>{view}</form>", "customerid")
    assert shows('<form><control id="c" datafieldname="customerid"/></form>', "customerid")
    assert not shows(
        '<form><control id="c" datafieldname="customerid"/>', "customerid"
    )  # not XML: left alone
