"""Receivables, receipts, applications, purchase orders and vendors over eConnect; how lists of documents are read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from gp_sql_place import SqlPlace
from gp_sql_trade import (
    CUSTOMER,
    DAY,
    ITEM,
    ORDER,
    code,
    create,
    drawn,
    edit,
    line,
    one,
    read,
    rows,
    said,
    sale,
    sop,
    task,
)

from gp365.connectors.gp.documents import rows_of, with_rows
from gp365.model.errors import Misconfigured
from gp365.model.record import Status
from gp365.model.values import pack, unpack


def test_lists_survive_the_way_through_a_store_and_are_written_from_there(here: SqlPlace) -> None:
    key = sop(here)
    values = unpack(pack(sale(lines=[line("1", "45.00", RequestedShipDate=DAY)])))
    assert create(here, "sales_document", key, values).status is Status.DONE
    found = read(here, "sales_document", key)
    assert found is not None
    [held] = rows_of(unpack(pack(found.values)), "Lines") or []
    assert (held["Quantity"], held["RequestedShipDate"]) == (Decimal(1), DAY)


def test_a_receivables_document_and_a_receipt_are_entered_and_applied(here: SqlPlace) -> None:
    invoice = drawn(here, "receivables_document", DocumentType=1)
    values = {"CustomerNumber": CUSTOMER, "BatchNumber": "RM 11", "DocumentDate": DAY}
    made = create(
        here,
        "receivables_document",
        invoice,
        {
            **values,
            "SalesAmount": Decimal("100.00"),
            "FreightAmount": Decimal("5.00"),
            "TradeDiscountAmount": Decimal("2.00"),
        },
    )
    assert (made.status, made.error) == (Status.DONE, None)
    assert one(here, "RM10301", DOCNUMBR=invoice[1])["DOCAMNT"] == 103
    made_rows = rows(here, "RM10101", DOCNUMBR=invoice[1])
    assert made_rows and sum(row["DEBITAMT"] for row in made_rows) == sum(
        row["CRDTAMNT"] for row in made_rows
    )
    receipt = drawn(here, "cash_receipt")
    paid = create(
        here,
        "cash_receipt",
        receipt,
        {**values, "OriginalAmount": Decimal("60.00"), "CashReceiptType": 0, "CheckNumber": "4711"},
    )
    assert (paid.status, paid.error) == (Status.DONE, None)
    assert one(here, "RM10201", DOCNUMBR=receipt[0])["GLPOSTDT"] == DAY
    task(here, "post", document={"type": 1, "number": invoice[1]})
    task(here, "post", document={"type": 9, "number": receipt[0]})
    pair = ("9", receipt[0], "1", invoice[1])
    applied = create(here, "apply", pair, {"AppliedAmount": Decimal("60.00"), "ApplyDate": DAY})
    assert (applied.status, applied.error) == (Status.DONE, None)
    assert one(here, "RM20101", DOCNUMBR=invoice[1])["CURTRXAM"] == 43
    again = create(here, "apply", pair, {"AppliedAmount": Decimal("40.00"), "ApplyDate": DAY})
    assert again.status is Status.EXISTS and again.record is not None
    assert again.record.values["AppliedAmount"] == 60


def test_receivables_documents_with_their_own_distributions_keep_them(here: SqlPlace) -> None:
    key = drawn(here, "receivables_document", DocumentType=3)
    given = [
        {"DistributionType": 3, "AccountNumber": "000-1200-00", "OriginatingDebitAmount": Decimal(30)},
        {
            "DistributionType": 9,
            "AccountNumber": "000-4100-00",
            "OriginatingCreditAmount": Decimal(30),
            "Reference": "memo",
        },
    ]
    values = {
        "CustomerNumber": CUSTOMER,
        "BatchNumber": "RM 12",
        "DocumentDate": DAY,
        "SalesAmount": Decimal(30),
    }
    made = create(here, "receivables_document", key, with_rows(values, Distributions=given))
    assert (made.status, made.error) == (Status.DONE, None)
    found = read(here, "receivables_document", key)
    assert found is not None
    held = rows_of(found.values, "Distributions") or []
    assert [(row["AccountNumber"], row["Reference"]) for row in held] == [
        ("000-1200-00", None),
        ("000-4100-00", "memo"),
    ]


def test_a_payment_is_no_receivables_document_and_a_back_order_no_new_sale(here: SqlPlace) -> None:
    values = {
        "CustomerNumber": CUSTOMER,
        "BatchNumber": "RM 11",
        "DocumentDate": DAY,
        "SalesAmount": Decimal(1),
    }
    made = create(here, "receivables_document", ("9", "PYMNT9999"), values)
    assert (made.status, code(made)) == (Status.REJECTED, "bad-value") and "cash_receipt" in said(made)
    made = create(here, "sales_document", ("5", "BACK1"), sale())
    assert (made.status, code(made)) == (Status.REJECTED, "bad-value")


def test_a_purchase_order_is_written_with_its_lines_and_its_header_changes(here: SqlPlace) -> None:
    key = drawn(here, "purchase_order")
    lines = [
        {"ItemNumber": ITEM, "QuantityOrdered": Decimal(10), "UnitCost": Decimal("30.00")},
        {"ItemNumber": "NOT STOCKED", "ItemDescription": "A desk", "NonInventory": 1, "UofM": "Each",
         "QuantityOrdered": Decimal(1), "UnitCost": Decimal("99.50")},
    ]  # fmt: skip
    values = with_rows({"VendorID": "ADVANCED0001", "DocumentDate": DAY, "RequiredDate": DAY}, Lines=lines)
    made = create(here, "purchase_order", key, values)
    assert (made.status, made.error) == (Status.DONE, None)
    head = one(here, "POP10100", PONUMBER=key[0])
    assert (
        head["SUBTOTAL"]
        == sum(row["EXTDCOST"] for row in rows(here, "POP10110", PONUMBER=key[0]))
        == Decimal("399.50")
    )
    done = edit(here, "purchase_order", key, {"PromisedDate": date(2026, 12, 24)})
    assert (done.status, done.error) == (Status.DONE, None)
    head = one(here, "POP10100", PONUMBER=key[0])
    assert (head["PRMDATE"], head["REQDATE"], head["DOCDATE"]) == (date(2026, 12, 24), DAY, DAY)
    found = read(here, "purchase_order", key)
    assert found is not None
    for given, held in zip(lines, rows_of(found.values, "Lines") or [], strict=True):
        assert {name: held[name] for name in given} == given


def test_lists_are_read_by_every_way_of_reading_and_only_when_asked_for(here: SqlPlace) -> None:
    key = sop(here)
    assert create(here, "sales_document", key, sale(lines=[line("7"), line("8")])).status is Status.DONE
    fields = ["DocumentNumber", "TransactionState", "Lines"]
    by_value = here.connector.find("sales_document", "DocumentNumber", [key[1]], fields)
    scanned = [record for page in here.connector.scan("sales_document", fields) for record in page]
    aside = here.connector.read_aside("sales_document", [key], fields)[key]
    [mine] = [record for record in scanned if record.key == key]
    for record in (*by_value, aside, mine):
        assert [row["Quantity"] for row in rows_of(record.values, "Lines") or []] == [7, 8]
    plain = here.connector.get("sales_document", [key], ["DocumentNumber"], fresh=True)[key]
    assert "Lines" not in plain.values
    described = here.connector.entity("sales_document")
    assert described.lists["Lines"] == "sales_document_line"
    assert here.connector.entity("sales_document_line").fields["Quantity"].writable == "create"
    assert (described.creates, described.updates, described.reference_field) == (True, True, "IntegrationID")


def test_numbers_are_drawn_once_each_and_only_where_gp_has_them(here: SqlPlace) -> None:
    one_, two = sop(here), sop(here)
    assert one_ != two and one_[0] == two[0] == str(ORDER)
    assert drawn(here, "receivables_document", DocumentType=3)[0] == "3"
    with pytest.raises(Misconfigured, match="draws no numbers"):
        drawn(here, "customer")


def test_a_vendor_is_created_with_its_class_never_overwritten_and_edited_field_by_field(
    here: SqlPlace,
) -> None:
    key = ("NEWVEND01",)
    values = {
        "VendorName": "New Vendor & Sons",
        "VendorClass": "USA-US-M",
        "AddressCode": "PRIMARY",
        "Address1": "1 Dock Road",
        "City": "Gary",
        "Comment1": "by us",
    }
    made = create(here, "vendor", key, values)
    assert (made.status, made.error) == (Status.DONE, None)
    card = one(here, "PM00200", VENDORID="NEWVEND01")
    assert card["PYMTRMID"].rstrip() == "Net 30"
    assert one(here, "PM00300", VENDORID="NEWVEND01")["CITY"].rstrip() == "Gary"
    again = create(here, "vendor", key, {**values, "VendorName": "Somebody else"})
    assert again.status is Status.EXISTS and again.record is not None
    assert again.record.values["VendorName"] == "New Vendor & Sons"
    done = edit(here, "vendor", key, {"Comment1": None, "PaymentTermsID": "2% 10/Net 30"})
    assert (done.status, done.error) == (Status.DONE, None)
    card = one(here, "PM00200", VENDORID="NEWVEND01")
    assert (card["COMMENT1"].rstrip(), card["PYMTRMID"].rstrip(), card["ADDRESS1"].rstrip()) == (
        "",
        "2% 10/Net 30",
        "1 Dock Road",
    )
    other = create(here, "vendor_address", ("NEWVEND01", "REMIT"), {"Address1": "PO Box 5", "City": "Gary"})
    assert (other.status, other.error) == (Status.DONE, None)
    moved = edit(here, "vendor_address", ("NEWVEND01", "REMIT"), {"Address1": "PO Box 6"})
    assert (moved.status, moved.error) == (Status.DONE, None)
    row = one(here, "PM00300", VENDORID="NEWVEND01", ADRSCODE="REMIT")
    assert (row["ADDRESS1"].rstrip(), row["CITY"].rstrip()) == ("PO Box 6", "Gary")
    nobody = create(here, "vendor_address", ("NOVENDOR", "REMIT"), {"City": "Gary"})
    assert nobody.status is Status.REJECTED


def test_a_line_that_changes_alone_is_seen_as_a_change_of_its_document(here: SqlPlace) -> None:
    key, bought = sop(here), drawn(here, "purchase_order")
    assert create(here, "sales_document", key, sale()).status is Status.DONE
    lines = [{"ItemNumber": ITEM, "QuantityOrdered": Decimal(1), "UnitCost": Decimal(30)}]
    ordered = with_rows({"VendorID": "ADVANCED0001", "DocumentDate": DAY}, Lines=lines)
    assert create(here, "purchase_order", bought, ordered).status is Status.DONE
    company = here.system.world.company
    for entity, document, table, place in (
        ("sales_document", key, "SOP10200", (key[1], 2, 0, 16384)),
        ("purchase_order", bought, "POP10110", (bought[0], 16384, 0)),
    ):
        here.clock.advance(120)
        [*_, last] = here.connector.changes(entity, ["Lines"], None)
        company.change(table, place, {"ITEMDESC": "changed by a clerk"})
        changed = [
            one_ for page in here.connector.changes(entity, ["Lines"], last.cursor) for one_ in page.changes
        ]
        assert [each.key for each in changed] == [document]
        assert changed[0].record is not None
        [row] = rows_of(changed[0].record.values, "Lines") or []
        assert row["ItemDescription"] == "changed by a clerk"
