"""Countries: ISO 3166 alpha-2 is canonical, recognised by code, English name or a common alias; else the text itself.

The table `data/countries.csv` is our own list of facts: the codes of ISO 3166-1, English short names, and the
spellings that people use. GP holds free text; the sample company writes USA.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib import resources

from gp365.model import text as texts

_IN_GP = {"US": "USA"}
_UNLIKE = re.compile(r"[\W_]+")


def read(raw: str, column: str = "") -> str:
    """Return the alpha-2 code of the country, or the text itself where it is not recognised."""
    return _codes().get(_folded(raw)) or texts.clean(raw)


def write(canonical: str, column: str) -> str:
    """Return the country's name as the side writes it: the English short name, in GP USA for the United States."""
    name = _names().get(canonical)
    if name is None:
        return canonical
    return _IN_GP.get(canonical, name) if column == "gp" else name


def countries() -> Mapping[str, str]:
    """Return the English short name of every alpha-2 code."""
    return _names()


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return _UNLIKE.sub("", plain).removeprefix("the")


@cache
def _rows() -> tuple[dict[str, str], ...]:
    table = resources.files("gp365.model").joinpath("data/countries.csv").read_text("utf-8")
    return tuple(csv.DictReader(table.splitlines()))


@cache
def _names() -> Mapping[str, str]:
    return {row["alpha2"]: row["name"] for row in _rows()}


@cache
def _codes() -> Mapping[str, str]:
    codes: dict[str, str] = {}
    for column in ("alpha2", "alpha3", "name", "aliases"):
        for row in _rows():
            for spelling in row[column].split(";"):
                if spelling.strip():
                    codes.setdefault(_folded(spelling), row["alpha2"])
    return codes
