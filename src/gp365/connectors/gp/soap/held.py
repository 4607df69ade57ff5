"""An object as it was read: its cells and those of the addresses in it, and the record that these make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, cast

import orjson

from gp365.connectors.gp.card import BILL_TO, SHIP_TO, Card, birth_of, card_record, code_of
from gp365.connectors.gp.rows import Cells, values_of
from gp365.connectors.gp.soap.answers import Element, children
from gp365.connectors.gp.soap.shapes import WHOLE, Shape, shape_of
from gp365.connectors.gp.soap.values import EMAIL, Currencies, addresses_of, cells_from
from gp365.connectors.gp.sums import added
from gp365.connectors.gp.tables import CODE_PAGE
from gp365.connectors.gp.values import capitals
from gp365.model.entity import FieldDescription
from gp365.model.record import Record
from gp365.model.values import Key, Value, Values, key_text, show

EMAILS = (f"{BILL_TO}.{EMAIL}", f"{SHIP_TO}.{EMAIL}")
EMAIL_LENGTH = 200
STAMPS = ("CreatedDate", "ModifiedDate", "LastModifiedDate", "PostResultsTo")
"""Members that are never nil: whoever sends an object must send them as well, and sends what was read (legacy WSDL)."""


@dataclass(frozen=True, slots=True)
class Held:
    """An object: `cells` under our names, `addresses` by code; `always` are members that an update sends again."""

    cells: Cells
    addresses: Mapping[str, Cells] = field(default_factory=dict[str, Cells])
    always: Mapping[str, str] = field(default_factory=dict[str, str])
    stamps: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])

    def packed(self) -> bytes:
        """Pack the values for the scratch table."""
        return orjson.dumps({"c": self.cells, "a": self.addresses})

    @classmethod
    def unpacked(cls, packed: bytes) -> Held:
        """Undo `packed`."""
        loaded = cast("dict[str, Any]", orjson.loads(packed))
        return cls(loaded["c"], loaded["a"])


def held_from(shape: Shape, item: Element, currencies: Currencies) -> Held:
    """Return what an object by key holds."""
    cells = cells_from(shape, shape.whole, item, currencies)
    if not shape.addresses:
        return Held(cells, {}, _always(item))
    stamps = {
        capitals((each.text_at(("Key", "Id")) or "").rstrip(" ")): _always(each)
        for child in children(item, "Addresses")
        for each in child.children
    }
    return Held(cells, addresses_of(shape, item, currencies), _always(item), stamps)


def _always(item: Element) -> dict[str, str]:
    return {name: text for name in STAMPS if (text := item.text_at((name,)))}


def card_of(held: Held) -> Card:
    """Return a customer's card; what its table repeats of the main address is taken from there."""
    shape, inner = shape_of("customer"), shape_of("customer_address")
    addresses = {code: values_of(inner.entity, cells) for code, cells in held.addresses.items()}
    return Card(_with_main(shape, held, values_of(shape.entity, held.cells), addresses), addresses)


def _with_main(shape: Shape, held: Held, own: Values, addresses: Mapping[str, Values]) -> Values:
    code = show(own.get("AddressCode"))
    if not code:
        return {**own, **dict.fromkeys(shape.main_fields)} if "AddressCode" in own else own
    main = addresses.get(code, {})
    return {**own, **{name: main[name] for name in shape.main_fields if name in main}}


def email(held: Held, card: Card, role: str) -> Value:
    """Return the e-mail address of a role's address."""
    code = code_of(card.customer, role)
    return (show(held.addresses.get(code, {}).get(EMAIL)).rstrip(" ") or None) if code else None


def record_of(entity: str, held: Held, fields: Sequence[str]) -> Record:
    """Make a record of an object, or of an item of a list."""
    shape = shape_of(entity)
    if entity == "customer":
        card = card_of(held)
        record = card_record(card, fields)
        values = dict(record.values)
        for role in (BILL_TO, SHIP_TO):
            if f"{role}.{EMAIL}" in fields:
                values[f"{role}.{EMAIL}"] = email(held, card, role)
        return record._replace(values=values, birth=_birth(shape, card.customer))
    wanted = {*fields, *shape.keyed, *shape.entity.birth}
    wanted |= {
        each for name in fields for each in (*shape.signed.get(name, ())[:2], *shape.less.get(name, ()))
    }
    wanted |= {part for name in fields for part, _ in shape.adds.get(name, ())}
    values = dict(values_of(shape.entity, held.cells, [name for name in wanted if name in shape.served]))
    _work_out(shape, values, fields)
    if shape.addresses:
        inner = shape_of(shape.addresses)
        addresses = {code: values_of(inner.entity, cells) for code, cells in held.addresses.items()}
        own = values_of(shape.entity, held.cells)
        values |= {n: v for n, v in _with_main(shape, held, own, addresses).items() if n in fields}
    return Record(
        tuple(show(values.get(name)) for name in shape.keyed),
        {name: values[name] for name in fields if name in values},
        birth=_birth(shape, values),
    )


def _work_out(shape: Shape, values: dict[str, Value], fields: Sequence[str]) -> None:
    for name, (money, kind, minus) in shape.signed.items():
        amount = values.get(money)
        if name in fields and isinstance(amount, Decimal):
            values[name] = -amount if values.get(kind) in minus else amount
    for name, (first, second) in shape.less.items():
        one, two = values.get(first), values.get(second)
        if name in fields and isinstance(one, Decimal) and isinstance(two, Decimal):
            values[name] = one - two
    for name, parts in shape.adds.items():
        if name in fields and (total := added(parts, values)) is not None:
            values[name] = total


def _birth(shape: Shape, values: Values) -> str:
    """Return the birth mark in the form of every channel, "" where the service does not give all of it."""
    if not all(name in shape.served for name in shape.entity.birth):
        return ""
    return birth_of(shape.entity.name, values) if shape.entity.birth else ""


def key_in(shape: Shape, cells: Cells) -> Key:
    """Return the key of cells as GP compares it."""
    values = values_of(shape.entity, cells, shape.keyed)
    return tuple(capitals(show(values.get(name))) for name in shape.keyed)


def packed_row(shape: Shape, held: Held) -> tuple[str, str, bytes]:
    """Return the row of a scratch table: key, first part of the key, values."""
    key = key_in(shape, held.cells)
    return key_text(key), key[0], held.packed()


def card_fields() -> dict[str, FieldDescription]:
    """Describe a customer's fields as the Web Services have them, e-mail addresses among them."""
    shape, inner = shape_of("customer"), shape_of("customer_address")
    fields: dict[str, FieldDescription] = {}
    for name, each in shape.entity.shown.items():
        place = shape.whole.get(name)
        role, _, own = name.rpartition(".")
        if name in EMAILS:
            fields[name] = FieldDescription(name, length=EMAIL_LENGTH, code_page=CODE_PAGE, assumed=True)
        elif role:
            fields[name] = each if own in inner.whole else _hidden(each)
        elif place is not None and place.how in WHOLE:
            fields[name] = replace(each, writable="create")
        else:
            fields[name] = each if name in shape.served else _hidden(each)
    return fields


def _hidden(described: FieldDescription) -> FieldDescription:
    return replace(described, readable=False, writable="never")
