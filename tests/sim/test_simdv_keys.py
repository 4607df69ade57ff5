"""Alternate keys: built after a while, compared as the database compares, refused when doubled."""

import pytest
from simdv_desk import CRM, CUSTOMIZER, organisation


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with organisation(tmp_path_factory.mktemp("dv")) as opened:
        yield opened


@pytest.fixture(autouse=True)
def as_sampled(org):
    org.door("POST", "reset")


KEYS = "EntityDefinitions(LogicalName='account')/Keys"


def states(org):
    return [k["EntityKeyIndexStatus"] for k in org.values(KEYS)]


def test_a_new_key_is_pending_and_cannot_be_used_until_it_is_active(org):
    row_id = org.create("accounts", name="x", accountnumber="A1")
    org.add_key("account", "gp365_number_key", "accountnumber", wait=False)
    assert states(org) == ["Pending"]
    path = "accounts(accountnumber='A1')"
    for method, body in (("GET", None), ("PATCH", {"name": "y"})):
        answer = org.ask(method, path, body)
        assert (answer.status_code, org.code(answer)) == (400, "0x80060888")
    org.clock.advance(5)
    assert states(org) == ["Active"]
    assert org.read(f"{path}?$select=name")["accountid"] == row_id


def test_values_are_compared_without_case_accents_and_trailing_blanks(org):
    org.add_key("account", "gp365_number_key", "accountnumber")
    row_id = org.create("accounts", name="x", accountnumber="\u00c4B-1")
    for spelling in ("\u00c4B-1", "\u00e4b-1", "ab-1", "AB-1  "):
        answer = org.ask("POST", "accounts", {"name": "y", "accountnumber": spelling})
        assert (answer.status_code, org.code(answer)) == (412, "0x80060892"), spelling
        assert org.read(f"accounts(accountnumber='{spelling}')?$select=name")["accountid"] == row_id
    assert org.create("accounts", name="y", accountnumber=" AB-1")


def test_rows_without_a_value_are_not_held_unique(org):
    org.add_key("account", "gp365_number_key", "accountnumber")
    assert org.create("accounts", name="one")
    assert org.create("accounts", name="two")


def test_a_key_of_two_columns_needs_both(org):
    org.add_key("account", "gp365_two_key", "accountnumber", "fax")
    row_id = org.create("accounts", name="x", accountnumber="A", fax="1")
    org.create("accounts", name="y", accountnumber="A", fax="2")
    found = org.read("accounts(fax='1',accountnumber='a')?$select=name")
    assert found["accountid"] == row_id
    assert org.ask("GET", "accounts(accountnumber='A')").status_code == 400


def test_a_link_may_be_part_of_a_key(org):
    org.add_key("contact", "gp365_role_key", "parentcustomerid", "jobtitle")
    account = org.create("accounts", name="x")
    bind = {"parentcustomerid_account@odata.bind": f"/accounts({account})"}
    contact = org.create("contacts", lastname="y", jobtitle="Boss", **bind)
    found = org.read(f"contacts(_parentcustomerid_value={account},jobtitle='boss')?$select=lastname")
    assert found["contactid"] == contact


def test_a_changed_or_deleted_row_frees_its_value(org):
    org.add_key("account", "gp365_number_key", "accountnumber")
    row_id = org.create("accounts", name="x", accountnumber="A1")
    taken = org.create("accounts", name="y", accountnumber="A2")
    clash = org.ask("PATCH", f"accounts({row_id})", {"accountnumber": "A2"})
    assert (clash.status_code, org.code(clash)) == (412, "0x80060892")
    org.ask("PATCH", f"accounts({taken})", {"accountnumber": "A3"})
    assert org.ask("PATCH", f"accounts({row_id})", {"accountnumber": "a2"}).status_code == 204
    org.ask("DELETE", f"accounts({taken})")
    assert org.create("accounts", name="z", accountnumber="A3")


def test_a_key_over_doubled_values_fails_and_is_built_again_after_repair(org):
    """define-alternate-keys-entity.md: ReactivateEntityKey."""
    org.create("accounts", name="x", accountnumber="A1")
    doubled = org.create("accounts", name="y", accountnumber="a1")
    org.add_key("account", "gp365_number_key", "accountnumber")
    assert states(org) == ["Failed"]
    assert org.ask("GET", "accounts(accountnumber='A1')").status_code == 400
    org.ask("PATCH", f"accounts({doubled})", {"accountnumber": "A2"})
    order = {"EntityLogicalName": "account", "EntityKeyLogicalName": "gp365_number_key"}
    org.customize("POST", "ReactivateEntityKey", order)
    org.clock.advance(5)
    assert states(org) == ["Active"]


@pytest.mark.parametrize(
    "columns", [[], ["nonsense"], ["creditonhold"], ["name", "address1_line1", "address2_line1"]]
)
def test_what_cannot_be_a_key_is_refused(org, columns):
    body = {"SchemaName": "gp365_bad_key", "KeyAttributes": columns}
    answer = org.ask("POST", KEYS, body, as_app=CUSTOMIZER)
    assert answer.status_code == 400
    assert states(org) == []


def test_the_same_key_is_not_made_twice_and_no_more_than_ten(org):
    for n in range(10):
        org.add_column("account", "String", f"gp365_C{n}", MaxLength=10)
        org.add_key("account", f"gp365_k{n}", f"gp365_c{n}", wait=False)
    same = org.ask("POST", KEYS, {"SchemaName": "gp365_k0", "KeyAttributes": ["fax"]}, as_app=CUSTOMIZER)
    more = org.ask("POST", KEYS, {"SchemaName": "gp365_k10", "KeyAttributes": ["fax"]}, as_app=CUSTOMIZER)
    assert (same.status_code, more.status_code) == (400, 400)
    assert len(states(org)) == 10


def test_a_deleted_key_is_gone_and_its_columns_are_free(org):
    org.add_column("account", "String", "gp365_Number", MaxLength=15)
    key_id = org.add_key("account", "gp365_number_key", "gp365_number")
    column = "EntityDefinitions(LogicalName='account')/Attributes(LogicalName='gp365_number')"
    needed = org.ask("DELETE", column, as_app=CUSTOMIZER)
    assert (needed.status_code, org.code(needed)) == (400, "0x8004f01f")
    org.customize("DELETE", f"{KEYS}({key_id})")
    assert org.ask("GET", "accounts(gp365_number='1')").status_code == 400
    org.customize("DELETE", column)


def test_a_key_serves_the_bulk_upsert(org):
    org.add_key("account", "gp365_number_key", "accountnumber")
    rows = [
        {"@odata.type": CRM + "account", "@odata.id": f"accounts(accountnumber='N{n % 5}')", "name": f"r{n}"}
        for n in range(10)
    ]
    assert org.ask("POST", f"accounts/{CRM}UpsertMultiple", {"Targets": rows}).status_code == 204
    made = {
        r["accountnumber"]: r["name"]
        for r in org.rows("accounts")
        if r.get("accountnumber", "").startswith("N")
    }
    assert made == {f"N{n}": f"r{n + 5}" for n in range(5)}
