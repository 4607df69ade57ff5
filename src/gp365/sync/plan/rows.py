"""A flow made ready to plan with: per row its codecs, its fit, and how a raw half is read into a canonical value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from gp365.model.converters import PLAIN_TEXT, Codec, ConvertContext, codec
from gp365.model.entity import EntityDescription, FieldDescription, FieldType
from gp365.model.errors import Misconfigured
from gp365.model.fit import Limits, Unfit, fit, limits
from gp365.model.flow import Flow, Row
from gp365.model.plan import FieldPlan, Half, Pair
from gp365.model.record import Record
from gp365.model.values import Value, Values
from gp365.sync.plan.facts import Facts

Owner = Callable[[str], str]

# A page looks at a value of a record several times; so many values of a row and side are remembered at most.
_REMEMBERED = 1024  # of texts that hardly ever recur, more is memory for nothing
_NO_LIMIT = 1 << 30
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Bad:
    """A value that cannot be used, with its error code and what to say."""

    code: str
    message: str
    waits_for: tuple[str, str, str] | None = None


class Seen(NamedTuple):
    """One side of a row as the rule sees it. `raw` is None when the field is absent; `bad` when it cannot be used."""

    raw: Half | None
    canonical: Value = None
    fitted: Value = None
    cut: bool = False
    bad: Bad | None = None

    @property
    def empty(self) -> bool:
        """Tell whether the fitted value is empty; an unusable one is not."""
        return self.bad is None and self.fitted is None


@dataclass(frozen=True, slots=True)
class CompiledRow:
    """A row with what it needs: a codec per side, the limits of both, and the descriptions of its wire fields.

    `single` is the wire field of a side that has but one; `easy` how long a plain text may be that
    needs neither converting nor fitting there; `remembered` holds texts that were read of late, by side.
    """

    row: Row
    codecs: Mapping[str, Codec]
    limits: Limits
    described: Mapping[str, tuple[FieldDescription, ...]]
    single: Mapping[str, str]
    easy: Mapping[str, int]
    remembered: Mapping[str, dict[str | None, Seen]] = field(
        default_factory=dict[str, dict[str | None, Seen]], repr=False, compare=False
    )

    def half(self, side: str, values: Values) -> Half | None:
        """Return the raw half of a side; None when any of its wire fields is absent."""
        wire = self.single.get(side)
        if wire is not None:
            return (values[wire],) if wire in values else None
        wires = self.row.wires.get(side, ())
        if not wires or any(wire not in values for wire in wires):
            return None
        return tuple(values[wire] for wire in wires)

    def writable(self, side: str, verb: str) -> bool:
        """Tell whether every wire field of a side can be sent with create or update."""
        for described in self.described.get(side, ()):
            if not described.can(verb):
                return False
        return side in self.row.wires


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a create on one side goes through: the rows that are worked out, and those that are carried over.

    `plain` are rows that carry one value, each with its wire field on the source; `planned` holds what was planned of late
    of their texts, days and flags, by row; `others` are the rows that are not plain, in order, and `given` what was planned
    of their values, by type and value: of those that were worked out, and of none. `giving` names the rows that give a row
    of currencies its value.
    """

    others: tuple[CompiledRow, ...]
    computed: tuple[CompiledRow, ...]
    carried: frozenset[str]
    plain: tuple[tuple[CompiledRow, str], ...]
    planned: Mapping[str, dict[Value, FieldPlan]]
    given: Mapping[str, dict[tuple[type, Value], FieldPlan]]
    giving: Mapping[str, frozenset[str]]


@dataclass(slots=True)
class Alike:
    """A unit of one plain row, by its wire fields, and what it was found to agree on of late.

    `texts` holds texts that stood on both sides, `others` the types and values of both; `empty`: two empty sides agree.
    A text up to `easy` long may need neither converting nor fitting; `number`: both sides read numbers.
    """

    row: CompiledRow
    name: str
    unit: str
    left: str
    right: str
    easy: int
    number: bool
    why: str
    owner: str
    empty: bool = False
    texts: set[str] = field(default_factory=set[str], repr=False)
    others: set[tuple[type, Value, type, Value]] = field(
        default_factory=set[tuple[type, Value, type, Value]], repr=False
    )


Unit = tuple[str, tuple[CompiledRow, ...], Alike | None]
"""A unit with its rows, and what tells whether it agrees: None where only the rule can."""


@dataclass(frozen=True, slots=True)
class Texts:
    """The units of plain texts among a flow's: their wire values are taken and compared all at once.

    `left`, `right` and `pairs` take them from the values of a record and from pairs as they are kept, in the order of
    `alikes`; `easy` is how long each may be.
    """

    alikes: tuple[Alike, ...]
    units: frozenset[str]
    left: Callable[[Values], tuple[Value, ...]]
    right: Callable[[Values], tuple[Value, ...]]
    pairs: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    easy: tuple[int, ...]


