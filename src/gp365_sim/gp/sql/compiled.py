"""Compiles the statements of a text once for all its executions with the same kinds of values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import expressions as exp
from sqlglot.errors import SqlglotError

from gp365_sim.gp.sql.batch import (
    MARK,
    Argument,
    Assign,
    Declare,
    Execute,
    If,
    Option,
    Query,
    Statement,
    Use,
    Work,
)
from gp365_sim.gp.sql.batch import statements as taken_apart
from gp365_sim.gp.sql.catalogue import Catalogue
from gp365_sim.gp.sql.errors import SqlError, no_database, no_variable, not_modelled, syntax
from gp365_sim.gp.sql.expressions import Compiler
from gp365_sim.gp.sql.parts import UNSET, Expr, Frame, Moment
from gp365_sim.gp.sql.scope import Scope, Text
from gp365_sim.gp.sql.select import Plan, query
from gp365_sim.gp.sql.types import NULL, SqlType, Value, read_type, type_of_value


@dataclass(frozen=True)
class Prepared:
    """Something compiled, with what it needs: the size of its frame, the objects it reads, the databases it locks."""

    slots: int
    reads: frozenset[tuple[str, str]]
    locks: frozenset[str]

    def frame(self, moment: Moment) -> Frame:
        """Make the memory of one execution."""
        return [moment, *([UNSET] * (self.slots - 1))]


@dataclass(frozen=True)
class Valued(Prepared):
    """A value, or a condition."""

    side: Expr

    def value(self, moment: Moment) -> Any:
        """Compute it."""
        return self.side.get(self.frame(moment))


@dataclass(frozen=True)
class Selected(Prepared):
    """A query; `into` names the variables that its last row goes to instead of a result set."""

    plan: Plan
    into: tuple[tuple[str, SqlType], ...]


@dataclass(frozen=True)
class Given:
    """An argument of a call: its name, its value, and the variable that it comes back in, with its type."""

    name: str
    value: Valued
    back: str
    type: SqlType


@dataclass(frozen=True)
class Called:
    """A call of a procedure in a database."""

    code: str
    database: str
    procedure: str
    arguments: tuple[Given, ...]


@dataclass(frozen=True)
class Set:
    """A variable gets a value; without one (DECLARE) NULL."""

    name: str
    type: SqlType
    value: Valued | None


@dataclass(frozen=True)
class Chosen:
    """IF."""

    condition: Valued
    then: tuple["Step", ...]
    otherwise: tuple["Step", ...]


Step = Selected | Called | Set | Chosen | Option | Work | Use


class Texts:
    """Compiles texts and keeps what it compiled."""

    _MOST = 1000

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._kept: dict[Any, tuple[Step, ...]] = {}

    def compile(self, text: str, database: str, values: Sequence[Value]) -> tuple[Step, ...]:
        """Compile a text for a database and the kinds of these values."""
        kinds = tuple(_general(type_of_value(value)) for value in values)
        name = (text, database, kinds)
        if name not in self._kept:
            if len(self._kept) >= self._MOST:
                self._kept.clear()
            self._kept[name] = self._whole(text, database, kinds)
        return self._kept[name]

    def _whole(self, text: str, database: str, kinds: Sequence[SqlType]) -> tuple[Step, ...]:
        try:
            return self._steps(text, database, kinds)
        except RecursionError:
            raise SqlError(191, "Some part of the text is nested too deeply.", 15) from None
        except (AttributeError, KeyError, IndexError, TypeError, ValueError, ArithmeticError) as odd:
            # A form that the parser lets pass and the compiler has no words for.
            raise not_modelled(f"a form in this text ({type(odd).__name__})") from odd

    def _steps(self, text: str, database: str, kinds: Sequence[SqlType]) -> tuple[Step, ...]:
        found, marks = taken_apart(text)
        if marks != len(kinds):
            raise SqlError(8179, f"The text has {marks} marks and {len(kinds)} values were given.")
        variables = {f"{MARK}{number}": kind for number, kind in enumerate(kinds, 1)}
        return _Batch(self._catalogue, database, variables).steps(found)


def _general(kind: SqlType) -> SqlType:
    """Give one type for all values of a kind, so that a text is compiled once."""
    if kind.family == "text":
        return SqlType(kind.name, 4000 if kind.size > 0 else kind.size)
    if kind.family == "exact":
        return SqlType("numeric", 38, kind.scale)
    return SqlType("varbinary", 8000) if kind.family == "binary" else kind


class _Batch:
    """The compilation of one text; variables are known from their DECLARE on."""

    def __init__(self, catalogue: Catalogue, database: str, variables: Mapping[str, SqlType]) -> None:
        self._catalogue = catalogue
        self._database = database
        self._variables = dict(variables)

    def steps(self, found: Sequence[Statement]) -> tuple[Step, ...]:
        """Compile statements in their order."""
        return tuple(self._step(each) for each in found)

    def _step(self, each: Statement) -> Step:
        match each:
            case Query(text):
                return self._select(text)
            case Execute():
                return self._call(each)
            case Declare(name, kind, text):
                self._variables[name.lower()] = read_type(kind)
                return self._set(name, text)
            case Assign(name, text):
                return self._set(name, text)
            case If(text, then, otherwise):
                return Chosen(self._value(text, condition=True), self.steps(then), self.steps(otherwise))
            case Use(name):
                found = self._catalogue.find(name)
                if found is None:
                    raise no_database(name)
                self._database = found.name
                return Use(found.name)
            case _:
                return each

    def _text(self) -> Text:
        return Text(self._catalogue, self._database, dict(self._variables))

    def _type(self, name: str) -> SqlType:
        if name.lower() not in self._variables:
            raise no_variable(f"@{name}")
        return self._variables[name.lower()]

    def _set(self, name: str, text: str) -> Set:
        return Set(name.lower(), self._type(name), self._value(text) if text else None)

    def _value(self, written: str, *, condition: bool = False) -> Valued:
        node = _parsed(f"SELECT 1 WHERE {written}" if condition else f"SELECT {written}")
        text = self._text()
        compiler = Compiler(Scope(text), query)
        if condition:
            side = compiler.truth(node.args["where"].this)
        elif len(node.expressions) != 1 or set(_carried(node)) != {"expressions"}:
            raise syntax("a value was expected")
        else:
            side = compiler.compile(node.expressions[0])
        return Valued(text.slots, frozenset(text.reads), frozenset(text.locks), side)

    def _select(self, written: str) -> Selected:
        node, text = _parsed(written), self._text()
        into = self._into(node)
        plan = query(node, Scope(text))
        return Selected(text.slots, frozenset(text.reads), frozenset(text.locks), plan, into)

    def _into(self, node: exp.Expr) -> tuple[tuple[str, SqlType], ...]:
        """Turn `SELECT @a = …` into a query and the names of its variables."""
        if not isinstance(node, exp.Select):
            return ()
        marked = [isinstance(e, exp.EQ) and isinstance(e.this, exp.Parameter) for e in node.expressions]
        if not any(marked):
            return ()
        if not all(marked):
            raise SqlError(141, "A SELECT that sets variables gives no columns.", 15)
        names = [each.this.name for each in node.expressions]
        node.set("expressions", [each.expression for each in node.expressions])
        return tuple((name.lower(), self._type(name)) for name in names)

    def _call(self, each: Execute) -> Called:
        database, procedure = self._database, each.name[-1]
        if len(each.name) == 3:
            found = self._catalogue.find(each.name[0])
            if found is None:
                raise no_database(each.name[0])
            database = found.name
        if len(each.name) > 3:
            raise not_modelled("procedures of other servers")
        if each.code:
            self._type(each.code)
        return Called(each.code.lower(), database, procedure, tuple(map(self._given, each.arguments)))

    def _given(self, each: Argument) -> Given:
        if each.text.upper() == "DEFAULT":
            raise not_modelled("DEFAULT as an argument")
        value, back = self._value(each.text), ""
        if each.output:
            if not each.text.startswith("@") or each.text.startswith(f"@{MARK}"):
                raise SqlError(179, "OUTPUT needs a variable.", 15)
            back = each.text[1:].strip().lower()
        return Given(each.name, value, back, self._type(back) if back else NULL)


def _carried(node: exp.Expr) -> list[str]:
    return [name for name, value in node.args.items() if value not in (None, False, [], "")]


def _parsed(text: str) -> exp.Expr:
    try:
        found = sqlglot.parse(text, read="tsql")
    except SqlglotError as error:
        raise syntax((str(error).splitlines() or [""])[0][:120]) from None
    if len(found) != 1 or not isinstance(found[0], exp.Query):
        raise syntax("one query was expected")
    return found[0]
