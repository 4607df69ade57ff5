"""What `parked resolve` answers: typed values without a terminal."""

from __future__ import annotations

from dataclasses import dataclass, field

from gp365.app.actions.outputs import ErrorOut, Shown, SyncOut


@dataclass(frozen=True, slots=True)
class PartnerOut:
    """The record with which an entry's record is to be linked; `candidate` says whether the entry had named it."""

    side: str
    key: str
    name: str
    candidate: bool
    linked_to: str = ""


@dataclass(frozen=True, slots=True)
class DecisionOut:
    """A decision that was taken: on which entry, in words, and by side what the next sync would write."""

    id: int
    pair: str
    flow: str
    field: str
    keys: dict[str, str]
    decision: str
    before: str
    writes: dict[str, dict[str, Shown]]
    partner: PartnerOut | None = None


@dataclass(frozen=True, slots=True)
class FaultOut:
    """A line of a file that decides nothing: where, which entry, what is wrong, and the fix."""

    line: int
    id: str
    error: ErrorOut


@dataclass(frozen=True, slots=True)
class ResolveOut:
    """Decisions that are stored (with `dry_run`: would be), and what a file's other lines came to.

    `undecided` lines say nothing, `unchanged` ones what was decided already. `sync` is the run that followed at once.
    """

    by: str
    dry_run: bool
    decided: list[DecisionOut]
    undecided: int = 0
    unchanged: int = 0
    faults: list[FaultOut] = field(default_factory=list[FaultOut])
    file: str | None = None
    sync: SyncOut | None = None
    exit_code: int = 0
