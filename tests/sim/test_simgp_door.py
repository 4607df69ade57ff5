"""The control door of the GP simulator: rows by SQL name, edits as a GP user, faults that keep what was committed."""

import pytest
import requests
from simgp_desk import desk


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with desk(tmp_path_factory.mktemp("gp")) as opened:
        yield opened


@pytest.fixture(autouse=True)
def as_sampled(site):
    site.door("POST", "reset")


def test_rows_are_shown_by_sql_names_with_amounts_and_dates_as_text(site):
    row = site.row("RM00101", "AARONFIT0001")
    assert (row["CRLMTAMT"], row["CREATDDT"], row["CUSTNMBR"]) == (
        "50000.00000",
        "2015-01-01",
        "AARONFIT0001",
    )
    assert row["DEX_ROW_TS"].endswith("+00:00")
    assert len(row) == len(site.company["RM00101"].table.columns)
    for table in ("RM00102", "RM00201", "SY03300"):
        assert site.door("GET", f"rows/{table}").json()["rows"]


def test_a_row_put_under_a_new_key_is_created_and_under_a_known_one_changed(site):
    made = site.door("PUT", "rows/RM00101/fresh1", {"CUSTNAME": "Fresh", "CRLMTTYP": 2, "CRLMTAMT": "12.50"})
    assert made.status_code == 200 and made.json()["rows"][0]["CUSTNMBR"] == "FRESH1"
    changed = site.door("PUT", "rows/RM00101/FRESH1", {"CRLMTAMT": 13.25, "FRSTINDT": "2026-01-02"}).json()[
        "rows"
    ][0]
    assert (changed["CUSTNAME"], changed["CRLMTAMT"], changed["FRSTINDT"]) == (
        "Fresh",
        "13.25000",
        "2026-01-02",
    )


def test_addresses_classes_and_terms_are_put_and_deleted_the_same_way(site):
    assert site.door("PUT", "rows/RM00102/AARONFIT0001;dock 2", {"CITY": "Gary"}).status_code == 200
    assert site.row("RM00102", "aaronfit0001;DOCK 2")["CITY"] == "Gary"
    assert site.door("PUT", "rows/SY03300/Net 45", {"DUETYPE": 1, "DUEDTDS": 45}).status_code == 200
    assert site.door("PUT", "rows/RM00201/EXPORT", {"PYMTRMID": "Net 45"}).status_code == 200
    assert site.door("DELETE", "rows/RM00102/AARONFIT0001;DOCK 2").json()["rows"][0]["CITY"] == "Gary"
    assert site.row("RM00102", "AARONFIT0001;DOCK 2") is None
    assert {"Net 45"} <= {row["PaymentTermsID"] for row in site.read("Administration/PaymentTerms.json")}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "field"),
    [
        ("PUT", "rows/RM00101/AARONFIT0001", {"CUSTNAME": ""}, 400, "CUSTNAME"),
        ("PUT", "rows/RM00101/AARONFIT0001", {"CUSTNAME": "Ω"}, 400, "CUSTNAME"),
        ("PUT", "rows/RM00101/AARONFIT0001", {"CUSTNAEM": "x"}, 400, "CUSTNAEM"),
        ("PUT", "rows/RM00101/AARONFIT0001", {"CRLMTAMT": "much"}, 400, "CRLMTAMT"),
        ("PUT", "rows/RM00101/AARONFIT0001", {"CUSTNMBR": "OTHER"}, 400, "CUSTNMBR"),
        ("PUT", "rows/RM00101/AARONFIT0001", {"FRSTINDT": "2026-01-02T10:00:00"}, 400, "FRSTINDT"),
        ("PUT", "rows/RM00102/NOBODY;MAIN", {"CITY": "x"}, 400, "CUSTNMBR"),
        ("PUT", "rows/RM00201/EXPORT", {"PYMTRMID": "Net 99"}, 400, "PYMTRMID"),
        ("DELETE", "rows/RM00101/NOBODY", None, 404, ""),
        ("DELETE", "rows/RM00102/AARONFIT0001;PRIMARY", None, 400, "ADRSCODE"),
        ("DELETE", "rows/SY03300/Net 30", None, 400, "PYMTRMID"),
        ("DELETE", "rows/RM00201/USA-ILMO-T1", None, 400, "CUSTCLAS"),
    ],
)
def test_gp_refuses_a_user_at_the_door_as_it_would_at_a_window(site, method, path, body, status, field):
    answer = site.door(method, path, body)
    assert answer.status_code == status, answer.text
    assert answer.json()["field"] == field


