"""Items: taUpdateCreateItemRcd, taItemSite, taIVCreateItemPriceListHeader and taIVCreateItemPriceListLine."""

from decimal import Decimal

from gp365_sim.gp.econnect import documents, stock
from gp365_sim.gp.econnect.accounts import account_index
from gp365_sim.gp.econnect.call import Call
from gp365_sim.gp.econnect.notes import write_note
from gp365_sim.gp.econnect.rows import Fields, add, change, find, where
from gp365_sim.gp.econnect.stock import NOTHING, number
from gp365_sim.gp.sqltypes import Value

HUNDREDTHS = 100
_SAME = (
    *(
        "ITEMDESC",
        "ITMSHNAM",
        "ITMGEDSC",
        "ITMCLSCD",
        "ITEMTYPE",
        "VCTNMTHD",
        "TAXOPTNS",
        "ITMTSHID",
        "UOMSCHDL",
    ),
    *(
        "TCC",
        "CNTRYORGN",
        "DECPLQTY",
        "DECPLCUR",
        "Purchase_Tax_Options",
        "Purchase_Item_Tax_Schedu",
        "STNDCOST",
    ),
    *(
        "CURRCOST",
        "ALTITEM1",
        "ALTITEM2",
        "ITMTRKOP",
        "LOTTYPE",
        "LOTEXPWARN",
        "LOTEXPWARNDAYS",
        "INCLUDEINDP",
    ),
    *("MINSHELF1", "MINSHELF2", "ALWBKORD", "WRNTYDYS", "ABCCODE", "USCATVLS_1", "USCATVLS_2", "USCATVLS_3"),
    *("USCATVLS_4", "USCATVLS_5", "USCATVLS_6", "KPCALHST", "KPERHIST", "KPTRXHST", "KPDSTHST", "KTACCTSR"),
    *("PRCHSUOM", "Revalue_Inventory", "LOCNCODE", "PRICMTHD", "PriceGroup", "UseQtyOverageTolerance"),
    *("UseQtyShortageTolerance", "QtyOverTolerancePercent", "QtyShortTolerancePercent"),
)
_ACCOUNTS = {
    "IVIVACTNUMST": "IVIVINDX",
    "IVIVOFACTNUMST": "IVIVOFIX",
    "IVCOGSACTNUMST": "IVCOGSIX",
    "IVSLSACTNUMST": "IVSLSIDX",
    "IVSLDSACTNUMST": "IVSLDSIX",
    "IVSLRNACTNUMST": "IVSLRNIX",
    "IVINUSACTNUMST": "IVINUSIX",
    "IVINSVACTNUMST": "IVINSVIX",
    "IVDMGACTNUMST": "IVDMGIDX",
    "IVVARACTNUMST": "IVVARIDX",
    "DPSHPACTNUMST": "DPSHPIDX",
    "PURPVACTNUMST": "PURPVIDX",
    "UPPVACTNUMST": "UPPVIDX",
    "IVRETACTNUMST": "IVRETIDX",
    "ASMVRACTNUMST": "ASMVRIDX",
}
_NOT_FROM_CLASS = frozenset({"NOTEINDX", "CREATDDT", "MODIFDT", "DEFLTCLS", "ITMCLSDC"})


