"""Units whose two sides agree, as most of a record do: planned at once, without the questions of the rule.

Only a unit of one row, of one wire field on each side, that neither refers to another record nor means something in one
currency only: there that both sides agree follows from the two values alone.
"""

from __future__ import annotations

from gp365.model.plan import FieldPlan, Verdict
from gp365.model.record import Record
from gp365.sync.plan.rows import Alike, CompiledFlow, CompiledRow

_REMEMBERED = 4096


def plan_alike(compiled: CompiledFlow, unit: str, left: Record, right: Record) -> list[FieldPlan] | None:
    """Plan a unit that agrees; None where that is not known without a closer look."""
    if unit not in compiled.alike:
        compiled.alike[unit] = _alike_of(compiled, compiled.units[unit])
    alike = compiled.alike[unit]
    if alike is None:
        return None
    one, other = left.values.get(alike.left), right.values.get(alike.right)
    if type(one) is str and one == other:
        return alike.texts.get(one) or _easy(alike, unit, one)
    if one is None or other is None:
        return None
    return alike.others.get((type(one), one, type(other), other))


def remember_alike(
    compiled: CompiledFlow, unit: str, left: Record, right: Record, plans: list[FieldPlan]
) -> None:
    """Remember what was planned of a unit, if its two sides agree."""
    alike = compiled.alike.get(unit)
    if alike is None or len(plans) != 1 or plans[0].verdict is not Verdict.AGREE:
        return
    one, other = left.values.get(alike.left), right.values.get(alike.right)
    if one is None or other is None or type(one) is str:
        return
    if len(alike.others) >= _REMEMBERED:
        alike.others.clear()
    alike.others[type(one), one, type(other), other] = plans


def _alike_of(compiled: CompiledFlow, rows: tuple[CompiledRow, ...]) -> Alike | None:
    left, right = compiled.flow.left.name, compiled.flow.right.name
    row = rows[0]
    plain = row.row.compared and not row.row.ref and not row.row.in_currency
    if len(rows) != 1 or not plain or left not in row.single or right not in row.single:
        return None
    easy = min(row.easy.get(left, 0), row.easy.get(right, 0))
    name = row.row.name
    if row.row.create_only:
        return Alike(name, row.single[left], row.single[right], easy, "written on create only", "")
    return Alike(name, row.single[left], row.single[right], easy, "equal after fitting", compiled.owner(name))


def _easy(alike: Alike, unit: str, text: str) -> list[FieldPlan] | None:
    """Plan a text that is what it is on both sides: short, ASCII, without outer blanks."""
    if not text or len(text) > alike.easy or not text.isascii() or not text.isprintable():
        return None
    if text[0] == " " or text[-1] == " ":
        return None
    half = (text,)
    plans = [FieldPlan(alike.name, Verdict.AGREE, half, half, rule=alike.why, owner=alike.owner, unit=unit)]
    if len(alike.texts) >= _REMEMBERED:
        alike.texts.clear()
    alike.texts[text] = plans
    return plans