def test_a_row_read_at_the_door_can_be_put_back_whole(site):
    row = site.row("RM00101", "AARONFIT0001")
    again = site.door("PUT", "rows/RM00101/AARONFIT0001", row)
    assert again.status_code == 200
    after = again.json()["rows"][0]
    assert {name for name in row if row[name] != after[name]} <= {"DEX_ROW_TS", "MODIFDT"}


def test_an_unknown_table_is_not_a_table_without_rows(site):
    assert site.door("GET", "rows/GL99999").status_code == 404
    assert site.door("PUT", "rows/GL99999/1", {}).status_code == 404
    assert site.door("PUT", "rows/GL00100/1", {}).status_code == 501


def test_reset_puts_rows_and_counters_back(site):
    before = site.door("GET", "rows/RM00101").json()["rows"]
    site.door("PUT", "rows/RM00101/X1", {"CUSTNAME": "X"})
    site.door("DELETE", "rows/RM00101/ADAMPARK0001")
    site.door("POST", "reset")
    after = site.door("GET", "rows/RM00101").json()["rows"]
    assert [{**row, "DEX_ROW_TS": ""} for row in after] == [{**row, "DEX_ROW_TS": ""} for row in before]


def test_a_customer_is_renumbered_at_the_door(site):
    note = site.row("RM00101", "PLAZAONE0001")["NOTEINDX"]
    done = site.door("POST", "renumber", {"from": "PLAZAONE0001", "to": "PLAZATWO0001"})
    assert done.json()["rows"][0]["NOTEINDX"] == note
    assert site.row("RM00102", "PLAZATWO0001;PRIMARY") and site.row("RM00102", "PLAZAONE0001;PRIMARY") is None
    assert site.door("POST", "renumber", {"from": "NOBODY", "to": "X"}).status_code == 404
    assert site.door("POST", "renumber", {"from": "ASTORSUI0001", "to": "plazatwo0001"}).status_code == 409
    assert site.door("POST", "renumber", {"from": "ASTORSUI0001", "to": " "}).status_code == 400
    assert site.door("POST", "renumber", {"from": "ASTORSUI0001"}).status_code == 400


def test_requests_are_recorded_with_their_rows_and_the_door_is_not(site):
    after = site.door("GET", "requests").json()["last"]
    site.ask("GET", "Sales/CustomerAddresses.json")
    site.ask("GET", "Sales/Customers(NOBODY).json")
    found = site.door("GET", f"requests?after={after}").json()["requests"]
    assert [(each["method"], each["status"], each["rows"]) for each in found] == [
        ("GET", 200, len(site.door("GET", "rows/RM00102").json()["rows"])),
        ("GET", 404, 0),
    ]


def test_a_create_whose_answer_is_lost_is_in_gp_all_the_same(site):
    site.door(
        "POST",
        "faults",
        [{"method": "POST", "path": ".*Customers", "nth": 1, "times": 1, "do": "lost_reply"}],
    )
    payload = {"CustomerNumber": "LOST1", "CustomerName": "Lost"}
    with pytest.raises(requests.exceptions.ConnectionError):
        site.ask("POST", "Sales/Customers", payload)
    assert site.row("RM00101", "LOST1")["CUSTNAME"] == "Lost"
    assert site.ask("POST", "Sales/Customers", payload).status_code == 409


def test_a_slow_first_call_answers_in_the_end(site):
    site.door(
        "POST",
        "faults",
        [{"method": "GET", "path": ".*", "nth": 1, "times": 1, "do": "slow", "seconds": 0.3}],
    )
    answer = site.ask("GET", "Sales/Classes.json")
    assert answer.status_code == 200 and answer.elapsed.total_seconds() >= 0.3
