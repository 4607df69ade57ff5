"""What is sent for a customer: the object with the addresses in it, in nested types, with only what changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gp365.connectors.gp.card import Card
from gp365.connectors.gp.soap.choices import chosen
from gp365.connectors.gp.soap.held import Held
from gp365.connectors.gp.soap.service import Service
from gp365.connectors.gp.soap.shapes import ISO, LIMIT, WHOLE, shape_of
from gp365.connectors.gp.soap.values import (
    EMAIL,
    EMAIL_PATH,
    LIMIT_TYPE,
    LIMITED,
    amount,
    laid,
    limit,
    members_of,
)
from gp365.model.entity import FieldType
from gp365.model.errors import Rejected
from gp365.model.values import Values, show
from gp365.wire.calls import Requests

NEVER = "0001-01-01T00:00:00"
"""What .NET sends for a date that nobody set; the service keeps these dates itself."""
RESULTS_TO = "Receivables/Discount Account"
"""The first value of ReceivablesPostResultsTo, which a new customer must name."""
_POINTERS = ("DefaultAddressKey", "BillToAddressKey", "ShipToAddressKey", "StatementToAddressKey")
_LIMITS = (LIMIT_TYPE, "CreditLimitAmount")
_ADDRESS_STAMPS = ("CreatedDate", "ModifiedDate")


def customer(
    service: Service,
    via: Requests,
    number: str,
    values: Values,
    held: Held | None = None,
    card: Card | None = None,
) -> dict[str, Any]:
    """Return a customer's members; `held` and `card` are what stands there, none for a new one.

    What is never nil goes along as it was read. A credit limit is one choice: type and amount go together.
    """
    own = _with_iso(service, via, "customer", {n: v for n, v in values.items() if n not in _LIMITS})
    currency = _currency(service, values)
    members = members_of("customer", own, currency)
    members.update(chosen(own, amount(0, currency)))
    _lay_limit(service, members, values, card)
    members["Key"] = {"Id": number}
    for name in _POINTERS:
        if name in members:
            members[name]["CustomerKey"] = {"Id": number}
    always: Mapping[str, str] = held.always if held is not None else {}
    members.setdefault("PostResultsTo", always.get("PostResultsTo", RESULTS_TO))
    for name in ("CreatedDate", "ModifiedDate", "LastModifiedDate"):
        members[name] = always.get(name, NEVER)
    return members


def accounts(numbers: Mapping[str, str]) -> dict[str, Any]:
    """Return general ledger accounts of a new customer as members, by our fields for their indexes."""
    places = shape_of("customer").accounts
    return {places[name]: {"Id": number, "IsEncrypted": False} for name, number in numbers.items()}


def address(
    service: Service,
    via: Requests,
    number: str,
    code: str,
    values: Values,
    stamps: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return an address's members."""
    own = {name: value for name, value in values.items() if name != EMAIL}
    members = members_of("customer_address", own, "")
    if EMAIL in values:
        laid(members, EMAIL_PATH, show(values[EMAIL]))
    members["Key"] = {"CustomerKey": {"Id": number}, "Id": code}
    for name in _ADDRESS_STAMPS:
        members[name] = (stamps or {}).get(name, NEVER)
    return members


def _with_iso(service: Service, via: Requests, entity: str, values: Values) -> Values:
    places = shape_of(entity).whole
    return {
        name: service.iso_of(via, show(value)) if name in places and places[name].how == ISO else value
        for name, value in values.items()
    }


def _lay_limit(service: Service, members: dict[str, Any], values: Values, card: Card | None) -> None:
    given = any(name in values for name in _LIMITS)
    if not given and "CreditLimit" not in members:
        return
    before: Values = card.customer if card is not None else {}
    money = values["CreditLimitAmount"] if "CreditLimitAmount" in values else before.get("CreditLimitAmount")
    kind = values.get(LIMIT_TYPE)
    if kind is None:
        kind = before.get(LIMIT_TYPE) if card is not None else LIMITED if money else 0
    if kind == LIMITED:
        _currency(service, {"CreditLimitAmount": money})
    members.setdefault("CreditLimit", {}).update(limit(kind, money, service.currency()))


def _currency(service: Service, values: Values) -> str:
    """Return the currency of amounts; Rejected where there are amounts and it is not known."""
    places, found = shape_of("customer"), service.currency()
    amounts = [
        name
        for name in values
        if name in places.whole
        and places.entity.fields[name].description.type is FieldType.MONEY
        and (places.whole[name].how not in (LIMIT, *WHOLE) or values[name])
    ]
    if amounts and not found:
        raise Rejected(
            "rejected",
            "Amounts are sent with their currency, and the functional currency of the company is not known.",
            field=amounts[0],
            value=show(values[amounts[0]]),
            fix='Set currency = "USD" (the ISO code) under [systems.NAME.soap] in gp365.toml.',
        )
    return found
