"""What eConnect does with items, sites, prices, vendors and purchase orders."""

from decimal import Decimal

import pytest
from simgpe_trade import DAY, item, trading

ITEM, PRICE, VENDOR = "taUpdateCreateItemRcd", "taIVCreateItemPriceListLine", "taUpdateCreateVendorRcd"
LINE, HEADER = "taPoLine", "taPoHdr"


@pytest.fixture
def gp():
    made = trading()
    made.done(VENDOR, VENDORID="ACETRAVE0001", VENDNAME="A Travel Company", VADDCDPR="PRIMARY", CITY="Sydney")
    return made


def test_an_item_is_created_and_a_careless_create_overwrites_one(gp):
    gp.done(
        ITEM,
        ITEMNMBR="CABLE",
        ITEMDESC="Cable",
        UOMSCHDL="EACH",
        LISTPRCE=Decimal("9.95"),
        NOTETEXT="Fragile",
    )
    row = gp.row("IV00101", ITEMNMBR="CABLE")
    assert (row["ITEMTYPE"], row["PRICMTHD"], row["ITEMDESC"]) == (1, 1, "Cable")
    assert gp.row("IV00105", ITEMNMBR="CABLE")["LISTPRCE"] == Decimal("9.95")
    assert gp.row("SY03900", NOTEINDX=row["NOTEINDX"])["TXTFIELD"] == "Fragile"
    gp.refused(ITEM, "item-exists", ITEMNMBR="cable", ITEMDESC="Other", UOMSCHDL="EACH", UpdateIfExists=0)
    gp.done(ITEM, ITEMNMBR="CABLE", ITEMDESC="Other")
    assert gp.row("IV00101", ITEMNMBR="CABLE")["UOMSCHDL"] == "EACH"


def test_item_class_defaults_come_only_when_asked_for(gp):
    gp.fill(
        "IV40400", {"ITMCLSCD": "RETAIL", "UOMSCHDL": "EACH", "ITEMTYPE": 1, "TAXOPTNS": 2, "IVSLSIDX": 3}
    )
    gp.refused(ITEM, "schedule-unknown", ITEMNMBR="A", ITEMDESC="A", ITMCLSCD="RETAIL")
    gp.done(ITEM, ITEMNMBR="A", ITEMDESC="A", ITMCLSCD="RETAIL", UseItemClass=1)
    row = gp.row("IV00101", ITEMNMBR="A")
    assert (row["TAXOPTNS"], row["IVSLSIDX"]) == (2, 3)
    gp.refused(ITEM, "class-unknown", ITEMNMBR="B", UOMSCHDL="EACH", ITMCLSCD="NONE")


def test_an_item_is_assigned_to_a_site(gp):
    gp.done("taItemSite", ITEMNMBR="PHONE", LOCNCODE="NORTH", BINNMBR="A1")
    gp.refused("taItemSite", "item-site-exists", ITEMNMBR="PHONE", LOCNCODE="NORTH", UpdateIfExists=0)
    gp.refused("taItemSite", "site-unknown", ITEMNMBR="PHONE", LOCNCODE="NOWHERE")
    assert gp.row("IV00102", ITEMNMBR="PHONE", LOCNCODE="NORTH")["BINNMBR"] == "A1"


def test_prices_lie_by_level_unit_and_break(gp):
    gp.done(PRICE, ITEMNMBR="PHONE", PRCLEVEL="RETAIL", UOFM="Case", TOQTY=10, UOMPRICE=400)
    gp.done(PRICE, ITEMNMBR="PHONE", PRCLEVEL="RETAIL", UOFM="Case", UOMPRICE=380)
    rows = gp.rows("IV00108", UOFM="Case")
    assert [(row["FROMQTY"], row["UOMPRICE"], row["QTYBSUOM"]) for row in rows] == [
        (0, 400, 12),
        (10, 380, 12),
    ]
    gp.refused(
        PRICE, "price-exists", ITEMNMBR="PHONE", PRCLEVEL="RETAIL", UOFM="Case", UOMPRICE=1, UpdateIfExists=0
    )
    gp.refused(PRICE, "price-level", ITEMNMBR="PHONE", PRCLEVEL="NONE", UOFM="Case", UOMPRICE=1)
    gp.done("taIVCreateItemPriceListHeader", ITEMNMBR="PHONE", PRICMTHD=2, PRCLEVEL="RETAIL", UOFM="Each")
    gp.refused("taIVCreateItemPriceListHeader", "price-method", ITEMNMBR="PHONE", PRICMTHD=7)
    assert gp.row("IV00101", ITEMNMBR="PHONE")["PRICMTHD"] == 2


