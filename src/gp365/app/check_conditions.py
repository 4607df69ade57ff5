"""The check of a flow's expressions: can they be read, and would what we create satisfy its own side's condition."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from gp365.app.check_rows import WRITTEN, Checked
from gp365.app.effective import FlowFinding, NamedRow, rows_of
from gp365.model.expressions import ExpressionError, Expressions, Result, check
from gp365.model.values import Value, digest, pack
from gp365.sync.facts import SHARED

_OPTION = re.compile(r"\boptions\.([A-Za-z_$][\w$]*)")
_LOOKUP = re.compile(r"\blookup\(\s*(['\"])([^'\"]+)\1")
_WORD = re.compile(r"[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*")


@dataclass(frozen=True, slots=True)
class _Asking:
    """Works expressions out; the same question about the same lookups and options is asked once in a process.

    Every command checks its flows first, and making an engine costs more than asking it.
    """

    about: str
    expressions: Expressions = field(compare=False)

    @classmethod
    def of(cls, checked: Checked) -> _Asking:
        lookups, options = checked.ends.lookups, checked.ends.options
        tables = {name: table.digest() for name, table in sorted(lookups.items())}
        return cls(
            digest(pack({"lookups": tables, "options": repr(sorted(options.items()))})),
            Expressions(lookups, options),
        )

    def answer(self, text: str, row: Mapping[str, Value]) -> Result:
        return _answer(self, text, tuple(row.items()))


@lru_cache(maxsize=1000)
def _answer(asking: _Asking, text: str, row: tuple[tuple[str, Value], ...]) -> Result:
    return asking.expressions.evaluate({"it": text}, [dict(row)])[0]["it"]


def check_conditions(checked: Checked) -> Iterator[FlowFinding]:
    """Give expressions that cannot be read, and conditions that our own creates would never satisfy."""
    asking = _Asking.of(checked)
    faults = [*_unreadable(checked, asking)]
    yield from faults
    if faults:
        return
    for side in checked.ends.sides:
        if checked.side(side).create and checked.side(side).when:
            yield from _own_condition(checked, asking, side)


@dataclass(frozen=True, slots=True)
class _Expression:
    """An expression of the flow: where it stands, and the canonical fields that it can see."""

    path: tuple[str, ...]
    row: str
    text: str
    seen: Mapping[str, Value]


def _expressions(checked: Checked) -> Iterator[_Expression]:
    """Give conditions and routes, which see their own side's record, and on-create values, which see the other side's."""
    first, second = checked.ends.sides
    for side in checked.ends.sides:
        for word, text in (("when", checked.side(side).when), ("route", checked.side(side).route)):
            if text:
                yield _Expression(("sides", side, word), "", text, _empty(checked, side))
    for named in rows_of(checked.loaded.file):
        for side, other in ((first, second), (second, first)):
            if named.row.on_create and named.wires(side):
                path = (*named.path, "on_create")
                yield _Expression(path, named.name, named.row.on_create, _empty(checked, other))


def _empty(checked: Checked, side: str) -> dict[str, Value]:
    rows: dict[str, Value] = {named.name: None for named in rows_of(checked.loaded.file) if named.wires(side)}
    return rows | {SHARED: False}


def _unreadable(checked: Checked, asking: _Asking) -> Iterator[FlowFinding]:
    for one in _expressions(checked):
        error = check(one.text)
        if error is not None:
            message = f"{one.path[-1]}: {error.message}."
            yield checked.fault("flow-condition", one.path, one.row, message, one.text)
            continue
        yield from _unknown_names(checked, asking, one)


def _unknown_names(checked: Checked, asking: _Asking, one: _Expression) -> Iterator[FlowFinding]:
    """Lookups, options and fields that an expression names and that are not there."""
    for _, name in _LOOKUP.findall(one.text):
        if name not in checked.ends.lookups:
            message = f"there is no lookup {name}."
            fix = WRITTEN.get(name, f"Write lookups/{name}.csv.")
            yield checked.fault("lookup-invalid", one.path, one.row, message, name, fix)
    for name in _OPTION.findall(one.text):
        if name not in checked.ends.options:
            near = difflib.get_close_matches(name, list(checked.ends.options), 1, 0.6)
            message = f"{one.path[-1]}: the flow has no option {name}."
            fix = f"Did you mean {near[0]}?" if near else f"Add it: options: {{{name}: false}}."
            yield checked.fault("flow-condition", one.path, one.row, message, name, fix)
    result = asking.answer(one.text, one.seen)
    if isinstance(result, ExpressionError) and result.message.startswith("ReferenceError"):
        message = f"{one.path[-1]}: {result.message.partition(': ')[2]}."
        fix = f"It can name {', '.join(one.seen)}."
        yield checked.fault("flow-condition", one.path, one.row, message, one.text, fix)


def _own_condition(checked: Checked, asking: _Asking, side: str) -> Iterator[FlowFinding]:
    """Work the condition out on what a created record certainly holds; leave it where other fields matter."""
    when = checked.side(side).when
    decided, open_names = _decided(checked, asking, side)
    words = {word.partition("(")[0] for word in _WORD.findall(when)}
    if any(word == name or word.startswith(f"{name}.") for word in words for name in open_names):
        return
    result = asking.answer(when, decided)
    path = ("sides", side, "when")
    if isinstance(result, ExpressionError):
        message = f"when: {result.message}."
        yield checked.fault("flow-condition", path, "", message, when)
    elif result is not True:
        held = ", ".join(f"{name} = {value!r}" for name, value in decided.items() if value is not None)
        message = (
            f"a record that the flow creates on {side} would not satisfy this condition"
            f"{f' ({held})' if held else ''}, so its later edits would never come back."
        )
        fix = "Correct `when`, or the on_create of the fields that it looks at."
        yield checked.fault("outside-condition", path, "", message, when, fix)


def _decided(checked: Checked, asking: _Asking, side: str) -> tuple[dict[str, Value], set[str]]:
    """Return what a new record on a side certainly holds, and the fields that come from the other side's record."""
    decided: dict[str, Value] = {}
    carried: set[str] = set()
    for named in rows_of(checked.loaded.file):
        if not named.wires(side):
            continue
        if named.row.constant is not None and named.row.constant != "company":
            decided[named.name] = named.row.constant
        elif named.row.on_create:
            _compute(asking, named, decided, carried)
        elif _carries(checked, named, side):
            carried.add(named.name)
        else:
            decided[named.name] = None
    return decided, carried


def _compute(asking: _Asking, named: NamedRow, decided: dict[str, Value], carried: set[str]) -> None:
    """Work an on-create value out where it depends on nothing."""
    nothing: Mapping[str, Value] = {}
    value = asking.answer(named.row.on_create, nothing)
    if isinstance(value, ExpressionError):
        carried.add(named.name)
    else:
        decided[named.name] = value


def _carries(checked: Checked, named: NamedRow, side: str) -> bool:
    if named.row.read_only or not all(named.wires(one) for one in checked.ends.sides):
        return False
    return all(field.can("create") for field in checked.fields(named, side))
