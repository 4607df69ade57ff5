"""The signatures of the procedures, read from `data/procedures.json` (source named there)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from gp365_sim.gp.econnect.refused import NoSuch

_PREFIX = re.compile(r"^@(?:[IO]_[a-z]|o)")


@dataclass(frozen=True)
class Parameter:
    """A parameter: its name with @, its SQL type, its default, and whether it must be given or comes back.

    `required` means no default: SQL Server wants even an output without default to be named in the call.
    """

    name: str
    sql_type: str
    required: bool
    default: str | int | None
    output: bool

    @property
    def plain(self) -> str:
        """Give the name without its prefix (@I_v, @I_t, @I_c, @I_s, @O_v, @O_i, @o)."""
        return _PREFIX.sub("", self.name)


@cache
def signatures() -> Mapping[str, tuple[Parameter, ...]]:
    """Give the parameters of every procedure in their order, by the procedure's name as it is written."""
    return {name: tuple(map(_parameter, each["parameters"])) for name, each in _source().items()}


@cache
def with_exits() -> frozenset[str]:
    """Name the procedures that call an exit before and one after their work (names ending in Pre and Post)."""
    return frozenset(name for name, each in _source().items() if each["exits"])


def signature(name: str) -> tuple[str, tuple[Parameter, ...]]:
    """Find a procedure, without regard to case as the collation compares, and give its written name too."""
    written = _written().get(name.lower())
    if written is None:
        raise NoSuch(2812, f"Could not find stored procedure '{name}'.")
    return written, signatures()[written]


@cache
def _written() -> Mapping[str, str]:
    return {name.lower(): name for name in _source()}


@cache
def _source() -> Mapping[str, Any]:
    text = files(__package__ or "").joinpath("data", "procedures.json").read_text("utf-8")
    return json.loads(text)["procedures"]


def _parameter(spec: list[Any] | dict[str, list[str]]) -> Parameter:
    if isinstance(spec, dict):
        name, sql_type = spec["output"]
        return Parameter(name, sql_type, required=True, default=None, output=True)
    name, sql_type, *more = spec
    default = more[0] if more else None
    return Parameter(name, sql_type, required=not more, default=default, output="output" in more[1:])
