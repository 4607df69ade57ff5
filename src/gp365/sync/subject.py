"""A subject on its way through a page: what it is made of, what was read, what is planned, what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from gp365.model.errors import Gp365Error
from gp365.model.plan import Problem, SubjectPlan
from gp365.model.record import Outcome, Record, Status
from gp365.model.values import Key
from gp365.store.intents import Intent
from gp365.store.links import Link
from gp365.store.parked import Parked
from gp365.sync.envelope import Envelope
from gp365.sync.events.kinds import Repair


class Disposition(StrEnum):
    """How a subject ended a run: the first of these that applies (interfaces, what is counted)."""

    PARKED = "parked"
    REJECTED = "rejected"
    UNSETTLED = "unsettled"
    RETRYING = "retrying"
    WAITING = "waiting"
    CREATED = "created"
    UPDATED = "updated"
    FILTERED = "filtered"
    UNCHANGED = "unchanged"


ORDER = list(Disposition)


def first(one: Disposition, other: Disposition) -> Disposition:
    """Return the disposition that applies first."""
    return one if ORDER.index(one) <= ORDER.index(other) else other


class Row(NamedTuple):
    """A row of the work table: a key on a side, with the trigger number that was seen.

    `woken`: what it waited for has come. `told`: nothing is known to have changed, somebody told us of the record.
    """

    side: str
    key: str
    seq: int
    woken: bool = False
    told: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """How a subject that waits, or is parked behind another, was counted in this run: it may be looked at once more."""

    name: str
    record: tuple[str, str]
    ended: Disposition
    done: Disposition
    parked: int
    held: int


@dataclass(slots=True)
class Sent:
    """A write that was planned for a subject: its intent, and what came of it."""

    intent: Intent
    envelope: Envelope
    outcome: Outcome | None = None


@dataclass(slots=True)
class Subject:
    """A link with both ends, or a record without a partner.

    `keys` and `records` are by side; a key without a record is an end that is gone. `made_by` says how a new link
    comes about. `turn` counts drawn keys that turned out to be taken; `tries` how often the subject was planned in
    this run because it moved; `claimed_as` is the claim's name once the record has become a link; `done` is what its
    writes have achieved so far in this run; `counted` how it was counted when it waited, earlier in this run;
    `complaints` are what the systems said against its last writes, by side; `sighted` when its values were seen, packed;
    `passes` is what guards count of it, as (side, operation); `recreate` the restored side on which it is made anew.
    Identity events: `repairs` are what shall become of its link; `repaired` says that they are done; `absorbed` names the
    subjects that go on in it; `behind` is the subject whose repair sets its key free; `left_out` says why nothing is done
    for it; `marked` is the row by which its surviving record is marked before the link closes; `decided` says that a
    person wants a new record, whatever looks like it; `assumed` is the side whose record is the one that last agreed,
    `partial` that it lacks what never agreed.
    """

    id: str
    rows: list[Row] = field(default_factory=list[Row])
    claimed_as: str = ""
    link: Link | None = None
    keys: dict[str, Key] = field(default_factory=dict[str, Key])
    records: dict[str, Record] = field(default_factory=dict[str, Record])
    made_by: str = "match"
    open_intents: list[Intent] = field(default_factory=list[Intent])
    problem: Problem | None = None
    plan: SubjectPlan | None = None
    sends: list[Sent] = field(default_factory=list[Sent])
    tries: int = 0
    turn: int = 0
    done: Disposition = Disposition.UNCHANGED
    ended: Disposition | None = None
    counted: Counted | None = None
    sighted: bytes = b""
    again: bool = False
    due_after_s: float | None = None
    held_back: Parked | None = None
    passes: tuple[tuple[str, str], ...] = ()
    recreate: str = ""
    fields_written: dict[str, int] = field(default_factory=dict[str, int])
    overruled: int = 0
    cut: int = 0
    complaints: dict[str, tuple[Status, Gp365Error]] = field(
        default_factory=dict[str, tuple[Status, Gp365Error]]
    )
    steps: list[dict[str, object]] = field(default_factory=list[dict[str, object]])
    repairs: list[Repair] = field(default_factory=list[Repair])
    repaired: bool = False
    absorbed: list[str] = field(default_factory=list[str])
    behind: Subject | None = None
    left_out: str = ""
    marked: str = ""
    decided: bool = False
    assumed: str = ""
    partial: bool = False

    @property
    def standing(self) -> Link | None:
        """Return the link as it is once its repairs are done."""
        link = self.link
        for repair in self.repairs:
            link = repair.on(link) if link is not None else None
        return link
