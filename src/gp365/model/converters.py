"""Converters: named, typed pairs of functions between a row's raw half on one side and its canonical value.

The law of every one, tested over all of Unicode: fit(read(write(v))) == fit(v). A codec belongs to one side: `codec`
takes the converter's name, the side's column and the types of its wire fields. Text keeps its inner form (fit cleans it).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gp365.model import (
    convert_country,
    convert_credit,
    convert_currency,
    convert_number,
    convert_phone,
    convert_since,
    convert_state,
    convert_time,
    convert_values,
    currencies,
)
from gp365.model import text as texts
from gp365.model.entity import FieldDescription, FieldType
from gp365.model.errors import Misconfigured
from gp365.model.fit import Unfit
from gp365.model.lookups import Lookup
from gp365.model.values import Value, show

Raw = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class ConvertContext:
    """What converters may know beside the value: the company's time zone and functional currency, lookups, and the time.

    `lookup` names the row's own table; `sides` are the pair's two columns, needed for tables of more than two columns.
    """

    time_zone: str = "UTC"
    currency: str = ""
    lookups: Mapping[str, Lookup] = field(default_factory=dict[str, Lookup])
    lookup: str = ""
    sides: tuple[str, ...] = ()
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC), compare=False)


@dataclass(frozen=True, slots=True)
class Codec:
    """One side's half of a converter.

    `read` and `write` raise Unfit for a value that they cannot take. `kind` says what the canonical value is (text,
    number, flag, day, moment, clock): both sides of a row must agree. `exact`: the value means something else when it is
    cut, so a row with it parks what is too long.
    """

    name: str
    read: Callable[[Raw, ConvertContext], Value]
    write: Callable[[Value, ConvertContext], Raw]
    kind: str = "text"
    exact: bool = False


JOINED = "joined"
PLAIN_TEXT = "text"
CREDIT_LIMIT = "credit_limit"
AVAILABLE_CREDIT = "available_credit"
AS_OF = "as_of"
INACTIVE = "inactive"
SWITCH = "switch"
GP_CURRENCY = "gp_currency"
SINCE = "since"
NAMES = (
    "text",
    "upper",
    "phone",
    "country",
    "country_code",
    "encoded_number",
    GP_CURRENCY,
    CREDIT_LIMIT,
    AVAILABLE_CREDIT,
    AS_OF,
    "number",
    "flag",
    INACTIVE,
    SINCE,
    SWITCH,
    "day",
    "moment",
    "clock",
    "label",
    "lookup",
    JOINED,
)

_DEFAULTS: dict[FieldType, str] = {
    FieldType.TEXT: "text",
    FieldType.REFERENCE: "text",
    FieldType.INTEGER: "number",
    FieldType.OPTION: "number",
    FieldType.DECIMAL: "number",
    FieldType.MONEY: "number",
    FieldType.BOOLEAN: "flag",
    FieldType.DATE: "day",
    FieldType.DATETIME: "moment",
}


def codec(
    convert: str,
    column: str,
    field_types: tuple[FieldType, ...],
    fields: Sequence[FieldDescription] = (),
) -> Codec:
    """Return one side's codec; without a converter's name, the one that the field's type has by default.

    `column` is the side's name in the flow (gp, sales, fno, bc; any other is treated as free text). `fields` are the
    descriptions of the wire fields: `label` needs the options, days and moments whether a field is in a zone.
    Misconfigured("flow-invalid") for an unknown converter, and for several wire fields, which only `joined` (any number),
    `credit_limit` (type and amount), `available_credit` (type, amount and what uses it) and `as_of` (a day and what it is
    the day of) take.
    """
    if convert == JOINED:
        return _joined()
    if convert == CREDIT_LIMIT and len(field_types) == 2:
        return _credit_limit(field_types)
    if convert == AVAILABLE_CREDIT and len(field_types) > 2:
        return _available()
    if convert == AS_OF and len(field_types) > 1:
        return _as_of()
    if len(field_types) != 1:
        raise Misconfigured(
            "flow-invalid",
            "The row has several wire fields on one side; only the converters joined, credit_limit, available_credit and "
            "as_of take them.",
        )
    name = convert or _default(field_types[0], fields)
    if name not in NAMES:
        raise Misconfigured(
            "flow-invalid",
            f"There is no converter {name}.",
            field="convert",
            value=name,
            fix=f"Choose one of {', '.join(NAMES)}.",
        )
    return _named(name, column, field_types[0], fields)


def _default(kind: FieldType, fields: Sequence[FieldDescription]) -> str:
    """Name the converter of a field that names none: two clocks compare, a clock and a moment do not."""
    return "clock" if kind is FieldType.DATETIME and not _zoned(fields) else _DEFAULTS[kind]


def _zoned(fields: Sequence[FieldDescription]) -> bool:
    return fields[0].zoned if fields else True


def _named(name: str, column: str, kind: FieldType, fields: Sequence[FieldDescription]) -> Codec:
    if name in ("number", CREDIT_LIMIT, AVAILABLE_CREDIT):
        return Codec(
            name,
            lambda raw, _: convert_values.read_number(raw[0]),
            lambda value, _: (convert_values.write(value, kind),),
            "number",
        )
    if name == "flag":
        return Codec(
            name,
            lambda raw, _: convert_values.read_flag(raw[0]),
            lambda value, _: (convert_values.write(value, kind),),
            "flag",
        )
    if name == INACTIVE:
        return Codec(
            name,
            lambda raw, _: convert_state.read(raw[0], kind),
            lambda value, _: (convert_state.write(value, kind),),
            "flag",
        )
    if name == SINCE:
        return Codec(
            name,
            lambda raw, _: convert_since.read(raw[0], kind),
            lambda value, context: (convert_since.write(value, kind, context.now(), context.time_zone),),
            "flag",
        )
    if name == SWITCH:
        return Codec(
            name,
            lambda raw, _: convert_state.read_switch(raw[0], kind),
            lambda value, _: (convert_state.write_switch(value, kind),),
            "flag",
        )
    if name in ("day", AS_OF):
        return _day(kind, _zoned(fields))
    if name in ("moment", "clock"):
        return _moment(name, fields)
    if name == "lookup":
        return _lookup(column, kind)
    if name == GP_CURRENCY:
        return _currency(column, kind)
    return _of_text(name, column, kind, fields)


def _day(kind: FieldType, zoned: bool) -> Codec:
    return Codec(
        "day",
        lambda raw, context: convert_time.read_day(raw[0], context.time_zone, zoned=zoned),
        lambda value, context: (convert_time.write_day(value, kind, context.time_zone, zoned=zoned),),
        "day",
    )


def _moment(name: str, fields: Sequence[FieldDescription]) -> Codec:
    """A moment, or a clock; neither is shifted, and the one is never read as the other."""
    if fields and fields[0].type is FieldType.DATETIME and fields[0].zoned == (name == "clock"):
        message = f"{fields[0].name} holds {'moments' if fields[0].zoned else 'clocks in no time zone'}."
        raise Misconfigured("flow-invalid", message, field="convert", value=name, fix="Write `convert: day`.")
    return Codec(
        name,
        lambda raw, _: convert_time.read_moment(raw[0]),
        lambda value, _: (convert_time.write_moment(value),),
        name,
    )


def _credit_limit(kinds: tuple[FieldType, ...]) -> Codec:
    return Codec(
        CREDIT_LIMIT,
        lambda raw, _: convert_credit.read(raw),
        lambda value, _: convert_credit.write(value, kinds),
        "number",
    )


def _available() -> Codec:
    """What a credit limit still allows; only for rows whose several side is never written."""

    def write(value: Value, _: ConvertContext) -> Raw:
        raise Unfit("bad-value", f"{show(value)} says nothing about the credit limit.")

    return Codec(AVAILABLE_CREDIT, lambda raw, _: convert_credit.available(raw), write, "number")


def _as_of() -> Codec:
    """The day as of which amounts hold, nothing where all are zero; only for rows whose several side is never written."""

    def read(raw: Raw, context: ConvertContext) -> Value:
        amounts = (convert_values.read_number(each) for each in raw[1:])
        return convert_time.read_day(raw[0], context.time_zone) if any(amounts) else None

    def write(value: Value, _: ConvertContext) -> Raw:
        raise Unfit("bad-value", f"{show(value)} says nothing about the amounts.")

    return Codec(AS_OF, read, write, "day")


def _of_text(name: str, column: str, kind: FieldType, fields: Sequence[FieldDescription]) -> Codec:
    if name == "label":
        return _label(kind, fields)
    read, write = _TEXTS[name]
    return Codec(
        name,
        lambda raw, _: _some(read(_text_of(raw[0]), column)),
        lambda value, _: (None if value is None else _some(write(_text_of(value), column)),),
        exact=name != "text",
    )


def _currency(column: str, kind: FieldType) -> Codec:
    """GP's id (a blank one is the functional currency), an ISO code, or an organisation's own id of a currency."""

    def read(raw: Raw, context: ConvertContext) -> Value:
        text = _text_of(raw[0])
        if column == "gp":
            return convert_currency.read_gp(text, context.lookups, context.currency)
        if not text:
            return None
        if kind is FieldType.REFERENCE:
            return convert_currency.read_reference(text, context.lookups, column)
        return currencies.checked_iso(text)

    def write(value: Value, context: ConvertContext) -> Raw:
        text = _text_of(value)
        if not text:
            return (None,)
        if column == "gp":
            return (_some(convert_currency.write_gp(text, context.lookups, context.currency)),)
        if kind is FieldType.REFERENCE:
            return (convert_currency.write_reference(text, context.lookups, column),)
        return (currencies.checked_iso(text),)

    return Codec(GP_CURRENCY, read, write, exact=True)


def _joined() -> Codec:
    """Several texts as one, with a blank between; only for rows whose several side is never written."""

    def read(raw: Raw, _: ConvertContext) -> Value:
        return _some(" ".join(text for part in raw if (text := _text_of(part))))

    def write(value: Value, _: ConvertContext) -> Raw:
        return (None if value is None else _some(_text_of(value)),)

    return Codec(JOINED, read, write)


def _as_it_is(text: str, _: str) -> str:
    return text


def _upper(text: str, _: str) -> str:
    return texts.upper(texts.clean(text))


_TEXTS: dict[str, tuple[Callable[[str, str], str], Callable[[str, str], str]]] = {
    "text": (_as_it_is, _as_it_is),
    "upper": (_upper, _upper),
    "phone": (convert_phone.read, convert_phone.write),
    "country": (convert_country.read, convert_country.write),
    "country_code": (convert_country.read, _as_it_is),
    "encoded_number": (convert_number.read, convert_number.write),
}


def _text_of(value: Value) -> str:
    return convert_values.text_of(value).strip()


def _some(text: str) -> str | None:
    return text or None


# labels and lookups


def _label(kind: FieldType, fields: Sequence[FieldDescription]) -> Codec:
    """Options compared by what they are called: canonical is the label without case, blanks and punctuation."""
    options = fields[0].options if fields else dict[int, str]()
    if kind is FieldType.OPTION and not options:
        raise Misconfigured("flow-invalid", "The converter label needs a field whose options are known.")
    names = {code: convert_values.label(text) for code, text in options.items()}
    labels: dict[str, int] = {}
    for code, text in names.items():
        labels.setdefault(text, code)

    def read(raw: Raw, _: ConvertContext) -> Value:
        value = raw[0]
        if value is None or not isinstance(value, int):
            return _some(convert_values.label(_text_of(value)))
        return names.get(value) or _unknown(value)

    def write(value: Value, _: ConvertContext) -> Raw:
        text = convert_values.label(_text_of(value))
        if kind is not FieldType.OPTION or not text:
            return (_some(text),)
        return (labels[text] if text in labels else _unknown(text),)

    return Codec("label", read, write, exact=True)


def _unknown(value: Value) -> Value:
    raise Unfit("option-unknown", f"There is no option {show(value)}.")


def _lookup(column: str, kind: FieldType) -> Codec:
    """Through the row's table: canonical is the key of the value's line; a value without a line is lookup-missing."""

    def read(raw: Raw, context: ConvertContext) -> Value:
        text = _text_of(raw[0])
        if not text:
            return None
        table = _table(context)
        columns = table.columns if len(table.columns) == 2 else context.sides or (table.columns[0], column)
        return _found(table, column, table.canonical(columns, column, text), text)

    def write(value: Value, context: ConvertContext) -> Raw:
        if value is None:
            return (None,)
        table = _table(context)
        text = _text_of(value)
        held = _found(table, table.columns[0], table.to(table.columns[0], column, text), text)
        return (convert_values.write(held or None, kind),)

    return Codec("lookup", read, write, exact=True)


def _table(context: ConvertContext) -> Lookup:
    if context.lookup not in context.lookups:
        raise Unfit("lookup-missing", f"There is no lookup {context.lookup}.")
    return context.lookups[context.lookup]


def _found(table: Lookup, column: str, held: str | None, value: str) -> str:
    if held is None:
        raise Unfit("lookup-missing", f"The lookup {table.name} has no line with {column} {value!r}.")
    return held
