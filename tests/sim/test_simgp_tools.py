"""What a consultant does with the tools beside GP: combining, renumbering in chains, restoring, filtering, two companies."""

import pytest
from simgp_desk import desk, key

from gp365_sim.gp.app import Manner
from gp365_sim.gp.company import Identity
from gp365_sim.gp.refusals import Refusal
from gp365_sim.gp.rename import renumber
from gp365_sim.samples import fabrikam

TEST = Identity("Fabrikam Test", "TEST", 5)
TEST_PATH = "/GPService/Tenants(DefaultTenant)/Companies(Fabrikam%20Test)"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with desk(tmp_path_factory.mktemp("gp"), Manner(), more_companies=[TEST]) as opened:
        yield opened


@pytest.fixture(autouse=True)
def as_sampled(site):
    site.door("POST", "reset")


def post(site, path, **order):
    answer = site.door("POST", path, order)
    assert answer.status_code == 200, answer.text
    return answer.json()


def shown(site, path):
    return {row["CustomerNumber"]: row for row in site.read(path)}


# --- combining and renumbering ---------------------------------------------------------------------------------------


def test_a_combined_customer_vanishes_and_the_other_keeps_its_card_and_note(site):
    before = site.row("RM00101", "ADAMPARK0001")
    post(site, "combine", **{"from": "aaronfit0001", "into": "ADAMPARK0001"})
    after = site.row("RM00101", "ADAMPARK0001")
    assert site.row("RM00101", "AARONFIT0001") is None
    assert {**after, "DEX_ROW_TS": ""} == {**before, "DEX_ROW_TS": ""}
    assert after["DEX_ROW_TS"] > before["DEX_ROW_TS"]
    assert "AARONFIT0001" not in shown(site, "Sales/Customers.json")


def test_addresses_go_over_where_their_code_is_free(site):
    primary = site.row("RM00102", "ADAMPARK0001;PRIMARY")
    post(site, "combine", **{"from": "AARONFIT0001", "into": "ADAMPARK0001"})
    codes = {
        row["ADRSCODE"]
        for row in site.door("GET", "rows/RM00102").json()["rows"]
        if row["CUSTNMBR"] == "ADAMPARK0001"
    }
    assert {"PRIMARY", "WAREHOUSE", "EAST BRANCH"} <= codes
    assert site.row("RM00102", "ADAMPARK0001;PRIMARY") == primary
    assert site.row("RM00102", "AARONFIT0001;WAREHOUSE") is None


def test_children_of_a_combined_corporate_customer_get_the_other_parent(site):
    post(site, "combine", **{"from": "NORTHERN0001", "into": "ADAMPARK0001"})
    assert site.row("RM00101", "MIDCITYH0001")["CPRCSTNM"] == "ADAMPARK0001"
    assert site.row("RM00101", "ATMORERE0001")["CPRCSTNM"] == "ADAMPARK0001"


@pytest.mark.parametrize(
    ("gone", "kept", "status"),
    [("NOBODY", "ADAMPARK0001", 404), ("ADAMPARK0001", "NOBODY", 404), ("ADAMPARK0001", "adampark0001", 400)],
)
def test_only_two_known_customers_are_combined(site, gone, kept, status):
    assert site.door("POST", "combine", {"from": gone, "into": kept}).status_code == status
    assert site.row("RM00101", "ADAMPARK0001") is not None
    assert site.door("POST", "combine", {"from": gone}).status_code == 400


def test_two_customers_swap_their_numbers_by_way_of_a_third(site):
    first, second = (site.row("RM00101", number)["NOTEINDX"] for number in ("ASTORSUI0001", "PLAZAONE0001"))
    for old, new in (("ASTORSUI0001", "TEMP"), ("PLAZAONE0001", "ASTORSUI0001"), ("TEMP", "PLAZAONE0001")):
        post(site, "renumber", **{"from": old, "to": new})
    assert site.row("RM00101", "ASTORSUI0001")["NOTEINDX"] == second
    assert site.row("RM00101", "PLAZAONE0001")["NOTEINDX"] == first
    assert site.row("RM00101", "TEMP") is None
    assert site.row("RM00102", "PLAZAONE0001;PRIMARY")["CITY"] == "Chicago"


