"""Companies, setup cards, accounts, items, vendors and summaries: what is read by key or as a list."""

from gp365_sim.gp.soap.calls import (
    Answer,
    Call,
    by_key,
    described,
    find,
    key_text,
    listing,
    missing,
    seen,
)
from gp365_sim.gp.soap.codecs import integer
from gp365_sim.gp.soap.criteria import chosen
from gp365_sim.gp.soap.reading import Obj
from gp365_sim.gp.soap.scene import Cells, Scene
from gp365_sim.gp.soap.shapes import shapes, spoken
from gp365_sim.gp.sqltypes import folded

ITEM_TYPES = {1: "SalesItem", 2: "SalesItem", 3: "Kit", 4: "MiscellaneousCharges", 5: "Service", 6: "FlatFee"}
"""Which type an item is shown as, by ITEMTYPE; a discontinued one is a sales item (assumed)."""
ACCOUNT_TYPES = {1: "GLPostingAccount", 2: "GLUnitAccount"}
PER_SITE = 2


def _companies(call: Call) -> object:
    rows = (row for row in seen(call.scene, "SY01500") if _may_enter(call, row))
    return described(
        call.scene,
        "Company",
        chosen(call.scene, shapes()["CompanyCriteria"], call.object("criteria"), rows),
    )


def _company(call: Call) -> object:
    number = key_text(call.object("key"), "Id")
    row = find(call.scene, "SY01500", number)
    if row is None or not _may_enter(call, row):
        raise missing("Company", number)
    return spoken(call.scene, shapes()["Company"], row)


def _may_enter(call: Call, row: Cells) -> bool:
    return call.scene.user.may_enter(str(row["CMPNYNAM"]))


def _currency(call: Call) -> object:
    """Find a currency by its ISO code, the key of the service; several ids may share one."""
    iso = key_text(call.object("key"), "ISOCode")
    currency = call.scene.currency(iso)
    row = None if currency is None else find(call.scene, "MC40200", currency)
    if row is None:
        raise missing("Currency", iso)
    return spoken(call.scene, shapes()["Currency"], row)


def _account(call: Call) -> object:
    number = key_text(call.object("key"), "Id")
    index = call.scene.index(number)
    row = None if index is None else find(call.scene, "GL00100", index)
    if row is None:
        raise missing("GLAccount", number)
    kind = ACCOUNT_TYPES.get(integer(row["ACCTTYPE"]), "")
    shape = kind if kind in shapes() else "GLAccount"
    return {**spoken(call.scene, shapes()[shape], row), **({"@type": kind} if kind else {})}


def _item(call: Call) -> object:
    number = key_text(call.object("key"), "Id")
    row = find(call.scene, "IV00101", number)
    if row is None:
        raise missing("Item", number)
    kind = ITEM_TYPES.get(integer(row["ITEMTYPE"]), "SalesItem")
    found = spoken(call.scene, shapes()[kind if kind in shapes() else "Item"], row)
    if kind == "SalesItem":
        found["Quantities"] = _quantities(call.scene, row)
    return {**found, "@type": kind}


def _quantities(scene: Scene, item: Cells) -> list[Obj]:
    """Give the quantities of an item site by site; the row of all sites together is not one of them."""
    rows = [
        {**row, "DECPLQTY": item["DECPLQTY"]}
        for row in scene.company.under("IV00102", item["ITEMNMBR"])
        if row["RCRDTYPE"] == PER_SITE
    ]
    return described(scene, "SalesItemWarehouse", rows)


def _item_sites(call: Call) -> object:
    rows = (row for row in seen(call.scene, "IV00102") if row["RCRDTYPE"] == PER_SITE)
    return described(
        call.scene,
        "ItemWarehouseSummary",
        chosen(call.scene, shapes()["ItemWarehouseCriteria"], call.object("criteria"), rows),
    )


def _item_site(call: Call) -> object:
    key = call.object("key")
    item, site = key_text(key, "ItemKey", "Id"), key_text(key, "WarehouseKey", "Id")
    row = find(call.scene, "IV00102", item, PER_SITE, site)
    if row is None:
        raise missing("ItemWarehouse", f"{item};{site}")
    return spoken(call.scene, shapes()["ItemWarehouse"], row)


def _receivables_summary(call: Call) -> object:
    """Give the figures of a customer; one that never had any has zeros (that there is no fault is assumed)."""
    number = key_text(call.object("key"), "Id")
    card = find(call.scene, "RM00101", number)
    if card is None:
        raise missing("Customer", number)
    table = call.scene.company["RM00103"].table
    row = find(call.scene, "RM00103", number) or {
        **table.as_dict(table.blank),
        "CUSTNMBR": card["CUSTNMBR"],
    }
    return spoken(call.scene, shapes()["CustomerReceivablesSummary"], row)


def _vendor_phones(scene: Scene, row: Cells, found: Obj) -> None:
    found["PhoneNumbers"] = [{"Value": row[name]} for name in ("PHNUMBR1", "PHNUMBR2", "PHONE3") if row[name]]


def _vendor_addresses(scene: Scene, row: Cells, found: Obj) -> None:
    heap = scene.company["PM00300"]
    rows = sorted(heap.under(folded(str(row["VENDORID"]))), key=heap.table.key_of)
    found["Addresses"] = described(scene, "VendorAddress", map(heap.table.as_dict, rows))


ANSWERS: dict[str, Answer] = {
    "GetCompanyList": _companies,
    "GetCompanyByKey": _company,
    "GetWSEnabledCompanyForUserList": _companies,
    "GetPaymentTermsList": listing("PaymentTermsCriteria", "PaymentTerms"),
    "GetPaymentTermsByKey": by_key("PaymentTerms", ["Id"]),
    "GetSalespersonList": listing("SalespersonCriteria", "SalespersonSummary"),
    "GetSalespersonByKey": by_key("Salesperson", ["Id"]),
    "GetSalesTerritoryList": listing("SalesTerritoryCriteria", "SalesTerritorySummary"),
    "GetSalesTerritoryByKey": by_key("SalesTerritory", ["Id"]),
    "GetCurrencyList": listing("CurrencyCriteria", "Currency"),
    "GetCurrencyByKey": _currency,
    "GetShippingMethodList": listing("ShippingMethodCriteria", "ShippingMethod"),
    "GetShippingMethodByKey": by_key("ShippingMethod", ["Id"]),
    "GetGLAccountList": listing("GLAccountCriteria", "GLAccountSummary"),
    "GetGLAccountByKey": _account,
    "GetItemList": listing("ItemCriteria", "ItemSummary"),
    "GetItemByKey": _item,
    "GetItemWarehouseList": _item_sites,
    "GetItemWarehouseByKey": _item_site,
    "GetCustomerReceivablesSummaryByKey": _receivables_summary,
    "GetCustomerReceivablesSummaryList": listing(
        "CustomerReceivablesSummaryCriteria", "CustomerReceivablesSummary"
    ),
    "GetVendorList": listing("VendorCriteria", "VendorSummary", _vendor_phones),
    "GetVendorByKey": by_key("Vendor", ["Id"], more=_vendor_addresses),
    "GetVendorAddressList": listing("VendorAddressCriteria", "VendorAddressSummary"),
    "GetVendorAddressByKey": by_key("VendorAddress", ["VendorKey", "Id"], ["Id"]),
}
