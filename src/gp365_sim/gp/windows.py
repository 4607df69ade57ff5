"""The windows of GP: what it checks and writes when a person, or a service on their behalf, saves or deletes a card.

A view hands over values by SQL column; columns left out stay as they are. Refusals are raised before anything is
written. Class defaults are never rolled down on create: observed for items (LBMC blog, GP 2015 RTM), assumed here.
"""

from collections.abc import Mapping

from gp365_sim.gp.company import Company
from gp365_sim.gp.holdings import open_numbers
from gp365_sim.gp.refusals import Refusal, broken_rule, not_found
from gp365_sim.gp.sqltypes import Value, folded
from gp365_sim.gp.tables import Key, Row, Table, folded_key

Given = Mapping[str, object]

KEPT_BY_GP = frozenset({"NOTEINDX", "CREATDDT", "MODIFDT", "DEX_ROW_TS", "DEX_ROW_ID"})
MODELLED = frozenset({"RM00101", "RM00102", "RM00201", "SY03300"})
"""The tables of the cards whose windows are modelled."""
ROLES = ("ADRSCODE", "PRBTADCD", "PRSTADCD", "STADDRCD")
SHARED = (
    *("CNTCPRSN", "ADDRESS1", "ADDRESS2", "ADDRESS3", "CITY", "STATE", "ZIP", "COUNTRY", "CCode"),
    *(
        "PHONE1",
        "PHONE2",
        "PHONE3",
        "FAX",
        "UPSZONE",
        "SHIPMTHD",
        "TAXSCHID",
        "SLPRSNID",
        "SALSTERR",
        "DECLID",
    ),
)
"""Columns that a customer and its addresses both have: the customer keeps a copy of the address in its ADRSCODE."""
NO_CREDIT, UNLIMITED, AMOUNT = 0, 1, 2


def create(company: Company, table: str, given: Given) -> Row:
    """Save a new card and give its row; raises `Refusal`, code DuplicateKey when the key is taken."""
    heap = company[table]
    values = _entered(heap.table, given)
    key = _new_key(company, heap.table, values)
    match table:
        case "RM00101":
            return _create_customer(company, key, values)
        case "RM00102":
            _customer(company, key[0])
        case "RM00201":
            _check_class(company, values)
        case _:
            pass
    return _insert(company, table, values)


def change(company: Company, table: str, key: Key, given: Given) -> Row:
    """Save changes to an existing card and give its row; `key` is a folded one.

    Every save writes: MODIFDT becomes today and the row is stamped even where no value differs (assumed).
    """
    heap = company[table]
    row = heap.find(key)
    if row is None:
        raise not_found(heap.table.what, ";".join(key))
    values = _entered(heap.table, given)
    for name in heap.table.key:
        if name in values and folded(str(values.pop(name))) != folded(heap.table.text(row, name)):
            raise broken_rule("a key cannot be changed by saving the card.", name)
    if table == "RM00101":
        return _change_customer(company, key, row, values)
    if table == "RM00201":
        _check_class(company, values)
    return _update(company, table, key, values)


def remove(company: Company, table: str, key: Key) -> Row:
    """Delete a card and give the row it was; raises `Refusal` where GP's delete rules do not pass (assumed)."""
    heap = company[table]
    row = heap.find(key)
    if row is None:
        raise not_found(heap.table.what, ";".join(key))
    if table == "RM00101":
        _remove_customer(company, key)
    elif table == "RM00102":
        _check_address_is_free(company, key)
    elif table == "RM00201":
        _check_unused(company, "CUSTCLAS", key[0])
    else:
        _check_unused(company, "PYMTRMID", key[0])
    return company.delete(table, key, company.statement())


def _entered(table: Table, given: Given) -> dict[str, Value]:
    """Check what was typed, column by column, and leave out what only GP writes."""
    return table.accepted({name: value for name, value in given.items() if name not in KEPT_BY_GP})


