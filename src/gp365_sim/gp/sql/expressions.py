"""Compiles T-SQL expressions into functions of a frame; whatever is not known here is refused by name."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from sqlglot import expressions as exp

from gp365_sim.gp.sql import compare as comparing
from gp365_sim.gp.sql.arithmetic import arithmetic
from gp365_sim.gp.sql.casting import cast, unpadded
from gp365_sim.gp.sql.collation import NAME
from gp365_sim.gp.sql.errors import SqlError, not_modelled
from gp365_sim.gp.sql.functions import COUNTERS, function
from gp365_sim.gp.sql.parts import NOWHERE, Both, Condition, Either, Expr, Frame, Get, Operator, expr
from gp365_sim.gp.sql.scope import Scope
from gp365_sim.gp.sql.tree import only, written
from gp365_sim.gp.sql.types import (
    FLOAT,
    INT,
    NULL,
    SqlType,
    Value,
    convert,
    type_of_value,
)

_COMPARISONS: dict[type[exp.Expr], Operator] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
}  # fmt: skip
_TAKES: dict[type[exp.Expr], tuple[str, ...]] = {
    exp.Cast: ("this", "to"), exp.TryCast: ("this", "to", "safe"), exp.Convert: ("this", "expression", "style", "safe"),
    exp.Like: ("this", "expression", "negate"), exp.In: ("this", "expressions", "query"),
    exp.Case: ("this", "ifs", "default"), exp.If: ("this", "true", "false"),
}  # fmt: skip


class Compiler:
    """Compiles the expressions of one SELECT (or of none); `query` compiles a subquery to its rows."""

    def __init__(self, scope: Scope, query: Callable[[exp.Expr, Scope], Any]) -> None:
        self.scope = scope
        self.query = query
        self.special: dict[str, Expr] = {}
        """What stands for an aggregate, by its text, once rows are grouped."""

    def compile(self, node: exp.Expr) -> Expr:
        """Compile one expression."""
        if self.special and (found := self.special.get(node.sql(dialect="tsql").upper())) is not None:
            return found
        if type(node) in _TAKES:
            only(node, *_TAKES[type(node)])
        for kind, read in _READERS:
            if isinstance(node, kind):
                return read(self, node)
        made = function(node, self.compile)
        if made is None:
            raise not_modelled(f"the expression {written(node)}")
        return made

    def once(self, get: Get, side: Expr) -> Get:
        """See `Text.once`."""
        return self.scope.text.once(get, side)

    def truth(self, node: exp.Expr) -> Expr:
        """Compile a condition; a value where a condition belongs is an error, as in T-SQL."""
        if not isinstance(node, _CONDITIONS):
            raise SqlError(
                4145, f"An expression of non-boolean type stands where a condition belongs: {written(node)}"
            )
        return self.compile(node)


def _column(c: Compiler, node: exp.Expr) -> Expr:
    only(node, "this", "table")
    if isinstance(node.this, exp.Star):
        raise not_modelled("* in an expression")
    return c.scope.find(node.name, node.text("table"))


def _literal(c: Compiler, node: exp.Expr) -> Expr:
    text = node.this
    if node.is_string:
        return constant(text, SqlType("varchar", max(1, len(text))))
    if "E" in text.upper():
        return constant(float(text), FLOAT)
    value = Decimal(text)
    if "." not in text and abs(value) < 2**31:
        return constant(int(value), INT)
    return constant(value, type_of_value(value))


def constant(value: Value, kind: SqlType) -> Expr:
    """Give an expression of a fixed value."""
    return expr(kind, lambda _: value)


def _national(c: Compiler, node: exp.Expr) -> Expr:
    return constant(node.name, SqlType("nvarchar", max(1, len(node.name))))


def _parameter(c: Compiler, node: exp.Expr) -> Expr:
    if isinstance(node.this, exp.Parameter):
        name = node.this.name.upper()
        if name not in COUNTERS:
            raise not_modelled(f"@@{name}")
        return expr(COUNTERS[name], lambda frame: frame[0].variable("@" + name))
    name = node.name
    kind = c.scope.text.variable(name)

    def get(frame: Frame) -> Value:
        return frame[0].variable(name)

    return Expr(kind, get, (lambda frame: unpadded(get(frame))) if kind.fixed else get)


def _compare(c: Compiler, node: exp.Expr) -> Expr:
    only(node, "this", "expression")
    return comparing.compare(
        _COMPARISONS[type(node)], c.compile(node.this), c.compile(node.expression), c.once
    )


def _between(c: Compiler, node: exp.Expr) -> Expr:
    only(node, "this", "low", "high")
    side = c.compile(node.this)
    low = comparing.compare(">=", side, c.compile(node.args["low"]), c.once)
    high = comparing.compare("<=", side, c.compile(node.args["high"]), c.once)
    return _both(low, high)


def _and(c: Compiler, node: exp.Expr) -> Expr:
    return _both(*(c.truth(each) for each in _operands(node, exp.And)))


def _operands(node: exp.Expr, kind: type[exp.Expr]) -> list[exp.Expr]:
    """Take a chain of ANDs or ORs apart; long ones are deep to the left."""
    found: list[exp.Expr] = []
    while isinstance(node, kind):
        found.append(node.expression)
        node = node.this
    return [node, *reversed(found)]


def _both(*sides: Expr) -> Expr:
    parts = tuple(part for side in sides for part in (side.parts or (side,)))
    gets = [each.get for each in parts]

    def held(frame: Frame) -> bool | None:
        found: bool | None = True
        for get in gets:
            value = get(frame)
            if value is False:
                return False
            if value is None:
                found = None
        return found

    condition = Both(tuple(each.condition for each in parts if each.condition is not None))
    slots = frozenset[int]().union(*(each.slots for each in parts))
    return Expr(comparing.BOOL, held, held, slots, None, condition, "", parts)


def _or(c: Compiler, node: exp.Expr) -> Expr:
    sides = [c.truth(each) for each in _operands(node, exp.Or)]
    gets = [each.get for each in sides]

    def held(frame: Frame) -> bool | None:
        found: bool | None = False
        for get in gets:
            value = get(frame)
            if value is True:
                return True
            if value is None:
                found = None
        return found

    condition: Condition = None
    if all(each.condition is not None for each in sides):
        condition = Either(tuple(each.condition for each in sides))
    return expr(comparing.BOOL, held, *sides, condition=condition)


def _not(c: Compiler, node: exp.Expr) -> Expr:
    side = c.truth(node.this)
    get = side.get

    def held(frame: Frame) -> bool | None:
        x = get(frame)
        return None if x is None else not x

    return expr(comparing.BOOL, held, side)


def _paren(c: Compiler, node: exp.Expr) -> Expr:
    return c.compile(node.this)


def _is(c: Compiler, node: exp.Expr) -> Expr:
    if not isinstance(node.expression, exp.Null):
        raise not_modelled(f"{written(node)}")
    side = c.compile(node.this)
    get = side.get
    return expr(comparing.BOOL, lambda frame: get(frame) is None, side)


def _like(c: Compiler, node: exp.Expr, escape: Expr | None = None) -> Expr:
    only(node, "this", "expression", "negate")
    negated = bool(node.args.get("negate"))
    return comparing.like(c.compile(node.this), c.compile(node.expression), escape, negated=negated)


def _escape(c: Compiler, node: exp.Expr) -> Expr:
    if not isinstance(node.this, exp.Like):
        raise not_modelled(written(node))
    return _like(c, node.this, c.compile(node.expression))


def _in(c: Compiler, node: exp.Expr) -> Expr:
    left = c.compile(node.this)
    if node.args.get("query") is None:
        return comparing.among(left, [c.compile(each) for each in node.expressions], c.once)
    plan = c.query(node.args["query"].this, c.scope)
    if len(plan.fields) != 1:
        raise SqlError(116, "A subquery in IN has one column.")
    rows = c.once(lambda frame: [row[0] for row in plan.rows(frame)], Expr(INT, _none, _none, plan.needs))
    return comparing.among_rows(left, plan.fields[0].type, rows, plan.needs, c.once)


def _none(frame: Frame) -> None:
    return None


def _exists(c: Compiler, node: exp.Expr) -> Expr:
    plan = c.query(node.this, c.scope)
    empty = object()
    side = Expr(INT, _none, _none, plan.needs)
    get = c.once(lambda frame: next(iter(plan.rows(frame)), empty) is not empty, side)
    return Expr(comparing.BOOL, get, get, plan.needs)


def _scalar(c: Compiler, node: exp.Expr) -> Expr:
    plan = c.query(node.this, c.scope)
    if len(plan.fields) != 1:
        raise SqlError(116, "A subquery that stands for a value has one column.")

    def value(frame: Frame) -> Value:
        rows = list(plan.rows(frame))
        if len(rows) > 1:
            raise SqlError(512, "A subquery that stands for a value gave more than one row.")
        return rows[0][0] if rows else None

    get = c.once(value, Expr(INT, _none, _none, plan.needs))
    return Expr(plan.fields[0].type, get, get, plan.needs)


def _case(c: Compiler, node: exp.Expr) -> Expr:
    subject = node.args.get("this")
    tests: list[Expr] = []
    for each in node.args["ifs"]:
        asked = exp.EQ(this=subject.copy(), expression=each.this.copy()) if subject is not None else each.this
        tests.append(c.truth(asked))
    results = [c.compile(each.args["true"]) for each in node.args["ifs"]]
    return _choice(tests, results, c.compile(node.args["default"]) if node.args.get("default") else None)


def _iif(c: Compiler, node: exp.Expr) -> Expr:
    return _choice([c.truth(node.this)], [c.compile(node.args["true"])], c.compile(node.args["false"]))


def _choice(tests: Sequence[Expr], results: Sequence[Expr], otherwise: Expr | None) -> Expr:
    last = otherwise or constant(None, NULL)
    kind = last.type
    for each in results:
        kind = comparing.stronger(kind, each.type)
    pairs = [(test.get, each.get) for test, each in zip(tests, results, strict=True)]

    def get(frame: Frame) -> Value:
        for test, result in pairs:
            if test(frame) is True:
                return convert(result(frame), kind)
        return convert(last.get(frame), kind)

    return expr(kind, get, *tests, *results, last)


def _negated(c: Compiler, node: exp.Expr) -> Expr:
    side = c.compile(node.this)
    get = side.get
    return expr(side.type, lambda frame: None if (x := get(frame)) is None else -x, side)


def _collated(c: Compiler, node: exp.Expr) -> Expr:
    """A COLLATE is taken where it names the database's own collation, which changes nothing."""
    if node.expression.name.upper() not in (NAME.upper(), "DATABASE_DEFAULT"):
        raise not_modelled(f"the collation {node.expression.name}")
    return c.compile(node.this)


