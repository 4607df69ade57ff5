"""Customers and their addresses: read, created, changed and deleted through the windows of GP.

A property that was not given stays as it is on update (Microsoft Learn cc508736). Class defaults are not rolled down on
create, as in every window of this simulator.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from decimal import Decimal

from gp365_sim.gp import windows
from gp365_sim.gp.notes import note, write_note
from gp365_sim.gp.refusals import Refusal
from gp365_sim.gp.soap.calls import Answer, Call, by_key, find, key_text, listing, missing
from gp365_sim.gp.soap.codecs import Misfit, as_object, decimal, integer, money, number, take_money
from gp365_sim.gp.soap.errors import Failed, invalid
from gp365_sim.gp.soap.reading import Obj
from gp365_sim.gp.soap.scene import Cells, Scene
from gp365_sim.gp.soap.shapes import Shape, refused, shapes, spoken, taken
from gp365_sim.gp.sqltypes import folded
from gp365_sim.gp.tables import Key, folded_key

Take = Callable[[Scene, Obj], Mapping[str, object]]

NO_CREDIT, UNLIMITED = "No Credit", "Unlimited Credit"
CHOICES = {
    "FinanceCharge": ("FNCHATYP", "FNCHPCNT", "FINCHDLR"),
    "MinimumPayment": ("MINPYTYP", "MINPYPCT", "MINPYDLR"),
}
"""Percentage or amount: column of the kind (0 none, 1 percent, 2 amount), of the percentage ×100, of the amount."""
APART = frozenset({*CHOICES, "CreditLimit", "MaximumWriteoff", "TaxExemptNumbers", "Notes", "Addresses"})
EXEMPTIONS = ("TAXEXMT1", "TAXEXMT2")


def summary(scene: Scene, row: Cells, found: Obj) -> None:
    """Add the telephone numbers to a summary."""
    found["PhoneNumbers"] = [{"Value": row[name]} for name in ("PHONE1", "PHONE2", "PHONE3") if row[name]]


def whole(scene: Scene, row: Cells, found: Obj) -> None:
    """Add what no single column says: choices of amounts, note, exemptions, addresses."""
    found["CreditLimit"] = {
        **_limit(scene, integer(row["CRLMTTYP"]), decimal(row["CRLMTAMT"])),
        "Period": integer(row["CRLMTPER"]),
        "PeriodAmount": money(scene, decimal(row["CRLMTPAM"]), scene.functional),
    }
    found["MaximumWriteoff"] = _writeoff(scene, row)
    for name, columns in CHOICES.items():
        kind, percent, amount = (row[each] for each in columns)
        if kind == 1:
            value = Decimal(integer(percent)).scaleb(-2)
            found[name] = {"Percent": {"DecimalDigits": 2, "Value": value}}
        if kind == 2:
            found[name] = {"Amount": money(scene, decimal(amount), scene.functional)}
    words = note(scene.company, decimal(row["NOTEINDX"]))
    if words:
        found["Notes"] = words
    found["TaxExemptNumbers"] = [row[name] for name in EXEMPTIONS if row[name]]
    found["Addresses"] = [_address(scene, each) for each in _addresses_of(scene, str(row["CUSTNMBR"]))]
    if "CRLMTAMT" in scene.security.columns.get("RM00101", frozenset()):
        del found["CreditLimit"]


def _limit(scene: Scene, kind: int, amount: Decimal) -> Obj:
    if kind == windows.AMOUNT:
        return {"Amount": money(scene, amount, scene.functional)}
    return {"SpecialAmount": UNLIMITED if kind == windows.UNLIMITED else NO_CREDIT}


def _writeoff(scene: Scene, row: Cells) -> Obj:
    if row["MXWOFTYP"] == 2:
        return {"Amount": money(scene, decimal(row["MXWROFAM"]), scene.functional)}
    return {"SpecialAmount": "Unlimited" if row["MXWOFTYP"] == 1 else "Not Allowed"}


def _addresses_of(scene: Scene, number: str) -> list[Cells]:
    heap = scene.company["RM00102"]
    rows = sorted(heap.under(folded(number)), key=heap.table.key_of)
    shown = [each for each in rows if scene.security.shows(scene.company, "RM00102", each)]
    return [heap.table.as_dict(each) for each in shown]


def _address(scene: Scene, row: Cells) -> Obj:
    found = spoken(scene, shapes()["CustomerAddress"], row)
    internet(scene, row, found)
    return found


def internet(scene: Scene, row: Cells, found: Obj) -> None:
    """Add the internet addresses of an address."""
    kept = scene.company.find("SY01200", "CUS", row["CUSTNMBR"], row["ADRSCODE"])
    if kept is not None:
        found["InternetAddresses"] = spoken(scene, shapes()["InternetAddresses"], kept)


def _create(call: Call) -> object:
    scene, given, shape = call.scene, call.object("customer"), shapes()["Customer"]
    values = _values(scene, given, shape)
    roles = {name: values.pop(name) for name in windows.ROLES if name in values}
    with scene.company.transaction():
        with _in_words(shape):
            windows.create(scene.company, "RM00101", values)
        key = folded_key([str(values["CUSTNMBR"])])
        for address in _given_addresses(given):
            _create_address(scene, {**address, "Key": _own_key(address, key[0])})
        if roles:
            with _in_words(shape):
                windows.change(scene.company, "RM00101", key, roles)
        _write_note(scene, key, given)
    return None


def _update(call: Call) -> object:
    scene, given, shape = call.scene, call.object("customer"), shapes()["Customer"]
    key = folded_key([key_text(given, "Key", "Id")])
    if find(scene, "RM00101", *key) is None:
        raise missing("Customer", key_text(given, "Key", "Id"))
    values = _values(scene, given, shape)
    values.pop("CUSTNMBR", None)
    with scene.company.transaction():
        for address in _given_addresses(given):
            _save_address(scene, {**address, "Key": _own_key(address, key[0])})
        with _in_words(shape):
            windows.change(scene.company, "RM00101", key, values)
        _write_note(scene, key, given)
    return None


def _delete(call: Call) -> object:
    number = key_text(call.object("key"), "Id")
    if find(call.scene, "RM00101", number) is None:
        raise missing("Customer", number)
    with _in_words(shapes()["Customer"]):
        windows.remove(call.scene.company, "RM00101", folded_key([number]))
    return None


def _values(scene: Scene, given: Obj, shape: Shape) -> dict[str, object]:
    """Turn a customer into columns; the special parts beside the plain ones."""
    values = taken(scene, shape, given, APART)
    for name, speak in (("CreditLimit", _take_limit), ("MaximumWriteoff", _take_writeoff)):
        if name in given:
            values |= _fitting(name, speak, scene, as_object(given[name]))
    for name in CHOICES:
        if name in given:
            values |= _take_choice(scene, name, as_object(given[name]))
    exempt = given.get("TaxExemptNumbers")
    if isinstance(exempt, list):
        values |= dict(zip(EXEMPTIONS, exempt, strict=False))  # pyright: ignore[reportUnknownArgumentType]
    _check_hidden(scene, shape, values)
    return values


def _fitting(name: str, take: Take, scene: Scene, given: Obj) -> Mapping[str, object]:
    try:
        return take(scene, given)
    except Misfit as misfit:
        raise invalid(f"{name}: {misfit}", "Customer", name, code="InvalidValue") from None


def _take_limit(scene: Scene, given: Obj) -> Mapping[str, object]:
    values: dict[str, object] = {}
    if "Amount" in given:
        values = {"CRLMTTYP": windows.AMOUNT, "CRLMTAMT": take_money(scene, given["Amount"])}
    if "SpecialAmount" in given:
        unlimited = given["SpecialAmount"] == UNLIMITED
        values = {"CRLMTTYP": windows.UNLIMITED if unlimited else windows.NO_CREDIT, "CRLMTAMT": Decimal(0)}
    if "Period" in given:
        values["CRLMTPER"] = given["Period"]
    if "PeriodAmount" in given:
        values["CRLMTPAM"] = take_money(scene, given["PeriodAmount"])
    return values


def _take_writeoff(scene: Scene, given: Obj) -> Mapping[str, object]:
    if "Amount" in given:
        return {"MXWOFTYP": 2, "MXWROFAM": take_money(scene, given["Amount"])}
    if "SpecialAmount" in given:
        return {"MXWOFTYP": int(given["SpecialAmount"] == "Unlimited"), "MXWROFAM": Decimal(0)}
    return {}


def _take_choice(scene: Scene, name: str, given: Obj) -> Mapping[str, object]:
    kind, percent, amount = CHOICES[name]
    if "Percent" in given:
        return {kind: 1, percent: int(number(as_object(given["Percent"])).scaleb(2)), amount: Decimal(0)}
    if "Amount" in given:
        held = _fitting(
            name, lambda scene, given: {amount: take_money(scene, given)}, scene, as_object(given["Amount"])
        )
        return {kind: 2, percent: 0, **held}
    return {}


def _check_hidden(scene: Scene, shape: Shape, values: Mapping[str, object]) -> None:
    hidden = scene.security.columns.get(shape.table, frozenset())
    for name in values:
        if name in hidden:
            raise Failed("AuthorizationException", f"No right to write {shape.property_of(name)}.")


def _write_note(scene: Scene, key: Key, given: Obj) -> None:
    if "Notes" in given:
        row = scene.company.row("RM00101", key)
        with _in_words(shapes()["Customer"]):
            write_note(scene.company, decimal(row["NOTEINDX"]), str(given["Notes"]))


def _given_addresses(given: Obj) -> list[Obj]:
    held = given.get("Addresses", [])
    assert isinstance(held, list)
    return [as_object(each) for each in held if each is not None]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _own_key(address: Obj, number: str) -> Obj:
    """Give the key of an address inside a customer: its customer may be left out, but must be no other."""
    named = key_text(address, "Key", "CustomerKey", "Id")
    if named and folded(named) != number:
        raise invalid("an address belongs to another customer.", "CustomerAddress", "Key.CustomerKey.Id")
    return {"CustomerKey": {"Id": number}, "Id": key_text(address, "Key", "Id")}


def _create_address(scene: Scene, given: Obj) -> None:
    shape = shapes()["CustomerAddress"]
    values = taken(scene, shape, given, frozenset({"InternetAddresses"}))
    _check_hidden(scene, shape, values)
    with scene.company.transaction(), _in_words(shape):
        row = windows.create(scene.company, "RM00102", values)
        heap = scene.company["RM00102"].table
        _write_internet(scene, heap.text(row, "CUSTNMBR"), heap.text(row, "ADRSCODE"), given)


def _save_address(scene: Scene, given: Obj) -> None:
    """Create, change or (DeleteOnUpdate) delete an address of a customer that is being updated."""
    number, code = key_text(given, "Key", "CustomerKey", "Id"), key_text(given, "Key", "Id")
    key = folded_key([number, code])
    if given.get("DeleteOnUpdate"):
        with _in_words(shapes()["CustomerAddress"]):
            windows.remove(scene.company, "RM00102", key)
    elif key in scene.company["RM00102"]:
        _change_address(scene, given, key)
    else:
        _create_address(scene, given)


def _change_address(scene: Scene, given: Obj, key: Key) -> None:
    """Change an address; that in the customer's own address code is copied to the card (as taCreateCustomerAddress does)."""
    shape, company = shapes()["CustomerAddress"], scene.company
    values = taken(scene, shape, given, frozenset({"InternetAddresses"}))
    _check_hidden(scene, shape, values)
    own = {name: value for name, value in values.items() if name not in ("CUSTNMBR", "ADRSCODE")}
    with company.transaction(), _in_words(shape):
        windows.change(company, "RM00102", key, own)
        customer = company.row("RM00101", key[:1])
        shared = {name: value for name, value in own.items() if name in windows.SHARED}
        if shared and folded(str(customer["ADRSCODE"])) == key[1]:
            table = company["RM00101"].table
            accepted = {**table.accepted(shared), "MODIFDT": company.today()}
            company.update("RM00101", key[:1], accepted, company.statement())
        row = company.row("RM00102", key)
        _write_internet(scene, str(row["CUSTNMBR"]), str(row["ADRSCODE"]), given)


