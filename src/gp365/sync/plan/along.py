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
    told = Counter(one.name for one in fields.loud)
    marked = {
        one.name: replace(one, along=True)
        for one in fields.loud
        if one.name in compiled.along
        and told[one.name] == 1
        and _goes_along(one, pairs, compiled.flow.left.name)
    }
    if not marked:
        return fields
    left = {one.name: one for one in left_over([marked.get(one.name, one) for one in fields.loud])}
    changed = {name: left[name] for name in marked}
    return Fields(partial(_with, fields, changed), _with(fields.loud, changed), len(fields))


def left_over(fields: Sequence[FieldPlan]) -> list[FieldPlan]:
    """Leave the fields that go along with others on the sides to which no other one of these fields is written."""
    written = {one.target for one in fields if one.verdict is Verdict.WRITE and not one.along}
    return [_left(one) if one.along and one.target not in written else one for one in fields]


def _goes_along(plan: FieldPlan, pairs: Mapping[str, Pair], left: str) -> bool:
    """Tell whether a planned field is written for nothing but what its owner has changed.

    Not where nothing was agreed yet, where the other side has moved, or where something else than the owner decided.
    """
    pair = pairs.get(plan.name)
    if plan.verdict is not Verdict.WRITE or pair is None or plan.agrees is not None:
        return False
    if plan.winner != plan.owner or plan.owner == plan.target:
        return False
    here, there = (0, 1) if plan.target == left else (1, 0)
    halves = (plan.left, plan.right)
    return halves[here] == pair[here] and halves[there] != pair[there]


def _left(plan: FieldPlan) -> FieldPlan:
    why = f"changed on {plan.owner} alone: it is written along with other fields, and none is written on {plan.target}"
    return replace(
        plan, verdict=Verdict.ALONG, target="", new=(), rule=why, overruled=False, cut=False, along=False
    )


def _with(fields: Sequence[FieldPlan], changed: Mapping[str, FieldPlan]) -> list[FieldPlan]:
    return [changed.get(one.name, one) for one in fields]
