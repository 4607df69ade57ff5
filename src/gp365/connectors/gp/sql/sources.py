"""Where the rows of an entity are in SQL Server, read from the same data files as its fields.

An entity is one table, or several in which a document stands one after another (Work, Open, History): its *parts*. A
part may be joined with tables that say more of the same row. *Watched* tables have stamps that tell of changes that the
entity's own rows do not tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, cast

import orjson

from gp365.connectors.gp.sql.ends import Ends, ends_of
from gp365.connectors.gp.sums import Adds, parts_of
from gp365.connectors.gp.tables import GpEntity, GpField, entity_named
from gp365.connectors.gp.worked import Rule, inputs, rules_of
from gp365.model.entity import FieldType
from gp365.model.errors import Misconfigured

STAMP = "DEX_ROW_TS"
"""Kept by the triggers zDT_<table>U in UTC, by statement (schema of GP's databases)."""
TICK_S = 1 / 300
"""SQL Server's datetime counts in ticks of 1/300 second (datetime, Transact-SQL reference)."""

Constant = str | int
Told = str | int | bool
_LONGEST = 8000


@dataclass(frozen=True, slots=True)
class Part:
    """One table of an entity: fields under other columns, fields that it lacks, fields that it sets, rows that belong.

    `horizon` are columns with days: rows none of whose days lies within the channel's horizon are left out of readings.
    """

    table: str
    stamped: bool
    columns: Mapping[str, str]
    lacks: frozenset[str]
    sets: Mapping[str, Told]
    where: Mapping[str, Constant]
    horizon: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Join:
    """A table that adds columns to a row: its column = the part's column, or a constant.

    `empty`: a row that is not there means empty values (zero, no date, no text); without it they are absent. `only`:
    rows of the entity's own table without a joined row do not belong to it; with several joined rows, each is one.
    """

    table: str
    on: Mapping[str, str]
    where: Mapping[str, Constant] = field(default_factory=dict[str, Constant])
    empty: bool = False
    only: bool = False


@dataclass(frozen=True, slots=True)
class Watch:
    """A table whose stamps tell of changes: the values of `columns` name the fields `by` of the records to read.

    `gone`: a newer stamp also tells of records that are no more; `by` is then how their keys begin.
    """

    table: str
    columns: tuple[str, ...]
    by: tuple[str, ...]
    where: Mapping[str, Constant]
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure over the rows of a table that belong to a record; exactly one of the first four says what it is.

    `sum` is a column. `least` is the earliest of columns with a day: of a row, the first that holds one. `days_since`
    counts from the day of another figure to today. `today`: today's day where there are rows at all. Only rows count
    that have one of the values (`among`) and whose day, found as for `least`, lies before today (`past`).
    """

    sum: str = ""
    least: tuple[str, ...] = ()
    days_since: str = ""
    today: bool = False
    among: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    past: tuple[str, ...] = ()
    days: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures as of today over a table: its column `by` is the record's field `of`, `filled` is not zero."""

    table: str
    by: str
    of: str
    where: Mapping[str, Constant]
    filled: str
    fields: Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class Running:
    """A sum over the rows up to a record's own: of a field, over the part of the key that counts them."""

    of: str
    over: str


@dataclass(frozen=True, slots=True)
class Behind:
    """How far a field lies below the least value of a table's column; 0 from there on."""

    of: str
    table: str
    column: str
    where: Mapping[str, Constant]


@dataclass(frozen=True, slots=True)
class Balanced:
    """A sum that is zero for each combination of fields, or something is wrong."""

    sum: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """Where an entity's rows are, and what tells of their changes.

    `compare`: some changes have no stamp at all, and only a comparison of all rows sees them. `signed` and `less` are
    fields that are worked out of others: an amount with the sign of its type, a difference; so are `adds`, sums.
    `figures` are worked out of another table, `ends` are documents between which a row lies, `worked` says what is worked
    out of a record after it was read. `varies` names fields whose columns a site may lack. `only` are fields that are
    empty unless another field has one of these values. `running` are sums up to a row, `behind` distances. `zero` names a
    join: where it has a row, a record that is not there counts as one with zeros. `balanced` is checked by doctor.

    `tells` are flags: true where the fields named there hold one of the values named there. `instead` names, for a field
    of a joined table, the field whose value stands for it where the joined row is not there. `once`: while GP moves a
    record it may stand in two parts; the part named first counts. `remains` is a flag: a record that is asked for by key
    and that stands in no part any more is given with this flag alone, so that what shows it can say so.
    """

    entity: GpEntity
    system: bool
    parts: tuple[Part, ...]
    joins: Mapping[str, Join]
    watches: tuple[Watch, ...]
    compare: bool
    signed: Mapping[str, tuple[str, str, frozenset[int]]]
    less: Mapping[str, tuple[str, str]]
    varies: frozenset[str]
    not_written: str
    adds: Mapping[str, Adds]
    figures: Figures | None
    empty: frozenset[str]
    only: Mapping[str, tuple[str, frozenset[int]]]
    running: Mapping[str, Running]
    behind: Mapping[str, Behind]
    zero: str
    balanced: Balanced | None
    tells: Mapping[str, Mapping[str, tuple[Told, ...]]] = field(
        default_factory=dict[str, Mapping[str, tuple[Told, ...]]]
    )
    instead: Mapping[str, str] = field(default_factory=dict[str, str])
    once: bool = False
    remains: str = ""
    ends: Ends | None = None
    worked: Mapping[str, Rule] = field(default_factory=dict[str, Rule])

    def field(self, name: str) -> GpField:
        """Return a field of the entity."""
        return self.entity.fields[name]

    def wide(self, fields: Sequence[str]) -> list[str]:
        """Name the fields, and those that they are worked out of."""
        return inputs(self.worked, fields) if self.worked else list(fields)

    @property
    def fed(self) -> bool:
        """Say whether stamps tell of changes at all."""
        return bool(self.watches)

    @property
    def tells_of_gone(self) -> bool:
        """Say whether stamps tell of records that are no more, too."""
        return any(watch.gone for watch in self.watches)

    @property
    def partial(self) -> bool:
        """Say whether a full reading leaves out records that exist, or may be shown though they are gone."""
        return bool(self.remains) or self.ends is not None or any(part.horizon for part in self.parts)

    def tables(self) -> list[str]:
        """Name every table that is read for the entity, each once."""
        names = [part.table for part in self.parts]
        names += [join.table for join in self.joins.values()] + [watch.table for watch in self.watches]
        names += [self.figures.table] if self.figures is not None else []
        names += [behind.table for behind in self.behind.values()]
        return list(dict.fromkeys(names))

    def sql_type(self, name: str) -> str:
        """Return the type to which values of a field are cast when they are compared.

        Misconfigured for a column of type text, which SQL Server compares with nothing.
        """
        described = self.field(name).description
        if described.type is FieldType.DATE:
            return "datetime"
        if described.type in (FieldType.MONEY, FieldType.DECIMAL):
            return "numeric(19,5)"
        if described.type in (FieldType.TEXT, FieldType.REFERENCE):
            if (described.length or 0) > _LONGEST:
                raise Misconfigured("not-served", "Records cannot be found by a long text.", value=name)
            return f"varchar({described.length or 255})"
        return "int"


@cache
def source_of(name: str) -> Source:
    """Read where an entity's rows are; Misconfigured("entity-unknown") if there is no such entity."""
    entity = entity_named(name)
    document = files("gp365.connectors.gp").joinpath("entities", f"{name}.json").read_bytes()
    spec = cast("dict[str, Any]", orjson.loads(document))
    given: dict[str, Any] = spec["source"]
    parts = tuple(_part(each) for each in given["parts"])
    own = tuple(_own_watch(entity, part) for part in parts if part.stamped)
    watched = tuple(_watch(each) for each in given.get("watch", ()))
    fields: dict[str, dict[str, Any]] = spec["fields"]
    joins = {alias: _join(each) for alias, each in given.get("joins", {}).items()}
    return Source(
        entity,
        given.get("database", "") == "system",
        parts,
        joins,
        (*own, *watched),
        bool(given.get("compare", False)),
        {
            each: (form["signed"][0], form["signed"][1], frozenset(form["signed"][2]))
            for each, form in fields.items()
            if "signed" in form
        },
        {each: (form["less"][0], form["less"][1]) for each, form in fields.items() if "less" in form},
        frozenset(given.get("varies", ())),
        spec.get("not_written", ""),
        {each: parts_of(form["adds"]) for each, form in fields.items() if "adds" in form},
        _figures(given["figures"], fields) if "figures" in given else None,
        frozenset(
            each
            for each, held in entity.fields.items()
            if (join := joins.get(held.sql.rpartition(".")[0])) is not None and join.empty
        ),
        {each: _only(form["only"]) for each, form in fields.items() if "only" in form},
        {each: Running(**form["running"]) for each, form in fields.items() if "running" in form},
        {each: Behind(**form["behind"]) for each, form in fields.items() if "behind" in form},
        given.get("zero", ""),
        Balanced(given["balanced"]["sum"], tuple(given["balanced"]["by"])) if "balanced" in given else None,
        {each: _tells(form["tells"]) for each, form in fields.items() if "tells" in form},
        {each: form["else"] for each, form in fields.items() if "else" in form},
        bool(given.get("once", False)),
        given.get("remains", ""),
        ends_of(given["ends"]) if "ends" in given else None,
        rules_of(fields),
    )


def _only(given: Mapping[str, Sequence[int]]) -> tuple[str, frozenset[int]]:
    [(name, values)] = given.items()
    return name, frozenset(values)


def _join(given: Mapping[str, Any]) -> Join:
    where, empty, only = given.get("where", {}), given.get("empty", False), given.get("only", False)
    return Join(given["table"], given["on"], where, bool(empty), bool(only))


def _tells(given: Mapping[str, Sequence[Told]]) -> Mapping[str, tuple[Told, ...]]:
    return {name: tuple(values) for name, values in given.items()}


def _figures(given: Mapping[str, Any], fields: Mapping[str, Mapping[str, Any]]) -> Figures:
    found = {name: _figure(form["figure"]) for name, form in fields.items() if "figure" in form}
    return Figures(given["table"], given["by"], given["of"], given.get("where", {}), given["filled"], found)


def _figure(given: Mapping[str, Any]) -> Figure:
    return Figure(
        given.get("sum", ""),
        tuple(given.get("least", ())),
        given.get("days_since", ""),
        bool(given.get("today", False)),
        {column: tuple(values) for column, values in given.get("among", {}).items()},
        tuple(given.get("past", ())),
        int(given.get("days", 0)),
    )


def _part(given: Mapping[str, Any]) -> Part:
    return Part(
        given["table"],
        given["stamp"],
        given.get("columns", {}),
        frozenset(given.get("lacks", ())),
        given.get("set", {}),
        given.get("where", {}),
        tuple(given.get("horizon", ())),
    )


def _own_watch(entity: GpEntity, part: Part) -> Watch:
    columns = tuple(part.columns.get(name, entity.fields[name].sql) for name in entity.key)
    return Watch(part.table, columns, entity.key, part.where)


def _watch(given: Mapping[str, Any]) -> Watch:
    return Watch(
        given["table"],
        tuple(given["columns"]),
        tuple(given["by"]),
        given.get("where", {}),
        bool(given.get("gone", False)),
    )


def needed(source: Source, fields: Sequence[str]) -> list[str]:
    """Return the fields whose columns must be read for these: with key, birth mark, reference, and what others rest on."""
    entity = source.entity
    wanted = [*entity.key, *entity.birth, *([entity.reference] if entity.reference else []), *fields]
    for name in fields:
        if name in source.signed:
            wanted += source.signed[name][:2]
        if name in source.less:
            wanted += source.less[name]
        if name in source.adds:
            wanted += [part for part, _ in source.adds[name]]
        if name in source.only:
            wanted.append(source.only[name][0])
        wanted += source.tells.get(name, ())
    return [name for name in dict.fromkeys(wanted) if name in entity.fields and entity.fields[name].sql]
