"""What an order is planned from: both records under the names that the flow gives, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from gp365.model.fit import Unfit
from gp365.model.flow_file import OrderFile
from gp365.model.plan import FieldPlan, Half, Pair, Verdict
from gp365.model.record import Record
from gp365.model.values import Value, digest, pack
from gp365.sync.plan.facts import Facts
from gp365.sync.plan.rows import CompiledFlow, CompiledRow, Sight, see

ORDER = "(order)"
"""The name under which a link keeps what is remembered of its order, among its agreed pairs."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What a link remembers of an order: what stood on the other side at first, who approved which content, and who asked.

    `stale`: people were told that the other side has changed since. `refused`: by whom, at the command line.
    """

    base: Half
    who: str = ""
    name: str = ""
    digest: str = ""
    asker: str = ""
    stale: bool = False
    refused: str = ""

    def pair(self) -> Pair:
        """Return it as an agreed pair is kept."""
        return (self.base, (self.who, self.name, self.digest, self.asker, self.stale, self.refused))

    @classmethod
    def of(cls, pair: Pair | None, length: int) -> Memory | None:
        """Undo `pair`; None where nothing is remembered, or under a flow that remembered other fields."""
        if pair is None or len(pair[0]) != length or len(pair[1]) != 6:
            return None
        who, name, content, asker, stale, refused = pair[1]
        return cls(
            pair[0],
            str(who or ""),
            str(name or ""),
            str(content or ""),
            str(asker or ""),
            stale is True,
            str(refused or ""),
        )

    def differs(self, desk: Desk, name: str) -> tuple[Value, Value]:
        """Return what an ordered field was on the other side and what it is; twice the same where nothing is shown of it."""
        names = list(desk.shown)
        if name not in names:
            return (None, None)
        at = names.index(name)
        was, now = self.base[at], desk.now()[at]
        bound = (
            desk.order.kind in names and desk.raw(desk.order.kind, desk.target_side) == desk.order.amount_kind
        )
        return (was, now) if name != desk.order.amount or bound else (None, None)


@dataclass(frozen=True, slots=True)
class Desk:
    """An order on the planner's desk: its own record, the target's, and how both are read."""

    compiled: CompiledFlow
    order: OrderFile
    own: Record
    target: Record
    target_side: str
    facts: Facts
    memory: Memory | None
    shown: Mapping[str, CompiledRow]

    @classmethod
    def of(cls, compiled: CompiledFlow, left: Record, right: Record, facts: Facts) -> Desk:
        """Lay an order out."""
        order = compiled.flow.order
        assert order is not None
        on_left = compiled.flow.left.name == order.side
        shown = {
            name: compiled.by_name[place]
            for name, place in order.before.items()
            if name in compiled.by_name and place in compiled.by_name
        }
        memory = Memory.of(facts.pairs.get(ORDER), len(shown))
        own, target = (left, right) if on_left else (right, left)
        side = compiled.flow.other(order.side).name
        return cls(compiled, order, own, target, side, facts, memory, shown)

    @property
    def side(self) -> str:
        """Return the orders' side."""
        return self.order.side

    @property
    def on_left(self) -> bool:
        """Tell whether the orders are the flow's left side."""
        return self.compiled.flow.left.name == self.order.side

    @property
    def state(self) -> Value:
        """Return the order's state; None also where it cannot be read."""
        return self.raw(self.order.state, self.side)

    @property
    def acted(self) -> bool:
        """Tell whether anything of the order was written: that is what its agreed pairs say."""
        return any(row.row.name in self.facts.pairs for row in self.ordered())

    def raw(self, name: str, side: str) -> Value:
        """Return the raw value of a row with one wire field on a side; None where it is empty, absent, or no row."""
        row = self.compiled.by_name.get(name)
        half = row.half(side, self._record(side).values) if row is not None else None
        return half[0] if half else None

    def ordered(self) -> list[CompiledRow]:
        """Give the rows that the orders' side owns: what can be ordered."""
        return [
            row
            for row in self.compiled.rows
            if row.row.compared and self.compiled.owner(row.row.name) == self.side
        ]

    def units(self) -> list[tuple[str, tuple[CompiledRow, ...]]]:
        """Give the units of which anything is asked for."""
        mine = {row.row.name for row in self.ordered()}
        return [
            (unit, rows)
            for unit, rows in self.compiled.units.items()
            if any(row.row.name in mine and self.asked(row) for row in rows)
        ]

    def asked(self, row: CompiledRow) -> bool:
        """Tell whether a row is asked for; an amount only under the kind that needs one."""
        name = row.row.name
        if name == self.order.amount and self.raw(self.order.kind, self.side) != self.order.amount_kind:
            return False
        half = row.half(self.side, self.own.values)
        return half is not None and any(value is not None for value in half)

    def sight(self, row: CompiledRow) -> Sight:
        """See a row on both sides."""
        left, right = self.compiled.flow.left.name, self.compiled.flow.right.name
        one = see(self.compiled, row, left, self._record(left), self.facts)
        other = see(self.compiled, row, right, self._record(right), self.facts)
        return Sight(row, one, other, None)

    def now(self) -> Half:
        """Give what stands on the other side in the fields that are shown as before."""
        found: list[Value] = []
        for row in self.shown.values():
            half = row.half(self.target_side, self.target.values)
            found.append(half[0] if half else None)
        return tuple(found)

    def content(self) -> str:
        """Name what is asked for, so that an approval holds for nothing else."""
        halves = [row.half(self.side, self.own.values) for row in self.ordered()]
        card = self.raw(self.order.names, self.side)
        return digest(pack({"asked": [list(half or ()) for half in halves], "card": card}))[:24]

    def amount(self) -> Decimal | None:
        """Return the amount that is asked for, where the kind needs one."""
        if self.raw(self.order.kind, self.side) != self.order.amount_kind:
            return None
        value = self.raw(self.order.amount, self.side)
        return Decimal(value) if isinstance(value, Decimal | int) and not isinstance(value, bool) else None

    def asker(self, memory: Memory) -> str:
        """Name who asked: by name where it can be told."""
        if memory.asker:
            return memory.asker
        who = str(self.raw(self.order.asked_by, self.side) or "")
        same = who and self.raw(self.order.changed_by, self.side) == who
        return (self.own.changed_by if same else "") or who

    def target_name(self) -> str:
        """Name the record that is to be changed."""
        return self.target.key[0] if self.target.key else "The record"

    # what is told on the order's own record

    def put(self, name: str, value: Value, why: str) -> list[FieldPlan]:
        """Plan a value for a field of the order itself, unless it stands there."""
        row = self.compiled.by_name.get(name)
        half = row.half(self.side, self.own.values) if row is not None else None
        if row is None or half is None:
            return []
        try:
            new = (
                row.codecs[self.side].write(value, self.compiled.context_of(row))
                if value is not None
                else (None,)
            )
        except Unfit:
            return []
        return [self._told(row, half, new, why)] if new != half else []

    def told(self, words: str) -> list[FieldPlan]:
        """Plan the message; an empty one takes an old one away."""
        row = self.compiled.row(self.order.message)
        length = row.described[self.side][0].length
        text = words[:length] if length else words
        return self.put(self.order.message, text or None, "told")

    def before(self, memory: Memory) -> list[FieldPlan]:
        """Plan what is shown of the time before, and of which company it is."""
        fields = [
            field
            for row, was in zip(self.shown.values(), memory.base, strict=True)
            for field in self._carried(row, was)
        ]
        return [
            *fields,
            *(self.put(self.order.company, self.facts.company, "company") if self.order.company else ()),
        ]

    def after(self) -> list[FieldPlan]:
        """Plan what is shown of the other side as it was read back."""
        fields: list[FieldPlan] = []
        for source, place in self.order.after.items():
            row = self.compiled.by_name.get(place)
            if row is not None and source in self.compiled.by_name:
                half = row.half(self.target_side, self.target.values)
                fields += self._carried(row, half[0] if half else None)
        return fields

    def _carried(self, row: CompiledRow, value: Value) -> list[FieldPlan]:
        """Carry a raw value of the other side over to the field that shows it."""
        try:
            canonical = row.codecs[self.target_side].read((value,), self.compiled.context_of(row))
        except Unfit:
            return []
        return self.put(row.row.name, canonical, "shown")

    def _told(self, row: CompiledRow, held: Half, new: Half, why: str) -> FieldPlan:
        left, right = (held, None) if self.on_left else (None, held)
        name = row.row.name
        return FieldPlan(
            name,
            Verdict.WRITE,
            left,
            right,
            winner=self.target_side,
            target=self.side,
            new=new,
            rule=why,
            owner=self.target_side,
            unit=name,
            agrees=False,
        )

    def _record(self, side: str) -> Record:
        return self.own if side == self.side else self.target
