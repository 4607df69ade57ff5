"""Units whose two sides agree, as most of a record do: planned at once, without the questions of the rule.

Only a unit of one row, of one wire field on each side, that neither refers to another record nor means something in one
currency only: there that both sides agree follows from the two values alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from gp365.model.fit import Unfit, fit
from gp365.model.plan import FieldPlan, Half, Verdict
from gp365.model.record import Record
from gp365.model.values import Value, Values
from gp365.sync.plan.fields import Agreeing
from gp365.sync.plan.rows import Alike, CompiledFlow, CompiledRow, Unit

_REMEMBERED = 4096
_NUMBER = "number"  # what reads a number reads it alike on both sides
_NOTHING: Half = (None,)


def units_of(compiled: CompiledFlow) -> Sequence[Unit]:
    """Give every unit with its rows and what tells whether it agrees."""
    if not compiled.alike:
        made = [(unit, rows, _alike_of(compiled, unit, rows)) for unit, rows in compiled.units.items()]
        compiled.alike[:] = made  # at once: another thread may plan with the same flow
    return compiled.alike


def plan_alike(compiled: CompiledFlow, alike: Alike, left: Values, right: Values) -> Agreeing | None:
    """Plan a unit by the values of both sides; None where it is not known that they agree without a closer look."""
    one, other = left.get(alike.left), right.get(alike.right)
    if type(one) is str:
        half = (alike.texts.get(one) or _easy(alike, one)) if one == other else None
        return None if half is None else Agreeing(alike.name, alike.why, alike.owner, alike.unit, half, half)
    if one is None or other is None:
        empty = alike.empty and one is other and alike.left in left and alike.right in right
        return Agreeing(alike.name, alike.why, alike.owner, alike.unit, _NOTHING, _NOTHING) if empty else None
    if (type(one), one, type(other), other) in alike.others or _same_number(compiled, alike, one, other):
        return Agreeing(alike.name, alike.why, alike.owner, alike.unit, (one,), (other,))
    return None


def remember_alike(alike: Alike, left: Record, right: Record, plans: list[FieldPlan]) -> None:
    """Remember of a unit that was planned whether its two sides agree on what they hold."""
    if len(plans) != 1 or plans[0].verdict is not Verdict.AGREE:
        return
    if alike.left not in left.values or alike.right not in right.values:
        return
    one, other = left.values[alike.left], right.values[alike.right]
    if one is None and other is None:
        alike.empty = True
    if one is None or other is None or type(one) is str:
        return
    if len(alike.others) >= _REMEMBERED:
        alike.others.clear()
    alike.others.add((type(one), one, type(other), other))


def _alike_of(compiled: CompiledFlow, unit: str, rows: tuple[CompiledRow, ...]) -> Alike | None:
    left, right = compiled.flow.left.name, compiled.flow.right.name
    row = rows[0]
    plain = row.row.compared and not row.row.ref and not row.row.in_currency
    if len(rows) != 1 or not plain or left not in row.single or right not in row.single:
        return None
    return Alike(
        row,
        row.row.name,
        unit,
        row.single[left],
        row.single[right],
        min(row.easy.get(left, 0), row.easy.get(right, 0)),
        all(row.codecs[side].name == _NUMBER for side in (left, right)),
        "written on create only" if row.row.create_only else "equal after fitting",
        "" if row.row.create_only else compiled.owner(row.row.name),
    )


def _easy(alike: Alike, text: str) -> Half | None:
    """Read a text that is what it is on both sides: short, ASCII, without outer blanks."""
    if not text or len(text) > alike.easy or not text.isascii() or not text.isprintable():
        return None
    if text[0] == " " or text[-1] == " ":
        return None
    if len(alike.texts) >= _REMEMBERED:
        alike.texts.clear()
    half = alike.texts[text] = (text,)
    return half


def _same_number(compiled: CompiledFlow, alike: Alike, one: Value, other: Value) -> bool:
    """Tell whether both sides hold one number, which both can hold."""
    if not alike.number or type(one) is not Decimal or type(other) is not Decimal or one != other:
        return False
    row = alike.row
    try:
        fit(row.codecs[compiled.flow.left.name].read((one,), compiled.context_of(row)), row.limits)
    except Unfit:
        return False
    return True
