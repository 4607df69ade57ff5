"""The check of a flow's rows: names, rights, kinds, lookups, references, and what a new record must have."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from gp365.app.effective import Ends, FlowFinding, NamedRow, rows_of
from gp365.app.loader import LoadedFlow
from gp365.app.options import names_in
from gp365.model.contract import Level
from gp365.model.converters import NAMES, Codec, codec
from gp365.model.entity import EntityDescription, FieldDescription, FieldType
from gp365.model.errors import Misconfigured
from gp365.model.flow_file import SideFile
from gp365.model.lookups import Lookup

UNDECIDED = ("ask", "latest")
_BY_PROVISION = "Run `gp365 provision apply`, which writes it."
WRITTEN: Mapping[str, str] = dict.fromkeys(("payment_terms", "shipping_methods", "currencies"), _BY_PROVISION)
"""Lookups that provisioning writes, and what to do where they are missing."""
_BY_IDS = "Run `gp365 provision apply`, which puts the id in the place of a name."
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
OURS = "gp365_"
"""Prefix of the tables and columns that `gp365 provision` makes."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A flow under check: the flow as it runs here, and what it runs between."""

    loaded: LoadedFlow
    ends: Ends

    def side(self, name: str) -> SideFile:
        """Return a side of the file."""
        return self.loaded.file.sides[name]

    def entity(self, side: str) -> EntityDescription:
        """Return the entity of a side."""
        return self.ends.entities[side]

    def fields(self, named: NamedRow, side: str) -> list[FieldDescription]:
        """Return the descriptions of a row's wire fields on a side, as far as they exist."""
        known = self.entity(side).fields
        return [known[wire] for wire in named.wires(side) if wire in known]

    def fault(
        self, code: str, path: tuple[str | int, ...], row: str, message: str, value: str = "", fix: str = ""
    ) -> FlowFinding:
        """Make a finding that keeps the flow from running."""
        return self.finding(Level.ERROR, code, path, row, message, value, fix)

    def finding(
        self,
        level: Level,
        code: str,
        path: tuple[str | int, ...],
        row: str,
        message: str,
        value: str = "",
        fix: str = "",
    ) -> FlowFinding:
        """Make a finding with the place where it stands."""
        loaded = self.loaded
        return FlowFinding(loaded.name, level, code, str(loaded.where(*path)), row, message, value, fix)


Rule = Callable[[Checked, NamedRow], Iterable[FlowFinding]]


def check_rows(checked: Checked) -> Iterator[FlowFinding]:
    """Give what is wrong with the rows; a row whose fields do not exist is not looked at further."""
    for named in rows_of(checked.loaded.file):
        unknown = [*_wires(checked, named), *_owner(checked, named)]
        yield from unknown
        if unknown or not any(named.wires(side) for side in checked.ends.sides):
            continue
        for rule in _RULES:
            yield from rule(checked, named)
    for side in checked.ends.sides:
        yield from _required(checked, side)


def _wires(checked: Checked, named: NamedRow) -> Iterator[FlowFinding]:
    for side in checked.ends.sides:
        entity = checked.entity(side)
        for wire in named.wires(side):
            if wire in entity.fields:
                continue
            path = (*named.path, side)
            if wire.startswith(OURS):
                message = f"{entity.name} on {side} has no {wire} yet."
                yield checked.fault("not-provisioned", path, named.name, message, wire)
                continue
            near = difflib.get_close_matches(wire, list(entity.fields), 1, 0.6)
            fix = f"Did you mean {near[0]}?" if near else ""
            message = f"the row {named.name} names {wire}, which {entity.name} on {side} does not have."
            yield checked.fault("flow-field", path, named.name, message, wire, fix)


