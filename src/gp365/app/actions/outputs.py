"""What `sync`, `apply` and `plan` answer: typed values without a terminal (for the others see `look_outputs`).

The command line prints them or dumps them as JSON; their schemas stand in docs/json.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from gp365.model.errors import Gp365Error
from gp365.sync.guards.limits import Guarded

Shown = Any
"""A value as JSON shows it: text, whole number, yes or no, null; money and dates as text; several parts as a list."""


@dataclass(frozen=True, slots=True)
class ErrorOut:
    """An error, as `--json` shows it."""

    code: str
    message: str
    system: str = ""
    record: str = ""
    field: str = ""
    value: str = ""
    fix: str = ""


def error_out(error: Gp365Error) -> ErrorOut:
    """Turn an error into its output."""
    return ErrorOut(**error.as_dict())


@dataclass(frozen=True, slots=True)
class FieldCounts:
    """Fields of a run that were parked, held (a settled difference) or overruled (a moved value was overwritten)."""

    parked: int = 0
    held: int = 0
    overruled: int = 0


@dataclass(frozen=True, slots=True)
class SideOut:
    """What a run did on one side: records read, created and updated, and fields written."""

    read: int
    created: int
    updated: int
    fields: int


@dataclass(frozen=True, slots=True)
class GuardOut:
    """What a guard holds for a person.

    `operation` is creates, updates, clears, gone (linked records that vanished) or restored. `planned` records would be
    touched, `window` were let through before within the guard's hours, `limit` is the most (from the count and the
    `percent` of the open links); `held` records are parked until `gp365 sync --approve`.
    """

    flow: str
    side: str
    operation: str
    planned: int
    window: int
    limit: int
    percent: float
    held: int


def guard_out(one: Guarded) -> GuardOut:
    """Turn what a guard says into its output."""
    return GuardOut(**asdict(one))


@dataclass(frozen=True, slots=True)
class UnkeptField:
    """A column that does not hold what a write was acknowledged with."""

    field: str
    acknowledged: Shown
    found: Shown


@dataclass(frozen=True, slots=True)
class UnkeptOut:
    """A write that was acknowledged and is not there: the record, its columns, and the run that wrote it.

    `number` names it for `gp365 unkept end`.
    """

    number: int
    side: str
    system: str
    entity: str
    key: str
    fields: list[UnkeptField]
    run: str


@dataclass(frozen=True, slots=True)
class VerifiedOut:
    """The writes that a run has read back by another way, by how they were found.

    `changed_since` were changed by somebody after us; `mismatched` were acknowledged and are not there, those of earlier
    runs that still stand among them (`unkept` names the first); `cannot_tell` are gone or hidden. `healed` of the
    agreed had not stood before.
    """

    sampled: int = 0
    agreed: int = 0
    changed_since: int = 0
    mismatched: int = 0
    cannot_tell: int = 0
    healed: int = 0
    unkept: list[UnkeptOut] = field(default_factory=list[UnkeptOut])


@dataclass(frozen=True, slots=True)
class RunOut:
    """One run of one flow. Each subject considered is counted in exactly one of `created` … `retrying`.

    `turn` counts the runs of the same flow within one command: later ones take up what the earlier ones woke.
    `cut` are values that were shortened to fit. `mismatches` name the counts that do not agree. `guards` hold something
    for a person; `recovered` names the sides that were restored from a backup and brought back into step. `events` counts
    the subjects to whose identity something happened, by what it was (renumbered, merged, gone, displaced, made anew,
    decided). `verified` counts the writes that were read back; one that is not there makes the run fail.
    """

    run: str
    flow: str
    pair: str
    turn: int
    considered: int
    created: int
    updated: int
    unchanged: int
    filtered: int
    parked: int
    rejected: int
    waiting: int
    unsettled: int
    retrying: int
    fields: FieldCounts
    cut: int
    balanced: bool
    clean: bool
    mismatches: list[str]
    sides: dict[str, SideOut]
    requests: dict[str, int]
    write_requests: dict[str, int]
    seconds: float
    stopped: ErrorOut | None = None
    guards: list[GuardOut] = field(default_factory=list[GuardOut])
    recovered: list[str] = field(default_factory=list[str])
    events: dict[str, int] = field(default_factory=dict[str, int])
    verified: VerifiedOut = field(default_factory=VerifiedOut)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What a flow leaves at the end: records still queued or waiting for another, open parked entries and writes."""

    pair: str
    flow: str
    queued: int
    waiting: int
    parked: int
    open_intents: int

    @property
    def anything(self) -> bool:
        """Tell whether anything is left."""
        return bool(self.queued or self.waiting or self.parked or self.open_intents)


