"""Whose a row is: users, teams and their units, and what goes along when an account is assigned."""

import pytest
from simdv_desk import CRM, RUNTIME, USERS, label, organisation

EAST, MIDWEST, WEST, NIGHT, DESK = (f"7e000000-0000-4000-8000-00000000000{n}" for n in range(1, 6))
EAST_UNIT, MIDWEST_UNIT = (f"b1000000-0000-4000-8000-00000000000{n}" for n in (1, 2))
ERIN, CARLA = "51000000-0000-4000-8000-000000000001", "51000000-0000-4000-8000-000000000004"
TERRITORY_1 = "7a000000-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with organisation(tmp_path_factory.mktemp("dv"), tracked=("account",)) as opened:
        yield opened


@pytest.fixture(autouse=True)
def as_sampled(org):
    org.door("POST", "reset")


def team(team_id):
    return {"ownerid@odata.bind": f"/teams({team_id})"}


def owner_of(org, row_id, set_name="accounts"):
    row = org.row(set_name, row_id)
    names = ("ownerid", "owninguser", "owningteam", "owningbusinessunit")
    return tuple(row.get(f"_{name}_value") for name in names)


def test_the_sample_organisation_has_regions_with_a_team_and_a_rep_each(org):
    teams = {row["name"]: row for row in org.values("teams?$select=name,_businessunitid_value,teamtype")}
    assert {"East", "Midwest", "West+Canada", "Night shift", "Region East"} <= set(teams)
    assert teams["East"]["_businessunitid_value"] == EAST_UNIT
    users = org.values("systemusers?$select=fullname&$filter=_businessunitid_value eq " + EAST_UNIT)
    assert [row["fullname"] for row in users] == ["Erin Eastman"]
    territories = org.values("territories?$select=name,description&$orderby=name")
    assert [row["name"] for row in territories] == [f"TERRITORY {n}" for n in range(1, 7)]


def test_whoever_creates_a_row_owns_it_in_their_unit(org):
    row_id = org.create("accounts", name="A")
    root = org.row("systemusers", USERS[RUNTIME])["_businessunitid_value"]
    assert owner_of(org, row_id) == (USERS[RUNTIME], USERS[RUNTIME], None, root)


