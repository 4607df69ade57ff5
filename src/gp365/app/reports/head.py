"""The head of a reconciliation's report: who compared what and when, the figures, the totals, and the files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from gp365 import __version__
from gp365.connectors.gp.books import Books
from gp365.model.sums import ZERO
from gp365.model.values import decimal_text
from gp365.store.runs import Run
from gp365.sync.reconcile.hashes import BLOCKS, Blocks
from gp365.sync.reconcile.reading import Reading
from gp365.sync.reconcile.result import Reconciliation
from gp365.sync.reconcile.totals import Total

FORMAT = "gp365 reconcile 1"


@dataclass(frozen=True, slots=True)
class SideHead:
    """One side: its system and entity, when and how much was read.

    `name` is what people call the organisation, `organisation` by what the system itself was recognised.
    """

    side: str
    system: str
    entity: str
    name: str
    organisation: str
    began: datetime
    ended: datetime
    read: int
    singles: int


@dataclass(frozen=True, slots=True)
class RunHead:
    """A run of the flow before this reconciliation."""

    run: str
    kind: str
    actor: str
    begun_at: datetime
    ended_at: datetime | None
    state: str
    balanced: bool | None
    clean: bool | None


@dataclass(frozen=True, slots=True)
class TotalHead:
    """A control total of one field and currency; amounts are texts, by side. `difference` is left less right.

    `linked` are the sums of the pairs that should agree, `all` those of all records read. `explained` names, by reason,
    what the listed pairs make of the difference; it always adds up.
    """

    field: str
    currency: str
    linked: dict[str, str]
    all: dict[str, str]
    difference: str
    explained: dict[str, str]
    pairs: int


@dataclass(frozen=True, slots=True)
class BlockHead:
    """A block of pairs whose hash totals are not equal."""

    block: int
    pairs: int
    sums: dict[str, str]


@dataclass(frozen=True, slots=True)
class HashHead:
    """The order-free hash totals: by side one sum over all blocks, and those of each block, in hexadecimal."""

    equal: bool
    pairs: int
    total: dict[str, str]
    unequal: list[BlockHead]
    sums: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class FileHead:
    """A file that shows this report, by the digest of its bytes."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class CountsHead:
    """Pairs, and findings by reason; `fields` names those that differ, `unread` those that one side does not show."""

    linked: int
    equal: int
    differing: int
    incomplete: int
    differences: dict[str, int]
    fields: dict[str, dict[str, int]]
    unread: dict[str, int]
    missing: dict[str, dict[str, int]]
    singles: dict[str, dict[str, int]]
    drift: int
    parked: int


@dataclass(frozen=True, slots=True)
class CustomerBooksHead:
    """A customer whose documents and balance GP itself keeps differently; amounts are texts.

    `waiting` is what receipts are applied to that are not posted yet, `difference` what is left beside it.
    """

    customer: str
    documents: str
    balance: str
    waiting: str
    difference: str


@dataclass(frozen=True, slots=True)
class AccountBooksHead:
    """A receivables control account and what it holds in the open years."""

    account: str
    balance: str


@dataclass(frozen=True, slots=True)
class BooksHead:
    """Dynamics GP against itself: documents (RM20101), balances (RM00103) and ledger; amounts are texts in `currency`.

    `agrees` tells whether they are one. A difference is GP's own and no drift. `listed` holds the first of the `differing`
    customers. `left_out` says why nothing was compared.
    """

    agrees: bool
    currency: str
    customers: int
    documents: str
    balance: str
    waiting: str
    difference: str
    ledger: str
    ledger_difference: str
    differing: int
    listed: list[CustomerBooksHead]
    accounts: list[AccountBooksHead]
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """Everything of a report but its listings. `verdict` is equal, explained, parked or drift.

    `books` stands in the reports of flows that show balances: what GP says of them in its own three places.
    """

    format: str
    version: str
    verdict: str
    pair: str
    flow: str
    title: str
    flow_digest: str
    company: str
    actor: str
    began: datetime
    ended: datetime
    sides: list[SideHead]
    last_run: RunHead | None
    last_clean_run: RunHead | None
    compared: list[str]
    counts: CountsHead
    totals: list[TotalHead]
    hashes: HashHead
    sample_seed: str
    public_key: str
    key_fingerprint: str
    files: list[FileHead] = field(default_factory=list[FileHead])
    books: BooksHead | None = None