def update_create_item(call: Call) -> None:
    """Create an item, or update the one that is there unless UpdateIfExists is 0 (its default is 1).

    NULL keeps what is there or takes the class's default (only with UseItemClass 1), else GP's. LISTPRCE goes into
    IV00105 under the functional currency.
    """
    company, item = call.company, call.text("ITEMNMBR")
    if not item:
        raise call.refuse("item-blank")
    there = find(company, "IV00101", ITEMNMBR=item)
    if there is not None and not call.flag("UpdateIfExists"):
        raise call.refuse("item-exists")
    values = {**_class_defaults(call), **_given(call)}
    merged = {**(there or {}), **values}
    call.need(
        merged.get("UOMSCHDL") and find(company, "IV40201", UOMSCHDL=merged["UOMSCHDL"]), "schedule-unknown"
    )
    call.need(values.get("ITEMTYPE", 1) in range(1, 7), "item-type")
    site, group = values.get("LOCNCODE"), values.get("ITMCLSCD")
    call.need(not site or find(company, "IV40700", LOCNCODE=site), "site-unknown")
    call.need(not group or find(company, "IV40400", ITMCLSCD=group), "class-unknown")
    call.settle()
    if there is None:
        there = _create(call, item, values)
    else:
        change(company, "IV00101", there, {**values, "MODIFDT": company.today()})
    if call.has("LISTPRCE"):
        _write_list_price(call, item)
    write_note(call, there)


def item_site(call: Call) -> None:
    """Assign an item to a site, or update the assignment unless UpdateIfExists is 0 (its default is 1)."""
    company, item, site = call.company, call.text("ITEMNMBR"), call.text("LOCNCODE")
    call.need(find(company, "IV00101", ITEMNMBR=item), "item-unknown")
    call.need(find(company, "IV40700", LOCNCODE=site), "site-unknown")
    vendor = call.text("PRIMVNDR")
    call.need(not vendor or find(company, "PM00200", VENDORID=vendor), "vendor-unknown")
    there = find(company, "IV00102", ITEMNMBR=item, RCRDTYPE=stock.ONE_SITE, LOCNCODE=site)
    call.need(there is None or call.flag("UpdateIfExists"), "item-site-exists")
    call.settle()
    names = ("BINNMBR", "PRIMVNDR", "Landed_Cost_Group_ID", "QTYRQSTN")
    values = {name: value for name in names if (value := call.value(name)) is not None}
    if there is None:
        add(company, "IV00102", {**values, "ITEMNMBR": item, "RCRDTYPE": stock.ONE_SITE, "LOCNCODE": site})
    else:
        change(company, "IV00102", there, values)


def price_list_header(call: Call) -> None:
    """Set price method, group, default level and unit of an item; NULL keeps."""
    item = find(call.company, "IV00101", ITEMNMBR=call.text("ITEMNMBR"))
    call.need(item, "item-unknown")
    call.need(not call.has("PRICMTHD") or 1 <= call.integer("PRICMTHD") <= 6, "price-method")
    level = call.text("PRCLEVEL")
    call.need(not level or find(call.company, "IV40800", PRCLEVEL=level), "price-level")
    call.settle()
    assert item is not None
    values = {
        name: value
        for name in ("PRICMTHD", "PriceGroup", "PRCLEVEL")
        if (value := call.value(name)) is not None
    }
    if call.has("UOFM"):
        values["SELNGUOM"] = call.text("UOFM")
    change(call.company, "IV00101", item, {**values, "MODIFDT": call.company.today()})


def price_list_line(call: Call) -> None:
    """Write one price of an item by currency, level, unit and quantity break (IV00107, IV00108).

    Blank currency, level and unit take the functional currency, the item's level and its selling unit (assumed).
    """
    company, item = call.company, find(call.company, "IV00101", ITEMNMBR=call.text("ITEMNMBR"))
    if item is None:
        raise call.refuse("item-unknown")
    currency = call.text("CURNCYID") or documents.functional_money(call).currency
    level = call.text("PRCLEVEL") or str(item["PRCLEVEL"])
    unit = call.text("UOFM") or str(item["SELNGUOM"]) or stock.base_unit(company, item)
    per_unit = stock.base_units(company, item, unit)
    call.need(find(call.system, "MC40200", CURNCYID=currency), "currency-unknown")
    call.need(level and find(company, "IV40800", PRCLEVEL=level), "price-level")
    call.need(per_unit, "unit-unknown")
    call.need(call.amount("UOMPRICE") >= 0, "price-negative")
    key: dict[str, Value] = {
        "ITEMNMBR": item["ITEMNMBR"],
        "CURNCYID": currency,
        "PRCLEVEL": level,
        "UOFM": unit,
    }
    there = find(company, "IV00108", **key, TOQTY=call.amount("TOQTY"))
    call.need(there is None or call.flag("UpdateIfExists"), "price-exists")
    call.settle()
    _write_price(call, key, there, per_unit or Decimal(1))


