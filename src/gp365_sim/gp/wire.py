"""How values travel: rows into JSON or XML, payloads back into values of columns.

Assumed throughout: numbers as JSON numbers, flags as 0 and 1, dates as `YYYY-MM-DDT00:00:00`, texts with the padding
of their char columns unless the simulator is told to trim; the XML form is one element per field.
"""

import json
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from xml.sax.saxutils import escape

import orjson

from gp365_sim.gp.plain import day
from gp365_sim.gp.refusals import Refusal, bad_value
from gp365_sim.gp.resources import Resource
from gp365_sim.gp.sqltypes import Column
from gp365_sim.gp.tables import Row

Encode = Callable[[Row], str]

JSON_TYPE = "application/json; charset=utf-8"
XML_TYPE = "application/xml; charset=utf-8"


def row_encoder(resource: Resource, *, as_json: bool, padded: bool) -> Encode:
    """Build the function that writes one row of a resource as an object or an element."""
    names = list(resource.fields)
    widths = [each.width if padded else 0 for each in resource.fields.values()]
    places = [resource.table.place[each.name] for each in resource.fields.values()]

    def cells(row: Row) -> list[object]:
        return [_cell(row[place], width) for place, width in zip(places, widths, strict=True)]

    def to_json(row: Row) -> str:
        return orjson.dumps(dict(zip(names, cells(row), strict=True)), default=_fragment).decode()

    def to_xml(row: Row) -> str:
        return element(resource.name, dict(zip(names, cells(row), strict=True)))

    return to_json if as_json else to_xml


def element(name: str, values: dict[str, object]) -> str:
    """Write an object as an XML element with one child per field."""
    inner = "".join(f"<{field}>{escape(str(value))}</{field}>" for field, value in values.items())
    return f"<{name}>{inner}</{name}>"


def document(value: object, *, as_json: bool) -> str:
    """Write a small answer, such as an error, as JSON or XML."""
    return orjson.dumps(value).decode() if as_json else f"<Answer>{_xml(value)}</Answer>"


def pieces(rows: Iterator[Row], encode: Encode, *, as_json: bool, size: int = 200) -> Iterator[str]:
    """Write rows in pieces of `size`, with the commas that JSON wants between them."""
    between = "," if as_json else ""
    first = True
    while page := list(islice(rows, size)):
        text = between.join([encode(row) for row in page])
        yield text if first else between + text
        first = False


def payload_of(body: bytes) -> dict[str, object]:
    """Take the object under `Payload` out of a request body.

    The wrapper is documented by example (LBMC blog); that a body without it is refused is assumed.
    """
    try:
        parsed: object = json.loads(body, parse_float=Decimal, parse_constant=_no_constant)
    except ValueError:
        raise Refusal("BadRequest", "The body is not JSON.") from None
    inner = _member(parsed, "Payload")
    if not isinstance(inner, dict):
        raise Refusal("MissingPayload", "The body needs an object under Payload.")
    return {str(name): value for name, value in inner.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def values_of(resource: Resource, payload: dict[str, object]) -> dict[str, object]:
    """Turn a payload into values by SQL column; an unknown field is refused (assumed)."""
    values: dict[str, object] = {}
    for name, value in payload.items():
        column = resource.fields.get(name)
        if column is None:
            raise Refusal("UnknownField", f"{json.dumps(name)} is not a field of {resource.name}.")
        values[column.name] = _typed(column, value)
    return values


def _cell(value: object, width: int) -> object:
    if isinstance(value, str):
        return value.ljust(width)
    return _day(value) if isinstance(value, date) else value


@lru_cache(4096)
def _day(value: date) -> str:
    return f"{value.isoformat()}T00:00:00"


@lru_cache(4096)
def _number(value: Decimal) -> orjson.Fragment:
    return orjson.Fragment(f"{value:f}")


def _fragment(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return _number(value)
    raise TypeError(f"not JSON: {type(value).__name__}")


def _xml(value: object) -> str:
    if isinstance(value, dict):
        members: dict[object, object] = value  # pyright: ignore[reportUnknownVariableType]
        return "".join(f"<{name}>{_xml(item)}</{name}>" for name, item in members.items())
    if isinstance(value, list):
        items: list[object] = value  # pyright: ignore[reportUnknownVariableType]
        return "".join(f"<Item>{_xml(item)}</Item>" for item in items)
    return escape(str(value))


def _no_constant(text: str) -> object:
    raise ValueError(text)


def _member(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]


def _typed(column: Column, value: object) -> object:
    try:
        return day(column, value) if column.kind == "date" and isinstance(value, str) else value
    except ValueError:
        raise bad_value(column.name, "is not a date of the form YYYY-MM-DDT00:00:00.") from None
