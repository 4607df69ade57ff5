"""What a channel that is not set up would serve, and what an administrator enables for it; what add-ons touch.

The descriptions are those of the channels themselves, made with settings that name no server: nothing is connected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, cast

import orjson

from gp365.connectors.gp.channel import ORDER, Channel
from gp365.connectors.gp.rest.channel import RestChannel
from gp365.connectors.gp.settings import GpSettings
from gp365.connectors.gp.soap import SoapChannel, SoapSettings
from gp365.connectors.gp.sql import SqlChannel, SqlSettings
from gp365.model.contract import Finding, Scratch
from gp365.model.entity import EntityDescription

_NOWHERE = "gp.invalid"


@dataclass(frozen=True, slots=True)
class Offer:
    """A channel as it would be: its title, the entities that it would serve, and how it is enabled."""

    way: str
    title: str
    entities: Mapping[str, EntityDescription]

    def enable(self, system: str) -> str:
        """Say what an administrator does, so that the channel is there."""
        return str(_document()["channels"][self.way]["enable"]).format(system=system)

    def let_write(self, system: str, entity: str) -> str:
        """Say what an administrator does, so that the channel writes an entity."""
        return str(_document()["channels"][self.way]["write"]).format(system=system, entity=entity)

    def serves(self, entity: str, *, field: str = "", verb: str = "") -> bool:
        """Say whether the channel would read an entity, one of its fields, or do a verb."""
        described = self.entities.get(entity)
        if described is None:
            return False
        if verb:
            return described.creates if verb == "create" else described.updates
        return not field or (field in described.fields and described.fields[field].readable)


@dataclass(frozen=True, slots=True)
class AddOn:
    """An add-on: the entities that mean something else with it; `refuses`: flows of them must not run.

    `found` is true or false where a channel has looked, None where none can tell.
    """

    name: str
    touches: tuple[str, ...]
    refuses: bool
    means: str
    found: bool | None
    table: str = ""
    assumed: bool = False


@cache
def offers() -> Mapping[str, Offer]:
    """Return every channel as it would be, in the order of choosing."""
    return {way: Offer(way, title(way), _described(_channel(way))) for way in ORDER}


def title(way: str) -> str:
    """Return the name of a channel as people know it."""
    return str(_document()["channels"][way]["title"])


def add_ons(told: Mapping[str, Sequence[tuple[str, Finding]]]) -> tuple[AddOn, ...]:
    """Return all add-ons that gp365 knows of; `told` are the findings of each channel that is set up."""
    return tuple(_add_on(spec, told) for spec in _document()["add_ons"])


def _add_on(spec: Mapping[str, Any], told: Mapping[str, Sequence[tuple[str, Finding]]]) -> AddOn:
    looked = told.get(spec["seen"], ()) if spec["seen"] else ()
    finding = next((one for subject, one in looked if subject == spec["name"]), None)
    reached = any("tables" in one.facts for _, one in looked)
    found = True if finding is not None else False if reached else None
    facts: Mapping[str, object] = finding.facts if finding is not None else {}
    return AddOn(
        spec["name"],
        tuple(spec["touches"]),
        spec["refuses"],
        spec["means"],
        found,
        str(facts.get("table", "")),
        bool(facts.get("assumed", False)),
    )


def _described(channel: Channel) -> dict[str, EntityDescription]:
    return {name: channel.entity(name) for name in channel.entities()}


def _channel(way: str) -> Channel:
    scratch = cast("Scratch", None)  # used when something is asked, which here it never is
    if way == "sql":
        return SqlChannel(SqlSettings("gp", _NOWHERE, "TWO"))
    if way == "soap":
        return SoapChannel(
            SoapSettings("gp", f"http://{_NOWHERE}:48620/DynamicsGPWebServices", company="-"), scratch=scratch
        )
    return RestChannel(GpSettings("gp", f"https://{_NOWHERE}/GPService", "-", "", None), scratch=scratch)


@cache
def _document() -> dict[str, Any]:
    source = files("gp365.connectors.gp").joinpath("matrix.json").read_bytes()
    return cast("dict[str, Any]", orjson.loads(source))
