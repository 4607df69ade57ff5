"""The flow as it will run between two systems: rows whose option is off or whose field is not served are left out, aloud."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gp365.app.loader import LoadedFlow
from gp365.app.options import holds
from gp365.model.contract import Level
from gp365.model.entity import EntityDescription, FieldDescription
from gp365.model.errors import Misconfigured
from gp365.model.flow_file import FieldFile, FlowFile, RollupFile
from gp365.model.lookups import Lookup


@dataclass(frozen=True, slots=True)
class FlowFinding:
    """What the check found in a flow: where (file and line), row and value, what, and the fix.

    Errors keep the flow from running. A note with the code not-served tells that the row is left out of the run.
    """

    flow: str
    level: Level
    code: str
    where: str
    row: str
    message: str
    value: str = ""
    fix: str = ""

    def error(self) -> Misconfigured:
        """Return the finding as what stops a run."""
        return Misconfigured(
            self.code, f"{self.where}: {self.message}", field=self.row, value=self.value, fix=self.fix
        )


@dataclass(frozen=True, slots=True)
class Ends:
    """What a flow runs between: the pair's two columns with their entities, its options, and what it may name.

    `describe` describes another entity of a side; `flows` are the pair's flows, `lookups` the project's tables.
    `shared` names, by side, the other pairs that run this flow on the same system; `company` is the pair's own.
    """

    sides: tuple[str, str]
    entities: Mapping[str, EntityDescription]
    options: Mapping[str, Any]
    lookups: Mapping[str, Lookup]
    flows: frozenset[str]
    describe: Callable[[str, str], EntityDescription]
    shared: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    company: str = ""


@dataclass(frozen=True, slots=True)
class NamedRow:
    """A row under its canonical name, with its path in the file."""

    name: str
    path: tuple[str, ...]
    row: FieldFile
    group: str = ""

    def wires(self, side: str) -> tuple[str, ...]:
        """Name the row's wire fields on a side."""
        held = getattr(self.row, side)
        return () if held is None else (held,) if isinstance(held, str) else tuple(held)


def rows_of(file: FlowFile) -> Iterator[NamedRow]:
    """Give every row of a file, those in groups under the group's name; a group's owner goes for its rows."""
    for name, entry in file.fields.items():
        if entry.fields is None:
            yield NamedRow(name, ("fields", name), entry)
            continue
        for inner, row in entry.fields.items():
            owned = row.model_copy(
                update={
                    "owner": entry.owner or row.owner,
                    "may_clear": entry.may_clear if row.may_clear is None else row.may_clear,
                }
            )
            yield NamedRow(f"{name}.{inner}", ("fields", name, "fields", inner), owned, name)


def effective(loaded: LoadedFlow, ends: Ends) -> tuple[LoadedFlow, list[FlowFinding]]:
    """Leave out the rows that cannot take part here, and say so for those whose field is not served."""
    findings: list[FlowFinding] = []
    gone: set[tuple[str, ...]] = set()
    for named in rows_of(loaded.file):
        if not holds(named.row.option, ends.options):
            gone.add(named.path)
        elif (hidden := _hidden(named, ends)) is not None:
            gone.add(named.path)
            findings.append(_not_served(loaded, named, *hidden))
    return replace(loaded, file=_by_itself(_without(loaded.file, gone), ends)), findings


def _by_itself(file: FlowFile, ends: Ends) -> FlowFile:
    """Take away what a person would be told of a side whose system takes new records."""
    sides = {
        name: side.model_copy(update={"by_hand": ""})
        if name in ends.entities and ends.entities[name].creates
        else side
        for name, side in file.sides.items()
    }
    return file.model_copy(update={"sides": sides})


def with_options(file: FlowFile, options: Mapping[str, Any]) -> FlowFile:
    """Leave out the rows whose option is off."""
    return _without(file, {named.path for named in rows_of(file) if not holds(named.row.option, options)})


def _hidden(named: NamedRow, ends: Ends) -> tuple[str, FieldDescription] | None:
    for side in ends.sides:
        for wire in named.wires(side):
            described = ends.entities[side].fields.get(wire)
            if described is not None and not described.readable:
                return side, described
    return None


def _not_served(loaded: LoadedFlow, named: NamedRow, side: str, described: FieldDescription) -> FlowFinding:
    needed = named.row.required or any(named.name in (rule.same or ()) for rule in loaded.file.match)
    return FlowFinding(
        loaded.name,
        Level.ERROR if needed else Level.NOTE,
        "not-served",
        str(loaded.where(*named.path)),
        named.name,
        f"{named.name} is not served: {side} can not read {described.name} here"
        + ("" if needed else "; the row is left out of every run")
        + ".",
        described.name,
    )


def _without(file: FlowFile, gone: set[tuple[str, ...]]) -> FlowFile:
    fields: dict[str, FieldFile] = {}
    for name, entry in file.fields.items():
        if ("fields", name) in gone:
            continue
        if entry.fields is not None:
            inner = {
                key: row for key, row in entry.fields.items() if ("fields", name, "fields", key) not in gone
            }
            if not inner:
                continue
            fields[name] = entry.model_copy(update={"fields": inner})
        else:
            fields[name] = entry
    names = {".".join(part for part in path if part != "fields") for path in gone}
    rollups = {name: each for name, each in file.rollups.items() if not names & _rows_of_rollup(each)}
    return file.model_copy(update={"fields": fields, "rollups": rollups})


def _rows_of_rollup(rollup: RollupFile) -> set[str]:
    """Name the rows that a roll-up cannot do without."""
    bound = [rollup.unlimited.row] if rollup.unlimited is not None else []
    return {rollup.sum, rollup.currency, rollup.through, *bound}
