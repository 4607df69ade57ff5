"""Webhooks of the simulated organisation: which writes are told to whom, and how."""

import pytest
from simdv_desk import CUSTOMIZER, RUNTIME, USERS, new_id, organisation, target
from simhooks_desk import HEADER_VALUE, Hooks, Receiver, pairs, receiving_socket

from gp365_sim.core.server import Door, serving

XRM = "http://schemas.microsoft.com/xrm/2011/Contracts"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    receiver, (bound, url) = Receiver(), receiving_socket()
    with serving(Door(receiver, bound)), organisation(tmp_path_factory.mktemp("dv")) as org:
        yield Hooks(org, receiver, url)


@pytest.fixture
def hooks(place):
    place.org.door("POST", "reset")
    place.receiver.got.clear()
    place.receiver.statuses.clear()
    place.receiver.hold = None
    return place


def test_a_new_account_is_told_with_its_columns_and_with_who_wrote_it(hooks):
    _, (step,) = hooks.listen("Create")
    made = hooks.org.create("accounts", name="Adatum", creditlimit=1500, customertypecode=3)
    (got,) = hooks.settled()
    assert got.what == ("Create", "account", made)
    assert got.headers["content-type"] == "application/json; charset=utf-8"
    assert got.headers["x-ms-dynamics-entity-name"] == "account"
    assert got.headers["x-ms-dynamics-request-name"] == "Create"
    assert got.headers["x-ms-dynamics-organization"] == hooks.org.url.removeprefix("https://")
    assert got.headers["x-ms-correlation-request-id"] == got.body["CorrelationId"]
    assert "x-ms-dynamics-msg-size-exceeded" not in got.headers
    values = got.attributes()
    assert (values["name"], values["accountid"]) == ("Adatum", made)
    assert values["creditlimit"] == {"__type": f"Money:{XRM}", "Value": 1500.0}
    assert values["customertypecode"] == {"__type": f"OptionSetValue:{XRM}", "Value": 3}
    assert values["ownerid"]["LogicalName"] == "systemuser"
    assert values["modifiedon"].startswith("/Date(")
    assert got.body["UserId"] == got.body["InitiatingUserId"] == USERS[RUNTIME]
    assert got.body["OwningExtension"]["Id"] == step
    assert (got.body["Mode"], got.body["Stage"], got.body["Depth"]) == (1, 40, 1)
    assert pairs(got.body["OutputParameters"]) == {"id": made}
    assert b"\\/Date(" in got.raw and b"http:\\/\\/schemas" in got.raw


def test_an_update_is_told_only_if_it_named_a_filtering_attribute_changed_or_not(hooks):
    row = hooks.org.create("accounts", name="Adatum", telephone1="1")
    hooks.listen("Update", filteringattributes="name,telephone1")
    hooks.org.ask("PATCH", f"accounts({row})", {"fax": "2"})
    hooks.org.ask("PATCH", f"accounts({row})", {"telephone1": "1"})
    (got,) = hooks.settled()
    assert set(got.attributes()) == {"telephone1", "modifiedon", "modifiedby", "accountid"}


def test_a_cleared_column_is_told_as_null_and_a_lookup_as_a_reference(hooks):
    row = hooks.org.create("accounts", name="Adatum", telephone1="1")
    contact = hooks.org.create("contacts", lastname="Glynn")
    hooks.listen("Update")
    change = {"telephone1": None, "primarycontactid@odata.bind": f"/contacts({contact})"}
    hooks.org.ask("PATCH", f"accounts({row})", change)
    (got,) = hooks.settled()
    values = got.attributes()
    assert values["telephone1"] is None
    assert (values["primarycontactid"]["LogicalName"], values["primarycontactid"]["Id"]) == (
        "contact",
        contact,
    )