class Plan(NamedTuple):
    """What updates are planned by: the units in order, and the plain texts among them (None: there are hardly any)."""

    units: tuple[Unit, ...]
    texts: Texts | None


Reader = Callable[[Values], Seen | None]
"""What reads one row on one side from a record's values; None where a wire field of it is absent."""


class Sight(NamedTuple):
    """A row with both of its sides as seen, and its agreed pair (None: unknown)."""

    row: CompiledRow
    left: Seen
    right: Seen
    pair: Pair | None


@dataclass(frozen=True, slots=True)
class CompiledFlow:
    """A flow with its compiled rows and the descriptions of both entities.

    `sheets` are made when first needed, by the side on which records are created; `nothing` holds, by unit, what is planned
    when both sides have nothing there, and `alike` (one, once it is made) what tells that units agree; `readers` read one
    row on a side, by side and row. `along` names the rows that are written along with others only.
    """

    flow: Flow
    rows: tuple[CompiledRow, ...]
    units: Mapping[str, tuple[CompiledRow, ...]]
    left: EntityDescription
    right: EntityDescription
    context: ConvertContext
    owner: Owner
    by_name: Mapping[str, CompiledRow]
    contexts: Mapping[str, ConvertContext]
    along: frozenset[str]
    sheets: dict[str, Sheet] = field(default_factory=dict[str, Sheet], init=False, repr=False, compare=False)
    nothing: dict[str, list[FieldPlan]] = field(
        default_factory=dict[str, list[FieldPlan]], init=False, repr=False, compare=False
    )
    alike: list[Plan] = field(default_factory=list["Plan"], init=False, repr=False, compare=False)
    readers: dict[tuple[str, str], Reader] = field(
        default_factory=dict[tuple[str, str], "Reader"], init=False, repr=False, compare=False
    )

    def entity(self, side: str) -> EntityDescription:
        """Return the entity description of a side."""
        return self.left if self.flow.left.name == side else self.right

    def context_of(self, row: CompiledRow) -> ConvertContext:
        """Return the converters' context with the row's own lookup table named."""
        return self.contexts.get(row.row.lookup, self.context)

    def row(self, name: str) -> CompiledRow:
        """Return a compiled row by name."""
        return self.by_name[name]

    def reader(self, side: str, name: str) -> Reader:
        """Return what reads a row on a side, of every record alike; references are not resolved."""
        known = self.readers.get((side, name))
        if known is None:
            known = self.readers[side, name] = _reader(self, self.by_name[name], side)
        return known


def compile_rows(
    flow: Flow,
    left: EntityDescription,
    right: EntityDescription,
    context: ConvertContext,
    owner: Callable[[str], str] | None = None,
) -> CompiledFlow:
    """Make a flow ready to plan with; Misconfigured names a wire field that an entity does not have."""
    rows = tuple(_compile(row, flow, left, right) for row in flow.rows)
    units: dict[str, tuple[CompiledRow, ...]] = {}
    for row in rows:
        unit = row.row.group or row.row.name
        units[unit] = (*units.get(unit, ()), row)
    owners = {row.name: row.owner for row in flow.rows}
    named = {row.row.name: row for row in rows}
    contexts = {row.lookup: replace(context, lookup=row.lookup) for row in flow.rows if row.lookup}
    along = frozenset(row.name for row in flow.rows if row.along)
    return CompiledFlow(
        flow, rows, units, left, right, context, owner or owners.__getitem__, named, contexts, along
    )


def _compile(row: Row, flow: Flow, left: EntityDescription, right: EntityDescription) -> CompiledRow:
    described: dict[str, tuple[FieldDescription, ...]] = {}
    for side, entity in ((flow.left.name, left), (flow.right.name, right)):
        if side in row.wires:
            described[side] = tuple(_field(entity, wire, row) for wire in row.wires[side])
    single = {side: fields[0] if len(fields) == 1 else None for side, fields in described.items()}
    codecs = {
        side: codec(
            "lookup" if row.lookup else row.convert, side, tuple(entry.type for entry in fields), fields
        )
        for side, fields in described.items()
    }
    bounds = limits(
        single.get(flow.left.name),
        single.get(flow.right.name),
        row.long or _default_long(row, described, codecs),
    )
    alone = {side: wires[0] for side, wires in row.wires.items() if len(wires) == 1}
    longest = bounds.length if bounds.length is not None else _NO_LIMIT
    plain = {} if bounds.upper else {side: longest for side, one in codecs.items() if one.name == PLAIN_TEXT}
    return CompiledRow(row, codecs, bounds, described, alone, plain, {side: {} for side in described})