def _write_internet(scene: Scene, number: str, code: str, given: Obj) -> None:
    if "InternetAddresses" not in given:
        return
    shape, company = shapes()["InternetAddresses"], scene.company
    values = taken(scene, shape, as_object(given["InternetAddresses"]))
    with _in_words(shape):
        if company.find("SY01200", "CUS", number, code) is None:
            company.add("SY01200", {"Master_Type": "CUS", "Master_ID": number, "ADRSCODE": code, **values})
        else:
            company.change("SY01200", ("CUS", number, code), values)


def _create_one(call: Call) -> object:
    given = call.object("address")
    number = key_text(given, "Key", "CustomerKey", "Id")
    if number and find(call.scene, "RM00101", number) is None:
        raise missing("Customer", number)
    _create_address(call.scene, given)
    return None


def _update_one(call: Call) -> object:
    given = call.object("address")
    key = folded_key([key_text(given, "Key", "CustomerKey", "Id"), key_text(given, "Key", "Id")])
    if find(call.scene, "RM00102", *key) is None:
        raise missing("CustomerAddress", ";".join(key))
    _change_address(call.scene, given, key)
    return None


def _delete_one(call: Call) -> object:
    key = call.object("key")
    parts = [key_text(key, "CustomerKey", "Id"), key_text(key, "Id")]
    if find(call.scene, "RM00102", *parts) is None:
        raise missing("CustomerAddress", ";".join(parts))
    with _in_words(shapes()["CustomerAddress"]):
        windows.remove(call.scene.company, "RM00102", folded_key(parts))
    return None


@contextmanager
def _in_words(shape: Shape) -> Generator[None]:
    try:
        yield
    except Refusal as refusal:
        raise refused(refusal, shape) from None


ANSWERS: dict[str, Answer] = {
    "GetCustomerList": listing("CustomerCriteria", "CustomerSummary", summary),
    "GetCustomerByKey": by_key("Customer", ["Id"], more=whole),
    "CreateCustomer": _create,
    "UpdateCustomer": _update,
    "DeleteCustomer": _delete,
    "GetCustomerAddressList": listing("CustomerAddressCriteria", "CustomerAddressSummary"),
    "GetCustomerAddressByKey": by_key("CustomerAddress", ["CustomerKey", "Id"], ["Id"], more=internet),
    "CreateCustomerAddress": _create_one,
    "UpdateCustomerAddress": _update_one,
    "DeleteCustomerAddress": _delete_one,
}
