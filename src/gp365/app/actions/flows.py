"""Flows: which there are, what one says here, and the check against both systems."""

from __future__ import annotations

from dataclasses import dataclass

from gp365.app.assembly import Assembly
from gp365.app.effective import FlowFinding, NamedRow, rows_of
from gp365.app.left_out import left_out
from gp365.app.loader import LoadedFlow
from gp365.app.owners import overridden
from gp365.app.project import Project
from gp365.model.contract import Level


@dataclass(frozen=True, slots=True)
class FlowLine:
    """One flow: name, title, files it comes from, the pairs that run it, the flows that come along."""

    name: str
    title: str
    sources: tuple[str, ...]
    pairs: tuple[str, ...]
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FlowList:
    """All flows, and the groups of flows."""

    flows: tuple[FlowLine, ...]
    groups: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class FlowRow:
    """One row of a flow as it holds here: wire fields per side, who owns it, how it is converted, where it stands.

    `owners` gives, by pair, the owner that the settings name instead of the flow's.
    """

    name: str
    wires: dict[str, tuple[str, ...]]
    owner: str
    notes: tuple[str, ...]
    where: str
    owners: dict[str, str]


@dataclass(frozen=True, slots=True)
class FlowShown:
    """A flow with its sides, matching rules, options and rows."""

    name: str
    title: str
    sources: tuple[str, ...]
    sides: dict[str, dict[str, object]]
    first_contact: str
    match: tuple[dict[str, object], ...]
    options: dict[str, object]
    rows: tuple[FlowRow, ...]


@dataclass(frozen=True, slots=True)
class FlowChecked:
    """What the check found in one flow of one pair; `sound` is false where it cannot run."""

    pair: str
    flow: str
    sound: bool
    findings: tuple[FlowFinding, ...]


def flows_list(project: Project) -> FlowList:
    """List the flows; nothing is asked of any system."""
    running = {
        pair: {flow.name for flow in project.flows.chosen(given.flows)}
        for pair, given in project.settings.pairs.items()
    }
    lines = tuple(
        FlowLine(
            name,
            flow.file.title,
            flow.sources,
            tuple(pair for pair, names in running.items() if name in names),
            tuple(flow.file.needs),
        )
        for name, flow in project.flows.flows.items()
    )
    return FlowList(lines, dict(project.flows.groups))


def flows_show(project: Project, name: str) -> FlowShown:
    """Show a flow as it holds in this project; Misconfigured("flow-unknown")."""
    flow = project.flows.get(name)
    file = flow.file
    return FlowShown(
        file.flow,
        file.title,
        flow.sources,
        {side: given.model_dump(exclude_defaults=True) for side, given in file.sides.items()},
        file.first_contact,
        tuple(rule.model_dump(exclude_none=True) for rule in file.match),
        dict(file.options),
        tuple(_row(project, flow, named) for named in rows_of(flow.file)),
    )


def _row(project: Project, flow: LoadedFlow, named: NamedRow) -> FlowRow:
    owners = {
        pair: who
        for pair, given in project.settings.pairs.items()
        if (who := overridden(flow.file, given).get(_unit(flow, named)))
    }
    wires = {side: found for side in flow.file.sides if (found := named.wires(side))}
    return FlowRow(
        named.name,
        wires,
        named.row.owner or "ask",
        tuple(_notes(named)),
        str(flow.where(*named.path)),
        owners,
    )


def _unit(flow: LoadedFlow, named: NamedRow) -> str:
    """Name what the row's owner is named by: its group, where that decides as one value."""
    return named.group if named.group and flow.file.fields[named.group].group else named.name


def _notes(named: NamedRow) -> list[str]:
    row = named.row
    told = [
        f"{word} {value}"
        for word in ("convert", "lookup", "ref", "on_create", "option", "long")
        if (value := getattr(row, word))
    ]
    told += [word for word in ("create_only", "read_only", "required", "along") if getattr(row, word)]
    return told + ([f"constant {row.constant}"] if row.constant is not None else [])


def flows_check(assembly: Assembly, *, pair: str = "", only: str = "") -> tuple[FlowChecked, ...]:
    """Check the flows of one pair or of all against both systems; every finding with file and line."""
    checked: list[FlowChecked] = []
    for name in [pair] if pair else list(assembly.pairs):
        for flow, why in left_out(assembly.project, name).items():
            if only in ("", flow):
                where = str(assembly.project.flows.get(flow).where("sides"))
                found = FlowFinding(flow, Level.NOTE, "not-served", where, "", why)
                checked.append(FlowChecked(name, flow, sound=True, findings=(found,)))
        for flow in assembly.flows(name):
            if only and flow.name != only:
                continue
            sound = not any(found.level is Level.ERROR for found in flow.findings)
            checked.append(FlowChecked(name, flow.name, sound, flow.findings))
    if only and not checked:
        assembly.project.flows.get(only)
    return tuple(checked)
