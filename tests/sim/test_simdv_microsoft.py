"""Microsoft's own Python client (PowerPlatform-Dataverse-Client), unchanged, against the simulated organisation."""

import enum

import pytest
from azure.identity import ClientSecretCredential
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.core.errors import HttpError
from PowerPlatform.Dataverse.models import UpsertItem
from simdv_desk import CUSTOMIZER, SECRET, TENANT, new_id, organisation


class Terms(enum.IntEnum):
    NET_30 = 1
    NET_60 = 2


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with organisation(tmp_path_factory.mktemp("dv")) as opened:
        yield opened


@pytest.fixture
def client(org, monkeypatch):
    """A client as any user of it would make one, over https, with a token from the simulated endpoint."""
    org.door("POST", "reset")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", org.ca_file)
    credential = ClientSecretCredential(
        TENANT,
        CUSTOMIZER,
        SECRET,
        authority=org.url,
        disable_instance_discovery=True,
        connection_verify=org.ca_file,
    )
    with DataverseClient(org.url, credential) as opened:
        yield opened


def make_things(org, client):
    made = client.tables.create(
        "gp365_Thing",
        {
            "gp365_Code": "string",
            "gp365_Count": "int",
            "gp365_Rate": "decimal",
            "gp365_When": "datetime",
            "gp365_Flag": "bool",
            "gp365_Terms": Terms,
        },
        primary_column="gp365_Name",
    )
    client.tables.create_alternate_key("gp365_Thing", "gp365_thing_key", ["gp365_code"])
    org.clock.advance(5)
    return made


def test_microsofts_client_creates_reads_updates_and_deletes(org, client):
    row_id = client.records.create("account", {"name": "Microsoft's own", "paymenttermscode": "Net 30"})
    row = client.records.retrieve("account", row_id, select=["name", "paymenttermscode"])
    assert (row["name"], row["paymenttermscode"]) == ("Microsoft's own", 1)
    client.records.update("account", row_id, {"telephone1": "555"})
    assert org.row("accounts", row_id)["telephone1"] == "555"
    client.records.delete("account", row_id)
    assert org.row("accounts", row_id) is None
    assert client.records.retrieve("account", row_id) is None


def test_microsofts_client_writes_many_rows_by_bulk_messages(org, client):
    last = org.door("GET", "requests").json()["last"]
    ids = client.records.create("account", [{"name": f"bulk {n}"} for n in range(30)])
    client.records.update("account", ids, {"fax": "1"})
    client.records.update("account", ids[:2], [{"name": "first"}, {"name": "second"}])
    assert [org.row("accounts", i)["name"] for i in ids[:3]] == ["first", "second", "bulk 2"]
    assert {org.row("accounts", i)["fax"] for i in ids} == {"1"}
    assert client.records.delete("account", ids)
    assert not {r["accountid"] for r in org.rows("accounts")} & set(ids)
    sent = [
        r["path"].rpartition(".")[2] for r in org.door("GET", f"requests?after={last}").json()["requests"]
    ]
    assert (sent.count("CreateMultiple"), sent.count("UpdateMultiple")) == (1, 2)


def test_microsofts_client_pages_through_a_list(org, client):
    rows = list(client.records.list("account", select=["name"], page_size=4, include_annotations="*"))
    assert len(rows) == len(org.rows("accounts")) > 20
    found = client.records.list(
        "account", select=["name"], filter="startswith(name,'a')", orderby=["name desc"]
    )
    names = [r["name"] for r in found]
    assert names == sorted(names, key=str.lower, reverse=True)
    assert len(names) >= 2


def test_microsofts_client_upserts_by_key(org, client):
    make_things(org, client)
    client.records.upsert("gp365_Thing", [UpsertItem({"gp365_code": "A"}, {"gp365_name": "one"})])
    client.records.upsert("gp365_Thing", [UpsertItem({"gp365_code": "a"}, {"gp365_name": "one again"})])
    pair = [UpsertItem({"gp365_code": c}, {"gp365_name": f"many {c}", "gp365_terms": "NET_60"}) for c in "AB"]
    client.records.upsert("gp365_Thing", pair)
    rows = {r["gp365_code"]: (r["gp365_name"], r["gp365_terms"]) for r in org.rows("gp365_things")}
    assert rows == {"A": ("many A", 2), "B": ("many B", 2)}


