"""What a new record needs by the value of one of its rows: fields that its GP class leaves to each customer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gp365.model.plan import Problem
from gp365.model.values import Value, show
from gp365.sync.plan.facts import Facts
from gp365.sync.plan.rows import CompiledFlow, see_raw

ALWAYS = "*"
"""The line of the table that holds for every value."""


def required_by(
    compiled: CompiledFlow, target: str, values: Mapping[str, Value], facts: Facts
) -> Problem | None:
    """Stop a create whose planned wire values lack a field that the side's `required_by` table asks for."""
    needed = compiled.flow.side(target).required_by
    if needed is None:
        return None
    held = _held(compiled, target, needed.row, values, facts)
    for word, wire in _fields(compiled, needed.lookup, held):
        if values.get(wire) is None:
            by = f"{needed.row} {word}" if word != ALWAYS else "every new record"
            message = (
                f"{by} needs {wire} on {target} (lookup {needed.lookup}), and the record gives it no value."
            )
            return Problem("required-missing", message, field=wire, value=held, side=target)
    return None


def _held(compiled: CompiledFlow, target: str, name: str, values: Mapping[str, Value], facts: Facts) -> str:
    row = compiled.row(name)
    half = row.half(target, values)
    return "" if half is None else show(see_raw(compiled, row, target, half, facts).canonical or "")


def _fields(compiled: CompiledFlow, name: str, held: str) -> Iterator[tuple[str, str]]:
    """Give (value, wire field) of the line of a value and of the line for all."""
    table = compiled.context.lookups.get(name)
    if table is None:
        return
    for word in filter(None, (held, ALWAYS)):
        for wire in (table.to(table.columns[0], table.columns[1], word) or "").split(";"):
            if wire.strip():
                yield word, wire.strip()
