"""Two systems that answer in JSON, as real ones do, and a flow of twenty fields between them.

A system is made of pages: bytes that hold a thousand rows each, from memory or from a file. Reading decodes them anew
each time and makes records of them; the time that this takes is counted apart (`decoding_s`).
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from time import perf_counter
from typing import Any

import orjson

from gp365.model.contract import Connector, Estimate, Finding, Tally
from gp365.model.converters import ConvertContext
from gp365.model.entity import EntityDescription, Feed, FieldDescription, FieldType, Strength
from gp365.model.expressions import Expressions
from gp365.model.flow import Flow, compile_flow
from gp365.model.flow_file import FlowFile
from gp365.model.record import Change, ChangePage, Outcome, Record, Status, Write
from gp365.model.values import Key, Value
from gp365.store import lease as leases
from gp365.store.engine import Store, open_store, utc_now
from gp365.store.scratch import ScratchFile
from gp365.sync.job import Job, Place, fields_of
from gp365.sync.plan import compile_rows

PAGE = 1000

# fmt: off
TEXTS = ("name", "statement_name", "street1", "street2", "city", "state", "zip", "country", "phone1", "phone2", "fax",
         "contact", "class_id", "terms", "salesperson", "territory")
# fmt: on
FIELDS = ("number", *TEXTS, "limit", "hold", "since")


def row_of(number: int, edit: str = "") -> dict[str, Any]:
    """Give the row of a customer, as JSON holds it; `edit` is one more word in its contact."""
    return {
        "number": f"C{number:07d}",
        "name": f"Aaron Fitz Electrical {number}",
        "statement_name": f"Aaron Fitz Electrical {number}",
        "street1": f"{number % 9900} North Michigan Avenue",
        "street2": f"Suite {number % 900}" if number % 7 == 0 else None,
        "city": f"Chicago {number % 311}",
        "state": "IL",
        "zip": f"{60_000 + number % 900}-{number % 9000 + 1000}",
        "country": "USA",
        "phone1": f"312555{number % 10_000:04d}0000",
        "phone2": f"312556{number % 10_000:04d}0000" if number % 3 == 0 else None,
        "fax": None,
        "contact": f"Bob Fitz {number % 5000}{edit}",
        "class_id": f"USA-ILMO-T{number % 9}",
        "terms": "NET 30",
        "salesperson": f"PAUL {number % 40}",
        "territory": f"TERRITORY {number % 12}",
        "limit": number % 50_000 + 0.25,
        "hold": number % 97 == 0,
        "since": f"20{number % 20:02d}-0{number % 9 + 1}-1{number % 9}",
    }


def pages_of(
    numbers: Iterable[int], edit: str = "", key: Callable[[str], str] | None = None
) -> Iterator[bytes]:
    """Give rows as JSON pages; with `key` they have an id of the other system, and a version."""
    page: list[dict[str, Any]] = []
    for number in numbers:
        row = row_of(number, edit)
        page.append(row if key is None else {"id": key(row["number"]), "version": "1", **row})
        if len(page) == PAGE:
            yield orjson.dumps(page)
            page = []
    if page:
        yield orjson.dumps(page)


def _described(system: str) -> EntityDescription:
    wide = system == "sales"
    fields = {name: FieldDescription(name, FieldType.TEXT, length=160 if wide else 64) for name in TEXTS}
    fields["number"] = FieldDescription("number", length=20 if wide else 15)
    fields["limit"] = FieldDescription("limit", FieldType.MONEY, decimals=4 if wide else 5)
    fields["hold"] = FieldDescription("hold", FieldType.BOOLEAN)
    fields["since"] = FieldDescription("since", FieldType.DATE)
    if not wide:
        return EntityDescription("customer", ("number",), fields, Strength.WHOLE, lanes=2)
    fields["id"] = FieldDescription("id", length=36, writable="create")
    feed = {"feed": Feed.DELTA, "feed_sees_deletions": True}
    return EntityDescription("account", ("id",), fields, Strength.VERSIONED, **feed, lanes=2)  # type: ignore[arg-type]


@dataclass(slots=True)
class Rows:
    """A system of which the pages are read each time they are asked for; writes are answered, and counted by `op`."""

    name: str
    pages: Callable[[], Iterable[bytes]]
    described: EntityDescription = field(init=False)
    kind: str = "rows"
    commits: int = 1
    decoding_s: float = 0.0
    written: Counter[str] = field(default_factory=Counter[str])
    held: dict[Key, Record] = field(default_factory=dict[Key, Record])

    def __post_init__(self) -> None:
        self.described = _described(self.name)

    def check(self) -> Sequence[Finding]:
        """Find nothing."""
        return []

    def entities(self) -> Sequence[str]:
        """Name the only entity."""
        return (self.described.name,)

    def entity(self, name: str) -> EntityDescription:
        """Describe the only entity."""
        del name
        return self.described

    def begin_run(self) -> None:
        """Keep nothing that would have to be forgotten."""

    def changes(self, entity: str, fields: Sequence[str], cursor: str | None) -> Iterator[ChangePage]:
        """Give every record; of a delta feed nothing, once it was read."""
        delta = self.described.feed is Feed.DELTA
        if delta and cursor is not None:
            yield ChangePage((), str(self.commits))
            return
        for page in self.scan(entity, fields):
            yield ChangePage(tuple([Change(record.key, record) for record in page]), None, full=True)
        yield ChangePage((), str(self.commits) if delta else None, full=True)

    def scan(self, entity: str, fields: Sequence[str]) -> Iterator[Sequence[Record]]:
        """Decode page after page."""
        del entity
        for page in self.pages():
            began = perf_counter()
            records = [self._record(row, fields) for row in orjson.loads(page)]
            self.decoding_s += perf_counter() - began
            yield records

    def _record(self, row: dict[str, Any], fields: Sequence[str]) -> Record:
        """Make a record as connectors do: types of the system into ours, absent what is not asked for."""
        key, version = (row[self.described.key[0]],), row.pop("version", "")
        row["limit"] = Decimal(str(row["limit"]))
        row["since"] = date.fromisoformat(row["since"])
        if self.described.key[0] not in fields:
            del row[self.described.key[0]]
        values = row if len(row) == len(fields) else {name: row[name] for name in fields if name in row}
        return Record(key, values, version, "b:" + key[0])

    def census(self, entity: str) -> Iterator[Sequence[tuple[Key, str]]]:
        """Give every key with its birth mark."""
        for page in self.scan(entity, ()):
            yield [(record.key, record.birth) for record in page]

    def get(
        self, entity: str, keys: Sequence[Key], fields: Sequence[str], *, fresh: bool = False
    ) -> Mapping[Key, Record]:
        """Read what `hold` has put at hand."""
        del entity, fresh
        held = {key: self.held[key] for key in keys if key in self.held}
        return {
            key: Record(
                key, {name: one.values[name] for name in fields if name in one.values}, one.version, one.birth
            )
            for key, one in held.items()
        }

    def read_aside(self, entity: str, keys: Sequence[Key], fields: Sequence[str]) -> Mapping[Key, Record]:
        """Read what `hold` has put at hand."""
        return self.get(entity, keys, fields, fresh=True)

    def hold(self) -> None:
        """Put every record at hand, for `get`."""
        self.held = {
            record.key: record
            for page in self.scan(self.described.name, FIELDS + self.described.key)
            for record in page
        }

    def find(
        self, entity: str, field: str, values: Sequence[Value], fields: Sequence[str]
    ) -> Sequence[Record]:
        """Find nothing."""
        del entity, field, values, fields
        return []

    def write(self, entity: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Take every write: encode it as a real one would, and answer that it is done."""
        del entity
        self.commits += len(writes)
        self.written.update(str(write.op) for write in writes)
        return [self._done(write) for write in writes]

    def _done(self, write: Write) -> Outcome:
        orjson.dumps(dict(write.values), default=str)
        return Outcome(Status.DONE, write.key, str(self.commits), "b:" + write.key[0])

    def estimate(self, entity: str, *, reads: int, creates: int, updates: int, aside: int = 0) -> Estimate:
        """Cost nothing."""
        del entity, reads, creates, updates, aside
        return Estimate(0, 0.0)

    def epoch(self) -> str:
        """Give an identity and a count that never falls."""
        return f"{self.name}:{self.commits}"

    def tally(self) -> Tally:
        """Count the writes that were answered."""
        done = {(self.described.name, op): count for op, count in self.written.items()}
        return Tally(0, len(self.written), done)

    def close(self) -> None:
        """Close nothing."""


