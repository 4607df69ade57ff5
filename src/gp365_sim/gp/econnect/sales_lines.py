"""taSopLineIvcInsert: a line of a sales document, written before its header (the document order of SOPTransactionType).

Lines lie in SOP10200 without a header until taSopHdrIvcInsert comes; whoever stops in between leaves them there. Prices
are taken as they come (blank is 0) unless DEFPRICING is 1. Quantities are reserved only with ALLOCATE 1, on invoices
always (assumed). Kits are one line: their components are not modelled.
"""

from dataclasses import dataclass
from decimal import Decimal

from gp365_sim.gp.econnect import documents, prices, stock
from gp365_sim.gp.econnect.accounts import account_index
from gp365_sim.gp.econnect.call import Call
from gp365_sim.gp.econnect.rows import Fields, add, change, find, only
from gp365_sim.gp.econnect.stock import NOTHING, Shares, number
from gp365_sim.gp.sqltypes import Value, folded

STEP = 16384
_STOCKED = (1, 2)
_TEXTS = (
    *(
        "LOCNCODE",
        "PRCLEVEL",
        "SALSTERR",
        "SLPRSNID",
        "ITMTSHID",
        "TAXSCHID",
        "PRSTADCD",
        "ShipToName",
        "CNTCPRSN",
    ),
    *(
        "ADDRESS1",
        "ADDRESS2",
        "ADDRESS3",
        "CITY",
        "STATE",
        "ZIPCODE",
        "COUNTRY",
        "PHONE1",
        "PHONE2",
        "PHONE3",
    ),
    *("FAXNUMBR", "SHIPMTHD", "COMMNTID", "GPSFOINTEGRATIONID", "INTEGRATIONID"),
)
_OTHERS = (
    *(
        "NONINVEN",
        "DROPSHIP",
        "IVITMTXB",
        "EXCEPTIONALDEMAND",
        "ReqShipDate",
        "FUFILDAT",
        "ACTLSHIP",
        "TAXAMNT",
    ),
    *(
        "QTYONHND",
        "QTYRTRND",
        "QTYINUSE",
        "QTYINSVC",
        "QTYDMGED",
        "INTEGRATIONSOURCE",
        "Print_Phone_NumberGB",
    ),
)
_ACCOUNTS = ("INVINDX", "CSLSINDX", "SLSINDX", "MKDNINDX", "RTNSINDX", "INUSINDX", "INSRINDX", "DMGDINDX")
_COMMENTS = ("COMMENT_1", "COMMENT_2", "COMMENT_3", "COMMENT_4", "CMMTTEXT")


@dataclass(frozen=True)
class Goods:
    """What a line sells: the item's card (none for a non-inventory item), the site, the unit and what it holds."""

    item: Fields | None
    site: str
    unit: str
    per_unit: Decimal

    @property
    def counted(self) -> bool:
        """Tell whether stock of it is kept."""
        return self.item is not None and self.item["ITEMTYPE"] in _STOCKED


def insert_line(call: Call) -> None:
    """Write a line, or rewrite it with UpdateIfExists 1 (its default is 0)."""
    kind, document = documents.named(call)
    documents.active_customer(call)
    documents.check_free(call, kind, document)
    call.need(documents.in_history(call, kind, document) is None, "sop-exists")
    goods = _goods(call)
    there = _there(call, kind, document)
    call.need(call.amount("QUANTITY") >= 0, "quantity-negative")
    money = documents.money(call)
    call.settle()
    if there is not None:
        release(call, there)
    unit_price, markdown, extended = _price(call, goods, money)
    shares = _shares(call, kind, goods)
    call.settle()
    row = {
        **_plain(call, goods),
        **_quantities(call, kind, goods, shares),
        **_amounts(call, goods, money, unit_price, markdown, extended),
        "CURRNIDX": money.index,
    }
    _write(call, kind, document, there, row)
    _write_comment(call, kind, document, row)


def release(call: Call, line: Fields) -> None:
    """Give back what a line has reserved and back-ordered."""
    per_unit = number(line["QTYBSUOM"]) or Decimal(1)
    moved = {
        "ATYALLOC": -number(line["ATYALLOC"]) * per_unit,
        "QTYBKORD": -number(line["QTYTBAOR"]) * per_unit,
    }
    stock.move(call.company, str(line["ITEMNMBR"]), str(line["LOCNCODE"]), moved)


