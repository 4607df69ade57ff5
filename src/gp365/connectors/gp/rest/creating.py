"""A new customer over SBA: look first, send the class's defaults with it, read back what GP kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gp365.connectors.gp.card import BILL, DELIVERY, MAIN, SHIP, SHIP_TO, STATEMENT, card_record, card_values
from gp365.connectors.gp.classes import implied, unlike_class
from gp365.connectors.gp.rest.lists import Lists
from gp365.connectors.gp.rest.objects import members_of, whole, with_main_address
from gp365.connectors.gp.rest.reading import Fetched, Reading, fetched
from gp365.connectors.gp.rest.trip import Refused, Trip
from gp365.connectors.gp.rest.updating import new_address, readable
from gp365.connectors.gp.rows import values_of
from gp365.connectors.gp.tables import entity_named
from gp365.connectors.gp.values import capitals
from gp365.model.errors import Gp365Error, Rejected
from gp365.model.record import Outcome, Status
from gp365.model.values import Value, Values, show, show_key
from gp365.wire.calls import CallFailed


@dataclass(slots=True)
class _Made:
    """A customer that was created: its objects as GP has them now, and what went wrong after its creation."""

    customer: Mapping[str, Any]
    addresses: dict[str, Mapping[str, Any]]
    error: Gp365Error | None = None
    unwritten: dict[str, Value] = field(default_factory=dict[str, Value])


def create_card(trip: Trip, reading: Reading, lists: Lists) -> Outcome:
    """Create a customer under the key that was drawn; EXISTS, with the record, when someone has it.

    DONE with `error` set means: the customer is there, and something that the plan or the class says of it is not (a
    refused ship-to, history flags that GP did not take); a person must look. `stored` then shows what is missing.
    """
    number = capitals(trip.write.key[0].rstrip(" "))
    taken = reading.fetch(trip.lane, number)
    if taken is not None:
        return _exists(taken)
    planned = _by_table(trip.write.values)
    defaults = _class_defaults(trip, lists, planned[""])
    if isinstance(defaults, Rejected):
        return Outcome(Status.REJECTED, trip.write.key, error=defaults)
    try:
        stored = trip.create("customer", _members(trip, number, planned, defaults))
    except Refused as refused:
        return _refused(trip, reading, refused, number)
    returned = trip.returned
    made = _finish(trip, number, planned, defaults, stored)
    after = fetched(made.customer, made.addresses)
    reading.keep(after)
    record = card_record(after.card, readable())
    held = (
        {**card_values(after.card, trip.write.values), **made.unwritten} if returned else dict(made.unwritten)
    )
    # The record goes along: its class filled in fields that the other side must look at in the same run.
    return Outcome(Status.DONE, record.key, birth=record.birth, stored=held, record=record, error=made.error)


def _exists(found: Fetched) -> Outcome:
    record = card_record(found.card, readable())
    return Outcome(Status.EXISTS, record.key, birth=record.birth, record=record)


def _by_table(values: Values) -> dict[str, dict[str, Value]]:
    """Part the card's values: those of the customer under "", those of each role's address under its name."""
    parts: dict[str, dict[str, Value]] = {"": {}, "BillTo": {}, "ShipTo": {}}
    for name, value in values.items():
        role, _, inner = name.partition(".")
        parts[role if inner else ""][inner or role] = value
    return parts


def _class_defaults(trip: Trip, lists: Lists, planned: Values) -> dict[str, Value] | Rejected:
    class_id = show(planned.get("CustomerClass"))
    if not class_id:
        return {}
    cells = lists.cells("customer_class", [(capitals(class_id),)])
    if not cells:
        return Rejected(
            "rejected",
            f"Dynamics GP has no customer class {class_id}.",
            record=show_key(trip.write.key),
            field="CustomerClass",
            value=class_id,
            fix="Correct the lookup or default that gives the class.",
        )
    return implied(values_of(entity_named("customer_class"), next(iter(cells.values()))), planned)


def _members(trip: Trip, number: str, planned: Mapping[str, Values], defaults: Values) -> dict[str, Any]:
    """Return the payload: one address code in all four roles, because no other address exists yet."""
    code = trip.service.settings.main_code
    roles: dict[str, Value] = dict.fromkeys((MAIN, BILL, SHIP, STATEMENT), code)
    values = {
        **defaults,
        **{name: value for name, value in planned[""].items() if value is not None},
        **planned["BillTo"],
        **roles,
        "CustomerNumber": number,
    }
    members = members_of("customer", values, filled_only=True)
    if trip.write.reference:
        members["IntegrationID"] = trip.write.reference
    return members


def _refused(trip: Trip, reading: Reading, refused: Refused, number: str) -> Outcome:
    """Tell a taken number, or a creation that an error of the server hid, from a refusal: by looking."""
    found = reading.fetch(trip.lane, number)
    trip.unsure = False
    if found is None:
        error = _hidden(trip, refused.error) if refused.taken else refused.error
        return Outcome(Status.REJECTED, trip.write.key, error=error)
    ours = show(found.card.customer.get("IntegrationID")) == trip.write.reference != ""
    if refused.failed and ours:
        return Outcome(Status.UNKNOWN, trip.write.key, error=refused.error)
    return _exists(found)


def _hidden(trip: Trip, said: Rejected) -> Rejected:
    """Return the refusal of a number that GP says is taken and does not show: another number would double the firm."""
    return Rejected(
        "right-missing",
        f"The customer exists but is not shown to {trip.service.settings.user}. {said.message}",
        system=said.system,
        record=said.record,
        fix="Check the filters of the roles that the user has in Dynamics GP.",
    )


def _finish(
    trip: Trip, number: str, planned: Mapping[str, Values], defaults: Values, stored: Mapping[str, Any]
) -> _Made:
    code = trip.service.settings.main_code
    kept = trip.service.read(trip.lane, "customer", (number,)) or dict(stored)
    main = {**_address_part(kept), "CustomerNumber": number, "AddressCode": code}
    made = _Made(kept, {code: main})
    ship_to = {name: value for name, value in planned["ShipTo"].items() if value is not None}
    if ship_to:
        _second_address(trip, number, {**_delivery(kept), **ship_to}, made)
    lacking = unlike_class(
        show(planned[""].get("CustomerClass")),
        defaults,
        values_of(entity_named("customer"), made.customer),
        number,
    )
    made.error = made.error or lacking
    return made


def _address_part(customer: Mapping[str, Any]) -> dict[str, Any]:
    names = (*entity_named("customer").role_fields, *DELIVERY)
    return {name: customer[name] for name in names if name in customer}


def _delivery(customer: Mapping[str, Any]) -> dict[str, Value]:
    values = values_of(entity_named("customer"), customer, DELIVERY)
    return {name: value for name, value in values.items() if value is not None}


def _second_address(trip: Trip, number: str, content: Values, made: _Made) -> None:
    """Give the new customer its ship-to: an address under its own code, and the role pointed there.

    An answer lost here is looked for once: the customer stands already under our mark, so that the engine would take
    the creation for done, and the ship-to would be missing for good.
    """
    try:
        try:
            _ship_to(trip, number, content, made)
        except CallFailed:
            _ship_to(trip, number, content, made, again=True)
    except Refused as refused:
        refused.error.message = f"The customer was created, but not its ship-to: {refused.error.message}"
        made.error = refused.error
        made.unwritten = {name: None for name in trip.write.values if name.startswith(f"{SHIP_TO}.")}


def _ship_to(trip: Trip, number: str, content: Values, made: _Made, *, again: bool = False) -> None:
    code = trip.service.settings.ship_to_code
    there = trip.service.read(trip.lane, "customer_address", (number, code)) if again else None
    made.addresses[code] = there or new_address(trip, number, code, content, SHIP_TO)
    base = with_main_address(made.customer, made.addresses[trip.service.settings.main_code])
    members = whole("customer", base, {SHIP: code}, trip.write.reference)
    made.customer = trip.change("customer", (number,), members)
