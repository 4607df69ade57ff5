"""A new customer over SOAP: look first, send it with its addresses, read back what GP kept.

Classes are no objects of the service and their defaults are not applied by it (assumed): what a class gives is sent
along, from another channel or from the site's own file (`classes`).
"""

from __future__ import annotations

from gp365.connectors.gp.card import BILL, BILL_TO, DELIVERY, MAIN, SHIP, SHIP_TO, STATEMENT
from gp365.connectors.gp.classes import unlike_class
from gp365.connectors.gp.readback import unkept
from gp365.connectors.gp.soap import members
from gp365.connectors.gp.soap.classes import Classes, Defaults
from gp365.connectors.gp.soap.faults import Faulted
from gp365.connectors.gp.soap.held import Held, card_of, record_of
from gp365.connectors.gp.soap.reading import Reading
from gp365.connectors.gp.soap.shapes import shape_of
from gp365.connectors.gp.soap.trip import Trip
from gp365.connectors.gp.soap.updating import (
    Planned,
    kept_values,
    no_address,
    readable,
    settle,
    stored_values,
)
from gp365.connectors.gp.soap.values import EMAIL
from gp365.connectors.gp.values import capitals
from gp365.model.errors import Gp365Error, Rejected, Retry
from gp365.model.record import Outcome, Status
from gp365.model.values import Value, Values


def create_card(trip: Trip, reading: Reading, classes: Classes) -> Outcome:
    """Create a customer under the key that was drawn; EXISTS, with the record, when someone has it.

    DONE with `error` says that what stands is not what was sent or what the class says.
    """
    number = capitals(trip.write.key[0].rstrip(" "))
    taken = reading.standing(trip.lane, "customer", (number,))
    if taken:
        return _exists(taken[0])
    defaults = classes.defaults(trip.write.values)
    planned = _planned(trip, defaults)
    sent = members.customer(trip.service, trip.lane, number, planned.customer)
    sent.update(members.accounts(defaults.accounts))
    sent["Addresses"] = {
        "CustomerAddress": [
            members.address(trip.service, trip.lane, number, code, values)
            for code, values in planned.addresses.items()
        ]
    }
    try:
        trip.send("CreateCustomer", "customer", "customer", sent)
    except Faulted as fault:
        return _refused(trip, reading, fault, number)
    return _made(trip, reading, planned, number, defaults)


def _made(trip: Trip, reading: Reading, planned: Planned, number: str, defaults: Defaults) -> Outcome:
    error: Gp365Error | None = None
    try:
        after = settle(trip, reading, planned, None)
    except Faulted as fault:
        error = trip.placed(fault.explained)
        error.message = f"The customer was created, but not all of its addresses: {error.message}"
        after = next(iter(reading.held(trip.lane, "customer", (number,))), None)
    if after is None:
        reading.doubt((number,))
        return Outcome(Status.DONE, (number,), error=error)
    record = record_of("customer", after, readable())
    stored = stored_values(after, trip.write.values)
    error = error or unkept(number, kept_values(trip.write.values), stored)
    error = error or unlike_class(defaults.class_id, defaults.values, card_of(after).customer, number)
    return Outcome(Status.DONE, record.key, birth=record.birth, stored=stored, record=record, error=error)


def _planned(trip: Trip, defaults: Defaults) -> Planned:
    """Part the card's values: one address code in all four roles, another for a ship-to of its own.

    What the class gives and the service keeps with addresses (tax schedule, shipping method …) goes to the main one.
    """
    settings, shape = trip.service.settings, shape_of("customer")
    main = settings.main_code
    planned = Planned(customer=dict.fromkeys((MAIN, BILL, SHIP, STATEMENT), main))
    planned.addresses[main] = {}
    ship: dict[str, Value] = {}
    for name, value in (*defaults.sendable, *trip.write.values.items()):
        role, _, inner = name.rpartition(".")
        if value is None or name == "CustomerNumber":
            continue
        if role == SHIP_TO:
            ship[inner] = value
        elif role == BILL_TO or name in shape.main_fields:
            planned.addresses[main][inner] = value
        else:
            planned.customer[name] = value
    if ship.keys() == {EMAIL}:
        raise no_address(trip.write, f"{SHIP_TO}.{EMAIL}", ship[EMAIL])
    if ship:
        planned.addresses[settings.ship_to_code] = {**_delivery(planned.addresses[main]), **ship}
        planned.customer[SHIP] = settings.ship_to_code
    return planned


def _delivery(main: Values) -> dict[str, Value]:
    return {name: main[name] for name in DELIVERY if name in main}


def _exists(held: Held) -> Outcome:
    record = record_of("customer", held, readable())
    return Outcome(Status.EXISTS, record.key, birth=record.birth, record=record)


def _refused(trip: Trip, reading: Reading, fault: Faulted, number: str) -> Outcome:
    """Tell a taken number, or a creation that a failure hid, from a refusal: by looking."""
    error = trip.placed(fault.explained)
    found = reading.held(trip.lane, "customer", (number,))
    trip.unsure = False
    if found:
        # A failure after which the customer stands may have been our own creation or another's: the engine compares.
        return Outcome(Status.UNKNOWN, trip.write.key, error=error) if fault.failed else _exists(found[0])
    if fault.taken:
        error = Rejected(
            "right-missing",
            f"The customer exists but is not shown to {trip.service.settings.user}. {error.message}",
            system=error.system,
            record=error.record,
            fix="Check the entity-id filters of the user's roles in the Dynamics Security Console.",
        )
    if isinstance(error, Rejected):
        return Outcome(Status.REJECTED, trip.write.key, error=error)
    if not isinstance(error, Retry):
        raise error
    return trip.ended(error)
