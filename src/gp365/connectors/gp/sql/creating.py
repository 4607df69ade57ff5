"""A new customer through eConnect: customer, ship-to, e-mail addresses, in one transaction that leaves all or nothing."""

from __future__ import annotations

from collections.abc import Mapping

from gp365.connectors.gp.card import BILL, BILL_TO, DELIVERY, MAIN, SHIP, SHIP_TO, STATEMENT
from gp365.connectors.gp.classes import implied, unlike_class
from gp365.connectors.gp.sql.calls import marks
from gp365.connectors.gp.sql.customers import EMAIL
from gp365.connectors.gp.sql.held import Held
from gp365.connectors.gp.sql.port import SqlValue
from gp365.connectors.gp.sql.queries import Plain, among
from gp365.connectors.gp.sql.sources import source_of
from gp365.connectors.gp.sql.trip import Trip, Unfit
from gp365.connectors.gp.sql.updating import no_address, readable
from gp365.connectors.gp.tables import entity_named
from gp365.connectors.gp.values import capitals
from gp365.model.errors import Bug, Rejected
from gp365.model.record import Outcome, Status
from gp365.model.values import Value, Values, show, show_key

_NEW: Mapping[str, SqlValue] = {"UpdateIfExists": 0}
_OLD: Mapping[str, SqlValue] = {"UpdateIfExists": 1, "UseCustomerClass": 0, "CreateAddress": 0}


def create_card(trip: Trip) -> Outcome:
    """Create a customer under the key that was drawn; EXISTS, with the record, when someone has it.

    UpdateIfExists 0, because its default 1 would overwrite the customer who has the number; UseCustomerClass 1, because
    its default 0 stamps the class and takes nothing from it (signature of taUpdateCreateCustomerRcd). DONE with `error`
    says that what stands is not what the class says.
    """
    number = capitals(trip.write.key[0].rstrip(" "))
    taken = trip.hold(number)
    if taken is not None:
        record = taken.record(readable())
        return Outcome(Status.EXISTS, record.key, birth=record.birth, record=record)
    own, addresses, emails = _parted(trip.write.values)
    defaults, blank = _class_defaults(trip, own)
    code = trip.desk.settings.main_code
    roles: dict[str, Value] = dict.fromkeys((MAIN, BILL, SHIP, STATEMENT), code)
    filled = {name: value for name, value in {**own, **addresses[BILL_TO]}.items() if value is not None}
    with_class = 1 if own.get("CustomerClass") else 0
    switches = {**_NEW, "UseCustomerClass": with_class, "CreateAddress": 1, **marks({}, trip.write.reference)}
    trip.customer(number, {**blank, **filled, **roles}, switches)
    _second_address(trip, number, addresses[SHIP_TO])
    for role, value in emails.items():
        if value is not None:
            if role == SHIP_TO and not _filled(addresses[SHIP_TO]):
                raise Unfit(no_address(trip.write, role, value))
            at = code if role == BILL_TO else trip.desk.settings.ship_to_code
            trip.email(number, at, {}, value, role)
    return _outcome(trip, _there(trip, number), show(own.get("CustomerClass")), defaults)


def _outcome(trip: Trip, made: Held, class_id: str, defaults: Values) -> Outcome:
    record = made.record(readable())
    stored = {name: record.values[name] for name in trip.write.values if name in record.values}
    error = unlike_class(class_id, defaults, made.card.customer, made.card.number)
    # The record goes along: its class filled in fields that the other side must look at in the same run.
    return Outcome(Status.DONE, record.key, birth=record.birth, stored=stored, record=record, error=error)


def _there(trip: Trip, number: str) -> Held:
    found = trip.hold(number)
    if found is None:
        raise Bug("bug", f"eConnect created {number}, and it is not there.")
    return found


def _parted(values: Values) -> tuple[dict[str, Value], dict[str, dict[str, Value]], dict[str, Value]]:
    """Part the card's values: those of the customer, of each role's address, and the e-mail address of each role."""
    own: dict[str, Value] = {}
    addresses: dict[str, dict[str, Value]] = {BILL_TO: {}, SHIP_TO: {}}
    emails: dict[str, Value] = {}
    for name, value in values.items():
        role, _, inner = name.rpartition(".")
        if not role:
            own[name] = value
        elif inner == EMAIL:
            emails[role] = value
        else:
            addresses[role][inner] = value
    return own, addresses, emails


def _class_defaults(trip: Trip, own: Values) -> tuple[dict[str, Value], dict[str, Value]]:
    """Return what the class implies, and what must be sent empty so that half of a decision does not come from it."""
    class_id = show(own.get("CustomerClass"))
    if not class_id:
        return {}, {}
    source = source_of("customer_class")
    fields = list(source.entity.fields)
    view = Plain(trip.desk.names, source, fields, trip.desk.missing("customer_class"))
    where = among([view.column("ClassID")], [source.sql_type("ClassID")], [(capitals(class_id),)])
    rows = trip.lane.rows(view.select(None, where))
    if not rows:
        raise Unfit(
            Rejected(
                "rejected",
                f"Dynamics GP has no customer class {class_id}.",
                record=show_key(trip.write.key),
                field="CustomerClass",
                value=class_id,
                fix="Correct the lookup or default that gives the class.",
            )
        )
    said = view.record(rows[0]).values
    taken = implied(said, own)
    open_ = [name for name in implied(said, {}) if name not in taken and own.get(name) is None]
    return taken, {name: None for name in open_ if entity_named("customer").fields[name].econnect}


def _filled(values: Values) -> bool:
    return any(value is not None for value in values.values())


def _second_address(trip: Trip, number: str, content: Values) -> None:
    """Give the new customer its ship-to: an address under its own code, then the role pointed there."""
    if not _filled(content):
        return
    code = trip.desk.settings.ship_to_code
    made = _there(trip, number).card.customer
    delivery = {name: made[name] for name in DELIVERY if made.get(name) is not None}
    lines = {name: value for name, value in content.items() if value is not None}
    mark: dict[str, SqlValue] = {"INTEGRATIONID": trip.write.reference} if trip.write.reference else {}
    trip.address(number, code, {**delivery, **lines}, {**_NEW, **mark}, SHIP_TO)
    trip.customer(number, {SHIP: code}, {**_OLD, **marks(made, trip.write.reference)})
