"""Rows of the simulated organisation: what it stamps, computes, converts and takes along."""

import pytest
from simdv_desk import AUDITOR, CUSTOMIZER, RUNTIME, USERS, id_of, new_id, organisation


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with organisation(tmp_path_factory.mktemp("dv")) as opened:
        yield opened


@pytest.fixture(autouse=True)
def as_sampled(org):
    org.door("POST", "reset")


def version(org, set_name, row_id):
    return org.row(set_name, row_id)["versionnumber"]


# --- stamps ----------------------------------------------------------------------------------------------------------


def test_a_new_row_knows_who_made_it_and_when(org):
    row = org.row("accounts", org.create("accounts", name="New"))
    assert row["_createdby_value"] == row["_modifiedby_value"] == row["_ownerid_value"] == USERS[RUNTIME]
    assert row["createdon"] == row["modifiedon"]
    assert len(row["createdon"]) == len("2026-01-01T00:00:00Z")
    assert (row["statecode"], row["statuscode"], row["creditonhold"]) == (0, 1, False)
    assert row["_owningbusinessunit_value"]


def test_a_change_stamps_the_caller_and_the_time(org):
    row_id = org.create("accounts", name="New")
    created = org.row("accounts", row_id)["createdon"]
    org.clock.advance(60)
    org.ask("PATCH", f"accounts({row_id})", {"fax": "1"}, as_app=CUSTOMIZER)
    row = org.row("accounts", row_id)
    assert row["_modifiedby_value"] == USERS[CUSTOMIZER]
    assert row["modifiedon"] > created == row["createdon"]


def test_versions_rise_over_the_whole_organisation(org):
    account = org.create("accounts", name="a")
    contact = org.create("contacts", lastname="b")
    assert version(org, "contacts", contact) > version(org, "accounts", account)
    org.ask("PATCH", f"accounts({account})", {"fax": "1"})
    assert version(org, "accounts", account) > version(org, "contacts", contact)


def test_an_unchanged_value_is_a_change_too(org):
    row_id = org.create("accounts", name="Same")
    before = version(org, "accounts", row_id)
    org.ask("PATCH", f"accounts({row_id})", {"name": "Same"})
    assert version(org, "accounts", row_id) > before


def test_a_reset_never_gives_an_etag_twice(org):
    row_id = org.create("accounts", name="x")
    before = version(org, "accounts", row_id)
    org.door("POST", "reset")
    assert min(r["versionnumber"] for r in org.rows("accounts")) > before


# --- ids and upsert --------------------------------------------------------------------------------------------------


def test_a_caller_may_choose_the_id(org):
    by_post, by_patch = new_id(), new_id()
    assert id_of(org.ask("POST", "accounts", {"name": "a", "accountid": by_post.upper()})) == by_post
    org.ask("PATCH", f"accounts({by_patch})", {"name": "b"}, headers={"If-None-Match": "*"})
    assert org.row("accounts", by_patch)["name"] == "b"


def test_a_body_value_wins_over_the_key_on_create_and_is_dropped_on_update(org):
    """use-upsert-insert-update-record.md"""
    org.add_key("account", "gp365_number_key", "accountnumber")
    org.ask("PATCH", "accounts(accountnumber='K1')", {"name": "a", "accountnumber": "K2"})
    assert {r.get("accountnumber") for r in org.rows("accounts") if r["name"] == "a"} == {"K2"}
    org.ask("PATCH", "accounts(accountnumber='K2')", {"name": "b", "accountnumber": "K3"})
    assert {r.get("accountnumber") for r in org.rows("accounts") if r["name"] == "b"} == {"K2"}


def test_the_key_is_copied_from_the_url_on_create(org):
    org.add_key("account", "gp365_number_key", "accountnumber")
    org.ask("PATCH", "accounts(accountnumber='O''Brien')", {"name": "a"})
    assert [r["accountnumber"] for r in org.rows("accounts") if r["name"] == "a"] == ["O'Brien"]
    assert org.read("accounts(accountnumber='O''Brien')?$select=name")["name"] == "a"


# --- values ----------------------------------------------------------------------------------------------------------


def test_money_is_rounded_to_the_cents_of_its_currency_and_kept_exactly(org):
    row_id = org.create("accounts", name="x")
    org.ask("PATCH", f"accounts({row_id})", '{"creditlimit": 99999999999999.995, "revenue": 0.125}')
    row = org.read(f"accounts({row_id})?$select=creditlimit,revenue")
    assert str(row["creditlimit"]) == "100000000000000.00"
    assert str(row["revenue"]) == "0.12"


