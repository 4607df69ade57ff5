"""The small world with what routes, owners, states and currencies need: a few more fields on both sides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gp365.model.entity import FieldDescription, FieldType
from gp365.model.lookups import Lookup, lookup
from gp365.store import ledger, parked
from sync import engine_world
from sync.engine_world import FLOW, World, make_world, text

USD, CAD, EUR = (f"c000000{n}-0000-4000-8000-000000000000" for n in (1, 2, 3))
CURRENCIES = lookup("currencies", ("currency", "sales"), [("USD", USD), ("CAD", CAD), ("EUR", EUR)])


def plan_world(folder: Path, lookups: Mapping[str, Lookup] | None = None) -> World:
    """Make the world; the currencies table is always there."""
    customer = engine_world.customer()
    account = engine_world.account()
    gp = [
        text("Territory", 15, upper=True),
        text("Tax", 15, upper=True),
        FieldDescription("Type", FieldType.OPTION, options={0: "No Credit", 1: "Unlimited", 2: "Amount"}),
        FieldDescription("Inactive", FieldType.BOOLEAN),
    ]
    sales = [
        text("owner", 36),
        text("territory", 36),
        text("company", 40),
        FieldDescription("currency", FieldType.REFERENCE, length=36, target="transactioncurrency"),
        FieldDescription("state", FieldType.OPTION, options={0: "Active", 1: "Inactive"}, writable="update"),
        FieldDescription("credit", FieldType.OPTION, options={0: "No Credit", 1: "Unlimited", 2: "Amount"}),
    ]
    world = make_world(
        folder,
        gp=replace(customer, fields={**customer.fields, **{one.name: one for one in gp}}),
        sales=replace(account, fields={**account.fields, **{one.name: one for one in sales}}),
    )
    world.lookups = {"currencies": CURRENCIES, **(lookups or {})}
    return world


def flow(
    rows: Mapping[str, Any] | None = None,
    *,
    gp: Mapping[str, Any] | None = None,
    sales: Mapping[str, Any] | None = None,
    **top: Any,
) -> dict[str, Any]:
    """The world's flow with rows, words of the sides and words of the flow added (a row of None is removed)."""
    fields = {**FLOW["fields"], **(rows or {})}
    sides = {
        "gp": {**FLOW["sides"]["gp"], **(gp or {})},
        "sales": {**FLOW["sides"]["sales"], **(sales or {})},
    }
    kept = {name: row for name, row in fields.items() if row is not None}
    return {**FLOW, "fields": kept, "sides": sides, **top}


def decide(world: World, decision: Mapping[str, Any], field: str) -> None:
    """Decide the one open entry of a field."""
    [entry] = [one for one in world.parked() if one.field == field]
    with world.store.write() as conn:
        assert parked.resolve(conn, entry.id, decision, "ann")


def steps_of(world: World) -> list[dict[str, Any]]:
    """Give the steps of the only link, as the ledger told them last."""
    [link] = world.links()
    with world.store.read() as conn:
        rows = ledger.for_subject(conn, "test", "customers", f"L{link.id}", limit=1)
    return list((ledger.decode(rows[0]) or {}).get("steps", ())) if rows else []


def told(world: World, field: str) -> dict[str, Any]:
    """Give what the ledger said last of one field of the only link; nothing if it did not mention it."""
    fields = [one for step in steps_of(world) for one in step["fields"] if one["field"] == field]
    return fields[-1] if fields else {}


def held_account(world: World) -> dict[str, Any]:
    """Give the only account."""
    [account] = world.accounts().values()
    return account


def held_customer(world: World) -> dict[str, Any]:
    """Give the only customer."""
    [customer] = world.customers().values()
    return customer
