"""An edit of a customer's card over SOAP: read again, compare, send only what changes, read back.

An object holds its addresses, so that a customer and its addresses are changed by one call (`DeleteOnUpdate` of the
addresses shows that the service goes through them). Where an address did not follow it is written by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gp365.connectors.gp.card import (
    BILL,
    MAIN,
    SHIP,
    STATEMENT,
    Card,
    Edits,
    code_of,
    codes_of,
    edits_of,
    new_codes,
)
from gp365.connectors.gp.readback import unkept
from gp365.connectors.gp.rows import values_of
from gp365.connectors.gp.soap import members
from gp365.connectors.gp.soap.faults import Faulted
from gp365.connectors.gp.soap.held import EMAILS, Held, card_fields, card_of, email, record_of
from gp365.connectors.gp.soap.reading import Reading
from gp365.connectors.gp.soap.shapes import shape_of
from gp365.connectors.gp.soap.trip import Trip
from gp365.connectors.gp.soap.values import EMAIL
from gp365.connectors.gp.tables import entity_named
from gp365.connectors.gp.writes import moved
from gp365.model.errors import Gp365Error, Rejected, Retry
from gp365.model.record import Outcome, Status, Write
from gp365.model.values import Value, Values, show, show_key


@dataclass(slots=True)
class Planned:
    """What an edit sends: changes of the customer's own members, and of addresses by code."""

    customer: dict[str, Value] = field(default_factory=dict[str, Value])
    addresses: dict[str, dict[str, Value]] = field(default_factory=dict[str, dict[str, Value]])

    def change(self, code: str, values: Values) -> None:
        """Add changes of an address."""
        if values:
            self.addresses.setdefault(code, {}).update(values)


def readable() -> list[str]:
    """Return every field of a card that can be read over SOAP."""
    return [name for name, each in card_fields().items() if each.readable]


def update_card(trip: Trip, reading: Reading) -> Outcome:
    """Do an update of a card; MOVED when it is not what the plan was made on, GONE when there is no such customer."""
    key = trip.write.key
    found = reading.held(trip.lane, "customer", key)
    if not found:
        return Outcome(Status.GONE, key)
    held = found[0]
    trip.reread()
    fresh = record_of("customer", held, readable())
    if moved(trip.write, fresh.values, fresh.birth):
        reading.keep("customer", held)
        return Outcome(Status.MOVED, fresh.key, birth=fresh.birth, record=fresh)
    card = card_of(held)
    try:
        planned = planned_edits(trip, held, card)
        _send(trip, held, card, planned)
        window_ms = trip.window_ms
        after = settle(trip, reading, planned, held)
    except Faulted as fault:
        return refused(trip, reading, fault)
    if after is None:
        reading.doubt(key)
        return Outcome(Status.DONE, fresh.key, before=fresh, window_ms=window_ms)
    stored = stored_values(after, trip.write.values)
    error = unkept(fresh.key[0], kept_values(trip.write.values), stored)
    return Outcome(
        Status.DONE,
        fresh.key,
        birth=fresh.birth,
        stored=stored,
        before=fresh,
        error=error,
        window_ms=window_ms,
    )


def kept_values(values: Values) -> Values:
    """Return what must stand afterwards; texts without the blanks that GP cuts off, ids in capitals."""
    shown = card_fields()
    return {name: _kept(shown[name].upper, value) for name, value in values.items()}


def _kept(upper: bool, value: Value) -> Value:
    if not isinstance(value, str):
        return value
    text = value.rstrip(" ")
    return (text.upper() if upper and text.isascii() else text) or None


def stored_values(held: Held, values: Values) -> dict[str, Value]:
    """Return what stands of the fields of a write."""
    return dict(record_of("customer", held, list(values)).values)


def planned_edits(trip: Trip, held: Held, card: Card) -> Planned:
    """Decide what an edit means for the customer and each address; see `card`."""
    emails = {name: value for name, value in trip.write.values.items() if name in EMAILS}
    edits = edits_of(card, {n: v for n, v in trip.write.values.items() if n not in emails})
    planned = Planned()
    main, shape = show(card.customer.get(MAIN)), shape_of("customer")
    for name, value in edits.customer.items():
        if name in shape.main_fields and not main:
            raise _no_main(trip.write, name, value)
        if name in shape.main_fields:
            planned.change(main, {name: value})
        else:
            planned.customer[name] = value
    planned.change(main, edits.main_address)
    for code, changes in (*edits.addresses.items(), *edits.missing.items()):
        planned.change(code, changes)
    _new_roles(trip, card, edits, planned)
    _emails(trip, held, card, planned, emails)
    return planned


def _new_roles(trip: Trip, card: Card, edits: Edits, planned: Planned) -> None:
    settings = trip.service.settings
    for content, stem, pointer in (
        (edits.new_bill_to, settings.bill_to_code, BILL),
        (edits.new_ship_to, settings.ship_to_code, SHIP),
    ):
        if content is not None:
            code = _free_code(card, stem, content)
            if code not in card.addresses:
                filled = {name: value for name, value in content.items() if value is not None}
                planned.change(code, filled)
            planned.customer[pointer] = code


