"""GP Web Services: customers and addresses, written by zeep and read over every view."""

from decimal import Decimal

import pytest
import requests
from simgpw_desk import CLERK, fault_of, soap_desk
from zeep.exceptions import Fault

from gp365_sim.core.server import Door, bind, serving
from gp365_sim.core.tls import certificate
from gp365_sim.gp.econnect import call as econnect

NEVER = "0001-01-01T00:00:00"
KEPT = {"CreatedDate": NEVER, "ModifiedDate": NEVER, "LastModifiedDate": NEVER}


@pytest.fixture
def desk():
    with soap_desk() as one:
        yield one


def customer(desk, number, **values):
    key = desk.new("CustomerKey", Id=number)
    values.setdefault("PostResultsTo", "Receivables/Discount Account")
    return desk.new("Customer", Key=key, **KEPT, **values)


def address(desk, number, code, **values):
    key = desk.new("CustomerAddressKey", CustomerKey=desk.new("CustomerKey", Id=number), Id=code)
    return desk.new("CustomerAddress", Key=key, CreatedDate=NEVER, ModifiedDate=NEVER, **values)


def whole(desk, number="WIRE0001"):
    """A customer with most of what a consultant fills in."""
    money = desk.new("MoneyAmount", Currency="USD", Value=Decimal("50000.25"), DecimalDigits=2)
    code = desk.new("CustomerAddressKey", CustomerKey=desk.new("CustomerKey", Id=number), Id="MAIN")
    return customer(
        desk,
        number,
        Name="Wire & Sons <Ltd>",
        ClassKey=desk.new("CustomerClassKey", Id="USA-ILMO-T1"),
        PaymentTermsKey=desk.new("PaymentTermsKey", Id="Net 30"),
        CreditLimit=desk.new("CustomerCreditLimit", Amount=money),
        DefaultAddressKey=code,
        BillToAddressKey=code,
        Addresses={
            "CustomerAddress": [
                address(
                    desk,
                    number,
                    "MAIN",
                    Line1="1 Wire Street",
                    City="Zürich",
                    Phone1=desk.new("PhoneNumber", Value="31255501020000"),
                    InternetAddresses=desk.new("InternetAddresses", InternetField1="a@wire.example"),
                )
            ]
        },
        Comment1="first\tline"[:5],
        UserDefined1="U1",
        IsOnHold=True,
    )


def finding(desk, error):
    """Look up what a fault's log id stands for."""
    number = "".join(error.detail.itertext()).strip()
    found = desk.call("GetLoggedValidationResultByKey", logId=number)
    return found.Errors.ValidationError[0]


def test_a_customer_created_over_soap_reads_the_same_over_every_view(desk, tmp_path):
    assert desk.call("CreateCustomer", customer=whole(desk)) is None
    row = desk.company.find("RM00101", "WIRE0001")
    assert (row["CUSTNAME"], row["STMTNAME"], row["CUSTCLAS"]) == ("Wire & Sons <Ltd>",) * 2 + (
        "USA-ILMO-T1",
    )
    assert (row["CRLMTTYP"], row["CRLMTAMT"], row["HOLD"], row["ADRSCODE"]) == (
        2,
        Decimal("50000.25"),
        1,
        "MAIN",
    )
    assert (row["ADDRESS1"], row["CITY"], row["PHONE1"]) == ("1 Wire Street", "Zürich", "31255501020000")
    assert desk.company.find("SY01200", "CUS", "WIRE0001", "MAIN")["INET1"] == "a@wire.example"
    found = desk.call("GetCustomerByKey", key=desk.new("CustomerKey", Id="wire0001 "))
    assert (found.Name, found.CreditLimit.Amount.Value, found.IsOnHold) == (
        "Wire & Sons <Ltd>",
        Decimal("50000.25"),
        True,
    )
    assert found.Addresses.CustomerAddress[0].InternetAddresses.InternetField1 == "a@wire.example"
    tls = certificate(tmp_path)
    door = Door(desk.gp.app, bind(), tls)
    with serving(door), requests.Session() as web:
        web.trust_env, web.verify = False, str(tls.ca_file)
        path = "/GPService/Tenants(DefaultTenant)/Companies(Fabrikam,%20Inc.)/Sales/Customers(WIRE0001).json"
        over_rest = web.get(door.url + path, auth=(CLERK.name, CLERK.password)).json()
    values = next(iter(over_rest.values())) if len(over_rest) == 1 else over_rest
    assert (values["CustomerName"].rstrip(), values["City"].rstrip()) == ("Wire & Sons <Ltd>", "Zürich")