def head_of(
    found: Reconciliation,
    public_key: str,
    fingerprint: str,
    names_of: Mapping[str, str] | None = None,
    books: Books | None = None,
) -> Head:
    """Make the head of a reconciliation's report; `names_of` says what people call a system, by its name."""
    job = found.job
    names = [place.side for place in job.places]
    return Head(
        format=FORMAT,
        version=__version__,
        verdict=found.verdict,
        pair=job.pair,
        flow=job.flow.name,
        title=job.flow.title,
        flow_digest=job.flow.digest,
        company=job.company,
        actor=job.actor,
        began=found.began,
        ended=found.ended,
        sides=[_side(found, reading, names_of or {}) for reading in found.readings],
        last_run=_run(found.last),
        last_clean_run=_run(found.clean),
        compared=list(found.compared),
        counts=_counts(found),
        totals=[_total(one, names) for one in found.totals],
        hashes=_hashes(found.blocks, names),
        sample_seed=found.seed if found.sample else "",
        public_key=public_key,
        key_fingerprint=fingerprint,
        books=_books(books) if books is not None else None,
    )


def _books(held: Books) -> BooksHead:
    text = decimal_text
    return BooksHead(
        held.agrees,
        held.currency,
        held.customers,
        text(held.documents),
        text(held.balance),
        text(held.waiting),
        text(held.difference),
        text(held.ledger),
        text(held.ledger_difference),
        held.differing,
        [
            CustomerBooksHead(
                one.customer,
                text(one.documents),
                text(one.balance),
                text(one.waiting),
                text(one.difference),
            )
            for one in held.listed
        ],
        [AccountBooksHead(one.account, text(one.balance)) for one in held.accounts],
        held.left_out,
    )


def _side(found: Reconciliation, reading: Reading, names_of: Mapping[str, str]) -> SideHead:
    place = reading.place
    organisation = found.epochs.get(place.side, "").rpartition(":")[0]
    singles = sum(found.counts.singles.get(place.side, {}).values())
    return SideHead(
        place.side,
        place.system,
        place.entity.name,
        names_of.get(place.system, place.system),
        organisation,
        reading.began,
        reading.ended,
        reading.count,
        singles,
    )


def _run(run: Run | None) -> RunHead | None:
    if run is None:
        return None
    return RunHead(
        run.id, run.kind, run.actor, run.begun_at, run.ended_at, run.state, run.balanced, run.clean
    )


def _counts(found: Reconciliation) -> CountsHead:
    counts = found.counts
    return CountsHead(
        linked=counts.linked,
        equal=counts.equal,
        differing=counts.differing,
        incomplete=counts.incomplete,
        differences=dict(counts.fields),
        fields={name: dict(held) for name, held in sorted(counts.columns.items())},
        unread=dict(counts.unread),
        missing={name: dict(held) for name, held in counts.missing.items()},
        singles={name: dict(held) for name, held in counts.singles.items()},
        drift=counts.drift,
        parked=counts.parked,
    )


def _total(one: Total, names: Sequence[str]) -> TotalHead:
    left, right = names
    return TotalHead(
        field=one.field,
        currency=one.currency,
        linked={left: decimal_text(one.left), right: decimal_text(one.right)},
        all={left: decimal_text(one.left_all), right: decimal_text(one.right_all)},
        difference=decimal_text(one.difference),
        explained=_amounts(one.explained or {}),
        pairs=one.pairs,
    )


def _amounts(held: dict[str, Decimal]) -> dict[str, str]:
    return {why: decimal_text(amount) for why, amount in held.items() if amount != ZERO}


def _hashes(blocks: Blocks, names: Sequence[str]) -> HashHead:
    sums = {names[0]: blocks.left, names[1]: blocks.right}
    return HashHead(
        equal=not blocks.unequal,
        pairs=sum(blocks.pairs),
        total={side: _hex(sum(held) % (1 << 64)) for side, held in sums.items()},
        unequal=[
            BlockHead(at, blocks.pairs[at], {side: _hex(held[at]) for side, held in sums.items()})
            for at in blocks.unequal
        ],
        sums={side: [_hex(held[at]) for at in range(BLOCKS)] for side, held in sums.items()},
    )


def _hex(number: int) -> str:
    return f"{number:016x}"