def _new_key(company: Company, table: Table, values: Mapping[str, Value]) -> Key:
    for name in table.key:
        if not values.get(name):
            raise Refusal("KeyMissing", "is required.", name)
    key = folded_key(str(values[name]) for name in table.key)
    if key in company[table.name]:
        raise Refusal("DuplicateKey", f"{table.what} {';'.join(key)} exists already.", table.key[-1])
    return key


def _insert(company: Company, table: str, values: Mapping[str, Value]) -> Row:
    columns = company[table].table.place
    today = company.today()
    own: dict[str, Value] = {name: today for name in ("CREATDDT", "MODIFDT") if name in columns}
    if "NOTEINDX" in columns:
        own["NOTEINDX"] = company.draw_note()
    return company.insert(table, {**values, **own}, company.statement())


def _update(company: Company, table: str, key: Key, values: Mapping[str, Value]) -> Row:
    own: dict[str, Value] = {"MODIFDT": company.today()}
    return company.update(table, key, {**values, **own}, company.statement())


def _create_customer(company: Company, key: Key, values: dict[str, Value]) -> Row:
    """Write the customer and, when it names an address code, that address.

    A statement name or short name that was not entered follows the name: window behaviour, stated for the
    procedure taUpdateCreateCustomerRcd in the eConnect documentation.
    """
    name = str(values.get("CUSTNAME", ""))
    values = {"STMTNAME": name, "SHRTNAME": name[:15].rstrip(), **values}
    table = company["RM00101"].table
    row = table.changed(table.blank, values)
    code = folded(table.text(row, "ADRSCODE"))
    _check_customer(company, key, row, values, {code} if code else set())
    _insert(company, "RM00101", values)
    if code:
        address = {each: value for each, value in values.items() if each in SHARED}
        _insert(
            company,
            "RM00102",
            {**address, "CUSTNMBR": table.get(row, "CUSTNMBR"), "ADRSCODE": table.get(row, "ADRSCODE")},
        )
    return _customer(company, key[0])


def _change_customer(company: Company, key: Key, row: Row, values: dict[str, Value]) -> Row:
    """Write the customer and the address in its ADRSCODE, as far as address columns were entered (assumed).

    Another address code brings that address onto the card; the code itself must exist.
    """
    table = company["RM00101"].table
    _check_inactive(company, key, values, was=table.get(row, "INACTIVE"))
    codes = {folded(str(address[1])) for address in company["RM00102"].under(key[0])}
    _check_customer(company, key, table.changed(row, values), values, codes)
    code = folded(str(values.get("ADRSCODE", table.get(row, "ADRSCODE"))))
    entered = {name: value for name, value in values.items() if name in SHARED}
    address = company["RM00102"].find((key[0], code))
    if address is not None and code != folded(table.text(row, "ADRSCODE")):
        shown = company["RM00102"].table
        values = {**{name: shown.get(address, name) for name in SHARED}, **values}
    _update(company, "RM00101", key, values)
    if entered and address is not None:
        _update(company, "RM00102", (key[0], code), entered)
    return _customer(company, key[0])


def _customer(company: Company, number: str) -> Row:
    row = company["RM00101"].find((number,))
    if row is None:
        raise Refusal("ParentNotFound", f"Customer {number} does not exist.", "CUSTNMBR")
    return row


def _check_customer(
    company: Company, key: Key, row: Row, values: Mapping[str, Value], codes: set[str]
) -> None:
    """Check a customer's card; that a name is required, and which ids are looked up, is assumed."""
    table = company["RM00101"].table
    if not table.get(row, "CUSTNAME"):
        raise broken_rule("is required.", "CUSTNAME")
    _check_exists(company, "RM00201", "CUSTCLAS", values)
    _check_exists(company, "SY03300", "PYMTRMID", values)
    _check_credit(values)
    _check_roles(values, codes)
    if not table.get(row, "ADRSCODE") and any(table.get(row, name) for name in SHARED):
        raise broken_rule("is required with an address.", "ADRSCODE")
    _check_parent(company, key, str(values.get("CPRCSTNM", "")))


