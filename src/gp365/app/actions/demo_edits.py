"""What people do in the demonstration, as the simulators' folder tells it (demo.json): edits, a conflict, a refusal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gp365.app.actions.control import ControlDoor

FILE = "demo.json"


@dataclass(frozen=True, slots=True)
class Edit:
    """One thing that a person did: in which system, to which record, and what for."""

    system: str
    record: str
    what: str


@dataclass(frozen=True, slots=True)
class Script:
    """The demonstration's script: the edits with what they do at the control doors, and how they must end."""

    edits: tuple[Mapping[str, Any], ...]
    stopped: frozenset[tuple[str, str, str]]
    explained: tuple[str, str, str, str]


def read_script(folder: Path) -> Script:
    """Read the script that the simulators laid beside their settings."""
    told: dict[str, Any] = json.loads((folder / FILE).read_text("utf-8"))
    stopped = {(kind, told[name]["field"], told[name]["record"]) for kind, name in _ENDS}
    system, entity, key, field = told["explained"]
    return Script(tuple(told["edits"]), frozenset(stopped), (system, entity, key, field))


_ENDS = (("parked", "conflict"), ("rejected", "refused"))


def edit_both_sides(door: ControlDoor, script: Script) -> list[Edit]:
    """Do all edits of the demonstration and say what was done."""
    for edit in script.edits:
        for verb, system, *what in edit["do"]:
            if verb == "tell":
                door.tell(system, what[0], what[1])
            elif verb == "put":
                door.put(system, what[0], what[1], what[2])
            else:
                door.delete(system, what[0], what[1])
    return [Edit(edit["system"], edit["record"], edit["what"]) for edit in script.edits]
