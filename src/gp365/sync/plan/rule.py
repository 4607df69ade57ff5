"""The rule of a field: which side's value holds, and why. A group decides as one value.

The order of the questions is the engine's law and stands in `_decide`; every answer carries its reason in words.
"""

from __future__ import annotations

from dataclasses import dataclass

from gp365.model.flow import ASK, LATEST
from gp365.model.plan import Resolution, Verdict, Window
from gp365.sync.plan.facts import Facts
from gp365.sync.plan.restored import AFTER_RESTORE, set_back
from gp365.sync.plan.rows import Bad, CompiledFlow, Seen, Sight


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the rule says of a unit: the verdict, the side whose value holds, and why.

    `by_person`: a person's decision. `settles`: the difference is agreed to as it stands.
    """

    verdict: Verdict
    winner: str = ""
    why: str = ""
    owner: str = ""
    moved: frozenset[str] = frozenset()
    code: str = ""
    message: str = ""
    waits_for: tuple[str, str, str] | None = None
    by_person: bool = False
    settles: bool = False


def rule(compiled: CompiledFlow, unit: str, sights: list[Sight], facts: Facts) -> Ruling:
    """Decide one unit: a single row, or a group whose rows decide as one value."""
    left, right = compiled.flow.left.name, compiled.flow.right.name
    owner = compiled.owner(sights[0].row.row.name)
    if _all_equal(sights):
        return Ruling(Verdict.AGREE, why="equal after fitting", owner=owner)
    moved = _moved(sights, left, right)
    if not moved and _names_another(sights, left, owner):
        moved = frozenset((left, right))
    if not moved:
        return Ruling(Verdict.HELD, why="a difference that was settled: neither side moved", owner=owner)
    ruling = _resolved(compiled, unit, sights, facts) if facts.resolutions else None
    if ruling is None and (facts.restored or facts.doubted):
        ruling = _restored(compiled, unit, sights, facts, owner, moved)
    if ruling is None and facts.superseded:
        ruling = _superseded(sights, facts, owner, moved, (left, right))
    return ruling or _decide(compiled, unit, sights, facts, owner, moved)


def _all_equal(sights: list[Sight]) -> bool:
    return equal(sights[0]) and (len(sights) == 1 or all(equal(sight) for sight in sights))


def _restored(
    compiled: CompiledFlow,
    unit: str,
    sights: list[Sight],
    facts: Facts,
    owner: str,
    moved: frozenset[str],
) -> Ruling | None:
    """After a restore the other side's value goes back, also an empty one; what is new there is for a person."""
    left, right = compiled.flow.left.name, compiled.flow.right.name
    doubt = facts.doubted.get(unit)
    found = set_back(sights, facts, owner, moved, (left, right))
    asked = doubt is not None and shown(sights, doubt)
    if not asked and (found is None or not _can_go_back(compiled, sights, found[0])):
        return None
    if found is None or found[1] or asked:
        message = f"{unit} holds a value after the restore that cannot be told from an edit."
        return Ruling(Verdict.CONFLICT, owner=owner, moved=moved, code=AFTER_RESTORE, message=message)
    side, winner = found[0], right if found[0] == left else left
    why = f"{side} was restored from a backup: what {winner} holds goes back"
    bad = next((seen.bad for seen in _side(compiled, sights, winner) if seen.bad), None)
    if bad is not None:
        return _unusable(bad, winner, why, owner, moved)
    return Ruling(Verdict.WRITE, winner, why, owner, moved - {side})


def _can_go_back(compiled: CompiledFlow, sights: list[Sight], side: str) -> bool:
    """A side that the flow does not write to keeps what it holds, and its value is carried as ever."""
    return compiled.flow.side(side).update and all(sight.row.writable(side, "update") for sight in sights)


def equal(sight: Sight) -> bool:
    """Tell whether both sides are usable and alike after fitting."""
    usable = sight.left.bad is None and sight.right.bad is None
    return usable and sight.left.fitted == sight.right.fitted


def _names_another(sights: list[Sight], left: str, owner: str) -> bool:
    """Tell whether references that stand as they were agreed name different partners by now: a link was repaired.

    Only where a side owns them, and its own partner is known.
    """
    owned = [sight.left if owner == left else sight.right for sight in sights if sight.row.row.ref]
    known = all(seen.bad is None and seen.fitted is not None for seen in owned)
    return owner in sights[0].row.row.wires and len(owned) == len(sights) and known


def _moved(sights: list[Sight], left: str, right: str) -> frozenset[str]:
    """Name the sides that moved: raw value is not the side's half of the pair; an unknown pair counts as both."""
    moved: set[str] = set()
    for sight in sights:
        if sight.pair is None:
            return frozenset((left, right))
        if sight.left.raw != sight.pair[0]:
            moved.add(left)
        if sight.right.raw != sight.pair[1]:
            moved.add(right)
    return frozenset(moved)


def _decide(
    compiled: CompiledFlow,
    unit: str,
    sights: list[Sight],
    facts: Facts,
    owner: str,
    moved: frozenset[str],
) -> Ruling:
    left, right = compiled.flow.left.name, compiled.flow.right.name
    if owner in (left, right):
        return _win(compiled, sights, owner, f"{owner} owns it", owner, moved)
    known = all(sight.pair is not None for sight in sights)
    if known and len(moved) == 1:
        side = next(iter(moved))
        return _win(compiled, sights, side, f"changed on {side}", owner, moved)
    empty = [side for side in (left, right) if _empty(sights, side == left)]
    if not known and len(empty) == 1:
        filled = right if empty[0] == left else left
        return _win(compiled, sights, filled, f"empty on {empty[0]}", owner, moved)
    if not known:
        return _first_contact(compiled, unit, sights, owner, moved, facts)
    if owner == LATEST and (latest := _latest(sights, facts, left, right)):
        return _win(compiled, sights, latest, f"{latest} changed it last", owner, moved)
    message = f"{unit} was changed on both sides to different values."
    return Ruling(Verdict.CONFLICT, owner=owner, moved=moved, code="conflict", message=message)


