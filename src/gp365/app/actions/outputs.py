"""What `sync`, `apply`, `plan`, `status`, `history`, `explain` and `parked` answer: typed values without a terminal.

The command line prints them or dumps them as JSON; their schemas stand in docs/json.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gp365.model.errors import Gp365Error

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
class RunOut:
    """One run of one flow. Each subject considered is counted in exactly one of `created` … `retrying`.

    `turn` counts the runs of the same flow within one command: later ones take up what the earlier ones woke.
    `cut` are values that were shortened to fit. `mismatches` name the counts that do not agree.
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
class FlowPlanOut:
    """The plan of one flow.

    `records` holds the first of `to_show` records that would be written or need a person. `created` and `updated`
    count writes by side. `first_contact` counts fields by the side that wins at first contact, `follow` the records
    that are created because this plan's other flows create their source. `requests` and `seconds` are forecasts.
    `not_served` names rows of the flow that are left out, because a side does not serve their field.
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
    seconds: float
    to_show: int
    records: list[PlannedRecord]
    not_served: list[str]
    file: str | None = None


@dataclass(frozen=True, slots=True)
class PlanOut:
    """The plans of the flows that were asked for, and what they will cost together."""

    flows: list[FlowPlanOut]
    requests: dict[str, int]
    minutes: float


@dataclass(frozen=True, slots=True)
class CursorOut:
    """Where a side's feed stands, and for how long."""

    side: str
    set_at: datetime
    age_s: float


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run in the history; `counts` holds the subjects by how they ended."""

    run: str
    pair: str
    flow: str
    kind: str
    actor: str
    state: str
    begun_at: datetime
    ended_at: datetime | None
    seconds: float | None
    balanced: bool | None
    clean: bool | None
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class FlowStatus:
    """How one flow of one pair stands."""

    pair: str
    flow: str
    last_run: RunLine | None
    links: int
    due: int
    later: int
    waiting: int
    parked: int
    open_intents: int
    cursors: list[CursorOut]


@dataclass(frozen=True, slots=True)
class StatusOut:
    """How every flow stands."""

    flows: list[FlowStatus]


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One row of the ledger, with its evidence."""

    id: int
    at: datetime
    kind: str
    pair: str
    flow: str
    run: str
    actor: str
    subject: str
    subjects: int
    disposition: str
    keys: dict[str, str]
    summary: str


@dataclass(frozen=True, slots=True)
class HistoryOut:
    """Runs, newest first, and where asked for the rows of the ledger."""

    runs: list[RunLine]
    rows: list[LedgerLine]


@dataclass(frozen=True, slots=True)
class SideState:
    """A record as one side holds it now; `error` says why it could not be read, `there` whether it is there."""

    side: str
    system: str
    entity: str
    key: str
    there: bool
    error: ErrorOut | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a run decided about a field: `before` → `after` on `side`, by which rule, and what came of the write."""

    at: datetime
    run: str
    actor: str
    flow_digest: str
    field: str
    verdict: str
    why: str
    owner: str
    winner: str
    side: str
    before: Shown
    after: Shown
    values: dict[str, Shown]
    outcome: str
    overruled: bool = False
    cut: bool = False
    code: str = ""


@dataclass(frozen=True, slots=True)
class FieldState:
    """A field of a linked record: what both sides hold, what they last agreed on, and the latest decisions."""

    field: str
    owner: str
    columns: dict[str, list[str]]
    now: dict[str, Shown]
    agreed: dict[str, Shown]
    decisions: list[Decision]


@dataclass(frozen=True, slots=True)
class RecordEvent:
    """What a run did with the record as a whole."""

    at: datetime
    run: str
    actor: str
    flow_digest: str
    disposition: str
    what: str


@dataclass(frozen=True, slots=True)
class ParkedOut:
    """A parked entry: a field ("" for the whole record) that waits for a person, with both values and what to do."""

    id: int
    pair: str
    flow: str
    subject: str
    kind: str
    field: str
    code: str
    message: str
    fix: str
    keys: dict[str, str]
    made_at: datetime
    seen_at: datetime
    run: str
    state: str
    values: dict[str, Shown]
    candidates: list[str]
    evidence: dict[str, Shown]
    resolved_by: str = ""


@dataclass(frozen=True, slots=True)
class WaitOut:
    """What a record waits for."""

    field: str
    on_flow: str
    on_side: str
    on_key: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that is known about one record in one flow."""

    pair: str
    flow: str
    link: int | None
    made_by: str
    state: str
    sides: list[SideState]
    fields: list[FieldState]
    events: list[RecordEvent]
    parked: list[ParkedOut]
    waits: list[WaitOut]


@dataclass(frozen=True, slots=True)
class ExplainOut:
    """The explanations of a record, one per flow that knows it."""

    system: str
    entity: str
    key: str
    explanations: list[Explanation]


@dataclass(frozen=True, slots=True)
class ParkedList:
    """Open parked entries, oldest first. `total` counts all that match; `by_code` counts them by cause."""

    total: int
    by_code: dict[str, int]
    entries: list[ParkedOut]


@dataclass(frozen=True, slots=True)
class RetryOut:
    """How many parked entries will be looked at afresh by the next sync, and which."""

    retried: int
    ids: list[int]
