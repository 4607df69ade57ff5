"""Answers whose action gives a bare list, as objects with a name: a JSON document can grow, a list cannot."""

from __future__ import annotations

from dataclasses import dataclass

from gp365.app.actions.flows import FlowChecked
from gp365.app.actions.secret import SecretLine


@dataclass(frozen=True, slots=True)
class SecretList:
    """The secrets that the settings name or the vault holds; never their values."""

    secrets: tuple[SecretLine, ...]


@dataclass(frozen=True, slots=True)
class FlowsChecked:
    """What the check found in every flow of every pair that was asked for."""

    flows: tuple[FlowChecked, ...]


@dataclass(frozen=True, slots=True)
class SimulatorsRunning:
    """Simulators that answer: their folder, process and addresses. `sim.json` in the folder holds the rest."""

    folder: str
    pid: int
    urls: dict[str, str]
