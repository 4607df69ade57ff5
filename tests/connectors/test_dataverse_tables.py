"""Tables of ours as data: what a file may say, what is made of it, and that all of them come and go without a trace."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

import pytest

from connectors.dataverse_place import Place, guid, place
from gp365.connectors.dataverse.own import Blueprint, OwnTable
from gp365.connectors.dataverse.own_files import blueprint, everything, wanted
from gp365.connectors.dataverse.provision import State, apply, plan, remove
from gp365.model.entity import Strength
from gp365.model.errors import Conflict

TABLE: Mapping[str, Any] = {
    "table": "gp365_thing",
    "schema": "gp365_Thing",
    "set": "gp365_things",
    "label": "Thing",
    "labels": "Things",
    "about": "A thing.",
    "ownership": "user",
    "name": {"column": "gp365_name"},
}
AMOUNT = {"column": "gp365_amount", "schema": "gp365_Amount", "label": "Amount", "type": "Money"}
NUMBER = {"column": "gp365_number", "schema": "gp365_Number", "label": "No.", "type": "String", "length": 400}
OWNER = {
    "column": "gp365_accountid",
    "schema": "gp365_AccountId",
    "to": "account",
    "relationship": "gp365_account_gp365_thing",
    "label": "Account",
    "parental": True,
}
ALL_FLOWS = frozenset(flow for one in everything().files for flow in one.flows)


def thing(**more: object) -> dict[str, Any]:
    return {**TABLE, **more}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (thing(colums=[]), "unknown: colums"),
        (thing(ownership="nobody"), "ownership is user or organisation"),
        (thing(schema="gp365_Other"), "is not gp365_thing but for its capitals"),
        (thing(columns=[{**AMOUNT, "type": "Money!"}]), "columns, gp365_amount: type Money! is none of"),
        (thing(columns=[{**AMOUNT, "length": 5}]), "has no length"),
        (thing(columns=[{**NUMBER, "length": None}]), "has a length"),
        (thing(columns=[{**AMOUNT, "precision": 5}]), "does not keep 5 decimals"),
        (thing(columns=[{**AMOUNT, "type": "Picklist"}]), "of type Picklist has options"),
        (thing(columns=[{**AMOUNT, "column": "amount"}]), "does not begin with gp365_"),
        (thing(columns=[AMOUNT, AMOUNT]), "column gp365_thing.gp365_amount is there twice"),
        (thing(columns=[{**NUMBER, "column": "gp365_name", "schema": "gp365_Name"}]), "is there twice"),
        (thing(keys=[{"name": "gp365_k", "label": "k", "columns": ["gp365_no"]}]), "gp365_no cannot be part"),
        (
            thing(columns=[AMOUNT], keys=[{"name": "gp365_k", "label": "k", "columns": ["gp365_amount"]}]),
            "gp365_amount cannot be part",
        ),
        (
            thing(
                columns=[NUMBER],
                keys=[{"name": "gp365_k", "label": "k", "columns": ["gp365_number", "gp365_name"]}],
            ),
            "it has 2 columns and 1000 bytes",
        ),
        (
            thing(
                lookups=[OWNER, {**OWNER, "column": "gp365_bid", "schema": "gp365_BId", "relationship": "b"}]
            ),
            "two parental lookups",
        ),
        (thing(lookups=[OWNER], ownership="organisation"), "owned by the organisation"),
        (thing(lookups=[{**OWNER, "to": "gp365_else"}]), "no file makes the table gp365_else"),
        (thing(views=[{"name": "Things", "columns": ["gp365_nmae"]}]), "view Things: gp365_nmae"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place_that_is_wrong(document: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match="tables") as caught:
        blueprint({"gp365_thing.json": document})
    assert said in str(caught.value)


def test_a_file_that_adds_needs_its_table_and_is_named_after_it() -> None:
    more = {"table": "gp365_thing", "flows": ["things"], "columns": [AMOUNT]}
    with pytest.raises(ValueError, match="no file makes the table gp365_thing"):
        blueprint({"gp365_thing.more.json": more})
    with pytest.raises(ValueError, match=r"a file about gp365_thing is called gp365_thing\.json"):
        blueprint({"thing.json": thing()})
    both = blueprint({"gp365_thing.more.json": more, "gp365_thing.json": thing()})
    assert [one.source for one in both.files] == ["gp365_thing.json", "gp365_thing.more.json"]
    assert [column.name for column in both.of("gp365_thing").columns] == ["gp365_amount"]


def test_the_shipped_files_are_whole_and_each_flow_gets_its_own() -> None:
    assert set(wanted(()).touched) == {"account", "contact", "gp365_customer"}
    card = [column.name for column in wanted(()).of("gp365_customer").columns]
    assert "gp365_balance" not in card and "gp365_creditlimit" in card
    more = [column.name for column in wanted(["receivables"]).of("gp365_customer").columns]
    assert more[: len(card)] == card and "gp365_balance" in more
    for table in everything().tables:
        assert table.about.endswith(".") and table.ownership in ("user", "organisation")
        assert table.ownership == "organisation" or not table.role


@pytest.fixture(scope="module")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    """An organisation in which everything that gp365 may make stands."""
    with place(tmp_path_factory.mktemp("sales"), tracked=()) as made:
        made.provision(flows=ALL_FLOWS)
        yield made


def test_every_table_of_ours_stands_as_its_file_says(sales: Place) -> None:
    for table in everything().tables:
        assert_stands(sales, table, everything().of(table.name))
    assert plan(sales.privileged, flows=ALL_FLOWS).nothing_to_do
    assert plan(sales.privileged).nothing_to_do


def assert_stands(sales: Place, table: OwnTable, parts: Blueprint) -> None:
    made = sales.system.org.schema.tables[table.name]
    assert (made.ownership, made.set_name, made.tracked) == (table.ownership_type, table.set_name, True)
    assert made.name_column == table.name_column.name
    described = sales.connector.entity(table.name)
    assert described.strength is (Strength.VERSIONED if table.people else Strength.REREAD)
    for column in parts.columns:
        found = made.columns[column.name]
        assert (found.type, found.label) == (column.type, column.label)
        assert column.length in (None, found.max_length)
        assert [(option.value, option.label) for option in found.options] == list(column.options) or (
            column.type != "Picklist"
        )
        if column.type in ("Money", "Decimal"):
            assert described.fields[column.name].decimals == found.precision
        if column.type == "DateTime":
            assert found.behavior == "DateOnly"
    for lookup in parts.lookups:
        assert made.columns[lookup.name].navigation == {lookup.referenced: lookup.schema_name}
        relation = sales.system.org.schema.relationships[lookup.relationship]
        assert relation.on_assign == ("Cascade" if lookup.parental else "NoCascade")
    keys = sales.connector.organisation.table(table.name).keys
    assert {(key.name, key.columns, key.status) for key in keys} == {
        (key.name, key.columns, "Active") for key in parts.keys
    }


def test_doctor_finds_nothing_to_do_at_tables_that_stand_and_names_what_one_lacks(sales: Place) -> None:
    assert not [one for one in sales.connector.check() if one.code == "not-provisioned"]
    columns = sales.system.org.schema.tables["gp365_customer"].columns
    gone = columns.pop("gp365_terms")
    try:
        sales.connector.begin_run()
        told = [one.text for one in sales.connector.check() if one.code == "not-provisioned"]
    finally:
        columns["gp365_terms"] = gone
    assert told == ["Columns are missing: gp365_terms"]


def test_a_table_that_somebody_else_owns_is_said_and_left_alone(sales: Place) -> None:
    table = sales.system.org.schema.tables["gp365_customer"]
    was, table.ownership = table.ownership, "OrganizationOwned"
    try:
        planned = plan(sales.privileged)
        done = apply(sales.privileged, planned, sleep=sales.wait)
    finally:
        table.ownership = was
    [step] = planned.differing
    assert step.id == "table:gp365_customer" and "cannot be changed" in step.detail
    assert [one.state for one in done.steps if one.id == step.id] == [State.DIFFERS]


def test_everything_goes_again_but_not_while_a_table_holds_rows(sales: Place) -> None:
    table = everything().tables[-1]
    columns = sales.system.org.schema.tables[table.name].columns
    company = {"gp365_company": "TWO"} if "gp365_company" in columns else {}
    sales.put(table.set_name, guid(1, "z"), {table.name_column.name: "one", **company})
    with pytest.raises(Conflict, match=table.name):
        remove(sales.privileged, sleep=sales.wait)
    sales.delete(table.set_name, guid(1, "z"))
    remove(sales.privileged, sleep=sales.wait)
    tables = sales.system.org.schema.tables
    assert not [name for name in tables if name.startswith("gp365_")]
    assert not [
        f"{table.name}.{name}"
        for table in tables.values()
        for name in table.columns
        if name.startswith("gp365_")
    ]
    assert not [name for name in sales.system.org.schema.relationships if "gp365" in name]
    assert {step.state for step in remove(sales.privileged, sleep=sales.wait)} == {State.ABSENT}
    sales.provision(flows=ALL_FLOWS)
    assert plan(sales.privileged, flows=ALL_FLOWS).nothing_to_do
