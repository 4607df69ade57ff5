"""Records that have no row and count as zero: GP keeps no row for nothing, and takes rows away again.

An account without postings in a period has no balance there; a year-end close that is taken back deletes the opening
balances of the year after it. Which join must have a row for it stands in the entity's data file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from gp365.connectors.gp.sql.port import Row, SqlValue
from gp365.connectors.gp.sql.queries import among, chunk_of, constants
from gp365.connectors.gp.sql.sources import Join, Source
from gp365.connectors.gp.sql.text import Names, Statement, bracketed, select
from gp365.connectors.gp.values import EMPTY_DATE
from gp365.model.entity import FieldType

Ask = Callable[[Statement], list[Row]]
Keys = Sequence[tuple[SqlValue, ...]]


def zero_rows(ask: Ask, names: Names, source: Source, fields: Sequence[str], keys: Keys) -> list[Row]:
    """Return rows as a view of `fields` would select them, for those of the keys that count as zero."""
    if not source.zero or not keys:
        return []
    aliases = {source.field(name).sql.rpartition(".")[0] for name in fields} - {""}
    joined = {
        alias: _joined(ask, names, source, alias, fields, keys) for alias in sorted({*aliases, source.zero})
    }
    return [
        _row(source, fields, key, joined)
        for key in keys
        if _named(source, source.zero, key) in joined[source.zero]
    ]


Joined = Mapping[tuple[SqlValue, ...], Row]


def _joined(ask: Ask, names: Names, source: Source, alias: str, fields: Sequence[str], keys: Keys) -> Joined:
    """Read the rows of a join that keys name, by what names them."""
    join, found = source.joins[alias], dict[tuple[SqlValue, ...], Row]()
    of = _key_fields(source, join)
    if of is None:
        return found
    on = [f"{bracketed(alias)}.{bracketed(column)}" for column in join.on]
    columns = [
        *on,
        *(f"{bracketed(alias)}.{bracketed(_column(source, name))}" for name in _of(source, alias, fields)),
    ]
    types = [source.sql_type(name) for name in of]
    wanted = list(dict.fromkeys(_named(source, alias, key) for key in keys))
    for at in range(0, len(wanted), chunk_of(len(on))):
        conditions = [among(on, types, wanted[at : at + chunk_of(len(on))]), *constants(join.where, alias)]
        statement = select(columns, names.object(join.table, system=source.system), alias=alias)
        for row in ask(statement.add(" WHERE ").join(conditions, " AND ")):
            found[tuple(map(_bare, row[: len(on)]))] = row[len(on) :]
    return found


def _row(
    source: Source, fields: Sequence[str], key: tuple[SqlValue, ...], joined: Mapping[str, Joined]
) -> Row:
    own = dict(zip(source.entity.key, key, strict=True))
    cells: list[SqlValue] = []
    for name in fields:
        alias = source.field(name).sql.rpartition(".")[0]
        if not alias:
            cells.append(own[name] if name in own else _nothing(source, name))
            continue
        row = joined[alias].get(_named(source, alias, key))
        cells.append(None if row is None else row[_of(source, alias, fields).index(name)])
    return (*cells, 0) if len(source.parts) > 1 else tuple(cells)


def _of(source: Source, alias: str, fields: Sequence[str]) -> list[str]:
    return [name for name in fields if source.field(name).sql.rpartition(".")[0] == alias]


def _column(source: Source, name: str) -> str:
    return source.field(name).sql.rpartition(".")[2]


def _key_fields(source: Source, join: Join) -> list[str] | None:
    """Return the parts of the key by which a join finds its row; None where it goes by something else."""
    by_column = {source.field(name).sql: name for name in source.entity.key}
    found = [by_column.get(ours) for ours in join.on.values()]
    named = [name for name in found if name is not None]
    return named if named and len(named) == len(found) else None


def _named(source: Source, alias: str, key: tuple[SqlValue, ...]) -> tuple[SqlValue, ...]:
    of = _key_fields(source, source.joins[alias]) or []
    return tuple(_bare(key[source.entity.key.index(name)]) for name in of)


def _bare(value: SqlValue) -> SqlValue:
    return value.rstrip(" ") if isinstance(value, str) else value


def _nothing(source: Source, name: str) -> SqlValue:
    """Return what a column of GP holds where nothing is in it."""
    kind = source.field(name).description.type
    if kind in (FieldType.TEXT, FieldType.REFERENCE):
        return ""
    if kind is FieldType.DATE:
        return datetime(EMPTY_DATE.year, EMPTY_DATE.month, EMPTY_DATE.day)  # noqa: DTZ001 (GP dates know no zone)
    return Decimal(0) if kind in (FieldType.MONEY, FieldType.DECIMAL) else 0
