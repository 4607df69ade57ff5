"""Purchase orders: taPoLine × n, then taPoHdr (POP10110, POP10100)."""

from decimal import Decimal

from gp365_sim.gp.econnect import documents, prices, stock
from gp365_sim.gp.econnect.accounts import account_index
from gp365_sim.gp.econnect.batches import check_document
from gp365_sim.gp.econnect.call import Call
from gp365_sim.gp.econnect.notes import write_note
from gp365_sim.gp.econnect.rows import Fields, add, change, find, where
from gp365_sim.gp.econnect.stock import NOTHING, number
from gp365_sim.gp.sqltypes import Value
from gp365_sim.gp.terms import due_and_discount

STEP = 16384
NEW = 1
STANDARD = 1
CHANGEABLE = (1, 2, 3)
_LINE = (
    *("VNDITNUM", "FREEONBOARD", "REQSTDBY", "COMMNTID", "REQDATE", "RELEASEBYDATE", "PRMDATE", "PRMSHPDTE"),
    *(
        "SHIPMTHD",
        "POLNESTA",
        "CMPNYNAM",
        "CONTACT",
        "ADDRESS1",
        "ADDRESS2",
        "ADDRESS3",
        "CITY",
        "STATE",
        "ZIPCODE",
    ),
    *("CCode", "COUNTRY", "PHONE1", "PHONE2", "PHONE3", "FAX", "TAXAMNT", "ProjNum", "CostCatID", "ADRSCODE"),
    *("Landed_Cost_Group_ID", "Purchase_IV_Item_Taxable", "Purchase_Item_Tax_Schedu", "Print_Phone_NumberGB"),
)
_HEAD = (
    *(
        "BUYERID",
        "ALLOWSOCMTS",
        "TRDISAMT",
        "FRTAMNT",
        "MSCCHAMT",
        "TAXAMNT",
        "PRSTADCD",
        "CMPNYNAM",
        "CONTACT",
    ),
    *("ADDRESS1", "ADDRESS2", "ADDRESS3", "CITY", "STATE", "ZIPCODE", "CCode", "COUNTRY", "PHONE1", "PHONE2"),
    *(
        "PHONE3",
        "FAX",
        "VADCDPAD",
        "PURCHCMPNYNAM",
        "PURCHCONTACT",
        "PURCHADDRESS1",
        "PURCHADDRESS2",
        "PURCHCITY",
    ),
    *(
        "PURCHADDRESS3",
        "PURCHSTATE",
        "PURCHZIPCODE",
        "PURCHCCode",
        "PURCHCOUNTRY",
        "PURCHPHONE1",
        "PURCHPHONE2",
    ),
    *(
        "PURCHPHONE3",
        "PURCHFAX",
        "PRBTADCD",
        "SHIPMTHD",
        "TXRGNNUM",
        "CONFIRM1",
        "COMMNTID",
        "HOLD",
        "TAXSCHID",
    ),
    *(
        "PRMDATE",
        "PRMSHPDTE",
        "REQDATE",
        "REQTNDT",
        "POSTATUS",
        "FRTTXAMT",
        "MSCTXAMT",
        "FRTSCHID",
        "MSCSCHID",
    ),
)


def insert_line(call: Call) -> None:
    """Write a line of an order; without ITEMNMBR or with an unknown one NONINVEN must be 1.

    UNITCOST NULL takes the item's current cost. UpdateIfExists is 0 by default: ORD must then be new.
    """
    order, vendor = _named(call)
    item = find(call.company, "IV00101", ITEMNMBR=call.text("ITEMNMBR")) if call.text("ITEMNMBR") else None
    call.need(item or call.flag("NONINVEN"), "item-unknown")
    call.need(item is None or not item["INACTIVE"], "item-inactive")
    site = call.text("LOCNCODE") or (str(item["LOCNCODE"]) if item else "")
    call.need(not item or find(call.company, "IV40700", LOCNCODE=site), "site-unknown")
    call.need(call.amount("QUANTITY") > 0, "quantity-negative")
    there = (
        find(call.company, "POP10110", PONUMBER=order, ORD=call.integer("ORD"))
        if call.integer("ORD")
        else None
    )
    call.need(there is None or call.flag("UpdateIfExists"), "line-exists")
    unit = call.text("UOFM") or (str(item["PRCHSUOM"]) or stock.base_unit(call.company, item) if item else "")
    per_unit = stock.base_units(call.company, item, unit) if item else Decimal(1)
    call.need(per_unit, "unit-unknown")
    index = call.integer("IVIVINDX") or account_index(call, call.text("InventoryAccount"))
    call.settle()
    row = {
        **_line_values(call, item, unit, per_unit or Decimal(1)),
        "LOCNCODE": site,
        "VENDORID": vendor,
        "INVINDX": index or (item["IVIVINDX"] if item else 0),
    }
    _write_line(call, order, there, row)


