"""What `replay` answers: typed values without a terminal."""

from __future__ import annotations

from dataclasses import dataclass

from gp365.app.actions.outputs import GuardOut, PlannedRecord, RunOut, Shown, SkippedOut


@dataclass(frozen=True, slots=True)
class ReplayedColumn:
    """A column then and now: what the target `held` and what was `sent`; what it holds `now` and what it `would` be sent.

    null stands for empty; `differs` says that another value would be sent than then, or that one is sent only now or only
    then.
    """

    held: Shown
    sent: Shown
    now: Shown
    would: Shown
    differs: bool


@dataclass(frozen=True, slots=True)
class ReplayedWrite:
    """A write to one record: that of now, beside the last one of then.

    `op` is create, update, or "" where nothing would be written now; `then_run` is the run that wrote then, "" for none.
    `erased` says that what was written then is not known any more.
    """

    side: str
    key: str
    op: str
    then_run: str
    then_op: str
    erased: bool
    columns: dict[str, ReplayedColumn]


@dataclass(frozen=True, slots=True)
class ReplayedRecord:
    """A record that was planned again. `same` says that exactly what was sent then would be sent now."""

    plan: PlannedRecord
    writes: list[ReplayedWrite]
    same: bool


@dataclass(frozen=True, slots=True)
class ReplayedFlow:
    """The records of one flow of one pair under one version of it; `records` holds the first with something to show.

    `why` says why its records could not be planned with their recorded version, "" when they were.
    """

    pair: str
    flow: str
    flow_digest: str
    today: bool
    records_asked: int
    outcomes: dict[str, int]
    writes: int
    records: list[ReplayedRecord]
    guards: list[GuardOut]
    why: str = ""


@dataclass(frozen=True, slots=True)
class ReplayOut:
    """What a replay would write (`applied` false), or the runs that have written it."""

    applied: bool
    flows: list[ReplayedFlow]
    runs: list[RunOut]
    skipped: list[SkippedOut]
    exit_code: int