@dataclass(frozen=True, slots=True)
class SkippedOut:
    """A flow that was not run, because a system that it needs had stopped an earlier one."""

    pair: str
    flow: str
    error: ErrorOut


@dataclass(frozen=True, slots=True)
class SyncOut:
    """What a sync did. `interrupted` means that a person broke it off: the progress is kept."""

    runs: list[RunOut]
    left: list[LeftOut]
    skipped: list[SkippedOut]
    interrupted: bool
    exit_code: int


@dataclass(frozen=True, slots=True)
class MovedOut:
    """A record of a plan that was not written as planned, and why."""

    pair: str
    flow: str
    subject: str
    keys: dict[str, str]
    why: str


@dataclass(frozen=True, slots=True)
class ApplyOut:
    """What applying plan files did: the runs, and the records that had moved since the plans were made."""

    files: list[str]
    runs: list[RunOut]
    left: list[LeftOut]
    skipped: list[SkippedOut]
    moved: list[MovedOut]
    interrupted: bool
    exit_code: int


@dataclass(frozen=True, slots=True)
class PlannedField:
    """One field of a plan: what it is on its target (`old`), what it will be (`new`), why, and who owns it."""

    field: str
    verdict: str
    why: str
    owner: str
    side: str
    old: Shown
    new: Shown
    values: dict[str, Shown]
    overruled: bool = False
    cut: bool = False
    code: str = ""


@dataclass(frozen=True, slots=True)
class PlannedWriteOut:
    """One write of a plan: the side, create or update, and the key."""

    side: str
    op: str
    key: str


@dataclass(frozen=True, slots=True)
class ProblemOut:
    """Why a record stops as a whole."""

    code: str
    message: str
    field: str
    candidates: list[str]


@dataclass(frozen=True, slots=True)
class PlannedRecord:
    """The plan of one subject: its keys by side, the writes, and every field that is not simply equal."""

    subject: str
    name: str
    outcome: str
    keys: dict[str, str]
    writes: list[PlannedWriteOut]
    fields: list[PlannedField]
    problem: ProblemOut | None = None
    filtered: str = ""


@dataclass(frozen=True, slots=True)
class HorizonOut:
    """How far back a flow reads what is settled, and what that comes to.

    `rows` lie within the horizon, `beyond` are left out; megabytes in Dataverse are assumed, those of all rows `in_all`.
    """

    side: str
    months: int
    since: date
    rows: int
    beyond: int
    megabytes_assumed: float
    in_all_assumed: float


@dataclass(frozen=True, slots=True)
class FlowPlanOut:
    """The plan of one flow.

    `records` holds the first of `to_show` records that would be written or need a person. `created` and `updated`
    count writes by side. `first_contact` counts fields by the side that wins at first contact, `follow` the records
    that are created because this plan's other flows create their source. `requests` and `seconds` are forecasts;
    `reading` are those of the requests that only read, `read_back` those that read back what was written.
    `not_served` names rows of the flow that are left out, because a side does not serve their field. `guards` are those
    that would hold something of it. `recovery` names the restored sides whose way back this plan is. `horizon` is there
    where a side leaves out what is old and settled.
    """

    pair: str
    flow: str
    title: str
    flow_digest: str
    considered: int
    outcomes: dict[str, int]
    created: dict[str, int]
    updated: dict[str, int]
    fields: dict[str, int]
    first_contact: dict[str, int]
    cut: int
    overruled: int
    follow: int
    requests: dict[str, int]
    reading: dict[str, int]
    read_back: dict[str, int]
    seconds: float
    to_show: int
    records: list[PlannedRecord]
    not_served: list[str]
    file: str | None = None
    guards: list[GuardOut] = field(default_factory=list[GuardOut])
    recovery: list[str] = field(default_factory=list[str])
    horizon: HorizonOut | None = None


@dataclass(frozen=True, slots=True)
class PlanOut:
    """The plans of the flows that were asked for, and what they will cost together."""

    flows: list[FlowPlanOut]
    requests: dict[str, int]
    minutes: float