def _check_class(company: Company, values: Mapping[str, Value]) -> None:
    _check_exists(company, "SY03300", "PYMTRMID", values)
    _check_credit(values)


def _check_exists(company: Company, table: str, name: str, values: Mapping[str, Value]) -> None:
    value = str(values.get(name, ""))
    if value and (folded(value),) not in company[table]:
        raise broken_rule(f"{company[table].table.what} {value} does not exist.", name)


def _check_credit(values: Mapping[str, Value]) -> None:
    """Know three credit limit types: 0 no credit, 1 unlimited, 2 amount (assumed)."""
    if values.get("CRLMTTYP", NO_CREDIT) not in (NO_CREDIT, UNLIMITED, AMOUNT):
        raise broken_rule("must be 0 (no credit), 1 (unlimited) or 2 (amount).", "CRLMTTYP")
    for name in ("CRLMTAMT", "CRLMTPAM"):
        amount = values.get(name, 0)
        if not isinstance(amount, str) and str(amount).startswith("-"):
            raise broken_rule("must not be negative.", name)


def _check_roles(values: Mapping[str, Value], codes: set[str]) -> None:
    for name in ROLES:
        code = str(values.get(name, ""))
        if code and folded(code) not in codes:
            raise broken_rule(f"the customer has no address {code}.", name)


def _check_parent(company: Company, key: Key, parent: str) -> None:
    """Keep national accounts one level deep: a parent names itself, a child names a parent.

    Source: national accounts (table RM00105) know a corporate customer and its children, nothing below.
    """
    if not parent or folded(parent) == key[0]:
        return
    found = company["RM00101"].find((folded(parent),))
    if found is None:
        raise broken_rule(f"corporate customer {parent} does not exist.", "CPRCSTNM")
    above = folded(company["RM00101"].table.text(found, "CPRCSTNM"))
    if above not in ("", folded(parent)):
        raise broken_rule(f"{parent} is itself a child of {above}.", "CPRCSTNM")
    if _children(company, key[0]):
        raise broken_rule("the customer has children of its own.", "CPRCSTNM")


def _check_inactive(company: Company, key: Key, values: Mapping[str, Value], *, was: Value) -> None:
    """Refuse to inactivate a customer with open documents; a hold goes through (from practice, wording assumed)."""
    held = () if was else open_numbers(company, key[0])
    if held and values.get("INACTIVE"):
        raise broken_rule(
            f"a customer with open or unposted documents cannot be made inactive: {', '.join(held)}.",
            "INACTIVE",
        )


def _children(company: Company, number: str) -> list[str]:
    table = company["RM00101"].table
    return [
        table.text(row, "CUSTNMBR")
        for row in company["RM00101"].unordered()
        if folded(table.text(row, "CPRCSTNM")) == number and folded(table.text(row, "CUSTNMBR")) != number
    ]


def _remove_customer(company: Company, key: Key) -> None:
    """Refuse a corporate customer with children or open documents; take the addresses along otherwise."""
    held = open_numbers(company, key[0])
    if held:
        raise broken_rule(f"the customer has open or unposted documents: {', '.join(held)}.", "CUSTNMBR")
    children = _children(company, key[0])
    if children:
        raise broken_rule(f"the customer is the corporate customer of {children[0]}.", "CUSTNMBR")
    at = company.statement()
    for address in company["RM00102"].under(key[0]):
        company.delete("RM00102", company["RM00102"].table.key_of(address), at)


def _check_address_is_free(company: Company, key: Key) -> None:
    customer = company["RM00101"].find((key[0],))
    if customer is None:
        return
    for role in ROLES:
        if folded(company["RM00101"].table.text(customer, role)) == key[1]:
            raise broken_rule(f"the customer uses this address as its {role}.", "ADRSCODE")


def _check_unused(company: Company, column: str, value: str) -> None:
    table = company["RM00101"].table
    for row in company["RM00101"].unordered():
        if folded(table.text(row, column)) == value:
            raise broken_rule(f"customer {table.text(row, 'CUSTNMBR')} uses it.", column)
