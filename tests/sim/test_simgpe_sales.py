"""What eConnect does with sales documents: lines, headers, totals, quantities, payments, holds, voids and deletions."""

from datetime import date, datetime, time
from decimal import Decimal

import pytest
from simgpe_trade import DAY, INVOICE, ORDER, header, item, line, order, trading

from gp365_sim.gp.econnect import CheckViolated
from gp365_sim.gp.salesposting import post, transfer

LINE, HEADER = "taSopLineIvcInsert", "taSopHdrIvcInsert"
KEY = {"SOPTYPE": ORDER, "SOPNUMBE": "ORD1", "CUSTNMBR": "AARONFIT0001", "DOCDATE": DAY, "ITEMNMBR": "PHONE"}


@pytest.fixture
def gp():
    return trading()


def allocated(gp, goods="PHONE"):
    return [row["ATYALLOC"] for row in gp.rows("IV00102", ITEMNMBR=goods)]


def test_an_order_is_lines_first_then_the_header(gp):
    row = order(gp, CSTPONBR="PO-77", INTEGRATIONID="mark")
    assert (row["SUBTOTAL"], row["DOCAMNT"], row["ORDOCAMT"], row["BACHNUMB"]) == (80, 80, 80, "WEB")
    assert (row["CUSTNAME"], row["CITY"], row["PRSTADCD"]) == ("Aaron Fitz Electrical", "Chicago", "PRIMARY")
    assert (row["DUEDATE"], row["ORDRDATE"], row["CURNCYID"], row["MSTRNUMB"]) == (
        date(2027, 5, 12),
        DAY,
        "Z-US$",
        77,
    )
    (only,) = gp.rows("SOP10200", SOPNUMBE="ORD1")
    assert (only["LNITMSEQ"], only["UOFM"], only["LOCNCODE"], only["UNITCOST"]) == (
        16384,
        "Each",
        "WAREHOUSE",
        30,
    )
    batch = gp.row("SY00500", BACHNUMB="WEB")
    assert (batch["BCHSOURC"], batch["NUMOFTRX"], batch["BCHTOTAL"], batch["SERIES"]) == (
        "Sales Entry",
        1,
        80,
        3,
    )


def test_lines_without_a_header_stay_when_the_client_does_not_roll_back(gp):
    with pytest.raises(RuntimeError), gp.company.transaction():
        line(gp, "ORD9", 1)
        raise RuntimeError
    line(gp, "ORD8", 1)
    assert [row["SOPNUMBE"] for row in gp.rows("SOP10200")] == ["ORD8"]
    assert gp.rows("SOP10100") == []


def test_the_subtotal_must_be_that_of_the_lines_and_the_total_that_of_its_parts(gp):
    line(gp, "ORD1", 2)
    gp.refused(HEADER, "sop-subtotal", **header("ORD1", 80, SUBTOTAL=79, DOCAMNT=80))
    gp.refused(HEADER, "sop-total", **header("ORD1", 80, FREIGHT=5))
    gp.done(HEADER, **header("ORD1", 80, FREIGHT=5, TRDISAMT=10, DOCAMNT=75))
    assert gp.row("SOP10100")["TRDISAMT"] == 10


def test_gp_computes_price_and_totals_when_asked_to(gp):
    gp.done(LINE, **KEY, QUANTITY=3, DEFPRICING=1, PRCLEVEL="RETAIL")
    gp.done(HEADER, **header("ORD1", 0, DEFPRICING=1))
    assert (gp.row("SOP10200")["UNITPRCE"], gp.row("SOP10100")["DOCAMNT"]) == (40, 120)


def test_a_careless_line_without_a_price_is_sold_for_nothing(gp):
    gp.done(LINE, **KEY, QUANTITY=3)
    assert gp.row("SOP10200")["XTNDPRCE"] == 0


def test_an_extended_price_must_agree_with_price_markdown_and_quantity(gp):
    gp.refused(LINE, "line-price", **KEY, QUANTITY=3, UNITPRCE=40, XTNDPRCE=119)
    gp.refused(LINE, "line-price", **KEY, QUANTITY=3, UNITPRCE=40, XTNDPRCE=110, MRKDNAMT=Decimal("3.33"))
    gp.done(LINE, **KEY, QUANTITY=3, UNITPRCE=40, XTNDPRCE=Decimal("110.01"), MRKDNAMT=Decimal("3.33"))


