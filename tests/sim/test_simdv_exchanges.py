"""The exchanges that Microsoft's documentation prints, asked of the simulator with a plain HTTP client.

Source of the shapes: MicrosoftDocs/powerapps-docs, developer/data-platform; the page is named in each test.
"""

import re

import pytest
from simdv_desk import CRM, CUSTOMIZER, label, new_id, organisation, target

ETAG = re.compile(r'^W/"\d+"$')
GUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with organisation(tmp_path_factory.mktemp("dv"), tracked=("account",)) as opened:
        yield opened


@pytest.fixture(autouse=True)
def as_sampled(org):
    org.door("POST", "reset")


def test_creating_a_row_answers_its_address(org):
    """create-entity-web-api.md"""
    answer = org.ask("POST", "accounts", {"name": "Sample Account", "creditonhold": False})
    assert answer.status_code == 204
    assert answer.content == b""
    assert answer.headers["OData-Version"] == "4.0"
    assert re.fullmatch(rf"{re.escape(org.root)}accounts\({GUID}\)", answer.headers["OData-EntityId"])


def test_creating_with_a_representation_answers_the_row_and_not_its_address(org):
    """create-entity-web-api.md"""
    body = {"name": "Sample Account", "creditonhold": False, "revenue": 5000000}
    answer = org.ask(
        "POST",
        "accounts?$select=name,creditonhold,revenue,createdon",
        body,
        headers={"Prefer": "return=representation"},
    )
    assert answer.status_code == 201
    assert answer.headers["Preference-Applied"] == "return=representation"
    assert answer.headers["Content-Type"].replace("; ", ";") == "application/json;odata.metadata=minimal"
    assert "OData-EntityId" not in answer.headers
    row = answer.json()
    assert (
        row["@odata.context"] == f"{org.root}$metadata#accounts(name,creditonhold,revenue,createdon)/$entity"
    )
    assert ETAG.match(row["@odata.etag"])
    assert (row["name"], row["creditonhold"], row["revenue"]) == ("Sample Account", False, 5000000.0)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row["createdon"])
    assert row["_transactioncurrencyid_value"]