def test_a_deletion_is_told_as_a_reference_with_what_hung_on_the_row(hooks):
    row = hooks.org.create("accounts", name="Adatum")
    child = hooks.org.create(
        "contacts", lastname="Glynn", **{"parentcustomerid_account@odata.bind": f"/accounts({row})"}
    )
    hooks.listen("Delete")
    hooks.listen("Delete", table="contact")
    hooks.org.ask("DELETE", f"accounts({row})")
    got = {each.what: each for each in hooks.settled(2)}
    assert set(got) == {("Delete", "account", row), ("Delete", "contact", child)}
    reference = pairs(got["Delete", "account", row].body["InputParameters"])["Target"]
    assert (reference["__type"], reference["Id"]) == (f"EntityReference:{XRM}", row)


def test_the_tag_of_a_request_is_a_shared_variable_here_or_in_the_parent(hooks):
    hooks.listen("Create")
    hooks.org.ask("POST", "accounts?tag=gp365", {"name": "ours"})
    hooks.settled()
    hooks.order(tag_in_parent=True)
    hooks.org.ask("POST", "accounts?tag=gp365", {"name": "ours too"})
    hooks.org.create("accounts", name="theirs")
    hooks.settled(3)
    found = {
        each.attributes()["name"]: (
            pairs(each.body["SharedVariables"]).get("tag"),
            pairs(each.body["ParentContext"]["SharedVariables"]).get("tag"),
        )
        for each in hooks.receiver.got
    }
    assert found == {"ours": ("gp365", None), "ours too": (None, "gp365"), "theirs": (None, None)}


def batch(*parts):
    lines = []
    for method, path, body in parts:
        lines += ["--b", "Content-Type: application/http", "Content-Transfer-Encoding: binary", ""]
        lines += [f"{method} {path} HTTP/1.1", "Content-Type: application/json", "", body]
    return "\r\n".join([*lines, "--b--", ""])


def test_each_part_of_a_batch_is_told_with_its_own_tag_and_a_failed_one_not_at_all(hooks):
    row = hooks.org.create("accounts", name="Adatum")
    hooks.listen("Create", "Update")
    body = batch(
        ("PATCH", f"accounts({row})?tag=gp365", '{"name": "a"}'),
        ("PATCH", f"accounts({new_id()})", '{"nonsense": 1}'),
        ("POST", "accounts", '{"name": "b"}'),
    )
    headers = {"Content-Type": "multipart/mixed; boundary=b", "Prefer": "odata.continue-on-error"}
    assert hooks.org.ask("POST", "$batch", body, headers=headers).status_code == 200
    hooks.settled(2)
    found = {e.attributes()["name"]: pairs(e.body["SharedVariables"]) for e in hooks.receiver.got}
    assert found == {"a": {"tag": "gp365"}, "b": {}}


def test_rows_of_a_bulk_message_are_told_one_by_one_and_none_where_it_failed(hooks):
    hooks.listen("Create")
    where = "accounts/Microsoft.Dynamics.CRM.CreateMultiple"
    rows = [target("account", name=f"n{number}") for number in range(5)]
    bad = hooks.org.ask("POST", where, {"Targets": [*rows, target("account", name="x" * 200)]})
    assert bad.status_code == 400
    assert hooks.org.ask("POST", where, {"Targets": rows}).status_code == 200
    got = hooks.settled(5)
    assert sorted(each.attributes()["name"] for each in got) == [f"n{number}" for number in range(5)]
    assert len({each.body["OperationId"] for each in got}) == 5


def test_a_merge_is_told_as_merge_and_as_updates_below_it(hooks):
    master, ended = hooks.org.create("accounts", name="Goes on"), hooks.org.create("accounts", name="Ends")
    hooks.listen("Merge", "Update")
    hooks.org.door("POST", "merge", {"master": master, "subordinate": ended, "content": {"fax": "9"}})
    got = {each.what: each for each in hooks.settled(3)}
    assert set(got) == {
        ("Merge", "account", master),
        ("Update", "account", master),
        ("Update", "account", ended),
    }
    merge = got["Merge", "account", master]
    assert pairs(merge.body["InputParameters"])["SubordinateId"] == ended
    assert merge.attributes("UpdateContent") == {"fax": "9"}
    below = got["Update", "account", ended]
    assert below.body["ParentContext"]["MessageName"] == "Merge"
    assert below.attributes()["masterid"]["Id"] == master


