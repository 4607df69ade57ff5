"""Two rows that become one: what the message Merge moves, ends and refuses."""

import pytest
from simdv_desk import CRM, label, organisation, target

CONTACT_ID = "5f000000-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with organisation(tmp_path_factory.mktemp("dv"), tracked=("account",)) as opened:
        yield opened


@pytest.fixture(autouse=True)
def as_sampled(org):
    org.door("POST", "reset")


def merge(org, master, subordinate, kind="account", **more):
    body = {
        "Target": target(kind, **{f"{kind}id": master}),
        "Subordinate": target(kind, **{f"{kind}id": subordinate}),
        "PerformParentingChecks": False,
        **more,
    }
    return org.ask("POST", "Merge", body)


def two(org, **more):
    return org.create("accounts", name="Goes on"), org.create("accounts", name="Ends", **more)


def cards(org, **cascade):
    """A table of cards below the account, as a provisioning client defines it."""
    name = {"@odata.type": f"{CRM}StringAttributeMetadata", "SchemaName": "gp365_name", "IsPrimaryName": True}
    org.customize("POST", "EntityDefinitions", {"SchemaName": "gp365_Card", "Attributes": [name]})
    body = {
        "@odata.type": f"{CRM}OneToManyRelationshipMetadata",
        "SchemaName": "gp365_account_card",
        "ReferencedEntity": "account",
        "ReferencingEntity": "gp365_card",
        "CascadeConfiguration": cascade,
        "Lookup": {"SchemaName": "gp365_AccountId", "DisplayName": label("Account")},
    }
    org.customize("POST", "RelationshipDefinitions", body)


def test_the_one_goes_on_and_the_other_ends_inactive_and_points_at_it(org):
    master, ended = two(org, fax="1")
    answer = merge(org, master, ended)
    assert (answer.status_code, answer.content) == (204, b"")
    row = org.row("accounts", ended)
    assert (row["statecode"], row["statuscode"], row["merged"]) == (1, 2, True)
    assert row["_masterid_value"] == master
    left = org.row("accounts", master)
    assert (left["statecode"], left["merged"], left["name"]) == (0, False, "Goes on")
    assert "fax" not in left


def test_what_the_user_chose_from_the_other_is_written_to_the_one_that_goes_on(org):
    master, ended = two(org)
    assert merge(org, master, ended, UpdateContent=target("account", fax="77")).status_code == 204
    assert org.row("accounts", master)["fax"] == "77"


def test_contacts_opportunities_and_child_accounts_move_to_the_one_that_goes_on(org):
    master, ended = two(org)
    bind = f"/accounts({ended})"
    person = org.create("contacts", lastname="Fitz", **{"parentcustomerid_account@odata.bind": bind})
    deal = org.create("opportunities", name="Deal", **{"customerid_account@odata.bind": bind})
    child = org.create("accounts", name="Branch", **{"parentaccountid@odata.bind": bind})
    assert merge(org, master, ended).status_code == 204
    assert org.row("contacts", person)["_parentcustomerid_value"] == master
    assert org.row("opportunities", deal)["_customerid_value"] == master
    assert org.row("accounts", child)["_parentaccountid_value"] == master


@pytest.mark.parametrize(("word", "moves"), [("Cascade", True), ("NoCascade", False)])
def test_rows_of_an_own_table_move_when_its_relationship_says_so(org, word, moves):
    cards(org, Merge=word, Assign=word)
    master, ended = two(org)
    card = org.create(
        "gp365_cards", gp365_name="CONTOSO", **{"gp365_AccountId@odata.bind": f"/accounts({ended})"}
    )
    before = org.row("gp365_cards", card)["versionnumber"]
    assert merge(org, master, ended).status_code == 204
    row = org.row("gp365_cards", card)
    assert row["_gp365_accountid_value"] == (master if moves else ended)
    assert (row["versionnumber"] > before) is moves


def test_a_delta_shows_both_rows_of_a_merge(org):
    master, ended = two(org)
    track = {"Prefer": "odata.track-changes"}
    link = org.read("accounts?$select=name,statecode,merged,_masterid_value", headers=track)[
        "@odata.deltaLink"
    ]
    merge(org, master, ended)
    changed = {row["accountid"]: row for row in org.values(link)}
    assert set(changed) == {master, ended}
    assert (changed[ended]["merged"], changed[ended]["_masterid_value"]) == (True, master)


def test_a_merged_row_takes_no_edits_but_can_be_deleted(org):
    master, ended = two(org)
    merge(org, master, ended)
    for body in ({"fax": "1"}, {"statecode": 0, "statuscode": 1}):
        answer = org.ask("PATCH", f"accounts({ended})", body)
        assert (answer.status_code, org.code(answer)) == (400, "0x80040233")
    assert "merged" in org.door("PUT", f"rows/accounts/{ended}", {"fax": "1"}).text
    assert org.ask("DELETE", f"accounts({ended})").status_code == 204


def test_a_row_is_not_merged_with_itself_nor_when_inactive_nor_into_its_own_child(org):
    master, ended = two(org)
    answer = merge(org, master, master)
    assert (answer.status_code, org.code(answer)) == (400, "0x80045305")
    org.ask("PATCH", f"accounts({master})", {"parentaccountid@odata.bind": f"/accounts({ended})"})
    assert org.code(merge(org, master, ended)) == "0x80045300"
    org.ask("PATCH", f"accounts({ended})", {"statecode": 1})
    assert org.code(merge(org, ended, master)) == "0x80045304"
    assert org.row("accounts", master)["merged"] is False


def test_parents_are_compared_only_when_asked(org):
    parent, other = org.create("accounts", name="P"), org.create("accounts", name="Q")
    master, ended = two(org, **{"parentaccountid@odata.bind": f"/accounts({parent})"})
    assert org.code(merge(org, master, ended, PerformParentingChecks=True)) == "0x80045317"
    org.ask("PATCH", f"accounts({master})", {"parentaccountid@odata.bind": f"/accounts({other})"})
    assert org.code(merge(org, master, ended, PerformParentingChecks=True)) == "0x80045316"
    assert merge(org, master, ended).status_code == 204


def test_contacts_merge_too_and_their_account_follows(org):
    account = org.create("accounts", name="Firm")
    master = org.create("contacts", lastname="Fitz")
    ended = org.create("contacts", lastname="Fits")
    org.ask("PATCH", f"accounts({account})", {"primarycontactid@odata.bind": f"/contacts({ended})"})
    assert merge(org, master, ended, "contact").status_code == 204
    assert org.row("accounts", account)["_primarycontactid_value"] == master
    assert org.row("contacts", ended)["merged"] is True


def test_other_tables_do_not_merge_and_a_reference_without_its_type_is_refused(org):
    answer = merge(org, CONTACT_ID, CONTACT_ID[:-1] + "2", "opportunity")
    assert answer.status_code == 400
    assert "not supported with merge" in answer.text
    assert org.ask("POST", "Merge", {"Target": {"accountid": CONTACT_ID}}).status_code == 400
    assert org.ask("GET", "Merge").status_code == 405
