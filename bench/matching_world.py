"""Two memory systems filled with firms, and the shipped customers' flow between them, ready to be planned or synced."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bench.firms import Firm, Firms
from gp365.app.loader import load_flows, shipped_lookups
from gp365.connectors.memory import MemoryConnector
from gp365.model.converters import ConvertContext
from gp365.model.entity import EntityDescription, Feed, FieldDescription, FieldType, Strength
from gp365.model.expressions import Expressions
from gp365.model.flow import Flow, compile_flow
from gp365.model.lookups import Lookup, lookup
from gp365.model.values import Value
from gp365.store.engine import Store, open_store
from gp365.store.scratch import ScratchFile
from gp365.sync.job import Job, Place
from gp365.sync.plan import compile_rows

# Usable lengths of GP's table RM00101; what is not named here is text of 60.
_GP_LENGTHS = {
    "CustomerNumber": 15,
    "CustomerName": 64,
    "BillTo.City": 35,
    "BillTo.State": 29,
    "BillTo.Zip": 10,
}
_NUMBERS = ("CreditLimitType", "CreditLimitAmount", "customertypecode", "paymenttermscode")
_PAGE = 1000
_MOMENT = datetime(2026, 10, 29, 8, 0, tzinfo=UTC)


@dataclass(slots=True)
class MatchingWorld:
    """A store, a scratch, and the job of the shipped customers' flow over two memory systems."""

    store: Store
    scratch: ScratchFile
    gp: MemoryConnector
    sales: MemoryConnector
    job: Job
    own: Path | None

    def close(self) -> None:
        """Close, and delete the folder if it was made for this."""
        self.scratch.close()
        self.store.close()
        if self.own is not None:
            shutil.rmtree(self.own, ignore_errors=True)


def make_matching_world(firms: Firms, folder: Path | None = None) -> MatchingWorld:
    """Fill two memory systems with firms."""
    own = Path(tempfile.mkdtemp(prefix="gp365-bench-")) if folder is None else None
    folder = own or folder or Path()
    flow = _flow()
    gp, sales = _gp(flow), _sales(flow)
    _fill(gp, "customer", {key: _customer(key, firm) for key, firm in firms.customers.items()})
    _fill(sales, "account", {key: _account(key, firm) for key, firm in firms.accounts.items()})
    store, scratch = open_store(folder / "gp365.db"), ScratchFile(folder / "scratch")
    return MatchingWorld(store, scratch, gp, sales, _job(flow, gp, sales, store, scratch), own)


def _flow() -> Flow:
    """Compile the shipped flow without the rows whose option is off."""
    file = load_flows(Path("no-flows-of-a-site")).get("customers").file
    rows = {name: row for name, row in file.fields.items() if not row.option}
    options = {"functional_currency": "USD", "company": "TWO"}
    return compile_flow(file.model_copy(update={"fields": rows}), ("gp", "sales"), options=options)


def _job(flow: Flow, gp: MemoryConnector, sales: MemoryConnector, store: Store, scratch: ScratchFile) -> Job:
    left, right = gp.entity("customer"), sales.entity("account")
    context = ConvertContext(
        time_zone="America/Chicago", currency="USD", lookups=_lookups(), sides=("gp", "sales")
    )
    return Job(
        "bench",
        compile_rows(flow, left, right, context),
        Place("gp", "left", "gp", gp, left, flow.wires_of("gp")),
        Place("sales", "right", "sales", sales, right, flow.wires_of("sales")),
        store,
        scratch,
        Expressions(_lookups(), flow.options),
        lambda: _MOMENT,
        "bench",
        company="TWO",
    )


def _lookups() -> dict[str, Lookup]:
    """Give the shipped tables, and those that `provision` writes at a site."""
    currencies = lookup("currencies", ("code", "id"), [("USD", "usd-id")])
    gp_currencies = lookup("gp_currencies", ("gp", "code"), [("Z-US$", "USD")])
    return {**shipped_lookups(), "currencies": currencies, "gp_currencies": gp_currencies}


def _gp(flow: Flow) -> MemoryConnector:
    fields = {wire: _field(wire, "cp1252", _GP_LENGTHS.get(wire, 60)) for wire in flow.wires_of("gp")}
    fields["CustomerNumber"] = replace(fields["CustomerNumber"], upper=True, writable="create")
    customer = EntityDescription(
        "customer",
        ("CustomerNumber",),
        fields | {"IntegrationID": _field("IntegrationID", "cp1252", 30)},
        Strength.WHOLE,
        Feed.NONE,
        reference_field="IntegrationID",
        renamable=True,
        all_or_nothing=True,
    )
    return MemoryConnector("gp", {"customer": customer}, page=_PAGE)


def _sales(flow: Flow) -> MemoryConnector:
    fields = {wire: _field(wire, "", 160) for wire in flow.wires_of("sales")}
    names = ("accountid",)
    account = EntityDescription(
        "account",
        names,
        fields | {"accountid": _field("accountid", "", 36)},
        Strength.VERSIONED,
        Feed.DELTA,
        feed_sees_deletions=True,
    )
    card_fields = {
        name: _field(name, "", 60) for name in ("id", "gp365_company", "gp365_number", "gp365_accountid")
    }
    card = EntityDescription("gp365_customer", ("id",), card_fields, Strength.VERSIONED)
    return MemoryConnector("sales", {"account": account, "gp365_customer": card}, page=_PAGE)


def _field(name: str, code_page: str, length: int) -> FieldDescription:
    if name in _NUMBERS:
        kind = FieldType.MONEY if name.endswith("Amount") else FieldType.INTEGER
        return FieldDescription(name, kind, decimals=5 if kind is FieldType.MONEY else None)
    return FieldDescription(name, FieldType.TEXT, length, code_page=code_page)


def _fill(system: MemoryConnector, entity: str, rows: dict[str, dict[str, Value]]) -> None:
    for key, values in rows.items():
        system.person_put(entity, (key,), values)


def _customer(key: str, firm: Firm) -> dict[str, Value]:
    held: dict[str, Value] = {
        "CustomerNumber": key,
        "CustomerName": firm.name,
        "BillTo.Address1": firm.street1,
        "BillTo.Address2": firm.street2,
        "BillTo.City": firm.city,
        "BillTo.State": firm.state,
        "BillTo.Zip": firm.zip,
        "BillTo.Country": "USA",
        "BillTo.Phone1": "".join(char for char in firm.phone if char.isdigit()) + "0000"
        if firm.phone
        else "",
        "CustomerClass": "USA-MEDIUM",
        "CurrencyID": "Z-US$",
        "CreditLimitType": 0,
    }
    return {name: value for name, value in held.items() if value != ""}


def _account(key: str, firm: Firm) -> dict[str, Value]:
    held: dict[str, Value] = {
        "accountid": key,
        "accountnumber": firm.number,
        "name": firm.name,
        "customertypecode": 3,
        "address1_line1": firm.street1,
        "address1_line2": firm.street2,
        "address1_city": firm.city,
        "address1_stateorprovince": firm.state,
        "address1_postalcode": firm.zip,
        "address1_country": "United States",
        "telephone1": firm.phone,
    }
    return {name: value for name, value in held.items() if value != ""}


__all__ = ["MatchingWorld", "make_matching_world"]