def test_microsofts_client_sends_batches_with_change_sets(org, client):
    batch = client.batch.new()
    with batch.changeset() as changes:
        boss = changes.records.create("contact", {"lastname": "Boss"})
        changes.records.create("account", {"name": "Batched", "primarycontactid@odata.bind": boss})
    batch.records.list("account", select=["name"], filter="name eq 'Batched'")
    batch.tables.get("account")
    done = batch.execute()
    assert [r.status_code for r in done.responses] == [204, 204, 200, 200]
    row = next(r for r in org.rows("accounts") if r["name"] == "Batched")
    assert org.row("contacts", row["_primarycontactid_value"])["lastname"] == "Boss"
    assert done.responses[1].entity_id == row["accountid"]


def test_microsofts_client_sees_a_change_set_fail_whole_and_a_batch_go_on(org, client):
    before = len(org.rows("accounts"))
    batch = client.batch.new()
    with batch.changeset() as changes:
        changes.records.create("account", {"name": "never"})
        changes.records.update("account", new_id(), {"name": "missing"})
    batch.records.create("account", {"name": "after"})
    done = batch.execute(continue_on_error=True)
    assert [r.status_code for r in done.responses] == [404, 204]
    assert done.responses[0].error_code == "0x80040217"
    assert len(org.rows("accounts")) == before + 1


def test_microsofts_client_makes_reads_and_removes_definitions(org, client):
    made = make_things(org, client)
    assert (made.logical_name, made.entity_set_name) == ("gp365_thing", "gp365_things")
    assert client.tables.get("gp365_Thing").primary_name_attribute == "gp365_name"
    keys = client.tables.get_alternate_keys("gp365_Thing")
    assert [(k.schema_name, k.key_attributes, k.status) for k in keys] == [
        ("gp365_thing_key", ["gp365_code"], "Active")
    ]
    client.tables.add_columns("gp365_Thing", {"gp365_Note": "memo"})
    client.tables.update_column("gp365_Thing", "gp365_Code", {"max_length": 50})
    column = client.tables.get_column("gp365_Thing", "gp365_Code", typed=True)
    assert column["MaxLength"] == 50
    names = {c["LogicalName"] for c in client.tables.list_columns("gp365_Thing", select=["LogicalName"])}
    assert {"gp365_note", "gp365_terms", "ownerid"} <= names
    client.tables.remove_columns("gp365_Thing", ["gp365_Note"])
    assert client.tables.get_column("gp365_Thing", "gp365_Note") is None
    client.tables.delete_alternate_key("gp365_Thing", keys[0].metadata_id)
    assert client.tables.get_alternate_keys("gp365_Thing") == []
    assert "gp365_Thing" in {t["SchemaName"] for t in client.tables.list()}
    client.tables.delete("gp365_Thing")
    assert client.tables.get("gp365_Thing") is None


def test_microsofts_client_makes_a_lookup_and_binds_it(org, client):
    make_things(org, client)
    made = client.tables.create_lookup_field(
        referencing_table="gp365_thing", lookup_field_name="gp365_AccountId", referenced_table="account"
    )
    account = client.records.create("account", {"name": "x"})
    thing = client.records.create(
        "gp365_Thing", {"gp365_Name": "t", "gp365_AccountId@odata.bind": f"/accounts({account})"}
    )
    assert org.row("gp365_things", thing)["_gp365_accountid_value"] == account
    known = client.tables.get_relationship(made.relationship_schema_name)
    assert known.relationship_id == made.relationship_id
    listed = client.tables.list_table_relationships("gp365_Thing")
    assert made.relationship_schema_name in {r["SchemaName"] for r in listed}
    client.tables.delete_relationship(made.relationship_id)
    assert client.tables.get_relationship(made.relationship_schema_name) is None
    assert "_gp365_accountid_value" not in org.row("gp365_things", thing)


def test_microsofts_client_is_told_why_it_is_refused(org, client):
    with pytest.raises(HttpError) as refused:
        client.records.create("account", {"name": "x" * 161})
    assert refused.value.status_code == 400
    assert "maximum allowed length of '160'" in str(refused.value)
    org.door("POST", "faults", [{"method": "POST", "path": "accounts", "do": "429", "retry_after_s": 3}])
    with pytest.raises(HttpError) as throttled:
        client.records.create("account", {"name": "x"})
    assert throttled.value.status_code == 429
    assert throttled.value.is_transient
