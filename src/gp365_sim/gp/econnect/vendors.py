"""taUpdateCreateVendorRcd and taCreateVendorAddress: vendors, field by field, as customers are."""

from gp365_sim.gp.econnect.accounts import account_index
from gp365_sim.gp.econnect.call import Call
from gp365_sim.gp.econnect.notes import write_note
from gp365_sim.gp.econnect.rows import Fields, add, change, find, where
from gp365_sim.gp.sqltypes import Value, folded

ACTIVE = 1
HUNDREDTHS = 100
_SAME = (
    *("VENDNAME", "VENDSHNM", "VNDCHKNM", "HOLD", "VENDSTTS", "VNDCLSID", "VADDCDPR", "VNDCNTCT", "ADDRESS1"),
    *(
        "ADDRESS2",
        "ADDRESS3",
        "CITY",
        "STATE",
        "ZIPCODE",
        "CCode",
        "COUNTRY",
        "PHNUMBR1",
        "PHNUMBR2",
        "FAXNUMBR",
    ),
    *(
        "TAXSCHID",
        "SHIPMTHD",
        "UPSZONE",
        "VADCDPAD",
        "VADCDTRO",
        "VADCDSFR",
        "ACNMVNDR",
        "COMMENT1",
        "COMMENT2",
    ),
    *(
        "CURNCYID",
        "RATETPID",
        "PYMTRMID",
        "DISGRPER",
        "DUEGRPER",
        "PYMNTPRI",
        "MINORDER",
        "TXIDNMBR",
        "TXRGNNUM",
    ),
    *(
        "CHEKBKID",
        "USERDEF1",
        "USERDEF2",
        "TEN99TYPE",
        "TEN99BOXNUMBER",
        "FREEONBOARD",
        "USERLANG",
        "MINPYTYP",
    ),
    *("MINPYDLR", "MXIAFVND", "MAXINDLR", "CREDTLMT", "CRLMTDLR", "WRITEOFF", "MXWOFAMT", "Revalue_Vendor"),
    *("Post_Results_To", "KPCALHST", "KPERHIST", "KPTRXHST", "KGLDSTHS", "PTCSHACF"),
)
_PERCENT = ("TRDDISCT", "MINPYPCT")
_ACCOUNTS = {
    "PMCSHACTNUMST": "PMCSHIDX",
    "PMAPACTNUMST": "PMAPINDX",
    "PMDAVACTNUMST": "PMDAVIDX",
    "PMDTKACTNUMST": "PMDTKIDX",
    "PMFINACTNUMST": "PMFINIDX",
    "PMPRCHACTNUMST": "PMPRCHIX",
    "PMTDSCACTNUMST": "PMTDSCIX",
    "PMMSCHACTNUMST": "PMMSCHIX",
    "PMFRTACTNUMST": "PMFRTIDX",
    "PMTAXACTNUMST": "PMTAXIDX",
    "PMWRTACTNUMST": "PMWRTIDX",
    "ACPURACTNUMST": "ACPURIDX",
    "PURPVACTNUMST": "PURPVIDX",
}
_ROLES = ("VADDCDPR", "VADCDPAD", "VADCDTRO", "VADCDSFR")
_ADDRESS = (
    *("VNDCNTCT", "ADDRESS1", "ADDRESS2", "ADDRESS3", "CITY", "STATE", "ZIPCODE", "COUNTRY", "CCode"),
    *("PHNUMBR1", "PHNUMBR2", "PHONE3", "FAXNUMBR", "UPSZONE", "SHIPMTHD", "TAXSCHID"),
)


def update_create_vendor(call: Call) -> None:
    """Create a vendor, or update the one that is there unless UpdateIfExists is 0 (its default is 1).

    Vendor classes (PM00100) give defaults only with UseVendorClass 1.
    """
    company, vendor = call.company, call.text("VENDORID")
    if not vendor:
        raise call.refuse("vendor-blank")
    there = find(company, "PM00200", VENDORID=vendor)
    if there is not None and not call.flag("UpdateIfExists"):
        raise call.refuse("vendor-exists")
    values = {**_class_defaults(call), **_given(call)}
    call.need({**(there or {}), **values}.get("VENDNAME"), "vendor-name")
    for name, table, key, meaning in (
        ("VNDCLSID", "PM00100", "VNDCLSID", "class-unknown"),
        ("PYMTRMID", "SY03300", "PYMTRMID", "terms-unknown"),
        ("SHIPMTHD", "SY03000", "SHIPMTHD", "shipping-unknown"),
        ("TAXSCHID", "TX00101", "TAXSCHID", "tax-schedule-unknown"),
        ("CHEKBKID", "CM00100", "CHEKBKID", "checkbook-unknown"),
    ):
        given = values.get(name)
        call.need(not given or find(company, table, **{key: given}) is not None, meaning)
    currency = values.get("CURNCYID")
    call.need(not currency or find(call.system, "MC40200", CURNCYID=currency), "currency-unknown")
    _check_roles(call, values)
    call.settle()
    if there is None:
        _create(call, values)
    else:
        _update(call, there, values)