def _owner(checked: Checked, named: NamedRow) -> Iterator[FlowFinding]:
    owner = named.row.owner
    known = (*checked.loaded.file.sides, *UNDECIDED)
    if owner and owner not in known:
        message = f"{named.name} is owned by {owner}, which is neither a side nor ask nor latest."
        fix = f"Choose one of {', '.join(known)}."
        yield checked.fault("flow-invalid", (*named.path, "owner"), named.name, message, owner, fix)
    elif owner and owner not in (*checked.ends.sides, *UNDECIDED):
        message = f"{named.name} is owned by {owner}, which this pair does not have."
        yield checked.fault("flow-invalid", (*named.path, "owner"), named.name, message, owner)


def _writable(checked: Checked, named: NamedRow) -> Iterator[FlowFinding]:
    """Every field that the row could write must be writable by what the flow does on that side."""
    row = named.row
    both = all(named.wires(side) for side in checked.ends.sides)
    given = bool(row.on_create) or row.constant is not None
    if row.read_only or not (both or given):
        return
    for side in checked.ends.sides:
        verb = _verb(checked, named, side)
        fields = checked.fields(named, side)
        if not fields or not verb or (row.owner == side and not given):
            continue
        refused = next((field for field in fields if not field.can(verb)), None)
        if refused is not None:
            message = f"{named.name} would write {refused.name} on {side}, which takes no {verb}."
            fix = f"Let {side} own the row, or mark it read_only or create_only."
            yield checked.fault("flow-field", (*named.path, side), named.name, message, refused.name, fix)


def _verb(checked: Checked, named: NamedRow, side: str) -> str:
    """Return what the row would do on a side: update, create, or nothing."""
    given, row = checked.side(side), named.row
    once = row.create_only or row.on_create or row.constant is not None
    if once:
        is_key = any(wire in checked.entity(side).key for wire in named.wires(side))
        return "create" if given.create and not is_key else ""
    return "update" if given.update else "create" if given.create else ""


def _kinds(checked: Checked, named: NamedRow) -> Iterator[FlowFinding]:
    """Converters must exist, and both sides' must make the same kind of value."""
    if named.row.ref:
        return
    codecs: dict[str, Codec] = {}
    for side in checked.ends.sides:
        fields = checked.fields(named, side)
        if not fields:
            continue
        convert = "lookup" if named.row.lookup else named.row.convert
        try:
            codecs[side] = codec(convert, side, tuple(field.type for field in fields), fields)
        except Misconfigured as fault:
            fix = fault.fix if convert not in NAMES else ""
            path = (*named.path, "convert" if named.row.convert else side)
            yield checked.fault("flow-invalid", path, named.name, fault.message, convert, fix)
            return
    kinds = {side: one.kind for side, one in codecs.items()}
    if len(set(kinds.values())) > 1:
        told = " and ".join(f"{kind} on {side}" for side, kind in kinds.items())
        message = f"{named.name} is {told}: the two cannot be compared."
        yield checked.fault("flow-invalid", named.path, named.name, message, fix="Name a converter.")


def _lookup(checked: Checked, named: NamedRow) -> Iterator[FlowFinding]:
    name = named.row.lookup
    if not name:
        return
    path = (*named.path, "lookup")
    table = checked.ends.lookups.get(name)
    if table is None:
        fix = f"Write lookups/{name}.csv with the columns {', '.join(checked.ends.sides)}."
        fix = WRITTEN.get(name, fix)
        message = f"there is no lookup {name}."
        yield checked.fault("lookup-invalid", path, named.name, message, name, fix)
        return
    for side in checked.ends.sides:
        if named.wires(side) and side not in table.columns:
            message = f"the lookup {name} has no column {side}."
            fix = f"Its columns are {', '.join(table.columns)}."
            yield checked.fault("lookup-invalid", path, named.name, message, side, fix)


def _reference(checked: Checked, named: NamedRow) -> Iterator[FlowFinding]:
    name = named.row.ref
    if name and name not in checked.ends.flows:
        message = f"{named.name} refers to records of the flow {name}, which this pair does not run."
        fix = f"Add `needs: [{name}]`, or correct the name."
        yield checked.fault("flow-unknown", (*named.path, "ref"), named.name, message, name, fix)


