"""Reading requests: elements become plain objects as the types say, everything that does not fit is refused.

An object is a dict of the elements that have a value (one that is missing or nil has none), with the name of its type
under `@type`. That the service refuses unknown elements and elements out of their declared order is assumed, the harder
case; types whose order is not known take any.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID

from gp365_sim.gp.soap.errors import BadMessage
from gp365_sim.gp.soap.schema import Complex, Field, schema
from gp365_sim.gp.soap.xmltree import Name, Node

XSI = "http://www.w3.org/2001/XMLSchema-instance"
Obj = dict[str, object]
_TRUE, _FALSE = ("true", "1"), ("false", "0")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,7})?(Z|[+-]\d\d:\d\d)?")
_INTEGERS = {"int": 32, "short": 16, "long": 64}


def read(node: Node, type_name: str, *, strict: bool = True) -> object:
    """Read an element of a type; None when it is nil. With `strict` declared orders are kept. Raises `BadMessage`."""
    return _Reader(strict).value(node, type_name)


class _Reader:
    def __init__(self, strict: bool) -> None:
        self._strict = strict

    def value(self, node: Node, type_name: str) -> object:
        if node.attributes.get((XSI, "nil"), "").strip() in _TRUE:
            return None
        if type_name in schema().complex:
            return self._complex(node, _actual(node, schema().complex[type_name]))
        if node.children:
            raise BadMessage(f"{node.name[1]} holds elements where a value was expected.")
        if type_name in schema().enums:
            return _enumerated(node, type_name)
        return _PLAIN[type_name](node)

    def _complex(self, node: Node, actual: Complex) -> object:
        if actual.abstract:
            raise BadMessage(f"{actual.name} is abstract: {node.name[1]} needs xsi:type.")
        if actual.array is not None:
            return self._array(node, actual.array)
        found: Obj = {"@type": actual.name}
        fields = schema().fields(actual.name)
        places = {(each.space, each.name): place for place, each in enumerate(fields)}
        last = 0
        for child in node.children:
            place = _place(places, child, actual.name)
            if self._strict and place < last and schema().ordered(actual.name):
                raise BadMessage(f"{child.name[1]} of {actual.name} is out of its declared order.")
            last = max(last, place)
            self._keep(found, fields[place], child)
        _check_choice(found, fields)
        _check_there(node, actual.name, fields)
        return found

    def _keep(self, found: Obj, field: Field, child: Node) -> None:
        value = self.value(child, field.type)
        if field.kind == "list":
            held = found.setdefault(field.name, [])
            assert isinstance(held, list)
            held.append(value)  # pyright: ignore[reportUnknownMemberType]
            return
        if field.name in found:
            raise BadMessage(f"{field.name} stands twice.")
        if value is None and field.kind in ("value", "choice"):
            raise BadMessage(f"{field.name} must not be nil.")
        if value is not None:
            found[field.name] = value

    def _array(self, node: Node, field: Field) -> list[object]:
        for child in node.children:
            if child.name != (field.space, field.name):
                raise BadMessage(f"{child.name[1]} is unknown in {node.name[1]}.")
        return [self.value(child, field.type) for child in node.children]


def _actual(node: Node, declared: Complex) -> Complex:
    """Find the type that `xsi:type` names, which must be the declared one or derived from it."""
    spoken = node.attributes.get((XSI, "type"))
    if spoken is None:
        return declared
    space, local = node.resolve(spoken)
    found = schema().complex.get(local)
    if found is None or found.space != space or not schema().derives(local, declared.name):
        raise BadMessage(f"{spoken} is no type that {node.name[1]} may have.")
    return found


def _place(places: dict[Name, int], child: Node, type_name: str) -> int:
    place = places.get(child.name)
    if place is None:
        raise BadMessage(f"{child.name[1]} (namespace {child.name[0] or 'none'}) is unknown in {type_name}.")
    return place


def _check_choice(found: Obj, fields: tuple[Field, ...]) -> None:
    held = [each.name for each in fields if each.kind == "choice" and each.name in found]
    if len(held) > 1:
        raise BadMessage(f"only one of {' and '.join(held)} may be given.")


def _check_there(node: Node, type_name: str, fields: tuple[Field, ...]) -> None:
    there = {child.name for child in node.children}
    for each in fields:
        if each.kind == "value" and (each.space, each.name) not in there:
            raise BadMessage(f"{each.name} of {type_name} cannot be null and must be given.")


def _enumerated(node: Node, type_name: str) -> object:
    known = schema().enums[type_name]
    given = node.text.split() if known.many else [node.text]
    for each in given:
        if each not in known.values:
            raise BadMessage(f"{each!r} is no value of {type_name} ({node.name[1]}).")
    return given if known.many else given[0]


def _boolean(node: Node) -> bool:
    text = node.text.strip()
    if text not in (*_TRUE, *_FALSE):
        raise BadMessage(f"{text!r} is no boolean ({node.name[1]}).")
    return text in _TRUE


def _integer(bits: int) -> Callable[[Node], int]:
    def integer(node: Node) -> int:
        text = node.text.strip()
        if not re.fullmatch(r"[+-]?[0-9]{1,19}", text) or not -(2 ** (bits - 1)) <= int(text) < 2 ** (
            bits - 1
        ):
            raise BadMessage(f"{text!r} is no whole number of {bits} bits ({node.name[1]}).")
        return int(text)

    return integer


def _decimal(node: Node) -> Decimal:
    text = node.text.strip()
    try:
        if not re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)", text):
            raise InvalidOperation
        return Decimal(text)
    except InvalidOperation:
        raise BadMessage(f"{text!r} is no decimal number ({node.name[1]}).") from None


def _moment(node: Node) -> datetime:
    """Read a dateTime; one with a zone is turned into UTC, all are given without zone."""
    found = _MOMENT.fullmatch(node.text.strip())
    try:
        if found is None:
            raise ValueError
        part = (found[2] or "")[1:7]
        moment = datetime.fromisoformat(found[1]).replace(microsecond=int(part.ljust(6, "0")))
        if not found[3]:
            return moment
        zone = datetime.fromisoformat(f"2000-01-01T00:00:00{found[3].replace('Z', '+00:00')}").tzinfo
        return moment.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise BadMessage(f"{node.text.strip()!r} is no date and time ({node.name[1]}).") from None


def _guid(node: Node) -> str:
    try:
        return str(UUID(node.text.strip()))
    except ValueError:
        raise BadMessage(f"{node.text.strip()!r} is no GUID ({node.name[1]}).") from None


_PLAIN: dict[str, Callable[[Node], object]] = {
    "string": lambda node: node.text,
    "boolean": _boolean,
    "decimal": _decimal,
    "dateTime": _moment,
    "guid": _guid,
    "anyType": lambda node: node.text,
    **{name: _integer(bits) for name, bits in _INTEGERS.items()},
}
