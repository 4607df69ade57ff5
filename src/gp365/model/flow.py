"""A flow, compiled for one pair of columns: rows, groups, matching rules, and its digest.

A row pairs wire fields of the two sides under one canonical name. Any two columns make a pair, so the same file serves
GP and Sales, GP and Finance, or GP and Business Central. `left` and `right` are the pair's two sides in the file's order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gp365.model.errors import Misconfigured
from gp365.model.flow_file import (
    EventsFile,
    FieldFile,
    FlowFile,
    GuardsFile,
    MatchFile,
    NumberFile,
    OrderFile,
    RequiredByFile,
    RollupFile,
)
from gp365.model.values import digest, pack, unpack_deep

ASK = "ask"
LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Row:
    """One canonical field.

    `wires` maps a side to its wire fields (one, or several that a converter joins). `owner` is a side, ask or latest.
    `group` is the name of the group that the row decides with, or "". `print` is the row's fingerprint: an agreed
    pair stored under another fingerprint is unknown. `along`: what its owner changes goes with other writes only.
    """

    name: str
    wires: Mapping[str, tuple[str, ...]]
    owner: str = ASK
    convert: str = ""
    lookup: str = ""
    ref: str = ""
    on_create: str = ""
    constant: Any = None
    create_only: bool = False
    read_only: bool = False
    required: bool = False
    may_clear: bool = False
    along: bool = False
    long: str = ""
    in_currency: str = ""
    group: str = ""
    print: str = ""

    @property
    def two_sided(self) -> bool:
        """Tell whether the row can be compared: it has a wire field on both sides."""
        return len(self.wires) == 2

    @property
    def compared(self) -> bool:
        """Tell whether the row takes part in the rule of a field."""
        return self.two_sided and not self.read_only


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a flow."""

    name: str
    entity: str
    create: bool
    update: bool
    when: str
    number: NumberFile | None
    company: str
    route: str = ""
    required_by: RequiredByFile | None = None
    by_hand: str = ""
    gone: str = ""


@dataclass(frozen=True, slots=True)
class Through:
    """Matching by a record of ours that names both ends (see flow_file.ThroughFile)."""

    side: str
    entity: str
    company: str
    field: str
    names: str
    to: str


@dataclass(frozen=True, slots=True)
class Flow:
    """A compiled flow.

    `unless` goes with `same`, `similar_unless` with `similar`, rule by rule. `body` is what its digest is the hash of:
    file, options and sides; `file_of` undoes it.
    """

    name: str
    title: str
    left: Side
    right: Side
    rows: tuple[Row, ...]
    same: tuple[tuple[str, ...], ...]
    alone: tuple[tuple[str, ...], ...]
    similar: tuple[Mapping[str, float], ...]
    through: tuple[Through, ...]
    first_contact: str
    after: tuple[str, ...]
    options: Mapping[str, Any]
    events: EventsFile
    guards: GuardsFile
    rollups: Mapping[str, RollupFile]
    digest: str
    by_name: Mapping[str, Row] = field(default_factory=dict[str, Row])
    unless: tuple[tuple[str, ...], ...] = ()
    similar_unless: tuple[tuple[str, ...], ...] = ()
    body: bytes = field(default=b"", repr=False)
    order: OrderFile | None = None

    @property
    def sides(self) -> tuple[Side, Side]:
        """Return left and right."""
        return (self.left, self.right)

    def side(self, name: str) -> Side:
        """Return a side by its name."""
        return self.left if self.left.name == name else self.right

    def other(self, name: str) -> Side:
        """Return the side that is not this one."""
        return self.right if self.left.name == name else self.left

    def wires_of(self, side: str) -> tuple[str, ...]:
        """Name every wire field that the flow reads on a side, each once, in the order of the rows."""
        seen: dict[str, None] = {}
        for row in self.rows:
            for wire in row.wires.get(side, ()):
                seen[wire] = None
        return tuple(seen)

    def groups(self) -> Mapping[str, tuple[Row, ...]]:
        """Map each group (or single row's own name) to its rows, in order: the units that decide as one value."""
        units: dict[str, list[Row]] = {}
        for row in self.rows:
            units.setdefault(row.group or row.name, []).append(row)
        return {name: tuple(rows) for name, rows in units.items()}

    def expressions(self) -> Mapping[str, str]:
        """Name every expression: `when:SIDE` conditions, `route:SIDE` and `on_create:FIELD` values."""
        found = {f"when:{side.name}": side.when for side in self.sides if side.when}
        found.update({f"route:{side.name}": side.route for side in self.sides if side.route})
        found.update({f"on_create:{row.name}": row.on_create for row in self.rows if row.on_create})
        return found


