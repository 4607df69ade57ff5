"""Customers and addresses written through GP Web Services: only what changes is sent, nobody is overwritten."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from decimal import Decimal
from typing import Any

import pytest
from gp_place import CLERK, update_of
from gp_soap_place import SoapPlace, soap_place

from gp365.model.errors import Unauthorised
from gp365.model.record import Op, Outcome, Status, Write
from gp365.model.values import Value

NEW: Mapping[str, Value] = {
    "CustomerName": "Written & <Sons>",
    "CreditLimitType": 2,
    "CreditLimitAmount": Decimal("1250.5"),
    "SalesTerritory": "TERRITORY 1",
    "BillTo.Address1": "1 Equal Street",
    "BillTo.City": "Chicago",
    "BillTo.Phone1": "31255501020000",
    "BillTo.Email": "bill@written.example",
    "ShipTo.City": "Gary",
    "ShipTo.Email": "dock@written.example",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[SoapPlace]:
    with soap_place(tmp_path_factory.mktemp("gp")) as found:
        yield found


@pytest.fixture
def here(served: SoapPlace) -> Generator[SoapPlace]:
    served.soap.faults.clear()
    yield served
    served.soap.service.rights.clear()
    served.system.places["TWO"].security.clear()


def _code(outcome: Outcome) -> str:
    return outcome.error.code if outcome.error is not None else ""


def _kept(here: SoapPlace, table: str, *key: str) -> dict[str, Any]:
    row = here.system.world.company.find(table, *key)
    assert row is not None
    return {name: value.rstrip() if isinstance(value, str) else value for name, value in row.items()}


def test_a_customer_is_created_with_its_addresses_in_one_call(here: SoapPlace) -> None:
    before = here.last
    made = here.create("SOAP01", NEW)
    assert (made.status, made.error, made.key) == (Status.DONE, None, ("SOAP01",))
    assert made.stored == dict(NEW)
    row = _kept(here, "RM00101", "SOAP01")
    assert (row["CUSTNAME"], row["CRLMTTYP"], row["CRLMTAMT"]) == (NEW["CustomerName"], 2, Decimal("1250.5"))
    assert (row["PRBTADCD"], row["PRSTADCD"], row["STADDRCD"]) == ("PRIMARY", "SHIPTO", "PRIMARY")
    assert _kept(here, "RM00102", "SOAP01", "PRIMARY")["PHONE1"] == "31255501020000"
    assert _kept(here, "RM00102", "SOAP01", "SHIPTO")["SALSTERR"] == "TERRITORY 1"
    assert _kept(here, "SY01200", "CUS", "SOAP01", "SHIPTO")["INET1"] == "dock@written.example"
    asked = [each for each in here.asked(before) if not each.startswith("GetPolicy")]
    assert asked[-3:] == ["GetCustomerList", "CreateCustomer", "GetCustomerByKey"]
    assert set(asked[:-3]) <= {"GetCompanyList", "GetCurrencyList"}


def test_an_edit_changes_only_what_it_names_and_leaves_the_rest_of_the_card(here: SoapPlace) -> None:
    here.create("SOAP02", NEW)
    here.save("RM00101", "SOAP02", {"COMMENT2": "by hand", "FRSTINDT": "2020-02-02", "Post_Results_To": 1})
    before = _kept(here, "RM00101", "SOAP02")
    outcome = here.edit("SOAP02", {"Comment1": "by us", "Hold": True})
    assert (outcome.status, outcome.error) == (Status.DONE, None) and outcome.window_ms is not None
    after = _kept(here, "RM00101", "SOAP02")
    changed = {name for name in after if after[name] != before[name]} - {"DEX_ROW_TS", "MODIFDT"}
    assert changed == {"COMMENT1", "HOLD"}


def test_a_credit_limit_is_sent_as_one_choice(here: SoapPlace) -> None:
    here.create("SOAP03", {"CustomerName": "Credit"})
    steps: list[tuple[dict[str, Value], int, str]] = [
        ({"CreditLimitType": 2, "CreditLimitAmount": Decimal("99.99")}, 2, "99.99"),
        ({"CreditLimitAmount": Decimal("120")}, 2, "120"),
        ({"CreditLimitPeriod": 30}, 2, "120"),
        ({"CreditLimitType": 1}, 1, "0"),
        ({"CreditLimitType": 0}, 0, "0"),
    ]
    for values, kind, money in steps:
        assert here.edit("SOAP03", values).status is Status.DONE
        row = _kept(here, "RM00101", "SOAP03")
        assert (row["CRLMTTYP"], row["CRLMTAMT"]) == (kind, Decimal(money)), values
    assert _kept(here, "RM00101", "SOAP03")["CRLMTPER"] == 30


def test_addresses_are_edited_inside_the_customer(here: SoapPlace) -> None:
    here.create("SOAP04", NEW)
    before = here.last
    edit: dict[str, Value] = {"BillTo.City": "Joliet", "ShipTo.City": "Hammond", "ShipTo.Email": None}
    outcome = here.edit("SOAP04", edit)
    assert (outcome.status, outcome.error) == (Status.DONE, None)
    assert _kept(here, "RM00102", "SOAP04", "PRIMARY")["CITY"] == "Joliet"
    assert _kept(here, "RM00101", "SOAP04")["CITY"] == "Joliet"
    assert _kept(here, "RM00102", "SOAP04", "SHIPTO")["CITY"] == "Hammond"
    assert _kept(here, "SY01200", "CUS", "SOAP04", "SHIPTO")["INET1"] == ""
    assert [each for each in here.asked(before) if each.startswith(("Create", "Update"))] == [
        "UpdateCustomer"
    ]


def test_a_ship_to_that_other_roles_use_gets_an_address_of_its_own(here: SoapPlace) -> None:
    here.create("SOAP05", {"CustomerName": "One address", "BillTo.City": "Chicago"})
    outcome = here.edit("SOAP05", {"ShipTo.City": "Gary", "ShipTo.Address1": "2 Dock Road"})
    assert (outcome.status, outcome.error) == (Status.DONE, None)
    row = _kept(here, "RM00101", "SOAP05")
    assert (row["PRSTADCD"], row["PRBTADCD"], row["CITY"]) == ("SHIPTO", "PRIMARY", "Chicago")
    assert here.edit("SOAP05", {"ShipTo.City": None, "ShipTo.Address1": None}).status is Status.DONE
    assert _kept(here, "RM00101", "SOAP05")["PRSTADCD"] == "PRIMARY"
    assert _kept(here, "RM00102", "SOAP05", "SHIPTO")["CITY"] == "Gary"


def test_an_address_is_written_by_itself(here: SoapPlace) -> None:
    here.create("SOAP06", {"CustomerName": "Addresses"})
    key, fields = ("SOAP06", "DEPOT"), ["City", "Zip", "ShippingMethod"]
    values: dict[str, Value] = {"City": "Gary", "Zip": "46401", "ShippingMethod": "LOCAL DELIVERY"}
    create = Write(Op.CREATE, key, values)
    [made] = here.connector.write("customer_address", [create])
    assert (made.status, made.error) == (Status.DONE, None)
    [again] = here.connector.write("customer_address", [create])
    assert again.status is Status.EXISTS
    record = here.connector.get("customer_address", [key], fields, fresh=True)[key]
    assert dict(record.values) == values
    [edited] = here.connector.write("customer_address", [update_of(record, {"City": "Hammond"})])
    [late] = here.connector.write("customer_address", [update_of(record, {"City": "Joliet"})])
    assert (edited.status, edited.error, late.status) == (Status.DONE, None, Status.MOVED)
    assert _kept(here, "RM00102", *key)["CITY"] == "Hammond"


def test_a_refusal_has_the_words_of_the_log_and_names_our_field(here: SoapPlace) -> None:
    cases: list[dict[str, Value]] = [
        {"PaymentTermsID": "NEVER HEARD"},
        {"CustomerClass": "NOPE"},
        {"CorporateCustomerNumber": "NOBODY"},
    ]
    for values in cases:
        outcome = here.create("REFUSE1", {"CustomerName": "Refused", "ShipTo.City": "Gary", **values})
        assert (outcome.status, _code(outcome)) == (Status.REJECTED, "rejected"), values
        assert outcome.error is not None and outcome.error.record == "REFUSE1"
        [(name, value)] = values.items()
        assert (outcome.error.field, outcome.error.value) == (name, value)
        assert str(value) in outcome.error.message
        assert here.system.world.company.find("RM00101", "REFUSE1") is None
        assert here.system.world.company.find("RM00102", "REFUSE1", "PRIMARY") is None


def test_values_that_would_be_cut_or_changed_are_refused_before_they_are_sent(here: SoapPlace) -> None:
    before = here.last
    for name, value, code in (
        ("CustomerName", "Żółw", "not-in-code-page"),
        ("CustomerName", "n" * 65, "too-long"),
        ("BillTo.Email", "e" * 201, "too-long"),
        ("Comment1", "two\nlines", "bad-value"),
        ("FinanceChargeID", "X", "not-served"),
    ):
        outcome = here.create("UNFIT1", {"CustomerName": "Unfit", name: value})
        assert (outcome.status, _code(outcome)) == (Status.REJECTED, code), name
        assert outcome.error is not None and outcome.error.field == name
    for number in ("N" * 16, "Ω", "BELL\x07"):
        assert here.create(number, {"CustomerName": "Unfit"}).status is Status.REJECTED
    assert here.asked(before) == []


def test_an_email_address_of_a_ship_to_that_is_not_there_is_refused(here: SoapPlace) -> None:
    outcome = here.create("MAIL03", {"CustomerName": "No Dock", "ShipTo.Email": "dock@written.example"})
    assert (outcome.status, _code(outcome)) == (Status.REJECTED, "bad-value")
    assert here.row("RM00101", "MAIL03") is None


@pytest.mark.parametrize("number", ["%#$!<>", '"QUOTED"', "A B;C", "&AMP;", "(=)", "É-1"])
def test_a_number_of_any_signs_is_written_and_found_again(here: SoapPlace, number: str) -> None:
    if here.row("RM00101", number) is None:
        assert here.create(number, {"CustomerName": f"Firm {number}"}).status is Status.DONE
    assert here.edit(number, {"Comment1": "<&>\"'"}).status is Status.DONE
    assert here.read(number).key == (number,) and here.read(number).values["Comment1"] == "<&>\"'"
    found = here.connector.find("customer", "CustomerNumber", [number.lower()], ["Comment1"])
    assert [record.key for record in found] == [(number,)]


def test_nothing_is_written_where_the_role_has_no_right_to(here: SoapPlace) -> None:
    here.customer("RIGHTS1")
    here.soap.service.rights[CLERK.name.upper()] = frozenset(
        {"GetCustomerByKey", "GetCustomerList", "GetCompanyList", "GetPolicyByOperation", "GetCurrencyList"}
        | {"GetLoggedValidationResultByKey", "GetLoggedExceptionDataByKey"}
    )
    with pytest.raises(Unauthorised) as refused:
        here.edit("RIGHTS1", {"Comment1": "Not ours"})
    assert refused.value.code == "right-missing" and "UpdateCustomer" in refused.value.message
    assert _kept(here, "RM00101", "RIGHTS1")["COMMENT1"] == ""


def test_a_number_that_a_filter_hides_is_not_used_again(here: SoapPlace) -> None:
    here.customer("HIDDEN1")
    security = here.system.places["TWO"].security
    security.hide(here.system.world.company, "RM00101", {"CUSTNMBR": "HIDDEN1"})
    outcome = here.create("HIDDEN1", {"CustomerName": "Beside"})
    assert (outcome.status, _code(outcome)) == (Status.REJECTED, "right-missing")


def test_an_amount_without_a_known_currency_is_refused_and_one_that_came_teaches_it(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with soap_place(tmp_path_factory.mktemp("gp"), currency="") as here:
        limit: dict[str, Value] = {"CreditLimitType": 2, "CreditLimitAmount": Decimal("5")}
        outcome = here.create("MONEY1", {"CustomerName": "Money", **limit})
        assert (outcome.status, _code(outcome)) == (Status.REJECTED, "rejected")
        assert outcome.error is not None and "currency" in outcome.error.fix
        assert here.row("RM00101", "MONEY1") is None
        here.customer("MONEY2")
        assert here.edit("MONEY2", limit).status is Status.DONE
        assert here.row("RM00101", "MONEY2") is not None


def test_a_service_that_passes_addresses_inside_a_customer_over_gets_them_one_by_one(here: SoapPlace) -> None:
    from gp365_sim.gp.soap import service

    update = service.ANSWERS["UpdateCustomer"]

    def without_addresses(call: Any) -> object:
        call.object("customer").pop("Addresses", None)
        return update(call)

    here.create("SOAP07", NEW)
    answers: Any = service.ANSWERS
    answers["UpdateCustomer"] = without_addresses
    try:
        outcome = here.edit("SOAP07", {"Comment1": "New", "BillTo.City": "Joliet", "ShipTo.City": "Hammond"})
    finally:
        answers["UpdateCustomer"] = update
    assert (outcome.status, outcome.error) == (Status.DONE, None)
    assert _kept(here, "RM00102", "SOAP07", "PRIMARY")["CITY"] == "Joliet"
    assert _kept(here, "RM00102", "SOAP07", "SHIPTO")["CITY"] == "Hammond"
