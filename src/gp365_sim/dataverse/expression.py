"""Parses `$filter` into a tree. What the tree means for a row is the affair of `predicate`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from . import refusal

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^']|'')*')
    | (?P<guid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})
    | (?P<time>\d{4}-\d{2}-\d{2}(?:T[0-9:.]+(?:Z|[+-]\d{2}:\d{2})?)?)
    | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    | (?P<name>[@$]?[A-Za-z_][\w.]*(?:/[A-Za-z_$][\w.]*)*)
    | (?P<sign>[(),:\[\]=])
    )""",
    re.VERBOSE,
)
COMPARISONS = frozenset({"eq", "ne", "gt", "ge", "lt", "le"})
TEXT_FUNCTIONS = frozenset({"contains", "startswith", "endswith"})
CRM = "Microsoft.Dynamics.CRM."


@dataclass(frozen=True)
class Literal:
    """A constant; `kind` is text, number, guid, time, flag or null."""

    value: object
    kind: str


@dataclass(frozen=True)
class Path:
    """A property, possibly behind single-valued navigation properties: `a/b/c`."""

    parts: tuple[str, ...]


@dataclass(frozen=True)
class Compare:
    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True)
class Text:
    """contains, startswith or endswith."""

    function: str
    subject: Path
    sought: Literal


@dataclass(frozen=True)
class Logic:
    """`and` or `or` of two or more parts."""

    word: str
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Not:
    part: Node


@dataclass(frozen=True)
class In:
    """Microsoft.Dynamics.CRM.In (or NotIn when `negated`)."""

    subject: Path
    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True)
class Any:
    """`collection/any(x: condition)`; without a condition it asks whether there is any row."""

    collection: Path
    variable: str
    condition: Node | None


Operand = Literal | Path
Node = Compare | Text | Logic | Not | In | Any | Path
Aliases = Mapping[str, str]


def parse_filter(text: str, aliases: Aliases) -> Node:
    """Parse a filter expression; `aliases` are the `@name` parameters of the query string.

    Raises 400 for bad syntax and 501 for functions that the simulator does not have.
    """
    parser = _Parser(_tokens(text), text, aliases)
    node = parser.disjunction()
    if parser.peek() is not None:
        raise parser.wrong()
    return node


def parse_literal(text: str) -> Literal:
    """Parse one constant, such as the value of an `@alias`."""
    tokens = _tokens(text)
    if len(tokens) != 1:
        raise refusal.bad_request(f"Syntax error: '{text}' is not one value.")
    found = _literal(*tokens[0])
    if found is None:
        raise refusal.bad_request(f"Syntax error: '{text}' is not a value.")
    return found


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    position = 0
    end = len(text.rstrip())
    while position < end:
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            raise refusal.bad_request(f"Syntax error at position {position} in '{text}'.")
        tokens.append((found.lastgroup, found[found.lastgroup]))
        position = found.end()
    return tokens


def _literal(kind: str, text: str) -> Literal | None:
    if kind == "text":
        return Literal(text[1:-1].replace("''", "'"), "text")
    if kind == "number":
        return Literal(int(text) if re.fullmatch(r"-?\d+", text) else Decimal(text), "number")
    if kind == "guid":
        return Literal(text.lower(), "guid")
    if kind == "time":
        return Literal(text, "time")
    if kind == "name" and text in {"true", "false"}:
        return Literal(text == "true", "flag")
    if kind == "name" and text == "null":
        return Literal(None, "null")
    return None


class _Parser:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, tokens: list[tuple[str, str]], source: str, aliases: Aliases) -> None:
        self.tokens, self.source, self.aliases, self.at = tokens, source, aliases, 0

    def wrong(self) -> refusal.Refusal:
        return refusal.bad_request(f"Syntax error at token {self.at} in '{self.source}'.")

    def peek(self) -> str | None:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else None

    def take(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise self.wrong()
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, sign: str) -> None:
        if self.take()[1] != sign:
            raise self.wrong()

    def disjunction(self) -> Node:
        return self._joined("or", self.conjunction)

    def conjunction(self) -> Node:
        return self._joined("and", self.negation)

    def _joined(self, word: str, inner: Callable[[], Node]) -> Node:
        parts = [inner()]
        while self.peek() == word:
            self.take()
            parts.append(inner())
        return parts[0] if len(parts) == 1 else Logic(word, tuple(parts))

    def negation(self) -> Node:
        if self.peek() == "not":
            self.take()
            return Not(self.negation())
        return self.condition()

    def condition(self) -> Node:
        kind, text = self.take()
        if text == "(" and kind == "sign":
            inner = self.disjunction()
            self.expect(")")
            return inner
        if kind == "name" and self.peek() == "(":
            return self.call(text)
        left = self.operand(kind, text)
        if self.peek() not in COMPARISONS:
            if isinstance(left, Path):
                return left
            raise self.wrong()
        operator = self.take()[1]
        return Compare(operator, left, self.operand(*self.take()))

    def operand(self, kind: str, text: str) -> Operand:
        found = _literal(kind, text)
        if found is not None:
            return found
        if kind != "name":
            raise self.wrong()
        if text.startswith("@"):
            return self.alias(text)
        # An enum member, Microsoft.Dynamics.CRM.AttributeTypeCode'Lookup', compares as its name.
        following = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        if text.startswith(CRM) and following[0] == "text":
            return Literal(self.take()[1][1:-1], "text")
        return Path(tuple(text.split("/")))

    def alias(self, name: str) -> Literal:
        if name not in self.aliases:
            raise refusal.bad_request(f"The parameter alias '{name}' was not found in the query string.")
        return parse_literal(self.aliases[name])

    def call(self, name: str) -> Node:
        self.expect("(")
        if name in TEXT_FUNCTIONS:
            return self.text_function(name)
        if name.endswith("/any"):
            return self.any(name.removesuffix("/any"))
        if name in {f"{CRM}In", f"{CRM}NotIn"}:
            return self.membership(negated=name.endswith("NotIn"))
        raise refusal.not_modelled(f"the filter function '{name}'")

    def text_function(self, name: str) -> Node:
        subject = self.operand(*self.take())
        self.expect(",")
        sought = self.operand(*self.take())
        self.expect(")")
        if not isinstance(subject, Path) or not isinstance(sought, Literal):
            raise self.wrong()
        return Text(name, subject, sought)

    def any(self, collection: str) -> Node:
        path = Path(tuple(collection.split("/")))
        if self.peek() == ")":
            self.take()
            return Any(path, "", None)
        variable = self.take()[1]
        self.expect(":")
        condition = self.disjunction()
        self.expect(")")
        return Any(path, variable, condition)

    def membership(self, *, negated: bool) -> Node:
        if self.take()[1] != "PropertyName":
            raise self.wrong()
        self.expect("=")
        name = self.operand(*self.take())
        self.expect(",")
        if self.take()[1] != "PropertyValues":
            raise self.wrong()
        self.expect("=")
        values = self.list_of_values()
        self.expect(")")
        if not isinstance(name, Literal):
            raise self.wrong()
        return In(Path((str(name.value),)), values, negated)

    def list_of_values(self) -> tuple[str, ...]:
        if (self.peek() or "").startswith("@"):
            text = self.aliases.get(self.take()[1], "")
            return _Parser(_tokens(text.replace('"', "'")), text, self.aliases).list_of_values()
        self.expect("[")
        values: list[str] = []
        while self.peek() != "]":
            found = _literal(*self.take())
            if found is None:
                raise self.wrong()
            values.append(str(found.value))
            if self.peek() == ",":
                self.take()
        self.take()
        return tuple(values)
