"""The types of GP Web Services and its operations, read from `data/soap/` (sources named there)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

SPACES = {
    "gp": "http://schemas.microsoft.com/dynamics/gp/2006/01",
    "dynamics": "http://schemas.microsoft.com/dynamics/2006/01",
    "security": "http://schemas.microsoft.com/dynamics/security/2006/01",
}
GP = SPACES["gp"]
GUIDS = "http://microsoft.com/wsdl/types/"
PLAIN = ("string", "dateTime", "boolean", "int", "short", "long", "decimal", "guid", "anyType")
REFERENCES = ("string", "anyType")

Kind = Literal["ref", "value", "value?", "list", "choice"]


@dataclass(frozen=True)
class Field:
    """An element of a type; `space` is the namespace of the type that declares it.

    Kinds: ref (left out when null), value (always there), value? (nil when null), list (repeated), choice (one of
    those that the type has).
    """

    name: str
    type: str
    kind: Kind
    space: str


@dataclass(frozen=True)
class Complex:
    """A type with elements; `own` are those that it declares itself, `ordered` tells whether their order is known."""

    name: str
    space: str
    base: str
    own: tuple[Field, ...]
    ordered: bool
    abstract: bool

    @property
    def array(self) -> Field | None:
        """The element that an `ArrayOf…` repeats."""
        return self.own[0] if len(self.own) == 1 and self.own[0].kind == "list" else None


@dataclass(frozen=True)
class Enumeration:
    """A type of named values, which contain blanks as they are; `many` are lists of them."""

    name: str
    space: str
    values: tuple[str, ...]
    many: bool


@dataclass(frozen=True)
class Operation:
    """An operation: its parameters in order with their types, and the type of its result (empty: none)."""

    name: str
    parameters: tuple[tuple[str, str], ...]
    result: str

    @property
    def action(self) -> str:
        """The SOAPAction (form verified in the public legacy WSDL)."""
        return f"{GP}/{self.name}"

    @property
    def writes(self) -> bool:
        """Whether it takes a policy, as every Create, Update, Delete and Void does."""
        return any(name == "policy" for name, _ in self.parameters)


@dataclass(frozen=True)
class Schema:
    """All types by name."""

    complex: Mapping[str, Complex]
    enums: Mapping[str, Enumeration]

    def chain(self, name: str) -> tuple[Complex, ...]:
        """Give a type and its bases, the furthest base first."""
        found: list[Complex] = []
        while name:
            found.append(self.complex[name])
            name = self.complex[name].base
        return tuple(reversed(found))

    def fields(self, name: str) -> tuple[Field, ...]:
        """Give the elements of a type in the order of the schema: those of its bases first."""
        return _fields(self, name)

    def ordered(self, name: str) -> bool:
        """Tell whether the order of all elements of a type, inherited ones too, is known."""
        return all(each.ordered for each in self.chain(name))

    def derives(self, name: str, base: str) -> bool:
        """Tell whether a type is another one or derived from it."""
        return any(each.name == base for each in self.chain(name))

    def space_of(self, name: str) -> str:
        """Give the namespace of a type that the service defines."""
        return (self.complex.get(name) or self.enums[name]).space


_KEPT: dict[str, tuple[Field, ...]] = {}


def _fields(schema: Schema, name: str) -> tuple[Field, ...]:
    found = _KEPT.get(name)
    if found is None:
        found = _KEPT[name] = tuple(field for each in schema.chain(name) for field in each.own)
    return found


@cache
def schema() -> Schema:
    """Read the types."""
    source = _data("types.json")
    return Schema(
        {name: _complex(name, spec) for name, spec in source["types"].items()},
        {name: _enumeration(name, spec) for name, spec in source["enums"].items()},
    )


@cache
def operations() -> Mapping[str, Operation]:
    """Read the operations that are modelled, by name."""
    return {
        name: Operation(name, tuple((each[0], each[1]) for each in spec["in"]), spec.get("out", ""))
        for name, spec in _data("operations.json")["operations"].items()
    }


@cache
def published() -> frozenset[str]:
    """Read the names of the operations of the service that are not modelled."""
    return frozenset(_data("operations.json")["published"])


def _complex(name: str, spec: dict[str, Any]) -> Complex:
    space = SPACES[spec.get("space", "gp")]
    own = [Field(each[0], each[1], "choice", space) for each in spec.get("choice", ())]
    own += [Field(each[0], each[1], each[2], space) for each in spec.get("fields", ())]
    abstract = bool(spec.get("abstract"))
    return Complex(name, space, spec.get("base", ""), tuple(own), "order" not in spec, abstract)


def _enumeration(name: str, spec: dict[str, Any]) -> Enumeration:
    space = SPACES[spec.get("space", "gp")]
    return Enumeration(name, space, tuple(spec["values"]), bool(spec.get("many")))


def _data(name: str) -> dict[str, Any]:
    return json.loads(files("gp365_sim.gp").joinpath("data", "soap", name).read_text("utf-8"))
