"""GP Web Services: what the restrictions of lists let through, moments and days, changed keys and deletions."""

from datetime import UTC, datetime, timedelta

import pytest
from simgpw_desk import soap_desk
from zeep.exceptions import Fault

from gp365_sim.gp.soap.app import SoapManner

DATES = "BetweenRestrictionOfNullableOfDateTime"
TEXT = "LikeRestrictionOfString"


@pytest.fixture(scope="module")
def desk():
    with soap_desk() as one:
        yield one


def customers(desk, **restrictions):
    """The numbers of the customers that meet restrictions, each a type name and its parts."""
    made = {name: desk.new(kind, **parts) for name, (kind, parts) in restrictions.items()}
    found = desk.call(
        "GetCustomerList", criteria=desk.new("CustomerCriteria", **{"Scope": "Return All", **made})
    )
    return [each.Key.Id for each in found or []]


def rows(desk, holds):
    """The numbers of the customers in the table for which something holds, in the order of the key."""
    heap = desk.company["RM00101"]
    return [row["CUSTNMBR"] for row in map(heap.table.as_dict, heap.scan()) if holds(row)]


def test_texts_compare_without_case_and_by_pattern(desk):
    assert customers(desk, Name=(TEXT, {"Like": "%office%"})) == rows(
        desk, lambda row: "office" in row["CUSTNAME"].lower()
    )
    assert customers(desk, Name=(TEXT, {"Like": "[ab]%"})) == rows(
        desk, lambda row: row["CUSTNAME"][:1].lower() in "ab"
    )
    assert customers(desk, Name=(TEXT, {"Like": "[^ab]%"})) == rows(
        desk, lambda row: row["CUSTNAME"][:1].lower() not in "ab"
    )
    assert customers(desk, Id=("BetweenRestrictionOfString", {"EqualValue": "aaronfit0001"})) == [
        "AARONFIT0001"
    ]


def test_ranges_have_open_and_closed_ends(desk):
    kind = "BetweenRestrictionOfString"
    whole = customers(desk, Id=(kind, {"From": "AARONFIT0001", "To": "MAGNIFIC0001"}))
    inner = customers(desk, Id=(kind, {"GreaterThan": "AARONFIT0001", "LessThan": "MAGNIFIC0001"}))
    assert whole == ["AARONFIT0001", *inner, "MAGNIFIC0001"]
    assert (
        customers(desk, Id=(kind, {"From": "AARONFIT0001", "NotEqualValue": "AARONFIT0001"}))[0]
        != "AARONFIT0001"
    )


def test_the_windows_of_a_long_list_cover_it(desk):
    kind, found, last = "BetweenRestrictionOfString", [], ""
    everything = customers(desk)
    for edge in [*everything[4::5], everything[-1]]:
        found += customers(desk, Id=(kind, {"GreaterThan": last, "To": edge}))
        last = edge
    assert found == everything


def test_several_restrictions_hold_together_and_a_list_names_values(desk):
    inactive = rows(desk, lambda row: row["INACTIVE"])
    assert customers(desk, IsActive=("RestrictionOfNullableOfBoolean", {"EqualValue": False})) == inactive
    some = ["AARONFIT0001", "MAGNIFIC0001", "NOBODY"]
    items = desk.new("ArrayOfString", string=some)
    assert customers(desk, Id=("BetweenRestrictionOfString", {"Items": items})) == some[:2]
    both = customers(
        desk,
        Id=("BetweenRestrictionOfString", {"Items": items}),
        Name=(TEXT, {"Like": "Magni%"}),
    )
    assert both == ["MAGNIFIC0001"]


def test_states_and_types_of_documents_are_named_in_lists(desk):
    states = desk.new(
        "ArrayOfNullableOfReceivablesTransactionState", ReceivablesTransactionState=["Work", "History"]
    )
    kinds = desk.new("ArrayOfNullableOfReceivablesDocumentType", ReceivablesDocumentType=["Invoice"])
    criteria = desk.new(
        "ReceivablesDocumentCriteria",
        Scope="Return All",
        TransactionState=desk.new("ListRestrictionOfNullableOfReceivablesTransactionState", Items=states),
        Type=desk.new("ListRestrictionOfNullableOfReceivablesDocumentType", Items=kinds),
    )
    found = desk.call("GetReceivablesDocumentList", criteria=criteria)
    assert {(each.TransactionState, each.Type) for each in found} == {
        ("Work", "Invoice"),
        ("History", "Invoice"),
    }


def test_a_scope_of_assigned_records_gives_none_where_nothing_is_assigned(desk):
    criteria = desk.new("CustomerCriteria", Scope="Return Based on Salesperson Id")
    assert not desk.call("GetCustomerList", criteria=criteria)


def test_a_criterion_that_is_not_modelled_is_refused_aloud(desk):
    kinds = desk.new("LikeRestrictionOfString", Like="A%")
    criteria = desk.new("CustomerReceivablesSummaryCriteria", Scope="Return All", SalespersonId=kinds)
    with pytest.raises(Fault) as caught:
        desk.call("GetCustomerReceivablesSummaryList", criteria=criteria)
    assert "does not model CustomerReceivablesSummaryCriteria.SalespersonId" in caught.value.message


