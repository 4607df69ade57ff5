"""Faults planted in the planner by monkeypatching one of its functions: the law must find each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gp365.model.plan import Verdict
from gp365.sync.plan import along, subject, update
from gp365.sync.plan import rule as rules
from gp365.sync.plan.fields import judged


def compare_unfitted(patch: pytest.MonkeyPatch) -> None:
    """Fit: values are compared as they were read, not as both sides can hold them."""

    def equal(sight: rules.Sight) -> bool:
        usable = sight.left.bad is None and sight.right.bad is None
        return usable and sight.left.canonical == sight.right.canonical

    patch.setattr(rules, "equal", equal)
    patch.setattr(update, "equal", equal)


def ignore_may_clear(patch: pytest.MonkeyPatch) -> None:
    """may_clear: an empty value clears the other side whatever the row says."""
    win = rules._win

    def careless(compiled: Any, sights: list[rules.Sight], *more: Any) -> rules.Ruling:
        free = [
            sight._replace(row=replace(sight.row, row=replace(sight.row.row, may_clear=True)))
            for sight in sights
        ]
        return win(compiled, free, *more)

    patch.setattr(rules, "_win", careless)


def decide_per_field(patch: pytest.MonkeyPatch) -> None:
    """Group: every field of a group decides for itself."""
    plan = subject.plan_update

    def alone(compiled: Any, *more: Any) -> Any:
        return plan(replace(compiled, units={row.row.name: (row,) for row in compiled.rows}), *more)

    patch.setattr(subject, "plan_update", alone)


def ignore_owner(patch: pytest.MonkeyPatch) -> None:
    """Owner: every field is treated as owned by nobody."""
    plan = subject.plan_update

    def nobody(compiled: Any, *more: Any) -> Any:
        return plan(replace(compiled, owner=lambda name: "ask"), *more)

    patch.setattr(subject, "plan_update", nobody)


def leave_whatever_goes_along(patch: pytest.MonkeyPatch) -> None:
    """Along: what goes along with others is left although others are written, or nothing was agreed."""

    def left(compiled: Any, fields: Any, pairs: Any) -> Any:
        gone = {
            one.name: along._left(one)
            for one in fields.loud
            if one.name in compiled.along and one.verdict is Verdict.WRITE
        }
        return judged([gone.get(one.name, one) for one in fields])

    patch.setattr(update, "leave_alone", left)


FAULTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "fit": compare_unfitted,
    "may_clear": ignore_may_clear,
    "group": decide_per_field,
    "owner": ignore_owner,
    "along": leave_whatever_goes_along,
}