def insert_header(call: Call) -> None:
    """Write the header of an order whose lines are there; SUBTOTAL and TAXAMNT, where they come, must agree."""
    order, vendor = _named(call)
    company = call.company
    there = find(company, "POP10100", PONUMBER=order)
    call.need(there is None or call.flag("UpdateIfExists"), "po-exists")
    call.need(find(company, "POP30100", PONUMBER=order) is None, "po-exists")
    lines = list(where(company, "POP10110", PONUMBER=order))
    call.need(lines, "po-lines")
    subtotal = sum((number(line["EXTDCOST"]) for line in lines), NOTHING)
    call.need(not call.has("SUBTOTAL") or call.amount("SUBTOTAL") == subtotal, "po-subtotal")
    tax = sum((number(line["TAXAMNT"]) for line in lines), call.amount("FRTTXAMT") + call.amount("MSCTXAMT"))
    call.need(not call.has("TAXAMNT") or call.amount("TAXAMNT") == tax, "po-tax")
    terms = _terms(call, vendor)
    call.settle()
    at = call.date("DOCDATE", "POP10100") if call.has("DOCDATE") else company.today()
    dated = due_and_discount(company, terms, at, subtotal)
    own = {
        **_head_values(call, vendor, subtotal),
        **{name: value for name, value in dated.items() if name != "DISAVAMT"},
        "DOCDATE": at,
    }
    _write_header(call, order, there, own)


def _terms(call: Call, vendor: str) -> str:
    card = find(call.company, "PM00200", VENDORID=vendor) or {}
    terms = call.text("PYMTRMID") if call.has("PYMTRMID") else str(card.get("PYMTRMID", ""))
    call.need(not terms or find(call.company, "SY03300", PYMTRMID=terms), "terms-unknown")
    currency = documents.functional_money(call).currency
    call.need(call.text("CURNCYID").casefold() in ("", currency.casefold()), "po-currency")
    return terms


def _head_values(call: Call, vendor: str, subtotal: Decimal) -> dict[str, Value]:
    card = find(call.company, "PM00200", VENDORID=vendor) or {}
    money = documents.functional_money(call)
    return {
        **{name: card[name] for name in ("VENDNAME", "SHIPMTHD", "TAXSCHID", "VADCDPAD") if name in card},
        **{name: value for name in (*_HEAD, "VENDNAME") if (value := call.value(name)) is not None},
        "VENDORID": vendor,
        "POTYPE": call.integer("POTYPE") or STANDARD,
        "CURNCYID": money.currency,
        "SUBTOTAL": subtotal,
        "ORSUBTOT": subtotal,
        "REMSUBTO": subtotal,
        "OREMSUBT": subtotal,
        "CURRNIDX": money.index,
        "MODIFDT": call.company.today(),
    }


def _named(call: Call) -> tuple[str, str]:
    order, vendor = call.text("PONUMBER"), call.text("VENDORID")
    call.need(order, "po-blank")
    call.need(find(call.company, "PM00200", VENDORID=vendor), "vendor-unknown")
    check_document(call, order)
    header = find(call.company, "POP10100", PONUMBER=order)
    call.need(header is None or header["POSTATUS"] in CHANGEABLE, "po-closed")
    return order, vendor


def _line_values(call: Call, item: Fields | None, unit: str, per_unit: Decimal) -> dict[str, Value]:
    quantity, cancelled = call.amount("QUANTITY"), call.amount("QTYCANCE")
    cost = call.amount("UNITCOST")
    if not call.has("UNITCOST") and item is not None:
        cost = number(item["CURRCOST"]) * per_unit
    extended = prices.cents(cost * (quantity - cancelled))
    described = call.text("ITEMDESC") or (str(item["ITEMDESC"]) if item else "")
    return {
        **{name: value for name in _LINE if (value := call.value(name)) is not None},
        "ITEMNMBR": call.text("ITEMNMBR"),
        "ITEMDESC": described,
        "UOFM": unit,
        "UMQTYINB": per_unit,
        "VNDITDSC": call.text("VNDITDSC") or described,
        "NONINVEN": call.integer("NONINVEN"),
        "QTYORDER": quantity,
        "QTYCANCE": cancelled,
        "QTYUNCMTBASE": (quantity - cancelled) * per_unit,
        "UNITCOST": cost,
        "ORUNTCST": cost,
        "EXTDCOST": extended,
        "OREXTCST": extended,
        "POTYPE": call.integer("POTYPE") or STANDARD,
        "POLNESTA": call.integer("POLNESTA") or NEW,
    }


def _write_line(call: Call, order: str, there: Fields | None, row: dict[str, Value]) -> None:
    company = call.company
    if there is not None:
        _count(call, there, -1)
        change(company, "POP10110", there, row)
        _count(call, {**there, **row}, 1)
        return
    held = [int(str(line["ORD"])) for line in where(company, "POP10110", PONUMBER=order)]
    place: dict[str, Value] = {
        "ORD": call.integer("ORD") or max(held, default=0) + STEP,
        "LineNumber": call.integer("LineNumber") or len(held) + 1,
    }
    _count(call, add(company, "POP10110", {**row, **place, "PONUMBER": order}), 1)


def _count(call: Call, line: Fields, turn: int) -> None:
    """Count a line into the quantity on order of its site."""
    ordered = (number(line["QTYORDER"]) - number(line["QTYCANCE"])) * number(line["UMQTYINB"])
    stock.move(call.company, str(line["ITEMNMBR"]), str(line["LOCNCODE"]), {"QTYONORD": ordered * turn})


def _write_header(call: Call, order: str, there: Fields | None, row: dict[str, Value]) -> None:
    company = call.company
    if there is None:
        made: dict[str, Value] = {"POSTATUS": NEW, "STATGRP": 1, "USER2ENT": call.text("USERID") or "sa"}
        made["CREATDDT"] = company.today()
        made["PONOTIDS_1"] = company.draw_note()
        there = add(company, "POP10100", {**made, **row, "PONUMBER": order})
    else:
        change(company, "POP10100", there, row)
    write_note(call, there, "PONOTIDS_1")