def test_association_and_disassociation_are_told_as_an_update_of_the_row_with_the_lookup(hooks):
    account, contact = hooks.org.create("accounts", name="A"), hooks.org.create("contacts", lastname="G")
    hooks.listen("Update", table="contact", filteringattributes="parentcustomerid")
    where = f"accounts({account})/contact_customer_accounts"
    link = {"@odata.id": f"{hooks.org.root}contacts({contact})"}
    assert hooks.org.ask("POST", f"{where}/$ref", link).status_code == 204
    assert hooks.org.ask("DELETE", f"{where}({contact})/$ref").status_code == 204
    hooks.settled(2)
    values = [each.attributes()["parentcustomerid"] for each in hooks.receiver.got]
    assert {value and value["Id"] for value in values} == {account, None}


def test_images_show_the_row_before_and_after(hooks):
    row = hooks.org.create("accounts", name="Old", telephone1="1")
    _, (step,) = hooks.listen("Update")
    image = {
        "entityalias": "both",
        "imagetype": 2,
        "messagepropertyname": "Target",
        "attributes": "name,fax",
        "sdkmessageprocessingstepid@odata.bind": f"/sdkmessageprocessingsteps({step})",
    }
    assert (
        hooks.org.ask("POST", "sdkmessageprocessingstepimages", image, as_app=CUSTOMIZER).status_code == 204
    )
    hooks.org.ask("PATCH", f"accounts({row})", {"name": "New"})
    (got,) = hooks.settled()
    for kind, name in (("PreEntityImages", "Old"), ("PostEntityImages", "New")):
        entity = pairs(got.body[kind])["both"]
        assert pairs(entity["Attributes"]) == {"name": name, "accountid": row}


@pytest.mark.parametrize(
    ("authtype", "value", "query", "header"),
    [
        (4, "s&cret/1", {"code": "s&cret/1"}, None),
        (5, HEADER_VALUE, {}, "k1"),
        (6, HEADER_VALUE, {"x-gp365-key": "k1", "x-other": "2"}, None),
    ],
)
def test_the_sender_proves_itself_as_registered(hooks, authtype, value, query, header):
    hooks.listen("Create", endpoint={"authtype": authtype, "authvalue": value, "url": f"{hooks.url}?v=1"})
    hooks.org.create("accounts", name="A")
    (got,) = hooks.settled()
    assert got.query == {"v": "1", **query}
    assert got.headers.get("x-gp365-key") == header


def test_a_body_over_256_kb_is_cut_and_says_so(hooks):
    hooks.org.add_column("account", "Memo", "gp365_Story", MaxLength=500_000)
    hooks.listen("Update")
    row = hooks.org.create("accounts", name="A")
    hooks.org.ask("PATCH", f"accounts({row})", {"gp365_story": "x" * 140_000})
    (got,) = hooks.settled()
    assert got.headers["x-ms-dynamics-msg-size-exceeded"] == "true"
    assert not {"ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages"} & set(got.body)
    assert got.what == ("Update", "account", row)


def test_what_a_person_does_at_the_control_door_is_told_too(hooks):
    hooks.listen("Create", "Update", "Delete")
    row = new_id()
    hooks.org.door("PUT", f"rows/accounts/{row}", {"name": "A"})
    hooks.org.door("PUT", f"rows/accounts/{row}", {"name": "B"})
    hooks.org.door("DELETE", f"rows/accounts/{row}")
    assert {each.what[0] for each in hooks.settled(3)} == {"Create", "Update", "Delete"}