def compile_flow(file: FlowFile, sides: tuple[str, str], *, options: Mapping[str, Any] | None = None) -> Flow:
    """Compile a flow file for two of its columns; Misconfigured("flow-invalid") names what is wrong.

    `options` are the pair's own settings over the file's defaults.
    """
    for name in sides:
        if name not in file.sides:
            raise Misconfigured(
                "flow-invalid", f"Flow {file.flow} has no side {name}.", field=f"sides.{name}"
            )
    left, right = (_side(file, name) for name in sides)
    rows = tuple(_rows(file, sides))
    chosen = {**file.options, **(options or {})}
    named = {row.name: row for row in rows}
    same, alone, through = _matching(file, named, sides)
    similar = _similar(file, named)
    _check_events(file, named)
    shape = _shape(file)
    body = pack({**shape, "options": chosen, "pair": list(sides)})
    return Flow(
        name=file.flow,
        title=file.title,
        left=left,
        right=right,
        rows=rows,
        same=same,
        unless=tuple(tuple(rule.unless) for rule in file.match if rule.same),
        similar_unless=tuple(tuple(rule.unless) for rule in file.match if rule.similar),
        alone=alone,
        similar=similar,
        through=through,
        first_contact=file.first_contact,
        after=tuple(file.after),
        options=chosen,
        events=file.events,
        guards=file.guards,
        rollups={name: rollup for name, rollup in file.rollups.items() if rollup.side in sides},
        digest=digest(body),
        by_name=named,
        body=body,
        order=_order(file, named, sides),
    )


def _order(file: FlowFile, rows: Mapping[str, Row], sides: tuple[str, str]) -> OrderFile | None:
    """Return what makes the records of a side orders; every field that it names must be there."""
    order = file.order
    if order is None or order.side not in sides:
        return None
    single = (order.names, order.state, order.asked_by, order.changed_by, order.approved_by, order.message)
    shown = (*order.before.items(), *order.after.items())
    served = [name for pair in shown if pair[0] in rows and pair[1] in rows for name in pair]
    optional = [name for name in (order.company, order.blocked) if name]
    for name in (*single, order.amount, order.kind, *served, *optional):
        if name not in rows:
            raise Misconfigured("flow-invalid", f"The order names no row of the flow: {name}.", field=name)
    if not rows[order.names].ref:
        raise Misconfigured("flow-invalid", f"The order's {order.names} is no ref.", field=order.names)
    if order.threshold not in file.options:
        raise Misconfigured("flow-invalid", f"The order names no option: {order.threshold}.", field="order")
    return order


def _shape(file: FlowFile) -> dict[str, Any]:
    """Return what a flow's digest is made of; what a file leaves out and was not known earlier changes no digest."""
    shape = file.model_dump(exclude={"title", "guards"})
    if shape["order"] is None:
        del shape["order"]
    for rollup in shape["rollups"].values():
        if rollup["amount"] is None:
            del rollup["amount"]
    for side in shape["sides"].values():
        for word in ("by_hand", "gone"):
            if not side[word]:
                del side[word]
    if shape["events"]["apart"] == "keep":
        del shape["events"]["apart"]
    for fields in (shape["fields"], *(child["fields"] for child in shape["children"].values())):
        _without_along(fields)
    return shape


def _without_along(fields: Mapping[str, dict[str, Any]]) -> None:
    for row in fields.values():
        if not row["along"]:
            del row["along"]
        _without_along(row["fields"] or {})


def file_of(body: bytes) -> tuple[FlowFile, tuple[str, str]]:
    """Return the flow file and the sides that a flow's `body` was packed from; ValueError if it is of another grammar."""
    held: dict[str, Any] = unpack_deep(body)
    left, right = held.pop("pair")
    return FlowFile.model_validate(held), (left, right)


