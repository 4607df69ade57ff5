"""The check of what a flow does with money: no column that Dataverse converts, known currencies, sound roll-ups."""

from __future__ import annotations

from collections.abc import Iterator

from gp365.app.check_rows import OURS, Checked
from gp365.app.effective import FlowFinding, NamedRow, rows_of
from gp365.model.converters import GP_CURRENCY
from gp365.model.currencies import GP_CURRENCIES, ORGANISATION
from gp365.model.entity import EntityDescription, FieldType
from gp365.model.errors import Misconfigured
from gp365.model.flow_file import FUNCTIONAL, RollupFile

_BASE = "_base"
_PATH = "rollups"


def check_money(checked: Checked) -> Iterator[FlowFinding]:
    """Give what is wrong with amounts, currencies and roll-ups."""
    for named in rows_of(checked.loaded.file):
        for side in checked.ends.sides:
            yield from _converted(checked, named, side)
            yield from _currency(checked, named, side)
    for name, rollup in checked.loaded.file.rollups.items():
        if rollup.side in checked.ends.sides:
            yield from _rollup(checked, name, rollup)


def _converted(checked: Checked, named: NamedRow, side: str) -> Iterator[FlowFinding]:
    """Refuse a column that Dataverse fills at its own exchange rate: GP's amounts are never compared with it."""
    for wire in named.wires(side):
        if is_converted(checked.entity(side), wire):
            message = f"{wire} on {side} is filled by Dataverse at its own exchange rate, which Dynamics GP never uses."
            fix = f"Name {wire.removesuffix(_BASE)}, and the currency that it must have as in_currency."
            yield checked.fault("flow-field", (*named.path, side), named.name, message, wire, fix)


def is_converted(entity: EntityDescription, wire: str) -> bool:
    """Tell whether a column is the base amount of a money column (Transaction currency table reference, _base columns)."""
    base = entity.fields.get(wire.removesuffix(_BASE)) if wire.endswith(_BASE) else None
    return base is not None and base.type is FieldType.MONEY


def _currency(checked: Checked, named: NamedRow, side: str) -> Iterator[FlowFinding]:
    if named.row.convert != GP_CURRENCY or not named.wires(side):
        return
    path = (*named.path, "convert")
    reference = any(field.type is FieldType.REFERENCE for field in checked.fields(named, side))
    name, columns = (GP_CURRENCIES, ("gp", "iso")) if side == "gp" else (ORGANISATION, (side,))
    if side != "gp" and not reference:
        return
    table = checked.ends.lookups.get(name)
    missing = [column for column in columns if table is None or column not in table.columns]
    if table is None:
        message = f"there is no lookup {name}."
        yield checked.fault("lookup-invalid", path, named.name, message, name, _fix(name))
    elif missing:
        message = f"the lookup {name} has no column {missing[0]}."
        yield checked.fault("lookup-invalid", path, named.name, message, missing[0], _fix(name))


def _fix(name: str) -> str:
    if name == ORGANISATION:
        return "Run `gp365 provision apply`, which writes it."
    return (
        f"Write lookups/{name}.csv with the columns gp and iso (and write, where several mean one currency)."
    )


def _rollup(checked: Checked, name: str, rollup: RollupFile) -> Iterator[FlowFinding]:
    rows = {named.name: named for named in rows_of(checked.loaded.file)}
    for word, row in _named(rollup):
        if row not in rows:
            message = f"the roll-up {name} names no row of the flow: {row}."
            yield checked.fault("flow-invalid", (_PATH, name, word), "", message, row)
    through = rows.get(rollup.through)
    if through is not None and not (through.row.ref and through.wires(rollup.side)):
        message = f"the roll-up {name} goes through {rollup.through}, which is no ref on {rollup.side}."
        yield checked.fault("flow-invalid", (_PATH, name, "through"), "", message, rollup.through)
    yield from _target(checked, name, rollup)


def _named(rollup: RollupFile) -> Iterator[tuple[str, str]]:
    yield "sum", rollup.sum
    yield "through", rollup.through
    if rollup.currency != FUNCTIONAL:
        yield "currency", rollup.currency
    if rollup.unlimited is not None:
        yield "unlimited", rollup.unlimited.row


def _target(checked: Checked, name: str, rollup: RollupFile) -> Iterator[FlowFinding]:
    """The sums need a text column that can be written, because a sum may be of several currencies, or of none."""
    path = (_PATH, name, "to")
    try:
        found = checked.ends.describe(rollup.side, rollup.entity).fields.get(rollup.to)
    except Misconfigured as fault:
        yield checked.fault(fault.code, path, "", fault.message, rollup.entity, fault.fix)
        return
    if found is None:
        code = "not-provisioned" if rollup.to.startswith(OURS) else "flow-field"
        message = f"{rollup.entity} on {rollup.side} has no {rollup.to}."
        yield checked.fault(code, path, "", message, rollup.to)
    elif found.type is not FieldType.TEXT or not found.can("update"):
        message = f"the roll-up {name} is written to {rollup.to}, which is no text that can be changed."
        yield checked.fault("flow-field", path, "", message, rollup.to)
    yield from _amount(checked, name, rollup)


def _amount(checked: Checked, name: str, rollup: RollupFile) -> Iterator[FlowFinding]:
    """A money field takes a sum in one currency, and the shared record must say which is its own."""
    if rollup.amount is None:
        return
    known = checked.ends.describe(rollup.side, rollup.entity).fields
    for word in ("to", "in_currency"):
        wire = str(getattr(rollup.amount, word))
        found, path = known.get(wire), (_PATH, name, "amount", word)
        if found is None:
            code = "not-provisioned" if wire.startswith(OURS) else "flow-field"
            yield checked.fault(code, path, "", f"{rollup.entity} on {rollup.side} has no {wire}.", wire)
        elif word == "to" and (found.type is not FieldType.MONEY or not found.can("update")):
            message = f"the roll-up {name} shows its amount in {wire}, which is no money that can be changed."
            yield checked.fault("flow-field", path, "", message, wire)