def test_a_price_of_a_percentage_method_is_a_percentage(gp):
    item(gp, "CABLE", on_hand=5, LISTPRCE=200)
    gp.done("taIVCreateItemPriceListHeader", ITEMNMBR="CABLE", PRICMTHD=2)
    gp.done(PRICE, ITEMNMBR="CABLE", PRCLEVEL="RETAIL", UOFM="Each", UOMPRICE=60)
    key = {"SOPTYPE": 2, "SOPNUMBE": "ORD1", "CUSTNMBR": "AARONFIT0001", "DOCDATE": DAY, "ITEMNMBR": "CABLE"}
    gp.done("taSopLineIvcInsert", **key, QUANTITY=1, DEFPRICING=1)
    assert gp.row("SOP10200")["UNITPRCE"] == 120


def test_a_vendor_is_created_with_its_address_and_updated_field_by_field(gp):
    assert gp.row("PM00300")["CITY"] == "Sydney"
    gp.refused(VENDOR, "vendor-exists", VENDORID="ACETRAVE0001", VENDNAME="Other", UpdateIfExists=0)
    gp.done(VENDOR, VENDORID="ACETRAVE0001", CITY="Perth", PYMTRMID="Net 30", TRDDISCT=Decimal("1.5"))
    row = gp.row("PM00200")
    assert (row["VENDNAME"], row["CITY"], row["TRDDISCT"]) == ("A Travel Company", "Perth", 150)
    assert gp.row("PM00300")["CITY"] == "Perth"
    gp.refused(VENDOR, "vendor-name", VENDORID="NEW")
    gp.refused(VENDOR, "terms-unknown", VENDORID="NEW", VENDNAME="New", PYMTRMID="Net 31")


def test_a_vendor_gets_another_address(gp):
    gp.done("taCreateVendorAddress", VENDORID="ACETRAVE0001", ADRSCODE="REMIT TO", CITY="Hobart")
    gp.done(VENDOR, VENDORID="ACETRAVE0001", VADCDTRO="REMIT TO")
    assert gp.row("PM00200")["VADCDTRO"] == "REMIT TO"
    gp.refused("taCreateVendorAddress", "vendor-unknown", VENDORID="NOBODY", ADRSCODE="A")
    gp.refused(VENDOR, "address-unknown", VENDORID="ACETRAVE0001", VADCDPAD="NONE")


def test_vendor_class_defaults_come_only_when_asked_for(gp):
    gp.fill("PM00100", {"VNDCLSID": "USA", "PYMTRMID": "Net 30", "PMAPINDX": 2})
    gp.done(VENDOR, VENDORID="A", VENDNAME="A", VNDCLSID="USA")
    gp.done(VENDOR, VENDORID="B", VENDNAME="B", VNDCLSID="USA", UseVendorClass=1)
    assert [row["PMAPINDX"] for row in gp.rows("PM00200", VNDCLSID="USA")] == [0, 2]


def test_a_purchase_order_is_lines_first_then_the_header(gp):
    key = {"PONUMBER": "PO1", "VENDORID": "ACETRAVE0001"}
    gp.done(LINE, **key, ITEMNMBR="PHONE", QUANTITY=4, LOCNCODE="WAREHOUSE")
    gp.done(LINE, **key, ITEMNMBR="CHAIR", ITEMDESC="A chair", NONINVEN=1, QUANTITY=1, UNITCOST=80)
    gp.refused(HEADER, "po-subtotal", **key, SUBTOTAL=199)
    gp.done(HEADER, **key, SUBTOTAL=200, DOCDATE=DAY, NOTETEXT="Rush")
    row = gp.row("POP10100")
    assert (row["SUBTOTAL"], row["POSTATUS"], row["VENDNAME"]) == (200, 1, "A Travel Company")
    assert [line["ORD"] for line in gp.rows("POP10110")] == [16384, 32768]
    assert [stock["QTYONORD"] for stock in gp.rows("IV00102", ITEMNMBR="PHONE")] == [4, 4]
    assert gp.row("SY03900", NOTEINDX=row["PONOTIDS_1"])["TXTFIELD"] == "Rush"
    gp.refused(HEADER, "po-exists", **key)


def test_a_purchase_line_is_refused_or_rewritten(gp):
    key = {"PONUMBER": "PO1", "VENDORID": "ACETRAVE0001", "LOCNCODE": "WAREHOUSE"}
    gp.refused(LINE, "item-unknown", **key, ITEMNMBR="NOTHING", QUANTITY=1)
    gp.refused(LINE, "quantity-negative", **key, ITEMNMBR="PHONE")
    gp.refused(LINE, "vendor-unknown", **{**key, "VENDORID": "NOBODY"}, ITEMNMBR="PHONE", QUANTITY=1)
    gp.done(LINE, **key, ITEMNMBR="PHONE", QUANTITY=4)
    gp.refused(LINE, "line-exists", **key, ITEMNMBR="PHONE", QUANTITY=6, ORD=16384)
    gp.done(LINE, **key, ITEMNMBR="PHONE", QUANTITY=6, ORD=16384, UpdateIfExists=1)
    assert [row["QTYONORD"] for row in gp.rows("IV00102", ITEMNMBR="PHONE")] == [6, 6]
    gp.refused(HEADER, "po-lines", PONUMBER="PO9", VENDORID="ACETRAVE0001")
