"""Rows and columns that an application user's roles leave out."""

import json

import pytest
from simdv_desk import AUDITOR, CUSTOMIZER, RUNTIME, USERS, organisation, target

EAST, MIDWEST = (f"7e000000-0000-4000-8000-00000000000{n}" for n in (1, 2))
EAST_UNIT = "b1000000-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with organisation(tmp_path_factory.mktemp("dv"), tracked=("account",)) as opened:
        yield opened


@pytest.fixture(autouse=True)
def as_sampled(org):
    org.door("POST", "reset")


def hidden_account(org, **order):
    """An account of the team East, hidden from applications as the order says."""
    row_id = org.create("accounts", name="Hidden", fax="1", **{"ownerid@odata.bind": f"/teams({EAST})"})
    given = order or {"owner": EAST}
    assert org.door("POST", "hide", {k: v or row_id for k, v in given.items()}).status_code == 200
    return row_id


@pytest.mark.parametrize(
    "order", [{"owner": EAST}, {"unit": EAST_UNIT}, {"row": ""}], ids=["owner", "unit", "row"]
)
def test_a_hidden_row_is_in_no_list_and_no_count_and_refused_when_asked_for(org, order):
    before = org.ask("GET", "accounts/$count").text
    row_id = hidden_account(org, **order)
    assert row_id not in {row["accountid"] for row in org.values("accounts?$select=name")}
    assert org.values(f"accounts?$select=name&$filter=accountid eq {row_id}") == []
    assert org.ask("GET", "accounts/$count").text == before
    for method, path, body in (
        ("GET", f"accounts({row_id})", None),
        ("GET", f"accounts({row_id})/name", None),
        ("PATCH", f"accounts({row_id})", {"name": "B"}),
        ("DELETE", f"accounts({row_id})", None),
    ):
        refused = org.ask(method, path, body)
        assert (refused.status_code, org.code(refused)) == (403, "0x80048306"), (method, path)
    assert org.row("accounts", row_id)["name"] == "Hidden"


def test_a_row_that_does_not_exist_is_told_from_a_hidden_one(org):
    hidden_account(org)
    answer = org.ask("GET", "accounts(00000000-0000-4000-8000-000000000009)")
    assert (answer.status_code, org.code(answer)) == (404, "0x80040217")


def test_a_hidden_row_keeps_its_id_and_keys_taken(org):
    org.add_key("account", "gp365_fax_key", "fax")
    row_id = hidden_account(org)
    assert org.ask("POST", "accounts", {"name": "B", "fax": "1"}).status_code == 412
    assert org.ask("POST", "accounts", {"name": "B", "accountid": row_id}).status_code == 412
    answer = org.ask("PATCH", f"accounts({row_id})", {"name": "B"}, headers={"If-None-Match": "*"})
    assert answer.status_code == 412


def test_nothing_is_bound_to_a_hidden_row_nor_shown_through_one(org):
    seen = org.create("accounts", name="Seen")
    row_id = hidden_account(org)
    person = {"_parentcustomerid_value": row_id, "lastname": "L"}
    contact = "5f000000-0000-4000-8000-000000000002"
    org.door("PUT", f"rows/contacts/{contact}", person)
    org.door("PUT", f"rows/accounts/{seen}", {"_parentaccountid_value": row_id})
    refused = org.ask(
        "POST", "contacts", {"lastname": "M", "parentcustomerid_account@odata.bind": f"/accounts({row_id})"}
    )
    assert refused.status_code == 403
    row = org.read(f"accounts({seen})?$select=name&$expand=parentaccountid($select=name)")
    assert row["parentaccountid"] is None


def test_a_bulk_update_with_one_hidden_row_changes_nothing(org):
    seen, row_id = org.create("accounts", name="Seen"), hidden_account(org)
    rows = [target("account", accountid=each, name="B") for each in (seen, row_id)]
    answer = org.ask("POST", "accounts/Microsoft.Dynamics.CRM.UpdateMultiple", {"Targets": rows})
    assert answer.status_code == 403
    assert {org.row("accounts", each)["name"] for each in (seen, row_id)} == {"Seen", "Hidden"}


def test_change_tracking_needs_the_whole_table(org):
    track = {"Prefer": "odata.track-changes"}
    link = org.read("accounts?$select=name", headers=track)["@odata.deltaLink"]
    hidden_account(org)
    for path, headers in ((link, {}), ("accounts?$select=name", track)):
        refused = org.ask("GET", path, headers=headers)
        assert (refused.status_code, org.code(refused)) == (403, "0x80040220")
    assert org.door("DELETE", "security").json()["hidden"] == []
    assert org.ask("GET", link).status_code == 200


def test_rows_are_hidden_from_one_application_alone_when_asked_so(org):
    row_id = org.create("accounts", name="A")
    org.door("POST", "hide", {"row": row_id, "client_id": RUNTIME})
    assert org.ask("GET", f"accounts({row_id})").status_code == 403
    assert org.ask("GET", f"accounts({row_id})", as_app=AUDITOR).status_code == 200
    assert org.row("accounts", row_id)["name"] == "A"


