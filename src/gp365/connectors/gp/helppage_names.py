"""Which entity a resource of a help page is, and which of Microsoft's published resources it is, by `helppage.json`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, cast

import orjson

from gp365.connectors.gp.settings import RESOURCES, Resource


def entity_of(path: str, present: Mapping[str, Resource]) -> str:
    """Return the entity of a resource: by its path in a map, the present one first, else by a name; "" for none."""
    wanted = path.casefold()
    for table in (present, RESOURCES):
        for name, resource in table.items():
            if resource.path.casefold() == wanted:
                return name
    names: Mapping[str, list[str]] = _document()["names"]
    return next((name for name, held in names.items() if wanted in {each.casefold() for each in held}), "")


def elsewhere(path: str) -> str:
    """Return the entity that a resource is, which gp365 reads over other channels only; "" for none."""
    held: Mapping[str, str] = _document()["elsewhere"]
    return next((name for each, name in held.items() if each.casefold() == path.casefold()), "")


def published(path: str) -> bool:
    """Say whether Microsoft has published the resource's name."""
    known = {
        *_document()["published"],
        *_document()["elsewhere"],
        *(each.path for each in RESOURCES.values()),
    }
    return path.casefold() in {each.casefold() for each in known}


def series() -> tuple[str, ...]:
    """Name the series of GP that begin a resource's path."""
    return tuple(_document()["series"])


@cache
def _document() -> dict[str, Any]:
    source = files("gp365.connectors.gp").joinpath("helppage.json").read_bytes()
    return cast("dict[str, Any]", orjson.loads(source))
