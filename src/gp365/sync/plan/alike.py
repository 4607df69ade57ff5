"""Units whose two sides agree, as most of a record do: planned at once, without the questions of the rule.

Only a unit of one row, of one wire field on each side, that neither refers to another record nor means something in one
currency only: there that both sides agree follows from the two values alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from operator import gt, itemgetter

from gp365.model.fit import Unfit, fit
from gp365.model.plan import FieldPlan, Pair, Verdict
from gp365.model.record import Record
from gp365.model.values import Value, Values
from gp365.sync.plan.pairs import Agreed
from gp365.sync.plan.rows import Alike, CompiledFlow, CompiledRow, Plan, Texts, Unit

_REMEMBERED = 1024
_NUMBER = "number"  # what reads a number reads it alike on both sides
_TEXT = frozenset({str, type(None)})
_NONE: frozenset[str] = frozenset()


def plan_of(compiled: CompiledFlow) -> Plan:
    """Give every unit with its rows and what tells whether it agrees; not those of which no row is compared."""
    if not compiled.alike:
        compared = {
            unit: rows for unit, rows in compiled.units.items() if any(row.row.compared for row in rows)
        }
        made = tuple([(unit, rows, _alike_of(compiled, unit, rows)) for unit, rows in compared.items()])
        compiled.alike[:] = [
            Plan(made, _texts_of(made))
        ]  # at once: another thread may plan with the same flow
    return compiled.alike[0]


def _texts_of(units: tuple[Unit, ...]) -> Texts | None:
    alikes = tuple([alike for _, _, alike in units if alike is not None and alike.easy])
    if len(alikes) < 2:
        return None
    return Texts(
        alikes,
        frozenset(alike.unit for alike in alikes),
        itemgetter(*(alike.left for alike in alikes)),
        itemgetter(*(alike.right for alike in alikes)),
        itemgetter(*(alike.name for alike in alikes)),
        tuple(alike.easy for alike in alikes),
    )


def agreeing_texts(texts: Texts | None, left: Values, right: Values) -> frozenset[str]:
    """Name the units of plain texts that agree: short, ASCII and without outer blanks, or known to agree when empty.

    All at once, as nearly all of a record do; where one field is absent or out of the ordinary, none is named here.
    """
    if texts is None:
        return _NONE
    try:
        ours, theirs = texts.left(left), texts.right(right)
    except KeyError:
        return _NONE
    if not _TEXT.issuperset(map(type, ours)):
        return _NONE
    filled = [text or "" for text in ours]
    if not _is_easy("|".join(filled)):  # type: ignore[arg-type]
        return _NONE
    others = [] if ours == theirs else _unequal(texts, ours, theirs)
    if "" in filled:
        others += [
            one.unit
            for one, text in zip(texts.alikes, ours, strict=True)
            if not (text or (one.empty and text is None))
        ]
    if any(map(gt, map(len, filled), texts.easy)):  # type: ignore[arg-type]
        others += [
            one.unit
            for one, text in zip(texts.alikes, filled, strict=True)
            if len(text) > one.easy  # type: ignore[arg-type]
        ]
    return texts.units.difference(others) if others else texts.units


def _unequal(texts: Texts, ours: tuple[Value, ...], theirs: tuple[Value, ...]) -> list[str]:
    return [one.unit for one, a, b in zip(texts.alikes, ours, theirs, strict=True) if a != b]


def _is_easy(joined: str) -> bool:
    """Tell whether texts, joined by bars, are what they are on both sides; a blank beside a bar may be an outer one."""
    if not joined.isascii() or not joined.isprintable() or " |" in joined or "| " in joined:
        return False
    return joined[0] != " " and joined[-1] != " "


def fresh_pairs(
    texts: Texts, quiet: frozenset[str], left: Values, known: Mapping[str, Pair]
) -> dict[str, Pair]:
    """Give the pairs of texts that agree, where they are not known already."""
    ours = texts.left(left)
    held: tuple[object, ...] = (None,) * len(ours)
    if isinstance(known, Agreed):
        try:
            held = texts.pairs(known.held)
        except KeyError:
            held = tuple([known.held.get(one.name) for one in texts.alikes])
    fresh: dict[str, Pair] = {}
    for one, text, pair in zip(texts.alikes, ours, held, strict=True):
        if pair != [[text]] and one.unit in quiet:
            fresh[one.name] = ((text,), (text,))
    return fresh


def plan_alike(compiled: CompiledFlow, alike: Alike, left: Values, right: Values) -> bool:
    """Tell whether a unit agrees by the values of both sides; False where that is not known without a closer look."""
    one, other = left.get(alike.left), right.get(alike.right)
    if type(one) is str:
        return one == other and (one in alike.texts or _easy(alike, one))
    if one is None or other is None:
        return alike.empty and one is other and alike.left in left and alike.right in right
    return (type(one), one, type(other), other) in alike.others or _same_number(compiled, alike, one, other)


def halves_of(alike: Alike, left: Values, right: Values) -> Pair:
    """Give both raw halves of a unit that agrees."""
    return (left[alike.left],), (right[alike.right],)


def agreeing(alike: Alike, left: Values, right: Values) -> FieldPlan:
    """Make the plan of a unit that agrees."""
    one, other = halves_of(alike, left, right)
    return FieldPlan(
        alike.name, Verdict.AGREE, one, other, rule=alike.why, owner=alike.owner, unit=alike.unit
    )


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


def _easy(alike: Alike, text: str) -> bool:
    """Tell of a text whether it is what it is on both sides: short, ASCII, without outer blanks."""
    if not text or len(text) > alike.easy or not text.isascii() or not text.isprintable():
        return False
    if text[0] == " " or text[-1] == " ":
        return False
    if len(alike.texts) >= _REMEMBERED:
        alike.texts.clear()
    alike.texts.add(text)
    return True


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