def _goods(call: Call) -> Goods:
    """Find item, site and unit; an item that is not stocked at the site is refused, not assigned to it (assumed)."""
    company = call.company
    name, given = call.text("ITEMNMBR"), call.text("UOFM")
    call.need(name, "item-unknown")
    item = find(company, "IV00101", ITEMNMBR=name)
    if call.flag("NONINVEN"):
        return Goods(None, call.text("LOCNCODE"), given, Decimal(1))
    call.need(item, "item-unknown")
    if item is None:
        return Goods(None, "", given, Decimal(1))
    call.need(not item["INACTIVE"], "item-inactive")
    site = call.text("LOCNCODE") or _default_site(call, item)
    known = bool(site) and find(company, "IV40700", LOCNCODE=site) is not None
    call.need(known, "site-unknown")
    unit = given or str(item["SELNGUOM"]) or stock.base_unit(company, item)
    per_unit = stock.base_units(company, item, unit)
    call.need(per_unit, "unit-unknown")
    goods = Goods(item, site, unit, per_unit or Decimal(1))
    assigned = find(company, "IV00102", ITEMNMBR=name, RCRDTYPE=stock.ONE_SITE, LOCNCODE=site)
    call.need(not known or not goods.counted or assigned, "item-site")
    return goods


def _default_site(call: Call, item: Fields) -> str:
    setup = only(call.company, "SOP40100")
    return str(setup["LOCNCODE"]) or str(item["LOCNCODE"])


def _there(call: Call, kind: int, document: str) -> Fields | None:
    place = call.integer("LNITMSEQ")
    there = find(call.company, "SOP10200", SOPNUMBE=document, SOPTYPE=kind, LNITMSEQ=place) if place else None
    if there is not None:
        call.need(call.flag("UpdateIfExists"), "line-exists")
        call.need(folded(str(there["ITEMNMBR"])) == folded(call.text("ITEMNMBR")), "line-item")
    return there


def _price(call: Call, goods: Goods, money: documents.Money) -> tuple[Decimal, Decimal, Decimal]:
    """Give unit price, unit markdown and extended price; notes error 722 where what came does not agree."""
    unit_price, quantity = call.amount("UNITPRCE"), call.amount("QUANTITY")
    if call.flag("DEFPRICING") and goods.item is not None:
        level = call.text("PRCLEVEL") or _level(call, goods.item)
        found = prices.price(call.company, goods.item, level, money.currency, goods.unit, quantity)
        call.need(found is not None, "price-unknown")
        unit_price = found or NOTHING
    markdown = call.amount("MRKDNAMT")
    if call.has("MRKDNPCT"):
        markdown = prices.cents(unit_price * call.amount("MRKDNPCT") / prices.HUNDRED)
    exact = (unit_price - markdown) * quantity
    extended = prices.cents(exact)
    computed = call.flag("DEFPRICING") or call.flag("DEFEXTPRICE")
    call.need(computed or call.amount("XTNDPRCE") in (extended, exact), "line-price")
    return unit_price, markdown, extended


def _level(call: Call, item: Fields) -> str:
    customer = find(call.company, "RM00101", CUSTNMBR=call.text("CUSTNMBR")) or {}
    setup = only(call.company, "RM40101")
    return str(customer.get("PRCLEVEL", "")) or str(item["PRCLEVEL"]) or str(setup["PRCLEVEL"])


def _shares(call: Call, kind: int, goods: Goods) -> Shares:
    wanted, back, cancelled = call.amount("QUANTITY"), call.amount("QTYTBAOR"), call.amount("QTYCANCE")
    reserves = kind == documents.INVOICE or (
        call.flag("ALLOCATE") and kind in (documents.ORDER, documents.FULFILLMENT)
    )
    if kind == documents.RETURN:
        parts = ("QTYONHND", "QTYRTRND", "QTYINUSE", "QTYINSVC", "QTYDMGED")
        call.need(sum((call.amount(name) for name in parts), NOTHING) == wanted, "return-quantities")
    if not reserves or not goods.counted or call.flag("DROPSHIP") or goods.item is None:
        return Shares(wanted, NOTHING, back, cancelled)
    call.need(1 <= call.integer("QtyShrtOpt") <= 6, "shortage-option")
    there = stock.available(call.company, str(goods.item["ITEMNMBR"]), goods.site) / goods.per_unit
    shares = stock.divide(wanted, there, call.integer("QtyShrtOpt"))
    return Shares(shares.sold, shares.reserved, shares.back + back, shares.cancelled + cancelled)