def test_an_update_answers_nothing(org):
    """update-delete-entities-using-web-api.md"""
    row_id = org.create("accounts", name="Before")
    answer = org.ask("PATCH", f"accounts({row_id})", {"name": "After"}, headers={"If-Match": "*"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert org.row("accounts", row_id)["name"] == "After"


def example_table(org):
    """The table of use-upsert-insert-update-record.md: a key of two whole numbers."""
    attributes = [
        {
            "@odata.type": CRM + "StringAttributeMetadata",
            "SchemaName": "example_Name",
            "IsPrimaryName": True,
            "MaxLength": 100,
            "DisplayName": label("Name"),
        },
        *(
            {
                "@odata.type": CRM + "IntegerAttributeMetadata",
                "SchemaName": f"example_Key{n}",
                "MinValue": 0,
                "MaxValue": 100,
                "DisplayName": label(f"Key {n}"),
            }
            for n in (1, 2)
        ),
    ]
    body = {
        "@odata.type": CRM + "EntityMetadata",
        "SchemaName": "example_Record",
        "DisplayName": label("Record"),
        "DisplayCollectionName": label("Records"),
        "OwnershipType": "UserOwned",
        "IsActivity": False,
        "HasNotes": False,
        "HasActivities": False,
        "Attributes": attributes,
    }
    org.customize("POST", "EntityDefinitions", body)
    org.add_key("example_record", "example_key", "example_key1", "example_key2")


def test_an_upsert_by_key_answers_the_key_and_not_the_id_for_create_and_update_alike(org):
    """use-upsert-insert-update-record.md"""
    example_table(org)
    path = "example_records(example_key1=2,example_key2=2)"
    for name in ("2:2", "2:2 again"):
        answer = org.ask("PATCH", path, {"example_name": name})
        assert answer.status_code == 204
        assert answer.headers["OData-EntityId"] == org.root + path
    assert [r["example_name"] for r in org.rows("example_records")] == ["2:2 again"]
    prefer = {"Prefer": "return=representation"}
    updated = org.ask("PATCH", path, {"example_name": "third"}, headers=prefer)
    created = org.ask("PATCH", "example_records(example_key1=3,example_key2=3)", {}, headers=prefer)
    assert (updated.status_code, created.status_code) == (200, 201)
    assert ETAG.match(updated.headers["ETag"])
    assert (created.json()["example_key1"], created.json()["example_key2"]) == (3, 3)


def test_updating_a_missing_row_with_if_match_says_that_it_does_not_exist(org):
    """perform-conditional-operations-using-web-api.md"""
    missing = "00000000-0000-0000-0000-000000000001"
    answer = org.ask("PATCH", f"accounts({missing})", {"name": "x"}, headers={"If-Match": "*"})
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == f"account With Id = {missing} Does Not Exist"
    assert org.code(answer) == "0x80040217"


def test_an_insert_over_an_existing_row_is_refused(org):
    """perform-conditional-operations-using-web-api.md"""
    row_id = org.create("accounts", name="There")
    answer = org.ask("PATCH", f"accounts({row_id})", {"name": "x"}, headers={"If-None-Match": "*"})
    assert answer.status_code == 412
    assert answer.json()["error"]["message"] == "A record with matching key values already exists."
    assert org.row("accounts", row_id)["name"] == "There"


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_an_old_version_in_if_match_is_refused(org, method):
    """perform-conditional-operations-using-web-api.md"""
    row_id = org.create("accounts", name="First")
    old = org.read(f"accounts({row_id})?$select=name")["@odata.etag"]
    org.ask("PATCH", f"accounts({row_id})", {"name": "Second"})
    body = {"name": "Third"} if method == "PATCH" else None
    answer = org.ask(method, f"accounts({row_id})", body, headers={"If-Match": old})
    assert answer.status_code == 412
    assert org.code(answer) == "0x80060882"
    assert answer.json()["error"]["message"] == (
        "The version of the existing record doesn't match the RowVersion property provided."
    )
    assert org.row("accounts", row_id)["name"] == "Second"


def test_reading_a_version_that_one_has_answers_not_modified(org):
    """perform-conditional-operations-using-web-api.md"""
    row_id = org.create("accounts", name="Same")
    etag = org.read(f"accounts({row_id})?$select=name")["@odata.etag"]
    same = {"If-None-Match": etag}
    assert org.ask("GET", f"accounts({row_id})?$select=name", headers=same).status_code == 304
    annotated = {**same, "Prefer": 'odata.include-annotations="*"'}
    assert org.ask("GET", f"accounts({row_id})?$select=name", headers=annotated).status_code == 200
    expanded = org.ask("GET", f"accounts({row_id})?$select=name&$expand=primarycontactid", headers=same)
    assert expanded.status_code == 200
    org.ask("PATCH", f"accounts({row_id})", {"name": "Other"})
    assert org.ask("GET", f"accounts({row_id})?$select=name", headers=same).status_code == 200


def test_a_page_names_the_next_one(org):
    """webapi/query/page-results.md"""
    prefer = {"Prefer": "odata.maxpagesize=2"}
    answer = org.ask("GET", "contacts?$select=fullname", headers=prefer)
    body = answer.json()
    assert answer.headers["Preference-Applied"] == "odata.maxpagesize=2"
    assert body["@odata.context"] == f"{org.root}$metadata#contacts(fullname)"
    assert len(body["value"]) == 2
    start = f"{org.root}contacts?$select=fullname&$skiptoken=%3Ccookie%20pagenumber"
    assert body["@odata.nextLink"].startswith(start)
    following = org.read(body["@odata.nextLink"], headers=prefer)["value"]
    assert not {r["contactid"] for r in following} & {r["contactid"] for r in body["value"]}


def test_a_tracked_read_gives_a_delta_link_and_the_delta_gives_changes_and_deletions(org):
    """use-change-tracking-synchronize-data-external-systems.md"""
    keep, drop = org.create("accounts", name="Keep"), org.create("accounts", name="Drop")
    answer = org.ask("GET", "accounts?$select=name,telephone1,fax", headers={"Prefer": "odata.track-changes"})
    body = answer.json()
    assert answer.headers["Preference-Applied"] == "odata.track-changes"
    assert body["@odata.context"] == f"{org.root}$metadata#accounts(name,telephone1,fax)"
    assert re.search(
        r"\?\$select=name,telephone1,fax&\$deltatoken=\d+%21\d\d%2F\d\d%2F\d{4}", body["@odata.deltaLink"]
    )
    assert set(body["value"][0]) == {"@odata.etag", "name", "telephone1", "fax", "accountid"}
    org.ask("PATCH", f"accounts({keep})", {"name": "Monte Orton", "telephone1": "555000"})
    org.ask("DELETE", f"accounts({drop})")
    delta = org.read(body["@odata.deltaLink"])
    assert delta["@odata.context"] == f"{org.root}$metadata#accounts(name,telephone1,fax)/$delta"
    assert delta["@odata.deltaLink"] != body["@odata.deltaLink"]
    changed, gone = delta["value"]
    assert (changed["name"], changed["telephone1"], changed["accountid"]) == ("Monte Orton", "555000", keep)
    assert gone == {
        "@odata.context": f"{org.root}$metadata#accounts/$deletedEntity",
        "id": drop,
        "reason": "deleted",
    }


def test_a_duplicate_rule_stops_a_create_that_asks_for_it(org):
    """optional-parameters.md: the rules are off for the API unless the header says otherwise."""
    org.create("accounts", name="Sample Account")
    on = {"MSCRM.SuppressDuplicateDetection": "false"}
    answer = org.ask("POST", "accounts", {"name": "Sample Account"}, headers=on)
    assert (answer.status_code, org.code(answer)) == (412, "0x80040333")
    assert answer.json()["error"]["message"] == (
        "A record was not created or updated because a duplicate of the current record already exists."
    )
    assert org.ask("POST", "accounts", {"name": "Sample Account"}).status_code == 204


def test_create_multiple_answers_the_ids_in_order(org):
    """bulk-operations.md"""
    ids = [new_id(), new_id()]
    body = {"Targets": [target("account", name=f"a{i}", accountid=i) for i in ids]}
    answer = org.ask("POST", f"accounts/{CRM}CreateMultiple", body)
    assert answer.status_code == 200
    assert answer.json()["@odata.context"] == f"{org.root}$metadata#{CRM}CreateMultipleResponse"
    assert answer.json()["Ids"] == ids


def test_update_multiple_and_upsert_multiple_answer_nothing(org):
    """bulk-operations.md, reference/upsertmultiple"""
    org.add_key("account", "gp365_number_key", "accountnumber")
    row_id = org.create("accounts", name="a")
    update = {"Targets": [target("account", accountid=row_id, name="b")]}
    upsert = {"Targets": [target("account", name="c", **{"@odata.id": "accounts(accountnumber='0000001')"})]}
    for message, body in (("UpdateMultiple", update), ("UpsertMultiple", upsert)):
        answer = org.ask("POST", f"accounts/{CRM}{message}", body)
        assert (answer.status_code, answer.content) == (204, b"")
    assert org.row("accounts", row_id)["name"] == "b"
    assert [r["name"] for r in org.rows("accounts") if r.get("accountnumber") == "0000001"] == ["c"]


def test_a_failed_item_of_a_batch_ends_it_with_400(org):
    """execute-batch-operations-using-web-api.md"""
    body = (
        "--batch_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        f"POST {org.root}accounts HTTP/1.1\r\nContent-Type: application/json\r\n\r\n"
        f'{{"name":"{"x" * 161}"}}\r\n--batch_1--\r\n'
    )
    answer = org.ask("POST", "$batch", body, headers={"Content-Type": 'multipart/mixed; boundary="batch_1"'})
    assert answer.status_code == 400
    assert re.search(r"boundary=batchresponse_" + GUID, answer.headers["Content-Type"])
    text = answer.text
    assert text.startswith("--batchresponse_")
    assert text.endswith("--\r\n")
    assert "HTTP/1.1 400 Bad Request\r\n" in text
    assert re.search(r"REQ_ID: " + GUID, text)
    assert "Content-Type: application/json; odata.metadata=minimal" in text
    assert (
        '{"error":{"code":"0x80044331","message":"A validation error occurred.  The length of the \'name\' '
        "attribute of the 'account' entity exceeded the maximum allowed length of '160'.\"}}"
    ) in text


def test_an_error_carries_its_details_when_annotations_are_preferred(org):
    """compose-http-requests-handle-errors.md"""
    answer = org.ask(
        "POST", "accounts", {"name": "x" * 161}, headers={"Prefer": 'odata.include-annotations="*"'}
    )
    error = answer.json()["error"]
    assert error["@Microsoft.PowerApps.CDS.InnerError.Message"] == error["message"]
    assert "CrmException%3a80044331" in error["@Microsoft.PowerApps.CDS.HelpLink"]
    assert {"code", "message"} == set(org.ask("POST", "accounts", {"name": "x" * 161}).json()["error"])


def test_a_new_table_and_its_column_answer_their_definitions(org):
    """create-update-entity-definitions-using-web-api.md, create-update-column-definitions-using-web-api.md"""
    publisher = org.create(
        "publishers",
        uniquename="examplepublisher",
        friendlyname="Example",
        customizationprefix="sample",
        customizationoptionvalueprefix=72700,
    )
    org.create(
        "solutions",
        uniquename="examplesolution",
        friendlyname="Example",
        version="1.0.0.0",
        **{"publisherid@odata.bind": f"/publishers({publisher})"},
    )
    primary = {
        "@odata.type": CRM + "StringAttributeMetadata",
        "SchemaName": "sample_Name",
        "IsPrimaryName": True,
        "MaxLength": 100,
    }
    body = {
        "@odata.type": CRM + "EntityMetadata",
        "SchemaName": "sample_BankAccount",
        "OwnershipType": "UserOwned",
        "DisplayName": label("Bank Account"),
        "DisplayCollectionName": label("Bank Accounts"),
        "Attributes": [primary],
    }
    table = org.customize(
        "POST", "EntityDefinitions", body, headers={"MSCRM.SolutionUniqueName": "examplesolution"}
    )
    assert re.fullmatch(rf"{re.escape(org.root)}EntityDefinitions\({GUID}\)", table.headers["OData-EntityId"])
    column = org.add_column("sample_bankaccount", "String", "sample_Iban", MaxLength=34)
    start = f"{org.root}EntityDefinitions(LogicalName='sample_bankaccount')/Attributes("
    assert column.headers["OData-EntityId"].startswith(start)
    kinds = [r["componenttype"] for r in org.rows("solutioncomponents")]
    assert kinds == [1]


def test_the_keys_of_a_table_are_listed_with_it(org):
    """define-alternate-keys-entity.md"""
    org.add_key("account", "sample_key", "accountnumber")
    found = org.values(
        "EntityDefinitions?$select=SchemaName&$expand=Keys($select=KeyAttributes)&$filter=LogicalName eq 'account'",
        as_app=CUSTOMIZER,
    )
    assert found[0]["SchemaName"] == "Account"
    assert [k["KeyAttributes"] for k in found[0]["Keys"]] == [["accountnumber"]]
    assert set(found[0]) == {"SchemaName", "MetadataId", "Keys"}
    assert set(found[0]["Keys"][0]) == {"KeyAttributes", "MetadataId"}
