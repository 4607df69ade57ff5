"""How the registered webhooks stand, for the watch of the service: a step that is gone or disabled tells us nothing."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from gp365.app.actions.provision import privileged
from gp365.app.actions.webhooks import watched_tables
from gp365.app.assembly import Assembly
from gp365.app.connecting import dataverse_settings
from gp365.app.service.standing import HookStanding, HookState
from gp365.app.settings import DataverseSystem
from gp365.model.errors import Gp365Error

if TYPE_CHECKING:
    from gp365.connectors.dataverse.api import WebApi
    from gp365.connectors.dataverse.hooks import HookLine

_STATES: dict[str, HookState] = {"disabled": "disabled", "missing": "missing", "differs": "differs"}
_PASSED_BY = frozenset({"foreign", "surplus", "not-offered"})


def registered_hooks(assembly: Assembly, since: datetime | None = None) -> tuple[HookStanding, ...]:
    """Ask how the endpoint and steps of every door for Dataverse stand: about six requests a door.

    A step whose jobs have failed since a moment (a wrong or expired secret, a door that cannot be reached) is failing.

    Asked under the provisioning user where the settings have one, else under the run-time user. A door that cannot be asked
    about is one standing, unknown, with the reason: an expired secret, a missing right, no connection.
    """
    found: list[HookStanding] = []
    for name, given in assembly.project.settings.doors.items():
        if given.kind == "dataverse":
            try:
                found += _door(assembly, name, given.system, since)
            except Gp365Error as error:
                found.append(HookStanding(given.system, name, "unknown", error.message))
    return tuple(found)


def _door(assembly: Assembly, name: str, system: str, since: datetime | None) -> Iterable[HookStanding]:
    from gp365.connectors.dataverse import hooks

    tables = watched_tables(assembly, system)
    with _asking(assembly, system) as api:
        lines = hooks.standing(api, name, tables, failures=False, since=since)
    if lines[0].state == "missing":
        return [HookStanding(system, lines[0].name, "missing", "The endpoint is not registered.")]
    return [_standing(system, line) for line in lines if line.state not in _PASSED_BY]


def _standing(system: str, line: HookLine) -> HookStanding:
    state = _STATES.get(line.state, "enabled")
    if state == "enabled" and line.failure is not None:
        return HookStanding(system, line.name, "failing", line.failure.words)
    return HookStanding(system, line.name, state, line.detail)


@contextmanager
def _asking(assembly: Assembly, system: str) -> Generator[WebApi]:
    from gp365.connectors.dataverse.api import connect

    project = assembly.project
    given = project.settings.systems[system]
    assert isinstance(given, DataverseSystem)
    if given.provision is not None:
        with privileged(assembly, system) as api:
            yield api
        return
    api = connect(dataverse_settings(project, system, given), log=project.log.call)
    try:
        yield api
    finally:
        api.close()
