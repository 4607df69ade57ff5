"""Documents over eConnect: lines before the header, totals that agree, distributions that balance, read back as written."""

from __future__ import annotations

from collections.abc import Generator
from datetime import date
from decimal import Decimal

import pytest
from gp_sql_place import SqlPlace, sql_place
from gp_sql_trade import (
    CUSTOMER,
    DAY,
    INVOICE,
    ITEM,
    ORDER,
    QUOTE,
    RETURN,
    code,
    create,
    drawn,
    edit,
    lies,
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


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[SqlPlace]:
    with sql_place(tmp_path_factory.mktemp("gp")) as found:
        yield found


@pytest.fixture
def here(served: SqlPlace) -> SqlPlace:
    served.sql.server.orders.clear()
    return served


def test_an_order_is_written_with_its_lines_and_reads_back_as_it_was_written(here: SqlPlace) -> None:
    key = sop(here)
    lines = [line("3", "59.95", OriginatingMarkdownAmount=Decimal("3.33")), line("2", "40.00")]
    values = sale(
        lines=lines,
        OriginatingFreightAmount=Decimal("15.00"),
        OriginatingTradeDiscountAmount=Decimal("12.50"),
        CustomerPONumber="PO-77",
        UserDefined1="web",
        UserDate1=date(2026, 12, 1),
    )
    made = create(here, "sales_document", key, values, reference="ours-0001")
    assert (made.status, made.error, made.key) == (Status.DONE, None, key)
    head = one(here, "SOP10100", SOPNUMBE=key[1])
    assert (head["SUBTOTAL"], head["DOCAMNT"], head["TRDISAMT"]) == (
        Decimal("249.86"),
        Decimal("252.36"),
        Decimal("12.50"),
    )
    assert (
        head["DOCAMNT"]
        == head["SUBTOTAL"] + head["FRTAMNT"] + head["MISCAMNT"] + head["TAXAMNT"] - head["TRDISAMT"]
    )
    assert [row["XTNDPRCE"] for row in rows(here, "SOP10200", SOPNUMBE=key[1])] == [
        Decimal("169.86"),
        Decimal("80.00"),
    ]
    assert one(here, "SOP10106", SOPNUMBE=key[1])["USRDAT01"] == date(2026, 12, 1)
    found = read(here, "sales_document", key)
    assert found is not None and found.reference == "ours-0001"
    own = {name: value for name, value in values.items() if name != "Lines"}
    assert {name: found.values[name] for name in own} == own
    assert found.values["TransactionState"] == "Work"
    for given, held in zip(lines, rows_of(found.values, "Lines") or [], strict=True):
        assert {name: held[name] for name in given} == given
    assert made.stored["Lines"] == found.values["Lines"]


def test_lists_survive_the_way_through_a_store_and_are_written_from_there(here: SqlPlace) -> None:
    key = sop(here)
    values = unpack(pack(sale(lines=[line("1", "45.00", RequestedShipDate=DAY)])))
    assert create(here, "sales_document", key, values).status is Status.DONE
    found = read(here, "sales_document", key)
    assert found is not None
    [held] = rows_of(unpack(pack(found.values)), "Lines") or []
    assert (held["Quantity"], held["RequestedShipDate"]) == (Decimal(1), DAY)


@pytest.mark.parametrize(("kind", "sign"), [(INVOICE, 1), (RETURN, -1)])
def test_the_distributions_of_what_posts_balance(here: SqlPlace, kind: int, sign: int) -> None:
    key = sop(here, kind)
    returned = {"QuantityReturnedOnHand": Decimal(2)} if kind == RETURN else {}
    made = create(
        here,
        "sales_document",
        key,
        sale(
            kind,
            [{**line(), **returned}],
            OriginatingFreightAmount=Decimal("7.50"),
            OriginatingMiscellaneousAmount=Decimal("1.25"),
        ),
    )
    assert (made.status, made.error) == (Status.DONE, None)
    found = rows(here, "SOP10102", SOPNUMBE=key[1])
    total = one(here, "SOP10100", SOPNUMBE=key[1])["DOCAMNT"]
    assert total == Decimal("98.75")
    assert sum(row["DEBITAMT"] for row in found) == sum(row["CRDTAMNT"] for row in found) == total
    assert sum(row["DEBITAMT"] - row["CRDTAMNT"] for row in found if row["DISTTYPE"] == 2) == sign * total


def test_given_distributions_and_payments_are_written_and_gp_makes_none_of_its_own(here: SqlPlace) -> None:
    key = sop(here, INVOICE)
    distributions = [
        {"DistributionType": 2, "AccountNumber": "000-1200-00", "OriginatingDebitAmount": Decimal(90)},
        {"DistributionType": 1, "AccountNumber": "000-4100-00", "OriginatingCreditAmount": Decimal(90)},
    ]
    payments = [
        {"PaymentType": 5, "OriginatingAmount": Decimal(40), "CheckNumber": "1234", "PaymentDate": DAY}
    ]
    made = create(here, "sales_document", key, sale(INVOICE, payments=payments, distributions=distributions))
    assert (made.status, made.error) == (Status.DONE, None)
    assert one(here, "SOP10100", SOPNUMBE=key[1])["PYMTRCVD"] == 40
    found = read(here, "sales_document", key)
    assert found is not None
    held = rows_of(found.values, "Distributions") or []
    assert [(row["AccountNumber"], row["DebitAmount"], row["CreditAmount"]) for row in held] == [
        ("000-1200-00", 90, 0),
        ("000-4100-00", 0, 90),
    ]
    [paid] = rows_of(found.values, "Payments") or []
    assert {name: paid[name] for name in payments[0]} == payments[0]


def test_distributions_that_do_not_balance_are_refused_before_anything_is_sent(here: SqlPlace) -> None:
    key, before = sop(here, INVOICE), here.last
    wrong = [{"DistributionType": 2, "AccountNumber": "000-1200-00", "OriginatingDebitAmount": Decimal(90)}]
    made = create(here, "sales_document", key, sale(INVOICE, distributions=wrong))
    assert (made.status, code(made)) == (Status.REJECTED, "bad-value")
    assert "do not balance" in said(made) and here.asked(before) == []


def test_gp_computes_taxes_by_the_ship_to_unless_the_tax_is_given(here: SqlPlace) -> None:
    here.save("RM00102", f"{CUSTOMER};WAREHOUSE", {"TAXSCHID": "ILMO"})
    key = sop(here)
    assert create(here, "sales_document", key, sale(lines=[line("2", "100.00")])).status is Status.DONE
    head = one(here, "SOP10100", SOPNUMBE=key[1])
    assert head["DOCAMNT"] == head["SUBTOTAL"] + head["TAXAMNT"] == Decimal(200) + head["TAXAMNT"]
    other = sop(here)
    given = sale(lines=[line("2", "100.00")], OriginatingTaxAmount=Decimal("9.99"))
    assert create(here, "sales_document", other, given).status is Status.DONE
    head = one(here, "SOP10100", SOPNUMBE=other[1])
    assert (head["TAXAMNT"], head["DOCAMNT"]) == (Decimal("9.99"), Decimal("209.99"))
    assert rows(here, "SOP10105", SOPNUMBE=other[1]) == []
    here.save("RM00102", f"{CUSTOMER};WAREHOUSE", {"TAXSCHID": ""})


def test_a_shortage_is_back_ordered_and_never_oversold_unless_the_line_says_so(here: SqlPlace) -> None:
    key = sop(here)
    assert create(here, "sales_document", key, sale(lines=[line("1000", "0.50")])).status is Status.DONE
    [held] = rows(here, "SOP10200", SOPNUMBE=key[1])
    assert held["QTYTBAOR"] > 0 and held["ATYALLOC"] + held["QTYTBAOR"] == 1000
    other = sop(here)
    aloud = line("1000", "0.50", Allocate=True, ShortageOption=2)
    assert create(here, "sales_document", other, sale(lines=[aloud])).status is Status.DONE
    [held] = rows(here, "SOP10200", SOPNUMBE=other[1])
    assert (held["QTYTBAOR"], held["ATYALLOC"]) == (0, 1000)


def test_prices_come_from_gp_only_when_that_is_asked_for(here: SqlPlace) -> None:
    key = sop(here, QUOTE)
    bare = {"ItemNumber": ITEM, "Quantity": Decimal(2)}
    refused = create(here, "sales_document", key, sale(QUOTE, [bare]))
    assert (refused.status, code(refused)) == (Status.REJECTED, "required-missing")
    assert refused.error is not None and refused.error.field == "Lines[1].OriginatingUnitPrice"
    made = create(here, "sales_document", key, sale(QUOTE, [bare], DefaultPricing=True))
    assert (made.status, made.error) == (Status.DONE, None)
    [held] = rows(here, "SOP10200", SOPNUMBE=key[1])
    assert held["UNITPRCE"] > 0
    assert one(here, "SOP10100", SOPNUMBE=key[1])["DOCAMNT"] == 2 * held["UNITPRCE"]


def test_a_total_that_does_not_agree_with_the_lines_is_refused_in_gps_words(here: SqlPlace) -> None:
    key = sop(here)
    made = create(
        here,
        "sales_document",
        key,
        sale(OriginatingSubtotal=Decimal(89), OriginatingDocumentAmount=Decimal(90)),
    )
    assert (made.status, code(made)) == (Status.REJECTED, "rejected")
    assert "67 " in said(made) and "taSopHdrIvcInsert" in said(made)
    assert made.error is not None and made.error.field == "OriginatingSubtotal"
    assert lies(here, key[1]) == []


def test_a_refused_line_is_named_and_leaves_nothing_of_the_document(here: SqlPlace) -> None:
    key = sop(here)
    lines = [line(), line(), line(ItemNumber="NO SUCH ITEM")]
    made = create(here, "sales_document", key, sale(lines=lines, UserDefined1="x"))
    assert (made.status, code(made)) == (Status.REJECTED, "rejected")
    assert made.error is not None and (made.error.field, made.error.value) == (
        "Lines[3].ItemNumber",
        "NO SUCH ITEM",
    )
    assert lies(here, key[1]) == [] and rows(here, "SY00500", BACHNUMB="NEVER") == []


def test_an_order_of_three_hundred_lines_is_one_document(here: SqlPlace) -> None:
    key = sop(here)
    lines = [line("1", f"0.{at + 100}", OriginatingMarkdownAmount=Decimal("0.1")) for at in range(1, 301)]
    made = create(here, "sales_document", key, sale(lines=lines))
    assert (made.status, made.error) == (Status.DONE, None)
    assert one(here, "SOP10100", SOPNUMBE=key[1])["DOCAMNT"] == sum(
        row["OriginatingExtendedPrice"] for row in rows_of(made.stored, "Lines") or []
    )
    found = read(here, "sales_document", key)
    assert found is not None
    held = rows_of(found.values, "Lines") or []
    assert [row["LineSequence"] for row in held] == [16384 * at for at in range(1, 301)]
    assert [row["OriginatingUnitPrice"] for row in held] == [each["OriginatingUnitPrice"] for each in lines]


def test_a_held_or_inactive_customer_buys_nothing_and_gp_says_why(here: SqlPlace) -> None:
    here.customer("HELD01", HOLD=1)
    key = sop(here)
    made = create(here, "sales_document", key, sale(CustomerNumber="HELD01"))
    assert (made.status, code(made)) == (Status.REJECTED, "rejected") and "on hold" in said(made)
    made = create(
        here, "sales_document", key, sale(CustomerNumber="HELD01", CheckHold=False, CheckCreditLimit=False)
    )
    assert (made.status, made.error) == (Status.DONE, None)
    here.customer("GONE01", INACTIVE=1)
    made = create(here, "sales_document", sop(here), sale(CustomerNumber="GONE01"))
    assert made.status is Status.REJECTED and "inactive" in said(made)


def test_the_header_of_an_order_changes_and_nothing_else_is_blanked(here: SqlPlace) -> None:
    key = sop(here)
    first = sale(
        CustomerPONumber="PO-1", UserDefined2="kept", OriginatingFreightAmount=Decimal(5), ShipToName="Dock 9"
    )
    assert create(here, "sales_document", key, first, reference="ours-2").status is Status.DONE
    before = read(here, "sales_document", key)
    assert before is not None
    done = edit(
        here,
        "sales_document",
        key,
        {"CustomerPONumber": "PO-2", "OriginatingFreightAmount": Decimal(8)},
        reference="ours-2",
    )
    assert (done.status, done.error) == (Status.DONE, None)
    after = read(here, "sales_document", key)
    assert after is not None and after.birth == before.birth and after.reference == "ours-2"
    moved = {name for name, value in after.values.items() if before.values.get(name) != value}
    assert moved <= {
        *("CustomerPONumber", "FreightAmount", "OriginatingFreightAmount"),
        *("DocumentAmount", "OriginatingDocumentAmount"),
    }
    assert (after.values["CustomerPONumber"], after.values["DocumentAmount"]) == ("PO-2", 98)
    user = edit(here, "sales_document", key, {"UserDefined1": "new"})
    assert user.status is Status.DONE
    held = one(here, "SOP10106", SOPNUMBE=key[1])
    assert (held["USERDEF1"].rstrip(), held["USERDEF2"].rstrip()) == ("new", "kept")


def test_an_edit_of_lines_or_of_a_document_that_moved_or_went_is_not_done(here: SqlPlace) -> None:
    key = sop(here)
    assert create(here, "sales_document", key, sale(CustomerPONumber="A")).status is Status.DONE
    lines = edit(here, "sales_document", key, with_rows({}, Lines=[line("5")]))
    assert (lines.status, code(lines)) == (Status.REJECTED, "not-served")
    moved = edit(here, "sales_document", key, {"CustomerPONumber": "C"}, expected={"CustomerPONumber": "B"})
    assert moved.status is Status.MOVED and moved.record is not None
    assert moved.record.values["CustomerPONumber"] == "A"
    gone = edit(here, "sales_document", ("2", "ORDNEVER1"), {"CustomerPONumber": "C"})
    assert gone.status is Status.GONE


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


def test_a_document_in_another_currency_is_written_and_read_in_its_own_amounts(here: SqlPlace) -> None:
    key = sop(here, INVOICE)
    foreign = {"CurrencyID": "Z-C$", "ExchangeDate": DAY}
    refused = create(here, "sales_document", key, sale(INVOICE, **foreign))
    assert refused.status is Status.REJECTED and "XCHGRATE" in said(refused)
    made = create(here, "sales_document", key, sale(INVOICE, **foreign, ExchangeRate=Decimal("0.75")))
    assert (made.status, made.error) == (Status.DONE, None)
    head = one(here, "SOP10100", SOPNUMBE=key[1])
    assert (head["ORDOCAMT"], head["DOCAMNT"]) == (Decimal(90), Decimal("67.50"))
    found = read(here, "sales_document", key)
    assert found is not None
    assert (found.values["OriginatingDocumentAmount"], found.values["DocumentAmount"]) == (
        90,
        Decimal("67.50"),
    )
    [row] = rows_of(found.values, "Lines") or []
    assert (row["OriginatingUnitPrice"], row["OriginatingExtendedPrice"]) == (45, 90)
