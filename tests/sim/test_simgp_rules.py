"""The rules that GP's windows apply when a customer, an address, a class or terms are saved or deleted."""

import pytest
from simgp_desk import desk

from gp365_sim.gp.app import Manner

CUSTOMER = {
    "CustomerNumber": "NEWCUSTO0001",
    "CustomerName": "New Customer",
    "CustomerClass": "USA-ILMO-T1",
    "PaymentTermsID": "Net 30",
    "AddressCode": "MAIN",
    "Address1": "1 Main Street",
    "City": "Chicago",
    "Phone1": "31255501990000",
    "PrimaryBilltoAddressCode": "MAIN",
    "CreditLimitType": 2,
    "CreditLimitAmount": 1500.5,
}


@pytest.fixture(scope="module", params=["replace", "merge"])
def site(request, tmp_path_factory):
    with desk(tmp_path_factory.mktemp("gp"), Manner(patch=request.param)) as opened:
        opened.patch = request.param
        yield opened


@pytest.fixture(autouse=True)
def as_sampled(site):
    site.door("POST", "reset")


def create(site, **changes):
    return site.ask("POST", "Sales/Customers", {**CUSTOMER, **changes})


def change(site, number, **changes):
    """Read, merge, send: right under either way of taking a PATCH."""
    whole = site.read(f"Sales/Customers({number}).json")[0]
    whole = {
        name: value for name, value in whole.items() if not name.endswith("Amount") and "Dollar" not in name
    }
    return site.ask("PATCH", f"Sales/Customers({number})", {**_plain(whole), **changes})


def change_address(site, number, code, **changes):
    whole = site.read(f"Sales/CustomerAddresses({number};{code}).json")[0]
    return site.ask("PATCH", f"Sales/CustomerAddresses({number};{code})", {**_plain(whole), **changes})


def _plain(row):
    return {name: value for name, value in row.items() if name not in ("NoteIndex",)}


def refused(answer, words, status=400):
    assert answer.status_code == status, answer.text
    assert words in answer.json()["Message"]


def test_a_new_customer_brings_the_address_of_its_code_along(site):
    assert create(site).status_code == 201
    customer, address = site.row("RM00101", "NEWCUSTO0001"), site.row("RM00102", "NEWCUSTO0001;MAIN")
    for row in (customer, address):
        assert (row["ADDRESS1"], row["CITY"], row["PHONE1"]) == ("1 Main Street", "Chicago", "31255501990000")
    assert (customer["CRLMTTYP"], customer["CRLMTAMT"]) == (2, "1500.50000")


def test_a_new_customer_gets_no_defaults_from_its_class(site):
    create(site, CustomerClass="USA-LARGE")
    template, row = site.row("RM00201", "USA-LARGE"), site.row("RM00101", "NEWCUSTO0001")
    assert template["TAXSCHID"] and row["TAXSCHID"] == "" and row["KPTRXHST"] == 0


def test_a_name_that_is_typed_fills_statement_name_and_short_name(site):
    create(site, CustomerName="A Rather Long Firm Name")
    row = site.row("RM00101", "NEWCUSTO0001")
    assert (row["STMTNAME"], row["SHRTNAME"]) == ("A Rather Long Firm Name", "A Rather Long F")


def test_a_customer_without_address_code_has_no_address(site):
    bare = {"CustomerNumber": "BARE", "CustomerName": "Bare"}
    assert site.ask("POST", "Sales/Customers", bare).status_code == 201
    assert not [row for row in site.door("GET", "rows/RM00102").json()["rows"] if row["CUSTNMBR"] == "BARE"]


