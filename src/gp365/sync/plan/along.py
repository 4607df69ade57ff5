"""Rows that are written along with others (`along`): a change of theirs alone is left until something else is written.

GP's day of aging is one: each aging run dates every customer anew, and most of them owe what they owed before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from gp365.model.plan import FieldPlan, Pair, Verdict
from gp365.sync.plan.fields import Fields
from gp365.sync.plan.rows import CompiledFlow


def leave_alone(compiled: CompiledFlow, fields: Fields, pairs: Mapping[str, Pair]) -> Fields:
    """Leave what only its owner has changed, on a side where no other field is written; the kept pair stays as it is.

    So the other side's half of the pair is what stands there, and the next write takes the newer value along.
    """
    left: dict[str, FieldPlan] = {}
    told = Counter(one.name for one in fields.loud)
    for side in compiled.flow.sides:
        writes = [one for one in fields.loud if one.target == side.name and one.verdict is Verdict.WRITE]
        if all(told[one.name] == 1 and _goes_along(compiled, one, pairs) for one in writes):
            left.update((one.name, _left(one)) for one in writes)
    if not left:
        return fields
    return Fields(partial(_with, fields, left), _with(fields.loud, left), len(fields))


def _goes_along(compiled: CompiledFlow, plan: FieldPlan, pairs: Mapping[str, Pair]) -> bool:
    """Tell whether a planned write carries nothing but what the owner of a row of this kind has changed there.

    Not where nothing was agreed yet, where the other side has moved, or where something else than the owner decided.
    """
    pair = pairs.get(plan.name)
    if plan.name not in compiled.along or pair is None or plan.agrees is not None:
        return False
    if plan.winner != plan.owner or plan.owner == plan.target:
        return False
    on_left = plan.target == compiled.flow.left.name
    here, there = (plan.left, plan.right) if on_left else (plan.right, plan.left)
    return here == pair[0 if on_left else 1] and there != pair[1 if on_left else 0]


def _left(plan: FieldPlan) -> FieldPlan:
    why = f"changed on {plan.owner} alone: it is written along with other fields, and none is written on {plan.target}"
    return replace(plan, verdict=Verdict.ALONG, target="", new=(), rule=why, overruled=False, cut=False)


def _with(fields: Sequence[FieldPlan], left: Mapping[str, FieldPlan]) -> list[FieldPlan]:
    return [left.get(one.name, one) for one in fields]
