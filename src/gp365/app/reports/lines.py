"""The listings of a report as they are written: one finding, its keys and values by side, as JSON holds them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gp365.app.actions.outputs import Shown
from gp365.app.actions.values import shown, shown_half
from gp365.model.plan import Half
from gp365.model.values import key_of, show_key
from gp365.sync.reconcile.found import Difference, FieldDifference, Missing, Reason, Sampled, Single
from gp365.sync.reconcile.result import Reconciliation

SECURED = "(secured)"


@dataclass(frozen=True, slots=True)
class ReasonLine:
    """Why: a word, and in words; the code and number of a parked entry, the row of the ledger that says so."""

    why: str
    text: str
    code: str = ""
    entry: int | None = None
    ledger: int | None = None


@dataclass(frozen=True, slots=True)
class FieldLine:
    """A field that differs: what both systems hold, what was compared, and why it differs."""

    field: str
    raw: dict[str, Shown]
    fitted: dict[str, Shown]
    unusable: dict[str, str]
    currency: dict[str, str]
    reason: ReasonLine


@dataclass(frozen=True, slots=True)
class DifferenceLine:
    """A linked pair that is not alike."""

    subject: str
    keys: dict[str, str]
    name: str
    fields: list[FieldLine]


@dataclass(frozen=True, slots=True)
class MissingLine:
    """Records that are gone, not joined, or there twice (`kind`: gone, another, hidden, unlinked, doubled)."""

    kind: str
    subject: str
    side: str
    keys: list[str]
    name: str
    reason: ReasonLine


@dataclass(frozen=True, slots=True)
class SingleLine:
    """A record without partner."""

    side: str
    key: str
    name: str
    reason: ReasonLine


@dataclass(frozen=True, slots=True)
class SampleLine:
    """A pair drawn by chance, with what both systems hold in every field."""

    subject: str
    keys: dict[str, str]
    name: str
    fields: dict[str, dict[str, Shown]]


def reason_line(one: Reason) -> ReasonLine:
    """Write a reason."""
    return ReasonLine(str(one.why), one.text, one.code, one.entry or None, one.ledger or None)


@dataclass(frozen=True, slots=True)
class Lines:
    """The listings of a reconciliation, read from disk as they are written."""

    found: Reconciliation

    @property
    def sides(self) -> tuple[str, str]:
        """Name the sides, the left one first."""
        return self.found.job.left.side, self.found.job.right.side

    def differences(self) -> Iterator[DifferenceLine]:
        """Give every pair that differs."""
        for one in self.found.differences:
            yield self.difference(one)

    def difference(self, one: Difference) -> DifferenceLine:
        """Write a pair that differs."""
        fields = [self._field(field) for field in one.fields]
        return DifferenceLine(one.subject, self._keys(one.left_key, one.right_key), one.name, fields)

    def missing(self) -> Iterator[MissingLine]:
        """Give every missing, unlinked or doubled record."""
        for one in self.found.missing:
            yield missing_line(one)

    def singles(self) -> Iterator[SingleLine]:
        """Give every record without partner."""
        for one in self.found.singles:
            yield single_line(one)

    def sample(self) -> Iterator[SampleLine]:
        """Give the pairs that were drawn."""
        for one in self.found.sample:
            yield self._sampled(one)

    def _keys(self, left: str, right: str) -> dict[str, str]:
        return {
            side: show_key(key_of(key)) for side, key in zip(self.sides, (left, right), strict=True) if key
        }

    def _both(self, left: Any, right: Any) -> dict[str, Any]:
        return dict(zip(self.sides, (left, right), strict=True))

    def _field(self, one: FieldDifference) -> FieldLine:
        amounts = zip(self.sides, (one.left_amount, one.right_amount), strict=True)
        unusable = zip(self.sides, (one.left_bad, one.right_bad), strict=True)
        hide = one.masked
        return FieldLine(
            one.field,
            self._both(SECURED, SECURED) if hide else self._both(_raw(one.left), _raw(one.right)),
            {} if hide else self._both(shown(one.left_fitted), shown(one.right_fitted)),
            {side: text for side, text in unusable if text},
            {side: held.currency for side, held in amounts if held is not None and held.currency},
            reason_line(one.reason),
        )

    def _sampled(self, one: Sampled) -> SampleLine:
        fields = {name: self._both(_raw(left), _raw(right)) for name, left, right in one.fields}
        return SampleLine(one.subject, self._keys(one.left_key, one.right_key), one.name, fields)


def _raw(half: Half | None) -> Shown:
    return shown_half(half) if half else None


def missing_line(one: Missing) -> MissingLine:
    """Write a missing, unlinked or doubled record."""
    keys = [show_key(key_of(key)) for key in one.keys]
    return MissingLine(one.kind, one.subject, one.side, keys, one.name, reason_line(one.reason))


def single_line(one: Single) -> SingleLine:
    """Write a record without partner."""
    return SingleLine(one.side, show_key(key_of(one.key)), one.name, reason_line(one.reason))