def test_a_markdown_in_percent_needs_the_header_to_price(gp):
    gp.done(LINE, **KEY, QUANTITY=1, UNITPRCE=40, MRKDNPCT=25, XTNDPRCE=30)
    gp.refused(HEADER, "sop-subtotal", **header("ORD1", 30))
    gp.done(HEADER, **header("ORD1", 30, DEFPRICING=1))


def test_a_document_number_is_new_unless_the_client_asks_for_an_update(gp):
    order(gp, INTEGRATIONID="mark", CSTPONBR="PO-77")
    gp.refused(HEADER, "sop-exists", **header("ORD1", 80))
    gp.done(HEADER, **header("ORD1", 80, UpdateExisting=1, CSTPONBR="PO-78"))
    row = gp.row("SOP10100")
    assert (row["CSTPONBR"], row["INTEGRATIONID"]) == ("PO-78", "")
    assert gp.row("SY00500")["NUMOFTRX"] == 1


def test_taxes_are_made_only_when_asked_for_and_from_the_ship_to_address(gp):
    assert order(gp, "ORD1")["TAXAMNT"] == 0
    row = order(gp, "ORD2", CREATETAXES=1, DEFTAXSCHDS=1)
    assert (row["TAXSCHID"], row["TAXAMNT"], row["DOCAMNT"]) == (
        "USASTCITY-6*",
        Decimal("4.80"),
        Decimal("84.80"),
    )
    assert [tax["STAXAMNT"] for tax in gp.rows("SOP10105", SOPNUMBE="ORD2")] == [Decimal("4.80")] * 2
    assert order(gp, "ORD3", CREATETAXES=1)["TAXAMNT"] == 0


def test_an_item_that_is_not_taxable_is_not_taxed(gp):
    gp.set("IV00101", ("PHONE",), TAXOPTNS=2)
    assert order(gp, CREATETAXES=1, DEFTAXSCHDS=1)["TAXAMNT"] == 0


def test_the_salesperson_comes_from_the_ship_to_address_and_must_be_active(gp):
    assert order(gp)["SLPRSNID"] == "PAUL W."
    gp.set("RM00301", ("PAUL W.",), INACTIVE=1)
    line(gp, "ORD2", 1)
    gp.refused(HEADER, "salesperson-inactive", **header("ORD2", 40))


def test_commissions_are_made_only_when_asked_for(gp):
    gp.set("RM00301", ("PAUL W.",), COMPRCNT=500)
    order(gp, "ORD1")
    order(gp, "ORD2", CREATECOMM=1)
    assert [(row["SOPNUMBE"], row["COMMAMNT"]) for row in gp.rows("SOP10101")] == [("ORD2", 4)]


def test_hold_and_credit_limit_are_looked_at_only_when_asked_to(gp):
    gp.done("taUpdateCreateCustomerRcd", CUSTNMBR="AARONFIT0001", HOLD=1, CRLMTTYP=2, CRLMTAMT=100)
    order(gp, "ORD1", quantity=3)
    line(gp, "ORD2", 2)
    gp.refused(HEADER, "customer-hold", "customer-credit", **header("ORD2", 80, CKHOLD=1, CKCreditLimit=1))


def test_a_customer_with_an_order_is_not_made_inactive(gp):
    order(gp)
    gp.refused("taUpdateCreateCustomerRcd", "customer-busy", CUSTNMBR="AARONFIT0001", INACTIVE=1)


def test_an_inactive_customer_and_one_without_an_address_buy_nothing(gp):
    gp.done("taUpdateCreateCustomerRcd", CUSTNMBR="BARE", CUSTNAME="Bare")
    gp.done(LINE, **{**KEY, "CUSTNMBR": "BARE", "SOPNUMBE": "ORD2"}, QUANTITY=1)
    gp.refused(HEADER, "customer-address", **header("ORD2", 0, CUSTNMBR="BARE"))
    gp.done("taUpdateCreateCustomerRcd", CUSTNMBR="BARE", INACTIVE=1)
    gp.refused(LINE, "customer-inactive", **{**KEY, "CUSTNMBR": "BARE"}, QUANTITY=1)


