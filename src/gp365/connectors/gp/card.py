"""A GP customer with its addresses, seen as one card, and what an edit of the card means for GP's two tables.

RM00101 names addresses of RM00102 by their codes in four roles: main (ADRSCODE), bill-to (PRBTADCD), ship-to
(PRSTADCD) and statement (STADDRCD). Pure: nothing here asks or writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from gp365.connectors.gp.tables import entity_named
from gp365.model.record import Record
from gp365.model.values import Value, Values, show

BILL_TO, SHIP_TO = "BillTo", "ShipTo"
MAIN, BILL, SHIP, STATEMENT = (
    "AddressCode",
    "PrimaryBilltoAddressCode",
    "PrimaryShiptoAddressCode",
    "StatementAddressCode",
)
RETIRED = ("Hold", "Inactive")
"""RM00101 columns HOLD and INACTIVE: they take a customer out of use."""
SELLERS = ("SalespersonID", "SalesTerritory")
DELIVERY = ("TaxScheduleID", "ShippingMethod", "SalespersonID", "SalesTerritory", "UPSZone")
"""What an address says beside its own lines; a new ship-to takes it from the bill-to, a blank one would tax nothing."""


@dataclass(frozen=True, slots=True)
class Card:
    """A customer and those of its addresses that were read, by code; values under our names."""

    customer: Values
    addresses: Mapping[str, Values]

    @property
    def number(self) -> str:
        """Return the customer number."""
        return show(self.customer.get("CustomerNumber"))


def code_of(customer: Values, role: str) -> str:
    """Return the address code of BillTo (the main address where it has none) or ShipTo, "" for none.

    A ship-to under the bill-to's own code is no address of its own: it is "as bill-to", and the role has none.
    """
    bill = show(customer.get(BILL)) or show(customer.get(MAIN))
    if role == BILL_TO:
        return bill
    ship = show(customer.get(SHIP))
    return "" if ship == bill else ship


def codes_of(customer: Values, *, main: bool = False) -> list[str]:
    """Return the address codes that the card needs, each once; with `main` that of the main address too."""
    codes = [code_of(customer, BILL_TO), code_of(customer, SHIP_TO)]
    if main:
        codes.append(show(customer.get(MAIN)))
    return list(dict.fromkeys(code for code in codes if code))


def address_of(card: Card, role: str) -> Values:
    """Return the values of a role's address; none where the role has no address.

    RM00101 keeps a copy of its main address, which stands in where RM00102 has no such row.
    """
    code = code_of(card.customer, role)
    if not code:
        return {}
    if code in card.addresses:
        return card.addresses[code]
    return card.customer if code == show(card.customer.get(MAIN)) else {}


def card_values(card: Card, fields: Iterable[str]) -> dict[str, Value]:
    """Return the asked fields of the card; what is not served is absent, what a missing address has is empty."""
    customer = entity_named("customer")
    held: dict[str, Values] = {}
    values: dict[str, Value] = {}
    for name in fields:
        role, _, inner = name.partition(".")
        if not inner:
            if name in card.customer:
                values[name] = card.customer[name]
        elif name not in customer.not_served and name in customer.shown:
            if role not in held:
                held[role] = address_of(card, role)
            # An address that the customer names and that did not come may be hidden: absent, not empty.
            if inner in held[role] or not code_of(card.customer, role):
                values[name] = held[role].get(inner)
    return values


def birth_of(entity: str, values: Values) -> str:
    """Return the birth mark: note index and day of creation survive a renumbering (practice, assumed)."""
    parts = [show(values.get(name)) for name in entity_named(entity).birth]
    return "|".join(parts) if any(part not in ("", "0") for part in parts) else ""


def card_record(card: Card, fields: Iterable[str]) -> Record:
    """Return the card as a record."""
    return Record(
        (card.number,),
        card_values(card, fields),
        birth=birth_of("customer", card.customer),
        reference=show(card.customer.get("IntegrationID")),
    )


@dataclass(frozen=True, slots=True)
class Edits:
    """What must be written for an edit of a card, in this order: new addresses, the customer, then addresses.

    `customer` holds changes under our names, those of the main address among them; `new_ship_to` is the content of an
    address that needs a code of its own, which then becomes the ship-to; `addresses` are changes by code, `missing`
    whole addresses under codes that the customer names but GP does not have.
    """

    customer: dict[str, Value] = field(default_factory=dict[str, Value])
    main_address: dict[str, Value] = field(default_factory=dict[str, Value])
    new_bill_to: dict[str, Value] | None = None
    new_ship_to: dict[str, Value] | None = None
    addresses: dict[str, dict[str, Value]] = field(default_factory=dict[str, dict[str, Value]])
    missing: dict[str, dict[str, Value]] = field(default_factory=dict[str, dict[str, Value]])


def edits_of(card: Card, changes: Values) -> Edits:
    """Decide what an edit of a card means for the two tables.

    A bill-to is edited under its own code, also where that is the main and statement address too: it is the firm's own
    address. A ship-to is edited only where no other role uses its code; else it gets a new code, and only the
    ship-to role is pointed there. An emptied ship-to points the role back to the bill-to; its address row is kept.
    """
    own = {name: value for name, value in changes.items() if "." not in name}
    edits = Edits(
        customer={**following_names(card.customer, own), **own}, addresses=following_sellers(card, own)
    )
    bill, ship = _of_role(changes, BILL_TO), _of_role(changes, SHIP_TO)
    if bill:
        edits = _bill_to(card, edits, bill)
    return _ship_to(card, edits, ship) if ship else edits


def following_names(customer: Values, changes: Values) -> dict[str, Value]:
    """Return the statement and short name that go with a new name: each follows while it equalled the old name.

    Otherwise statements would go out in the old name; and a renaming that is taken back takes them back, too.
    """
    old, new = show(customer.get("CustomerName")), show(changes.get("CustomerName"))
    if not old or not new or old == new:
        return {}
    follow: dict[str, Value] = {}
    for name, length in (("StatementName", 64), ("ShortName", 15)):
        if name in customer and show(customer[name]) == old[:length].rstrip():
            follow[name] = new[:length].rstrip()
    return follow


def following_sellers(card: Card, changes: Values) -> dict[str, dict[str, Value]]:
    """Return what goes with a customer's new salesperson or territory: addresses that had the old one, by code.

    Sales documents take both from their ship-to address first (practice, assumed): left behind, the old salesperson
    would go on earning the commissions. The main address is the customer's own copy.
    """
    codes = [code for code in codes_of(card.customer) if code != show(card.customer.get(MAIN))]
    follow: dict[str, dict[str, Value]] = {}
    for code in codes:
        address = card.addresses.get(code, {})
        same = {
            name: changes[name]
            for name in SELLERS
            if name in changes
            and name in address
            and address[name] == card.customer.get(name) != changes[name]
        }
        if same:
            follow[code] = same
    return follow


def _of_role(changes: Values, role: str) -> dict[str, Value]:
    return {
        name.partition(".")[2]: value
        for name, value in changes.items()
        if name.partition(".")[0] == role and "." in name
    }


def _bill_to(card: Card, edits: Edits, changes: dict[str, Value]) -> Edits:
    code = code_of(card.customer, BILL_TO)
    if not code:
        return replace(edits, new_bill_to=changes) if _filled(changes) else edits
    if code == show(card.customer.get(MAIN)):
        return replace(edits, main_address=changes)
    if code in card.addresses:
        return replace(edits, addresses=_with(edits.addresses, code, changes))
    return replace(edits, missing={code: changes})


def _ship_to(card: Card, edits: Edits, changes: dict[str, Value]) -> Edits:
    present = _lines(address_of(card, SHIP_TO))
    wanted = {**present, **changes}
    if not _filled(wanted):
        if code_of(card.customer, SHIP_TO):
            edits.customer[SHIP] = code_of(card.customer, BILL_TO)
        return edits
    code = code_of(card.customer, SHIP_TO)
    if not code or code in other_roles(card.customer):
        sellers = {name: edits.customer[name] for name in SELLERS if name in edits.customer}
        content = {**_delivery(card, code), **sellers, **wanted}
        return replace(edits, new_ship_to=content)
    if code in card.addresses:
        return replace(edits, addresses=_with(edits.addresses, code, changes))
    return replace(edits, missing=_with(edits.missing, code, changes))


def _with(
    addresses: Mapping[str, dict[str, Value]], code: str, changes: dict[str, Value]
) -> dict[str, dict[str, Value]]:
    return {**addresses, code: {**addresses.get(code, {}), **changes}}


def other_roles(customer: Values) -> set[str]:
    """Return the codes of every role but the ship-to."""
    return {show(customer.get(role)) for role in (MAIN, BILL, STATEMENT)} - {""} | {
        code_of(customer, BILL_TO)
    }


def _lines(address: Values) -> dict[str, Value]:
    return {name: address.get(name) for name in entity_named("customer").role_fields} if address else {}


def _delivery(card: Card, code: str) -> dict[str, Value]:
    source = card.addresses.get(code) or card.addresses.get(code_of(card.customer, BILL_TO)) or card.customer
    return {name: source.get(name) for name in DELIVERY if source.get(name) is not None}


def _filled(values: Values) -> bool:
    return any(value is not None for value in values.values())


def new_codes(stem: str) -> Iterator[str]:
    """Give the codes that a new address may have: the stem, then with a digit."""
    yield stem
    for number in range(1, 100):
        suffix = str(number)
        yield stem[: 15 - len(suffix)] + suffix
