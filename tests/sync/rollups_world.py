"""Two companies with customers of their own, one organisation with accounts and cards, and a roll-up of credit limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from gp365.connectors.memory import MemoryConnector
from gp365.model.converters import ConvertContext
from gp365.model.entity import EntityDescription, Feed, FieldDescription, FieldType, Strength
from gp365.model.expressions import Expressions
from gp365.model.flow import compile_flow
from gp365.model.flow_file import FlowFile
from gp365.store import lease as leases
from gp365.store import ledger, links, parked
from gp365.store.engine import Store, open_store
from gp365.store.links import NewLink
from gp365.store.scratch import ScratchFile
from gp365.sync.cycle import sync
from gp365.sync.equation import Report
from gp365.sync.job import Dependent, Job, Place
from gp365.sync.plan import compile_rows
from gp365.sync.points import Probe, no_probe
from gp365.sync.rollups import write_rollups
from sync.engine_world import Clock, text, written

PAIRS = {"us": "USD", "ca": "CAD"}
NO_CREDIT, UNLIMITED, AMOUNT, ODD = 0, 1, 2, 7
TYPES = {NO_CREDIT: "No Credit", UNLIMITED: "Unlimited", AMOUNT: "Amount"}
ROLLUP = "cards.credit_limits"


def customer() -> EntityDescription:
    fields = [
        text("Number", 15, upper=True, writable="create"),
        text("Name", 40, required=True),
        text("Zip", 10),
        FieldDescription("LimitType", FieldType.OPTION, options={**TYPES, ODD: "Something new"}),
        FieldDescription("Limit", FieldType.MONEY, decimals=5),
    ]
    return EntityDescription(
        "customer", ("Number",), {one.name: one for one in fields}, Strength.WHOLE, all_or_nothing=True
    )


def organisation() -> dict[str, EntityDescription]:
    account = [
        text("id", 36, writable="create"),
        text("name", 60),
        text("zip", 20),
        text("limits", 400),
    ]
    card = [
        text("id", 36, writable="create"),
        text("company", 5),
        text("number", 15),
        FieldDescription("account", FieldType.REFERENCE, target="account", length=36),
        FieldDescription("type", FieldType.OPTION, options=TYPES),
        FieldDescription("limit", FieldType.MONEY, decimals=4),
    ]
    return {
        name: EntityDescription(
            name,
            ("id",),
            {one.name: one for one in fields},
            Strength.VERSIONED,
            Feed.DELTA,
            feed_sees_deletions=True,
        )
        for name, fields in (("account", account), ("card", card))
    }


CUSTOMERS: dict[str, Any] = {
    "format": 1,
    "flow": "customers",
    "sides": {"gp": {"entity": "customer"}, "sales": {"entity": "account", "update": True}},
    "first_contact": "gp",
    "match": [{"same": ["name", "zip"]}],
    "fields": {
        "name": {"gp": "Name", "sales": "name", "owner": "gp"},
        "zip": {"gp": "Zip", "sales": "zip", "owner": "gp"},
    },
}
CARDS: dict[str, Any] = {
    "format": 1,
    "flow": "cards",
    "sides": {
        "gp": {"entity": "customer"},
        "sales": {"entity": "card", "create": True, "update": True, "company": "company"},
    },
    "first_contact": "gp",
    "match": [{"same": ["number"]}],
    "fields": {
        "company": {"sales": "company", "constant": "company"},
        "number": {"gp": "Number", "sales": "number", "owner": "gp", "required": True},
        "account": {
            "gp": "Number",
            "sales": "account",
            "owner": "gp",
            "ref": "customers",
            "required": True,
        },
        "credit": {
            "group": True,
            "owner": "gp",
            "fields": {
                "type": {"gp": "LimitType", "sales": "type"},
                "limit": {"gp": ["LimitType", "Limit"], "sales": "limit", "convert": "credit_limit"},
            },
        },
    },
    "rollups": {
        "credit_limits": {
            "sum": "credit.limit",
            "currency": "functional_currency",
            "unlimited": {"row": "credit.type", "value": UNLIMITED},
            "through": "account",
            "side": "sales",
            "entity": "account",
            "to": "limits",
        }
    },
}


@dataclass
class Companies:
    """Both companies, the organisation and the store."""

    folder: Path
    store: Store
    clock: Clock
    gp: Mapping[str, MemoryConnector]
    sales: MemoryConnector
    pairs: tuple[str, ...] = tuple(PAIRS)
    probes: dict[str, Probe] = field(default_factory=dict[str, Probe])
    flows: Mapping[str, dict[str, Any]] = field(
        default_factory=lambda: {"customers": CUSTOMERS, "cards": CARDS}
    )

    # people

    def customer(self, pair: str, number: str, name: str, limit: str | None = None, **more: Any) -> None:
        """Save a customer; a limit is an amount, `unlimited`, or None for no credit."""
        kind = NO_CREDIT if limit is None else UNLIMITED if limit == "unlimited" else AMOUNT
        amount = Decimal(limit) if kind == AMOUNT and limit else Decimal(0)
        values = {"Name": name, "Zip": "60601", "LimitType": kind, "Limit": amount} | more
        self.gp[pair].person_put("customer", (number,), values)

    def account(self, key: str, name: str, **more: Any) -> None:
        self.sales.person_put("account", (key,), {"name": name, "zip": "60601"} | more)

    def odd_type(self, pair: str, number: str) -> None:
        """Give a customer a credit limit type that only GP knows."""
        self.gp[pair].person_put("customer", (number,), {"LimitType": ODD})

    def limits(self, key: str) -> Any:
        """What stands on an account."""
        return self.sales.rows("account")[(key,)].get("limits")

    def card(self, pair: str, number: str) -> tuple[str, dict[str, Any]]:
        company = pair.upper()
        return next(
            (key[0], dict(row))
            for key, row in self.sales.rows("card").items()
            if (row["company"], row["number"]) == (company, number)
        )

    # runs

    def sync(self, pair: str, *, full: bool = False, rollups: bool = True) -> list[Report]:
        """Run all flows of a pair, and its roll-ups after them, as one command does."""
        with self.store.write() as conn:
            lease = leases.take(conn, "worker", "test", 600.0)
        jobs = [replace(self.job(pair, name), lease=lease) for name in self.flows]
        try:
            for connector in (self.gp[pair], self.sales):
                connector.begin_run()
            reports = [sync(job, full=full) for job in jobs]
            if rollups:
                reports += [report for job in jobs for report in write_rollups(job, full=full)]
            return reports
        finally:
            jobs[0].scratch.close()  # type: ignore[attr-defined]
            with self.store.write() as conn:
                leases.release(conn, lease)

    def both(self) -> list[Report]:
        """Run both pairs, one after the other."""
        return [report for pair in self.pairs for report in self.sync(pair)]

    def job(self, pair: str, name: str) -> Job:
        flow = compile_flow(FlowFile.model_validate(self.flows[name]), ("gp", "sales"))
        systems = {"gp": (pair, self.gp[pair]), "sales": ("sales", self.sales)}
        places = tuple(
            Place(
                side.name, end, systems[side.name][0], systems[side.name][1], entity, self._fields(flow, side)
            )
            for side, end in zip(flow.sides, ("left", "right"), strict=True)
            if (entity := systems[side.name][1].entity(side.entity))
        )
        context = ConvertContext("America/Chicago", PAIRS[pair], sides=("gp", "sales"))
        return Job(
            pair,
            compile_rows(flow, places[0].entity, places[1].entity, context),
            places[0],
            places[1],
            self.store,
            ScratchFile(self.folder / "scratch"),
            Expressions({}, {}),
            self.clock,
            "tester",
            company=pair.upper(),
            dependents=tuple(
                Dependent(other, "gp", "customer") for other in self.flows if other != flow.name
            ),
            page=2,
            probe=self.probes.get(name, no_probe),
            sharing={"sales": self.pairs},
        )

    def _fields(self, flow: Any, side: Any) -> tuple[str, ...]:
        fields = flow.wires_of(side.name)
        return (*fields, side.company) if side.company and side.company not in fields else fields

    def parked(self, pair: str) -> list[parked.Parked]:
        with self.store.read() as conn:
            return parked.list_open(conn, pair)

    def close_link(self, pair: str, number: str, flow: str = "cards") -> None:
        """Close a customer's link, as a decision of a person does."""
        with self.store.write() as conn:
            [link] = links.by_keys(conn, pair, flow, "left", [number]).values()
            links.update(conn, [replace(link, state="closed")])

    def relink(self, pair: str, number: str, account: str) -> None:
        """Link a customer with another account, to which its card has gone, as a merge of accounts does."""
        self.sales.person_put("card", (self.card(pair, number)[0],), {"account": account})
        with self.store.write() as conn:
            [link] = links.by_keys(conn, pair, "customers", "left", [number]).values()
            links.update(conn, [replace(link, right_key=account, right_print=b"", agreed=b"")])

    def share(self, pair: str, number: str, account: str) -> None:
        """Let a customer be a further one of an account that is linked already."""
        with self.store.write() as conn:
            shared = NewLink(pair, "customers", number, None, state="shared", shared_key=account)
            links.insert(conn, [shared])

    def chain_holds(self) -> bool:
        with self.store.read() as conn:
            return ledger.verify(conn).broken_at is None


def companies(folder: Path, *, late_s: float = 0.0) -> Companies:
    """Open the world in a folder; it survives its process."""
    folder.mkdir(parents=True, exist_ok=True)
    clock = Clock()
    clock.advance(late_s)
    gp = {
        pair: MemoryConnector.open(folder / f"{pair}.jsonl", pair, {"customer": customer()}, clock=clock)
        for pair in PAIRS
    }
    sales = MemoryConnector.open(folder / "sales.jsonl", "sales", organisation(), clock=clock)
    return Companies(folder, open_store(folder / "gp365.db", clock=clock), clock, gp, sales)


def shut(world: Companies) -> None:
    world.store.close()
    world.sales.close()
    for connector in world.gp.values():
        connector.close()


def wrote(reports: list[Report]) -> int:
    """Count the rows that runs wrote."""
    return sum(written(report) for report in reports)
