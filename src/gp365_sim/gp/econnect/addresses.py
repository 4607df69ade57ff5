"""taCreateCustomerAddress, taDeleteCustomerAddress and taCreateInternetAddresses."""

from gp365_sim.gp.econnect.call import Call
from gp365_sim.gp.econnect.rows import Fields, add, change, drop, find
from gp365_sim.gp.sqltypes import Value, folded
from gp365_sim.gp.windows import ROLES, SHARED

_SAME = (
    *(
        "SLPRSNID",
        "UPSZONE",
        "SHIPMTHD",
        "TAXSCHID",
        "CNTCPRSN",
        "ADDRESS1",
        "ADDRESS2",
        "ADDRESS3",
        "COUNTRY",
    ),
    *(
        "CITY",
        "STATE",
        "FAX",
        "GPSFOINTEGRATIONID",
        "INTEGRATIONSOURCE",
        "INTEGRATIONID",
        "CCode",
        "LOCNCODE",
    ),
    *("SALSTERR", "ShipToName", "Print_Phone_NumberGB", "USERDEF1", "USERDEF2"),
)
_RENAMED = {"ZIPCODE": "ZIP", "PHNUMBR1": "PHONE1", "PHNUMBR2": "PHONE2", "PHNUMBR3": "PHONE3"}
_OVERWRITTEN = (
    *(f"INET{number}" for number in range(1, 9)),
    *("INETINFO", "Messenger_Address", "EmailBccAddress", "EmailCcAddress", "EmailToAddress"),
)
_MASTERS = {
    "CUS": ("RM00101", "CUSTNMBR", "RM00102"),
    "VEN": ("PM00200", "VENDORID", "PM00300"),
    "ITM": ("IV00101", "ITEMNMBR", ""),
    "SLP": ("RM00301", "SLPRSNID", ""),
}


def create_customer_address(call: Call) -> None:
    """Create an address of a customer, or update it field by field unless UpdateIfExists is 0 (its default is 1).

    The address in the customer's ADRSCODE is kept on the card as well (windows do so; here it is assumed).
    """
    company = call.company
    number, code = call.text("CUSTNMBR"), call.text("ADRSCODE")
    customer = find(company, "RM00101", CUSTNMBR=number)
    call.need(customer, "customer-unknown")
    call.need(code, "address-blank")
    call.settle()
    there = find(company, "RM00102", CUSTNMBR=number, ADRSCODE=code)
    call.need(there is None or call.flag("UpdateIfExists"), "address-exists")
    values = _given(call)
    for name, table, meaning in (
        ("SLPRSNID", "RM00301", "salesperson-unknown"),
        ("SALSTERR", "RM00303", "territory-unknown"),
        ("SHIPMTHD", "SY03000", "shipping-unknown"),
        ("TAXSCHID", "TX00101", "tax-schedule-unknown"),
        ("LOCNCODE", "IV40700", "site-unknown"),
    ):
        given = values.get(name)
        call.need(not given or find(company, table, **{name: given}) is not None, meaning)
    call.settle()
    _write(call, customer or {}, there, values)


def delete_customer_address(call: Call) -> None:
    """Delete an address that no role of the customer uses (the window's rule; here it is assumed)."""
    number, code = call.text("CUSTNMBR"), call.text("ADRSCODE")
    there = find(call.company, "RM00102", CUSTNMBR=number, ADRSCODE=code)
    if there is None:
        raise call.refuse("address-unknown")
    customer = find(call.company, "RM00101", CUSTNMBR=number) or {}
    call.need(all(folded(str(customer.get(role, ""))) != folded(code) for role in ROLES), "address-in-use")
    call.settle()
    drop(call.company, "RM00102", there)


def create_internet_addresses(call: Call) -> None:
    """Write all internet addresses of a card's address: what does not come is emptied (document exchange).

    The defaults are blank, not NULL, so sending INET1 alone loses the other seven and the e-mail addresses.
    """
    kind, master, code = folded(call.text("Master_Type")), call.text("Master_ID"), call.text("ADRSCODE")
    table, key, addresses = _MASTERS.get(kind, ("", "", ""))
    if not table and kind != "CMP":
        raise call.refuse("master-type")
    if table:
        call.need(find(call.company, table, **{key: master}), "master-unknown")
    if addresses and code:
        call.need(find(call.company, addresses, **{key: master, "ADRSCODE": code}), "address-unknown")
    call.settle()
    own: dict[str, Value] = {"Master_Type": kind, "Master_ID": master, "ADRSCODE": code}
    values: dict[str, Value] = {name: call.text(name) for name in _OVERWRITTEN}
    there = find(call.company, "SY01200", **own)
    if there is None:
        add(call.company, "SY01200", {**own, **values})
    else:
        change(call.company, "SY01200", there, values)


def _given(call: Call) -> dict[str, Value]:
    values = {name: value for name in _SAME if (value := call.value(name)) is not None}
    renamed = {column: value for name, column in _RENAMED.items() if (value := call.value(name)) is not None}
    return {**values, **renamed}


def _write(call: Call, customer: Fields, there: Fields | None, values: dict[str, Value]) -> None:
    company, today = call.company, call.company.today()
    if there is None:
        own: dict[str, Value] = {"CUSTNMBR": customer["CUSTNMBR"], "ADRSCODE": call.text("ADRSCODE")}
        add(company, "RM00102", {**values, **own, "CREATDDT": today, "MODIFDT": today})
    else:
        change(company, "RM00102", there, {**values, "MODIFDT": today})
    shared = {name: value for name, value in values.items() if name in SHARED}
    if shared and folded(str(customer["ADRSCODE"])) == folded(call.text("ADRSCODE")):
        change(company, "RM00101", customer, {**shared, "MODIFDT": today})