def test_a_chain_of_new_numbers_is_worked_from_its_end(site):
    assert site.door("POST", "renumber", {"from": "ASTORSUI0001", "to": "PLAZAONE0001"}).status_code == 409
    post(site, "renumber", **{"from": "PLAZAONE0001", "to": "PLAZATWO0001"})
    post(site, "renumber", **{"from": "ASTORSUI0001", "to": "PLAZAONE0001"})
    names = {number: row["CustomerName"] for number, row in shown(site, "Sales/Customers.json").items()}
    assert (names["PLAZATWO0001"], names["PLAZAONE0001"]) == ("Plaza One", "Astor Suites")
    assert "ASTORSUI0001" not in names


# --- restoring -------------------------------------------------------------------------------------------------------


def test_a_restored_company_is_as_it_was_and_draws_the_same_notes_again(site):
    before = site.door("GET", "rows/RM00101").json()["rows"]
    post(site, "snapshot", name="evening")
    site.door("PUT", "rows/RM00101/LATE", {"CUSTNAME": "Late"})
    note = site.row("RM00101", "LATE")["NOTEINDX"]
    site.door("PUT", "rows/RM00101/ADAMPARK0001", {"CUSTNAME": "Other"})
    site.door("DELETE", "rows/RM00101/COHOWINE0001")
    post(site, "restore", snapshot="evening")
    assert site.door("GET", "rows/RM00101").json()["rows"] == before
    site.door("PUT", "rows/RM00101/ANOTHER", {"CUSTNAME": "Another"})
    assert site.row("RM00101", "ANOTHER")["NOTEINDX"] == note


def test_the_clock_does_not_go_back_with_a_restore(site):
    post(site, "snapshot", name="evening")
    site.door("POST", "clock", {"advance_s": 86400})
    now = site.door("GET", "clock").json()["now"]
    post(site, "restore", snapshot="evening")
    assert site.door("GET", "clock").json()["now"] >= now


def test_live_restored_over_test_stands_under_the_test_companys_name(site):
    assert site.read(f"{TEST_PATH}/Sales/Customers.json") == []
    post(site, "restore", over="TEST")
    assert site.read(f"{TEST_PATH}/Sales/Customers.json") == site.read("Sales/Customers.json")
    listed = site.door("GET", "companies").json()["companies"]
    assert {"name": "Fabrikam Test", "interid": "TEST", "number": 5} in listed
    site.door("PUT", "companies/TEST/rows/RM00101/ADAMPARK0001", {"CUSTNAME": "Only there"})
    assert site.row("RM00101", "ADAMPARK0001")["CUSTNAME"] == "Adam Park Resort"


def test_an_unknown_backup_or_company_changes_nothing(site):
    before = site.door("GET", "rows/RM00101").json()
    for order in ({"snapshot": "none"}, {"over": "NONE"}, {}):
        assert site.door("POST", "restore", order).status_code == 400
    assert site.door("GET", "rows/RM00101").json() == before


# --- role filters ----------------------------------------------------------------------------------------------------


def test_a_hidden_customer_is_neither_listed_nor_found_but_its_number_is_taken(site):
    post(site, "hide", table="RM00101", where={"CUSTCLAS": "canada"})
    assert not {"CENTRALC0001", "VANCOUVE0001"} & set(shown(site, "Sales/Customers.json"))
    where = "Sales/Customers" + key("VANCOUVE0001")
    assert site.ask("GET", where + ".json").status_code == 404
    assert (
        site.ask("PATCH", where, {"CustomerNumber": "VANCOUVE0001", "CustomerName": "X"}).status_code == 404
    )
    assert site.ask("DELETE", where).status_code == 404
    taken = site.ask("POST", "Sales/Customers", {"CustomerNumber": "VANCOUVE0001", "CustomerName": "X"})
    assert taken.status_code == 409
    assert site.row("RM00101", "VANCOUVE0001")["CUSTNAME"] == "Vancouver Resort Hotels"
    assert "VANCOUVE0001" not in shown(site, "Sales/CustomerAddresses.json")


def test_a_filter_is_lifted_and_everything_is_there_again(site):
    post(site, "hide", table="RM00101", where={"CUSTNMBR": "ADAMPARK0001"})
    assert site.ask("GET", "Sales/Customers" + key("ADAMPARK0001") + ".json").status_code == 404
    assert site.door("DELETE", "security").json() == {"filters": [], "columns": {}}
    assert site.ask("GET", "Sales/Customers" + key("ADAMPARK0001") + ".json").status_code == 200


