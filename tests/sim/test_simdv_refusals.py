"""Every documented refusal, met with a plain HTTP client, and that nothing was written by a refused request."""

from urllib.parse import quote

import pytest
from simdv_desk import CRM, CUSTOMIZER, RUNTIME, STRANGER, label, new_id, organisation, target

from gp365_sim.dataverse.organisation import Rules


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with organisation(tmp_path_factory.mktemp("dv")) as opened:
        yield opened


@pytest.fixture(autouse=True)
def as_sampled(org):
    org.door("POST", "reset")


@pytest.mark.parametrize(
    ("body", "status", "code", "words"),
    [
        ({"name": "x" * 161}, 400, "0x80044331", "'name' attribute of the 'account' entity exceeded"),
        ({"name": "\U0001f600" * 81}, 400, "0x80044331", "maximum allowed length of '160'"),
        ({"numberofemployees": -1}, 400, "0x8004432f", "numberofemployees"),
        ({"numberofemployees": 2_000_000_000}, 400, "0x8004432f", "numberofemployees"),
        ({"creditlimit": -5}, 400, "0x80044330", "creditlimit"),
        ({"creditlimit": 100000000000001}, 400, "0x80044330", "creditlimit"),
        ({"paymenttermscode": 99}, 400, "0x8004431a", "Accepted Values: 1, 2, 3, 4"),
        ({"statuscode": 77}, 400, "0x8004431a", "statuscode"),
        ({"statecode": 0, "statuscode": 2}, 400, "0x80048408", "2 is not a valid status code"),
        ({"nonsense": 1}, 400, "0x80048d19", "The property 'nonsense' does not exist"),
        ({"Name": "wrong case"}, 400, "0x80048d19", "The property 'Name' does not exist"),
        ({"name": 5}, 400, "0x80048d19", "Edm.String"),
        ({"creditonhold": 1}, 400, "0x80048d19", "Edm.Boolean"),
        ({"numberofemployees": "5"}, 400, "0x80048d19", "Edm.Int32"),
        ({"creditlimit": "5"}, 400, "0x80048d19", "Edm.Money"),
        ({"lastusedincampaign": "yesterday"}, 400, "0x80048d19", "DateTime"),
        ({"PrimaryContactId@odata.bind": "/contacts(1)"}, 400, "0x80048d19", "An undeclared property 'PrimaryContactId'"),
        ({"_primarycontactid_value": None}, 400, "0x80060888", "Use Navigation properties instead"),
        ({"aging30": 5}, 400, "0x80040203", "read-only"),
        ({"createdon": "2020-01-01T00:00:00Z"}, 400, "0x80040203", "read-only"),
        ({"creditlimit_base": 5}, 400, "0x80040203", "read-only"),
    ],
)  # fmt: skip
def test_a_bad_value_is_refused_and_nothing_changes(org, body, status, code, words):
    row_id = org.create("accounts", name="Before")
    before = org.row("accounts", row_id)
    answer = org.ask("PATCH", f"accounts({row_id})", body)
    assert (answer.status_code, org.code(answer)) == (status, code), answer.text
    assert words in answer.json()["error"]["message"]
    assert org.row("accounts", row_id) == before


@pytest.mark.parametrize(
    ("reference", "status", "code"),
    [
        ("/contacts(c1000000-0000-4000-8000-00000000ffff)", 404, "0x80040217"),
        ("/accounts(a1000000-0000-4000-8000-000000000001)", 400, "0x80048d19"),
        ("/nonsense(1)", 400, "0x80060888"),
        ("/contacts(fullname='x')", 400, "0x80060888"),
    ],
)
def test_a_lookup_to_the_wrong_thing_is_refused(org, reference, status, code):
    answer = org.ask("POST", "accounts", {"name": "x", "primarycontactid@odata.bind": reference})
    assert (answer.status_code, org.code(answer)) == (status, code), answer.text


def test_a_missing_row_is_not_found(org):
    for method, body in (("GET", None), ("DELETE", None)):
        answer = org.ask(method, f"accounts({new_id()})", body)
        assert (answer.status_code, org.code(answer)) == (404, "0x80040217")


def test_a_key_that_the_table_does_not_have_is_refused(org):
    answer = org.ask("GET", "accounts(accountnumber='A1')?$select=name")
    assert (answer.status_code, org.code(answer)) == (400, "0x80060888")
    assert "The key in the request URI is not valid for resource" in answer.json()["error"]["message"]


