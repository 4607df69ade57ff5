"""What a reconciliation comes to: its figures, its listings on disk, and its verdict in a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gp365.store.runs import Run
from gp365.sync.job import Job
from gp365.sync.reconcile.found import (
    FOR_A_PERSON,
    Difference,
    Listing,
    Missing,
    Reason,
    Sampled,
    Single,
    Why,
)
from gp365.sync.reconcile.hashes import Blocks
from gp365.sync.reconcile.reading import Reading
from gp365.sync.reconcile.totals import Total


@dataclass(slots=True)
class Counts:
    """The figures: linked pairs, equal and differing ones; fields, missing records and singles by reason."""

    linked: int = 0
    equal: int = 0
    differing: int = 0
    incomplete: int = 0
    fields: dict[str, int] = field(default_factory=dict[str, int])
    columns: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])
    unread: dict[str, int] = field(default_factory=dict[str, int])
    missing: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])
    singles: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])
    drift: int = 0
    parked: int = 0

    def reason(self, held: dict[str, int], reason: Reason) -> None:
        """Count a finding by its reason."""
        held[str(reason.why)] = held.get(str(reason.why), 0) + 1
        self.drift += reason.why is Why.DRIFT
        self.parked += reason.why in FOR_A_PERSON


@dataclass(slots=True)
class Reconciliation:
    """What a reconciliation found. The listings are on disk and end with the job's scratch.

    `epochs` are the systems' own identities, `compared` the fields that were compared, `seed` what the sample was drawn by.
    """

    job: Job
    began: datetime
    ended: datetime
    readings: tuple[Reading, Reading]
    last: Run | None
    clean: Run | None
    epochs: Mapping[str, str]
    compared: tuple[str, ...]
    counts: Counts
    totals: Sequence[Total]
    blocks: Blocks
    differences: Listing[Difference]
    missing: Listing[Missing]
    singles: Listing[Single]
    sample: Sequence[Sampled]
    seed: str

    @property
    def verdict(self) -> str:
        """Say in a word how it ended: drift, parked, explained or equal."""
        if self.counts.drift:
            return "drift"
        if self.counts.parked:
            return "parked"
        return "explained" if len(self.differences) or len(self.missing) else "equal"