def _first_contact(
    compiled: CompiledFlow, unit: str, sights: list[Sight], owner: str, moved: frozenset[str], facts: Facts
) -> Ruling:
    """Decide what never agreed: by the flow, but a record that another company leads is nobody's to overwrite."""
    first = compiled.flow.first_contact
    if first == ASK or facts.led:
        message = f"{unit} holds different values on both sides, which have never agreed."
        return Ruling(Verdict.CONFLICT, owner=owner, moved=moved, code="first-contact", message=message)
    return _win(compiled, sights, first, f"first contact: {first} wins", owner, moved)


def _empty(sights: list[Sight], on_left: bool) -> bool:
    return all((sight.left if on_left else sight.right).empty for sight in sights)


def _win(
    compiled: CompiledFlow, sights: list[Sight], side: str, why: str, owner: str, moved: frozenset[str]
) -> Ruling:
    """Let a side win, unless its value is unusable (parked, waiting) or an empty one that may not clear (held)."""
    on_left = side == compiled.flow.left.name
    for sight in sights:
        bad = (sight.left if on_left else sight.right).bad
        if bad is not None:
            return _unusable(bad, side, why, owner, moved)
    if not all(sight.row.row.may_clear for sight in sights) and _empty(sights, on_left):
        return Ruling(Verdict.HELD, why=f"{why}, but an empty value does not clear", owner=owner, moved=moved)
    return Ruling(Verdict.WRITE, winner=side, why=why, owner=owner, moved=moved)


def _unusable(bad: Bad, side: str, why: str, owner: str, moved: frozenset[str]) -> Ruling:
    verdict = Verdict.WAITING if bad.code == "waiting" else Verdict.PARKED
    return Ruling(verdict, side, why, owner, moved, bad.code, bad.message, bad.waits_for)


def _latest(sights: list[Sight], facts: Facts, left: str, right: str) -> str:
    """Name the side whose change is surely later; "" when the intervals overlap or are unknown."""
    a, b = (_window(sights, facts, side, on_left) for side, on_left in ((left, True), (right, False)))
    if a is None or b is None:
        return ""
    if a.new_seen <= b.old_seen:
        return right
    return left if b.new_seen <= a.old_seen else ""


def _window(sights: list[Sight], facts: Facts, side: str, on_left: bool) -> Window | None:
    """Give the interval in which a unit changed on a side: of all its fields that moved there."""
    found: list[Window] = []
    for sight in sights:
        seen = sight.left if on_left else sight.right
        if sight.pair is None or seen.raw == sight.pair[0 if on_left else 1]:
            continue
        window = facts.windows.get((sight.row.row.name, side))
        if window is None:
            return None
        found.append(window)
    if not found:
        return None
    return Window(min(one.old_seen for one in found), max(one.new_seen for one in found))


def _superseded(
    sights: list[Sight], facts: Facts, owner: str, moved: frozenset[str], sides: tuple[str, str]
) -> Ruling | None:
    """A side that shows the value of a write that we had given up is a conflict, not an edit (engine rules, settling).

    Not where that side owns the row: the write was another flow's, which sees to it; a mirror follows what stands there.
    """
    for side, on_left in zip(sides, (True, False), strict=True):
        given_up = facts.superseded.get(side, {})
        if side not in moved or side == owner or not given_up:
            continue
        for sight in sights:
            seen = sight.left if on_left else sight.right
            if seen.raw is None or (sight.pair and seen.raw == sight.pair[0 if on_left else 1]):
                continue
            wires = sight.row.row.wires[side]
            if any(value in given_up.get(wire, ()) for wire, value in zip(wires, seen.raw, strict=True)):
                message = f"{sight.row.row.name} on {side} shows the value of a write that had been given up."
                return Ruling(Verdict.CONFLICT, moved=moved, code="superseded", message=message)
    return None


def _resolved(compiled: CompiledFlow, unit: str, sights: list[Sight], facts: Facts) -> Ruling | None:
    """Apply a person's answer, if both sides still show what the person was shown."""
    resolution = facts.resolutions.get(unit)
    if resolution is None or not resolution.take or not shown(sights, resolution):
        return None
    moved = frozenset((compiled.flow.left.name, compiled.flow.right.name))
    bad = next((seen.bad for seen in _side(compiled, sights, resolution.take) if seen.bad), None)
    why = f"decided by {resolution.actor}"
    if bad is not None:
        return _unusable(bad, resolution.take, why, "", moved)
    return Ruling(Verdict.WRITE, winner=resolution.take, why=why, moved=moved, by_person=True)


def shown(sights: list[Sight], resolution: Resolution) -> bool:
    """Tell whether the unit still holds the two raw values that a resolution was given for."""
    left = tuple(value for sight in sights for value in (sight.left.raw or ()))
    right = tuple(value for sight in sights for value in (sight.right.raw or ()))
    return left == (resolution.left or ()) and right == (resolution.right or ())


def _side(compiled: CompiledFlow, sights: list[Sight], side: str) -> list[Seen]:
    return [sight.left if side == compiled.flow.left.name else sight.right for sight in sights]
