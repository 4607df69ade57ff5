"""Which pairs and flows a question about the store means; no system is asked."""

from __future__ import annotations

from gp365.app.project import Project
from gp365.model.errors import Misconfigured


def flows_of(project: Project, pair: str | None = None, flow: str | None = None) -> list[tuple[str, str]]:
    """Name (pair, flow) of one pair or all, one flow or all; Misconfigured pair-unknown or flow-unknown."""
    pairs = project.settings.pairs
    if pair is not None and pair not in pairs:
        known = ", ".join(pairs)
        raise Misconfigured(
            "pair-unknown", f"There is no pair {pair}.", value=pair, fix=f"The pairs are {known}."
        )
    found = [
        (name, one.name)
        for name, given in pairs.items()
        if pair in (None, name)
        for one in project.flows.chosen(given.flows)
    ]
    if flow is None:
        return found
    mine = [one for one in found if one[1] == flow]
    if not mine:
        known = ", ".join(dict.fromkeys(name for _, name in found))
        raise Misconfigured(
            "flow-unknown", f"There is no flow {flow}.", value=flow, fix=f"The flows are {known}."
        )
    return mine
