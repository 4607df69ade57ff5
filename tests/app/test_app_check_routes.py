"""The check of flows that several companies share, and of what new records need beside their fields."""

from __future__ import annotations

import pytest

from app.app_folder import FLOW, Folder, sales_entities
from gp365.app.effective import FlowFinding
from gp365.app.options import holds
from gp365.model.contract import Level

SECOND = """
[systems.gp2]
kind = "memory"
path = "gp2.db"
entities = "gp.json"
interid = "CAN"

[pairs.second]
gp = "gp2"
sales = "sales"
flows = ["firms"]
"""
ROUTED = 'options: {grade: "B", vip: false, company: ""}'


def findings(folder: Folder) -> list[FlowFinding]:
    with folder.assembly() as assembly:
        found = [one for flow in assembly.flows("main") for one in flow.findings]
        assembly.project.close()
    return found


def companies(folder: Folder, route: str, second: str = SECOND) -> list[FlowFinding]:
    """Check the flow where two companies share the accounts, with a route."""
    folder.settings('flows = ["firms"]\n', f'flows = ["firms"]\n{second}')
    text = FLOW.replace('options: {grade: "B", vip: false}', ROUTED)
    if route:
        text = text.replace('when: "kind === 3"}', f'when: "kind === 3", route: "{route}"}}')
    folder.write("flows/firms.yaml", text)
    return findings(folder)


def test_two_companies_may_not_both_get_every_new_account(folder: Folder) -> None:
    [found] = companies(folder, "")
    assert (found.code, found.level, found.value) == ("flow-invalid", Level.ERROR, "second")
    assert "route_by" in found.fix and "each of their companies" in found.message


def test_a_route_to_ones_own_company_is_no_route(folder: Folder) -> None:
    assert [found.code for found in companies(folder, "options.company")] == ["flow-invalid"]


@pytest.mark.parametrize("route", ["'*'", "'TWO'", "lookup('class_by_country', country)"])
def test_a_route_that_says_where_accounts_go_lets_both_run(folder: Folder, route: str) -> None:
    assert companies(folder, route) == []


def test_one_company_alone_needs_no_route(folder: Folder) -> None:
    assert companies(folder, "", second="") == []


def test_companies_with_an_organisation_of_their_own_need_no_route(folder: Folder) -> None:
    own = '[systems.sales2]\nkind = "memory"\npath = "s2.db"\nentities = "sales.json"\n'
    assert companies(folder, "", second=own + SECOND.replace('sales = "sales"', 'sales = "sales2"')) == []


def test_two_organisations_may_have_the_same_companys_customers(folder: Folder) -> None:
    own = '[systems.sales2]\nkind = "memory"\npath = "s2.db"\nentities = "sales.json"\n'
    pair = '[pairs.second]\ngp = "gp"\nsales = "sales2"\nflows = ["firms"]\n'
    assert companies(folder, "", second=own + pair) == []


def test_a_route_is_read_like_a_condition(folder: Folder) -> None:
    [found] = companies(folder, "cuntry")
    assert (found.code, found.level) == ("flow-condition", Level.ERROR) and "cuntry" in found.message


def test_a_table_of_required_fields_names_fields_that_there_are(folder: Folder) -> None:
    folder.write("lookups/needs.csv", "class,fields\nHOME,Contact;Nowhere\n")
    folder.flow(
        "number: {scheme: name, name: name}}",
        "number: {scheme: name, name: name}, required_by: {row: class, lookup: needs}}",
    )
    [found] = findings(folder)
    assert (found.code, found.value) == ("flow-field", "Nowhere")


@pytest.mark.parametrize(
    ("needs", "code"),
    [("{row: clas, lookup: needs}", "flow-invalid"), ("{row: class, lookup: non}", "lookup-invalid")],
)
def test_required_by_names_a_row_and_a_table(folder: Folder, needs: str, code: str) -> None:
    folder.write("lookups/needs.csv", "class,fields\n")
    folder.flow(
        "number: {scheme: name, name: name}}", f"number: {{scheme: name, name: name}}, required_by: {needs}}}"
    )
    assert [found.code for found in findings(folder)] == [code]


def test_an_amount_names_the_row_with_its_currency(folder: Folder) -> None:
    row = "  limit: {gp: Limit, sales: limit, owner: gp, in_currency: money}\n"
    folder.flow("  contact:", f"{row}  contact:")
    [found] = findings(folder)
    assert (found.code, found.row, found.value) == ("flow-invalid", "limit", "money")
    folder.flow("  contact:", f"{row}  money: {{sales: seen, read_only: true}}\n  contact:")
    assert findings(folder) == []


def test_a_table_that_leads_to_records_must_hold_their_ids(folder: Folder) -> None:
    entities = sales_entities()
    entities["account"]["fields"].append(
        {"name": "owner", "type": "reference", "length": 36, "target": "team"}
    )
    folder.entities("sales", entities)
    folder.flow("  contact:", "  owner: {gp: Class, sales: owner, owner: gp, lookup: teams}\n  contact:")
    folder.write("lookups/teams.csv", "gp,sales\nEAST,East\n")
    [found] = findings(folder)
    assert (found.code, found.value) == ("lookup-invalid", "East") and "provision apply" in found.fix
    folder.write("lookups/teams.csv", "gp,sales\nEAST,7e000000-0000-4000-8000-000000000001\n")
    assert findings(folder) == []


def test_an_expression_may_ask_whether_its_partner_is_shared(folder: Folder) -> None:
    folder.flow('on_create: "3"', 'on_create: "shared ? 3 : 3"')
    assert findings(folder) == []


@pytest.mark.parametrize(
    ("condition", "true"),
    [("", True), ("a", True), ("b", False), ("a b", False), ("c=x", True), ("c=y", False), ("a c=x", True)],
)
def test_a_row_is_there_while_all_its_options_hold(condition: str, true: bool) -> None:
    assert holds(condition, {"a": True, "b": "", "c": "x"}) is true