def test_no_row_with_such_key_values_is_not_found(org):
    org.add_key("account", "gp365_number_key", "accountnumber")
    answer = org.ask("GET", "accounts(accountnumber='none')?$select=name")
    assert (answer.status_code, org.code(answer)) == (404, "0x80060891")


@pytest.mark.parametrize("sign", list("/<>*%&:\\?+"))
def test_a_sign_that_the_web_server_fears_cannot_stand_in_a_key(org, sign):
    """use-alternate-key page: such values break GET and PATCH by key."""
    org.add_key("account", "gp365_number_key", "accountnumber")
    answer = org.ask("GET", f"accounts(accountnumber='A{quote(sign, safe='')}B')?$select=name")
    assert answer.status_code == 400
    assert "potentially dangerous" in answer.json()["error"]["message"]


def test_a_taken_key_or_id_is_refused_with_a_code_of_its_own(org):
    org.add_key("account", "gp365_number_key", "accountnumber")
    row_id = org.create("accounts", name="One", accountnumber="A-1")
    for body in ({"name": "Two", "accountnumber": "A-1"}, {"name": "Two", "accountid": row_id}):
        answer = org.ask("POST", "accounts", body)
        assert (answer.status_code, org.code(answer)) == (412, "0x80060892")
        assert "A duplicate record cannot be created" in answer.json()["error"]["message"]


def test_an_unknown_resource_and_property_are_refused(org):
    for path in (
        "nonsense",
        "accounts?$select=nonsense",
        "accounts?$filter=nonsense eq 1",
        "accounts?$orderby=nonsense",
        "accounts?$expand=nonsense",
        "accounts?$filter=name eq",
        "accounts?$filter=name eq 5",
        "accounts?$filter=name eq @missing",
        "accounts?$top=x",
        "accounts?$skip=5",
        "accounts?$skiptoken=nonsense",
        "EntityDefinitions?$select=Nonsense",
        "EntityDefinitions(LogicalName='account')/Attributes?$select=MaxLength",
    ):
        answer = org.ask("GET", path)
        assert answer.status_code == 400, path
        assert org.code(answer) in {"0x80060888", "0x80040203"}, path


def test_no_token_and_a_foreign_token_are_not_let_in(org):
    foreign = org.tokens.issue(RUNTIME, "https://graph.microsoft.com/.default")
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": f"Bearer {foreign}"}):
        answer = org.session.get(f"{org.root}WhoAmI", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


def test_a_token_ends_after_an_hour(org):
    headers = {"Authorization": f"Bearer {org.token()}"}
    assert org.session.get(f"{org.root}WhoAmI", headers=headers).status_code == 200
    org.clock.advance(3600)
    assert org.session.get(f"{org.root}WhoAmI", headers=headers).status_code == 401


def test_an_application_without_a_user_is_no_member(org):
    answer = org.ask("GET", "WhoAmI", as_app=STRANGER)
    assert (answer.status_code, org.code(answer)) == (403, "0x80072560")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "EntityDefinitions", {"SchemaName": "gp365_X"}),
        ("POST", "CreateEntities", {"Entities": []}),
        ("PUT", "EntityDefinitions(LogicalName='account')", {"SchemaName": "Account"}),
        ("DELETE", "EntityDefinitions(LogicalName='account')", None),
        ("POST", "EntityDefinitions(LogicalName='account')/Attributes", {}),
        ("PUT", "EntityDefinitions(LogicalName='account')/Attributes(LogicalName='name')", {}),
        ("DELETE", "EntityDefinitions(LogicalName='account')/Attributes(LogicalName='name')", None),
        ("POST", "EntityDefinitions(LogicalName='account')/Keys", {}),
        ("POST", "RelationshipDefinitions", {}),
        ("POST", "InsertOptionValue", {}),
        ("POST", "PublishAllXml", None),
        ("POST", "PublishXml", {"ParameterXml": "<importexportxml/>"}),
    ],
)
def test_definitions_are_changed_by_customizers_only(org, method, path, body):
    answer = org.ask(method, path, body)
    assert (answer.status_code, org.code(answer)) == (403, "0x80040220")
    assert "prv" in answer.json()["error"]["message"]


def test_a_row_that_others_need_cannot_be_deleted(org):
    publisher = org.create(
        "publishers",
        uniquename="p",
        friendlyname="P",
        customizationprefix="gp",
        customizationoptionvalueprefix=10000,
    )
    org.create(
        "solutions",
        uniquename="s",
        friendlyname="S",
        version="1.0.0.0",
        **{"publisherid@odata.bind": f"/publishers({publisher})"},
    )
    answer = org.ask("DELETE", f"publishers({publisher})")
    assert (answer.status_code, org.code(answer)) == (405, "0x80040227")


