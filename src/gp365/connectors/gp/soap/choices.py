"""Values that are one choice to the service and several columns in GP: percentage or amount, a word or an amount.

That the kinds count 0 nothing, 1 percentage, 2 amount (write-offs: 0 not allowed, 1 unlimited, 2 amount) is assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from gp365.connectors.gp.soap.answers import Element
from gp365.connectors.gp.soap.shapes import SPECIAL, WHOLE, Place, shape_of
from gp365.model.entity import FieldDescription, FieldType
from gp365.model.values import Value, Values, show

NOTHING, PERCENT_OR_UNLIMITED, AMOUNT = 0, 1, 2
NOT_ALLOWED, UNLIMITED = "Not Allowed", "Unlimited"
"""The special amounts of MaximumWriteoff (legacy WSDL)."""
_HUNDREDTHS = 2
_KIND, _PERCENT, _MONEY = "kind", "percent", "money"


def part_of(described: FieldDescription) -> str:
    """Return which part of its choice a field is."""
    if described.type is FieldType.MONEY:
        return _MONEY
    return _PERCENT if described.name.endswith("Percent") else _KIND


def read_part(described: FieldDescription, choice: Element | None) -> Any:
    """Return a field of a choice as a cell; a choice that is not there is nothing."""
    special = choice.text_at(("SpecialAmount",)) if choice is not None else None
    percent = choice.at(("Percent",)) if choice is not None else None
    money = choice.text_at(("Amount", "Value")) if choice is not None else None
    part = part_of(described)
    if part == _MONEY:
        return money or "0"
    if part == _PERCENT:
        return percent_from(percent)
    if money is not None:
        return AMOUNT
    return PERCENT_OR_UNLIMITED if percent is not None or special == UNLIMITED else NOTHING


def percent_from(percent: Element | None) -> str:
    """Return a Percent as hundredths."""
    text = percent.text_at(("Value",)) if percent is not None else None
    return f"{Decimal(text).scaleb(_HUNDREDTHS):f}" if text else "0"


def percent(value: Value) -> dict[str, Any]:
    """Return hundredths as a Percent."""
    return {"DecimalDigits": _HUNDREDTHS, "Value": Decimal(show(value) or "0").scaleb(-_HUNDREDTHS)}


def chosen(values: Values, amount: Mapping[str, Any]) -> dict[str, Any]:
    """Return a customer's choices as members; `amount` is an amount without its value. One that is nothing is left out."""
    shape = shape_of("customer")
    groups: dict[str, dict[str, Value]] = {}
    places: dict[str, Place] = {}
    for name, value in values.items():
        place = shape.whole.get(name)
        if place is not None and place.how in WHOLE:
            part = part_of(shape.entity.fields[name].description)
            groups.setdefault(place.path[0], {})[part] = value
            places[place.path[0]] = place
    found = {name: _choice(places[name], parts, amount) for name, parts in groups.items()}
    return {name: choice for name, choice in found.items() if choice}


def _choice(place: Place, parts: Mapping[str, Value], amount: Mapping[str, Any]) -> dict[str, Any]:
    kind = parts.get(_KIND)
    if kind is None:
        kind = AMOUNT if parts.get(_MONEY) else PERCENT_OR_UNLIMITED if parts.get(_PERCENT) else NOTHING
    if kind == AMOUNT:
        return {"Amount": {**amount, "Value": parts.get(_MONEY) or Decimal(0)}}
    if place.how == SPECIAL:
        return {"SpecialAmount": UNLIMITED if kind == PERCENT_OR_UNLIMITED else NOT_ALLOWED}
    return {"Percent": percent(parts.get(_PERCENT))} if kind == PERCENT_OR_UNLIMITED else {}