def test_last_modified_is_a_moment_and_modified_a_day():
    with soap_desk() as desk:
        desk.clock.advance(86_400)
        before = desk.clock.now()
        desk.clock.advance(60)
        desk.gp.world.put("RM00101", "AARONFIT0001", {"COMMENT1": "changed"})
        stamp = desk.company.find("RM00101", "AARONFIT0001")["DEX_ROW_TS"]
        found = desk.call("GetCustomerByKey", key=desk.new("CustomerKey", Id="AARONFIT0001"))
        assert found.LastModifiedDate.replace(tzinfo=UTC) == stamp
        plain = stamp.replace(tzinfo=None)
        since = {"GreaterThan": before.replace(tzinfo=None)}
        assert customers(desk, LastModifiedDate=(DATES, since)) == ["AARONFIT0001"]
        assert customers(desk, LastModifiedDate=(DATES, {"From": plain, "To": plain})) == ["AARONFIT0001"]
        assert customers(desk, LastModifiedDate=(DATES, {"GreaterThan": plain})) == []
        zoned = stamp.astimezone(UTC) - timedelta(milliseconds=1)
        assert customers(desk, LastModifiedDate=(DATES, {"From": zoned})) == ["AARONFIT0001"]
        today = datetime.combine(desk.company.today(), datetime.min.time())
        assert customers(desk, ModifiedDate=(DATES, {"From": today})) == ["AARONFIT0001"]
        assert customers(desk, ModifiedDate=(DATES, {"From": today + timedelta(minutes=1)})) == []
        assert found.ModifiedDate == today


def test_terms_have_a_day_only(desk):
    found = desk.call("GetPaymentTermsList", criteria=None)[0]
    assert found.ModifiedDate == datetime.combine(found.ModifiedDate.date(), datetime.min.time())


def changed(desk, operation="GetChangedCustomerKeyList", kind="CustomerChangedKeyCriteria", **restrictions):
    found = desk.call(operation, criteria=desk.new(kind, **restrictions)) or []
    return [(each.Id, each.Action) for each in found]


def test_without_triggers_no_key_has_changed(desk):
    desk.gp.world.put("RM00101", "AARONFIT0001", {"COMMENT1": "changed"})
    assert changed(desk) == []


def test_with_triggers_creations_changes_and_deletions_are_seen():
    with soap_desk(SoapManner(changes=True)) as desk:
        world = desk.gp.world
        world.put("RM00101", "NEW1", {"CUSTNAME": "New", "ADRSCODE": "MAIN"})
        world.put("RM00101", "GONE1", {"CUSTNAME": "Gone"})
        world.put("RM00101", "AARONFIT0001", {"COMMENT1": "changed"})
        desk.clock.advance(60)
        moment = desk.clock.now()
        world.delete("RM00101", "GONE1")
        assert changed(desk) == [("NEW1", "Created"), ("AARONFIT0001", "Updated"), ("GONE1", "Deleted")]
        deleted = desk.new("RestrictionOfNullableOfDataModificationAction", EqualValue="Deleted")
        assert changed(desk, Action=deleted) == [("GONE1", "Deleted")]
        since = desk.new(DATES, GreaterThan=moment.replace(tzinfo=None) - timedelta(seconds=1))
        assert changed(desk, LastModifiedDate=since) == [("GONE1", "Deleted")]
        addresses = changed(desk, "GetChangedCustomerAddressKeyList", "CustomerAddressChangedKeyCriteria")
        assert addresses == [("MAIN", "Created")]


def test_a_write_that_was_undone_leaves_no_changed_key():
    with soap_desk() as desk:
        desk.door("POST", "changes", {"enabled": True})
        customer = desk.new(
            "Customer",
            Key=desk.new("CustomerKey", Id="HALF1"),
            Name="Half",
            PostResultsTo="Sales Offset Account",
            ShipToAddressKey=desk.new(
                "CustomerAddressKey", CustomerKey=desk.new("CustomerKey", Id="HALF1"), Id="NO"
            ),
            **dict.fromkeys(("CreatedDate", "ModifiedDate", "LastModifiedDate"), "0001-01-01T00:00:00"),
        )
        with pytest.raises(Fault):
            desk.call("CreateCustomer", customer=customer)
        assert changed(desk) == []
        desk.gp.world.reset()
        desk.gp.world.put("RM00101", "AARONFIT0001", {"COMMENT1": "after a reset"})
        assert changed(desk) == [("AARONFIT0001", "Updated")]


def test_amounts_are_in_the_local_currency_or_in_that_of_the_document(desk):
    number = next(row["SOPNUMBE"] for row in desk.company.rows("SOP10100") if row["SOPTYPE"] == 2)
    desk.company.change("SOP10100", (number, 2), {"CURNCYID": "Z-EURO", "ORDOCAMT": 7})
    row = desk.company.find("SOP10100", number, 2)
    for kind, value, iso in (("Local", row["DOCAMNT"], "USD"), ("Transactional", 7, "EUR")):
        key = desk.new("SalesDocumentKey", Id=number)
        found = desk.call("GetSalesOrderByKey", key=key, context=desk.context(currency=kind))
        assert (found.TotalAmount.Value, found.TotalAmount.Currency) == (value, iso)