def _side(file: FlowFile, name: str) -> Side:
    side = file.sides[name]
    return Side(
        name,
        side.entity,
        side.create,
        side.update,
        side.when,
        side.number,
        side.company,
        side.route,
        side.required_by,
        side.by_hand,
        side.gone,
    )


def _rows(file: FlowFile, sides: tuple[str, str]) -> list[Row]:
    rows: list[Row] = []
    for name, entry in file.fields.items():
        if entry.fields is None:
            _add(rows, file, name, entry, sides, group="")
            continue
        for inner, row in entry.fields.items():
            merged = row.model_copy(
                update={"owner": entry.owner or row.owner, "may_clear": _inherit(entry, row)}
            )
            _add(rows, file, f"{name}.{inner}", merged, sides, group=name if entry.group else "")
    return rows


def _inherit(group: FieldFile, row: FieldFile) -> bool | None:
    return row.may_clear if row.may_clear is not None else group.may_clear


def _add(
    rows: list[Row], file: FlowFile, name: str, entry: FieldFile, sides: tuple[str, str], *, group: str
) -> None:
    wires = {side: _names(getattr(entry, side)) for side in sides if getattr(entry, side) is not None}
    if not wires:
        return
    owner = entry.owner or ASK
    if owner not in (*sides, ASK, LATEST):
        raise Misconfigured(
            "flow-invalid", f"Owner {owner} is neither a side nor ask nor latest.", field=name, value=owner
        )
    may_clear = entry.may_clear if entry.may_clear is not None else owner in sides
    shape = {"wires": {side: list(names) for side, names in wires.items()}}
    shape |= {
        "convert": entry.convert,
        "lookup": entry.lookup,
        "ref": entry.ref,
        "long": entry.long,
        "group": group,
    }
    rows.append(
        Row(
            name=name,
            wires=wires,
            owner=owner,
            convert=entry.convert,
            lookup=entry.lookup,
            ref=entry.ref,
            on_create=entry.on_create,
            constant=entry.constant,
            create_only=entry.create_only,
            read_only=entry.read_only,
            required=entry.required,
            may_clear=may_clear,
            along=entry.along,
            long=entry.long or "",
            in_currency=entry.in_currency,
            group=group,
            print=digest(pack(shape))[:12],
        )
    )


def _names(wires: str | list[str]) -> tuple[str, ...]:
    return (wires,) if isinstance(wires, str) else tuple(wires)


_Rules = tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...], tuple[Through, ...]]


def _matching(file: FlowFile, rows: Mapping[str, Row], sides: tuple[str, str]) -> _Rules:
    same = [tuple(rule.same) for rule in file.match if rule.same]
    alone = [tuple(rule.alone) for rule in file.match if rule.alone]
    unless = [tuple(rule.unless) for rule in file.match]
    for name in {name for rule in (*same, *alone, *unless) for name in rule}:
        if name not in rows:
            raise Misconfigured(
                "flow-invalid", f"The matching rule names no row of the flow: {name}.", field=name
            )
    through = [_through(rule) for rule in file.match if rule.through and rule.through.side in sides]
    return (tuple(same), tuple(alone), tuple(through))


def _through(rule: MatchFile) -> Through:
    assert rule.through is not None
    return Through(**rule.through.model_dump())


def _similar(file: FlowFile, rows: Mapping[str, Row]) -> tuple[Mapping[str, float], ...]:
    rules = tuple(rule.similar for rule in file.match if rule.similar)
    for name in {name for rule in rules for name in rule}:
        if name not in rows:
            raise Misconfigured(
                "flow-invalid", f"The rule for similar records names no row of the flow: {name}.", field=name
            )
    return rules


def _check_events(file: FlowFile, rows: Mapping[str, Row]) -> None:
    """Refuse a policy that needs a row which the flow does not have."""
    events = file.events
    for policy, word, name in (
        ("inactivate", "inactive", events.inactive),
        ("retire", "inactive", events.inactive),
        ("hold", "hold", events.hold),
    ):
        if name and name not in rows:
            raise Misconfigured("flow-invalid", f"The events name no row of the flow: {name}.", field=name)
        used = [what for what in ("gone", "deactivated", "left_scope") if getattr(events, what) == policy]
        if used and not name:
            raise Misconfigured(
                "flow-invalid",
                f"events.{used[0]} is {policy}, and no row says how: name it as events.{word}.",
                field=f"events.{used[0]}",
            )
