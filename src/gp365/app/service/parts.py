"""The lasting working parts of the service: one set of connectors, and the flows of every pair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from gp365.app.assembly import Assembly
from gp365.app.left_out import flows_of
from gp365.app.project import Project
from gp365.app.settings import SECRETS, MemorySystem, SecretReference, Settings
from gp365.app.settings_file import FILE
from gp365.model.errors import Gp365Error
from gp365.sync.job import Job

DESCRIBE_EVERY_S = 900.0
"""How long a Dataverse organisation's tables count as known: reading them anew costs several requests a table."""
FOLD_S = 3600.0
"""Looks that find nothing share one row of the history for so long; what is parked is looked at again once in it."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A flow of a pair that reads a table of a system, on this side of it."""

    pair: str
    flow: str
    side: str


def impatient(settings: Settings, call_patience_s: float) -> Settings:
    """Bound how long one call is tried again: while one system is down, the others' pairs must not wait behind it."""
    systems = {
        name: system
        if isinstance(system, MemorySystem)
        else system.model_copy(update={"retry_seconds": min(system.retry_seconds, call_patience_s)})
        for name, system in settings.systems.items()
    }
    return settings.model_copy(update={"systems": systems})


def flow_names(project: Project) -> list[tuple[str, str]]:
    """Name the flows of every pair, with what they need, in the order in which they run. Nothing is sent."""
    return [(pair, flow.name) for pair in project.settings.pairs for flow in flows_of(project, pair)]


def readers(project: Project) -> Mapping[tuple[str, str], list[Reader]]:
    """Say which flows read a table: by system and the entity's name, in small letters. Nothing is sent."""
    found: dict[tuple[str, str], list[Reader]] = {}
    for pair, given in project.settings.pairs.items():
        for flow in flows_of(project, pair):
            for side, system in given.sides.items():
                if side in flow.file.sides:
                    table = (system, flow.file.sides[side].entity.lower())
                    found.setdefault(table, []).append(Reader(pair, flow.name, side))
    return found


def begin_round(assembly: Assembly, pair: str, *, describe: bool) -> None:
    """Let the systems of a pair forget what they read for the last round; with `describe` their tables too."""
    if describe:
        assembly.begin_run(pair)
        return
    settings = assembly.project.settings.systems
    for side, system in assembly.pair(pair).sides.items():
        if settings[system].kind != "dataverse":
            assembly.systems(pair)[side].begin_run()


def job_of(assembly: Assembly, pair: str, flow: str) -> Job:
    """Make the job of one flow alone."""
    return assembly.look(pair, assembly.flow(pair, flow), FOLD_S)


def mark_of(project: Project, system: str) -> str:
    """Hash what decides whether a system lets us in: the settings file and the system's secrets."""
    text = sha256()
    try:
        text.update((project.folder / FILE).read_bytes())
    except OSError:
        text.update(b"-")
    given: dict[str, Any] = project.settings.systems[system].model_dump(exclude_defaults=True)
    _add_secrets(project, system, given, text.update)
    return text.hexdigest()


def _add_secrets(project: Project, of: str, table: Mapping[str, Any], add: Any) -> None:
    for name, value in table.items():
        if not isinstance(value, dict):
            continue
        if name not in SECRETS:
            _add_secrets(project, of, value, add)  # pyright: ignore[reportUnknownArgumentType]
            continue
        reference = SecretReference.model_validate(value)
        try:
            add(project.secret(reference, f"{of}.{name}").reveal().encode())
        except Gp365Error as missing:
            add(missing.code.encode())
        add(b"\x00")