@pytest.mark.parametrize(
    ("changes", "words", "status"),
    [
        ({"CustomerNumber": ""}, "CustomerNumber: is required", 400),
        ({"CustomerNumber": "aaronfit0001  "}, "exists already", 409),
        ({"CustomerNumber": "ABCDEFGHIJKLMNOP"}, "16 characters long, 15 are allowed", 400),
        ({"CustomerName": " "}, "CustomerName: is required", 400),
        ({"CustomerName": "x" * 65}, "64 are allowed", 400),
        ({"State": "x" * 30}, "29 are allowed", 400),
        ({"CustomerName": "日本"}, "U+65E5 is not in code page 1252", 400),
        ({"Address2": "two\nlines"}, "control character", 400),
        ({"CustomerClass": "NOCLASS"}, "Customer class NOCLASS does not exist", 400),
        ({"PaymentTermsID": "Net 31"}, "Payment terms Net 31 does not exist", 400),
        ({"CreditLimitType": 3}, "CreditLimitType: must be 0", 400),
        ({"CreditLimitAmount": -1}, "CreditLimitAmount: must not be negative", 400),
        ({"CreditLimitAmount": "1500"}, "must be a number", 400),
        ({"CreditLimitAmount": None}, "must be a number", 400),
        ({"Hold": 256}, "between 0 and 255", 400),
        ({"Hold": True}, "whole number", 400),
        ({"CustomerName": 7}, "must be text", 400),
        ({"FirstInvoiceDate": "2026-01-02T10:00:00"}, "without a time", 400),
        ({"FirstInvoiceDate": "yesterday"}, "is not a date", 400),
        (
            {"PrimaryShiptoAddressCode": "DOCK"},
            "PrimaryShiptoAddressCode: the customer has no address DOCK",
            400,
        ),
        (
            {"AddressCode": "", "PrimaryBilltoAddressCode": ""},
            "AddressCode: is required with an address",
            400,
        ),
        ({"CorporateCustomerNumber": "NOBODY"}, "corporate customer NOBODY does not exist", 400),
        ({"CorporateCustomerNumber": "MIDCITYH0001"}, "is itself a child", 400),
    ],
)
def test_a_card_that_breaks_a_rule_is_refused_and_nothing_is_written(site, changes, words, status):
    before = site.door("GET", "rows/RM00101").json(), site.door("GET", "rows/RM00102").json()
    refused(create(site, **changes), words, status)
    assert (site.door("GET", "rows/RM00101").json(), site.door("GET", "rows/RM00102").json()) == before


def test_ids_are_capitals_and_terms_are_not(site):
    create(
        site,
        CustomerNumber="newcusto0001",
        AddressCode="main",
        CustomerClass="usa-ilmo-t1",
        PaymentTermsID="net 30",
    )
    row = site.row("RM00101", "newCUSTO0001")
    assert (row["CUSTNMBR"], row["ADRSCODE"], row["CUSTCLAS"]) == ("NEWCUSTO0001", "MAIN", "USA-ILMO-T1")
    assert row["PYMTRMID"] == "net 30"


def test_an_address_changed_on_the_card_changes_the_address_of_its_code(site):
    create(site)
    assert change(site, "NEWCUSTO0001", Address1="2 Side Street").status_code == 200
    assert site.row("RM00101", "NEWCUSTO0001")["ADDRESS1"] == "2 Side Street"
    assert site.row("RM00102", "NEWCUSTO0001;MAIN")["ADDRESS1"] == "2 Side Street"


def test_an_address_changed_in_its_own_window_leaves_the_copy_on_the_card(site):
    create(site)
    assert change_address(site, "NEWCUSTO0001", "MAIN", Address1="3 Back Street").status_code == 200
    assert site.row("RM00102", "NEWCUSTO0001;MAIN")["ADDRESS1"] == "3 Back Street"
    assert site.row("RM00101", "NEWCUSTO0001")["ADDRESS1"] == "1 Main Street"


def test_fields_left_out_of_a_change_are_emptied_or_kept_as_the_installation_does(site):
    create(site)
    short = {"CustomerNumber": "NEWCUSTO0001", "CustomerName": "Renamed"}
    assert site.ask("PATCH", "Sales/Customers(NEWCUSTO0001)", short).status_code == 200
    row = site.row("RM00101", "NEWCUSTO0001")
    kept = site.patch == "merge"
    assert row["CUSTNAME"] == "Renamed" and row["NOTEINDX"] != "0.00000"
    assert row["PYMTRMID"] == ("Net 30" if kept else "")
    assert row["CRLMTAMT"] == ("1500.50000" if kept else "0.00000")
    assert row["ADRSCODE"] == ("MAIN" if kept else "")
    assert site.row("RM00102", "NEWCUSTO0001;MAIN")["ADDRESS1"] == "1 Main Street"


