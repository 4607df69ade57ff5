"""Flow files: YAML that means what it says, a site's rows over the shipped ones, order and groups."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.app_folder import FLOW, Folder
from gp365.app.effective import rows_of
from gp365.app.loader import LoadedFlow, load_flows, load_lookups
from gp365.model.errors import Misconfigured


def refusal(folder: Folder, old: str, new: str) -> Misconfigured:
    folder.flow(old, new)
    with pytest.raises(Misconfigured) as caught:
        load_flows(folder.path / "flows")
    return caught.value


def line_of(text: str) -> int:
    return next(number for number, line in enumerate(FLOW.splitlines(), 1) if text in line)


def row(flow: LoadedFlow, name: str) -> object:
    return next(named.row for named in rows_of(flow.file) if named.name == name)


def test_a_doubled_name_is_refused_with_its_line(folder: Folder) -> None:
    error = refusal(folder, "  kind:", "  name: {gp: Name}\n  kind:")
    assert error.code == "flow-invalid"
    assert f"flows/firms.yaml, line {line_of('  name: {gp: Name') + 1}" in error.message
    assert error.field == "name"


def test_an_unknown_word_in_a_row_is_refused_with_its_line_and_the_nearest_word(folder: Folder) -> None:
    error = refusal(folder, "owner: sales", "ownr: sales")
    assert f"line {line_of('  contact:')}" in error.message
    assert (error.field, error.fix) == ("fields.contact.ownr", "Did you mean owner?")


def test_an_unknown_word_at_the_top_is_refused_with_its_line(folder: Folder) -> None:
    error = refusal(folder, "first_contact: gp", "first_contct: gp")
    assert f"line {line_of('first_contact')}" in error.message
    assert error.fix == "Did you mean first_contact?"


def test_damaged_yaml_is_named_with_its_line(folder: Folder) -> None:
    error = refusal(folder, "  - alone: [number]", "  - alone: [number")
    assert error.code == "flow-invalid"
    assert "flows/firms.yaml, line" in error.message


def test_norway_stays_norway_in_yaml(folder: Folder) -> None:
    folder.flow('grade: "B"', "grade: NO, also: [NO, off, yes, 007]")
    options = load_flows(folder.path / "flows").get("firms").file.options
    assert options["grade"] == "NO"
    assert options["also"][:3] == ["NO", "off", "yes"]


def test_norway_stays_norway_in_a_lookup(folder: Folder) -> None:
    folder.write("lookups/class_by_country.csv", "country,class\nNO,NORDIC\nUS,HOME\n")
    table = load_lookups(folder.path / "lookups")["class_by_country"]
    assert table.to("country", "class", "no") == "NORDIC"
    assert load_lookups(folder.path / "none")["class_by_country"].to("country", "class", "NO") == "EUROPE"


def test_a_number_where_text_belongs_is_told_to_be_quoted(folder: Folder) -> None:
    error = refusal(folder, 'on_create: "3"', "on_create: 3")
    assert error.fix == 'Put it in quotes: "3".'
    assert f"line {line_of('  kind:')}" in error.message


def test_a_file_that_names_no_flow_is_refused(folder: Folder) -> None:
    assert "does not say which flow" in refusal(folder, "flow: firms", "flwo: firms").message


def test_another_format_is_refused(folder: Folder) -> None:
    error = refusal(folder, "format: 1", "format: 2")
    assert (error.field, error.value) == ("format", "2")


def test_a_file_that_is_not_utf_8_is_refused(folder: Folder) -> None:
    (folder.path / "flows" / "firms.yaml").write_bytes("flow: f\ntitle: Gebühr".encode("cp1252"))
    with pytest.raises(Misconfigured, match="not UTF-8"):
        load_flows(folder.path / "flows")


# a site's changes


def customers(folder: Folder, text: str) -> LoadedFlow:
    folder.write("flows/customers.yaml", f"flow: customers\n{text}")
    return load_flows(folder.path / "flows").get("customers")


def test_the_shipped_flows_are_there_without_any_file(tmp_path: Path) -> None:
    flows = load_flows(tmp_path / "flows")
    assert {"customers", "customer_cards", "receivables", "credit_requests"} <= set(flows.flows)


def test_a_sites_row_takes_the_place_of_the_shipped_one(folder: Folder) -> None:
    flow = customers(folder, "fields:\n  phone: {gp: BillTo.Phone1, sales: telephone1, owner: gp}\n")
    phone = row(flow, "phone")
    assert (phone.owner, phone.convert) == ("gp", "")  # type: ignore[attr-defined]
    assert str(flow.where("fields", "phone", "owner")) == "flows/customers.yaml, line 3"
    assert str(flow.where("fields", "phone2")).startswith("shipped customers.yaml, line ")


def test_a_site_adds_a_row_by_its_file_alone(folder: Folder) -> None:
    flow = customers(folder, "fields:\n  web: {gp: UserDefined1, sales: websiteurl, owner: sales}\n")
    assert row(flow, "web").sales == "websiteurl"  # type: ignore[attr-defined]
    assert row(flow, "name").sales == "name"  # type: ignore[attr-defined]
    assert flow.sources == ("shipped customers.yaml", "flows/customers.yaml")


def test_a_row_set_to_null_is_removed(folder: Folder) -> None:
    flow = customers(folder, "fields:\n  fax: null\n  bill_to: {fields: {street3: null}}\n")
    names = {named.name for named in rows_of(flow.file)}
    assert "fax" not in names
    assert "bill_to.street3" not in names
    assert "bill_to.street2" in names


def test_a_site_changes_one_side_and_one_setting_and_leaves_the_rest(folder: Folder) -> None:
    text = "first_contact: ask\nsides: {gp: {number: {scheme: account_number}}, sales: {when: 'true'}}\n"
    file = customers(folder, text).file
    assert file.first_contact == "ask"
    number = file.sides["gp"].number
    assert number is not None
    assert (number.scheme, number.name) == ("account_number", "name")
    assert (file.sides["sales"].when, file.sides["sales"].create) == ("true", True)


def test_the_matching_rules_are_replaced_whole(folder: Folder) -> None:
    file = customers(folder, "match:\n  - same: [name, phone]\n").file
    assert [rule.same for rule in file.match] == [["name", "phone"]]


def test_a_fault_in_a_sites_file_is_named_there(folder: Folder) -> None:
    with pytest.raises(Misconfigured) as caught:
        customers(folder, "fields:\n  phone: {gp: BillTo.Phone1, sale: telephone1}\n")
    assert "flows/customers.yaml, line 3" in caught.value.message


# groups and order


def test_what_a_flow_needs_comes_along_and_runs_in_order(tmp_path: Path) -> None:
    flows = load_flows(tmp_path)
    assert [flow.name for flow in flows.chosen(["customers"])] == ["customers", "customer_cards"]
    assert [flow.name for flow in flows.chosen(["customer_cards"])] == ["customers", "customer_cards"]


def test_a_group_of_flows_is_named_like_a_flow(folder: Folder) -> None:
    folder.write("flows/groups.yaml", "groups: {mine: [partners, firms]}\n")
    flows = load_flows(folder.path / "flows")
    assert {flow.name for flow in flows.chosen(["mine"])} == {"firms", "customers", "customer_cards"}


def test_a_group_that_names_itself_is_refused(folder: Folder) -> None:
    folder.write("flows/groups.yaml", "groups: {a: [b], b: [a]}\n")
    with pytest.raises(Misconfigured, match="itself"):
        load_flows(folder.path / "flows")


def test_an_unknown_flow_is_named(folder: Folder) -> None:
    with pytest.raises(Misconfigured) as caught:
        load_flows(folder.path / "flows").chosen(["firm"])
    assert (caught.value.code, caught.value.value) == ("flow-unknown", "firm")
    assert "firms" in caught.value.fix


def test_flows_in_a_ring_are_refused(folder: Folder) -> None:
    folder.flow("first_contact: gp", "first_contact: gp\nafter: [others]\nneeds: [others]")
    folder.write("flows/others.yaml", FLOW.replace("flow: firms", "flow: others\nafter: [firms]"))
    with pytest.raises(Misconfigured, match="ring"):
        load_flows(folder.path / "flows").chosen(["firms"])


def test_a_flow_that_needs_an_unknown_one_is_refused_with_its_line(folder: Folder) -> None:
    error = refusal(folder, "first_contact: gp", "first_contact: gp\nneeds: [nobody]")
    assert error.value == "nobody"
    assert f"line {line_of('first_contact') + 1}" in error.message


def test_every_choice_of_the_shipped_flows_is_explained() -> None:
    """Each row or group of the shipped files stands below a comment, on its own or with its like."""
    from importlib.resources import files

    for name in ("customers.yaml", "customer_cards.yaml"):
        text = files("gp365.flows").joinpath(name).read_text("utf-8")
        assert text.count("#") > 12
