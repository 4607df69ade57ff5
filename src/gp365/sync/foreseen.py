"""The links that a plan would make: a flow that is planned after another sees its partners as if they were there.

Kept on disk, in the scratch of the process; a run never uses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b

import orjson

from gp365.model.contract import Scratch, ScratchTable
from gp365.model.plan import SubjectPlan
from gp365.model.record import Op
from gp365.model.values import key_text

Ends = Mapping[str, str]


class Foreseen:
    """Planned links of one pair, by flow and by either end."""

    def __init__(self, scratch: Scratch, pair: str) -> None:
        self._scratch, self._pair = scratch, pair
        self._begun: set[str] = set()

    def put(self, flow: str, plans: Sequence[tuple[SubjectPlan, tuple[str, str]]]) -> None:
        """Keep the ends of the subjects that would be linked; each comes with the names of its left and right side."""
        rows: list[tuple[str, str, bytes]] = []
        for plan, sides in plans:
            ends = _ends(plan, sides)
            if ends is not None:
                packed = orjson.dumps(ends)
                rows += [(f"{side}\x1d{key}", "", packed) for side, key in ends.items()]
        if rows:
            self._table(flow).put(rows)

    def find(self, flow: str, side: str, keys: Sequence[str]) -> dict[str, Ends]:
        """Find the planned links of records, by their key on a side: the key on every side."""
        found = self._table(flow).get([f"{side}\x1d{key}" for key in keys])
        return {name.split("\x1d", 1)[1]: orjson.loads(packed) for name, packed in found.items()}

    def _table(self, flow: str) -> ScratchTable:
        table = self._scratch.table(f"{self._pair}/{flow}/foreseen")
        if flow not in self._begun:
            self._begun.add(flow)
            table.clear()
        return table


def number_of(ends: Ends) -> int:
    """Give a planned link a number that no link of the store has: below zero, the same from either end."""
    text = "\x1e".join(f"{side}:{key}" for side, key in sorted(ends.items()))
    return -1 - int.from_bytes(blake2b(text.encode(), digest_size=6).digest())


def _ends(plan: SubjectPlan, sides: tuple[str, str]) -> Ends | None:
    if plan.problem is not None or plan.filtered:
        return None
    ends = {
        side: key_text(record.key)
        for side, record in zip(sides, (plan.left, plan.right), strict=True)
        if record is not None
    }
    made = {write.side: key_text(write.key) for write in plan.writes if write.op is Op.CREATE and write.key}
    ends |= made
    return ends if len(ends) == 2 else None
