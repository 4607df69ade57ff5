"""Flows of gp365's own that a pair does not run, because its Dynamics GP is reached over channels that lack what they read.

Decided by the settings alone: nothing is asked. A site's own flow is never left out; the check says what it lacks.
"""

from __future__ import annotations

from collections.abc import Mapping

from gp365.app.loader import LoadedFlow
from gp365.app.project import Project
from gp365.app.settings_gp import GpSystem
from gp365.model.errors import Misconfigured


def flows_of(project: Project, pair: str) -> tuple[LoadedFlow, ...]:
    """Return the flows that a pair runs, with what they need, in their order; those left out are not among them."""
    chosen = project.flows.chosen(project.settings.pairs[pair].flows)
    out = left_out(project, pair)
    return tuple(flow for flow in chosen if flow.name not in out)


def left_out(project: Project, pair: str) -> Mapping[str, str]:
    """Say of each flow of a pair that is left out why, in a sentence; usually there is none."""
    given = project.settings.pairs[pair]
    found: dict[str, str] = {}
    for flow in project.flows.chosen(given.flows) if given.flows else ():
        for side, system in given.sides.items():
            if flow.shipped and side in flow.file.sides:
                why = _why(project, system, flow.name, flow.file.sides[side].entity)
                if why:
                    found[flow.name] = why
    return found


def refusal(project: Project, pair: str, flow: str) -> Misconfigured | None:
    """Return what is said to somebody who asks for a flow that is left out; None for any other."""
    why = left_out(project, pair).get(flow)
    if why is None:
        return None
    system = project.settings.pairs[pair].sides.get("gp", "")
    fix = f"Write a table [systems.{system}.sql] or [systems.{system}.soap], or take {flow} out of [pairs.{pair}]."
    return Misconfigured("not-served", f"Pair {pair}: {why}", system=system, value=flow, fix=fix)


def _why(project: Project, name: str, flow: str, entity: str) -> str:
    system = project.settings.systems.get(name)
    # Over SQL every entity is served; what the others serve is looked up only where it matters.
    if not isinstance(system, GpSystem) or system.sql is not None:
        return ""
    from gp365.connectors.gp.matrix_offers import offers

    ways = [way for way, there in (("rest", bool(system.url)), ("soap", system.soap is not None)) if there]
    known = any(offer.serves(entity) for offer in offers().values())
    served = entity in system.resources or any(offers()[way].serves(entity) for way in ways)
    if served or not known:
        return ""
    over = " and ".join(offers()[way].title for way in ways)
    return f"{flow} is left out, because {name} is reached over {over} alone, which serves no {entity}."
