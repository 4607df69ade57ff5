"""An edit of a customer's card through eConnect: locked, compared with the plan, written, read back, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gp365.connectors.gp.card import (
    BILL,
    BILL_TO,
    DELIVERY,
    MAIN,
    SHIP,
    SHIP_TO,
    Edits,
    code_of,
    codes_of,
    edits_of,
    new_codes,
)
from gp365.connectors.gp.sql.calls import marks
from gp365.connectors.gp.sql.customers import EMAIL, EMAILS, card_fields
from gp365.connectors.gp.sql.held import Held
from gp365.connectors.gp.sql.port import SqlValue
from gp365.connectors.gp.sql.trip import Trip, Unfit
from gp365.connectors.gp.tables import entity_named
from gp365.connectors.gp.values import capitals
from gp365.connectors.gp.writes import moved
from gp365.model.errors import Rejected
from gp365.model.record import Outcome, Status, Write
from gp365.model.values import Value, Values, show, show_key

_UPDATE: Mapping[str, SqlValue] = {"UpdateIfExists": 1, "UseCustomerClass": 0, "CreateAddress": 0}
_NEW: Mapping[str, SqlValue] = {"UpdateIfExists": 0}
_EDIT: Mapping[str, SqlValue] = {"UpdateIfExists": 1}


def readable() -> list[str]:
    """Return every field of a card that can be read over SQL."""
    return list(card_fields())


def update_card(trip: Trip) -> Outcome:
    """Do an update of a card; MOVED when it is not what the plan was made on, GONE when there is no such customer."""
    number = capitals(trip.write.key[0].rstrip(" "))
    held = trip.hold(number)
    if held is None:
        return Outcome(Status.GONE, trip.write.key)
    fresh = held.record(readable())
    if moved(trip.write, fresh.values, fresh.birth):
        return Outcome(Status.MOVED, fresh.key, birth=fresh.birth, record=fresh)
    emails = {name: value for name, value in trip.write.values.items() if name in EMAILS}
    edits = edits_of(held.card, {n: v for n, v in trip.write.values.items() if n not in emails})
    after = _Editing(trip, held).send(edits, emails)
    record = after.record(list(trip.write.values))
    return Outcome(Status.DONE, record.key, birth=record.birth, stored=dict(record.values), before=fresh)


def no_address(write: Write, role: str, value: Value) -> Rejected:
    """Return the refusal of an e-mail address for a role that has no address."""
    return Rejected(
        "bad-value",
        "There is no such address of its own, so that it has no e-mail address either.",
        record=show_key(write.key),
        field=f"{role}.{EMAIL}",
        value=show(value)[:80],
    )


@dataclass(slots=True)
class _Editing:
    """An edit on its way: the card as it was when it was locked, and the calls that change it."""

    trip: Trip
    held: Held

    @property
    def number(self) -> str:
        return self.held.card.number

    def send(self, edits: Edits, emails: Values) -> Held:
        """Make the calls and return the card as it stands after them."""
        self._new_addresses(edits)
        if edits.customer or edits.main_address or not (edits.addresses or edits.missing or emails):
            switches = {**_UPDATE, **marks(self.held.card.customer, self.trip.write.reference)}
            self.trip.customer(self.number, {**edits.customer, **edits.main_address}, switches)
        for code, changes in edits.addresses.items():
            self.trip.address(self.number, code, changes, _EDIT, self._role(code))
        after = self._again()
        if self._main_left_behind(edits, after) or self._emails(emails, after):
            after = self._again()
        return after

    def _again(self) -> Held:
        return self.trip.hold(self.number) or self.held

    def _role(self, code: str) -> str:
        return SHIP_TO if code == code_of(self.held.card.customer, SHIP_TO) else BILL_TO

    def _new_addresses(self, edits: Edits) -> None:
        settings = self.trip.desk.settings
        for code, content in edits.missing.items():
            self._create(code, content, self._role(code))
        for content, stem, role, pointer in (
            (edits.new_bill_to, settings.bill_to_code, BILL_TO, BILL),
            (edits.new_ship_to, settings.ship_to_code, SHIP_TO, SHIP),
        ):
            if content is not None:
                code, there = self._free_code(stem, content)
                if not there:
                    self._create(code, content, role)
                edits.customer[pointer] = code

    def _create(self, code: str, content: Values, role: str) -> None:
        reference = self.trip.write.reference
        mark: dict[str, SqlValue] = {"INTEGRATIONID": reference} if reference else {}
        filled = {name: value for name, value in content.items() if value is not None}
        self.trip.address(self.number, code, filled, {**_NEW, **mark}, role)

    def _free_code(self, stem: str, content: Values) -> tuple[str, bool]:
        """Return the first code without an address, or one that an earlier try left with this very content."""
        used = set(codes_of(self.held.card.customer, main=True)) | {
            show(self.held.card.customer.get("StatementAddressCode"))
        }
        for code in new_codes(stem):
            present = self.held.card.addresses.get(code)
            if present is None:
                return code, False
            if code not in used and all(present.get(name) == value for name, value in content.items()):
                return code, True
        raise Unfit(
            Rejected(
                "rejected", f"No address code {stem}… is free.", record=self.number, field="ShipTo.Address1"
            )
        )

    def _main_left_behind(self, edits: Edits, after: Held) -> bool:
        """Write what the main address lacks of an edit that its customer got, and say whether it lacked anything.

        The customer's row keeps a copy of its main address; that the procedure writes it through is assumed.
        """
        code = show(self.held.card.customer.get(MAIN))
        there = after.card.addresses.get(code)
        if there is None:
            return False
        shared = {*entity_named("customer").role_fields, *DELIVERY}
        wanted = {**{n: v for n, v in edits.customer.items() if n in shared}, **edits.main_address}
        lacking = {name: value for name, value in wanted.items() if there.get(name) != value}
        if lacking:
            self.trip.address(self.number, code, lacking, _EDIT, BILL_TO)
        return bool(lacking)

    def _emails(self, emails: Values, after: Held) -> bool:
        for name, value in emails.items():
            role = name.partition(".")[0]
            code = code_of(after.card.customer, role)
            if not code:
                if value is not None:
                    raise Unfit(no_address(self.trip.write, role, value))
                continue
            there = after.internet.get(code, {})
            if show(value) != there.get("INET1", ""):
                self.trip.email(self.number, code, there, value, role)
        return bool(emails)
