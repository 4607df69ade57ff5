"""Active and inactive rows: which pairs of state and status hold, and what an inactive row still takes."""

import pytest
from simdv_desk import CRM, organisation


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with organisation(tmp_path_factory.mktemp("dv")) as opened:
        name = {
            "@odata.type": f"{CRM}StringAttributeMetadata",
            "SchemaName": "gp365_name",
            "IsPrimaryName": True,
        }
        opened.customize("POST", "EntityDefinitions", {"SchemaName": "gp365_Card", "Attributes": [name]})
        yield opened


TABLES = {"accounts": {"name": "A"}, "contacts": {"lastname": "A"}, "gp365_cards": {"gp365_name": "A"}}


@pytest.mark.parametrize("table", TABLES)
def test_deactivating_a_row_sets_the_default_reason_and_activating_sets_it_back(org, table):
    row_id = org.create(table, **TABLES[table])
    for state, status in ((1, 2), (0, 1)):
        assert org.ask("PATCH", f"{table}({row_id})", {"statecode": state}).status_code == 204
        row = org.row(table, row_id)
        assert (row["statecode"], row["statuscode"]) == (state, status)


@pytest.mark.parametrize("table", TABLES)
def test_a_reason_of_another_state_is_refused(org, table):
    row_id = org.create(table, **TABLES[table])
    answer = org.ask("PATCH", f"{table}({row_id})", {"statecode": 1, "statuscode": 1})
    assert (answer.status_code, org.code(answer)) == (400, "0x80048408")
    assert org.row(table, row_id)["statecode"] == 0


@pytest.mark.parametrize("table", TABLES)
def test_an_inactive_row_still_takes_edits_through_the_api(org, table):
    row_id = org.create(table, **TABLES[table])
    org.ask("PATCH", f"{table}({row_id})", {"statecode": 1})
    name = next(iter(TABLES[table]))
    assert org.ask("PATCH", f"{table}({row_id})", {name: "B"}).status_code == 204
    row = org.row(table, row_id)
    assert (row[name], row["statecode"]) == ("B", 1)


def test_a_user_deactivates_an_account_and_puts_it_on_credit_hold(org):
    row_id = org.create("accounts", name="A")
    org.door("PUT", f"rows/accounts/{row_id}", {"statecode": 1, "creditonhold": True})
    row = org.row("accounts", row_id)
    assert (row["statecode"], row["statuscode"], row["creditonhold"]) == (1, 2, True)
    assert row["_modifiedby_value"] == "5ad1c0de-0000-4000-8000-00000000cafe"
