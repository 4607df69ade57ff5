"""What people do in a soak, beside a service that never rests: they touch a firm only when it stands still.

A firm stands still when both sides show the same in everything that is kept in step. Then nobody writes to it, and a person
who edits it knows what stands there. Each time it stands still again, no value that somebody gave may be missing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from e2e.e2e_site import GP, SALES
from proof.crash_judge import GROUPS, kept
from proof.crash_load import editable
from proof.crash_world import TWO_SIDED, UNITS, CrashWorld, Held, Snapshot

BOTH_SIDES, LIMITS, NEW_FIRMS = 0.08, 0.1, 0.15
ONE_SIDE = ((GP,), (SALES,))
"""Never on both at once: between reading one side and the other, what is entered on the first is not seen."""


@dataclass
class SoakPeople:
    """People of both systems; `lost` names values that had gone when a firm stood still again."""

    world: CrashWorld
    most_firms: int = 250
    acts: int = 0
    still: int = 0
    decided: int = 0
    lost: list[str] = field(default_factory=list[str])
    linked: dict[str, str] = field(default_factory=dict[str, str])

    def look(self) -> tuple[Snapshot, list[str]]:
        """Look, and judge what stands still; give its tags too."""
        seen = self.world.look()
        if self.world.meeting:
            self.linked = kept(self.world).links
        return seen, [tag for tag, held in sorted(seen.firms.items()) if self._rests(seen, tag, held)]

    def turn(self, edits: int) -> Snapshot:
        """Look, and let people edit up to so many firms that stand still, or enter one."""
        world = self.world
        seen, resting = self.look()
        for tag in world.random.sample(resting, min(len(resting), world.random.randint(0, edits))):
            self._edit(seen, tag)
        if len(seen.firms) < self.most_firms and world.random.random() < NEW_FIRMS:
            world.new_firm(world.random.choice(ONE_SIDE))
            self.acts += 1
        return seen

    def _rests(self, seen: Snapshot, tag: str, held: Held) -> bool:
        world = self.world
        if not (held.keys[GP] and held.keys[SALES] and alike(seen, held)):
            return False
        if tag in world.meeting and self.linked.get(held.keys[GP][0]) != held.keys[SALES][0]:
            return False  # at first contact one side wins by rule, whatever people do until then
        if tag in world.touched:
            self._judge(held, tag)
            world.touched.discard(tag)
            world.meeting.discard(tag)
            self.still += 1
        return True

    def _judge(self, held: Held, tag: str) -> None:
        for unit in TWO_SIDED:
            stands, live = held.values[GP].get(unit, ""), self.world.live.get((tag, unit), set())
            if live - {stands}:
                self.lost.append(f"{tag}.{unit}: {stands!r} on both sides, given {sorted(live)}")
            if stands:
                self.world.live[tag, unit] = {stands}

    def _edit(self, seen: Snapshot, tag: str) -> None:
        world = self.world
        self.acts += 1
        if world.random.random() < LIMITS:
            world.edit(seen, tag, "limit", GP)
            return
        unit = world.random.choice(editable(seen, tag))
        both = world.random.random() < BOTH_SIDES
        for side in (GP, SALES) if both else (world.random.choice((GP, SALES)),):
            world.edit(seen, tag, unit, side)

    def decide(self, seen: Snapshot) -> None:
        """End the conflicts that wait for a person: the same is entered on both sides."""
        reasons = kept(self.world).reasons
        for tag, held in sorted(seen.firms.items()):
            if not (held.keys[GP] and held.keys[SALES]):
                continue
            told = why(reasons, held)
            units = [unit for unit in editable(seen, tag) if told.get(GROUPS.get(unit, unit)) == "conflict"]
            for unit in units:
                if held.values[GP].get(unit) != held.values[SALES].get(unit):
                    self.world.agree(seen, tag, unit)
                    self.decided += 1

    def all_rest(self) -> bool:
        """Tell whether every firm stands still or waits for a person, who was told why."""
        seen, resting = self.look()
        reasons = kept(self.world).reasons
        return all(why(reasons, seen.firms[tag]) for tag in set(seen.firms) - set(resting))


def why(reasons: dict[tuple[str, str], dict[str, str]], held: Held) -> dict[str, str]:
    """Say which fields of a firm are parked, and by which code."""
    found: dict[str, str] = {}
    for side, keys in held.keys.items():
        for key in keys:
            found |= reasons.get((side, key), {})
    return found


def alike(seen: Snapshot, held: Held) -> bool:
    """Tell whether both sides show the same; limits count where they are shown in the currency of the card."""
    cards = seen.cards.get(held.keys[GP][0], [])
    shown = any(card["_transactioncurrencyid_value"] == held.currency for card in cards)
    return all(
        held.values[GP].get(unit, "") == held.values[SALES].get(unit, "")
        for unit in (UNITS if shown else TWO_SIDED)
    )