def test_money_without_a_currency_gets_that_of_the_organisation(org):
    row_id = org.create("accounts", name="x")
    assert "_transactioncurrencyid_value" not in org.row("accounts", row_id)
    org.ask("PATCH", f"accounts({row_id})", {"creditlimit": 10})
    row = org.row("accounts", row_id)
    base = org.values("organizations?$select=_basecurrencyid_value")[0]["_basecurrencyid_value"]
    assert row["_transactioncurrencyid_value"] == base
    assert (row["creditlimit"], row["creditlimit_base"], row["exchangerate"]) == (
        "10.00",
        "10.0000",
        "1.0000000000",
    )


def test_base_amounts_follow_the_currency_of_the_row(org):
    other = org.create(
        "transactioncurrencies",
        currencyname="Test money",
        isocurrencycode="XTS",
        currencysymbol="T",
        currencyprecision=2,
        exchangerate=4,
    )
    bind = {"transactioncurrencyid@odata.bind": f"/transactioncurrencies({other})"}
    row_id = org.create("accounts", name="x", creditlimit=10, **bind)
    assert org.row("accounts", row_id)["creditlimit_base"] == "2.5000"
    base = org.values("organizations?$select=_basecurrencyid_value")[0]["_basecurrencyid_value"]
    back = {"transactioncurrencyid@odata.bind": f"/transactioncurrencies({base})"}
    org.ask("PATCH", f"accounts({row_id})", back)
    assert org.row("accounts", row_id)["creditlimit_base"] == "10.0000"
    org.ask("PATCH", f"accounts({row_id})", {"creditlimit": None})
    assert "creditlimit_base" not in org.row("accounts", row_id)


def test_an_empty_text_is_stored_as_nothing(org):
    row_id = org.create("accounts", name="x", fax="1")
    org.ask("PATCH", f"accounts({row_id})", {"fax": ""})
    assert org.read(f"accounts({row_id})?$select=fax")["fax"] is None


def test_a_length_counts_as_the_database_counts(org):
    assert org.create("accounts", name="\U0001f600" * 80)
    assert org.create("accounts", name="\u00e6" * 160)


def test_days_are_days_and_times_are_times(org):
    row_id = org.create(
        "contacts", lastname="x", birthdate="1990-05-17", lastonholdtime="2020-01-02T03:04:05.678+02:00"
    )
    row = org.row("contacts", row_id)
    assert row["birthdate"] == "1990-05-17"
    assert row["lastonholdtime"] == "2020-01-02T01:04:05Z"
    bad = org.ask("PATCH", f"contacts({row_id})", {"birthdate": "1990-05-17T00:00:00Z"})
    assert (bad.status_code, org.code(bad)) == (400, "0x80048d19")


def test_a_state_brings_its_status_and_a_status_its_state(org):
    row_id = org.create("accounts", name="x")
    org.ask("PATCH", f"accounts({row_id})", {"statecode": 1})
    assert org.row("accounts", row_id)["statuscode"] == 2
    org.ask("PATCH", f"accounts({row_id})", {"statecode": 0, "statuscode": 1})
    assert org.row("accounts", row_id)["statecode"] == 0
    wrong = org.ask("PATCH", f"accounts({row_id})", {"statuscode": 2})
    assert (wrong.status_code, org.code(wrong)) == (400, "0x80048408")


def test_names_and_addresses_are_put_together(org):
    contact = org.row("contacts", org.create("contacts", firstname="Ada", lastname="Byron"))
    assert contact["fullname"] == "Ada Byron"
    row_id = org.create(
        "accounts",
        name="x",
        address1_line1="1 Main St",
        address1_city="Chicago",
        address1_stateorprovince="IL",
    )
    assert org.row("accounts", row_id)["address1_composite"] == "1 Main St\r\nChicago, IL"


# --- single columns --------------------------------------------------------------------------------------------------


def test_one_column_is_written_read_and_cleared(org):
    row_id = org.create("accounts", name="x")
    assert org.ask("PUT", f"accounts({row_id})/fax", {"value": "55"}).status_code == 204
    assert org.read(f"accounts({row_id})/fax")["value"] == "55"
    assert org.ask("DELETE", f"accounts({row_id})/fax").status_code == 204
    assert org.ask("GET", f"accounts({row_id})/fax").status_code == 204
    assert org.ask("DELETE", f"accounts({row_id})/primarycontactid").status_code == 400


