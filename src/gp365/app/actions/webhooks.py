"""Webhooks of Dataverse: registered for what the flows read, listed, taken away; all under the provisioning user.

Nothing of ours is written, so that no lock of the folder is needed: a secret can be exchanged while the service runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from gp365.app.actions.provision import privileged
from gp365.app.assembly import Assembly
from gp365.app.settings import DataverseSystem
from gp365.app.settings_doors import DoorSettings, checked_url
from gp365.model.errors import Misconfigured
from gp365.sync.job import fields_of

if TYPE_CHECKING:
    from gp365.connectors.dataverse.api import WebApi
    from gp365.connectors.dataverse.hooks import Endpoint, HookLine
    from gp365.connectors.dataverse.hooks_watched import Watched

REFUSED = 3


@dataclass(frozen=True, slots=True)
class WebhookStep:
    """The endpoint (message and table "") or one step, and how it stands.

    `state`: present, made, changed, removed, surplus, missing, differs, disabled, foreign, kept, absent, not-offered,
    refused. `columns`: on which an Update is told. `failure`: the last job that failed, in Dataverse's words, and when.
    """

    name: str
    message: str
    table: str
    state: str
    detail: str = ""
    columns: tuple[str, ...] = ()
    failure: str = ""
    failed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WebhookDoor:
    """A door with the steps that lead to it; `url` is what Dataverse has, "" where it has none."""

    door: str
    system: str
    url: str
    steps: tuple[WebhookStep, ...]


@dataclass(frozen=True, slots=True)
class Webhooks:
    """What was registered, found or removed, door by door."""

    doors: tuple[WebhookDoor, ...]

    @property
    def exit_code(self) -> int:
        """Return 3 where Dataverse refused a step."""
        return REFUSED if any(step.state == "refused" for door in self.doors for step in door.steps) else 0


def webhooks_register(assembly: Assembly, pair: str = "", door: str = "", url: str = "") -> Webhooks:
    """Register the endpoint and steps of every door of kind dataverse, or of those of a pair, or of one.

    `url` overrides the address that the settings give; it needs one door. Raise Misconfigured without an address, without a
    provisioning credential, or for a secret that is missing or weak.
    """
    from gp365.connectors.dataverse import hooks

    chosen = _doors(assembly, pair, door)
    if url and len(chosen) != 1:
        raise Misconfigured(
            "usage", "An address is of one door; say which.", field="url", fix="Add --door NAME."
        )
    endpoints = {name: _endpoint(assembly, name, given, url) for name, given in chosen.items()}

    def act(api: WebApi, name: str, tables: Sequence[Watched]) -> tuple[HookLine, ...]:
        return hooks.register(api, endpoints[name], tables)

    return _each(assembly, chosen, act)


def webhooks_list(assembly: Assembly, pair: str = "", door: str = "") -> Webhooks:
    """Say how every step that should be there stands, with its last failure."""
    from gp365.connectors.dataverse import hooks

    return _each(assembly, _doors(assembly, pair, door), hooks.standing)


def webhooks_remove(assembly: Assembly, pair: str = "", door: str = "") -> Webhooks:
    """Take away what is ours."""
    from gp365.connectors.dataverse import hooks

    return _each(
        assembly, _doors(assembly, pair, door), lambda api, name, _: hooks.remove(api, name), watch=False
    )


def watched_tables(assembly: Assembly, system: str) -> tuple[Watched, ...]:
    """Name the tables of an organisation that flows of any pair read, with their columns."""
    from gp365.connectors.dataverse.hooks_watched import joined, watched

    found: list[Watched] = []
    for pair, given in assembly.pairs.items():
        side = next((name for name, known in given.sides.items() if known == system), None)
        for flow in assembly.flows(pair) if side is not None else ():
            assert side is not None
            if flow.compiled is None:
                raise flow.errors[0].error()
            entity = flow.entities[side]
            fields = fields_of(flow.compiled.flow, side, entity)
            found += watched(entity.name, fields, entity.fields, entity.key)
    return joined(found)


def tables_of(assembly: Assembly, system: str) -> frozenset[str]:
    """Name the tables of a system that flows of any pair read, those that are joined onto others too."""
    found: set[str] = set()
    for pair, given in assembly.pairs.items():
        for side in (name for name, known in given.sides.items() if known == system):
            found |= {flow.entities[side].name for flow in assembly.flows(pair)}
    if isinstance(assembly.project.settings.systems.get(system), DataverseSystem):
        found |= {one.table for one in watched_tables(assembly, system)}
    return frozenset(found)


# doors


def _doors(assembly: Assembly, pair: str, door: str) -> dict[str, DoorSettings]:
    """Choose the doors of kind dataverse that are meant; Misconfigured where there is none."""
    doors = assembly.project.settings.doors
    systems = set(assembly.pair(pair).sides.values()) if pair else None
    chosen = {
        name: given
        for name, given in doors.items()
        if given.kind == "dataverse"
        and (not door or name == door)
        and (systems is None or given.system in systems)
    }
    if not chosen:
        known = ", ".join(name for name, given in doors.items() if given.kind == "dataverse")
        raise Misconfigured(
            "usage",
            f"There is no door {door} for Dataverse." if door else "The settings have no door for Dataverse.",
            field="doors",
            value=door,
            fix=f"The doors are {known}."
            if known
            else "Add [doors.NAME] to gp365.toml; see docs/webhooks.md.",
        )
    return chosen


def _endpoint(assembly: Assembly, name: str, given: DoorSettings, url: str) -> Endpoint:
    from gp365.connectors.dataverse.hooks import Endpoint

    secret = assembly.project.secret(given.secret, f"doors.{name}.secret")
    return Endpoint(name, _address(name, url or given.url), given.form, given.field, secret)


def _address(door: str, url: str) -> str:
    try:
        if not url:
            raise ValueError("is missing")
        return checked_url(url)
    except ValueError as why:
        raise Misconfigured(
            "usage",
            f"The address of the door {door} {why}.",
            field="url",
            fix=f"Set doors.{door}.url, or give --url https://HOST/hooks/{door}.",
        ) from None


def _each(
    assembly: Assembly,
    chosen: dict[str, DoorSettings],
    act: Callable[[WebApi, str, Sequence[Watched]], tuple[HookLine, ...]],
    *,
    watch: bool = True,
) -> Webhooks:
    found: list[WebhookDoor] = []
    for name, given in chosen.items():
        tables = watched_tables(assembly, given.system) if watch else ()
        with privileged(assembly, given.system) as api:
            lines = act(api, name, tables)
        url = next((line.url for line in lines if line.url), "")
        found.append(WebhookDoor(name, given.system, url, tuple(map(_step, lines))))
    return Webhooks(tuple(found))


def _step(line: HookLine) -> WebhookStep:
    failed = line.failure
    return WebhookStep(
        line.name,
        line.message,
        line.table,
        line.state,
        line.detail,
        line.columns,
        failed.words if failed else "",
        failed.at if failed else None,
    )