def test_a_hidden_field_is_in_no_answer_and_cannot_be_written_nor_emptied(site):
    post(site, "secure", table="RM00101", columns=["CRLMTAMT", "CRLMTTYP"])
    assert all("CreditLimitAmount" not in row for row in site.read("Sales/Customers.json"))
    where = "Sales/Customers" + key("ADAMPARK0001")
    (card,) = site.read(where + ".json")
    own = ("NoteIndex", "CreatedDate", "ModifiedDate")
    body = {**{name: value for name, value in card.items() if name not in own}, "CustomerName": "Adam"}
    plain = {
        name: float(value) if not isinstance(value, str | int) else value for name, value in body.items()
    }
    assert site.ask("PATCH", where, plain).status_code == 200
    refused = site.ask("PATCH", where, {**plain, "CreditLimitAmount": 1})
    assert refused.status_code == 403
    row = site.row("RM00101", "ADAMPARK0001")
    assert (row["CUSTNAME"], row["CRLMTAMT"], row["CRLMTTYP"]) == ("Adam", "15000.00000", 2)


def test_a_filter_on_what_is_not_there_is_refused(site):
    assert site.door("POST", "hide", {"table": "RM00101", "where": {"NOPE": 1}}).status_code == 400
    assert site.door("POST", "hide", {"table": "NOPE"}).status_code == 400
    assert site.door("POST", "secure", {"table": "RM00101", "columns": ["CUSTNMBR"]}).status_code == 400


# --- open documents --------------------------------------------------------------------------------------------------


def test_a_customer_with_open_documents_is_not_made_inactive_but_can_be_held(site):
    post(site, "open_documents", customer="ADAMPARK0001", documents=["INV0001", "INV0002"])
    refused = site.door("PUT", "rows/RM00101/ADAMPARK0001", {"INACTIVE": 1})
    assert refused.status_code == 400
    assert "INV0001, INV0002" in refused.json()["message"] and refused.json()["field"] == "INACTIVE"
    assert site.door("PUT", "rows/RM00101/ADAMPARK0001", {"HOLD": 1}).status_code == 200
    assert site.door("DELETE", "rows/RM00101/ADAMPARK0001").status_code == 400
    post(site, "open_documents", customer="ADAMPARK0001", documents=[])
    assert site.door("PUT", "rows/RM00101/ADAMPARK0001", {"INACTIVE": 1}).status_code == 200
    row = site.row("RM00101", "ADAMPARK0001")
    assert (row["HOLD"], row["INACTIVE"]) == (1, 1)


def test_the_service_refuses_to_inactivate_a_customer_with_open_documents(site):
    post(site, "open_documents", customer="ADAMPARK0001", documents=["INV0001"])
    where = "Sales/Customers" + key("ADAMPARK0001")
    (card,) = site.read(where + ".json")
    own = ("NoteIndex", "CreatedDate", "ModifiedDate")
    body = {
        name: value if isinstance(value, str | int) else float(value)
        for name, value in card.items()
        if name not in own
    }
    refused = site.ask("PATCH", where, {**body, "Inactive": 1})
    assert (refused.status_code, refused.json()["Field"]) == (400, "Inactive")
    assert site.ask("PATCH", where, {**body, "Hold": 1}).status_code == 200
    row = site.row("RM00101", "ADAMPARK0001")
    assert (row["INACTIVE"], row["HOLD"]) == (0, 1)


def test_open_documents_go_with_a_renumbered_or_combined_customer(site):
    post(site, "open_documents", customer="ADAMPARK0001", documents=["INV0001"])
    post(site, "renumber", **{"from": "ADAMPARK0001", "to": "ADAM"})
    post(site, "open_documents", customer="PLAZAONE0001", documents=["INV0002"])
    post(site, "combine", **{"from": "ADAM", "into": "PLAZAONE0001"})
    held = site.door("GET", "open_documents").json()["open_documents"]
    assert held == {"PLAZAONE0001": ["INV0002", "INV0001"]}


def test_a_number_that_does_not_fit_is_refused_before_anything_moves(site):
    with pytest.raises(Refusal):
        renumber(site.company, "ADAMPARK0001", "A" * 16)
    assert site.row("RM00101", "ADAMPARK0001") is not None
    assert len(list(fabrikam().customers())) == len(site.door("GET", "rows/RM00101").json()["rows"])