def _given(call: Call) -> dict[str, Value]:
    values = {name: value for name in _SAME if (value := call.value(name)) is not None}
    for name in ("ITEMSHWT", "Tolerance_Percentage"):
        if call.has(name):
            values[name] = int(call.amount(name) * HUNDREDTHS)
    accounts = {name: column for name, column in _ACCOUNTS.items() if call.has(name)}
    return values | {column: account_index(call, call.text(name)) for name, column in accounts.items()}


def _class_defaults(call: Call) -> dict[str, Value]:
    if not call.flag("UseItemClass"):
        return {}
    if not call.need(call.text("ITMCLSCD"), "class-blank"):
        return {}
    row = find(call.company, "IV40400", ITMCLSCD=call.text("ITMCLSCD")) or {}
    columns = call.company["IV00101"].table.place
    kept = [name for name in row if name in columns and name not in _NOT_FROM_CLASS]
    return {name: row[name] for name in kept if not name.startswith("DEX_")}


def _create(call: Call, item: str, values: dict[str, Value]) -> Fields:
    company, today = call.company, call.company.today()
    own: dict[str, Value] = {
        "ITEMTYPE": 1,
        "VCTNMTHD": 1,
        "TAXOPTNS": 1,
        "PRICMTHD": 1,
        "DECPLQTY": 1,
        "DECPLCUR": 3,
        "ALWBKORD": 1,
        **values,
        "ITEMNMBR": item,
        "NOTEINDX": company.draw_note(),
        "CREATDDT": today,
        "MODIFDT": today,
    }
    row = add(company, "IV00101", own)
    add(company, "IV00102", {"ITEMNMBR": item, "RCRDTYPE": stock.ALL_SITES, "LOCNCODE": ""})
    return row


def _write_list_price(call: Call, item: str) -> None:
    money = documents.functional_money(call)
    there = find(call.company, "IV00105", ITEMNMBR=item, CURNCYID=money.currency)
    values: dict[str, Value] = {"LISTPRCE": call.amount("LISTPRCE")}
    if there is not None:
        change(call.company, "IV00105", there, values)
    else:
        key: dict[str, Value] = {"ITEMNMBR": item, "CURNCYID": money.currency, "CURRNIDX": money.index}
        add(call.company, "IV00105", {**key, **values, "DECPLCUR": 3})


def _write_price(call: Call, key: dict[str, Value], there: Fields | None, per_unit: Decimal) -> None:
    company = call.company
    option = find(company, "IV00107", **key)
    names = ("RNDGAMNT", "ROUNDHOW", "ROUNDTO", "UMSLSOPT")
    options = {name: value for name in names if (value := call.value(name)) is not None}
    if option is None:
        add(company, "IV00107", {**key, **options, "QTYBSUOM": per_unit})
    else:
        change(company, "IV00107", option, options)
    if there is not None:
        change(company, "IV00108", there, {"UOMPRICE": call.amount("UOMPRICE"), "QTYBSUOM": per_unit})
        return
    below = [
        number(row["TOQTY"])
        for row in where(company, "IV00108", **key)
        if number(row["TOQTY"]) < call.amount("TOQTY")
    ]
    values: dict[str, Value] = {
        "TOQTY": call.amount("TOQTY"),
        "FROMQTY": max(below, default=NOTHING),
        "QTYBSUOM": per_unit,
        "UOMPRICE": call.amount("UOMPRICE"),
    }
    add(company, "IV00108", {**key, **values})
