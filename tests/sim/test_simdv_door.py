"""The control door of the simulated organisation: rows as they are stored, edits as a person's."""

import pytest
from simdv_desk import new_id, organisation


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with organisation(tmp_path_factory.mktemp("dv")) as opened:
        yield opened


@pytest.fixture(autouse=True)
def as_sampled(org):
    org.door("POST", "reset")


def test_a_person_edits_a_row_and_the_row_says_so(org):
    row_id = org.rows("accounts")[0]["accountid"]
    before = org.row("accounts", row_id)
    org.clock.advance(60)
    edited = org.door("PUT", f"rows/accounts/{row_id}", {"telephone1": "555", "creditlimit": "12.50"}).json()[
        "rows"
    ][0]
    assert (edited["telephone1"], edited["creditlimit"]) == ("555", "12.50")
    assert edited["versionnumber"] > before["versionnumber"]
    assert edited["modifiedon"] > before["modifiedon"]
    person = org.row("systemusers", edited["_modifiedby_value"])
    assert person["fullname"] == "Sam Seller"


def test_a_person_makes_and_deletes_a_row(org):
    row_id, contact = new_id(), org.rows("contacts")[0]["contactid"]
    values = {"name": "Walk-in Ltd", "_primarycontactid_value": contact, "statecode": 1}
    made = org.door("PUT", f"rows/accounts/{row_id}", values).json()["rows"][0]
    assert (made["_primarycontactid_value"], made["statecode"], made["statuscode"]) == (contact, 1, 2)
    gone = org.door("DELETE", f"rows/accounts/{row_id}")
    assert gone.json()["rows"][0]["name"] == "Walk-in Ltd"
    assert org.row("accounts", row_id) is None


def test_a_link_of_several_kinds_finds_its_table(org):
    account, contact = org.rows("accounts")[0]["accountid"], org.rows("contacts")[0]["contactid"]
    row_id = new_id()
    for target in (account, contact):
        answer = org.door(
            "PUT", f"rows/contacts/{row_id}", {"lastname": "x", "_parentcustomerid_value": target}
        )
        assert answer.json()["rows"][0]["_parentcustomerid_value"] == target
    cleared = org.door("PUT", f"rows/contacts/{row_id}", {"_parentcustomerid_value": None}).json()["rows"][0]
    assert "_parentcustomerid_value" not in cleared


def test_the_rules_of_the_organisation_hold_at_the_door_too(org):
    row_id = org.rows("accounts")[0]["accountid"]
    before = org.row("accounts", row_id)
    for values, status, code in (
        ({"name": "x" * 161}, 400, "0x80044331"),
        ({"nonsense": 1}, 400, "0x80048d19"),
        ({"_primarycontactid_value": new_id()}, 404, "0x80040217"),
    ):
        answer = org.door("PUT", f"rows/accounts/{row_id}", values)
        assert (answer.status_code, org.code(answer)) == (status, code)
    assert org.row("accounts", row_id) == before
    assert org.door("DELETE", f"rows/accounts/{new_id()}").status_code == 404
    assert org.door("GET", "rows/nonsense").status_code == 404
    assert org.door("GET", "rows/accounts/nonsense").status_code == 400


def test_an_edit_at_the_door_shows_in_the_delta(org):
    org.track("account")
    first = org.read("accounts?$select=name", headers={"Prefer": "odata.track-changes"})
    row_id = first["value"][3]["accountid"]
    org.door("PUT", f"rows/accounts/{row_id}", {"name": "edited by a person"})
    changed = org.read(first["@odata.deltaLink"])["value"]
    assert [(r["accountid"], r["name"]) for r in changed] == [(row_id, "edited by a person")]


def test_a_reset_brings_the_samples_back(org):
    def shape():
        return {r["accountid"]: r["name"] for r in org.rows("accounts")}

    before = shape()
    org.door("DELETE", f"rows/accounts/{next(iter(before))}")
    org.create("accounts", name="new")
    assert sorted(shape().values()) != sorted(before.values())
    org.door("POST", "reset")
    assert shape() == before


def test_the_door_does_not_count_as_a_request(org):
    last = org.door("GET", "requests").json()["last"]
    org.door("GET", "rows/accounts")
    org.ask("GET", "accounts?$select=name&$top=3")
    seen = org.door("GET", f"requests?after={last}").json()["requests"]
    assert [(r["path"], r["rows"], r["status"]) for r in seen] == [("/api/data/v9.2/accounts", 3, 200)]