def flow_of_twenty() -> Flow:
    """Compile the flow: what a mirror has, and a contact that people change on both sides."""
    rows: dict[str, Any] = {
        name: {"gp": name, "sales": name, "owner": "ask" if name == "contact" else "gp"} for name in FIELDS
    }
    rows["number"]["create_only"] = True
    body: dict[str, Any] = {
        "format": 1,
        "flow": "customers",
        "sides": {
            "gp": {"entity": "customer", "create": False, "update": True},
            "sales": {"entity": "account", "create": True, "update": True},
        },
        "first_contact": "gp",
        "match": [{"same": ["number", "name"]}],
        "fields": rows,
    }
    return compile_flow(FlowFile.model_validate(body), ("gp", "sales"))


@dataclass(slots=True)
class Wide:
    """Both systems, the store and the job between them, in a folder of their own."""

    folder: Path
    store: Store
    scratch: ScratchFile
    gp: Rows
    sales: Rows
    job: Job

    def close(self) -> None:
        """Close the store and the scratch."""
        self.scratch.close()
        self.store.close()


def make_wide(
    folder: Path,
    gp: Callable[[], Iterable[bytes]],
    sales: Callable[[], Iterable[bytes]] = lambda: (),
    *,
    flow: Flow | None = None,
) -> Wide:
    """Make the job over two systems of which the pages are given; the store in the folder may be there already."""
    flow = flow or flow_of_twenty()
    left, right = Rows("gp", gp), Rows("sales", sales)
    store, scratch = open_store(folder / "gp365.db"), ScratchFile(Path(tempfile.mkdtemp(dir=folder)) / "s")
    context = ConvertContext(time_zone="America/Chicago", currency="USD", lookups={}, sides=("gp", "sales"))
    with store.write() as conn:
        lease = leases.take(conn, "worker", "bench", 36_000.0)
    job = Job(
        "bench",
        compile_rows(flow, left.described, right.described, context),
        _place("left", left, flow),
        _place("right", right, flow),
        store,
        scratch,
        Expressions({}, flow.options),
        utc_now,
        "bench",
        lease=lease,
        lease_ttl_s=36_000.0,
    )
    return Wide(folder, store, scratch, left, right, job)


def _place(end: Any, system: Rows, flow: Flow) -> Place:
    connector: Connector = system
    return Place(
        system.name,
        end,
        system.name,
        connector,
        system.described,
        fields_of(flow, system.name, system.described),
    )
