"""The rule of a field while a restored system is brought back: what it held before is no edit, and what is new is asked."""

from __future__ import annotations

from gp365.sync.plan.facts import Facts
from gp365.sync.plan.rows import Sight

AFTER_RESTORE = "after-restore"


def set_back(
    sights: list[Sight], facts: Facts, owner: str, moved: frozenset[str], sides: tuple[str, str]
) -> tuple[str, bool] | None:
    """Say which side of a unit was set back by a restore, and whether a person must decide; None for the usual rule.

    A side that was restored and moved is set back when every field that moved there holds what it held before. A value
    that it never held is for a person, and so is an edit on the other side of what the restored side owns.
    """
    if any(sight.pair is None for sight in sights):
        return None
    for number, side in enumerate(sides):
        if side not in facts.restored or side not in moved:
            continue
        before = facts.restored[side]
        changed = [sight for sight in sights if _raw(sight, number) != (sight.pair or ((), ()))[number]]
        held = all(sight.row.row.name in before for sight in changed)
        return side, not held or (owner == side and len(moved) == 2)
    return None


def _raw(sight: Sight, number: int) -> object:
    return (sight.left if number == 0 else sight.right).raw
