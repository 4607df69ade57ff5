"""Reading `tables/*.json`: what of ours is made in Dataverse, where a pair runs one of the flows that need it.

A file is named after its table, `<table>.json` or `<table>.<subject>.json`. What a file must say, and what the platform
refuses, is checked here: a wrong file is named with the place that is wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, cast

import orjson

from gp365.connectors.dataverse.own import (
    Blueprint,
    OwnColumn,
    OwnGrid,
    OwnKey,
    OwnLookup,
    OwnPlace,
    OwnQuickView,
    OwnTable,
    OwnView,
    Parts,
)
from gp365.connectors.dataverse.settings import CARD, OWN_PREFIX

Json = Mapping[str, Any]
TEXTS = frozenset({"String", "Memo"})
TYPES = TEXTS | {"Money", "Decimal", "Integer", "DateTime", "Boolean", "Picklist"}
_MOST_DECIMALS = {"Money": 4, "Decimal": 10}
_KEY_TYPES = frozenset({"String", "Integer", "Decimal", "DateTime", "Picklist"})
_KEY_COLUMNS, _KEY_BYTES = 16, 900
_FILE = frozenset(
    {
        "table",
        "schema",
        "set",
        "label",
        "labels",
        "about",
        "ownership",
        "flows",
        "role",
        "name",
        "notes",
        "people",
    }
    | {"columns", "lookups", "keys", "views", "quick_views", "tracked"}
)
_COLUMN = frozenset(
    {"column", "schema", "label", "type", "length", "options", "about", "precision", "minimum", "maximum"}
)
_LOOKUP = frozenset({"column", "schema", "to", "relationship", "label", "parental"})


def wanted(flows: Collection[str]) -> Blueprint:
    """Return what a site needs that runs these flows: what all need first, the customer card before all other tables."""
    return Blueprint(tuple(one for one in everything().files if not one.flows or one.flows & set(flows)))


@cache
def everything() -> Blueprint:
    """Return all that gp365 may make."""
    found = files("gp365.connectors.dataverse").joinpath("tables").iterdir()
    sources = {one.name: one.read_bytes() for one in found if one.name.endswith(".json")}
    return blueprint({name: cast("Json", orjson.loads(text)) for name, text in sources.items()})


def blueprint(documents: Mapping[str, Json]) -> Blueprint:
    """Read files by name and check them together; ValueError names the file and what is wrong in it."""
    parts = [parts_of(name, documents[name]) for name in sorted(documents)]
    parts.sort(key=lambda one: (bool(one.flows), one.table != CARD))
    found = Blueprint(tuple(parts))
    _check_together(found)
    return found


def parts_of(source: str, document: Json) -> Parts:
    """Read one file."""
    at = _At(source)
    at.only(document, _FILE)
    table = at.text(document, "table")
    if source.split(".")[0] != table:
        raise at.wrong(f"a file about {table} is called {table}.json or {table}.<subject>.json")
    made = _table(at, table, document) if "schema" in document else None
    columns = tuple(_column(at.below("columns", one), table, one) for one in at.items(document, "columns"))
    lookups = tuple(_lookup(at.below("lookups", one), table, one) for one in at.items(document, "lookups"))
    return Parts(
        source,
        table,
        made,
        frozenset(document.get("flows", ())),
        columns,
        lookups,
        tuple(_key(at.below("keys", one, "name"), table, one) for one in at.items(document, "keys")),
        tuple(_view(at.below("views", one, "name"), table, one) for one in at.items(document, "views")),
        tuple(
            _quick_view(at.below("quick_views", one, "name"), table, one)
            for one in at.items(document, "quick_views")
        ),
        bool(document.get("tracked", False)),
    )


class _At:
    """Where in which file we are."""

    def __init__(self, source: str, place: str = "") -> None:
        self._source, self._place = source, place

    def below(self, member: str, one: Json, name: str = "column") -> _At:
        return _At(self._source, f"{member}, {one.get(name) or 'without a name'}: ")

    def wrong(self, text: str) -> ValueError:
        return ValueError(f"tables/{self._source}: {self._place}{text}")

    def only(self, given: Json, known: Collection[str]) -> None:
        if strange := sorted(set(given) - set(known)):
            raise self.wrong(f"unknown: {', '.join(strange)}")

    def text(self, given: Json, name: str) -> str:
        value = given.get(name)
        if not isinstance(value, str) or not value:
            raise self.wrong(f"{name} is missing")
        return value

    def items(self, given: Json, name: str) -> Sequence[Json]:
        return cast("Sequence[Json]", given.get(name, ()))

    def own_name(self, given: Json, name: str) -> str:
        text = self.text(given, name)
        if not text.startswith(OWN_PREFIX) or text != text.lower():
            raise self.wrong(f"{name} {text} does not begin with {OWN_PREFIX}, or has capitals")
        return text

    def schema(self, given: Json, name: str) -> str:
        spelled = str(given.get("schema") or f"{OWN_PREFIX}{name.removeprefix(OWN_PREFIX).title()}")
        if spelled.lower() != name:
            raise self.wrong(f"schema {spelled} is not {name} but for its capitals")
        return spelled


def _table(at: _At, name: str, given: Json) -> OwnTable:
    at.own_name(given, "table")
    ownership = given.get("ownership")
    if ownership not in ("user", "organisation"):
        raise at.wrong("ownership is user or organisation")
    named = cast("Json", given.get("name") or {})
    column = _column(
        at.below("name", named), name, {"type": "String", "label": "Name", "length": 100, **named}
    )
    texts = {part: at.text(given, part) for part in ("set", "label", "labels", "about")}
    return OwnTable(
        name,
        at.schema(given, name),
        texts["set"],
        texts["label"],
        texts["labels"],
        texts["about"],
        "user" if ownership == "user" else "organisation",
        column,
        bool(given.get("notes", False)),
        str(given.get("role", "")),
        bool(given.get("people", False)),
    )


def _column(at: _At, table: str, given: Json) -> OwnColumn:
    at.only(given, _COLUMN)
    name, kind = at.own_name(given, "column"), at.text(given, "type")
    if kind not in TYPES:
        raise at.wrong(f"type {kind} is none of {', '.join(sorted(TYPES))}")
    length, options = given.get("length"), cast("Json", given.get("options") or {})
    if (kind in TEXTS) != isinstance(length, int):
        raise at.wrong(f"a column of type {kind} has {'a' if kind in TEXTS else 'no'} length")
    if (kind == "Picklist") != bool(options):
        raise at.wrong(f"a column of type {kind} has {'' if kind == 'Picklist' else 'no '}options")
    precision = given.get("precision")
    if precision is not None and not 0 <= int(precision) <= _MOST_DECIMALS.get(kind, -1):
        raise at.wrong(f"a column of type {kind} does not keep {precision} decimals")
    return OwnColumn(
        table,
        name,
        at.schema(given, name),
        at.text(given, "label"),
        kind,
        length,
        tuple((int(value), str(text)) for value, text in options.items()),
        str(given.get("about", "")),
        precision,
        given.get("minimum"),
        given.get("maximum"),
    )


def _lookup(at: _At, table: str, given: Json) -> OwnLookup:
    at.only(given, _LOOKUP)
    name = at.own_name(given, "column")
    return OwnLookup(
        at.text(given, "relationship"),
        table,
        at.text(given, "to"),
        at.schema(given, name),
        at.text(given, "label"),
        bool(given.get("parental", False)),
    )


def _key(at: _At, table: str, given: Json) -> OwnKey:
    at.only(given, {"name", "label", "columns"})
    return OwnKey(table, at.own_name(given, "name"), at.text(given, "label"), tuple(given["columns"]))


def _view(at: _At, table: str, given: Json) -> OwnView:
    at.only(given, {"name", "columns", "order", "where"})
    return OwnView(
        table,
        at.text(given, "name"),
        tuple(given["columns"]),
        tuple(given.get("order", ())),
        dict(given.get("where", {})),
    )


def _quick_view(at: _At, table: str, given: Json) -> OwnQuickView:
    at.only(given, {"name", "about", "columns", "grids", "places"})
    for grid in at.items(given, "grids"):
        at.only(grid, {"label", "table", "relationship", "view", "rows"})
    for place in at.items(given, "places"):
        at.only(place, {"table", "lookup"})
    return OwnQuickView(
        table,
        at.text(given, "name"),
        at.text(given, "about"),
        tuple(given["columns"]),
        tuple(
            OwnGrid(
                at.text(grid, "label"),
                at.text(grid, "table"),
                at.text(grid, "relationship"),
                at.text(grid, "view"),
                int(grid.get("rows", 4)),
            )
            for grid in at.items(given, "grids")
        ),
        tuple(
            OwnPlace(at.text(place, "table"), str(place.get("lookup", "")))
            for place in at.items(given, "places")
        ),
    )


# together


def _check_together(found: Blueprint) -> None:
    for what, names in (
        ("table", [table.name for table in found.tables]),
        ("column", [f"{one.table}.{one.name}" for one in (*found.columns, *_names(found))]),
        ("relationship", [one.relationship for one in found.lookups]),
        ("key", [f"{one.table}.{one.name}" for one in found.keys]),
        ("view", [f"{one.table}: {one.name}" for one in found.views]),
    ):
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"tables: the {what} {', '.join(sorted(twice))} is there twice")
    own = {table.name for table in found.tables}
    for one in found.files:
        at = _At(one.source)
        if one.table.startswith(OWN_PREFIX) and one.table not in own:
            raise at.wrong(f"no file makes the table {one.table}")
        if strange := {lookup.referenced for lookup in one.lookups} - own:
            for name in sorted(strange):
                if name.startswith(OWN_PREFIX):
                    raise at.wrong(f"no file makes the table {name}")
        for key in one.keys:
            _check_key(at, found, key)
        for view in one.views:
            _check_view(at, found, view)
        for quick in one.quick_views:
            _check_quick_view(at, found, quick)
    _check_parents(found)


def _names(found: Blueprint) -> Iterator[OwnColumn]:
    return (table.name_column for table in found.tables)


def _check_parents(found: Blueprint) -> None:
    # An entity can have only one parental relationship (configure relationship behavior page).
    parents = [lookup.referencing for lookup in found.lookups if lookup.parental]
    if twice := {name for name in parents if parents.count(name) > 1}:
        raise ValueError(f"tables: {', '.join(sorted(twice))} has two parental lookups; one is allowed")
    for lookup in found.lookups:
        table = found.table(lookup.referencing)
        if lookup.parental and table is not None and table.ownership != "user":
            raise ValueError(f"tables: {table.name} is owned by the organisation: no lookup hands owners on")


def _types(found: Blueprint, table: str) -> dict[str, OwnColumn | OwnLookup]:
    of = found.of(table)
    columns = (*of.columns, *_names(of))
    return {one.name: one for one in columns} | {one.name: one for one in of.lookups}


def _check_key(at: _At, found: Blueprint, key: OwnKey) -> None:
    # Define alternate keys page: at most 16 columns and 900 bytes, of a few types. Lookups could be part of one as well;
    # ours are not, so that tables go away in any order.
    types = _types(found, key.table)
    size = 0
    for name in key.columns:
        column = types.get(name)
        kind = column.type if isinstance(column, OwnColumn) else "Lookup"
        if column is None or kind not in _KEY_TYPES:
            raise at.wrong(f"key {key.name}: {name} cannot be part of it")
        size += 2 * (column.length or 0) if isinstance(column, OwnColumn) and kind == "String" else 16
    if not 0 < len(key.columns) <= _KEY_COLUMNS or size > _KEY_BYTES:
        raise at.wrong(f"key {key.name}: it has {len(key.columns)} columns and {size} bytes")


def _check_view(at: _At, found: Blueprint, view: OwnView) -> None:
    known = _types(found, view.table)
    named = (*view.columns, *(name.removeprefix("-") for name in view.order), *view.where)
    strange = [name for name in named if name.startswith(OWN_PREFIX) and name not in known]
    if strange or not view.columns:
        raise at.wrong(f"view {view.name}: {', '.join(strange) or 'without columns'}")


def _check_quick_view(at: _At, found: Blueprint, quick: OwnQuickView) -> None:
    known = _types(found, quick.table)
    strange = [name for name in quick.columns if name.startswith(OWN_PREFIX) and name not in known]
    views = {(view.table, view.name) for view in found.views}
    relations = {(one.relationship, one.referencing, one.referenced) for one in found.lookups}
    for grid in quick.grids:
        if (grid.table, grid.view) not in views:
            strange.append(f"the view {grid.view} of {grid.table}")
        if (grid.relationship, grid.table, quick.table) not in relations:
            strange.append(grid.relationship)
    if strange:
        raise at.wrong(f"quick view {quick.name}: unknown {', '.join(strange)}")
