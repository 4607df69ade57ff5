"""An edit of a customer's card over SBA: read again, compare, merge into the re-read objects, send them whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gp365.connectors.gp.card import (
    BILL,
    BILL_TO,
    MAIN,
    SHIP,
    SHIP_TO,
    Card,
    Edits,
    card_record,
    card_values,
    code_of,
    edits_of,
    new_codes,
)
from gp365.connectors.gp.readback import unkept
from gp365.connectors.gp.rest.objects import members_of, shared_values, whole, with_main_address
from gp365.connectors.gp.rest.reading import Fetched, Reading, fetched
from gp365.connectors.gp.rest.trip import Missing, Refused, Trip
from gp365.connectors.gp.rows import cells_of, values_of
from gp365.connectors.gp.tables import entity_named
from gp365.connectors.gp.writes import moved
from gp365.model.errors import Gp365Error, Rejected
from gp365.model.record import Outcome, Status
from gp365.model.values import Value, Values, show

Raw = Mapping[str, Any]


@dataclass(slots=True)
class _Sent:
    """The objects as they are after the calls so far: the customer, and addresses by code.

    `looked` are the addresses that were read after all that was written to them.
    """

    customer: Raw
    addresses: dict[str, Raw]
    looked: dict[str, Raw] = field(default_factory=dict[str, Raw])

    @property
    def whole(self) -> Fetched:
        """Make a card of them."""
        return fetched(self.customer, self.addresses)


def update_card(trip: Trip, reading: Reading) -> Outcome:
    """Do an update of a card; MOVED when it is not what the plan was made on, GONE when there is no such customer."""
    number = trip.write.key[0]
    found = reading.fetch(trip.lane, number, main=True)
    if found is None:
        return Outcome(Status.GONE, trip.write.key)
    trip.reread()
    fresh = card_record(found.card, readable())
    if moved(trip.write, fresh.values, fresh.birth):
        reading.keep(found)
        return Outcome(Status.MOVED, fresh.key, birth=fresh.birth, record=fresh)
    try:
        sent = _send(trip, reading, found)
    except Missing:
        return Outcome(Status.GONE if not trip.done else Status.UNKNOWN, trip.write.key)
    except Refused as refused:
        return replace(_refused(trip, reading, refused), before=fresh)
    window_ms, after = trip.window_ms, sent.whole
    reading.keep(after)
    stored = card_values(after.card, trip.write.values)
    error = _read_back(trip, reading, stored, sent.looked) if trip.service.settings.read_back else None
    held = stored if trip.returned else {}
    return Outcome(
        Status.DONE,
        fresh.key,
        birth=fresh.birth,
        stored=held,
        before=fresh,
        error=error,
        window_ms=window_ms,
    )


def _read_back(trip: Trip, reading: Reading, stored: Values, looked: Mapping[str, Raw]) -> Rejected | None:
    """Read the card once more and return what does not stand there as the service said it stored it, or None.

    Addresses that were `looked` at after the write are not read twice.

    Who saves the card at the same moment, or a service that keeps less than it acknowledges, is seen here; an edit that
    our own write overwrote inside the window is not. A read that fails does not undo a write.
    """
    number = trip.write.key[0]
    try:
        trip.breathe()
        shown = any("." in name for name in stored)
        now = reading.fetch(trip.lane, number, addresses=shown, known=looked)
    except Gp365Error:
        return None
    if now is None:
        reading.doubt(trip.write.key[:1])
        return None
    reading.keep(now)
    return unkept(number, stored, card_values(now.card, stored))


def readable() -> list[str]:
    """Return every field of a card that can be read."""
    return [name for name, each in entity_named("customer").shown.items() if each.readable]


def _refused(trip: Trip, reading: Reading, refused: Refused) -> Outcome:
    """Say how a refused update ended; after an error of the server (HTTP 500) the record itself is asked.

    GP may have committed before its service failed, so that the error alone proves nothing.
    """
    if refused.failed:
        found = reading.fetch(trip.lane, trip.write.key[0])
        trip.unsure = False
        if found is not None and not moved_from(
            trip.write.values, card_values(found.card, trip.write.values)
        ):
            return Outcome(Status.DONE, trip.write.key, window_ms=trip.window_ms)
    return Outcome(Status.REJECTED, trip.write.key, error=refused.error, window_ms=trip.window_ms)


def moved_from(wanted: Values, held: Values) -> bool:
    """Say whether any wanted value is not held."""
    return any(held.get(name) != value for name, value in wanted.items())


def _send(trip: Trip, reading: Reading, found: Fetched) -> _Sent:
    edits = edits_of(found.card, trip.write.values)
    sent = _Sent(found.customer, dict(found.addresses))
    _new_addresses(trip, found.card, edits, sent)
    address_edits = {**edits.addresses, **edits.missing}
    if edits.customer or edits.main_address or not address_edits:
        _customer(trip, found, edits, sent)
        if not edits.addresses:  # which are sent as they were read again
            trip.breathe()
        _check_main(trip, reading, found, edits, sent)
    for code, changes in edits.addresses.items():
        members = whole("customer_address", found.addresses[code], changes)
        key = (found.card.number, code)
        sent.addresses[code] = trip.change("customer_address", key, members, role_of(found.card, code))
        sent.looked.pop(code, None)
    return sent


def role_of(card: Card, code: str) -> str:
    """Return which role of the card a code plays."""
    return SHIP_TO if code == code_of(card.customer, SHIP_TO) else BILL_TO


def _new_addresses(trip: Trip, card: Card, edits: Edits, sent: _Sent) -> None:
    settings = trip.service.settings
    for code, content in edits.missing.items():
        sent.addresses[code] = new_address(trip, card.number, code, content, role_of(card, code))
    for content, stem, role, pointer in (
        (edits.new_bill_to, settings.bill_to_code, BILL_TO, BILL),
        (edits.new_ship_to, settings.ship_to_code, SHIP_TO, SHIP),
    ):
        if content is not None:
            code, present = free_code(trip, card, stem, content)
            sent.addresses[code] = present or new_address(trip, card.number, code, content, role)
            edits.customer[pointer] = code


def new_address(trip: Trip, number: str, code: str, content: Values, role: str) -> dict[str, Any]:
    """POST an address under a code that is free; it carries our mark."""
    key: dict[str, Value] = {"CustomerNumber": number, "AddressCode": code}
    members = members_of("customer_address", {**content, **key}, filled_only=True)
    if trip.write.reference:
        members["IntegrationID"] = trip.write.reference
    return trip.create("customer_address", members, role)


def free_code(trip: Trip, card: Card, stem: str, content: Values) -> tuple[str, Raw | None]:
    """Return the first code without an address, or one that an earlier try of ours left with this very content."""
    used = {show(card.customer.get(role)) for role in (MAIN, BILL, SHIP, "StatementAddressCode")}
    entity = entity_named("customer_address")
    for code in new_codes(stem):
        present = trip.service.read(trip.lane, "customer_address", (card.number, code))
        if present is None:
            return code, None
        held = values_of(entity, cells_of(entity, present), content)
        if code not in used and not moved_from(content, held):
            return code, present
    raise Refused(
        Rejected(
            "rejected", f"No address code {stem}… is free.", record=card.number, field="ShipTo.Address1"
        ),
        failed=False,
    )


def _customer(trip: Trip, found: Fetched, edits: Edits, sent: _Sent) -> None:
    main = found.addresses.get(show(found.card.customer.get(MAIN)))
    base = with_main_address(found.customer, main)
    changes = {**edits.customer, **edits.main_address}
    members = whole("customer", base, changes, trip.write.reference)
    sent.customer = trip.change("customer", (found.card.number,), members)


def _check_main(trip: Trip, reading: Reading, found: Fetched, edits: Edits, sent: _Sent) -> None:
    """Read the main address back where the customer's PATCH touched it, and write it itself where it did not follow.

    Saving a customer writes its copy through to the address (assumed); a site where it does not must not lose the edit,
    and one where it does must not lose what a person wrote on the address alone.
    """
    code = show(found.card.customer.get(MAIN))
    before = found.addresses.get(code)
    if before is None:
        return
    wanted = {**shared_values("customer_address", before), **edits.main_address}
    wanted.update({name: value for name, value in edits.customer.items() if name in wanted})
    copy = shared_values("customer", sent.customer)
    if not edits.main_address and all(copy.get(name) == value for name, value in wanted.items()):
        return
    now = trip.service.read(trip.lane, "customer_address", (found.card.number, code))
    if now is None:
        return
    sent.addresses[code] = sent.looked[code] = now
    held = shared_values("customer_address", now)
    lost: dict[str, Any] = {name: value for name, value in wanted.items() if held.get(name) != value}
    if lost:
        members = whole("customer_address", now, lost)
        del sent.looked[code]
        sent.addresses[code] = trip.change("customer_address", (found.card.number, code), members, BILL_TO)