def _option(checked: Checked, named: NamedRow) -> Iterator[FlowFinding]:
    for name in names_in(named.row.option):
        if name not in checked.ends.options:
            message = f"{named.name} depends on the option {name}, which the flow does not have."
            fix = f"Add it: options: {{{name}: false}}."
            yield checked.fault("flow-invalid", (*named.path, "option"), named.name, message, name, fix)


def _currency(checked: Checked, named: NamedRow) -> Iterator[FlowFinding]:
    """An amount that depends on a currency names the row that says in which currency its record is."""
    name = named.row.in_currency
    if not name:
        return
    held = next((one for one in rows_of(checked.loaded.file) if one.name == name), None)
    path = (*named.path, "in_currency")
    if held is None or not any(held.wires(side) for side in checked.ends.sides):
        message = f"{named.name} asks for the currency in {name}, which is no row of the flow here."
        fix = f"Add {name}, a read_only row with the currency of the record."
        yield checked.fault("flow-invalid", path, named.name, message, name, fix)
    elif "functional_currency" in checked.ends.options and not checked.ends.options["functional_currency"]:
        message = f"{named.name} is never written, because nobody says in which currency it is."
        fix = 'Set functional_currency = "USD" (or what it is) on the GP system.'
        yield checked.finding(Level.NOTE, "flow-invalid", path, named.name, message, name, fix)


def _ids(checked: Checked, named: NamedRow) -> Iterator[FlowFinding]:
    """A lookup that leads to records must hold their ids; provisioning puts them in the place of names."""
    table = checked.ends.lookups.get(named.row.lookup) if named.row.lookup else None
    for side in checked.ends.sides if table else ():
        if not any(one.type is FieldType.REFERENCE for one in checked.fields(named, side)):
            continue
        assert table is not None
        yield from _no_ids(checked, named, table, side)


def _no_ids(checked: Checked, named: NamedRow, table: Lookup, side: str) -> Iterator[FlowFinding]:
    at = table.columns.index(side) if side in table.columns else None
    for row in table.rows if at is not None else ():
        assert at is not None
        if row[at] and not _GUID.fullmatch(row[at]):
            message = f"the lookup {table.name} holds {row[at]!r} in {side}, which is not the id of a record."
            path = (*named.path, "lookup")
            yield checked.fault("lookup-invalid", path, named.name, message, row[at], _BY_IDS)
            return


def _joined(checked: Checked, named: NamedRow) -> Iterator[FlowFinding]:
    """Several fields can be read as one, but one value cannot be taken apart again."""
    for side in checked.ends.sides:
        written = _verb(checked, named, side) and named.row.owner != side and not named.row.read_only
        if len(named.wires(side)) > 1 and written:
            message = f"{named.name} would write several fields on {side} from one value."
            fix = f"Let {side} own the row."
            yield checked.fault("flow-invalid", (*named.path, side), named.name, message, fix=fix)


_RULES: tuple[Rule, ...] = (_writable, _kinds, _joined, _lookup, _ids, _reference, _option, _currency)


def _required(checked: Checked, side: str) -> Iterator[FlowFinding]:
    """A record that is created must be given every field that its system requires."""
    if not checked.side(side).create:
        return
    entity = checked.entity(side)
    given = set[str]()
    for named in rows_of(checked.loaded.file):
        both = all(named.wires(one) for one in checked.ends.sides) and not named.row.read_only
        if both or named.row.on_create or named.row.constant is not None:
            given.update(named.wires(side))
    for name, field in entity.fields.items():
        if field.required and field.can("create") and name not in entity.key and name not in given:
            message = f"{entity.name} on {side} requires {name}, and no row gives it a value."
            fix = f"Add a row that writes {name}, or do not create on {side}."
            yield checked.fault("required-missing", ("sides", side, "create"), "", message, name, fix)