@pytest.mark.parametrize(
    ("meaning", "values"),
    [
        ("item-unknown", {"ITEMNMBR": "NOTHING"}),
        ("site-unknown", {"LOCNCODE": "NOWHERE"}),
        ("item-site", {"LOCNCODE": "NORTH"}),
        ("unit-unknown", {"UOFM": "Barrel"}),
        ("customer-unknown", {"CUSTNMBR": "NOBODY"}),
        ("quantity-negative", {"QUANTITY": -1}),
        ("sop-type", {"SOPTYPE": 7}),
        ("price-unknown", {"DEFPRICING": 1, "PRCLEVEL": "NONE"}),
        ("currency-unknown", {"CURNCYID": "Z-XX"}),
    ],
)
def test_a_line_that_names_what_is_not_there_is_refused(gp, meaning, values):
    with gp.unchanged():
        gp.refused(LINE, meaning, **{**KEY, "QUANTITY": 1, **values})


@pytest.mark.parametrize(
    ("meaning", "values"),
    [
        ("document-id-unknown", {"DOCID": "NONE"}),
        ("batch-blank", {"BACHNUMB": ""}),
        ("address-unknown", {"PRSTADCD": "NONE"}),
        ("salesperson-unknown", {"SLPRSNID": "NOBODY"}),
        ("terms-unknown", {"PYMTRMID": "Net 31"}),
        ("sop-lines", {"SOPNUMBE": "ORD7", "SUBTOTAL": 0, "DOCAMNT": 0}),
        ("payments-differ", {"PYMTRCVD": 5}),
    ],
)
def test_a_header_that_names_what_is_not_there_is_refused(gp, meaning, values):
    line(gp, "ORD1", 1)
    with gp.unchanged():
        gp.refused(HEADER, meaning, **header("ORD1", 40, **values))


def test_quantities_are_reserved_only_when_asked_for_and_on_invoices_always(gp):
    line(gp, "ORD1", 2)
    assert allocated(gp) == [0, 0]
    line(gp, "ORD2", 2, ALLOCATE=1)
    line(gp, "INV1", 3, kind=INVOICE)
    assert allocated(gp) == [5, 5]
    assert gp.row("SOP10200", SOPNUMBE="INV1")["QTYFULFI"] == 3


def test_a_case_reserves_twelve(gp):
    item(gp, "CABLE", on_hand=100)
    line(gp, "ORD1", 2, goods="CABLE", UOFM="Case", ALLOCATE=1)
    assert allocated(gp, "CABLE") == [24, 24]
    gp.done(HEADER, **header("ORD1", 80))
    gp.done("taSopDeleteDocument", SOPTYPE=ORDER, SOPNUMBE="ORD1")
    assert allocated(gp, "CABLE") == [0, 0]


@pytest.mark.parametrize("reserved", [0, 1])
def test_an_order_in_cases_is_invoiced_and_posted_out_of_stock_in_base_units(gp, reserved):
    item(gp, "CABLE", on_hand=100)
    line(gp, "ORD1", 2, goods="CABLE", UOFM="Case", ALLOCATE=reserved)
    gp.done(HEADER, **header("ORD1", 80))
    invoice = transfer(gp.company, "ORD1", "WEB", "STDINV")
    assert allocated(gp, "CABLE") == [24, 24]
    post(gp.company, INVOICE, invoice["SOPNUMBE"])
    rows = gp.rows("IV00102", ITEMNMBR="CABLE")
    assert [(row["QTYONHND"], row["ATYALLOC"]) for row in rows] == [(76, 0), (76, 0)]


@pytest.mark.parametrize(
    ("option", "reserved", "back", "cancelled"),
    [
        (None, 15, 0, 0),
        (1, 10, 0, 0),
        (2, 15, 0, 0),
        (3, 0, 15, 0),
        (4, 10, 5, 0),
        (5, 0, 0, 15),
        (6, 10, 0, 5),
    ],
)
def test_a_shortage_is_oversold_unless_the_client_says_otherwise(gp, option, reserved, back, cancelled):
    line(gp, "ORD1", 15, ALLOCATE=1, **({} if option is None else {"QtyShrtOpt": option}))
    row = gp.row("SOP10200")
    assert (row["ATYALLOC"], row["QTYTBAOR"], row["QTYCANCE"]) == (reserved, back, cancelled)
    assert allocated(gp) == [reserved, reserved]


