"""What a reconciliation finds: differences, missing and doubled records, records without partner, each with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, TypeVar, cast

from gp365.model.contract import ScratchTable
from gp365.model.plan import Half
from gp365.model.values import Value, pack, unpack_deep


class Why(StrEnum):
    """Why two sides are not alike. DRIFT: nothing that we know explains it."""

    IN_FLIGHT = "in-flight"  # an open write, or work that is queued
    PARKED = "parked"
    CONFLICT = "conflict"
    WAITING = "waiting"
    FILTERED = "filtered"
    HELD = "held"
    CREATE_ONLY = "create_only"
    READ_ONLY = "read_only"
    ALONG = "along"  # its owner changed it alone; it is written along with other fields
    CHANGED = "changed-since-last-sync"
    CLOSED = "closed"  # a link that a person closed
    SHARED = "shared"  # a second card of a record that another link leads
    HIDDEN = "hidden"  # it exists, and our account may not read it
    LINKED = "linked"  # doubled, and each has its own partner
    DRIFT = "drift"


FOR_A_PERSON = frozenset((Why.PARKED, Why.CONFLICT))


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason in words; `entry` is the number of the parked entry, `ledger` that of the row that says so (0: none)."""

    why: Why
    text: str
    code: str = ""
    entry: int = 0
    ledger: int = 0


@dataclass(frozen=True, slots=True)
class Amount:
    """What one record adds to a control total; `currency` is "" where the flow names none."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field that two linked records hold differently.

    Raw halves as the systems hold them, and fitted values as they were compared; `left_bad` says why a side's value could
    not be compared. `masked`: a secured column, whose values are not told. Amounts are those of a control total.
    """

    field: str
    left: Half
    right: Half
    left_fitted: Value
    right_fitted: Value
    reason: Reason
    left_bad: str = ""
    right_bad: str = ""
    masked: bool = False
    left_amount: Amount | None = None
    right_amount: Amount | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """A linked pair that is not alike: its subject, keys and name, and every field that differs."""

    subject: str
    left_key: str
    right_key: str
    name: str
    fields: tuple[FieldDifference, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """Records that should be there or joined: `kind` is gone, another, unlinked or doubled.

    gone: a linked record is not there. another: another record stands under its key. unlinked: two records that match,
    and no link. doubled: several records of a side (`side`) with one mark or number; their keys are in `keys`.
    """

    kind: str
    subject: str
    side: str
    keys: tuple[str, ...]
    name: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Single:
    """A record without partner, and why."""

    side: str
    key: str
    name: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Sampled:
    """A linked pair drawn by chance, with both raw values of every field, to be checked by hand on the screens."""

    subject: str
    left_key: str
    right_key: str
    name: str
    fields: tuple[tuple[str, Half | None, Half | None], ...]


T = TypeVar("T", Difference, Missing, Single)


class Listing(Generic[T]):
    """Findings on disk, in the order in which they were found: there may be as many as there are records."""

    def __init__(self, table: ScratchTable, make: Callable[[dict[str, Any]], T]) -> None:
        self._table, self._make, self._count = table, make, 0
        table.clear()

    def __len__(self) -> int:
        return self._count

    def extend(self, found: list[T]) -> None:
        """Add findings."""
        if found:
            rows = [(f"{self._count + at:010}", "", pack(told(one))) for at, one in enumerate(found)]
            self._table.put(rows)
            self._count += len(found)

    def __iter__(self) -> Iterator[T]:
        for page in self._table.scan(500):
            for _, _, payload in page:
                yield self._make(unpack_deep(payload))


def told(one: Any) -> dict[str, Any]:
    """Return a finding as nested lists and mappings; empty parts of a reason or field are left out."""
    shown: dict[str, Any] = {}
    for part in fields(one):
        value = getattr(one, part.name)
        if hasattr(value, "__dataclass_fields__"):
            value = told(value)
        elif isinstance(value, tuple):
            several = cast("tuple[Any, ...]", value)
            value = [told(each) if hasattr(each, "__dataclass_fields__") else each for each in several]
        shown[part.name] = str(value) if isinstance(value, StrEnum) else value
    return shown


def _reason(held: dict[str, Any]) -> Reason:
    given: dict[str, Any] = {**held, "why": Why(held["why"])}
    return Reason(**given)


def _amount(held: dict[str, Any] | None) -> Amount | None:
    return Amount(**held) if held else None


def difference_of(held: dict[str, Any]) -> Difference:
    """Undo `told` for a difference."""
    given: dict[str, Any] = {**held, "fields": tuple(_field(one) for one in held["fields"])}
    return Difference(**given)


def _field(held: dict[str, Any]) -> FieldDifference:
    given: dict[str, Any] = {**held, "left": tuple(held["left"]), "right": tuple(held["right"])}
    given["reason"] = _reason(held["reason"])
    given["left_amount"], given["right_amount"] = _amount(held["left_amount"]), _amount(held["right_amount"])
    return FieldDifference(**given)


def missing_of(held: dict[str, Any]) -> Missing:
    """Undo `told` for a missing record."""
    given: dict[str, Any] = {**held, "reason": _reason(held["reason"]), "keys": tuple(held["keys"])}
    return Missing(**given)


def single_of(held: dict[str, Any]) -> Single:
    """Undo `told` for a record without partner."""
    given: dict[str, Any] = {**held, "reason": _reason(held["reason"])}
    return Single(**given)