def test_merging_a_hidden_row_is_refused(org):
    seen, row_id = org.create("accounts", name="Seen"), hidden_account(org)
    body = {
        "Target": target("account", accountid=seen),
        "Subordinate": target("account", accountid=row_id),
        "PerformParentingChecks": False,
    }
    refused = org.ask("POST", "Merge", body)
    assert (refused.status_code, org.code(refused)) == (403, "0x80045301")


def test_a_person_merges_at_the_door(org):
    one, two = org.create("accounts", name="One"), org.create("accounts", name="Two")
    answer = org.door("POST", "merge", {"master": one, "subordinate": two, "content": {"fax": "9"}})
    assert [row["name"] for row in answer.json()["rows"]] == ["One", "Two"]
    assert org.row("accounts", one)["fax"] == "9"
    assert org.row("accounts", two)["merged"] is True
    again = org.door("POST", "merge", {"master": one, "subordinate": two})
    assert (again.status_code, again.json()["error"]["code"]) == (400, "0x80045304")


# --- columns ---------------------------------------------------------------------------------------------------------


def test_a_column_put_under_security_reads_as_nothing_and_refuses_values(org):
    row_id = org.create("accounts", name="A", creditlimit=500)
    org.door("POST", "secure", {"table": "accounts", "columns": ["creditlimit"]})
    assert org.read(f"accounts({row_id})?$select=creditlimit")["creditlimit"] is None
    refused = org.ask("PATCH", f"accounts({row_id})", {"creditlimit": 1})
    assert (refused.status_code, org.code(refused)) == (403, "0x8004f507")
    refused = org.ask("POST", "accounts", {"name": "B", "creditlimit": 1})
    assert (refused.status_code, org.code(refused)) == (403, "0x8004f502")
    assert org.ask("PATCH", f"accounts({row_id})", {"fax": "1"}).status_code == 204
    assert org.row("accounts", row_id)["creditlimit"] == "500.00"
    assert org.read(f"accounts({row_id})?$select=creditlimit", as_app=AUDITOR)["creditlimit"] == 500


def test_bulk_messages_refuse_secured_columns_too(org):
    org.door("POST", "secure", {"table": "accounts", "columns": ["creditlimit"]})
    rows = [target("account", name="B", creditlimit=1)]
    answer = org.ask("POST", "accounts/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": rows})
    assert (answer.status_code, org.code(answer)) == (403, "0x8004f502")


def test_a_column_is_taken_out_of_security_again(org):
    row_id = org.create("accounts", name="A", creditlimit=500)
    org.door("POST", "secure", {"table": "accounts", "columns": ["creditlimit"]})
    told = org.door(
        "POST", "secure", {"table": "accounts", "columns": ["creditlimit"], "secured": False}
    ).json()
    assert told["secured"] == {}
    assert org.read(f"accounts({row_id})?$select=creditlimit")["creditlimit"] == 500


def test_definitions_and_field_permissions_tell_what_is_secured(org):
    org.door("POST", "secure", {"table": "accounts", "columns": ["creditlimit"]})
    where = "EntityDefinitions(LogicalName='account')/Attributes(LogicalName='creditlimit')"
    column = org.read(f"{where}?$select=IsSecured", as_app=CUSTOMIZER)
    assert column["IsSecured"] is True

    def allowed(app):
        function = f"systemusers({USERS[app]})/Microsoft.Dynamics.CRM.RetrievePrincipalAttributePrivileges"
        (found,) = org.read(function, as_app=app)["AttributePrivileges"]
        assert found["AttributeId"] == column["MetadataId"]
        return (found["CanRead"], found["CanCreate"], found["CanUpdate"])

    assert (allowed(RUNTIME), allowed(AUDITOR)) == ((0, 0, 0), (4, 4, 4))


def test_the_depth_of_read_says_whether_rows_are_hidden(org):
    def depth():
        function = f"systemusers({USERS[RUNTIME]})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges"
        held = {row["PrivilegeId"]: row["Depth"] for row in org.read(function)["RolePrivileges"]}
        (read,) = org.read("EntityDefinitions(LogicalName='account')?$select=Privileges")["Privileges"]
        assert (read["Name"], read["PrivilegeType"]) == ("prvReadAccount", "Read")
        return held[read["PrivilegeId"]]

    assert depth() == "Global"
    hidden_account(org)
    assert depth() == "Local"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("hide", {}),
        ("hide", {"owner": "nobody"}),
        ("secure", {"table": "nothing", "columns": ["name"]}),
        ("secure", {"table": "accounts", "columns": ["nothing"]}),
        ("merge", {"master": EAST}),
        ("restore", {}),
        ("roles", {"principal": MIDWEST}),
    ],
)
def test_an_order_that_cannot_be_read_is_refused(org, path, body):
    before = json.dumps(org.rows("accounts"))
    assert org.door("POST", path, body).status_code == 400
    assert json.dumps(org.rows("accounts")) == before
