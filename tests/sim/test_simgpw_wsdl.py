"""GP Web Services: the WSDL, and a zeep client that calls every operation on it."""

import pytest
import zeep
from simgpw_desk import GP, soap_desk

from gp365_sim.gp.soap.schema import operations
from gp365_sim.gp.soap.service import ANSWERS
from gp365_sim.start import CANADA


@pytest.fixture(scope="module")
def desk():
    with soap_desk() as one:
        yield one


def criteria(desk, operation):
    """Criteria that let everything through."""
    type_name = dict(operations()[operation].parameters).get("criteria")
    if type_name is None:
        return {}
    scoped = any(name == "Scope" for name, _ in desk.type(type_name).elements)
    return {"criteria": desk.new(type_name, **({"Scope": "Return All"} if scoped else {}))}


LISTS = sorted(name for name in operations() if name.startswith("Get") and name.endswith("List"))
KEYS = sorted(name for name in operations() if name.endswith("ByKey") and "Logged" not in name)


def test_every_operation_of_the_wsdl_is_answered():
    assert set(ANSWERS) == set(operations())


def test_the_wsdl_names_the_address_under_which_it_was_asked_for(desk):
    port = desk.client.wsdl.services["DynamicsGP"].ports["LegacyDynamicsGP"]
    assert port.binding_options["address"] == desk.address
    text = desk.web.get(f"{desk.address}?wsdl").text
    assert text == desk.web.get(f"{desk.url}/DynamicsGPWebServices?wsdl").text
    other = desk.web.get(f"{desk.address}?WSDL", headers={"Host": "gp.example:48620"}).text
    assert 'location="http://gp.example:48620/DynamicsGPWebServices/DynamicsGPService.asmx"' in other


def test_it_is_soap_1_1_and_types_stand_in_the_namespace_that_declares_them(desk):
    binding = next(iter(desk.client.wsdl.bindings.values()))
    assert type(binding) is zeep.wsdl.bindings.Soap11Binding
    assert binding.get("GetCustomerList").soapaction == f"{GP}/GetCustomerList"
    context = desk.type("Context", "http://schemas.microsoft.com/dynamics/2006/01")
    names = [name for name, _ in context.elements]
    assert names == [
        "WorkOnBehalfOf",
        "OrganizationKey",
        "CultureName",
        "CurrencyType",
        "RoleKey",
        "TenantName",
    ]


@pytest.mark.parametrize("operation", LISTS)
def test_zeep_calls_every_list(desk, operation):
    days = {"beginDate": "2020-01-01T00:00:00", "endDate": "2040-01-01T00:00:00"}
    wanted = {name: days[name] for name, _ in operations()[operation].parameters if name in days}
    found = desk.call(operation, **criteria(desk, operation), **wanted)
    if "Changed" in operation or "Logged" in operation:
        assert not found
    else:
        assert found


@pytest.mark.parametrize("operation", KEYS)
def test_zeep_reads_a_record_of_every_kind_by_the_key_of_the_list(desk, operation):
    whole = operation.replace("ByKey", "List")
    first = desk.call(whole, **criteria(desk, whole))[0]
    assert desk.call(operation, key=first.Key).Key == first.Key


def test_a_policy_is_read_and_sent_back(desk):
    policy = desk.service.GetPolicyByOperation(operation="UpdateCustomer", context=desk.context())
    assert (policy.Name, policy.RootBusinessObjectName) == ("UpdateCustomer", "Customer")
    assert [each.Internal for each in policy.Behaviors.Behavior] == [False, True]


def test_items_come_as_what_they_are(desk):
    kinds = {each.Key.Id: each.Type for each in desk.call("GetItemList", **criteria(desk, "GetItemList"))}
    names = {"Sales Item": "SalesItem", "Kit": "Kit", "Service": "Service", "Flat Fee": "FlatFee"}
    seen = set()
    for number, kind in kinds.items():
        found = desk.call("GetItemByKey", key=desk.new("ItemKey", Id=number))
        if kind in names:
            assert type(found).__name__ == names[kind]
            seen.add(kind)
    assert {"Sales Item", "Service"} <= seen


def test_quantities_are_those_of_the_sites(desk):
    rows = [row for row in desk.company.rows("IV00102") if row["RCRDTYPE"] == 2 and row["QTYONHND"]]
    number = rows[0]["ITEMNMBR"]
    found = desk.call("GetItemByKey", key=desk.new("ItemKey", Id=number))
    shown = {
        each.Key.WarehouseKey.Id: each.OnHandQuantity.Value for each in found.Quantities.SalesItemWarehouse
    }
    assert shown == {
        row["LOCNCODE"]: row["QTYONHND"]
        for row in desk.company.rows("IV00102")
        if row["ITEMNMBR"] == number and row["RCRDTYPE"] == 2
    }


def test_receivables_of_all_states_and_types_are_listed_with_their_amounts(desk):
    found = desk.call("GetReceivablesDocumentList", **criteria(desk, "GetReceivablesDocumentList"))
    states = {(each.Type, each.Key.Id): each.TransactionState for each in found}
    kinds = {
        1: "Invoice",
        3: "Debit Memo",
        4: "Finance Charge",
        5: "Service Repair",
        6: "Warranty",
        7: "Credit Memo",
        8: "Return",
        9: "Cash Receipt",
    }
    for table, state in (
        ("RM20101", "Open"),
        ("RM30101", "History"),
        ("RM10301", "Work"),
        ("RM10201", "Work"),
    ):
        for row in desk.company.rows(table):
            assert states[kinds[row["RMDTYPAL"]], row["DOCNUMBR"]] == state
    assert len(found) == sum(len(desk.company[name]) for name in ("RM20101", "RM30101", "RM10301", "RM10201"))


def test_a_summary_of_receivables_has_balance_and_aging(desk):
    row = max(desk.company.rows("RM00103"), key=lambda each: each["CUSTBLNC"])
    found = desk.call("GetCustomerReceivablesSummaryByKey", key=desk.new("CustomerKey", Id=row["CUSTNMBR"]))
    assert (found.Aging.BalanceAmount.Value, found.Aging.BalanceAmount.Currency) == (row["CUSTBLNC"], "USD")
    buckets = [found.Aging[f"Period{number}Amount"].Value for number in range(1, 8)]
    assert sum(buckets) == row["CUSTBLNC"]


def test_an_order_comes_with_its_lines(desk):
    number = next(row["SOPNUMBE"] for row in desk.company.rows("SOP10100") if row["SOPTYPE"] == 2)
    found = desk.call("GetSalesOrderByKey", key=desk.new("SalesDocumentKey", Id=number))
    rows = [row for row in desk.company.under("SOP10200", number) if row["SOPTYPE"] == 2]
    lines = found.Lines.SalesOrderLine
    assert [each.Key.LineSequenceNumber for each in lines] == [row["LNITMSEQ"] for row in rows]
    assert [each.TotalAmount.Value for each in lines] == [row["XTNDPRCE"] for row in rows]
    assert found.TotalAmount.Value == desk.company.find("SOP10100", number, 2)["DOCAMNT"]


def test_a_site_with_two_companies_is_told_apart_by_the_number(desk):
    with soap_desk(more_companies=(CANADA,)) as two:
        found = two.call("GetCompanyList", criteria=None)
        assert {(each.Key.Id, each.Name) for each in found} == {
            (-1, "Fabrikam, Inc."),
            (2, "Fabrikam Canada"),
        }
        assert not two.call("GetCustomerList", criteria=None, context=two.context(2))
        assert two.call("GetCustomerList", criteria=None, context=two.context(-1))
