"""Where an entity and its fields stand in the Web Services, read from the same data files as everything else about them.

A list gives summaries (column `soap_list`); an operation by key gives the whole object (column `soap`). Where an entity
has no such operation its list gives all that there is. A path is the names of elements; before it may stand how the
value is meant: `!` (the opposite of a flag), `iso:` (a currency by its ISO code), `phone:` (a number and its extension),
`limit:` (a credit limit's choice), `percent:` (hundredths), `choice:` (percentage or amount), `special:` (a word or an
amount). `soap_account` is a general ledger account, which the service knows by its number and not by its index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, cast

import orjson

from gp365.connectors.gp.sums import Adds, parts_of
from gp365.connectors.gp.tables import NAMES, GpEntity, entity_named

NOT, ISO, PHONE, LIMIT = "!", "iso:", "phone:", "limit:"
PERCENT, CHOICE, SPECIAL = "percent:", "choice:", "special:"
WHOLE = (CHOICE, SPECIAL)
"""Values of several fields, which a message can set and not take away (a part that is nil stays as it was)."""
_HOWS = (NOT, ISO, PHONE, LIMIT, PERCENT, CHOICE, SPECIAL)
ORGANISATION = "company"
"""The entity that is read without a company."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field stands: a path, how the value is meant, codes of an enumeration, flags that give another code."""

    path: tuple[str, ...]
    how: str = ""
    codes: Mapping[str, int] | None = None
    when: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """How an entity is asked for.

    `listing` and `detail` are operations; `window` and `since` are restrictions of the list's criteria; `by_day`: the
    stamp behind `since` is a day. `key` is what the operation by key takes: paths of the key, and our fields. `found_by`
    are restrictions that compare a field. `summary` and `whole` say where fields stand in the list's items and in the
    object. `rows` leads to the records inside an object, which then is not one itself. `addresses` is the entity of the
    addresses that an object holds. `signed` and `less` are worked out of other fields, as over SQL: an amount by its
    type, a difference; so are `adds`, sums. `accounts` are members that hold an account's number, by our field for its
    index. `all_of` is an entity with the same key whose records all have one here, empty where the list lacks it.
    """

    entity: GpEntity
    listing: str
    window: str
    since: str
    by_day: bool
    scope: str
    detail: str
    key: Mapping[str, str]
    keyed: tuple[str, ...]
    found_by: Mapping[str, str]
    summary: Mapping[str, Place]
    whole: Mapping[str, Place]
    rows: tuple[str, ...]
    sets: Mapping[str, str]
    addresses: str
    signed: Mapping[str, tuple[str, str, frozenset[int]]]
    less: Mapping[str, tuple[str, str]]
    accounts: Mapping[str, str]
    adds: Mapping[str, Adds]
    all_of: str

    @property
    def items(self) -> Mapping[str, Place]:
        """Return where fields stand in an item of the list."""
        return self.summary if self.summary else self.whole

    @property
    def served(self) -> frozenset[str]:
        """Return the fields that come at all, those of the main address included."""
        own = {*self.whole, *self.summary}
        rest = {**{n: parts[:2] for n, parts in self.signed.items()}, **self.less}
        rest |= {n: tuple(part for part, _ in parts) for n, parts in self.adds.items()}
        worked_out = {name for name, parts in rest.items() if own.issuperset(parts)}
        return frozenset(own | worked_out | set(self.main_fields) | set(self.entity.always))

    @property
    def main_fields(self) -> tuple[str, ...]:
        """Return the fields that are columns of the entity's table and here stand only in its main address."""
        if not self.addresses:
            return ()
        inner = shape_of(self.addresses).whole
        own = {*self.whole, *self.summary, *self.entity.key, *_KEPT}
        return tuple(name for name in self.entity.fields if name in inner and name not in own)

    def listed(self, fields: Sequence[str]) -> bool:
        """Say whether the list alone gives these fields."""
        if not self.detail:
            return True
        if self.rows:
            return False
        if not self.summary:
            return True
        free = {*self.summary, *self.entity.always}
        return all(name in free or name not in self.served for name in fields) and not any(
            "." in name for name in fields
        )


_KEPT = ("CreatedDate", "ModifiedDate", "UserDefined1", "UserDefined2")
"""Columns that an address has, too, with another meaning."""


@cache
def served() -> tuple[str, ...]:
    """Name the entities that the Web Services have."""
    return tuple(name for name in NAMES if "soap_source" in _spec(name))


@cache
def shape_of(name: str) -> Shape:
    """Read how an entity is asked for."""
    entity, spec = entity_named(name), _spec(name)
    source: dict[str, Any] = spec["soap_source"]
    fields: dict[str, dict[str, Any]] = spec["fields"]
    return Shape(
        entity,
        source["list"],
        source["window"],
        source.get("since", ""),
        bool(source.get("day", False)),
        source.get("scope", ""),
        source.get("detail", ""),
        source.get("key", {}),
        tuple(source.get("keyed", entity.key)),
        source.get("find", {}),
        {n: _place(each, "soap_list") for n, each in fields.items() if each.get("soap_list")},
        {n: _place(each, "soap") for n, each in fields.items() if each.get("soap")},
        tuple(source["rows"].split(".")) if "rows" in source else (),
        source.get("sets", {}),
        source.get("addresses", ""),
        {
            n: (each["signed"][0], each["signed"][1], frozenset(each["signed"][2]))
            for n, each in fields.items()
            if "signed" in each
        },
        {n: (each["less"][0], each["less"][1]) for n, each in fields.items() if "less" in each},
        {n: each["soap_account"] for n, each in fields.items() if "soap_account" in each},
        {n: parts_of(each["adds"]) for n, each in fields.items() if "adds" in each},
        source.get("all_of", ""),
    )


def _spec(name: str) -> dict[str, Any]:
    document = files("gp365.connectors.gp").joinpath("entities", f"{name}.json").read_bytes()
    return cast("dict[str, Any]", orjson.loads(document))


def _place(spec: Mapping[str, Any], column: str) -> Place:
    text = str(spec[column])
    how = next((mark for mark in _HOWS if text.startswith(mark)), "")
    path = tuple(text[len(how) :].split("."))
    return Place(path, how, spec.get("soap_options"), spec.get("soap_when"))
