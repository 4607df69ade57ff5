"""A small world for identity events: accounts that can be merged, and a person's decisions on what is parked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from gp365.connectors.memory import MemoryConnector
from gp365.model.entity import EntityDescription, Feed, FieldDescription, FieldType, Strength
from gp365.store import ledger, parked
from gp365.store.links import Link
from gp365.store.parked import Parked
from gp365.sync.equation import Report
from sync.engine_world import FLOW, World, account, customer, make_world, text

GP_ROW = "customer"
CARD_FLOW: dict[str, Any] = {
    "format": 1,
    "flow": "cards",
    "sides": {
        "gp": {"entity": "customer"},
        "sales": {"entity": "card", "create": True, "update": True},
    },
    "first_contact": "gp",
    "match": [{"same": ["number"]}],
    "fields": {
        "number": {"gp": "Number", "sales": "number", "owner": "gp", "required": True},
        "name": {"gp": "Name", "sales": "name", "owner": "gp"},
        "account": {"gp": "Number", "sales": "account", "owner": "gp", "ref": "customers", "required": True},
        "primary": {"sales": "primary", "on_create": "!shared"},
    },
}


def mergeable(strength: Strength = Strength.VERSIONED, feed: Feed = Feed.DELTA) -> EntityDescription:
    """An account with the field by which Dataverse says into which one it was merged."""
    plain = account(strength, feed)
    master = text("master", 36, writable="never")
    return replace(plain, fields={**plain.fields, "master": master}, merged_into="master")


def with_events(flow: dict[str, Any] | None = None, **events: str) -> dict[str, Any]:
    """The flow with other policies."""
    hold = {"gp": "Hold", "sales": "hold", "owner": "gp"}
    body = flow or FLOW
    fields = {**body["fields"], "hold": hold}
    return {**body, "fields": fields, "events": {"hold": "hold", **events}}


def events_world(
    folder: Path, gp: EntityDescription | None = None, sales: EntityDescription | None = None
) -> World:
    return make_world(folder, gp=gp or customer(), sales=sales or mergeable())


def entities_of(world: World, gp: EntityDescription, sales: EntityDescription) -> None:
    """Empty systems in the same store."""
    world.gp = MemoryConnector("gp", {"customer": gp}, clock=world.clock)
    world.sales = MemoryConnector("sales", {"account": sales}, clock=world.clock)


def with_cards(world: World) -> World:
    """Add the table of cards to Sales, and the flow that fills it."""
    fields = [
        text("id", 36, writable="create"),
        text("number", 15, required=True),
        text("name", 40),
        FieldDescription("account", FieldType.REFERENCE, target="account", length=36),
        FieldDescription("primary", FieldType.BOOLEAN),
    ]
    card = EntityDescription(
        "card",
        ("id",),
        {one.name: one for one in fields},
        Strength.VERSIONED,
        Feed.DELTA,
        feed_sees_deletions=True,
    )
    entities = {"account": mergeable(), "card": card}
    world.sales = MemoryConnector("sales", entities, clock=world.clock)
    world.flows = {"customers": FLOW, "cards": CARD_FLOW}
    return world


def linked_firms(world: World, *numbers: str) -> dict[str, str]:
    """Make customers, sync, and give the account of each."""
    for place, number in enumerate(numbers):
        world.gp_put(number, Name=f"Firm {number}", Zip=f"{10000 + place}", Phone=f"{place}")
    world.sync()
    return {number: world.accounts()[f"Firm {number}"]["id"] for number in numbers}


def in_turns(world: World) -> Report:
    """Sync as a command does: again at once while records wait for another look."""
    report = world.sync()
    for _ in range(2):
        if not report.dispositions["retrying"]:
            break
        report = world.sync()
    return report


def rename(world: World, old: str, new: str) -> None:
    world.gp.person_rename(GP_ROW, (old,), (new,))


def swap(world: World, one: str, other: str) -> None:
    rename(world, one, "ASIDE")
    rename(world, other, one)
    rename(world, "ASIDE", other)


def remove(world: World, number: str) -> None:
    world.gp.person_delete(GP_ROW, (number,))


def merge(world: World, account_id: str, into: str) -> None:
    world.sales.person_merge("account", (account_id,), (into,))


def entry(world: World, code: str = "", flow: str = "customers") -> Parked:
    """The one open entry (of a cause)."""
    found = [one for one in world.parked() if one.flow == flow and code in ("", one.code)]
    assert len(found) == 1, [(one.code, one.subject, one.message) for one in world.parked()]
    return found[0]


def decide(world: World, code: str = "", /, **answer: Any) -> int:
    """Let the controller decide on the one open entry."""
    return decide_on(world, entry(world, code), **answer)


def decide_on(world: World, one: Parked, **answer: Any) -> int:
    with world.store.write() as conn:
        assert parked.resolve(conn, one.id, answer, "controller")
    return one.id


def link_of(world: World, left: str | None = None, right: str | None = None) -> Link:
    """The one link with this end."""
    found = [
        one
        for one in world.links()
        if (left is not None and one.left_key == left) or (right is not None and one.right_key == right)
    ]
    assert len(found) == 1, world.links()
    return found[0]


def ends(world: World, state: str = "open") -> set[tuple[str | None, str | None]]:
    return {(one.left_key, one.right_key) for one in world.links() if one.state == state}


def events_told(world: World, flow: str = "customers") -> list[dict[str, Any]]:
    """Every identity event that the ledger tells, oldest first."""
    with world.store.read() as conn:
        rows = ledger.history(conn, chain=ledger.chain_of("test", flow), limit=10_000)
    bodies: list[dict[str, Any]] = [ledger.decode(row) or {} for row in reversed(rows)]
    steps: list[dict[str, Any]] = [step for body in bodies for step in body.get("steps", [])]
    return [step for step in steps if "event" in step]


def codes(world: World) -> list[str]:
    return sorted(one.code for one in world.parked())