def test_a_line_is_rewritten_only_when_asked_to_and_not_with_another_item(gp):
    item(gp, "CABLE", on_hand=5)
    line(gp, "ORD1", 2, ALLOCATE=1)
    gp.refused(LINE, "line-exists", **KEY, QUANTITY=3, LNITMSEQ=16384)
    changed = {**KEY, "QUANTITY": 3, "LNITMSEQ": 16384, "UpdateIfExists": 1, "ALLOCATE": 1}
    gp.refused(LINE, "line-item", **{**changed, "ITEMNMBR": "CABLE"})
    gp.done(LINE, **changed)
    assert allocated(gp) == [3, 3]
    line(gp, "ORD1", 1)
    assert [row["LNITMSEQ"] for row in gp.rows("SOP10200")] == [16384, 32768]


def test_a_document_in_another_currency_needs_its_rate_on_header_and_lines_alike(gp):
    line(gp, "ORD1", 2, CURNCYID="Z-C$")
    gp.refused(HEADER, "line-currency", **header("ORD1", 80, CURNCYID="Z-US$"))
    gp.refused(HEADER, "rate-missing", **header("ORD1", 80, CURNCYID="Z-C$"))
    gp.done(HEADER, **header("ORD1", 80, CURNCYID="Z-C$", XCHGRATE=Decimal("0.75")))
    row, only = gp.row("SOP10100"), gp.row("SOP10200")
    assert (row["DOCAMNT"], row["ORDOCAMT"], only["XTNDPRCE"], only["OXTNDPRC"]) == (60, 80, 60, 80)


def test_an_order_counts_as_on_order_and_an_invoice_as_unposted(gp):
    order(gp, "ORD1")
    order(gp, "INV1", quantity=1, kind=INVOICE)
    row = gp.row("RM00103", CUSTNMBR="AARONFIT0001")
    assert (row["ONORDAMT"], row["UNPSTOSA"]) == (80, 40)
    gp.done("taSopDeleteDocument", SOPTYPE=ORDER, SOPNUMBE="ORD1")
    gp.done("taSopVoidDocument", SOPTYPE=INVOICE, SOPNUMBE="INV1")
    row = gp.row("RM00103", CUSTNMBR="AARONFIT0001")
    assert (row["ONORDAMT"], row["UNPSTOSA"]) == (0, 0)


def test_an_invoice_gets_distributions_that_balance_unless_the_client_brings_them(gp):
    order(gp, "INV1", kind=INVOICE, CREATETAXES=1, DEFTAXSCHDS=1)
    rows = gp.rows("SOP10102", SOPNUMBE="INV1")
    assert sum(row["DEBITAMT"] for row in rows) == sum(row["CRDTAMNT"] for row in rows) == Decimal("84.80")
    line(gp, "INV2", 1, kind=INVOICE)
    key = {"SOPTYPE": INVOICE, "SOPNUMBE": "INV2", "CUSTNMBR": "AARONFIT0001"}
    gp.done("taSopDistribution", **key, DISTTYPE=2, ACTNUMST="000-1200-00", DEBITAMT=40)
    gp.done("taSopDistribution", **key, DISTTYPE=1, ACTINDX=3, CRDTAMNT=40)
    gp.refused("taSopDistribution", "debit-or-credit", **key, DISTTYPE=1, ACTINDX=3)
    gp.refused("taSopDistribution", "account-unknown", **key, DISTTYPE=1, ACTINDX=99, DEBITAMT=1)
    gp.done(HEADER, **header("INV2", 40, INVOICE, CREATEDIST=0))
    assert [row["ACTINDX"] for row in gp.rows("SOP10102", SOPNUMBE="INV2")] == [2, 3]


def test_a_batch_or_document_that_somebody_has_open_is_no_refusal_for_good(gp):
    order(gp, "ORD1")
    gp.set("SY00500", ("Sales Entry", "WEB"), MKDTOPST=1)
    line(gp, "ORD2", 1)
    gp.refused(HEADER, "batch-in-use", **header("ORD2", 40))
    gp.refused(LINE, "batch-in-use", **KEY, QUANTITY=1)
    gp.set("SY00500", ("Sales Entry", "WEB"), MKDTOPST=0)
    gp.fill("SY00801", {"RSRCID": "ORD2", "CMPANYID": -1, "USERID": "sa"})
    gp.refused(HEADER, "document-in-use", **header("ORD2", 40))
    assert (gp.call(HEADER, **header("ORD2", 40)).state, gp.call(LINE, **KEY, QUANTITY=1).state) == (2022, 0)