def _default_long(
    row: Row, described: Mapping[str, tuple[FieldDescription, ...]], codecs: Mapping[str, Codec]
) -> str:
    """Cut by default; park what must never be shortened: keys, codes, references and e-mail addresses."""
    fields = [entry for entries in described.values() for entry in entries]
    code = row.lookup or row.ref or any(one.exact for one in codecs.values())
    code = code or any(
        entry.upper or entry.type in (FieldType.REFERENCE, FieldType.OPTION) for entry in fields
    )
    return "park" if code or "mail" in row.name else "cut"


def _field(entity: EntityDescription, wire: str, row: Row) -> FieldDescription:
    found = entity.fields.get(wire)
    if found is None:
        raise Misconfigured(
            "flow-field",
            f"The flow's field {row.name} names {wire}, which {entity.name} does not have.",
            field=row.name,
            value=wire,
        )
    return found


def see(compiled: CompiledFlow, row: CompiledRow, side: str, record: Record | None, facts: Facts) -> Seen:
    """Read one side of a row: raw half, canonical and fitted value, or why it cannot be used."""
    if record is None:
        return Seen(None)
    wire = row.single.get(side)
    text = record.values.get(wire, _ABSENT) if wire is not None else _ABSENT
    # What was read of late, as most was; of references nothing is remembered.
    if text is None or type(text) is str:
        seen = row.remembered[side].get(text)
        if seen is not None:
            return seen
    raw = row.half(side, record.values)
    return Seen(None) if raw is None else see_raw(compiled, row, side, raw, facts)


def see_raw(compiled: CompiledFlow, row: CompiledRow, side: str, raw: Half, facts: Facts) -> Seen:
    """Read a raw half into its canonical and fitted value."""
    if row.row.ref:
        return _see_reference(row, side, raw, facts)
    held = row.remembered.get(side)
    text = raw[0]
    # Only a text alone: 1, True and Decimal(1) would be one key.
    if held is None or len(raw) != 1 or not (text is None or type(text) is str):
        return _read_half(compiled, row, side, raw)
    seen = held.get(text)
    if seen is None:
        if len(held) >= _REMEMBERED:
            held.clear()
        seen = held[text] = _read_easy(row, side, text) or _read_half(compiled, row, side, raw)
    return seen


def _reader(compiled: CompiledFlow, row: CompiledRow, side: str) -> Reader:
    wire, held, nothing = row.single.get(side), row.remembered.get(side), Facts()

    def read(values: Values) -> Seen | None:
        raw = row.half(side, values)
        return None if raw is None else see_raw(compiled, row, side, raw, nothing)

    def read_text(values: Values) -> Seen | None:
        text = values.get(name, _ABSENT)
        # What is no text may equal another value (see see_raw).
        if text is None or type(text) is str:
            seen = remembered.get(text)
            if seen is not None:
                return seen
        return read(values)

    if wire is None or held is None or row.row.ref:
        return read
    name, remembered = wire, held
    return read_text


def _read_easy(row: CompiledRow, side: str, text: str | None) -> Seen | None:
    """Read a text that is what it is on both sides, as most are: short, ASCII, without outer blanks."""
    length = row.easy.get(side)
    if not text or length is None or len(text) > length or not text.isascii() or not text.isprintable():
        return None
    return None if text[0] == " " or text[-1] == " " else Seen((text,), text, text)


def _read_half(compiled: CompiledFlow, row: CompiledRow, side: str, raw: Half) -> Seen:
    canonical: Value = None
    try:
        canonical = row.codecs[side].read(raw, compiled.context_of(row))
        fitted = fit(canonical, row.limits)
    except Unfit as unfit:
        return Seen(raw, canonical, bad=Bad(unfit.code, str(unfit)))
    return Seen(raw, canonical, fitted.value, fitted.cut)


def _see_reference(row: CompiledRow, side: str, raw: Half, facts: Facts) -> Seen:
    """A reference is canonical as the link of the record that it names, so that both sides can be compared."""
    if raw[0] is None:
        return Seen(raw)
    on = (row.row.ref, side, str(raw[0]))
    state = facts.refs.get(on)
    if state is not None and state.state == "linked":
        return Seen(raw, f"link:{state.link}", f"link:{state.link}")
    code = {"parked": "parent-parked", "filtered": "parent-filtered"}.get(
        state.state if state else "", "waiting"
    )
    return Seen(
        raw, bad=Bad(code, f"{row.row.name} names {raw[0]}, which is not linked in {row.row.ref} yet.", on)
    )


def write_half(compiled: CompiledFlow, row: CompiledRow, side: str, value: Value, facts: Facts) -> Half:
    """Turn a canonical value into the raw half that is written on a side; raises Unfit."""
    if row.row.ref and value is not None:
        key = facts.ref_keys.get((row.row.ref, int(str(value).removeprefix("link:")), side))
        if key is None:
            raise Unfit("parent-parked", f"The record that {row.row.name} names has no key on {side}.")
        return (key,)
    return row.codecs[side].write(value, compiled.context_of(row))
