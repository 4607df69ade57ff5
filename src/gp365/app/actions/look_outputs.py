"""What `status`, `history`, `explain` and `parked` answer: typed values without a terminal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from gp365.app.actions.outputs import ErrorOut, Shown, UnkeptOut


@dataclass(frozen=True, slots=True)
class CursorOut:
    """Where a side's feed stands, and for how long."""

    side: str
    set_at: datetime
    age_s: float


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run in the history; `counts` holds the subjects by how they ended, `verified` the writes that were read back.

    A row of the service that found nothing stands for so many `looks` in `counts`, and begins and ends when the newest did.
    """

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
    verified: dict[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class StandingGuard:
    """What stops a flow, or with `whole_pair` everything of its pair, until a person lets it go.

    `state` is open, or released: someone let it go, and it is being carried out. `side` is the side that it is about.
    """

    code: str
    side: str
    message: str
    state: str
    since: datetime
    whole_pair: bool


@dataclass(frozen=True, slots=True)
class FlowStatus:
    """How one flow of one pair stands. `unread` writes are still to be read back; `unkept` were, and are not there."""

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
    guards: list[StandingGuard]
    unread: int = 0
    unkept: list[UnkeptOut] = field(default_factory=list[UnkeptOut])


@dataclass(frozen=True, slots=True)
class RuleStatus:
    """How a rule of fiscal calendar or sales cycle stands: when it comes next, and what it still waits for.

    `until`: until then its flows are looked at more often. `left` are to be read whole, because of the occasions `why`.
    """

    rule: str
    pair: str
    flows: list[str]
    next_at: datetime | None
    until: datetime | None
    left: list[str]
    why: list[str]


@dataclass(frozen=True, slots=True)
class StatusOut:
    """How every flow stands, and every rule of the calendar."""

    flows: list[FlowStatus]
    calendar: list[RuleStatus] = field(default_factory=list[RuleStatus])


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
class Recomputed:
    """A written value worked out once more from what it was planned from. `agrees` is null where that cannot be done.

    `why` says how it ended; `source` gives the other side's columns as they were read, `how` what made the value of them;
    `value` is what came out, `sent` what was sent; `planner` is the release that planned it; `approver` who decided or
    approved, `answer` what the target said. Where flow or lookups are others now, `changed` names them, and `today` is what
    they would make of the same source.
    """

    intent: str
    agrees: bool | None
    why: str
    source: dict[str, Shown] = field(default_factory=dict[str, Shown])
    how: str = ""
    value: Shown = None
    sent: Shown = None
    planner: str = ""
    approver: str = ""
    answer: str = ""
    changed: list[str] = field(default_factory=list[str])
    today: Shown = None
    today_differs: bool = False


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
    recomputed: Recomputed | None = None


@dataclass(frozen=True, slots=True)
class FieldState:
    """A field of a linked record: what both sides hold, what they last agreed on, and the latest decisions.

    `owner` is "" for what is not kept in step: read only, or written once.
    `along` says why its owner's change was left: the field is written along with others, and none was written since.
    """

    field: str
    owner: str
    columns: dict[str, list[str]]
    now: dict[str, Shown]
    agreed: dict[str, Shown]
    decisions: list[Decision]
    along: str
    read_only: bool = False


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
class CandidateOut:
    """A record that could be the partner: what speaks for it, and what both hold in the fields that were compared.

    `score` is 0 to 1; `fields` gives, by field, what the record and the candidate hold; `linked_to` is the record that
    the candidate is linked with already.
    """

    key: str
    name: str
    why: str
    score: float
    fields: dict[str, list[Shown]]
    linked_to: str


@dataclass(frozen=True, slots=True)
class ChoiceOut:
    """A decision that an entry takes: the command to type, and what it means."""

    command: str
    what: str


@dataclass(frozen=True, slots=True)
class ParkedOut:
    """A parked entry: a field ("" for the whole record) that waits for a person, with both values and what to do.

    `fields` are the flow's fields that are parked: one, or those of a group, whose values are lists in this order. By
    side: `keys`, `names` of the records, `values`, `base` (what both held when they last agreed), `who` changed the
    record last and `when`, as far as the systems tell. `decision` is what a person has decided, to be carried out by
    the next sync.
    """

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
    names: dict[str, str]
    made_at: datetime
    seen_at: datetime
    run: str
    state: str
    fields: list[str]
    values: dict[str, Shown]
    base: dict[str, Shown]
    who: dict[str, str]
    when: dict[str, str]
    candidates: list[str]
    compared: list[CandidateOut]
    evidence: dict[str, Shown]
    choices: list[ChoiceOut]
    decision: str = ""
    resolved_by: str = ""
    resolved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WaitOut:
    """What a record waits for."""

    field: str
    on_flow: str
    on_side: str
    on_key: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that is known about one record in one flow; `erased` counts the ledger's rows that lost their evidence."""

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
    erased: int = 0


@dataclass(frozen=True, slots=True)
class ExplainOut:
    """The explanations of a record, one per flow that knows it."""

    system: str
    entity: str
    key: str
    explanations: list[Explanation]


@dataclass(frozen=True, slots=True)
class ParkedList:
    """Open parked entries, oldest first. `total` counts all that match; `by_code` counts them by cause.

    `decided` counts those on which a person has decided; `file` is the CSV file with all of them, where one was asked for.
    """

    total: int
    by_code: dict[str, int]
    decided: int
    entries: list[ParkedOut]
    file: str | None = None


@dataclass(frozen=True, slots=True)
class RetryOut:
    """How many parked entries will be looked at afresh by the next sync, and which."""

    retried: int
    ids: list[int]
