"""Writing answers: plain objects become elements as the types say.

An object is a dict of elements that have a value; `@type` names its type where it is a derived one. What is missing is
left out, nil, or the empty value of its type, as the kind of the element has it (XmlSerializer's way).
"""

from datetime import UTC, date, datetime
from decimal import Decimal

from gp365_sim.gp.soap.reading import XSI, Obj
from gp365_sim.gp.soap.schema import PLAIN, SPACES, Field, schema
from gp365_sim.gp.soap.xmltree import escaped

PREFIXES = {SPACES["gp"]: "", SPACES["dynamics"]: "d:", SPACES["security"]: "r:"}
DECLARED = (
    f'xmlns="{SPACES["gp"]}" xmlns:d="{SPACES["dynamics"]}" xmlns:r="{SPACES["security"]}" xmlns:i="{XSI}"'
)
"""The namespaces that the written elements need; to stand on the element around them."""
_NOTHING: dict[str, str] = {
    "boolean": "false",
    "dateTime": "0001-01-01T00:00:00",
    "guid": "00000000-0000-0000-0000-000000000000",
}


def written(name: str, type_name: str, value: object, company: int) -> str:
    """Write a value as an element in GP's own namespace; `company` goes into keys that name none."""
    return _Writer(company).element(f"{name}", type_name, value)


class _Writer:
    def __init__(self, company: int) -> None:
        self._company: Obj = {"Id": company}

    def element(self, tag: str, type_name: str, value: object) -> str:
        if type_name in PLAIN or type_name in schema().enums:
            return f"<{tag}>{plain(value)}</{tag}>"
        if isinstance(value, list):
            items: list[object] = value  # pyright: ignore[reportUnknownVariableType]
            return f"<{tag}>{self._items(type_name, items)}</{tag}>"
        assert isinstance(value, dict), f"{tag}: {type_name} is written from an object"
        held: Obj = value  # pyright: ignore[reportUnknownVariableType]
        actual = str(held.get("@type", type_name))
        spoken = "" if actual == type_name else f' i:type="{_qualified(actual)}"'
        return f"<{tag}{spoken}>{self._inner(actual, held)}</{tag}>"

    def _items(self, type_name: str, items: list[object]) -> str:
        field = schema().complex[type_name].array
        assert field is not None, type_name
        tag = PREFIXES[field.space] + field.name
        return "".join([self.element(tag, field.type, each) for each in items])

    def _inner(self, type_name: str, held: Obj) -> str:
        return "".join([self._field(each, held.get(each.name)) for each in schema().fields(type_name)])

    def _field(self, field: Field, value: object) -> str:
        tag = PREFIXES[field.space] + field.name
        if value is None and field.name == "CompanyKey":
            value = self._company
        if value is not None:
            return self.element(tag, field.type, value)
        if field.kind == "value?":
            return f'<{tag} i:nil="true"/>'
        return f"<{tag}>{_nothing(field.type)}</{tag}>" if field.kind == "value" else ""


def _qualified(type_name: str) -> str:
    return PREFIXES[schema().space_of(type_name)] + type_name


def _nothing(type_name: str) -> str:
    if type_name in schema().enums:
        return escaped(schema().enums[type_name].values[0])
    return _NOTHING.get(type_name, "0")


def plain(value: object) -> str:
    """Write a plain value; a moment with a zone as UTC without saying so (assumed of the service)."""
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value
        text = moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
        return f"{text}.{moment.microsecond // 1000:03d}" if moment.microsecond else text
    if isinstance(value, date):
        return f"{value.isoformat()}T00:00:00"
    if isinstance(value, list):
        items: list[object] = value  # pyright: ignore[reportUnknownVariableType]
        return " ".join(str(each) for each in items)
    return str(value)
