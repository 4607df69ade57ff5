"""Two memory systems, a flow between them, and a store: the small world in which the engine's laws are tested."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gp365.connectors.memory import MemoryConnector
from gp365.model.converters import ConvertContext
from gp365.model.entity import EntityDescription, Feed, FieldDescription, FieldType, Strength
from gp365.model.expressions import Expressions
from gp365.model.flow import compile_flow
from gp365.model.flow_file import FlowFile
from gp365.model.lookups import Lookup
from gp365.store import lease as leases
from gp365.store import ledger, links, parked
from gp365.store.engine import Store, open_store
from gp365.store.scratch import ScratchFile
from gp365.sync.cycle import sync
from gp365.sync.equation import Report
from gp365.sync.job import Dependent, Job, Place, fields_of
from gp365.sync.plan import compile_rows
from gp365.sync.points import Probe, no_probe

START = datetime(2026, 10, 29, 8, 0, tzinfo=UTC)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def text(name: str, length: int = 60, **more: Any) -> FieldDescription:
    return FieldDescription(name, FieldType.TEXT, length=length, **more)


def customer(strength: Strength = Strength.WHOLE, feed: Feed = Feed.NONE, **more: Any) -> EntityDescription:
    """A GP-like customer: narrow, upper-case numbers, one code page, listed whole."""
    fields = [
        text("Number", 15, upper=True, writable="create", code_page="cp1252"),
        text("Name", 20, code_page="cp1252", required=True),
        text("Street", 20, code_page="cp1252"),
        text("Zip", 10, code_page="cp1252"),
        text("Phone", 21, code_page="cp1252"),
        text("Terms", 20, upper=True, code_page="cp1252"),
        FieldDescription("Limit", FieldType.MONEY, decimals=2),
        FieldDescription("Hold", FieldType.BOOLEAN),
        text("Contact", 20, code_page="cp1252"),
        text("Parent", 15, upper=True, code_page="cp1252"),
        text("Class", 15, upper=True, code_page="cp1252"),
        text("Mark", 30, code_page="cp1252"),
    ]
    options: dict[str, Any] = {
        "reference_field": "Mark",
        "renamable": True,
        "all_or_nothing": feed is Feed.NONE,
    } | more
    return EntityDescription(
        "customer",
        ("Number",),
        {one.name: one for one in fields},
        strength,
        feed,
        longest_reply_s=60.0,
        **options,
    )


def account(
    strength: Strength = Strength.VERSIONED, feed: Feed = Feed.DELTA, **more: Any
) -> EntityDescription:
    """An account as Dataverse has it: wide, ids that we choose, deletions seen."""
    fields = [
        text("id", 36, writable="create"),
        text("name", 40, required=True),
        text("street", 40),
        text("zip", 20),
        text("phone", 40),
        text("number", 20),
        text("terms", 20),
        FieldDescription("limit", FieldType.MONEY, decimals=2),
        FieldDescription("hold", FieldType.BOOLEAN),
        text("contact", 40),
        FieldDescription("parent", FieldType.REFERENCE, target="account", length=36),
        FieldDescription("type", FieldType.OPTION, options={3: "Customer", 8: "Prospect"}),
    ]
    return EntityDescription(
        "account",
        ("id",),
        {one.name: one for one in fields},
        strength,
        feed,
        feed_sees_deletions=feed is Feed.DELTA,
        **more,
    )


FLOW: dict[str, Any] = {
    "format": 1,
    "flow": "customers",
    "sides": {
        "gp": {
            "entity": "customer",
            "create": True,
            "update": True,
            "number": {"scheme": "name", "name": "name"},
        },
        "sales": {"entity": "account", "create": True, "update": True, "when": "type === 3"},
    },
    "first_contact": "gp",
    "match": [{"same": ["number", "name"]}, {"same": ["name", "address.zip"]}, {"alone": ["number"]}],
    "fields": {
        "number": {"gp": "Number", "sales": "number", "create_only": True},
        "type": {"sales": "type", "on_create": "3"},
        "name": {"gp": "Name", "sales": "name", "owner": "ask"},
        "address": {
            "group": True,
            "owner": "ask",
            "fields": {"street": {"gp": "Street", "sales": "street"}, "zip": {"gp": "Zip", "sales": "zip"}},
        },
        "phone": {"gp": "Phone", "sales": "phone", "owner": "ask"},
        "terms": {"gp": "Terms", "sales": "terms", "owner": "gp"},
        "limit": {"gp": "Limit", "sales": "limit", "owner": "gp"},
        "contact": {"gp": "Contact", "sales": "contact", "owner": "sales", "may_clear": False},
    },
}


def flow_with(**fields: Any) -> dict[str, Any]:
    """The flow with rows added or replaced (None removes one)."""
    merged = {**FLOW["fields"], **fields}
    return {**FLOW, "fields": {name: row for name, row in merged.items() if row is not None}}


@dataclass
class World:
    """Both systems, the store and the jobs of one pair."""

    folder: Path
    store: Store
    clock: Clock
    gp: MemoryConnector
    sales: MemoryConnector
    flow: dict[str, Any] = field(default_factory=lambda: FLOW)
    lookups: Mapping[str, Lookup] = field(default_factory=dict[str, Lookup])
    probe: Probe = no_probe
    page: int = 200
    holder: str = "test"
    flows: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])

    def job(self, flow: Mapping[str, Any] | None = None, *, lease: Any = None, pair: str = "test") -> Job:
        compiled_flow = compile_flow(FlowFile.model_validate(flow or self.flow), ("gp", "sales"))
        left, right = (
            connector.entity(side.entity)
            for connector, side in zip((self.gp, self.sales), compiled_flow.sides, strict=True)
        )
        context = ConvertContext(
            time_zone="America/Chicago", currency="USD", lookups=self.lookups, sides=("gp", "sales")
        )
        compiled = compile_rows(compiled_flow, left, right, context)
        scratch = ScratchFile(self.folder / "scratch")
        places = (
            Place("gp", "left", "gp", self.gp, left, fields_of(compiled_flow, "gp", left)),
            Place("sales", "right", "sales", self.sales, right, fields_of(compiled_flow, "sales", right)),
        )
        dependents = tuple(
            Dependent(name, side, body["sides"][side]["entity"])
            for name, body in self.flows.items()
            for side in ("gp", "sales")
            if name != compiled_flow.name
        )
        return Job(
            pair,
            compiled,
            places[0],
            places[1],
            self.store,
            scratch,
            Expressions(self.lookups, compiled_flow.options),
            self.clock,
            "tester",
            company="TWO",
            dependents=dependents,
            page=self.page,
            lease=lease,
            probe=self.probe,
        )

    def take_lease(self) -> Any:
        with self.store.write() as conn:
            return leases.take(conn, "worker", self.holder, 600.0)

    def release(self, lease: Any) -> None:
        with self.store.write() as conn:
            leases.release(conn, lease)

    def sync(
        self, flow: Mapping[str, Any] | None = None, *, full: bool = False, pair: str = "test"
    ) -> Report:
        lease = self.take_lease()
        job = self.job(flow, lease=lease, pair=pair)
        try:
            self.gp.begin_run()
            self.sales.begin_run()
            return sync(job, full=full)
        finally:
            job.scratch.close()  # type: ignore[attr-defined]
            self.release(lease)

    def customers(self) -> dict[str, dict[str, Any]]:
        return {key[0]: dict(row) for key, row in self.gp.rows("customer").items()}

    def accounts(self) -> dict[str, dict[str, Any]]:
        """Accounts by name."""
        return {
            str(row["name"]): dict(row) | {"id": key[0]} for key, row in self.sales.rows("account").items()
        }

    def gp_put(self, number: str, **values: Any) -> None:
        self.gp.person_put("customer", (number,), values)

    def sales_put(self, key: str, **values: Any) -> None:
        self.sales.person_put("account", (key,), values)

    def parked(self, pair: str = "test") -> list[parked.Parked]:
        with self.store.read() as conn:
            return parked.list_open(conn, pair)

    def links(self, pair: str = "test") -> list[links.Link]:
        with self.store.read() as conn:
            return [link for page in links.scan(conn, pair, "customers", 500) for link in page]

    def chain_holds(self) -> bool:
        with self.store.read() as conn:
            return ledger.verify(conn).broken_at is None


def make_world(
    folder: Path, *, gp: EntityDescription | None = None, sales: EntityDescription | None = None
) -> World:
    clock = Clock()
    folder.mkdir(parents=True, exist_ok=True)
    store = open_store(folder / "gp365.db", clock=clock)
    return World(
        folder,
        store,
        clock,
        MemoryConnector("gp", {"customer": gp or customer()}, clock=clock),
        MemoryConnector("sales", {"account": sales or account()}, clock=clock),
    )


def written(report: Report) -> int:
    """Count the rows that a run wrote on both sides."""
    return sum(side.created + side.updated for side in report.sides.values())


__all__ = [
    "FLOW",
    "Callable",
    "Clock",
    "World",
    "account",
    "customer",
    "flow_with",
    "make_world",
    "replace",
    "written",
]