def test_an_approved_batch_takes_nothing_more(gp):
    order(gp, "ORD1")
    gp.set("SY00500", ("Sales Entry", "WEB"), APPROVL=1)
    line(gp, "ORD2", 1)
    gp.refused(HEADER, "batch-approved", **header("ORD2", 40))


def test_user_defined_fields_keep_texts_and_lose_dates(gp):
    key = {"SOPTYPE": ORDER, "SOPNUMBE": "ORD1"}
    gp.refused("taSopUserDefined", "sop-unknown", **key, USERDEF1="x")
    line(gp, "ORD1", 1)
    gp.done("taSopUserDefined", **key, USERDEF1="first", USRDAT01=DAY)
    gp.done("taSopUserDefined", **key, USERDEF2="second")
    row = gp.row("SOP10106")
    assert (row["USERDEF1"], row["USERDEF2"], row["USRDAT01"]) == ("first", "second", date(1900, 1, 1))


def test_a_payment_taken_with_an_order_draws_a_receipt_number(gp):
    line(gp, "ORD1", 1)
    pay = {"SOPTYPE": ORDER, "SOPNUMBE": "ORD1", "CUSTNMBR": "AARONFIT0001", "DOCAMNT": 15, "PYMTTYPE": 4}
    gp.done("taCreateSopPaymentInsertRecord", **pay)
    assert gp.row("SOP10103")["DOCNUMBR"] == "PYMNT000009"
    gp.refused("taCreateSopPaymentInsertRecord", "rm-exists", **pay, DOCNUMBR="PYMNT000009")
    gp.refused("taCreateSopPaymentInsertRecord", "checkbook-unknown", **pay, CHEKBKID="NONE")
    gp.done(HEADER, **header("ORD1", 40, PYMTRCVD=15))
    assert gp.row("SOP10100")["PYMTRCVD"] == 15
    gp.refused("taSopDeleteDocument", "payments-there", SOPTYPE=ORDER, SOPNUMBE="ORD1", RemovePayments=0)


def test_a_process_hold_is_put_on_and_lifted(gp):
    order(gp)
    key = {"SOPTYPE": ORDER, "SOPNUMBE": "ORD1", "PRCHLDID": "CREDIT"}
    gp.done("taSopUpdateCreateProcessHold", **key)
    gp.done("taSopUpdateCreateProcessHold", **key, DELETE1=1)
    assert [row["DELETE1"] for row in gp.rows("SOP10104")] == [1]
    gp.refused("taSopUpdateCreateProcessHold", "sop-unknown", **{**key, "SOPNUMBE": "ORD9"})


def test_a_deleted_document_leaves_nothing_and_gives_its_quantities_back(gp):
    order(gp, CREATETAXES=1, DEFTAXSCHDS=1, COMMENT_1="Leave at dock")
    gp.done("taSopDeleteDocument", SOPTYPE=ORDER, SOPNUMBE="ORD1")
    tables = ("SOP10100", "SOP10200", "SOP10105", "SOP10106", "SOP30200", "SY00500")
    assert [len(gp.rows(table)) for table in tables] == [0] * 6
    assert allocated(gp) == [0, 0]
    gp.refused("taSopDeleteDocument", "sop-unknown", SOPTYPE=ORDER, SOPNUMBE="ORD1")


def test_a_voided_document_goes_to_history_and_keeps_its_number(gp):
    order(gp)
    gp.done("taSopVoidDocument", SOPTYPE=ORDER, SOPNUMBE="ORD1", VOIDDATE=DAY)
    assert gp.row("SOP30200")["VOIDSTTS"] == 1 and len(gp.rows("SOP30300")) == 1
    assert allocated(gp) == [0, 0] and gp.rows("SOP10100") == []
    gp.refused("taSopVoidDocument", "sop-posted", SOPTYPE=ORDER, SOPNUMBE="ORD1")
    gp.refused(LINE, "sop-exists", **KEY, QUANTITY=1)


def test_a_moment_as_document_date_is_refused_by_the_server(gp):
    line(gp, "ORD1", 1)
    with gp.unchanged(), pytest.raises(CheckViolated):
        gp.call(HEADER, **header("ORD1", 40, DOCDATE=datetime.combine(DAY, time(23, 40))))
