"""Who owns a field here: what the flow says, or the pair's own word over it (gp365.toml, [pairs.NAME.owners])."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gp365.app.settings import PairSettings
from gp365.app.settings_file import FILE, line_of
from gp365.model.errors import Misconfigured
from gp365.model.flow import ASK, LATEST
from gp365.model.flow_file import FieldFile, FlowFile

STEADY = "steady"
"""The phase of a site that is simply kept in step."""


def owner(pair: PairSettings, flow: FlowFile, field: str, phase: str = STEADY) -> str:
    """Return who owns a field of a flow in a pair: a side, ask or latest.

    This is the one place that says so; `field` is a row's canonical name, or the name of a group that decides as one
    value. Every phase but the steady one would answer here too.
    """
    assert phase == STEADY
    return pair.owners.get(f"{flow.flow}.{field}") or flow_owner(flow, field)


def flow_owner(flow: FlowFile, field: str) -> str:
    """Return the owner that the flow itself gives a field."""
    name, _, inner = field.partition(".")
    entry = flow.fields[name]
    if entry.fields is None or not inner:
        return entry.owner or ASK
    return entry.owner or entry.fields[inner].owner or ASK


def owned(flow: FlowFile, pair: PairSettings) -> FlowFile:
    """Return the flow with the owners that hold in this pair, so that its digest tells them apart."""
    if not overridden(flow, pair):
        return flow
    fields = {name: _owned(flow, pair, name, entry) for name, entry in flow.fields.items()}
    return flow.model_copy(update={"fields": fields})


def _owned(flow: FlowFile, pair: PairSettings, name: str, entry: FieldFile) -> FieldFile:
    if entry.fields is None or entry.group:
        return entry.model_copy(update={"owner": owner(pair, flow, name)})
    rows = {
        inner: row.model_copy(update={"owner": owner(pair, flow, f"{name}.{inner}")})
        for inner, row in entry.fields.items()
    }
    return entry.model_copy(update={"owner": "", "fields": rows})


def overridden(flow: FlowFile, pair: PairSettings) -> dict[str, str]:
    """Give the fields of a flow whose owner the pair names, with that owner."""
    mine = f"{flow.flow}."
    return {name.removeprefix(mine): who for name, who in pair.owners.items() if name.startswith(mine)}


def ownable(flow: FlowFile, sides: Sequence[str]) -> Iterator[str]:
    """Name the fields and groups of a flow that can have an owner: those that are compared between two sides."""
    for name, entry in flow.fields.items():
        if entry.fields is None or entry.group:
            rows = [entry] if entry.fields is None else list(entry.fields.values())
            if any(_compared(row, sides) for row in rows):
                yield name
            continue
        for inner, row in entry.fields.items():
            if _compared(row, sides):
                yield f"{name}.{inner}"


def _compared(row: FieldFile, sides: Sequence[str]) -> bool:
    both = all(getattr(row, side) is not None for side in sides)
    return both and not (row.read_only or row.create_only)


def check_owners(name: str, pair: PairSettings, flows: Sequence[FlowFile], folder: Path) -> None:
    """Refuse an owner of what no flow of the pair has, and one that is none; Misconfigured names the line."""
    sides = list(pair.sides)
    known = {f"{flow.flow}.{field}": flow for flow in flows for field in ownable(flow, sides)}
    for field, who in pair.owners.items():
        if field not in known:
            raise _fault(folder, name, field, "is no field of this pair's flows", field, _near(field, known))
        if who not in (*sides, ASK, LATEST):
            fix = f"Write one of {', '.join((*sides, ASK, LATEST))}."
            raise _fault(folder, name, field, f"cannot be {who}", who, fix)


def _near(field: str, known: Mapping[str, FlowFile]) -> str:
    for length in range(field.count("."), 0, -1):
        whole = field.rsplit(".", length)[0]
        if whole in known:
            return f"It decides with its group: write {whole}."
    near = difflib.get_close_matches(field, known, 1, 0.6)
    return (
        f"Did you mean {near[0]}?" if near else "Write FLOW.FIELD; `gp365 flows show FLOW` names the fields."
    )


def _fault(folder: Path, pair: str, field: str, why: str, value: str, fix: str) -> Misconfigured:
    place = ("pairs", pair, "owners")
    line = line_of(folder / FILE, (*place, field), (*place, *field.split(".")), place)
    message = f"{FILE}, line {line}: pairs.{pair}.owners.{field} {why}."
    return Misconfigured(
        "settings-invalid", message, field=f"pairs.{pair}.owners.{field}", value=value, fix=fix
    )