def test_an_emptied_name_is_refused_where_left_out_means_empty(site):
    answer = site.ask("PATCH", "Sales/Customers(AARONFIT0001)", {"CustomerNumber": "AARONFIT0001", "Hold": 1})
    assert answer.status_code == (200 if site.patch == "merge" else 400)
    assert site.row("RM00101", "AARONFIT0001")["HOLD"] == (1 if site.patch == "merge" else 0)


def test_another_address_code_brings_that_address_onto_the_card(site):
    before = site.row("RM00102", "AARONFIT0001;WAREHOUSE")
    site.door("PUT", "rows/RM00101/AARONFIT0001", {"ADRSCODE": "WAREHOUSE"})
    row = site.row("RM00101", "AARONFIT0001")
    assert (row["ADRSCODE"], row["ADDRESS1"]) == ("WAREHOUSE", "3555 Archer Avenue")
    assert site.row("RM00102", "AARONFIT0001;WAREHOUSE")["ADDRESS1"] == before["ADDRESS1"]


def test_an_address_needs_its_customer_and_a_code_of_its_own(site):
    def new(**changes):
        payload = {"CustomerNumber": "AARONFIT0001", "AddressCode": "DOCK 9", "City": "Joliet", **changes}
        return site.ask("POST", "Sales/CustomerAddresses", payload)

    refused(new(CustomerNumber="NOBODY"), "Customer NOBODY does not exist")
    refused(new(AddressCode="warehouse"), "exists already", 409)
    refused(new(AddressCode=""), "AddressCode: is required")
    assert new().status_code == 201
    assert site.row("RM00102", "AARONFIT0001;DOCK 9")["CITY"] == "Joliet"
    assert change(site, "AARONFIT0001", PrimaryShiptoAddressCode="dock 9").status_code == 200
    refused(
        site.ask("DELETE", "Sales/CustomerAddresses(AARONFIT0001;DOCK%209).json"),
        "uses this address as its PRSTADCD",
    )


def test_an_address_in_no_role_can_be_deleted(site):
    site.ask("POST", "Sales/CustomerAddresses", {"CustomerNumber": "AARONFIT0001", "AddressCode": "SPARE"})
    assert site.ask("DELETE", "Sales/CustomerAddresses(AARONFIT0001;SPARE)").status_code == 204
    assert site.row("RM00102", "AARONFIT0001;SPARE") is None


def test_a_deleted_customer_takes_its_addresses_along(site):
    create(site)
    assert site.ask("DELETE", "Sales/Customers(NEWCUSTO0001)").status_code == 204
    assert site.row("RM00101", "NEWCUSTO0001") is None and site.row("RM00102", "NEWCUSTO0001;MAIN") is None


def test_a_corporate_customer_with_children_is_not_deleted(site):
    refused(site.ask("DELETE", "Sales/Customers(NORTHERN0001).json"), "corporate customer of")
    assert site.row("RM00101", "NORTHERN0001") is not None


def test_national_accounts_stay_one_level_deep(site):
    refused(change(site, "NORTHERN0001", CorporateCustomerNumber="AARONFIT0001"), "has children of its own")
    assert change(site, "AARONFIT0001", CorporateCustomerNumber="NORTHERN0001").status_code == 200
    assert site.row("RM00101", "AARONFIT0001")["CPRCSTNM"] == "NORTHERN0001"


def test_note_index_and_dates_sent_by_a_caller_are_ignored(site):
    before = site.row("RM00101", "AARONFIT0001")
    answer = change(
        site,
        "AARONFIT0001",
        NoteIndex=7,
        CreatedDate="1999-01-01T00:00:00",
        ModifiedDate="1999-01-01T00:00:00",
    )
    assert answer.status_code == 200
    after = site.row("RM00101", "AARONFIT0001")
    assert (after["NOTEINDX"], after["CREATDDT"]) == (before["NOTEINDX"], before["CREATDDT"])
    assert after["MODIFDT"] != "1999-01-01"