def test_a_customer_made_by_econnect_reads_over_soap(desk):
    given = {
        "@I_vCUSTNMBR": "PROC0001",
        "@I_vCUSTNAME": "Procedure",
        "@I_vADRSCODE": "MAIN",
        "@I_vCITY": "Fargo",
        "@O_iErrorState": None,
        "@oErrString": None,
    }
    assert econnect(desk.company, desk.gp.system, "taUpdateCreateCustomerRcd", given).state == 0
    found = desk.call("GetCustomerByKey", key=desk.new("CustomerKey", Id="PROC0001"))
    assert (found.Name, found.Addresses.CustomerAddress[0].City) == ("Procedure", "Fargo")


def test_class_defaults_are_not_rolled_down(desk):
    desk.call(
        "CreateCustomer",
        customer=customer(
            desk, "PLAIN", Name="Plain", ClassKey=desk.new("CustomerClassKey", Id="USA-ILMO-T1")
        ),
    )
    assert desk.company.find("RM00101", "PLAIN")["PYMTRMID"] == ""


def test_an_update_changes_the_given_properties_only(desk):
    desk.call("CreateCustomer", customer=whole(desk))
    before = desk.company.find("RM00101", "WIRE0001")
    desk.clock.advance(90_000)
    desk.call("UpdateCustomer", customer=customer(desk, "WIRE0001", Name="Wire Brothers", UserDefined1=""))
    after = desk.company.find("RM00101", "WIRE0001")
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"CUSTNAME", "USERDEF1", "MODIFDT", "DEX_ROW_TS"}
    assert (after["CUSTNAME"], after["USERDEF1"]) == ("Wire Brothers", "")


def test_the_credit_limit_is_a_choice(desk):
    desk.call("CreateCustomer", customer=whole(desk))
    for word, code in (("Unlimited Credit", 1), ("No Credit", 0)):
        limit = desk.new("CustomerCreditLimit", SpecialAmount=word)
        desk.call("UpdateCustomer", customer=customer(desk, "WIRE0001", CreditLimit=limit))
        assert desk.company.find("RM00101", "WIRE0001")["CRLMTTYP"] == code
        found = desk.call("GetCustomerByKey", key=desk.new("CustomerKey", Id="WIRE0001"))
        assert (found.CreditLimit.SpecialAmount, found.CreditLimit.Amount) == (word, None)


def test_an_amount_in_another_currency_is_refused_with_its_property(desk):
    money = desk.new("MoneyAmount", Currency="EUR", Value=1, DecimalDigits=2)
    limit = desk.new("CustomerCreditLimit", Amount=money)
    with pytest.raises(Fault) as caught:
        desk.call("UpdateCustomer", customer=customer(desk, "AARONFIT0001", CreditLimit=limit))
    assert finding(desk, caught.value).PropertyNames.string == ["CreditLimit"]


def test_a_create_never_overwrites(desk):
    desk.call("CreateCustomer", customer=whole(desk))
    with pytest.raises(Fault) as caught:
        desk.call("CreateCustomer", customer=customer(desk, "WIRE0001", Name="Somebody Else"))
    found = finding(desk, caught.value)
    assert (found.ObjectType, found.PropertyNames.string) == ("Customer", ["Key.Id"])
    assert "exists already" in found.Message
    assert desk.company.find("RM00101", "WIRE0001")["CUSTNAME"] == "Wire & Sons <Ltd>"


