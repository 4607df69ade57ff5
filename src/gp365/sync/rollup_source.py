"""The sums of a roll-up as a system of our own: a connector that reads them from the store, so that a job can write them.

A shared record whose sum is not known yet is there, but its text is absent: nothing is written to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gp365.model.contract import Estimate, Finding, Tally
from gp365.model.entity import EntityDescription, Feed, FieldDescription, FieldType, Strength
from gp365.model.errors import Misconfigured, Rejected
from gp365.model.record import Change, ChangePage, Outcome, Record, Status, Write
from gp365.model.values import Key, Value, key_of, key_text
from gp365.store import contributions
from gp365.store.contributions import Rolled, Source
from gp365.store.engine import Store
from gp365.sync.sums import sums

SUMS = "roll-up"
TEXT = "amounts"
AMOUNT, CURRENCY = "amount", "currency"
KEY = "shared"
PAGE = 500
_ENTITY = EntityDescription(
    SUMS,
    (KEY,),
    {
        **{name: FieldDescription(name, writable="never") for name in (KEY, TEXT, CURRENCY)},
        AMOUNT: FieldDescription(AMOUNT, type=FieldType.MONEY, writable="never"),
    },
    Strength.VERSIONED,
    Feed.NONE,
    creates=False,
    updates=False,
    channel="store",
)
_VERSION = "0"
"""A record that says nothing else of itself would count as hidden."""


class RollupSource:
    """The sums of one roll-up by shared record, for the records that a pair has linked with their sums."""

    name = "gp365"
    kind = "store"

    def __init__(self, store: Store, rolled: Rolled, pair: str) -> None:
        self._store, self._rolled, self._pair = store, rolled, pair

    def check(self) -> Sequence[Finding]:
        """Find nothing: the store is ours."""
        return []

    def entities(self) -> Sequence[str]:
        """Name the one entity."""
        return [SUMS]

    def entity(self, name: str) -> EntityDescription:
        """Describe the sums; Misconfigured("entity-unknown") for anything else."""
        if name != SUMS:
            raise Misconfigured("entity-unknown", f"There is no {name} here.", value=name)
        return _ENTITY

    def begin_run(self) -> None:
        """Nothing is cached."""

    def changes(self, entity: str, fields: Sequence[str], cursor: str | None) -> Iterator[ChangePage]:
        """Give every sum, each time; the last page is empty."""
        del cursor
        for records in self.scan(entity, fields):
            yield ChangePage(tuple(Change(record.key, record) for record in records), full=True)
        yield ChangePage((), cursor="", full=True)

    def scan(self, entity: str, fields: Sequence[str]) -> Iterator[Sequence[Record]]:
        """Give every sum in pages, in the order in which the records were first linked."""
        self.entity(entity)
        with self._store.read() as conn:
            sharing = contributions.sharing(conn, self._rolled)
        for keys in self._pages():
            yield list(self._records(keys, fields, sharing).values())

    def census(self, entity: str) -> Iterator[Sequence[tuple[Key, str]]]:
        """Give every shared record's key."""
        self.entity(entity)
        for keys in self._pages():
            yield [(key_of(key), "") for key in keys]

    def get(
        self, entity: str, keys: Sequence[Key], fields: Sequence[str], *, fresh: bool = False
    ) -> Mapping[Key, Record]:
        """Read the sums of shared records; each has one, if only an empty one."""
        del fresh
        self.entity(entity)
        return self._records([key_text(key) for key in keys], fields)

    def read_aside(self, entity: str, keys: Sequence[Key], fields: Sequence[str]) -> Mapping[Key, Record]:
        """Read the sums; nobody writes them."""
        return self.get(entity, keys, fields)

    def find(
        self, entity: str, field: str, values: Sequence[Value], fields: Sequence[str]
    ) -> Sequence[Record]:
        """Read by the key; nobody looks for anything else."""
        keys = [str(value) for value in values if value is not None]
        return list(self._records(keys, fields).values()) if field == KEY and entity == SUMS else []

    def write(self, entity: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Refuse: a sum follows from what is contributed."""
        refused = Rejected("not-served", "A sum is not written but worked out.", system=self.name)
        return [Outcome(Status.REJECTED, key=write.key, error=refused) for write in writes]

    def estimate(self, entity: str, *, reads: int, creates: int, updates: int, aside: int = 0) -> Estimate:
        """Say that it costs no request."""
        del entity, reads, creates, updates, aside
        return Estimate(0, 0.0)

    def epoch(self) -> str:
        """Give nothing: the store's own restore is noticed elsewhere."""
        return ""

    def tally(self) -> Tally:
        """Give no requests."""
        return Tally(0, 0, {})

    def close(self) -> None:
        """Nothing is open."""

    def _pages(self) -> Iterator[list[str]]:
        last = 0
        while True:
            with self._store.read() as conn:
                page = contributions.linked_sums(conn, self._rolled, self._pair, last, PAGE)
            if not page:
                return
            yield [key for _, key in page]
            last = page[-1][0]

    def _records(
        self, keys: Sequence[str], fields: Sequence[str], sharing: Mapping[str, set[Source]] | None = None
    ) -> dict[Key, Record]:
        with self._store.read() as conn:
            known = sums(conn, self._rolled, keys, sharing)
        found: dict[Key, Record] = {}
        for key in keys:
            values: dict[str, Value] = {KEY: key}
            if key in known:
                one = known[key]
                values |= {TEXT: one.text, AMOUNT: one.amount, CURRENCY: one.currency}
            wanted = {name: value for name, value in values.items() if name in fields}
            found[key_of(key)] = Record(key_of(key), wanted, version=_VERSION)
        return found
