"""GROUP BY and the aggregates: COUNT, SUM, MIN, MAX and AVG over groups of rows."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlglot import expressions as exp

from gp365_sim.gp.sql.compare import key_of_value
from gp365_sim.gp.sql.errors import SqlError, not_modelled
from gp365_sim.gp.sql.expressions import Compiler
from gp365_sim.gp.sql.parts import Expr, Frame, Get
from gp365_sim.gp.sql.tree import only
from gp365_sim.gp.sql.types import BIGINT, INT, SqlType, Value, convert

_AGGREGATES = (exp.Count, exp.Sum, exp.Min, exp.Max, exp.Avg)
Walk = Callable[[Frame], Iterator[None]]


@dataclass(frozen=True)
class _Aggregate:
    """One aggregate: what it reads of each row, and how the values that are not NULL become one."""

    type: SqlType
    get: Get
    fold: Callable[[Sequence[Any]], Value]


@dataclass(frozen=True)
class Grouping:
    """Groups rows by keys; while a group is shown its first row fills the slots, its aggregates a slot of their own."""

    keys: tuple[Get, ...]
    aggregates: tuple[_Aggregate, ...]
    slots: tuple[int, ...]
    results: int
    always: bool
    """Without GROUP BY there is one group, even of no rows."""

    def over(self, walk: Walk) -> Walk:
        """Give a walk through the groups."""

        def groups(frame: Frame) -> Iterator[None]:
            found: dict[Any, tuple[list[Any], list[list[Any]]]] = {}
            for _ in walk(frame):
                key = tuple(key_of_value(get(frame)) for get in self.keys)
                if key not in found:
                    found[key] = ([frame[slot] for slot in self.slots], [[] for _ in self.aggregates])
                for values, each in zip(found[key][1], self.aggregates, strict=True):
                    value = each.get(frame)
                    if value is not None:
                        values.append(value)
            if self.always and not found:
                found[()] = ([None] * len(self.slots), [[] for _ in self.aggregates])
            for first, gathered in found.values():
                for slot, row in zip(self.slots, first, strict=True):
                    frame[slot] = row
                frame[self.results] = [a.fold(v) for a, v in zip(self.aggregates, gathered, strict=True)]
                yield

        return groups


def grouping(node: exp.Select, compiler: Compiler) -> Grouping | None:
    """Compile the grouping of a SELECT and teach the compiler what its aggregates stand for; None without any."""
    group = node.args.get("group")
    shown = [*node.expressions, *_of(node, "having"), *_of(node, "order")]
    calls = [call for each in shown for call in _calls(each)]
    if group is None and not calls:
        if node.args.get("having") is not None:
            raise not_modelled("HAVING without a group")
        return None
    by: list[exp.Expr] = []
    if group is not None:
        only(group, "expressions")
        by = group.expressions
    keys = [compiler.compile(each) for each in by]
    scope, results = compiler.scope, compiler.scope.text.slot()
    _check([*node.expressions, *_of(node, "having")], [_spelt(each) for each in by])
    made: list[_Aggregate] = []
    special: dict[str, Expr] = {}
    for call in calls:
        if _spelt(call) not in special:
            special[_spelt(call)] = _result(_aggregate(call, compiler), made, results)
    compiler.special = special
    slots = tuple(sorted(scope.slots()))
    return Grouping(tuple(each.bare for each in keys), tuple(made), slots, results, group is None)


def _result(aggregate: _Aggregate, made: list[_Aggregate], slot: int) -> Expr:
    made.append(aggregate)
    place = len(made) - 1

    def get(frame: Frame) -> Value:
        return frame[slot][place]

    return Expr(aggregate.type, get, get, frozenset((slot,)))


def _of(node: exp.Expr, name: str) -> list[exp.Expr]:
    part = node.args.get(name)
    if part is None:
        return []
    return [each.this for each in part.expressions] if name == "order" else [part.this]


def _spelt(node: exp.Expr) -> str:
    return node.sql(dialect="tsql").upper()


def _calls(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, exp.Window):
        raise not_modelled("OVER")
    if isinstance(node, _AGGREGATES):
        return [node]
    if isinstance(node, exp.Query | exp.Exists):
        return []
    if isinstance(node, exp.AggFunc):
        raise not_modelled(f"the aggregate {node.sql(dialect='tsql')[:40]}")
    return [call for each in node.iter_expressions() for call in _calls(each)]


def _check(shown: Sequence[exp.Expr], keys: Sequence[str]) -> None:
    for node in shown:
        if isinstance(node, (exp.Query, exp.Exists, exp.Identifier, *_AGGREGATES)):
            continue
        if _spelt(node) in keys:
            continue
        if isinstance(node, exp.Column | exp.Star):
            raise SqlError(
                8120, f"{node.sql(dialect='tsql')} stands neither in an aggregate nor in GROUP BY."
            )
        _check(list(node.iter_expressions()), keys)


def _aggregate(node: exp.Expr, compiler: Compiler) -> _Aggregate:
    only(node, "this", "big_int")
    what, single = node.this, False
    if isinstance(what, exp.Distinct):
        only(what, "expressions")
        what, single = what.expressions[0], True
    kind = BIGINT if node.args.get("big_int") else INT
    if isinstance(what, exp.Star):
        return _Aggregate(kind, lambda _: 1, len)
    side = compiler.compile(what)
    if isinstance(node, exp.Count):
        return _Aggregate(kind, side.bare, _number_of_different if single else len)
    if single:
        raise not_modelled("DISTINCT in an aggregate other than COUNT")
    if isinstance(node, exp.Min | exp.Max):
        best = min if isinstance(node, exp.Min) else max
        return _Aggregate(
            side.type, side.get, lambda values: best(values, key=key_of_value) if values else None
        )
    return _sum(node, side)


def _number_of_different(values: Sequence[Any]) -> int:
    return len({key_of_value(each) for each in values})


def _sum(node: exp.Expr, side: Expr) -> _Aggregate:
    family = side.type.family
    if family not in ("integer", "exact"):
        raise not_modelled(f"the sum of {side.type}")
    kind = SqlType("numeric", 38, side.type.scale) if family == "exact" else INT
    if isinstance(node, exp.Sum):
        kind = BIGINT if side.type.name == "bigint" else kind
        return _Aggregate(kind, side.get, lambda values: convert(sum(values), kind) if values else None)
    if family == "integer":
        return _Aggregate(kind, side.get, lambda values: int(sum(values) / len(values)) if values else None)
    average = SqlType("numeric", 38, max(6, side.type.scale))
    return _Aggregate(
        average,
        side.get,
        lambda values: convert(sum(values, Decimal(0)) / len(values), average) if values else None,
    )