def test_what_a_window_refuses_is_a_validation_result_with_property_names(desk):
    wrong = {
        "PaymentTermsKey": desk.new("PaymentTermsKey", Id="NEVER"),
        "ClassKey": desk.new("CustomerClassKey", Id="NOCLASS"),
        "Name": "x" * 65,
    }
    for name, value in wrong.items():
        with pytest.raises(Fault) as caught:
            desk.call("UpdateCustomer", customer=customer(desk, "AARONFIT0001", **{name: value}))
        assert finding(desk, caught.value).PropertyNames.string[0].split(".")[0] == name


def test_a_create_that_fails_half_way_leaves_nothing(desk):
    given = whole(desk)
    given.ShipToAddressKey = desk.new(
        "CustomerAddressKey", CustomerKey=desk.new("CustomerKey", Id="WIRE0001"), Id="NOWHERE"
    )
    note = desk.company.next_note
    with pytest.raises(Fault):
        desk.call("CreateCustomer", customer=given)
    assert desk.company.find("RM00101", "WIRE0001") is None
    assert desk.company.under("RM00102", "WIRE0001") == []
    assert desk.company.next_note == note


def test_addresses_are_created_changed_and_deleted(desk):
    desk.call("CreateCustomer", customer=whole(desk))
    desk.call(
        "CreateCustomerAddress", address=address(desk, "WIRE0001", "DOCK", Line1="Dock 9", City="Fargo")
    )
    assert desk.company.find("RM00102", "WIRE0001", "DOCK")["CITY"] == "Fargo"
    desk.call("UpdateCustomerAddress", address=address(desk, "WIRE0001", "DOCK", City="Moorhead"))
    row = desk.company.find("RM00102", "WIRE0001", "DOCK")
    assert (row["ADDRESS1"], row["CITY"]) == ("Dock 9", "Moorhead")
    desk.call("UpdateCustomerAddress", address=address(desk, "WIRE0001", "MAIN", City="Basel"))
    assert desk.company.find("RM00101", "WIRE0001")["CITY"] == "Basel"
    gone = address(desk, "WIRE0001", "DOCK", DeleteOnUpdate=True)
    desk.call("UpdateCustomer", customer=customer(desk, "WIRE0001", Addresses={"CustomerAddress": [gone]}))
    assert desk.company.find("RM00102", "WIRE0001", "DOCK") is None
    key = desk.new("CustomerAddressKey", CustomerKey=desk.new("CustomerKey", Id="WIRE0001"), Id="MAIN")
    with pytest.raises(Fault):
        desk.call("DeleteCustomerAddress", key=key)


def test_internet_addresses_that_are_not_sent_stay(desk):
    desk.call("CreateCustomer", customer=whole(desk))
    given = desk.new("InternetAddresses", InternetField2="b@wire.example")
    desk.call("UpdateCustomerAddress", address=address(desk, "WIRE0001", "MAIN", InternetAddresses=given))
    row = desk.company.find("SY01200", "CUS", "WIRE0001", "MAIN")
    assert (row["INET1"], row["INET2"]) == ("a@wire.example", "b@wire.example")


@pytest.mark.parametrize(
    "number", ["%#$!<>", 'A"B', "O'BRIEN; DROP", "A B  C", "&2010", "(=)", "11@20%", "Ñ]["]
)
def test_odd_numbers_pass_through(desk, number):
    desk.call("CreateCustomer", customer=customer(desk, number, Name=f"Firm {number}"))
    found = desk.call("GetCustomerByKey", key=desk.new("CustomerKey", Id=number))
    assert (found.Key.Id, found.Name) == (number, f"Firm {number}")
    only = desk.new("BetweenRestrictionOfString", EqualValue=number)
    listed = desk.call("GetCustomerList", criteria=desk.new("CustomerCriteria", Id=only, Scope="Return All"))
    assert [each.Key.Id for each in listed] == [number]
    desk.call("UpdateCustomer", customer=customer(desk, number, Comment1="seen"))
    desk.call("DeleteCustomer", key=desk.new("CustomerKey", Id=number))
    assert desk.company.find("RM00101", number) is None