def _binary(c: Compiler, node: exp.Expr) -> Expr:
    value = bytes.fromhex(node.name)
    return constant(value, SqlType("varbinary", max(1, len(value))))


_CONDITIONS = (
    exp.And, exp.Or, exp.Not, exp.Paren, exp.Is, exp.Like, exp.Escape, exp.In, exp.Exists, exp.Between,
    *_COMPARISONS,
)  # fmt: skip
_READERS: tuple[tuple[Any, Callable[[Compiler, Any], Expr]], ...] = (
    (exp.Column, _column),
    (exp.Literal, _literal),
    (exp.Null, lambda _c, _n: Expr(NULL, _none, _none, NOWHERE)),
    (exp.Parameter, _parameter),
    (exp.National, _national),
    (exp.HexString, _binary),
    (tuple(_COMPARISONS), _compare),
    (exp.Between, _between),
    (exp.And, _and),
    (exp.Or, _or),
    (exp.Not, _not),
    (exp.Paren, _paren),
    (exp.Is, _is),
    (exp.Like, _like),
    (exp.Escape, _escape),
    (exp.In, _in),
    (exp.Exists, _exists),
    (exp.Subquery, _scalar),
    (exp.Case, _case),
    (exp.If, _iif),
    ((exp.Cast, exp.TryCast, exp.Convert), lambda c, node: cast(node, c.compile)),
    ((exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod), lambda c, node: arithmetic(node, c.compile)),
    (exp.Neg, _negated),
    (exp.Collate, _collated),
)
