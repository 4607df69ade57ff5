"""Whether the service is ready: the store opens, no pair is stopped, every system answers; and what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gp365.app.service.standing import Standing


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is not ready: store, pair, flow or system, its name, and a code."""

    what: str
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """The answer of `/health/ready`."""

    ready: bool
    missing: tuple[Missing, ...]


def readiness(standing: Standing | None) -> Readiness:
    """Say whether everything is ready; None stands for a store that does not open."""
    missing = (
        tuple(dict.fromkeys(_missing(standing))) if standing else (Missing("store", "", "store-failed"),)
    )
    return Readiness(not missing, missing)


def _missing(standing: Standing) -> Iterator[Missing]:
    for system in standing.systems:
        code = system.fault.code if system.fault else ""
        if system.unauthorised or system.circuit == "open":
            yield Missing("system", system.name, code or "system-down")
    for flow in standing.flows:
        for guard in flow.guards:
            if guard.whole_pair:
                yield Missing("pair", flow.pair, guard.code)
        if flow.stopped is not None:
            yield Missing("flow", f"{flow.pair} {flow.flow}", flow.stopped.code)
