"""One credit request and one GP customer, planned by the shipped flow without any system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from gp365.app.loader import load_flows
from gp365.connectors.dataverse.own_files import wanted
from gp365.connectors.gp.tables import entity_named
from gp365.connectors.gp.views import views
from gp365.model.converters import ConvertContext
from gp365.model.entity import EntityDescription, FieldDescription, FieldType, Strength
from gp365.model.flow import compile_flow
from gp365.model.lookups import Lookup, lookup
from gp365.model.plan import Resolution, SubjectPlan
from gp365.model.record import Record
from gp365.sync.plan import CompiledFlow, Facts, compile_rows, plan_subject

SAM, DANA, ELI, NICK = "sam-id", "dana-id", "eli-id", "nick-id"
NAMES = {SAM: "Sam Seller", DANA: "Dana Credit", ELI: "Eli Credit", NICK: "Nick Seller"}
DRAFT, SUBMITTED, APPROVED, REFUSED, DONE, FAILED, SUPERSEDED = range(1, 8)
NO_CREDIT, UNLIMITED, AMOUNT = range(3)
USD, CAD = "usd-id", "cad-id"
_TYPES = {
    "String": FieldType.TEXT,
    "Memo": FieldType.TEXT,
    "Money": FieldType.MONEY,
    "Picklist": FieldType.OPTION,
    "Boolean": FieldType.BOOLEAN,
    "DateTime": FieldType.DATE,
}


def _lookups() -> dict[str, Lookup]:
    return {
        "currencies": lookup("currencies", ("currency", "sales"), [("USD", USD), ("CAD", CAD)]),
        "credit_approvers": lookup(
            "credit_approvers", ("approver", "up_to"), [(DANA, ""), (ELI, "10000"), (SAM, "")]
        ),
    }


@cache
def compiled(threshold: str = "0") -> CompiledFlow:
    """Compile the shipped flow between the GP customer as a request sees it and the request's own table."""
    file = load_flows(Path("no project")).get("credit_requests").file
    flow = compile_flow(file, ("gp", "sales"), options={"threshold": threshold, "functional_currency": "USD"})
    base = entity_named("customer")
    gp = EntityDescription("customer", base.key, base.shown, Strength.COMPARED)
    made = wanted(["credit_requests"]).of("gp365_creditrequest")
    fields = {one.name: FieldDescription(one.name, _TYPES[one.type], one.length) for one in made.columns}
    for name in ("createdby", "modifiedby", "transactioncurrencyid", "gp365_cardid"):
        fields[name] = FieldDescription(name, FieldType.REFERENCE)
    sales = EntityDescription("gp365_creditrequest", ("id",), fields, Strength.VERSIONED)
    context = ConvertContext(currency="USD", lookups=_lookups(), sides=("gp", "sales"))
    return compile_rows(flow, views()["customer_order"].described(gp), sales, context)


@dataclass
class Request:
    """A request by Sam for a limit of 25,000, and a customer to whom GP grants 10,000."""

    threshold: str = "0"
    gp: dict[str, Any] = field(default_factory=dict[str, Any])
    sales: dict[str, Any] = field(default_factory=dict[str, Any])
    pairs: dict[str, Any] = field(default_factory=dict[str, Any])
    resolutions: dict[str, Resolution] = field(default_factory=dict[str, Resolution])
    refused: str = ""

    def __post_init__(self) -> None:
        flow = compiled(self.threshold)
        here = dict.fromkeys(flow.flow.wires_of("sales"))
        there = dict.fromkeys(flow.flow.wires_of("gp"))
        self.gp = {
            **there,
            "CustomerNumber": "LAKESIDE0001",
            "CreditLimitType": AMOUNT,
            "CreditLimitAmount": Decimal(10000),
            "PaymentTermsID": "Net 30",
            "Hold": False,
            "Inactive": False,
            **self.gp,
        }
        self.sales = {
            **here,
            "gp365_state": SUBMITTED,
            "gp365_limittype": AMOUNT,
            "gp365_limit": Decimal(25000),
            "createdby": SAM,
            "modifiedby": SAM,
            "transactioncurrencyid": USD,
            "gp365_cardid": "card",
            **self.sales,
        }

    def saved_by(self, who: str, **values: Any) -> None:
        """Let somebody save the request."""
        self.sales |= {f"gp365_{name}": value for name, value in values.items()} | {"modifiedby": who}

    def look(self) -> SubjectPlan:
        """Plan one look at it, and take on what was planned as if it were done."""
        flow = compiled(self.threshold)
        left = Record(("LAKESIDE0001", "r1"), dict(self.gp))
        who = NAMES.get(self.sales["modifiedby"], "gp365")
        right = Record(("r1",), dict(self.sales), version="1", changed_by=who)
        facts = Facts(pairs=self.pairs, resolutions=self.resolutions, company="TWO", refused=self.refused)
        plan = plan_subject(flow, "L1", left, right, facts)
        self.pairs = {**self.pairs, **plan.pairs}
        for write in plan.writes:
            held = self.gp if write.side == "gp" else self.sales
            held.update(write.values)
            if write.side == "sales":
                self.sales["modifiedby"] = "gp365"
            else:
                acted = [one for one in plan.fields if one.target == "gp"]
                self.pairs |= {one.name: (one.new, one.right) for one in acted}
        return plan

    def looks(self, most: int = 6) -> list[SubjectPlan]:
        """Look as long as a run does."""
        plans = [self.look()]
        while plans[-1].again and len(plans) < most:
            plans.append(self.look())
        return plans

    @property
    def state(self) -> int:
        """Return the request's state."""
        return int(self.sales["gp365_state"])

    @property
    def says(self) -> str:
        """Return what the request says of itself."""
        return str(self.sales["gp365_message"] or "")

    @property
    def granted(self) -> tuple[int, Decimal]:
        """Return what GP grants."""
        return self.gp["CreditLimitType"], self.gp["CreditLimitAmount"]


def codes(plans: list[SubjectPlan]) -> set[str]:
    """Name the causes for which anything was stopped."""
    return {one.code for one in plans[-1].fields if one.code}


def written(plans: list[SubjectPlan], side: str) -> list[Mapping[str, Any]]:
    """Give what was written on a side."""
    return [write.values for plan in plans for write in plan.writes if write.side == side]