# --- links -----------------------------------------------------------------------------------------------------------


def test_a_link_is_set_and_cleared_by_reference_and_gives_the_row_a_new_version(org):
    account, contact = org.create("accounts", name="x"), org.create("contacts", lastname="y")
    seen = [version(org, "accounts", account)]
    reference = {"@odata.id": f"{org.root}contacts({contact})"}
    for method, body in (("PUT", reference), ("DELETE", None)):
        assert org.ask(method, f"accounts({account})/primarycontactid/$ref", body).status_code == 204
        seen.append(version(org, "accounts", account))
        held = org.row("accounts", account).get("_primarycontactid_value")
        assert held == (contact if method == "PUT" else None)
    assert seen == sorted(set(seen))


def test_a_row_is_added_to_a_collection_and_taken_out(org):
    account, contact = org.create("accounts", name="x"), org.create("contacts", lastname="y")
    where = f"accounts({account})/contact_customer_accounts"
    org.ask("POST", f"{where}/$ref", {"@odata.id": f"contacts({contact})"})
    assert org.row("contacts", contact)["_parentcustomerid_value"] == account
    org.ask("DELETE", f"{where}({contact})/$ref")
    assert "_parentcustomerid_value" not in org.row("contacts", contact)
    org.ask("POST", f"{where}/$ref", {"@odata.id": f"contacts({contact})"})
    org.ask("DELETE", f"{where}/$ref?$id={org.root}contacts({contact})")
    assert "_parentcustomerid_value" not in org.row("contacts", contact)


def test_a_link_may_name_its_target_by_alternate_key(org):
    org.add_key("account", "gp365_number_key", "accountnumber")
    account = org.create("accounts", name="x", accountnumber="A1")
    bind = {"parentcustomerid_account@odata.bind": "/accounts(accountnumber='A1')"}
    contact = org.create("contacts", lastname="y", **bind)
    assert org.row("contacts", contact)["_parentcustomerid_value"] == account


def test_a_null_bind_clears_a_link(org):
    contact = org.create("contacts", lastname="y")
    bind = {"primarycontactid@odata.bind": f"/contacts({contact})"}
    account = org.create("accounts", name="x", **bind)
    org.ask("PATCH", f"accounts({account})", {"primarycontactid@odata.bind": None})
    assert "_primarycontactid_value" not in org.row("accounts", account)


def test_deleting_a_contact_clears_the_links_to_it_as_a_change(org):
    contact = org.create("contacts", lastname="y")
    account = org.create("accounts", name="x", **{"primarycontactid@odata.bind": f"/contacts({contact})"})
    before = version(org, "accounts", account)
    org.ask("DELETE", f"contacts({contact})")
    row = org.row("accounts", account)
    assert "_primarycontactid_value" not in row
    assert row["versionnumber"] > before


def test_deleting_an_account_takes_its_contacts_along(org):
    account = org.create("accounts", name="x")
    bind = {"parentcustomerid_account@odata.bind": f"/accounts({account})"}
    contact = org.create("contacts", lastname="y", **bind)
    assert org.ask("DELETE", f"accounts({account})").status_code == 204
    assert org.row("accounts", account) is None
    assert org.row("contacts", contact) is None


# --- secured columns -------------------------------------------------------------------------------------------------


def test_a_secured_column_shows_nothing_to_who_lacks_the_profile(org):
    org.add_column("account", "String", "gp365_Secret", MaxLength=20, IsSecured=True)
    row_id = org.create("accounts", name="x")
    wrote = org.ask("PATCH", f"accounts({row_id})", {"gp365_secret": "s"}, as_app=AUDITOR)
    assert wrote.status_code == 204
    path = f"accounts({row_id})?$select=gp365_secret"
    assert org.read(path, as_app=AUDITOR)["gp365_secret"] == "s"
    assert org.read(path)["gp365_secret"] is None
    assert org.ask("GET", f"accounts({row_id})/gp365_secret").status_code == 204
    refused = org.ask("PATCH", f"accounts({row_id})", {"gp365_secret": "t"})
    assert (refused.status_code, org.code(refused)) == (403, "0x8004f507")
    column = org.read("EntityDefinitions(LogicalName='account')/Attributes(LogicalName='gp365_secret')")
    assert column["IsSecured"] is True
