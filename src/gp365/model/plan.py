"""A plan is a value: what would be written to which record, and for every field why.

Preview, approval, explanation and most tests come from these values; nothing here reads or writes anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gp365.model.record import Op, Record
from gp365.model.values import Key, Value

Half = tuple[Value, ...]
Pair = tuple[Half, Half]


class Verdict(StrEnum):
    """What the rule says of one field (engine rules, the rule of a field)."""

    AGREE = "agree"
    WRITE = "write"  # the winner's value goes to the other side
    HELD = "held"
    CONFLICT = "conflict"
    PARKED = "parked"
    WAITING = "waiting"
    CREATE_ONLY = "create_only"
    READ_ONLY = "read_only"
    ALONG = "along"  # its owner changed it, and nothing else is written with which it would go


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """What becomes of one canonical field.

    `left` and `right` are the raw halves as read (None: absent). `winner` is the side whose value holds, `new` the
    raw half to be written on `target`. `rule` says why in words; `overruled` marks a value that moved and is
    overwritten; `cut` that the value was shortened to fit. `code` and `message` stand with parked, conflict and waiting.
    `agrees` says what becomes of the agreed pair where the verdict alone does not: True keeps a difference as it stands
    (it is settled), False keeps no pair although the value was written. `along`: it is written because others are.
    """

    name: str
    verdict: Verdict
    left: Half | None
    right: Half | None
    winner: str = ""
    target: str = ""
    new: Half = ()
    rule: str = ""
    owner: str = ""
    unit: str = ""
    overruled: bool = False
    cut: bool = False
    code: str = ""
    message: str = ""
    waits_for: tuple[str, str, str] | None = None  # flow, side, key text
    agrees: bool | None = None
    along: bool = False


@dataclass(frozen=True, slots=True)
class PlannedWrite:
    """One write of a plan. `key` is empty while the key of a create is not drawn yet."""

    side: str
    op: Op
    key: Key
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that could be the partner, and the evidence.

    `key` is a key text; `why` names the rule in words; `score` is 0 to 1 for a similar one, 1 for an agreement. `fields`
    gives, by canonical field, what the record and the candidate hold. `linked_to` shows the record that the candidate
    is linked with already, or "".
    """

    key: str
    why: str
    score: float = 1.0
    fields: Mapping[str, tuple[Value, Value]] = field(default_factory=dict[str, tuple[Value, Value]])
    linked_to: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the whole subject stops: its error code, in words, and what a person needs to decide."""

    code: str
    message: str
    field: str = ""
    value: str = ""
    side: str = ""
    candidates: tuple[str, ...] = ()
    evidence: tuple[Candidate, ...] = ()
    verdict: Verdict = Verdict.PARKED
    waits_for: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class SubjectPlan:
    """The plan of one subject.

    `pairs` are the agreed pairs that hold now, without any write, but for those that were known so already; a written
    field's pair is agreed when its write is done. `filtered` says that a condition leaves the record out. `problem` stops
    the subject as a whole. `left_scope` names the side whose condition a linked record no longer satisfies: told in the
    ledger, counted nowhere. `matched` says, in a preview, by which rule two records that are not linked yet were found
    to be one. `again`: once this is recorded, both sides are read afresh and planned once more in the same run; `ends`: with
    it the link has served its purpose and is closed (an order that was carried out, or will not be).
    """

    subject: str
    left: Record | None
    right: Record | None
    fields: Sequence[FieldPlan] = ()
    writes: tuple[PlannedWrite, ...] = ()
    pairs: Mapping[str, Pair] = field(default_factory=dict[str, Pair])
    filtered: str = ""
    problem: Problem | None = None
    left_scope: str = ""
    matched: str = ""
    again: bool = False
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Resolution:
    """A person's answer to a parked field: it applies only to the two raw halves that the person was shown.

    `take` is a side's name, or "" when `value` (canonical) was given.
    """

    take: str
    value: Value
    left: Half | None
    right: Half | None
    actor: str


@dataclass(frozen=True, slots=True)
class Window:
    """When a side's old value was last seen and its new one first: the change lies in between."""

    old_seen: datetime
    new_seen: datetime