def test_a_column_that_the_system_needs_cannot_be_left_out(org):
    answer = org.ask("POST", "publishers", {"uniquename": "p"})
    assert (answer.status_code, org.code(answer)) == (400, "0x80040203")
    assert "cannot be set to NULL" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "accounts?$apply=aggregate($count as n)"),
        ("GET", "accounts?fetchXml=<fetch/>"),
        ("GET", f"accounts?$filter={CRM}LastXDays(PropertyName='createdon',PropertyValue=3)"),
        ("GET", "$metadata"),
        ("POST", "WinOpportunity"),
        ("GET", "GlobalOptionSetDefinitions"),
        ("GET", "accounts(a1000000-0000-4000-8000-000000000001)/primarycontactid"),
        ("POST", f"accounts/{CRM}DeleteMultiple"),
    ],
)
def test_what_is_not_modelled_is_refused_loudly(org, method, path):
    answer = org.ask(method, path, {} if method == "POST" else None)
    assert answer.status_code == 501
    assert answer.json()["error"]["message"]


def test_a_path_outside_of_the_web_api_is_refused_loudly(org):
    answer = org.session.get(f"{org.url}/XRMServices/2011/Organization.svc")
    assert answer.status_code == 501
    assert "XRMServices" in answer.json()["error"]["message"]


def test_creating_related_rows_in_one_body_is_refused_loudly(org):
    for body in ({"primarycontactid": {"lastname": "x"}}, {"contact_customer_accounts": [{"lastname": "x"}]}):
        answer = org.ask("POST", "accounts", {"name": "x", **body})
        assert answer.status_code == 501
    assert not [r for r in org.rows("accounts") if r["name"] == "x"]


def test_a_definition_is_not_patched(org):
    answer = org.ask("PATCH", "EntityDefinitions(LogicalName='account')", {"x": 1}, as_app=CUSTOMIZER)
    assert answer.status_code == 405


def test_an_address_of_more_than_32_kilobytes_is_refused(org):
    assert org.ask("GET", "accounts?$filter=name eq '" + "x" * 33_000 + "'").status_code == 414


def test_a_body_that_is_not_json_is_refused(org):
    for body in ("{", "[]", "5"):
        assert org.ask("POST", "accounts", body).status_code == 400


def test_a_bulk_message_needs_the_type_on_every_row(org):
    for bad in ({"name": "no type"}, target("contact", name="wrong type")):
        body = {"Targets": [target("account", name="Good"), bad]}
        answer = org.ask("POST", f"accounts/{CRM}CreateMultiple", body)
        assert answer.status_code == 400
    assert not [r for r in org.rows("accounts") if r["name"] == "Good"]


def test_an_organisation_can_also_ignore_values_that_cannot_be_written(tmp_path):
    with organisation(tmp_path, rules=Rules(read_only="ignored")) as org:
        row_id = org.create("accounts", name="x", createdon="2020-01-01T00:00:00Z", aging30=5)
        row = org.row("accounts", row_id)
        assert not row["createdon"].startswith("2020")
        assert "aging30" not in row


def test_a_new_schema_name_needs_a_prefix(org):
    body = {
        "@odata.type": CRM + "StringAttributeMetadata",
        "SchemaName": "NoPrefix",
        "DisplayName": label("x"),
    }
    answer = org.ask("POST", "EntityDefinitions(LogicalName='account')/Attributes", body, as_app=CUSTOMIZER)
    assert (answer.status_code, org.code(answer)) == (400, "0x8004801d")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        (
            "POST",
            "EntityDefinitions(LogicalName='account')/Keys",
            {"SchemaName": "gp_k", "KeyAttributes": True},
        ),
        (
            "PUT",
            "EntityDefinitions(LogicalName='account')/Attributes(LogicalName='name')",
            {"MaxLength": "long"},
        ),
        ("POST", "EntityDefinitions", {"SchemaName": "gp_x", "Attributes": "none"}),
        ("POST", "BulkDelete", {"QuerySet": [1]}),
    ],
)
def test_a_definition_or_query_of_the_wrong_shape_is_refused(org, method, path, body):
    before = org.ask("GET", "EntityDefinitions(LogicalName='account')/Attributes").json()["value"]
    answer = org.ask(method, path, body, as_app=CUSTOMIZER)
    assert (answer.status_code, org.code(answer)) == (400, "0x80048d19")
    assert org.ask("GET", "EntityDefinitions(LogicalName='account')/Attributes").json()["value"] == before
