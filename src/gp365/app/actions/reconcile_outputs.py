"""What `reconcile` answers: per flow the head of its report, the first findings, and the files."""

from __future__ import annotations

from dataclasses import dataclass, field

from gp365.app.actions.outputs import SkippedOut
from gp365.app.reports.head import Head
from gp365.app.reports.lines import DifferenceLine, MissingLine


@dataclass(frozen=True, slots=True)
class ReconciledFlow:
    """One flow of one pair. `missing` and `differences` hold the first findings, those that nothing explains before others.

    `digest` is the SHA-256 of the JSON document, the first of `files`, which holds all of them.
    """

    report: Head
    missing: list[MissingLine]
    differences: list[DifferenceLine]
    digest: str
    files: list[str]
    seconds: float


@dataclass(frozen=True, slots=True)
class ReconcileOut:
    """The reconciliations of the flows that were asked for, and those that could not be made."""

    flows: list[ReconciledFlow]
    skipped: list[SkippedOut] = field(default_factory=list[SkippedOut])
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class KeyOut:
    """The public key that this store's reports are checked with; the private one stays in the vault."""

    public_key: str
    fingerprint: str
    pem: str
