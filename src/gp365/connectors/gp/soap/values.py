"""Values between the Web Services' types and ours: choices, amounts with a currency, flags, enumerations, phones.

An empty date comes as nil or as 1900-01-01, which of them is unconfirmed; both are read as empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from gp365.connectors.gp.rows import Cells
from gp365.connectors.gp.soap.answers import Element, children
from gp365.connectors.gp.soap.choices import percent, percent_from, read_part
from gp365.connectors.gp.soap.shapes import (
    ISO,
    LIMIT,
    NOT,
    PERCENT,
    PHONE,
    WHOLE,
    Place,
    Shape,
    shape_of,
)
from gp365.connectors.gp.values import EMPTY_DATE, capitals
from gp365.model.entity import FieldDescription, FieldType
from gp365.model.values import Value, show

NO_CREDIT, UNLIMITED = "No Credit", "Unlimited Credit"
"""The special amounts of CreditLimit (legacy WSDL)."""
LIMITED = 2
MONEY, LIMIT_TYPE = "Value", "CreditLimitType"
EMAIL_PATH = ("InternetAddresses", "InternetField1")
"""SY01200.INET1 of the address, where GP keeps its e-mail address."""
_FEWEST_DECIMALS = 2

Currencies = Callable[[], Mapping[str, str]]
"""CURNCYID by ISO code; a code that several currencies have is missing."""


def cells_from(shape: Shape, places: Mapping[str, Place], item: Element, currencies: Currencies) -> Cells:
    """Return what an element holds under our names; a field that is nil or missing is empty."""
    cells: dict[str, Any] = {}
    for name, place in places.items():
        described = shape.entity.fields[name].description
        found = _read(described, place, item, currencies)
        if found is not _NONE:
            cells[name] = found
    for name, member in shape.accounts.items():
        if number := item.text_at((member, "Id")):
            cells[account_named(name)] = number
    cells.update(shape.sets)
    return cells


def account_named(field: str) -> str:
    """Return under which name cells hold an account's number, for the field of its index."""
    return field.removesuffix("Index")


_NONE = object()
"""Stands for a value that cannot be told, which is absent and not empty."""


def _read(described: FieldDescription, place: Place, item: Element, currencies: Currencies) -> Any:
    if place.when:
        for flag, code in place.when.items():
            if item.text_at((flag,)) == "true":
                return code
    if place.how == LIMIT:
        return _limit(described.name, item.at(place.path))
    if place.how == PHONE:
        return _phone(item.at(place.path))
    if place.how == PERCENT:
        return percent_from(item.at(place.path))
    if place.how in WHOLE:
        return read_part(described, item.at(place.path))
    text = item.text_at(place.path)
    if place.how == ISO:
        return _currency(text, currencies)
    if place.codes is not None:
        return _NONE if text is None else place.codes.get(text, _NONE)
    if text is None:
        return "" if described.type in TEXTS else None if described.type is FieldType.DATE else _NONE
    if place.how == NOT:
        return {"true": "0", "false": "1"}.get(text, text)
    if described.type is FieldType.DATE and text.startswith(_BEFORE):
        return None
    return text


TEXTS = (FieldType.TEXT, FieldType.REFERENCE)
_BEFORE = ("1900-01-01", "0001-01-01")
"""GP's empty date, and that of .NET."""


def _limit(name: str, limit: Element | None) -> Any:
    if limit is None:
        return _NONE
    special = limit.text_at(("SpecialAmount",))
    if name == LIMIT_TYPE:
        return {NO_CREDIT: 0, UNLIMITED: 1}.get(special, _NONE) if special else LIMITED
    return "0" if special else limit.text_at(("Amount", MONEY)) or _NONE


def _phone(phone: Element | None) -> str:
    if phone is None:
        return ""
    number, extension = phone.text_at(("Value",)) or "", phone.text_at(("Extension",)) or ""
    return number + extension


def _currency(code: str | None, currencies: Currencies) -> Any:
    return currencies().get(code, _NONE) if code else ""


def addresses_of(shape: Shape, item: Element, currencies: Currencies) -> dict[str, dict[str, Any]]:
    """Return the cells of the addresses that an object holds, by code; with the key "" -> e-mail address left out."""
    inner = shape_of(shape.addresses)
    held: dict[str, dict[str, Any]] = {}
    for each in (grand for child in children(item, "Addresses") for grand in child.children):
        cells = dict(cells_from(inner, inner.whole, each, currencies))
        cells[EMAIL] = each.text_at(EMAIL_PATH) or ""
        held[capitals(str(cells.get("AddressCode") or "").rstrip(" "))] = cells
    return held


EMAIL = "Email"
"""Under this name an address's cells hold its e-mail address."""


# what is sent


def sent(described: FieldDescription, place: Place, value: Value, currency: str) -> Any:
    """Return a value as its type takes it; nothing becomes what GP holds for nothing."""
    if place.codes is not None:
        return next((text for text, code in place.codes.items() if code == value), None)
    kind = described.type
    if kind in TEXTS:
        text = show(value).rstrip(" ")
        return capitals(text) if described.upper else text
    if kind is FieldType.BOOLEAN:
        return bool(value) is not (place.how == NOT)
    if kind is FieldType.DATE:
        day = value if isinstance(value, date) else EMPTY_DATE
        return f"{day.isoformat()}T00:00:00"
    if kind is FieldType.MONEY and place.path[-1] == MONEY:
        return amount(value, currency)
    return 0 if value is None else value


def amount(value: Value, currency: str) -> dict[str, Any]:
    """Return a MoneyAmount: an amount always carries its currency by ISO code."""
    number = Decimal(0) if value is None else Decimal(show(value))
    exponent = number.normalize().as_tuple().exponent
    digits = max(_FEWEST_DECIMALS, -exponent if isinstance(exponent, int) else 0)
    return {"Currency": currency, "Value": number, "DecimalDigits": digits}


def phone(value: Value) -> dict[str, Any]:
    """Return a PhoneNumber: all digits as the number, as GP keeps them; that the service takes them so is assumed."""
    return {"Value": show(value).rstrip(" ")}


def limit(kind: Value, money: Value, currency: str) -> dict[str, Any]:
    """Return the choice of a CreditLimit."""
    if kind == LIMITED:
        return {"Amount": amount(money, currency)}
    return {"SpecialAmount": UNLIMITED if kind == 1 else NO_CREDIT}


def laid(into: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Lay a value into nested types at a path."""
    for name in path[:-1]:
        into = into.setdefault(name, {})
    into[path[-1]] = value


def members_of(entity: str, values: Mapping[str, Value], currency: str) -> dict[str, Any]:
    """Return values under our names as members of the entity's type; choices are the caller's affair."""
    shape = shape_of(entity)
    members: dict[str, Any] = {}
    for name, value in values.items():
        place = shape.whole.get(name)
        if place is None or place.how in (LIMIT, *WHOLE):
            continue
        described = shape.entity.fields[name].description
        if place.how == PHONE:
            laid(members, place.path, phone(value))
        elif place.how == PERCENT:
            laid(members, place.path, percent(value))
        elif described.type is FieldType.MONEY and place.path[-1] == MONEY:
            laid(members, place.path[:-1], amount(value, currency))
        else:
            laid(members, place.path, sent(described, place, value, currency))
    return members
