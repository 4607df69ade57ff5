"""JavaScript expressions over the canonical fields: conditions and on-create values, a page of records per call.

They run in an embedded engine (QuickJS) without clock, chance, files, network or code from text, within bounds of time
and memory. The host functions are `lookup(table, value, otherwise)` and `compare(a, b)`; a Decimal enters as text, since
expressions decide and never compute money. Everything they can reach is frozen, so that no record sees another.
"""

from __future__ import annotations

import json
import math
import re
import secrets
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache, partial
from importlib import resources
from typing import Any, cast

import jsbox

from gp365.model.lookups import Lookup
from gp365.model.values import Value, decimal_text, show

# The engine's package carries no types.
_engine = cast("Any", jsbox)
_Failed: type[Exception] = _engine.JavaScriptError
_TooLong: type[Exception] = _engine.JsTimeoutError
_STOPS = (_Failed, _TooLong, TypeError, MemoryError)

_MEMORY_BYTES = 8 << 20
_STACK_BYTES = 256 << 10
_CHUNK_ROWS = 200
# Of these, equal values of one type are one value.
_SIMPLE = frozenset({str, bool, int, type(None)})
_LARGEST_EXACT = 2**53
_CONTEXTS_KEPT = 8

_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_PATH = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*(?:\.[A-Za-z_$][A-Za-z0-9_$]*)*")
_AT = re.compile(r":(\d+):(\d+)\s*$", re.MULTILINE)
# Names that cannot stand for a field; the field is still there as row.NAME.
# fmt: off
_TAKEN = frozenset((
    "arguments", "await", "break", "case", "catch", "class", "compare", "const", "continue", "debugger", "default",
    "delete", "do", "else", "enum", "eval", "export", "extends", "false", "finally", "for", "function", "if",
    "implements", "import", "in", "instanceof", "interface", "let", "lookup", "new", "null", "options", "package",
    "private", "protected", "public", "return", "row", "static", "super", "switch", "this", "throw", "true", "try",
    "typeof", "undefined", "var", "void", "while", "with", "yield", "NaN", "Infinity", "globalThis",
))
# fmt: on


@dataclass(frozen=True, slots=True)
class ExpressionError:
    """Why an expression has no value for a record; `code` is an error code of the catalogue.

    lookup-missing names table and value; flow-condition is a fault of the expression (line and column for a syntax
    error); bad-value a result that no field can hold; expression-stopped ran too long or took too much memory.
    """

    code: str
    message: str
    table: str = ""
    value: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return self.message


Result = Value | ExpressionError


def _runtime() -> Any:
    return _engine.Runtime(memory_limit=_MEMORY_BYTES, max_stack_size=_STACK_BYTES)


@lru_cache(1024)
def check(expression: str) -> ExpressionError | None:
    """Return the syntax error of an expression with its line and column, None if it can be parsed."""
    runtime = _runtime()
    # In brackets too, so that nothing can close our parenthesis and go on as a statement.
    for opening, closing in ("()", "[]"):
        try:
            runtime.check_syntax(f'"use strict";{opening}\n{expression}\n{closing}')
        except _Failed as error:
            return _syntax_error(error)
    return (
        None
        if expression.strip()
        else ExpressionError("flow-condition", "The expression is empty.", line=1, column=1)
    )


def _syntax_error(error: Exception) -> ExpressionError:
    found = _AT.search(str(error))
    line, column = (max(int(found[1]) - 1, 1), int(found[2])) if found else (1, 1)
    message = f"{str(error).splitlines()[0]} at line {line}, column {column}"
    return ExpressionError("flow-condition", message, line=line, column=column)