def test_notes_keep_their_line_breaks(desk):
    desk.call("UpdateCustomer", customer=customer(desk, "AARONFIT0001", Notes="one\ntwo & <three>"))
    found = desk.call("GetCustomerByKey", key=desk.new("CustomerKey", Id="AARONFIT0001"))
    assert found.Notes == "one\ntwo & <three>"


def test_a_property_that_is_not_modelled_is_refused_aloud(desk):
    answer = desk.post(
        "UpdateCustomer",
        "<gp:customer><gp:Key><gp:Id>AARONFIT0001</gp:Id></gp:Key>"
        "<gp:PostResultsTo>Sales Offset Account</gp:PostResultsTo>"
        "<gp:StatementRecipients><gp:To><gp:string>a@b.example</gp:string></gp:To></gp:StatementRecipients>"
        "<gp:CreatedDate>0001-01-01T00:00:00</gp:CreatedDate><gp:ModifiedDate>0001-01-01T00:00:00</gp:ModifiedDate>"
        "<gp:LastModifiedDate>0001-01-01T00:00:00</gp:LastModifiedDate></gp:customer>",
        tail=desk.policy("UpdateCustomer"),
    )
    assert "does not model writing Customer.StatementRecipients" in fault_of(answer)[1]


def test_hidden_customers_are_neither_listed_nor_read_nor_written(desk):
    place = next(iter(desk.gp.places.values()))
    place.security.hide(desk.company, "RM00101", {"CUSTNMBR": "AARONFIT0001"})
    listed = {each.Key.Id for each in desk.call("GetCustomerList", criteria=None)}
    assert listed == {row["CUSTNMBR"] for row in desk.company.rows("RM00101")} - {"AARONFIT0001"}
    for operation, name, value in (
        ("GetCustomerByKey", "key", desk.new("CustomerKey", Id="AARONFIT0001")),
        ("UpdateCustomer", "customer", customer(desk, "AARONFIT0001", Name="X")),
    ):
        with pytest.raises(Fault) as caught:
            desk.call(operation, **{name: value})
        assert "does not exist" in finding(desk, caught.value).Message
    documents = desk.call("GetReceivablesDocumentList", criteria=None)
    assert "AARONFIT0001" not in {each.CustomerKey.Id for each in documents}


def test_an_order_is_entered_in_work(desk):
    item = next(row for row in desk.company.rows("IV00101") if row["ITEMTYPE"] == 1)
    line = desk.new(
        "SalesOrderLine",
        ItemKey=desk.new("ItemKey", Id=item["ITEMNMBR"]),
        Quantity=desk.new("Quantity", Value=3, DecimalDigits=0),
        UnitPrice=desk.new("MoneyAmount", Currency="USD", Value=Decimal("12.50"), DecimalDigits=2),
    )
    order = desk.new(
        "SalesOrder",
        Key=desk.new("SalesDocumentKey", Id="SOAP-1"),
        CustomerKey=desk.new("CustomerKey", Id="AARONFIT0001"),
        BatchKey=desk.new("BatchKey", Id="SOAP", CreatedDateTime=NEVER),
        Date="2026-11-20T00:00:00",
        IntegrationId="ours",
        Lines={"SalesOrderLine": [line]},
    )
    assert desk.call("CreateSalesOrder", salesOrder=order) is None
    row = desk.company.find("SOP10100", "SOAP-1", 2)
    assert (row["DOCAMNT"], row["CUSTNMBR"], row["INTEGRATIONID"]) == (
        Decimal("37.5"),
        "AARONFIT0001",
        "ours",
    )
    with pytest.raises(Fault):
        desk.call("CreateSalesOrder", salesOrder=order)