def _quantities(call: Call, kind: int, goods: Goods, shares: Shares) -> dict[str, Value]:
    """Spell out the quantities and reserve them; QTYFULFI NULL fulfils invoices at once (assumed)."""
    fulfilled = shares.reserved if kind == documents.INVOICE else NOTHING
    if call.has("QTYFULFI"):
        fulfilled = call.amount("QTYFULFI")
    call.need(fulfilled <= shares.sold, "quantity-fulfilled")
    call.settle()
    moved = {"ATYALLOC": shares.reserved * goods.per_unit, "QTYBKORD": shares.back * goods.per_unit}
    if goods.counted:
        stock.move(call.company, call.text("ITEMNMBR"), goods.site, moved)
    total = shares.sold if kind == documents.INVOICE else shares.sold + shares.back + shares.cancelled
    return {
        "QUANTITY": total,
        "ATYALLOC": shares.reserved,
        "QTYTBAOR": shares.back,
        "QTYCANCE": shares.cancelled,
        "QTYTOINV": shares.sold if kind in (documents.ORDER, documents.FULFILLMENT) else NOTHING,
        "QTYREMAI": shares.sold + shares.back,
        "QTYFULFI": fulfilled,
        "QTYBSUOM": goods.per_unit,
        "EXTQTYAL": shares.reserved * goods.per_unit,
    }


def _amounts(
    call: Call,
    goods: Goods,
    money: documents.Money,
    unit_price: Decimal,
    markdown: Decimal,
    extended: Decimal,
) -> dict[str, Value]:
    """Spell out the amounts; those of a foreign document become functional when the header brings the rate."""
    cost = call.amount("UNITCOST")
    if not call.has("UNITCOST") and goods.item is not None:
        cost = number(goods.item["CURRCOST"]) * goods.per_unit
    total_cost = prices.cents(cost * call.amount("QUANTITY"))
    percent = int(call.amount("MRKDNPCT") * prices.HUNDRED)
    return {
        "UNITPRCE": unit_price,
        "ORUNTPRC": unit_price,
        "MRKDNAMT": markdown,
        "ORMRKDAM": markdown,
        "XTNDPRCE": extended,
        "OXTNDPRC": extended,
        "REMPRICE": extended,
        "OREPRICE": extended,
        "UNITCOST": cost,
        "ORUNTCST": cost,
        "EXTDCOST": total_cost,
        "OREXTCST": total_cost,
        "MRKDNPCT": percent,
        "MRKDNTYP": int(bool(percent)),
        "ORTAXAMT": call.amount("TAXAMNT"),
    }


def _plain(call: Call, goods: Goods) -> dict[str, Value]:
    given = {name: value for name in (*_TEXTS, *_OTHERS) if (value := call.value(name)) is not None}
    described = call.text("ITEMDESC") or (str(goods.item["ITEMDESC"]) if goods.item else "")
    accounts = {name: account_index(call, call.text(name)) for name in _ACCOUNTS}
    sales = accounts["SLSINDX"] or (goods.item["IVSLSIDX"] if goods.item else 0)
    return {
        **given,
        **accounts,
        "SLSINDX": sales,
        "ITEMNMBR": call.text("ITEMNMBR"),
        "ITEMDESC": described,
        "LOCNCODE": goods.site,
        "UOFM": goods.unit,
    }


def _write(call: Call, kind: int, document: str, there: Fields | None, row: dict[str, Value]) -> None:
    if there is not None:
        change(call.company, "SOP10200", there, row)
        row["LNITMSEQ"] = there["LNITMSEQ"]
        return
    place = call.integer("LNITMSEQ")
    if not place:
        held = (line["LNITMSEQ"] for line in documents.lines(call, kind, document))
        place = max((each for each in held if isinstance(each, int)), default=0) // STEP * STEP + STEP
    row["LNITMSEQ"] = place
    add(call.company, "SOP10200", {**row, "SOPTYPE": kind, "SOPNUMBE": document})


def _write_comment(call: Call, kind: int, document: str, row: Fields) -> None:
    texts: dict[str, Value] = {name: call.text(name) for name in _COMMENTS}
    key: dict[str, Value] = {"SOPNUMBE": document, "SOPTYPE": kind, "LNITMSEQ": row["LNITMSEQ"]}
    there = find(call.company, "SOP10202", **key)
    if there is not None:
        change(call.company, "SOP10202", there, texts)
    elif any(texts.values()):
        add(call.company, "SOP10202", {**key, **texts})