class Expressions:
    """The expressions of a flow. Threads may share it: each has contexts of its own.

    `options` are the pair's settings, read as `options.NAME`. `page_s` bounds a page, `record_s` one record after its
    page had to be stopped.
    """

    def __init__(
        self,
        lookups: Mapping[str, Lookup],
        options: Mapping[str, Any],
        *,
        page_s: float = 1.0,
        record_s: float = 0.25,
    ) -> None:
        self._lookups = lookups
        self._options = options
        self._page_s = page_s
        self._record_s = record_s
        self._mine = threading.local()

    def evaluate(
        self, expressions: Mapping[str, str], rows: Sequence[Mapping[str, Value]]
    ) -> list[dict[str, Result]]:
        """Return the value of every expression for every row, or the error of that expression on that row alone.

        Rows that look alike to the expressions may share one mapping: leave it as it is.

        A row's names are variables (a dotted name is a member: address.street); all of it is `row`. undefined and
        null are None; a number with a fraction comes back as Decimal.
        """
        results: list[dict[str, Result]] = []
        for start in range(0, len(rows), _CHUNK_ROWS):
            results += self._page(expressions, rows[start : start + _CHUNK_ROWS])
        return results

    def check(self, expression: str) -> ExpressionError | None:
        """Return the syntax error of an expression, None if it can be parsed."""
        return check(expression)

    def _page(
        self, expressions: Mapping[str, str], rows: Sequence[Mapping[str, Value]]
    ) -> list[dict[str, Result]]:
        rows = _named_only(expressions.values(), rows)
        names = tuple(sorted({name.partition(".")[0] for row in rows for name in row}))
        broken = {name: error for name, text in expressions.items() if (error := check(text)) is not None}
        sound = {name: text for name, text in expressions.items() if name not in broken}
        known: dict[Any, str] = {}
        packed = [_packed_once(row, known) for row in rows]
        # Rows that look alike to these expressions have the same answers.
        unlike = list(dict.fromkeys(packed))
        answers = {
            row: {name: broken[name] if name in broken else answer[name] for name in expressions}
            for row, answer in zip(unlike, self._run(sound, names, unlike), strict=True)
        }
        return [answers[row] for row in packed]

    def _run(
        self, sound: Mapping[str, str], names: tuple[str, ...], packed: Sequence[str]
    ) -> list[dict[str, Result]]:
        if not sound:
            return [{} for _ in packed]
        every = list(range(len(sound)))
        try:
            answers = self._context(sound, names).run(packed, every, self._page_s)
        except _STOPS:
            self._mine.contexts = {}
            return [self._alone(sound, names, row) for row in packed]
        return [{name: _result(answer) for name, answer in zip(sound, row, strict=True)} for row in answers]

    def _alone(self, sound: Mapping[str, str], names: tuple[str, ...], packed: str) -> dict[str, Result]:
        """Work one record out, expression by expression, so that only what cannot end is stopped."""
        results: dict[str, Result] = {}
        for number, name in enumerate(sound):
            try:
                [[answer]] = self._context(sound, names).run([packed], [number], self._record_s)
                results[name] = _result(answer)
            except _STOPS as error:
                self._mine.contexts = {}
                results[name] = _stopped(error)
        return results

    def _context(self, sound: Mapping[str, str], names: tuple[str, ...]) -> _Context:
        contexts: dict[Any, _Context] = getattr(self._mine, "contexts", {})
        key = (names, tuple(sound.values()))
        if key not in contexts:
            if len(contexts) >= _CONTEXTS_KEPT:
                contexts.clear()
            contexts[key] = _Context(sound, names, self._lookups, self._options)
        self._mine.contexts = contexts
        return contexts[key]


class _Context:
    """One engine with its expressions; of one thread, and thrown away when it had to be stopped."""

    def __init__(
        self,
        sound: Mapping[str, str],
        names: tuple[str, ...],
        lookups: Mapping[str, Lookup],
        options: Mapping[str, Any],
    ) -> None:
        self._runtime = _runtime()
        # Expressions cannot list a script's own constants, so a name that cannot be guessed keeps the door ours.
        self._door = f"door_{secrets.token_hex(16)}"
        self._runtime.bind_function("hostLookup", partial(_look, lookups))
        self._runtime.bind_function("hostCompare", _compare)
        self._runtime.bind_object("options", json.loads(json.dumps(_plain(options))))
        self._runtime.eval(f"const {self._door} = {_room()}\n0;")
        variables = ", ".join(name for name in names if _IDENTIFIER.fullmatch(name) and name not in _TAKEN)
        for text in sound.values():
            work = f'(function (row) {{ "use strict"; const {{ {variables} }} = row; return (\n{text}\n); }})'
            self._runtime.eval(f"{self._door}.add({work}); 0;")

    def run(self, packed: Sequence[str], which: Sequence[int], timeout_s: float) -> list[list[list[Any]]]:
        """Give the raw answers of the chosen expressions for rows that are packed as JSON."""
        page = json.dumps(f"[{','.join(packed)}]")
        source = f"{self._door}.run({page}, {json.dumps(list(which))})"
        return cast("list[list[list[Any]]]", self._runtime.eval(source, timeout=timeout_s))


