"""An environment put back to an earlier moment: what goes back with it and what does not."""

import pytest
from simdv_desk import CUSTOMIZER, organisation

TRACK = {"Prefer": "odata.track-changes"}


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with organisation(tmp_path_factory.mktemp("dv"), tracked=("account",)) as opened:
        yield opened


@pytest.fixture(autouse=True)
def as_sampled(org):
    org.door("POST", "reset")


def restore(org, **more):
    answer = org.door("POST", "restore", {"snapshot": "evening", **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def snapshot(org):
    assert org.door("POST", "snapshot", {"name": "evening"}).json() == {"snapshots": ["evening"]}


def link_of(org):
    return org.read("accounts?$select=name", headers=TRACK)["@odata.deltaLink"]


def test_rows_edits_and_deletions_are_undone(org):
    kept, gone = org.create("accounts", name="Kept"), org.create("accounts", name="Gone")
    before = org.rows("accounts")
    snapshot(org)
    org.ask("PATCH", f"accounts({kept})", {"name": "Changed"})
    org.ask("DELETE", f"accounts({gone})")
    late = org.create("accounts", name="Late")
    restore(org)
    assert org.rows("accounts") == before
    assert org.ask("GET", f"accounts({late})").status_code == 404


def test_version_numbers_go_back_and_come_a_second_time(org):
    row_id = org.create("accounts", name="A")
    snapshot(org)
    version = org.row("accounts", row_id)["versionnumber"]
    first = org.create("accounts", name="One")
    at = org.row("accounts", first)["versionnumber"]
    restore(org)
    assert org.row("accounts", row_id)["versionnumber"] == version
    assert org.row("accounts", org.create("accounts", name="Two"))["versionnumber"] == at


def test_a_delta_token_of_the_lost_time_is_refused_while_it_lies_ahead(org):
    snapshot(org)
    org.create("accounts", name="Lost")
    link = link_of(org)
    restore(org)
    assert org.ask("GET", link).status_code == 400


def test_a_delta_token_that_the_numbers_have_passed_is_taken_and_misses_what_came_before(org):
    snapshot(org)
    org.create("accounts", name="Lost")
    link = link_of(org)
    restore(org)
    for name in ("Missed", "Seen"):
        org.create("accounts", name=name)
    assert [row["name"] for row in org.values(link)] == ["Seen"]


def test_a_delta_token_from_before_the_backup_shows_what_it_showed_then(org):
    link = link_of(org)
    row_id = org.create("accounts", name="A")
    snapshot(org)
    org.create("accounts", name="Lost")
    restore(org)
    assert [row["accountid"] for row in org.values(link)] == [row_id]


def test_links_between_rows_and_keys_hold_after_a_restore(org):
    account = org.create("accounts", name="A", accountnumber="77")
    org.create("contacts", lastname="L", **{"parentcustomerid_account@odata.bind": f"/accounts({account})"})
    org.add_key("account", "gp365_number_key", "accountnumber")
    snapshot(org)
    org.ask("DELETE", f"accounts({account})")
    restore(org)
    expanded = org.read(
        "accounts(accountnumber='77')?$select=name&$expand=contact_customer_accounts($select=lastname)"
    )
    assert [row["lastname"] for row in expanded["contact_customer_accounts"]] == ["L"]
    assert org.ask("POST", "accounts", {"name": "B", "accountnumber": "77"}).status_code == 412
    assert org.ask("DELETE", f"accounts({account})").status_code == 204
    assert not [row for row in org.rows("contacts") if row["lastname"] == "L"]


def test_definitions_go_back_too(org):
    snapshot(org)
    org.add_column("account", "String", "gp365_Late", MaxLength=20)
    restore(org)
    where = "EntityDefinitions(LogicalName='account')/Attributes(LogicalName='gp365_late')"
    assert org.ask("GET", where, as_app=CUSTOMIZER).status_code == 404
    assert org.ask("POST", "accounts", {"name": "A", "gp365_late": "x"}).status_code == 400


def test_a_backup_serves_more_than_once(org):
    snapshot(org)
    names = [row["name"] for row in org.rows("accounts")]
    for _ in range(2):
        org.create("accounts", name="Lost")
        org.add_column("account", "String", "gp365_Late", MaxLength=20)
        restore(org)
        assert [row["name"] for row in org.rows("accounts")] == names


def test_the_organisation_is_the_same_after_a_restore_and_another_after_a_copy(org):
    before = org.read("WhoAmI")["OrganizationId"]
    snapshot(org)
    assert restore(org)["organisation"] == before
    other = restore(org, new_organisation=True)["organisation"]
    assert other != before
    assert org.read("WhoAmI")["OrganizationId"] == other
    assert org.read("RetrieveCurrentOrganization()")["Detail"]["OrganizationId"] == other
    assert [row["organizationid"] for row in org.values("organizations?$select=name")] == [other]


def test_the_clock_goes_on_and_an_unknown_backup_changes_nothing(org):
    snapshot(org)
    org.door("POST", "clock", {"advance_s": 3600})
    now = org.door("GET", "clock").json()["now"]
    restore(org)
    assert org.door("GET", "clock").json()["now"] >= now
    before = org.rows("accounts")
    assert org.door("POST", "restore", {"snapshot": "none"}).status_code == 400
    assert org.rows("accounts") == before