def _free_code(card: Card, stem: str, content: Values) -> str:
    """Return the first code without an address, or one that an earlier try of ours left with this very content."""
    used = {*codes_of(card.customer, main=True), show(card.customer.get(STATEMENT))}
    for code in new_codes(stem):
        present = card.addresses.get(code)
        if present is None:
            return code
        if code not in used and all(present.get(name) == value for name, value in content.items()):
            return code
    raise Rejected(
        "rejected", f"No address code {stem}… is free.", record=card.number, field="ShipTo.Address1"
    )


def _emails(trip: Trip, held: Held, card: Card, planned: Planned, emails: Values) -> None:
    customer = {**card.customer, **planned.customer}
    for name, value in emails.items():
        role = name.partition(".")[0]
        code = code_of(customer, role)
        if code:
            if code in planned.addresses or email(held, card, role) != value:
                planned.change(code, {EMAIL: value})
        elif value is not None:
            raise no_address(trip.write, name, value)


def _no_main(write: Write, name: str, value: Value) -> Rejected:
    return Rejected(
        "bad-value",
        "The service keeps this with the customer's main address, and the customer has none.",
        record=show_key(write.key),
        field=name,
        value=show(value)[:80],
        fix="Give the customer an address in Dynamics GP.",
    )


def no_address(write: Write, name: str, value: Value) -> Rejected:
    """Return the refusal of an e-mail address for a role that has no address."""
    return Rejected(
        "bad-value",
        "There is no such address of its own, so that it has no e-mail address either.",
        record=show_key(write.key),
        field=name,
        value=show(value)[:80],
    )


def _send(trip: Trip, held: Held, card: Card, planned: Planned) -> None:
    number = card.number
    sent = members.customer(trip.service, trip.lane, number, planned.customer, held, card)
    addresses = [
        members.address(trip.service, trip.lane, number, code, values, held.stamps.get(code))
        for code, values in planned.addresses.items()
    ]
    if addresses:
        sent["Addresses"] = {"CustomerAddress": addresses}
    trip.send("UpdateCustomer", "customer", "customer", sent)


def settle(trip: Trip, reading: Reading, planned: Planned, before: Held | None) -> Held | None:
    """Read back, and write what an address lacks by itself; None where the record cannot be read now."""
    number = trip.write.key[0]
    try:
        after = _again(trip, reading)
        lacking = _lacking(after, planned) if after is not None else {}
        for code, values in lacking.items():
            known = after is not None and code in after.addresses
            stamps = before.stamps.get(code) if before is not None else None
            operation = "UpdateCustomerAddress" if known else "CreateCustomerAddress"
            sent = members.address(trip.service, trip.lane, number, code, values, stamps)
            trip.send(operation, "customer_address", "address", sent)
        return _again(trip, reading) if lacking else after
    except Gp365Error:
        return None


def _again(trip: Trip, reading: Reading) -> Held | None:
    found = reading.held(trip.lane, "customer", trip.write.key)
    if found:
        reading.keep("customer", found[0])
    return found[0] if found else None


def _lacking(after: Held, planned: Planned) -> dict[str, Values]:
    """Return what addresses do not hold as it was sent, by code."""
    inner = entity_named("customer_address")
    lacking: dict[str, Values] = {}
    for code, wanted in planned.addresses.items():
        cells: Mapping[str, Any] = after.addresses.get(code, {})
        there: dict[str, Value] = dict(values_of(inner, cells))
        there[EMAIL] = show(cells.get(EMAIL)).rstrip(" ") or None
        left = {name: v for name, v in wanted.items() if there.get(name) != _kept(False, v)}
        if code not in after.addresses:
            lacking[code] = wanted
        elif any(
            show(there.get(name)).casefold() != show(v).rstrip(" ").casefold() for name, v in left.items()
        ):
            lacking[code] = left
    return lacking


def refused(trip: Trip, reading: Reading, fault: Faulted) -> Outcome:
    """Say how a refused update ended; where the system failed rather than the data the record itself is asked.

    GP may have committed before its service failed, so that the fault alone proves nothing.
    """
    error = trip.placed(fault.explained)
    if fault.failed or trip.done:
        reading.doubt(trip.write.key)
        found = reading.held(trip.lane, "customer", trip.write.key)
        trip.unsure = False
        if (
            found
            and unkept(
                trip.write.key[0], kept_values(trip.write.values), stored_values(found[0], trip.write.values)
            )
            is None
        ):
            return Outcome(Status.DONE, trip.write.key, window_ms=trip.window_ms)
    if isinstance(error, Rejected):
        return Outcome(Status.REJECTED, trip.write.key, error=error, window_ms=trip.window_ms)
    if not isinstance(error, Retry):
        raise error
    return trip.ended(error)