def test_a_row_is_created_for_a_team_and_lies_in_the_teams_unit(org):
    row_id = org.create("accounts", name="A", **team(EAST))
    assert owner_of(org, row_id) == (EAST, None, EAST, EAST_UNIT)
    headers = {"Prefer": 'odata.include-annotations="*"'}
    row = org.read(f"accounts({row_id})?$select=name,_ownerid_value,_modifiedby_value", headers=headers)
    assert row["_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] == "team"
    assert row["_ownerid_value@OData.Community.Display.V1.FormattedValue"] == "East"
    assert row["_modifiedby_value@OData.Community.Display.V1.FormattedValue"] == "gp365"


def test_assigning_moves_a_row_to_the_new_owners_unit(org):
    row_id = org.create("accounts", name="A", **team(EAST))
    assert org.ask("PATCH", f"accounts({row_id})", team(MIDWEST)).status_code == 204
    assert owner_of(org, row_id) == (MIDWEST, None, MIDWEST, MIDWEST_UNIT)
    bind = {"ownerid@odata.bind": f"/systemusers({ERIN})"}
    assert org.ask("PATCH", f"accounts({row_id})", bind).status_code == 204
    assert owner_of(org, row_id) == (ERIN, ERIN, None, EAST_UNIT)


@pytest.mark.parametrize("nobody", [NIGHT, DESK], ids=["no role", "access team"])
def test_a_team_without_the_right_to_read_such_rows_cannot_own_one(org, nobody):
    refused = org.ask("POST", "accounts", {"name": "A", **team(nobody)})
    assert (refused.status_code, org.code(refused)) == (403, "0x80040220")
    row_id = org.create("accounts", name="A")
    assert org.ask("PATCH", f"accounts({row_id})", team(nobody)).status_code == 403
    assert owner_of(org, row_id)[0] == USERS[RUNTIME]


def test_a_team_may_own_once_it_has_a_role_and_no_longer_when_it_lost_it(org):
    org.door("POST", "roles", {"principal": NIGHT, "roles": 1})
    assert org.ask("POST", "accounts", {"name": "A", **team(NIGHT)}).status_code == 204
    org.door("POST", "roles", {"principal": EAST, "roles": 0})
    assert org.ask("POST", "accounts", {"name": "A", **team(EAST)}).status_code == 403


def test_a_row_is_never_without_an_owner(org):
    row_id = org.create("accounts", name="A")
    refused = org.ask("PATCH", f"accounts({row_id})", {"ownerid@odata.bind": None})
    assert (refused.status_code, org.code(refused)) == (400, "0x80040215")
    missing = "/teams(00000000-0000-4000-8000-000000000009)"
    assert org.ask("PATCH", f"accounts({row_id})", {"ownerid@odata.bind": missing}).status_code == 404


def cards(org, assign):
    name = {"@odata.type": f"{CRM}StringAttributeMetadata", "SchemaName": "gp365_name", "IsPrimaryName": True}
    org.customize("POST", "EntityDefinitions", {"SchemaName": "gp365_Card", "Attributes": [name]})
    body = {
        "@odata.type": f"{CRM}OneToManyRelationshipMetadata",
        "SchemaName": "gp365_account_card",
        "ReferencedEntity": "account",
        "ReferencingEntity": "gp365_card",
        "CascadeConfiguration": {"Assign": assign, "Delete": "Cascade"},
        "Lookup": {"SchemaName": "gp365_AccountId", "DisplayName": label("Account")},
    }
    org.customize("POST", "RelationshipDefinitions", body)


@pytest.mark.parametrize(("assign", "goes_along"), [("Cascade", True), ("NoCascade", False)])
def test_the_cards_of_an_assigned_account_go_along_when_their_relationship_is_parental(
    org, assign, goes_along
):
    cards(org, assign)
    definition = org.read("RelationshipDefinitions(SchemaName='gp365_account_card')")
    assert definition["CascadeConfiguration"]["Assign"] == assign
    account = org.create("accounts", name="A")
    bind = {"gp365_AccountId@odata.bind": f"/accounts({account})"}
    card = org.create("gp365_cards", gp365_name="C", **bind)
    before = org.row("gp365_cards", card)["versionnumber"]
    org.ask("PATCH", f"accounts({account})", team(EAST))
    row = org.row("gp365_cards", card)
    assert (row["_ownerid_value"] == EAST) is goes_along
    assert (row["versionnumber"] > before) is goes_along
    if goes_along:
        assert owner_of(org, card, "gp365_cards") == (EAST, None, EAST, EAST_UNIT)


def test_contacts_and_branches_go_along_with_an_assigned_account(org):
    parent = org.create("accounts", name="P")
    branch = org.create("accounts", name="B", **{"parentaccountid@odata.bind": f"/accounts({parent})"})
    person = org.create(
        "contacts", lastname="L", **{"parentcustomerid_account@odata.bind": f"/accounts({branch})"}
    )
    org.ask("PATCH", f"accounts({parent})", team(EAST))
    assert owner_of(org, branch)[0] == owner_of(org, person, "contacts")[0] == EAST
    org.ask("PATCH", f"accounts({branch})", team(MIDWEST))
    assert owner_of(org, parent)[0] == EAST and owner_of(org, person, "contacts")[0] == MIDWEST


def test_a_user_assigns_at_the_door_and_the_delta_shows_it(org):
    row_id = org.create("accounts", name="A")
    track = {"Prefer": "odata.track-changes"}
    link = org.read("accounts?$select=name,_ownerid_value", headers=track)["@odata.deltaLink"]
    org.door("PUT", f"rows/accounts/{row_id}", {"_ownerid_value": EAST})
    assert [(row["accountid"], row["_ownerid_value"]) for row in org.values(link)] == [(row_id, EAST)]


def test_an_account_stands_in_a_territory(org):
    row_id = org.create("accounts", name="A", **{"territoryid@odata.bind": f"/territories({TERRITORY_1})"})
    row = org.read(f"accounts({row_id})?$select=name&$expand=territoryid($select=name)")
    assert row["territoryid"]["name"] == "TERRITORY 1"
    found = org.values("accounts?$select=name&$filter=territoryid/name eq 'TERRITORY 1'")
    assert [each["accountid"] for each in found] == [row_id]
