"""The words of which generated firms are made, read from `data/words.json`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

City = Sequence[str]


@dataclass(frozen=True)
class Words:
    """Lists to draw from; a city is name, state, postal prefix and area code."""

    families: Sequence[str]
    lands: Sequence[str]
    trades: Sequence[str]
    forms: Sequence[str]
    other_forms: Mapping[str, Sequence[str]]
    streets: Sequence[str]
    cities: Sequence[City]
    canadian_cities: Sequence[City]
    people: Sequence[str]

    @property
    def names(self) -> int:
        """How many different firm names can be made."""
        return len(self.families) * len(self.lands) * len(self.trades)


@cache
def words() -> Words:
    """Read the words."""
    document = json.loads(files("gp365_sim.samples").joinpath("data", "words.json").read_text("utf-8"))
    return Words(**{name: value for name, value in document.items() if name != "_meta"})