def create_vendor_address(call: Call) -> None:
    """Create an address of a vendor, or update it field by field unless UpdateIfExists is 0 (its default is 1)."""
    company = call.company
    vendor, code = call.text("VENDORID"), call.text("ADRSCODE")
    card = find(company, "PM00200", VENDORID=vendor)
    call.need(card, "vendor-unknown")
    call.need(code, "address-blank")
    there = find(company, "PM00300", VENDORID=vendor, ADRSCODE=code)
    call.need(there is None or call.flag("UpdateIfExists"), "address-exists")
    call.settle()
    values = {
        name: value for name in _ADDRESS if name in call.values and (value := call.value(name)) is not None
    }
    if call.has("PHNUMBR3"):
        values["PHONE3"] = call.text("PHNUMBR3")
    if there is None:
        add(company, "PM00300", {**values, "VENDORID": vendor, "ADRSCODE": code})
    else:
        change(company, "PM00300", there, values)
    if card and folded(str(card["VADDCDPR"])) == folded(code) and values:
        change(company, "PM00200", card, {**values, "MODIFDT": company.today()})


def _given(call: Call) -> dict[str, Value]:
    values = {name: value for name in _SAME if (value := call.value(name)) is not None}
    if call.has("PHNUMBR3"):
        values["PHONE3"] = call.text("PHNUMBR3")
    values |= {name: int(call.amount(name) * HUNDREDTHS) for name in _PERCENT if call.has(name)}
    accounts = {name: column for name, column in _ACCOUNTS.items() if call.has(name)}
    return values | {column: account_index(call, call.text(name)) for name, column in accounts.items()}


def _class_defaults(call: Call) -> dict[str, Value]:
    if not call.flag("UseVendorClass"):
        return {}
    if not call.need(call.text("VNDCLSID"), "class-blank"):
        return {}
    row = find(call.company, "PM00100", VNDCLSID=call.text("VNDCLSID")) or {}
    columns = call.company["PM00200"].table.place
    kept = frozenset({"NOTEINDX", "CREATDDT", "MODIFDT"})
    return {
        name: row[name]
        for name in row
        if name in columns and name not in kept and not name.startswith("DEX_")
    }


def _check_roles(call: Call, values: Fields) -> None:
    held = where(call.company, "PM00300", VENDORID=call.text("VENDORID"))
    codes = {folded(str(row["ADRSCODE"])) for row in held}
    new = folded(str(values.get("VADDCDPR", "")))
    for role in _ROLES:
        code = folded(str(values.get(role, "")))
        call.need(
            not code or code in codes or (call.flag("CreateAddress") and code == new), "address-unknown"
        )


def _create(call: Call, values: dict[str, Value]) -> None:
    company, today = call.company, call.company.today()
    name = str(values["VENDNAME"])
    own: dict[str, Value] = {
        "VENDSTTS": ACTIVE,
        "VENDSHNM": name[:15].rstrip(),
        "VNDCHKNM": name,
        **values,
        "VENDORID": call.text("VENDORID"),
        "NOTEINDX": company.draw_note(),
        "CREATDDT": today,
        "MODIFDT": today,
    }
    row = add(company, "PM00200", own)
    if row["VADDCDPR"] and call.flag("CreateAddress"):
        address = {each: row[each] for each in _ADDRESS}
        add(company, "PM00300", {**address, "VENDORID": row["VENDORID"], "ADRSCODE": row["VADDCDPR"]})
    write_note(call, row)


def _update(call: Call, there: Fields, values: dict[str, Value]) -> None:
    company = call.company
    code = values.get("VADDCDPR", there["VADDCDPR"])
    address = find(company, "PM00300", VENDORID=there["VENDORID"], ADRSCODE=code) if code else None
    entered = {
        name: values[name] for name in _ADDRESS if name in values and call.values.get(name) is not None
    }
    if address is not None and entered:
        change(company, "PM00300", address, entered)
    elif address is None and code and call.flag("CreateAddress"):
        add(company, "PM00300", {**entered, "VENDORID": there["VENDORID"], "ADRSCODE": code})
    change(company, "PM00200", there, {**values, "MODIFDT": company.today()})
    write_note(call, there)
