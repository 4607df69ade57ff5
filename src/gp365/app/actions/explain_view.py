"""A flow of a pair as `explain` sees it: its ends with their systems, before anything is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gp365.app.assembly import Assembly
from gp365.app.effective import with_options
from gp365.app.options import pair_options
from gp365.app.owners import owned
from gp365.app.project import Project
from gp365.model.contract import Connector
from gp365.model.errors import Misconfigured
from gp365.model.flow import Flow, compile_flow


@dataclass(frozen=True, slots=True)
class End:
    """One side of a flow, without asking its system anything yet."""

    side: str
    end: Literal["left", "right"]
    system: str
    entity: str
    connector: Connector
    wires: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class View:
    """A flow of a pair as far as it is known without any system."""

    project: Project
    pair: str
    flow: Flow
    ends: tuple[End, End]

    def at(self, side: str) -> End:
        """Return a side."""
        return next(end for end in self.ends if end.side == side)


def view_of(project: Project, assembly: Assembly, pair: str, flow: str) -> View:
    """Form a flow of a pair as the pair runs it."""
    given = project.settings.pairs[pair]
    systems = given.sides
    first, second = systems
    file = owned(project.flows.get(flow).file, given)
    chosen = project.flows.chosen(given.flows)
    options = pair_options(pair, given, file, project.settings.systems.get(systems.get("gp", "")), chosen)
    compiled = compile_flow(with_options(file, options), (first, second), options=options)
    ends: tuple[Literal["left"], Literal["right"]] = ("left", "right")
    left, right = (
        End(
            side.name,
            end,
            systems[side.name],
            side.entity,
            assembly.connector(systems[side.name]),
            compiled.wires_of(side.name),
        )
        for side, end in zip(compiled.sides, ends, strict=True)
    )
    return View(project, pair, compiled, (left, right))


def no_place(project: Project, views: Sequence[View], system: str, entity: str) -> Misconfigured:
    """Return what is wrong where no flow reads an entity of a system."""
    if system not in project.settings.systems:
        known = ", ".join(project.settings.systems)
        fix = f"The systems are {known}."
        return Misconfigured("system-unknown", f"There is no system {system}.", value=system, fix=fix)
    read = sorted({end.entity for view in views for end in view.ends if end.system == system})
    fix = f"The flows read {', '.join(read)} there."
    return Misconfigured("entity-unknown", f"No flow reads {entity} of {system}.", value=entity, fix=fix)