@cache
def _room() -> str:
    return resources.files("gp365.model").joinpath("data/expressions.js").read_text("utf-8")


# between Python and the engine


def named_in(texts: Iterable[str], names: Iterable[str]) -> tuple[str, ...]:
    """Return those of these names that expressions can reach: of an address of which they name the country, the country.

    All members of a name that stands alone somewhere, or of which no member is here that they name; all names where they
    can reach every field.
    """
    return _named_in("\n".join(texts), tuple(names))


@lru_cache(256)
def _named_in(text: str, names: tuple[str, ...]) -> tuple[str, ...]:
    words = frozenset(_IDENTIFIER.findall(text))
    if "\\" in text or not text.isascii() or not words.isdisjoint(("row", "arguments")):
        return names
    paths = frozenset(_PATH.findall(text))
    here = [name for name in names if name.partition(".")[0] in words]
    exact = {name for name in here if any(f"{name}.".startswith(f"{path}.") for path in paths)}
    exact |= {name for name in here if any(path.startswith(f"{name}.") for path in paths)}
    served = {name.partition(".")[0] for name in exact}
    return tuple(name for name in here if name in exact or name.partition(".")[0] not in served)


def _named_only(texts: Iterable[str], rows: Sequence[Mapping[str, Value]]) -> Sequence[Mapping[str, Value]]:
    """Leave out the fields that no expression can reach, so that a page does not carry whole records across."""
    text = "\n".join(texts)
    return [{name: row[name] for name in _named_in(text, tuple(row))} for row in rows]


def _packed_once(row: Mapping[str, Value], known: dict[Any, str]) -> str:
    """Pack a row; one that holds what an earlier one held is known, where that is texts, whole numbers and the like."""
    values = tuple(row.values())
    kinds = tuple(map(type, values))
    if not _SIMPLE.issuperset(kinds):
        return _packed(row)
    name = (tuple(row), kinds, values)
    packed = known.get(name)
    if packed is None:
        packed = known[name] = _packed(row)
    return packed


def _packed(row: Mapping[str, Value]) -> str:
    held: dict[str, Any] = {}
    for name, value in sorted(row.items()):
        place = held
        *outer, last = name.split(".")
        for part in outer:
            inner = place.setdefault(part, {})
            place = cast("dict[str, Any]", inner) if isinstance(inner, dict) else place
        place[last] = _plain(value)
    return json.dumps(held)


def _plain(value: Any) -> Any:
    """Return what enters: decimals and numbers that JavaScript cannot hold exactly as text, dates in ISO form."""
    if isinstance(value, Decimal):
        return decimal_text(value) if value.is_finite() else str(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _LARGEST_EXACT:
        return str(value)
    if isinstance(value, date):
        return show(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(held) for name, held in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_plain(held) for held in cast("Sequence[Any]", value)]
    return value


def _result(answer: Sequence[Any]) -> Result:
    kind, *held = answer
    if kind == "value":
        return _value(held[0])
    if kind == "missing":
        table, value = held
        message = f"The lookup {table} has no line for {value!r}."
        return ExpressionError("lookup-missing", message, table=table, value=value)
    if kind == "kind":
        return ExpressionError("bad-value", f"The expression gives {held[0]}, which no field holds.")
    return ExpressionError("flow-condition", str(held[0]))


def _value(held: Any) -> Value:
    if not isinstance(held, float):
        return held
    if not math.isfinite(held):
        return None
    return int(held) if held.is_integer() else Decimal(repr(held))


def _stopped(error: Exception) -> ExpressionError:
    why = (
        "it ran too long"
        if isinstance(error, _TooLong)
        else "it took too much memory or failed in the engine"
    )
    return ExpressionError("expression-stopped", f"The expression was stopped: {why}.")


def _look(lookups: Mapping[str, Lookup], table: str, value: str) -> list[str | None]:
    held = lookups.get(table)
    if held is None:
        return ["error", f"There is no lookup {table}."]
    found = held.to(held.columns[0], held.columns[1], value)
    return ["missing", None] if found is None else ["found", found or None]


def _compare(left: str, right: str) -> int | None:
    try:
        a, b = Decimal(left.strip()), Decimal(right.strip())
    except InvalidOperation:
        return None
    return None if a.is_nan() or b.is_nan() else (a > b) - (a < b)
