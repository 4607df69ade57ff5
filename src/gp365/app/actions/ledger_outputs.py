"""What the `ledger` commands answer: typed values without a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ChainHead:
    """A chain that holds, and the hash of its last row: kept elsewhere, it shows a cut that took our own copy along."""

    chain: str
    head: str


@dataclass(frozen=True, slots=True)
class ChainPart:
    """A chain of which an export holds a part, and the position at which it begins there."""

    chain: str
    position: int


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """The first row that does not fit: chain, position, its number in the store (or the line of the file), and why.

    `number` is null where rows are missing.
    """

    chain: str
    position: int
    number: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class LedgerVerified:
    """Whether the ledger holds. `erased` counts rows whose payload was erased, by a row that says so.

    `file` is the export that was read, "" for the store itself; `partial` names chains that it does not hold from their
    first row on.
    """

    ok: bool
    rows: int
    erased: int
    chains: list[ChainHead]
    broken: BrokenRow | None
    file: str
    partial: list[ChainPart]
    seconds: float


@dataclass(frozen=True, slots=True)
class LedgerExported:
    """What an export holds: rows by chain, and each chain's head."""

    file: str
    rows: int
    bytes: int
    chains: list[ChainHead]
    since: datetime | None


@dataclass(frozen=True, slots=True)
class ErasedChain:
    """What was erased of one chain, and what was kept there although it is old enough, by reason."""

    chain: str
    payloads: int
    writes: int
    inputs: int
    parked: int
    kept: dict[str, int]


@dataclass(frozen=True, slots=True)
class LedgerErased:
    """What was erased, or with `dry_run` would be. `before`: nothing younger was touched.

    `for_undo` counts what would have been erased, and was kept because undo may need it; `stays` says in words what an
    erasure leaves, and why.
    """

    dry_run: bool
    before: datetime
    chains: list[ErasedChain]
    for_undo: int
    stays: list[str]
